// Package docker drives a Docker engine through its command line client.
//
// The client is used rather than the engine's HTTP interface because it is what
// every user of the lab has, in whichever version, with its own contexts and
// credentials; the lab needs a dozen of its commands and nothing of its types.
package docker
