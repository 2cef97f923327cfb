package floatingip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestWhoHasTheAddress runs the question with the answers of ip and ping.
func TestWhoHasTheAddress(t *testing.T) {
	const (
		found  = "10.0.0.100 dev eth0 lladdr 52:54:00:aa:bb:cc "
		nobody = "10.0.0.100 dev eth0 FAILED"
	)
	for name, test := range map[string]struct {
		// The neighbors are those before the question and those after it.
		own, before, neighbor, ping, marker string
		want                                string
	}{
		"nobody":                   {"", "", nobody, "exit 1", "", ""},
		"somebody":                 {"", "", found + "REACHABLE", "exit 0", "", "52:54:00:aa:bb:cc eth0"},
		"somebody who was known":   {"", found + "REACHABLE", found + "REACHABLE", "exit 0", "", "52:54:00:aa:bb:cc eth0"},
		"who answers no ping":      {"", "", found + "REACHABLE", "exit 1", "", "52:54:00:aa:bb:cc eth0"},
		"who answers while stale":  {"", found + "STALE", found + "STALE", "exit 0", "", "52:54:00:aa:bb:cc eth0"},
		"who had it once":          {"", found + "STALE", found + "STALE", "exit 1", "", ""},
		"who had it just now":      {"", found + "REACHABLE", found + "REACHABLE", "exit 1", "", ""},
		"this machine has it":      {"2: eth0 inet 10.0.0.100/24", "", "", "exit 0", "", ""},
		"this machine is of it":    {"", "", found + "REACHABLE", "exit 0", "marker", ""},
		"a machine without a ping": {"", found + "REACHABLE", found + "REACHABLE", "exit 127", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.program("ip", `case "$*" in *address*) printf '%s\n' '`+test.own+`' | sed '/^$/d' ;; *) [ -e `+s.path("asked")+` ] && echo '`+test.neighbor+`' || echo '`+test.before+`' ;; esac`)
			s.program("ping", "touch "+s.path("asked")+"; "+test.ping)
			if test.marker != "" {
				s.write(test.marker, "{}")
			}
			got, err := s.run([]byte("#!/bin/sh\n"+takenScript), "10.0.0.100", s.path("marker"))
			if err != nil || got != test.want {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
			if got, err := s.run([]byte("#!/bin/sh\n"+takenScript), "", s.path("marker")); err != nil || got != "" {
				t.Errorf("without an address: %q, %v", got, err)
			}
		})
	}
}

// TestAnAddressOfSomebodyElseIsRefused until a machine is part of the floating IP: what
// answers may be its own holder then.
func TestAnAddressOfSomebodyElseIsRefused(t *testing.T) {
	n := newNetwork(t)
	n.Taken = "52:54:00:aa:bb:cc"
	_, err := Diff(simSpec(), Observe(t.Context(), n.hosts.Views(), simSpec()))
	if err == nil || !strings.Contains(err.Error(), "52:54:00:aa:bb:cc answers at 10.0.0.100, seen from db1 on eth0") {
		t.Errorf("got %v", err)
	}
	n.Taken = ""
	n.mustConverge(simSpec())
	n.Taken = "52:54:00:aa:bb:cc"
	n.mustConverge(simSpec())
}

// TestTheHolderIsGivenTheTimeOfItsCheck has a check that hangs each time, and an
// operator's slow advertisements.
func TestTheHolderIsGivenTheTimeOfItsCheck(t *testing.T) {
	spec := simSpec()
	spec.Additional = []string{"10.0.0.101/24"}
	spec.Check.IntervalSeconds, spec.Check.TimeoutSeconds, spec.Check.Fall, spec.AdvertisementIntervalSeconds = 10, 2, 5, 3
	want := tier.Holder{Kind: "floating-ip", Name: "db", Addresses: []string{"10.0.0.100/24", "10.0.0.101/24"}, ReleaseSeconds: 12*5 + 5*3 + 5, Check: "/usr/lib/terraform-ha/check-db"}
	if diff := cmp.Diff(want, spec.published(simNodes[0])); diff != "" {
		t.Errorf("what other tiers are told (-want +got):\n%s", diff)
	}
}

func TestImportFindsWhatIsWanted(t *testing.T) {
	n := newNetwork(t)
	spec := simSpec()
	spec.Priorities = map[string]int{"db3": 150}
	n.mustConverge(spec)
	known := Spec{Name: "db", Nodes: simNodes, AuthSecret: spec.AuthSecret}
	status := Observe(t.Context(), n.hosts.Views(), known)
	found, ok := status.Spec(known)
	if diff := cmp.Diff(spec.Defaulted(), found.Defaulted()); diff != "" || !ok {
		t.Errorf("found %v (-want +got):\n%s", ok, diff)
	}
	if diff := cmp.Diff([]string{"db3"}, status.Holders); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if plan, err := Diff(found, status); err != nil || !plan.Empty() {
		t.Errorf("the plan after the import: %v, %v", plan.Titles(), err)
	}
}

// TestAMachineSaysWhatItIsPartOf has somebody remove what it says.
func TestAMachineSaysWhatItIsPartOf(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"unknown state of the marker": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.RemoveAll("/var/lib/terraform-ha/floating-ip-db.json")
		}, "floating-ip-db.json is missing"},
		"nothing said to other tiers": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.RemoveAll("/var/lib/terraform-ha/floating-ip-db.addresses")
		}, "floating-ip-db.addresses is missing"},
	})
}

// TestWhatIsNotOursIsRefused is about files and addresses of somebody else.
func TestWhatIsNotOursIsRefused(t *testing.T) {
	isRefused(t, map[string]refused{
		"foreign configuration": {func(n *network) { n.machines["db3"].WriteFile(mainPath, "vrrp_instance x {") }, nil, "was not written by this provider"},
		"address in use":        {func(n *network) { n.Daemons["db2"].Held = true }, nil, "has 10.0.0.100 already"},
	})
}
