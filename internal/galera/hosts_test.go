package galera

import (
	"testing"
)

func TestCanonicalHost(t *testing.T) {
	for declared, want := range map[string]string{
		"10.0.0.0/24": "10.0.0.0/255.255.255.0", "10.0.0.0/255.255.255.0": "10.0.0.0/255.255.255.0", "0.0.0.0/0": "0.0.0.0/0.0.0.0",
		"10.0.0.7": "10.0.0.7", "%": "%", "Web.Example": "web.example", "FD00:0::1": "fd00::1", "fd00::%": "fd00::%", "10.0.0.%": "10.0.0.%",
	} {
		if got := canonicalHost(declared); got != want {
			t.Errorf("%s becomes %s instead of %s", declared, got, want)
		}
	}
}
