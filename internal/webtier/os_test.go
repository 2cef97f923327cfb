package webtier

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// outdated is a tier whose machines have updates to install, of Apache and of a library
// that asks for a reboot.
func outdated(t *testing.T) (host.Hosts, *webtiertest.Tier, map[string]*hosttest.Machine, Spec) {
	t.Helper()
	hosts, servers, machines, spec := built(t)
	spec.OS = tier.OS{Updates: host.UpdatesSecurity, Reboot: true}
	for _, m := range machines {
		m.Packages["libssl3"], m.Packages["tzdata"] = "3.0", "1"
		m.System.Updates = map[string]hosttest.Update{
			"apache2": {Version: "2.4.1", Security: true, Units: []string{"apache2"}},
			"libssl3": {Version: "3.1", Security: true, AsksReboot: true, Stale: []string{"apache2", "ssh"}},
			"tzdata":  {Version: "2"},
		}
	}
	return hosts, servers, machines, spec
}

func isUpdated(t *testing.T, machines map[string]*hosttest.Machine, boots int) {
	t.Helper()
	isUpdatedWithin(t, machines, boots, boots)
}

// isUpdatedWithin wants each machine to be up to date, and to have been booted so often for that.
func isUpdatedWithin(t *testing.T, machines map[string]*hosttest.Machine, least, most int) {
	t.Helper()
	for name, m := range machines {
		if m.Packages["apache2"] != "2.4.1" || m.Packages["libssl3"] != "3.1" || m.Packages["tzdata"] != "1" || m.System.Boots < least || m.System.Boots > most || !m.Held["apache2"] {
			t.Errorf("%s has %v after %d boots", name, m.Packages, m.System.Boots)
		}
	}
}

// TestMachinesAreUpdatedOneAfterTheOther meets a fault at every command. At every moment two
// of the three serve, no visitor is cut off, and no machine boots twice.
func TestMachinesAreUpdatedOneAfterTheOther(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, servers, machines, spec := outdated(t)
		balancer := balancerFor(spec)
		servers.After = func() { twoServe(t, servers) }
		for name, m := range machines {
			m.OnStop(apacheUnit, func(m *hosttest.Machine) error {
				if m.Files[drainFile].Content == "" {
					t.Errorf("Apache stops on %s, which is not drained", name)
				}
				return nil
			})
		}
		fault.Arm(machines)
		_ = convergeSim(t, hosts, spec, balancer)
		fault.Disarm()
		must(t, convergeSim(t, hosts, spec, balancer))
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
		least, most := fault.Boots(1)
		isUpdatedWithin(t, machines, least, most)
		if len(servers.CutOff) > 0 || servers.MostOut != 1 {
			t.Errorf("requests were cut off on %v; %d were out of service at once", servers.CutOff, servers.MostOut)
		}
		isInService(t, servers, balancer)
	})
}

func twoServe(t *testing.T, servers *webtiertest.Tier) {
	t.Helper()
	serving := 0
	for _, s := range servers.Servers {
		if s.Serving() {
			serving++
		}
	}
	if serving < 2 {
		t.Errorf("%d serve", serving)
	}
}

// A plan says what is due, and what comes of it.
func TestAPlanSaysWhatIsDueOfSystems(t *testing.T) {
	hosts, _, machines, spec := outdated(t)
	const due = "2 security updates are due: apache2 2.4.1, libssl3 3.1"
	opened := Open(Target{Hosts: hosts}, spec, nil)
	opened.Observe(t.Context())
	rollout := opened.Rollout(nil)
	if rollout == nil || rollout.Restarts != 3 || rollout.LowestMembers != 2 || len(rollout.Nodes) != 3 || rollout.Nodes[0].Action != tier.ActionRestart || !slices.Equal(rollout.Nodes[0].Reasons, []string{due}) {
		t.Errorf("%+v", rollout)
	}
	machines["web1"].System.ListsAge = 1000 * 3600 * 1e9
	machines["web1"].System.Updates = nil
	want := []string{"its lists of packages are 41 days old; updates that they lack are installed in the same apply"}
	if got := planSim(t, hosts, spec).Drift()["web1"]; !slices.Equal(got, want) {
		t.Errorf("drift %q", got)
	}
	spec.OS = tier.OS{}
	machines["web1"].Forget()
	if plan := planSim(t, hosts, spec); !plan.Empty() || slices.Contains(machines["web1"].Log(), "system") {
		t.Errorf("without os: %v, asked %v", plan.Titles(), machines["web1"].Log())
	}
}

