package gluster_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const (
	otherVolume = "mail"
	stranger    = "10.0.0.99"
)

// letIn expects that each of the machines lets in who is wanted and nobody of others.
func letIn(t *testing.T, sim *glustertest.Pool, wanted, others []string) {
	t.Helper()
	for name := range sim.Machines {
		for _, address := range wanted {
			if !sim.Admits(name, address) {
				t.Errorf("%s does not let %s in", name, address)
			}
		}
		for _, address := range others {
			if sim.Admits(name, address) {
				t.Errorf("%s lets %s in", name, address)
			}
		}
	}
}

func settled(t *testing.T, hosts host.Hosts, spec gluster.Spec) {
	t.Helper()
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if plan, err := diff(t, hosts, spec); err != nil || !plan.Empty() {
		t.Errorf("the plan is %v %v, %v", plan.Titles(), plan.Drift(), err)
	}
}

func TestOnlyMembersAndClientsAreLetIn(t *testing.T) {
	hosts, sim := built(t)
	letIn(t, sim, []string{"10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.31"}, []string{stranger, "fd00::31", "192.0.2.1"})
	for name, machine := range sim.Machines {
		log := machine.Log()
		if i, j := slices.Index(log, "apply-firewall"), slices.Index(log, "gluster-daemon"); i < 0 || i > j {
			t.Errorf("%s: glusterd is started before the packet filter is loaded: %v", name, log)
		}
		machine.Reboot()
	}
	settled(t, hosts, content())
}

func TestAPacketFilterIsWatched(t *testing.T) {
	tests := map[string]struct {
		damage func(*hosttest.Machine)
		want   string
	}{
		"flushed":    {(*hosttest.Machine).FlushFirewall, "the packet filter is not loaded"},
		"altered":    {func(m *hosttest.Machine) { m.AlterFirewall("gluster") }, "the packet filter was changed after it was loaded"},
		"not booted": {func(m *hosttest.Machine) { m.Unit("terraform-ha-filter").Enabled = false }, "the packet filter is not loaded at boot"},
		"file lost":  {func(m *hosttest.Machine) { m.RemoveAll("/etc/terraform-ha/filter/gluster/content.nft") }, "content.nft is missing"},
		"never made": {
			func(m *hosttest.Machine) { m.RemoveAll("/etc/terraform-ha"); m.FlushFirewall() },
			"the packet filter for its ports is missing",
		},
		"nft removed": {func(m *hosttest.Machine) { delete(m.Packages, "nftables") }, "package nftables is not installed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hosts, sim := built(t)
			test.damage(sim.Machines["files2"])
			plan, err := diff(t, hosts, content())
			if err != nil {
				t.Fatal(err)
			}
			if drift := plan.Drift()["files2"]; !strings.Contains(strings.Join(drift, "; "), test.want) || len(plan.Drift()) != 1 {
				t.Errorf("drift %q, want %q", plan.Drift(), test.want)
			}
			settled(t, hosts, content())
			letIn(t, sim, []string{"10.0.0.31"}, []string{stranger})
		})
	}
}

// afterEach calls a function after each step.
type afterEach struct {
	sync.Mutex
	look func(title string)
}

func (a *afterEach) StepStarted(string, string, string) {}

func (a *afterEach) StepEnded(_, title string, _ time.Duration, _ bool, _ error) {
	a.Lock()
	defer a.Unlock()
	a.look(title)
}

// TestFiltersOpenFirstAndCloseLast has one client take the place of another one:
// whom the volume lets in, every server does at every moment.
func TestFiltersOpenFirstAndCloseLast(t *testing.T) {
	hosts, sim := built(t)
	next := content()
	next.Clients = []string{"10.0.0.32"}
	plan, err := diff(t, hosts, next)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"the packet filter does not let 10.0.0.32 in", "the packet filter lets 10.0.0.31 in, where no server of the pool and no client of volume content is"}
	if diff := cmp.Diff(want, plan.Drift()["files1"]); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	var titles []string
	watch := &afterEach{look: func(title string) {
		titles = append(titles, title)
		sim.Machines["files1"].Locked(func() { served(t, sim, title) })
	}}
	if err := reconcile.Run(t.Context(), plan, hosts, watch); err != nil {
		t.Fatal(err)
	}
	if i, j := slices.Index(titles, "set options"), slices.Index(titles, "close the packet filter of volume content"); i < 0 || j < i {
		t.Errorf("the steps were %v", titles)
	}
	settled(t, hosts, next)
	letIn(t, sim, []string{"10.0.0.32"}, []string{"10.0.0.31"})
}

