package gluster_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// TestAnArchiveThatIsAwayKeepsNoChangeBack has old lists on one machine, an option to set and
// three servers more, which are a change that begins when nothing else is left.
func TestAnArchiveThatIsAwayKeepsNoChangeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { outlivesArchive(t) })
}

func outlivesArchive(t *testing.T) {
	t.Helper()
	hosts, sim, spec := volumeOf(t, 6, 3, nil)
	spec.Nodes, spec.Order = servers(6), nil
	spec = spec.Defaulted()
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	spec.Options = map[string]string{"performance.io-cache": "off"}
	sim.Machines["files2"].System.ListsAge, sim.Machines["files2"].System.Offline = 1000*time.Hour, true
	err := converge(t, hosts, spec)
	if failed, found := errors.AsType[*host.UpdatesError](err); !found || failed.Node != "files2" {
		t.Errorf("got %v", err)
	}
	if volume := sim.Volumes["content"]; len(volume.Bricks) != 6 || volume.Options["performance.io-cache"] != "off" {
		t.Errorf("the volume has %v, %v", volume.Bricks, volume.Options)
	}
	spec.OS = tier.OS{}
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("left: %v, %v", plan.Titles(), err)
	}
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	sim.Machines["files2"].System.Offline = false
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if age := sim.Machines["files2"].System.ListsAge; age != 0 {
		t.Errorf("the lists are %s old", age)
	}
}