// TestUpdatesThatCannotBeFetchedTakeNobodyOut has archives that do not answer.
func TestUpdatesThatCannotBeFetchedTakeNobodyOut(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	machines["web1"].System.Offline = true
	err := convergeSim(t, hosts, spec, balancerFor(spec))
	if err == nil || !strings.Contains(err.Error(), "cannot fetch updates on web1") || servers.MostOut != 0 {
		t.Errorf("%v; %d were out of service", err, servers.MostOut)
	}
}

// TestAMachineThatDoesNotComeBackEndsTheRoll leaves the others as they are, in this apply and
// in the next one.
func TestAMachineThatDoesNotComeBackEndsTheRoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, servers, machines, spec := outdated(t)
		machines["web1"].System.Lost = true
		err := convergeSim(t, hosts, spec, balancerFor(spec))
		if gone, found := errors.AsType[*tier.RebootError](err); !found || gone.Node != "web1" {
			t.Errorf("got %v", err)
		}
		err = convergeSim(t, hosts, spec, balancerFor(spec))
		if refused, found := errors.AsType[*reconcile.RefusedError](err); !found || !strings.Contains(strings.Join(refused.Evidence, "; "), "web1") {
			t.Errorf("got %v", err)
		}
		for _, name := range []string{"web2", "web3"} {
			if m := machines[name]; m.System.Boots != 0 || m.Packages["apache2"] == "2.4.1" || !servers.Servers[name].Serving() {
				t.Errorf("%s was touched", name)
			}
		}
		machines["web1"].System.Lost, machines["web1"].Down = false, false
		must(t, convergeSim(t, hosts, spec, balancerFor(spec)))
		isUpdated(t, machines, 1)
	})
}

// TestAnApplyThatEndsDuringAReboot is followed by one that begins before the machine is back.
func TestAnApplyThatEndsDuringAReboot(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	balancer := balancerFor(spec)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	machines["web1"].System.Away = 1
	machines["web1"].OnStop(probeUnit, func(*hosttest.Machine) error { cancel(); return nil })
	opened := Open(Target{Hosts: hosts, Balancer: balancer}, spec, nil)
	if err := opened.Converge(ctx, reconcile.Silent{}); err == nil {
		t.Fatal("it was not interrupted")
	}
	if machines["web1"].System.Boots != 1 {
		t.Fatalf("it booted %d times", machines["web1"].System.Boots)
	}
	err := convergeSim(t, hosts, spec, balancer)
	if _, found := errors.AsType[*reconcile.RefusedError](err); !found || machines["web2"].System.Boots != 0 {
		t.Errorf("while it is away: %v", err)
	}
	must(t, convergeSim(t, hosts, spec, balancer))
	isUpdated(t, machines, 1)
	isInService(t, servers, balancer)
}

// TestNothingIsUpdatedInMaintenance waits until the node is back.
func TestNothingIsUpdatedInMaintenance(t *testing.T) {
	hosts, _, machines, spec := outdated(t)
	balancer := balancerFor(spec)
	os := spec.OS
	spec.OS = tier.OS{}
	must(t, convergeSim(t, hosts, withMaintenance(spec, tier.Drained), balancer))
	spec.OS = os
	draft := newDraft(withMaintenance(spec, tier.Drained).Defaulted(), observeSim(t, hosts, spec))
	for _, m := range draft.machines {
		if due := draft.osDue(m).Any(); due != (m.node.Name != "web2") {
			t.Errorf("something is due on %s: %t", m.node.Name, due)
		}
	}
	// With one node in maintenance, no other one may be drained.
	_, err := diffSim(t, hosts, withMaintenance(spec, tier.Drained))
	if refused, found := errors.AsType[*reconcile.RefusedError](err); !found || refused.Node != "web1" {
		t.Errorf("got %v", err)
	}
	seen := observeSim(t, hosts, spec)
	if notices := spec.OS.Notices(seen.systems(), seen.maintained()); len(notices) != 1 || !strings.Contains(notices[0], "web2: what is due waits") {
		t.Errorf("notices: %q", notices)
	}
	must(t, convergeSim(t, hosts, spec, balancer))
	isUpdated(t, machines, 1)
}

