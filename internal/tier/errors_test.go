package tier_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func TestNamesKeepTheirSpelling(t *testing.T) {
	for said, want := range map[string]string{
		"cannot start":             "Cannot start",
		"wsrep_on cannot be set":   "wsrep_on cannot be set",
		"n1 and n3 have one host":  "n1 and n3 have one host",
		"node's address":           "Node's address",
		`"x y" is not a host name`: `"x y" is not a host name`,
		"":                         "",
	} {
		if got := tier.Capitalized(said); got != want {
			t.Errorf("%q becomes %q", said, got)
		}
	}
}
