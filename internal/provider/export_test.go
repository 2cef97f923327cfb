package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
)

// NewImpatient is [New] with another patience for the lease of another run.
func NewImpatient(version string, patience time.Duration) func() provider.Provider {
	return func() provider.Provider { return &haProvider{version: version, patience: patience} }
}
