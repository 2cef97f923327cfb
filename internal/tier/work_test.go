package tier_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestWorkIsAStepOfItsMachine: work that tiers share has one title in all of them, and
// changes the machine of its node alone.
func TestWorkIsAStepOfItsMachine(t *testing.T) {
	held := func(unheld ...string) tier.Work {
		work, needed := tier.HoldPackages("galera-shop", []string{"a", "b"}, unheld, map[string]string{"a": "1"})
		if !needed {
			t.Fatal("a package that is not held stays so")
		}
		return work
	}
	for _, test := range []struct {
		work                tier.Work
		title, why, command string
	}{
		{held("a"), "hold a b", "a is not held at its version", "/var/lib/terraform-ha/galera-shop.held a b"},
		{held(), "hold b", "", "/var/lib/terraform-ha/galera-shop.held b"},
		{tier.EnableUnit("a.service", "a.service is masked"), "enable a.service", "a.service is masked", "a.service"},
		{tier.ReloadSystemd("a.service has changed"), "reload systemd", "a.service has changed", "systemctl daemon-reload"},
	} {
		t.Run(test.title, func(t *testing.T) {
			hosts, machines := hosttest.Cluster(t, "db1", "db2")
			machines["db2"].Catalog = map[string]hosttest.Package{"a": {}, "b": {}}
			machines["db2"].Packages = map[string]string{"a": "1", "b": "1"}
			machines["db2"].Units["a.service"] = &hosttest.Unit{}
			step := test.work.On("db2")
			if diff := cmp.Diff([]string{"db2", test.title, test.why}, []string{step.Node, step.Title, step.Why}); diff != "" {
				t.Errorf("step (-want +got):\n%s", diff)
			}
			if err := step.Do(t.Context(), hosts); err != nil {
				t.Error(err)
			}
			var ran []string
			for _, command := range machines["db2"].Commands() {
				ran = append(ran, strings.Join(command.Args(), " "))
			}
			if diff := cmp.Diff([]string{test.command}, ran); diff != "" || len(machines["db1"].Log()) > 0 {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
	if _, needed := tier.HoldPackages("galera-shop", []string{"a"}, nil, map[string]string{"a": "1"}); needed {
		t.Error("a package that is held is held again")
	}
}
