// Package linode is the narrow part of the Linode API that a tier needs: the
// modes and the health of a NodeBalancer's backends.
//
// Requests go through linodego on top of an HTTP client that retries what can
// be cured by asking again (rate limits, server errors, lost connections), a
// bounded number of times and no longer than the caller's context. The package
// knows no tier; tiers define the interface that they need and get a
// [NodeBalancer].
package linode
