// Package machine is a Linode region's hardware on one computer: machines that
// boot, the networks between them, balancers in front of them, and everything
// that can break.
//
// A machine is a Docker container that boots systemd. What a hypervisor would
// do for a Linode (addresses, interface order, the first keys) the image's boot
// script does from a file that this package writes into the container.
//
// Nothing is remembered in this process: all state is in the engine, under the
// label "terraform-ha.lab" with the lab's name, so that a lab survives the
// process that made it and can be taken down after a crash.
package machine
