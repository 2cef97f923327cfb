// Package api is the lab's Linode API v4: an http.Handler that keeps a region's
// objects, is held to the published OpenAPI contract on every request, and has
// machines and balancers carried out by a Backend.
//
// A request is authenticated, matched to an operation of the contract,
// validated, and handed to the handler of its object family while the state is
// locked. Handlers only change objects; long work (booting a machine, applying
// a NodeBalancer) is queued per object and reported by events, as at Linode.
// After each change the state is written to a file, so that a restarted lab
// finds the same region.
package api
