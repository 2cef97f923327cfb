// Package host is what a machine is: facts, files, packages, units, users and
// locks, asked for and changed through a [Runner] that reaches it.
//
// A [View] only reads. Tiers observe through views and change through a
// [Host], so code that observes cannot change anything. The package knows
// Debian and its derivatives; [PackageManager] is the seam for others.
package host
