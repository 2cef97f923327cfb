package webtier

import (
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

func TestRefusesForeignMachines(t *testing.T) {
	hosts, tier, machines := simulate(t, "web1", "web2", "web3")
	spec := good()
	tier.Servers["web2"].Enabled["sites-enabled/intranet.conf"] = true
	if _, err := diffSim(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "intranet") {
		t.Errorf("got %v", err)
	}
	spec.Adopt = true
	if _, err := diffSim(t, hosts, spec); err != nil {
		t.Error(err)
	}
	other := good()
	other.Name = "blog"
	machines["web1"].WriteFile(other.marker().Path(), "{}")
	if _, err := diffSim(t, hosts, spec); err == nil || !strings.Contains(err.Error(), "belongs to web tier blog") {
		t.Errorf("got %v", err)
	}
}

// TestMachinesAreMarked has somebody remove or change the marker.
func TestMachinesAreMarked(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"removed": {func(s *webtiertest.Server) { s.Machine.RemoveAll(good().marker().Path()) }, "not marked"},
		"edited":  {func(s *webtiertest.Server) { s.Machine.WriteFile(good().marker().Path(), "{}") }, "web-shop.json differs"},
	})
}
