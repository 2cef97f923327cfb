package galera

import (
	"strings"
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

// TestNamesAreLookedUpWhereAnAccountNeedsIt has the default of skip_name_resolve follow from
// the hosts of accounts, and what is declared count more.
func TestNamesAreLookedUpWhereAnAccountNeedsIt(t *testing.T) {
	for host, is := range map[string]bool{
		"%": false, "10.0.0.7": false, "10.0.0.%": false, "10.0.0._": false, "10.0.0.0/24": false, "10.0.0.0/255.255.255.0": false,
		"fd00::%": false, "fd00::1": false, "::1": false,
		"localhost": true, "web1.example.org": true, "%.example.org": true, "cafe": true, "WEB1": true,
	} {
		if isName(host) != is {
			t.Errorf("%q passes for a name: %t", host, !is)
		}
	}
	setting := func(spec Spec) string {
		for _, line := range lines(spec, spec.Nodes[0], nil) {
			if strings.ReplaceAll(line[0], "-", "_") == "skip_name_resolve" {
				return line[1]
			}
		}
		return ""
	}
	spec := shop(MariaDB)
	spec.Users = map[string]User{"shop": {Hosts: []string{"10.0.0.0/24", "%"}}}
	if got := setting(spec); got != "ON" {
		t.Errorf("without names it is %s", got)
	}
	spec.Users["report"] = User{Hosts: []string{"report.example.org"}}
	if got := setting(spec); got != "OFF" {
		t.Errorf("with a name it is %s", got)
	}
	spec.Settings = map[string]string{"skip-name-resolve": "ON"}
	if got := setting(spec); got != "ON" {
		t.Errorf("declared, it is %s", got)
	}
}
