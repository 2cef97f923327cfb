package host_test

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

func TestFaultOfAddress(t *testing.T) {
	for address, want := range map[string]string{
		"10.0.0.11":       "",
		"fd00::11":        "",
		"db1.example.org": `"db1.example.org" is not an IP address, and the other machines reach db1 at one; set address`,
		"10.0.0.11/24":    "is not an IP address",
		"127.0.0.1":       "not an address at which other machines can reach db1",
		"0.0.0.0":         "not an address at which other machines can reach db1",
		"224.0.0.18":      "not an address at which other machines can reach db1",
	} {
		got := host.Node{Name: "db1", Address: address}.FaultOfAddress()
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestFaultOfName(t *testing.T) {
	for name, good := range map[string]bool{
		"db1": true, "1": true, "db1.example.org": true, "Web_1-b": true, strings.Repeat("a", 63): true,
		"": false, "_db": false, "-db": false, ".db": false, "a/b": false, "a b": false, "db1;reboot": false, "dé": false, strings.Repeat("a", 64): false,
	} {
		if fault := (host.Node{Name: name}).FaultOfName(); (fault == "") != good {
			t.Errorf("%q: %q", name, fault)
		}
	}
}