func TestMachinesOfAnotherTierAreNotUpdated(t *testing.T) {
	hosts, _, machines, spec := outdated(t)
	machines["web3"].WriteFile("/var/lib/terraform-ha/galera-shop.json", "{}")
	_, err := diffSim(t, hosts, spec)
	if refused, found := errors.AsType[*reconcile.RefusedError](err); !found || refused.Node != "web3" {
		t.Errorf("got %v", err)
	}
}

// TestAnInstallationThatBrokeOffIsFinished has one that took Apache down.
func TestAnInstallationThatBrokeOffIsFinished(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	for _, m := range machines {
		m.System.Updates = nil
	}
	m := machines["web2"]
	m.System.Unfinished = []string{"apache2"}
	m.Kill(apacheUnit)
	balancer := balancerFor(spec)
	must(t, convergeSim(t, hosts, spec, balancer))
	if len(m.System.Unfinished) > 0 {
		t.Error("it is unfinished")
	}
	isInService(t, servers, balancer)
}

// having gives a machine a floating address with a check of its own, which reads the drain
// file, and says whether another machine could take the address.
func having(machines map[string]*hosttest.Machine, name string, taker *bool) {
	const address = "10.0.0.100/24\n"
	machines[name].HandleQuery("tier-held", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		if _, drained := m.Files[tier.DrainFile]; drained {
			return "", 0, ""
		}
		return address, 0, ""
	})
	for _, m := range machines {
		m.HandleQuery("tier-able", func(*hosttest.Machine, shell.Command) (string, int, string) {
			if *taker {
				return address, 0, ""
			}
			return "", 0, ""
		})
	}
}

// TestAnAddressThatNobodyElseCanTakeStays keeps its machine in service.
func TestAnAddressThatNobodyElseCanTakeStays(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	balancer, taker := balancerFor(spec), false
	having(machines, "web1", &taker)
	err := convergeSim(t, hosts, spec, balancer)
	if refused, found := errors.AsType[*reconcile.RefusedError](err); !found || refused.Node != "web1" {
		t.Errorf("got %v", err)
	}
	if servers.MostOut != 0 || machines["web1"].Packages["libssl3"] != "3.0" || machines["web1"].System.Boots != 0 {
		t.Errorf("%d were out of service", servers.MostOut)
	}
	isInService(t, servers, balancer)
	taker = true
	must(t, convergeSim(t, hosts, spec, balancer))
	isUpdated(t, machines, 1)
}

// TestAddressesAreGivenAwayBeforeAReboot has one that goes by the drain file alone, and is
// wanted back where the machine was not rebooted.
func TestAddressesAreGivenAwayBeforeAReboot(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	balancer, taker := balancerFor(spec), true
	having(machines, "web1", &taker)
	machines["web1"].OnStop(apacheUnit, func(m *hosttest.Machine) error {
		if m.Files[tier.DrainFile].Content == "" {
			t.Error("Apache stops on web1, which has the address")
		}
		return nil
	})
	machines["web1"].FailNext("install-updates")
	if err := convergeSim(t, hosts, spec, balancer); err == nil {
		t.Error("the update did not fail")
	}
	if _, drained := machines["web1"].Files[tier.DrainFile]; drained {
		t.Error("web1 does not take the address again")
	}
	must(t, convergeSim(t, hosts, spec, balancer))
	isUpdated(t, machines, 1)
	isInService(t, servers, balancer)
}