// served expects that no machine keeps out whom the volume lets in.
func served(t *testing.T, sim *glustertest.Pool, when string) {
	t.Helper()
	volume := sim.Volumes["content"]
	if volume == nil {
		return
	}
	for name := range sim.Machines {
		for address := range strings.SplitSeq(volume.Options["auth.allow"], ",") {
			address, _, _ = strings.Cut(address, "/")
			if address != "" && !sim.Admits(name, address) {
				t.Errorf("after %q %s does not let %s in, which may mount", when, name, address)
			}
		}
	}
}

// TestNoFaultCutsAClientOff stops a change of the clients at every step.
func TestNoFaultCutsAClientOff(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim := built(t)
		next := content()
		next.Clients = []string{"10.0.0.32", "10.0.1.0/24"}
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, next)
		fault.Disarm()
		served(t, sim, fmt.Sprint(fault.Struck()))
		settled(t, hosts, next)
		letIn(t, sim, []string{"10.0.0.32", "10.0.1.7"}, []string{"10.0.0.31"})
	})
}

// TestAMemberThatIsNoNodeIsLetIn has a member of the pool that is in no resource.
func TestAMemberThatIsNoNodeIsLetIn(t *testing.T) {
	hosts, sim := built(t)
	guest := func(known ...string) {
		sim.Guests = map[string][]string{"uuid-guest": known}
	}
	guest("10.0.0.77")
	if plan, err := diff(t, hosts, content()); err != nil || !slices.Contains(plan.Drift()["files1"], "the packet filter does not let 10.0.0.77 in") {
		t.Errorf("got %v, %v", plan.Drift(), err)
	}
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.77"}, []string{stranger})

	sim.Names["guest.example.org"] = []string{"127.0.1.1", "10.0.0.78"}
	guest("guest.example.org")
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.78"}, []string{"10.0.0.77"})

	// A name server that is down takes nobody's right.
	delete(sim.Names, "guest.example.org")
	told(t, hosts, content(), "cannot let guest.example.org in")
	letIn(t, sim, []string{"10.0.0.78"}, nil)

	sim.Guests = nil
	settled(t, hosts, content())
	letIn(t, sim, nil, []string{"10.0.0.78"})
}

// TestClientsOfAVolumeThatNobodyManages has somebody make another volume in the pool.
func TestClientsOfAVolumeThatNobodyManages(t *testing.T) {
	hosts, sim := built(t)
	foreign := anotherVolume(sim, "10.0.5.*,10.0.6.1")
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.5.9", "10.0.6.1", "10.0.0.31"}, []string{stranger})

	foreign.Options = map[string]string{}
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.31", stranger}, nil)
	told(t, hosts, content(), "lets everybody in, because their pool has volume mail, too")

	delete(sim.Volumes, otherVolume)
	if plan, err := diff(t, hosts, content()); err != nil || !slices.Contains(plan.Drift()["files1"], "there is a packet filter for volume mail, and none is wanted") {
		t.Errorf("got %v, %v", plan.Drift(), err)
	}
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.31"}, []string{"10.0.5.9", stranger})
}

// anotherVolume is in the same pool.
func anotherVolume(sim *glustertest.Pool, allow string) *glustertest.Volume {
	volume := &glustertest.Volume{ID: "x", State: "Started", Replica: 3, Options: map[string]string{"auth.allow": allow}}
	for _, node := range content().Nodes {
		volume.Bricks = append(volume.Bricks, node.Address+":/srv/gluster/mail/brick")
	}
	sim.Volumes[otherVolume] = volume
	return volume
}

// mail has another resource manage a volume on the same machines.
func mail(sim *glustertest.Pool, filter string) {
	anotherVolume(sim, "10.0.0.61")
	forAll(sim, func(m *hosttest.Machine) {
		m.WriteFile("/var/lib/terraform-ha/gluster-mail.json", `{"detail": {`+filter+`}}`)
	})
}

const managedFilter = `"firewall": "managed"`

