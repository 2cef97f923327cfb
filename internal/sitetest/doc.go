// Package sitetest has no code of its own: its test builds the whole example
// site in a lab, with the real Terraform and the real daemons, and does to it
// what happens to a site in its life.
//
// It needs LAB_TESTS=1. With SITE_KEEP=1 the lab stays when the test has ended,
// and a lab that stayed is used again; single parts of the test can then be run
// on their own, such as "go test -run TestSite/drift".
package sitetest
