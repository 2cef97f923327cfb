package gluster_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier/tiertest"
)

// keptUpToDate is the volume with systems that are updated and rebooted.
func keptUpToDate() gluster.Spec {
	spec := content()
	spec.OS = tier.OS{Updates: host.UpdatesAll, Reboot: true}
	return spec
}

// outdated is a volume for whose machines there are updates: one of GlusterFS itself,
// which starts glusterd, and one that asks for a reboot.
func outdated(t *testing.T) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, sim := built(t)
	forAll(sim, func(m *hosttest.Machine) {
		m.Packages["libc6"], m.Packages["glusterfs-server"] = "1", "10.3-5"
		m.System.Updates = map[string]hosttest.Update{
			"glusterfs-server": {Version: "10.4-1", Units: []string{"glusterd"}}, "libc6": {Version: "2", AsksReboot: true, Security: true},
		}
		m.System.Away = 3
	})
	return hosts, sim
}

// upToDate wants every machine updated and rebooted once, with everything in service.
func upToDate(t *testing.T, hosts host.Hosts, sim *glustertest.Pool, after string, least int) {
	t.Helper()
	for name, m := range sim.Machines {
		if m.Packages["glusterfs-server"] != "10.4-1" || m.Packages["libc6"] != "2" || m.System.Boots < least || m.System.Boots > 1 || !m.Held["glusterfs-server"] {
			t.Errorf("after %s, %s has %v, %d boots", after, name, m.Packages, m.System.Boots)
		}
		if _, drained := m.Files[tier.DrainFile]; drained {
			t.Errorf("after %s, %s is drained", after, name)
		}
	}
	spec := keptUpToDate()
	status := gluster.Observe(t.Context(), hosts.Views(), spec)
	if plan, err := gluster.Diff(spec, status); err != nil || !plan.Empty() {
		t.Errorf("after %s, the plan is %v, %v", after, plan.Titles(), err)
	}
	if health := gluster.HealthOf(spec, status); !health.Healthy() {
		t.Errorf("after %s: %v", after, health.Problems)
	}
}

// booted waits for machines that boot: a run that is canceled meanwhile does not, and an apply
// that begins then leaves the machine for the next one.
func booted(t *testing.T, hosts host.Hosts) {
	t.Helper()
	for _, name := range hosts.Names() {
		for tries := 0; ; tries++ {
			_, err := hosts[name].Ask(t.Context(), host.AskFacts("facts"))
			if err == nil {
				break
			}
			if tries == 100 {
				t.Fatal(err)
			}
		}
	}
}

// TestSystemsAreUpdatedOneByOne has a fault at every command. The simulated pool fails where
// a set loses its majority, or a machine reboots while its brick runs.
func TestSystemsAreUpdatedOneByOne(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := outdated(t)
		sim.Nodes["files1"].Pending = 3
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, keptUpToDate())
		fault.Disarm()
		booted(t, hosts)
		if err := converge(t, hosts, keptUpToDate()); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		least, _ := fault.Boots(1)
		upToDate(t, hosts, sim, fault.Struck(), least)
	})
}

// TestAnUpdateIsPlanned says what is due, and nothing where it is not declared.
func TestAnUpdateIsPlanned(t *testing.T) {
	hosts, _ := outdated(t)
	if plan, err := diff(t, hosts, content()); err != nil || !plan.Empty() {
		t.Errorf("where nothing is declared the plan is %v, %v", plan.Titles(), err)
	}
	plan, err := diff(t, hosts, keptUpToDate())
	if drift := strings.Join(plan.Drift()["files2"], "\n"); err != nil || drift != "2 updates are due: glusterfs-server 10.4-1, libc6 2" {
		t.Errorf("drift is %q, %v", drift, err)
	}
	want := []string{"files1: fetch updates", "wait until the volume is healed", "files1: give floating addresses away", "files1: stop glusterd and the bricks",
		"files1: install updates, and reboot if they require it", "files1: start glusterd and the bricks", "wait until the volume is healthy",
		"files1: take floating addresses again", "wait until the volume is healed"}
	if titles := plan.Titles(); len(titles) != 3*len(want) || !slices.Equal(titles[:len(want)], want) {
		t.Errorf("the plan is %q", titles)
	}
	rollout := gluster.Open(hosts, keptUpToDate())
	rollout.Observe(t.Context())
	if said := rollout.Rollout([]tier.Node{tiertest.Node("files1", tier.Stays, ""), tiertest.Node("files2", tier.Stays, ""), tiertest.Node("files3", tier.Stays, "")}); said == nil || said.Restarts != 3 || said.LowestMembers != 2 {
		t.Errorf("the rollout is %+v", said)
	}
}