// TestVolumesShareAFilter has two resources, each with its own clients.
func TestVolumesShareAFilter(t *testing.T) {
	hosts, sim := built(t)
	mail(sim, managedFilter)
	for name := range hosts {
		firewall := host.Firewall{Tier: "gluster", Owner: otherVolume, Groups: []host.PortGroup{{
			Name: "members", Ports: []string{"24007-24008", "49152-60999"}, From: []netip.Prefix{netip.MustParsePrefix("10.0.0.61/32")},
		}}}
		if err := hosts[name].ApplyFirewall(t.Context(), firewall); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.31", "10.0.0.61"}, []string{stranger})
	remove(t, hosts, content(), true)
	letIn(t, sim, []string{"10.0.0.61"}, []string{"10.0.0.31", stranger})
	forAll(sim, func(m *hosttest.Machine) {
		m.RemoveAll("/var/lib/terraform-ha/gluster-mail.json")
	})
	delete(sim.Volumes, otherVolume)
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.31"}, []string{"10.0.0.61"})
	remove(t, hosts, content(), true)
	forAll(sim, func(m *hosttest.Machine) {
		if m.Filtered("gluster") {
			t.Errorf("%s still has a packet filter", m.Name)
		}
	})
}

// TestAVolumeWithoutAFilter leaves its clients alone, also beside one with a filter.
func TestAVolumeWithoutAFilter(t *testing.T) {
	hosts, sim := built(t)
	open := content()
	open.Unfiltered = true
	settled(t, hosts, open)
	letIn(t, sim, []string{"10.0.0.31", stranger}, nil)
	forAll(sim, func(m *hosttest.Machine) {
		if m.Filtered("gluster") {
			t.Errorf("%s still has a packet filter", m.Name)
		}
	})
	mail(sim, managedFilter)
	settled(t, hosts, open)
	letIn(t, sim, []string{"10.0.0.31", "10.0.0.11"}, []string{stranger})
	forAll(sim, func(m *hosttest.Machine) { m.RemoveAll("/var/lib/terraform-ha/gluster-mail.json") })
	settled(t, hosts, open)
	letIn(t, sim, []string{stranger}, nil)
}

// TestAVolumeOfAnotherResourceWithoutAFilter keeps its clients, too.
func TestAVolumeOfAnotherResourceWithoutAFilter(t *testing.T) {
	hosts, sim := built(t)
	mail(sim, "")
	settled(t, hosts, content())
	letIn(t, sim, []string{"10.0.0.31", "10.0.0.61"}, []string{stranger})
	remove(t, hosts, content(), true)
	letIn(t, sim, []string{stranger}, nil)
}

// TestAMachineThatIsNotLetInDoesNotJoin has a volume on some machines of a pool whose
// other machines another resource filters.
//
// The first machine of a volume is the leader where all know each other alike, also one
// that has just joined.
func TestAMachineThatIsNotLetInDoesNotJoin(t *testing.T) {
	members := []host.Node{{Name: "files2", Address: "10.0.0.12"}, {Name: "files3", Address: "10.0.0.13"}}
	joins := host.Node{Name: "files4", Address: "10.0.0.14"}
	t.Run("the last of its volume", func(t *testing.T) { joinsLargerPool(t, append(slices.Clone(members), joins)) })
	t.Run("the first of its volume", func(t *testing.T) { joinsLargerPool(t, append([]host.Node{joins}, members...)) })
}

// joinsLargerPool builds a volume on files1 to files3, and then another one on nodes, of
// which files4 is new to the pool.
func joinsLargerPool(t *testing.T, nodes []host.Node) {
	t.Helper()
	hosts, sim := newPool(t, "files1", "files2", "files3", "files4")
	first := hosts["files4"]
	delete(hosts, "files4")
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	second := content()
	second.Name, second.BrickPath = otherVolume, "/srv/gluster/mail/brick"
	second.Nodes = nodes
	for _, node := range sim.Nodes {
		node.BrickID = ""
	}
	shared := host.Hosts{"files2": hosts["files2"], "files3": hosts["files3"], "files4": first}
	refused := refusal(t, converge(t, shared, second))
	if !strings.Contains(refused.Error(), "it does not reach port 24007 of") || !strings.Contains(refused.Remedy, "let 10.0.0.14 in first") {
		t.Errorf("it was refused so: %v", refused)
	}
	if sim.Members["files4"] {
		t.Error("it is in the pool")
	}
	for name, node := range sim.Nodes {
		if name != "files4" {
			node.BrickID = strings.ReplaceAll(glustertest.VolumeID, "-", "")
		}
	}
	wider := content()
	wider.Clients = append(wider.Clients, "10.0.0.14")
	settled(t, hosts, wider)
	for _, node := range sim.Nodes {
		node.BrickID = ""
	}
	if err := converge(t, shared, second); err != nil {
		t.Fatal(err)
	}
	if !sim.Members["files4"] {
		t.Error("it is not in the pool")
	}
}

// TestAnAddressThatIsTranslated lets clients in at every address of the machine.
func TestAnAddressThatIsTranslated(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	sim.Machines["files1"].Facts.Addresses = []host.Address{{Interface: "eth0", CIDR: "192.168.7.1/24"}}
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"files1": "10.0.0.31 } accept", "files2": "10.0.0.31 } ip daddr { 10.0.0.12 } accept"} {
		if got := sim.Machines[name].Files["/etc/terraform-ha/filter/gluster/content.nft"].Content; !strings.Contains(got, want) {
			t.Errorf("%s has\n%s", name, got)
		}
	}
}

func TestPublicAddressesAreWarnedOf(t *testing.T) {
	spec := content()
	spec.Nodes[1].Address = "203.0.113.12"
	warnings := spec.Warnings()
	if len(warnings) != 1 || !slices.Equal(warnings[0].Path, []string{"nodes", "files2", "address"}) || !strings.Contains(warnings[0].Message, "203.0.113.12 is not a private address") {
		t.Errorf("got %v", warnings)
	}
}
