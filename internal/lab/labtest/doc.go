// Package labtest gives tests real machines: containers of the lab in which
// systemd boots, on one VLAN, with a [host.Runner] for each. Set LAB_TESTS=1 for
// tests that use it, and LAB_KEEP=1 to keep their machines for a look.
package labtest
