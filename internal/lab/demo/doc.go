// Package demo builds the example site in the lab: it puts the providers into
// a filesystem mirror, runs Terraform on examples/website as it stands, and
// tells how the site is.
package demo