// TestAnUpdateThatFailsCostsNoMachine puts the machine back in service.
func TestAnUpdateThatFailsCostsNoMachine(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	balancer := balancerFor(spec)
	machines["web1"].FailNext("install-updates")
	err := convergeSim(t, hosts, spec, balancer)
	if failed, found := errors.AsType[*host.UpdatesError](err); !found || failed.Node != "web1" || machines["web2"].System.Boots != 0 {
		t.Errorf("got %v", err)
	}
	isInService(t, servers, balancer)
}

// TestANodeThatWasLeftOutComesBackWithoutAnArchive does so in an apply that then fails.
func TestANodeThatWasLeftOutComesBackWithoutAnArchive(t *testing.T) {
	hosts, servers, machines, spec := outdated(t)
	balancer := balancerFor(spec)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	servers.After = func() {
		if _, drained := machines["web1"].Files[drainFile]; drained {
			cancel()
		}
	}
	opened := Open(Target{Hosts: hosts, Balancer: balancer}, spec, nil)
	if err := opened.Converge(ctx, reconcile.Silent{}); err == nil || servers.Servers["web1"].Serving() {
		t.Fatalf("it was not interrupted: %v", err)
	}
	servers.After = nil
	for _, m := range machines {
		m.System.Offline = true
	}
	err := convergeSim(t, hosts, spec, balancer)
	if _, found := errors.AsType[*host.UpdatesError](err); !found {
		t.Errorf("got %v", err)
	}
	isInService(t, servers, balancer)
}

// TestUpdatesBringNoNewClient whether the plan has seen the release, or lists of packages have
// brought it that were refreshed before a machine was drained, or since. It comes to the others
// once a machine serves with it.
func TestUpdatesBringNoNewClient(t *testing.T) {
	const client, planned, fetched, drained = "glusterfs-client", "planned", "fetched", "drained"
	for _, when := range []string{planned, fetched, drained} {
		t.Run(when, func(t *testing.T) {
			hosts, servers, machines, spec := outdated(t)
			balancer := balancerFor(spec)
			for _, m := range machines {
				m.Packages[client] = "10.3-5"
				newer := map[string]hosttest.Update{client: {Version: "11.1-6", Security: true}}
				switch when {
				case planned:
					maps.Copy(m.System.Updates, newer)
				case fetched:
					m.System.Published = newer
				case drained:
					servers.After = func() {
						if machines["web1"].Files[drainFile].Content != "" {
							machines["web1"].System.Updates[client] = newer[client]
						}
					}
				}
			}
			wanted := func() {
				t.Helper()
				refused, found := errors.AsType[*reconcile.RefusedError](convergeSim(t, hosts, spec, balancer))
				if !found || refused.What != "take another major release of glusterfs-client for an update of the system" || refused.Node != "web1" || !slices.Equal(refused.Path, tier.At("os")) {
					t.Fatalf("got %+v", refused)
				}
				isInService(t, servers, balancer)
			}
			wanted()
			if out := servers.MostOut > 0; out != (when == drained) {
				t.Errorf("%d were out of service", servers.MostOut)
			}
			isUpdatedNot(t, machines)
			for _, m := range machines {
				m.System.Updates[client] = hosttest.Update{Version: "11.1-6", Security: true}
			}
			// Everything else is done.
			spec.RestartTrigger = "again"
			machines["web2"].System.Unfinished = []string{"tzdata"}
			wanted()
			isUpdatedNot(t, machines)
			if m := machines["web2"]; len(m.System.Unfinished) > 0 || m.Files[spec.restart().File().Path].Content == "" {
				t.Errorf("it has %v, unfinished %v", m.Files, m.System.Unfinished)
			}
			machines["web3"].Packages[client] = "11.1-6" // an operator has installed it
			must(t, convergeSim(t, hosts, spec, balancer))
			isUpdated(t, machines, 1)
			for name, m := range machines {
				if m.Packages[client] != "11.1-6" {
					t.Errorf("%s has %v", name, m.Packages)
				}
			}
		})
	}
}

