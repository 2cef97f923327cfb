// Package floatingip is what a floating IP is: one address that at most one of
// several machines has at a time, and that another machine takes over by
// itself when its holder, or what runs there, fails.
//
// Keepalived on each machine speaks VRRP (RFC 3768) to the others by unicast.
// The one that is master has the address on its interface and announces it by
// gratuitous ARP, so the network has to be one layer-2 segment: on Linode a
// VLAN. Every instance starts as backup and none preempts, so an address does
// not move back when a machine returns.
//
// Invariants:
//   - Who holds the address is read from the kernel of every machine, never
//     from Keepalived's opinion of itself.
//   - No machine is master while its check fails. If all fail, nobody holds the
//     address; for a database that is right.
//   - No machine gets a new check before it has been tried on all that could have the
//     address.
//   - Keepalived that ends, however it ends, leaves no address behind: systemd
//     removes it and starts Keepalived again. Without that a killed Keepalived
//     leaves the address where it was while another machine takes it.
//   - Several floating IPs share a machine. The main configuration file, the
//     systemd drop-in and the helper scripts are the same for all of them; the
//     instance, the check, the packet filter and the marker are one per address.
//
// Failure model: a failed check moves the address after interval × fall plus
// one advertisement; a stopped Keepalived at once; a machine that freezes or
// loses power after three advertisement intervals and a fraction. Two masters
// are settled by priority in VRRP, preemption or not, so a holder's priority is
// its rank: highest when it takes the address, and lower the longer it has had
// it. A holder that was frozen and goes on meets one that took the address later,
// and yields. A machine that took it while it heard nobody is not raised, and
// yields when it hears the others again; of two machines the remaining one always
// is alone, so between two the priority decides after a freeze. If VRRP (IP
// protocol 112) cannot pass between the machines each of them becomes master;
// the address is then seen on several, which [Diff] and [Verify] report.
package floatingip