// TestUpdatesWait has reasons not to take a machine out of service.
func TestUpdatesWait(t *testing.T) {
	for name, test := range map[string]struct {
		harm func(*glustertest.Pool, *gluster.Spec)
		want string
	}{
		"another machine is down": {func(s *glustertest.Pool, _ *gluster.Spec) { s.Machines["files3"].Down = true }, "files3 does not answer"},
		"split brain":             {func(s *glustertest.Pool, _ *gluster.Spec) { s.Nodes["files2"].SplitBrain = 1 }, "in split brain"},
		"maintenance": {func(_ *glustertest.Pool, spec *gluster.Spec) {
			spec.Maintenance = map[string]tier.Maintenance{"files2": tier.Drained}
		}, "files2 is in maintenance"},
		"other volumes": {func(s *glustertest.Pool, _ *gluster.Spec) {
			s.Machines["files1"].WriteFile("/var/lib/terraform-ha/gluster-other.json", "{}")
		}, "it has bricks of other volumes"},
		"somebody's volume": {func(s *glustertest.Pool, _ *gluster.Spec) {
			s.Volumes["other"] = &glustertest.Volume{ID: "1", State: "Started", Replica: 3, Bricks: []string{"10.0.0.11:/a", "10.0.0.12:/a", "10.0.0.13:/a"}}
		}, "it has bricks of other volumes"},
		"another tier": {func(s *glustertest.Pool, _ *gluster.Spec) {
			s.Machines["files1"].WriteFile("/var/lib/terraform-ha/galera-shop.json", "{}")
		}, "it belongs to galera-shop, too"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, sim := outdated(t)
			spec := keptUpToDate()
			test.harm(sim, &spec)
			if err := converge(t, hosts, spec); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			for name, m := range sim.Machines {
				if m.System.Boots > 0 || m.Packages["libc6"] != "1" {
					t.Errorf("%s was updated", name)
				}
			}
		})
	}
}

// TestAMachineThatStaysAwayStopsTheUpdates loses one in its reboot.
func TestAMachineThatStaysAwayStopsTheUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := outdated(t)
		sim.Machines["files1"].System.Lost = true
		if err := converge(t, hosts, keptUpToDate()); err == nil || !strings.Contains(err.Error(), "files1 has not come back from its reboot") {
			t.Errorf("got %v", err)
		}
		if sim.Machines["files2"].System.Boots+sim.Machines["files3"].System.Boots > 0 || !sim.Nodes["files2"].Running || !sim.Nodes["files3"].Running {
			t.Error("others were touched")
		}
		sim.Locked(func() { sim.Machines["files1"].Down, sim.Machines["files1"].System.Lost = false, false })
		if err := converge(t, hosts, keptUpToDate()); err != nil {
			t.Fatal(err)
		}
		upToDate(t, hosts, sim, "the machine came back", 1)
	})
}

// TestAnInstallationThatBrokeOffIsFinished has a glusterd that does not start before.
func TestAnInstallationThatBrokeOffIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := outdated(t)
		forAll(sim, func(m *hosttest.Machine) {
			m.System.Updates, m.Packages["libc6"], m.Packages["glusterfs-server"] = nil, "2", "10.4-1"
		})
		sim.Locked(func() {
			sim.Nodes["files2"].Running, sim.Nodes["files2"].Healer = false, false
			m := sim.Machines["files2"]
			_ = m.Stop("glusterd")
			m.System.Unfinished = []string{"glusterfs-server"}
		})
		plan, err := diff(t, hosts, keptUpToDate())
		if titles := plan.Titles(); err != nil || len(titles) < 2 || titles[0] != "files2: finish the installation of packages" || titles[1] != "files2: start glusterd" {
			t.Errorf("the plan is %v, %v", titles, err)
		}
		if err := converge(t, hosts, keptUpToDate()); err != nil {
			t.Fatal(err)
		}
		if plan, err := diff(t, hosts, keptUpToDate()); err != nil || !plan.Empty() {
			t.Errorf("the plan is %v, %v", plan.Titles(), err)
		}
	})
}

// TestOldListsAreRefreshed takes nobody out of service.
func TestOldListsAreRefreshed(t *testing.T) {
	hosts, sim := built(t)
	sim.Machines["files2"].System.ListsAge = 9 * 24 * time.Hour
	plan, err := diff(t, hosts, keptUpToDate())
	if want := []string{"files2: refresh the lists of packages"}; err != nil || !slices.Equal(plan.Titles(), want) {
		t.Errorf("the plan is %v, %v", plan.Titles(), err)
	}
	if err := converge(t, hosts, keptUpToDate()); err != nil {
		t.Fatal(err)
	}
}