func isUpdatedNot(t *testing.T, machines map[string]*hosttest.Machine) {
	t.Helper()
	for name, m := range machines {
		if m.Packages["libssl3"] != "3.0" || m.System.Boots != 0 {
			t.Errorf("%s has %v after %d boots", name, m.Packages, m.System.Boots)
		}
	}
}

// TestUpdatesOfTheClientWithinItsRelease are installed as any others, and a tier of files of
// its own has no client.
func TestUpdatesOfTheClientWithinItsRelease(t *testing.T) {
	spec := good().Defaulted()
	spec.OS = tier.OS{Updates: host.UpdatesSecurity}
	seen := NodeStatus{Packages: map[string]string{"glusterfs-client": "10.3-5"}}
	for version, wanted := range map[string]bool{"10.3-5+deb12u1": true, "10.5-1": true, "11.1-6": false} {
		seen.System.Updates = []host.Update{{Package: "glusterfs-client", Version: version, Security: true}}
		if err := refuseNewClient(spec, "web1", seen, nil); (err == nil) != wanted {
			t.Errorf("%s: %v", version, err)
		}
	}
	spec.Mount = nil
	if err := refuseNewClient(spec, "web1", seen, nil); err != nil {
		t.Error(err)
	}
}

// TestTheVolumeIsMountedAgainAfterAnUpdateOfItsClient meets a fault at every command. No
// machine is rebooted, and none is mounted again while it serves.
func TestTheVolumeIsMountedAgainAfterAnUpdateOfItsClient(t *testing.T) {
	unit := mountUnit(good().Defaulted().MountPoint)
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, servers, machines, spec := built(t)
		spec.OS = tier.OS{Updates: host.UpdatesSecurity}
		balancer := balancerFor(spec)
		started := map[string]int64{}
		for name, m := range machines {
			m.Packages["glusterfs-client"] = "10.3-5"
			m.System.Updates = map[string]hosttest.Update{"glusterfs-client": {Version: "10.5-1", Security: true, Stale: []string{unit}}}
			started[name] = m.Unit(unit).Started
		}
		servers.After = func() { twoServe(t, servers) }
		fault.Arm(machines)
		_ = convergeSim(t, hosts, spec, balancer)
		fault.Disarm()
		must(t, convergeSim(t, hosts, spec, balancer))
		if plan := planSim(t, hosts, spec); !plan.Empty() {
			t.Errorf("left: %v", plan.Titles())
		}
		for name, m := range machines {
			if m.Packages["glusterfs-client"] != "10.5-1" || m.Unit(unit).Started == started[name] || m.System.Boots != 0 {
				t.Errorf("%s has %v, its mount started at %d, after %d at first", name, m.Packages, m.Unit(unit).Started, started[name])
			}
		}
		if len(servers.CutOff) > 0 || servers.MostOut != 1 {
			t.Errorf("requests were cut off on %v; %d were out of service at once", servers.CutOff, servers.MostOut)
		}
		isInService(t, servers, balancer)
	})
}

// TestAStaleClientIsDue after somebody else has updated it.
func TestAStaleClientIsDue(t *testing.T) {
	hosts, servers, machines, spec := built(t)
	unit := mountUnit(spec.Defaulted().MountPoint)
	spec.OS = tier.OS{Updates: host.UpdatesSecurity}
	m := machines["web2"]
	m.System.Updates = map[string]hosttest.Update{"glusterfs-client": {Version: "1.0-2", Security: true, Stale: []string{unit}}}
	must(t, hosts["web2"].InstallUpdates(t.Context(), host.UpdatesSecurity))
	m.System.Updates = nil
	if got, want := planSim(t, hosts, spec).Drift(), unit+" runs with files that an update has replaced"; len(got) != 1 || !slices.Equal(got["web2"], []string{want}) {
		t.Errorf("drift %v", got)
	}
	balancer := balancerFor(spec)
	must(t, convergeSim(t, hosts, spec, balancer))
	if plan := planSim(t, hosts, spec); !plan.Empty() || len(servers.CutOff) > 0 {
		t.Errorf("left: %v; cut off on %v", plan.Titles(), servers.CutOff)
	}
	isInService(t, servers, balancer)
}
