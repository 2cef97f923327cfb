package cluster

import (
	"fmt"

	"github.com/terraform-ha/terraform-provider-ha/internal/linode"
)

// Linode is how the Linode API is reached.
type Linode struct {
	Token, URL, UserAgent string
	// Unknown says that the token or the URL is not known yet, at plan.
	Unknown bool
}

// Client returns the client of the API, or an error without a token.
func (l Linode) Client() (*linode.Client, error) {
	if l.Token == "" {
		return nil, fmt.Errorf("no Linode token is configured: set linode.token in the provider block or LINODE_TOKEN")
	}
	return linode.New(linode.Options{Token: l.Token, URL: l.URL, UserAgent: l.UserAgent})
}
