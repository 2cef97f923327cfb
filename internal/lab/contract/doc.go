// Package contract carries the two public documents that the lab is held to:
// the part of Linode's OpenAPI description that the topology uses, and the
// schema of the linode/linode Terraform provider. The paths below /volumes are of
// a later edition of the description than the others. It imports nothing, because a
// plan starts the stand-in of that provider three times.
package contract