// during converges and has something happen at the end of a step.
func during(t *testing.T, hosts host.Hosts, spec gluster.Spec, node, title string, happen func()) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	_, err := reconcile.Converge(ctx,
		func(ctx context.Context) (gluster.Status, error) {
			return gluster.Observe(ctx, hosts.Views(), spec), nil
		},
		func(s gluster.Status) (gluster.Plan, error) { return gluster.Diff(spec, s) },
		hosts, &atEnd{node: node, title: title, happen: happen})
	return err
}

// atEnd is a reporter that does something at the end of the first step of a title.
type atEnd struct {
	reconcile.Silent
	node, title string
	happen      func()
}

func (r *atEnd) StepEnded(node, title string, _ time.Duration, _ bool, _ error) {
	if r.happen != nil && node == r.node && title == r.title {
		r.happen()
		r.happen = nil
	}
}

// TestNoSecondServerIsTakenOut loses another server, or the brick of one that was updated,
// while servers are updated. The simulated pool fails where a set loses its majority.
func TestNoSecondServerIsTakenOut(t *testing.T) {
	down := func(s *glustertest.Pool) { s.Machines["files3"].Down = true }
	for name, test := range map[string]struct {
		node, title string
		harm        func(*glustertest.Pool)
		want        string
	}{
		"another one dies while the first is updated": {"files1", "install updates, and reboot if they require it", down, "files3 does not answer"},
		"another one dies right before the stop":      {"files2", "give floating addresses away", down, "files3 does not answer"},
		"a brick dies right before the stop": {"files2", "give floating addresses away", func(s *glustertest.Pool) {
			s.Nodes["files3"].Running = false
		}, "the brick process is not running on files3"},
		"a brick is out of reach right before the stop": {"files2", "give floating addresses away", func(s *glustertest.Pool) {
			s.Nodes["files3"].Blocked = true
		}, "brick 10.0.0.13:" + brickPath + " cannot be reached"},
		"the first comes back without its brick": {"files1", "install updates, and reboot if they require it", func(s *glustertest.Pool) {
			s.Machines["files1"].RemoveAll(brickPath)
			s.Nodes["files1"].Running, s.Nodes["files1"].BrickID, s.Mounts["files1"] = false, "", "/"
		}, "files1: "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim := outdated(t)
				err := during(t, hosts, keptUpToDate(), test.node, test.title, func() { sim.Locked(func() { test.harm(sim) }) })
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v", err)
				}
				if sim.Machines["files2"].System.Boots+sim.Machines["files3"].System.Boots > 0 || !sim.Nodes["files2"].Running {
					t.Error("another server was taken out of service")
				}
			})
		})
	}
}

// TestNoSecondServerIsRestarted loses one right before the restart of the brick of another.
func TestNoSecondServerIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := built(t)
		spec := content()
		spec.RestartTrigger = "again"
		err := during(t, hosts, spec, "files2", "record restart_trigger", func() { sim.Locked(func() { sim.Machines["files3"].Down = true }) })
		if err == nil || !strings.Contains(err.Error(), "files3 does not answer") {
			t.Errorf("got %v", err)
		}
	})
}

// TestInstallationsThatBrokeOffAreFinishedOneByOne has bricks that have outlived glusterd.
// Nothing else is installed before they are drained, and nothing is rebooted.
func TestInstallationsThatBrokeOffAreFinishedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := outdated(t)
		sim.Locked(func() {
			for _, name := range []string{"files1", "files2"} {
				_ = sim.Machines[name].Stop("glusterd")
				sim.Machines[name].System.Unfinished = []string{"glusterfs-server"}
			}
		})
		plan, err := diff(t, hosts, keptUpToDate())
		if want := []string{"files1: finish the installation of packages", "files1: start glusterd"}; err != nil || !slices.Equal(plan.Titles(), want) {
			t.Errorf("the plan is %q, %v", plan.Titles(), err)
		}
		if err := during(t, hosts, keptUpToDate(), "files1", "finish the installation of packages", func() {
			if m := sim.Machines["files1"]; m.System.Boots > 0 || m.Packages["libc6"] != "1" || len(sim.Machines["files2"].System.Unfinished) == 0 {
				t.Error("more was done than to finish the installation of one machine")
			}
		}); err != nil {
			t.Fatal(err)
		}
		upToDate(t, hosts, sim, "the installations broke off", 1)
	})
}

