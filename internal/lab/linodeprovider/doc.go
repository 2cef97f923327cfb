// Package linodeprovider is the lab's offline stand-in of the linode/linode
// Terraform provider: it serves the schema of the published contract and talks
// to a Linode API through linodego.
//
// A generic core (schema, values, plan, server) knows Terraform; a table of
// resources and data sources knows Linode. What the table does not implement
// can be planned, but answers a clear error when it is created or read.
//
// The facts about defaults, replacement and attributes that change on their
// own come from the documentation and the behavior of
// github.com/linode/terraform-provider-linode.
package linodeprovider
