package host_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func TestPublicNodes(t *testing.T) {
	for address, public := range map[string]bool{
		"10.0.0.11": false, "172.16.0.1": false, "172.32.0.1": true, "192.168.1.1": false, "100.64.0.1": false,
		"100.128.0.1": true, "169.254.1.1": false, "203.0.113.9": true, "fd00::1": false, "fe80::1": false,
		"2001:db8::1": true, "::ffff:10.0.0.1": false, "db1.example.org": false, "": false,
	} {
		if got := len(host.PublicNodes([]host.Node{{Name: "db1", Address: address}})) == 1; got != public {
			t.Errorf("%q is public: %t", address, got)
		}
	}
}
