// Package contract carries the two public documents that the lab is held to:
// the part of Linode's OpenAPI description that the topology uses, and the
// schema of the linode/linode Terraform provider. Where the OpenAPI document
// and the clients of today disagree, the differences are listed one by one in
// differences.go; nothing else is relaxed.
package contract
