package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-ha/terraform-provider-ha/internal/provider/cluster"
)

// NewServer returns the function that makes a provider which Terraform can speak with.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		return cluster.WithoutOldRollouts(providerserver.NewProtocol6(New(version)())())
	}
}
