package floatingip

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAnArchiveThatIsAwayKeepsNoChangeBack has old lists on one machine, and a restart.
func TestAnArchiveThatIsAwayKeepsNoChangeBack(t *testing.T) {
	n, spec := newNetwork(t), simSpec()
	n.mustConverge(spec)
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	spec.RestartTrigger = "again"
	n.machines["db2"].System.ListsAge, n.machines["db2"].System.Offline = 1000*time.Hour, true
	_, err := n.converge(spec)
	if failed, found := errors.AsType[*host.UpdatesError](err); !found || failed.Node != "db2" {
		t.Errorf("got %v", err)
	}
	spec.OS = tier.OS{}
	if drift := n.drift(spec); len(drift) > 0 {
		t.Errorf("left: %v", drift)
	}
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	n.machines["db2"].System.Offline = false
	n.mustConverge(spec)
	if age := n.machines["db2"].System.ListsAge; age != 0 {
		t.Errorf("the lists are %s old", age)
	}
}
