// Package cloudinit is the small part of cloud-init that the lab's machines do at
// their first boot. What it does not know it refuses: a machine that passed over
// what somebody asked of it would be kinder than a real one.
package cloudinit
