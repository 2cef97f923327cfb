package gluster_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func ofRelease(release string) gluster.Spec {
	spec := content()
	spec.Release = release
	return spec
}

// upgraded is a volume whose servers run release 11, in a pool that runs as one of release
// 10, with a client.
func upgraded(t *testing.T) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, sim := built(t)
	sim.Locked(func() {
		sim.Mounting = []string{"10.0.0.31"}
		for name, m := range sim.Machines {
			m.Packages["glusterfs-server"], sim.Newest[name] = "11.1-6", 110000
		}
	})
	return hosts, sim
}

// TestTheOperatingVersionIsRaisedLast meets a fault at every command. The simulated pool
// fails where a client is cut off.
func TestTheOperatingVersionIsRaisedLast(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := upgraded(t)
		if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
			t.Errorf("without a release the plan is %v, %v", plan.Titles(), err)
		}
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, ofRelease("11"))
		fault.Disarm()
		if err := converge(t, hosts, ofRelease("11")); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if plan, err := diff(t, hosts, ofRelease("11")); err != nil || !plan.Empty() || sim.OpVersion != 110000 {
			t.Errorf("after %s, the plan is %v, %v, and the pool runs with %d", fault.Struck(), plan.Titles(), err, sim.OpVersion)
		}
	})
}

// TestTheOperatingVersionWaits for servers and clients, and for everything else that is to
// be done.
func TestTheOperatingVersionWaits(t *testing.T) {
	for name, test := range map[string]struct {
		release string
		harm    func(*glustertest.Pool)
		want    string
	}{
		"a client is older":         {"11", func(s *glustertest.Pool) { s.Knows["10.0.0.31"] = 100000 }, "These do not: 10.0.0.31 (100000)"},
		"a server is older":         {"11", func(s *glustertest.Pool) { s.Machines["files2"].Packages["glusterfs-server"] = "10.3-5" }, "files2 has glusterfs-server 10.3-5"},
		"another patch is declared": {"11.2", nil, "Release 11.2 of GlusterFS is declared"},
		"a server does not know it": {"11", func(s *glustertest.Pool) { s.Newest["files3"] = 100000 }, ""},
		"a server is down":          {"11", func(s *glustertest.Pool) { s.Machines["files3"].Down = true }, ""},
		"a file is in split brain":  {"11", func(s *glustertest.Pool) { s.Nodes["files3"].SplitBrain = 1 }, "in split brain"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := upgraded(t)
			if test.harm != nil {
				sim.Locked(func() { test.harm(sim) })
			}
			status := gluster.Observe(t.Context(), hosts.Views(), ofRelease(test.release))
			if plan, err := gluster.Diff(ofRelease(test.release), status); err != nil || !plan.Empty() {
				t.Errorf("the plan is %v, %v", plan.Titles(), err)
			}
			if said := strings.Join(gluster.Notices(ofRelease(test.release), status), "\n"); !strings.Contains(said, test.want) {
				t.Errorf("notices: %s", said)
			}
		})
	}
}

// TestServersAreUpdatedBeforeThePoolIs has an archive with a newer release.
func TestServersAreUpdatedBeforeThePoolIs(t *testing.T) {
	hosts, sim := built(t)
	forAll(sim, func(m *hosttest.Machine) {
		m.Packages["glusterfs-server"] = "10.3-5"
		m.System.Updates = map[string]hosttest.Update{"glusterfs-server": {Version: "11.1-6", Units: []string{"glusterd"}}}
		sim.Newest[m.Name] = 110000
	})
	spec := ofRelease("11")
	spec.OS = tier.OS{Updates: host.UpdatesAll}
	plan, err := diff(t, hosts, spec)
	if err != nil || slices.Contains(plan.Titles(), "raise the operating version of the pool to 110000") {
		t.Errorf("the first plan is %v, %v", plan.Titles(), err)
	}
	if err := converge(t, hosts, spec); err != nil || sim.OpVersion != 110000 {
		t.Errorf("the pool runs with %d: %v", sim.OpVersion, err)
	}
}

func TestAVolumeIsBuiltWithTheDeclaredRelease(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	sim.Machines["files2"].Packages["glusterfs-server"] = "10.3-5"
	sim.Machines["files2"].AddUnit("glusterd")
	if err := converge(t, hosts, ofRelease("11")); !strings.Contains(refusal(t, err).Error(), "files2 has glusterfs-server 10.3-5") || len(sim.Volumes) > 0 {
		t.Errorf("got %v", err)
	}
	for release, wanted := range map[string]bool{"10": true, "10.3": true, "11.1-6": false, "10.": false, "": true} {
		if problems := ofRelease(release).Validate(); len(problems) == 0 != wanted {
			t.Errorf("%q: %v", release, problems)
		}
	}
}