// TestAfterAnUpdateThatFails glusterd and its brick serve again, unless a package is half
// installed.
func TestAfterAnUpdateThatFails(t *testing.T) {
	for name, unfinished := range map[string]bool{"nothing is half installed": false, "a package is half installed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim := outdated(t)
				sim.Machines["files1"].FailNext("install-updates")
				err := during(t, hosts, keptUpToDate(), "files1", "stop glusterd and the bricks", func() {
					if unfinished {
						sim.Locked(func() { sim.Machines["files1"].System.Unfinished = []string{"libc6"} })
					}
				})
				failed, found := errors.AsType[*host.UpdatesError](err)
				if !found || failed.Node != "files1" {
					t.Fatalf("got %v", err)
				}
				want := "glusterd and the bricks were started again there"
				if unfinished {
					want = "are stopped there until the next apply, which first finishes the installation of libc6"
				}
				if !strings.Contains(err.Error(), want) || sim.Machines["files1"].Unit("glusterd").Running() == unfinished || sim.Machines["files2"].System.Boots > 0 {
					t.Errorf("got %v", err)
				}
				if err := converge(t, hosts, keptUpToDate()); err != nil {
					t.Fatal(err)
				}
				upToDate(t, hosts, sim, "a failure", 1)
			})
		})
	}
}

// TestUpdatesStayWithinASeries whether the plan has seen the new one, or lists of packages
// that were refreshed before or during the update of the first server have brought it.
func TestUpdatesStayWithinASeries(t *testing.T) {
	const what, stop = "take another major release of GlusterFS for an update of the system", "stop glusterd and the bricks"
	for name, refreshed := range map[string]string{"planned": "", "fetched": "fetch updates", "refreshed while it is stopped": stop} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, sim := outdated(t)
				newer := func() {
					forAll(sim, func(m *hosttest.Machine) {
						m.System.Updates["glusterfs-server"] = hosttest.Update{Version: "11.1-6", Security: true, Units: []string{"glusterd"}}
						sim.Newest[m.Name] = 110000
					})
				}
				switch refreshed {
				case "":
					newer()
				case "fetch updates":
					forAll(sim, func(m *hosttest.Machine) {
						m.System.Published = map[string]hosttest.Update{"glusterfs-server": {Version: "11.1-6"}}
					})
				}
				refused := refusal(t, during(t, hosts, keptUpToDate(), "files1", refreshed, newer))
				if refused.What != what || refused.Node != "files1" || !strings.Contains(refused.Remedy, `version = "11"`) || !slices.Equal(refused.Path, tier.At("os")) {
					t.Errorf("got %+v", refused)
				}
				for name, m := range sim.Machines {
					if m.Packages["glusterfs-server"] != "10.3-5" || m.System.Boots > 0 || !m.Unit("glusterd").Running() || !sim.Nodes[name].Running && refreshed != stop {
						t.Errorf("%s has %v after %d boots", name, m.Packages, m.System.Boots)
					}
				}
				// Everything else is done.
				spec := keptUpToDate()
				spec.Options = map[string]string{"performance.cache-size": "64MB"}
				spec.RestartTrigger = "again"
				if refused := refusal(t, converge(t, hosts, spec)); refused.What != what || sim.Volumes["content"].Options["performance.cache-size"] != "64MB" {
					t.Errorf("got %+v; the options are %v", refused, sim.Volumes["content"].Options)
				}
				for name, m := range sim.Machines {
					if _, drained := m.Files[tier.DrainFile]; drained || m.Files["/var/lib/terraform-ha/gluster-content.restart"].Content == "" {
						t.Errorf("%s has %v", name, m.Files)
					}
				}
				spec.Release = "10"
				if refused := refusal(t, converge(t, hosts, spec)); !slices.Contains(refused.Evidence, "release 10 is declared") {
					t.Errorf("got %+v", refused)
				}
				spec.Release = "11"
				if err := converge(t, hosts, spec); err != nil || sim.OpVersion != 110000 || sim.Machines["files3"].Packages["glusterfs-server"] != "11.1-6" {
					t.Errorf("the pool runs with %d: %v", sim.OpVersion, err)
				}
			})
		})
	}
}

// TestAnInstallationOfTheNewSeriesIsFinished that somebody began, and nothing is updated.
func TestAnInstallationOfTheNewSeriesIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim := outdated(t)
		sim.Locked(func() {
			m := sim.Machines["files2"]
			m.System.Updates["glusterfs-server"] = hosttest.Update{Version: "11.1-6"}
			_ = m.Stop("glusterd")
			m.System.Unfinished = []string{"attr"}
		})
		if refused := refusal(t, converge(t, hosts, keptUpToDate())); refused.Node != "files2" {
			t.Errorf("got %+v", refused)
		}
		if m := sim.Machines["files2"]; len(m.System.Unfinished) > 0 || !m.Unit("glusterd").Running() || m.Packages["libc6"] != "1" {
			t.Errorf("files2 has %v, unfinished %v", m.Packages, m.System.Unfinished)
		}
		if m := sim.Machines["files3"]; m.Packages["libc6"] != "2" {
			t.Error("files3 was not updated")
		}
	})
}
