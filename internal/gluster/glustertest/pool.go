package glustertest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// VolumeID is the identity that every volume gets.
const VolumeID = "35dc40b7-b3e0-4de5-89e4-6487695b6439"

// Pool is GlusterFS on simulated machines: one pool and its volumes, whose
// definition every member has. Tests change it under the machines' lock.
type Pool struct {
	t testing.TB
	// Machines has the machines by name.
	Machines map[string]*hosttest.Machine
	// Nodes has what GlusterFS is on each machine.
	Nodes map[string]*Node
	// Members are the machines of the pool; one alone is no pool.
	Members map[string]bool
	// Volumes has the volumes by name.
	Volumes map[string]*Volume
	// Mounts are the mount points of bricks' file systems that are not /srv/gluster.
	Mounts map[string]string
	// Used are the bytes in use of those file systems.
	Used map[string]int64
	// Guests are members of the pool that are none of the machines, by identity, and
	// the names under which the others know them.
	Guests map[string][]string
	// Names has the addresses of machines that are known by name.
	Names map[string][]string
	// Mounting are the addresses of clients that mount every volume that lets them in.
	Mounting []string
	// Behind are clients that do not know the bricks of later sets yet, and how many looks
	// that takes.
	Behind map[string]int
	// Task moves files between sets.
	Task *Task
	// Acknowledged are the files that clients have written, which must not get lost.
	Acknowledged map[string]string
	// Free is how many bytes the disks of machines have left that are not empty.
	Free map[string]int
	// Big are files of which a brick that misses them gets a part with each look. They are
	// locked meanwhile, and how many looks it takes counts down here.
	Big map[string]int
	// Busy is in how many looks GlusterFS has compared the names of the directory /load once a
	// brick has come in that lacks them, and Comparing how many looks are left of that. Until
	// then the directory is to be healed on that brick, though all of its names can be there.
	Busy, Comparing int
	// Uneven says that the bricks have that directory with other times of access, so that it
	// is not healed before a client has set them.
	Uneven   bool
	newcomer string
	// Split are files in split brain, by identity.
	Split map[string]*SplitFile
	// Countable is how many entries that are to be healed can be counted in time; 0 for any.
	Countable int
	// OpVersion is the operating version of the pool, Newest the one that each server
	// allows, and Knows the one that clients know who mount a volume; those that are not in
	// it know all.
	OpVersion int
	Newest    map[string]int
	Knows     map[string]int
	// PeerState is the state in which members see each other.
	PeerState int
}

// Node is GlusterFS on one machine.
type Node struct {
	// Address is what bricks name the machine by.
	Address string
	// UUID is the machine's identity in the pool.
	UUID string
	// Rebuilt says that the machine was made anew: its glusterd has an identity of its
	// own or none yet, while the pool still knows it by UUID.
	Rebuilt bool
	// Own is the identity of a rebuilt machine.
	Own string
	// Alone says that glusterd has the identity that the pool knows, and no peers;
	// Told that it has their list and connects to them when it starts.
	Alone, Told bool
	// Rejected says that glusterd has another definition of the volumes than the others, so
	// that they reject each other. Aside is how many times that was set aside.
	Rejected bool
	Aside    int
	// Unknown says that glusterd was told of the volume while its brick was missing,
	// and does not know the brick as its own until it starts again.
	Unknown bool
	// KnownAs are the names under which the others know the machine.
	KnownAs map[string]bool
	// BrickID is the attribute of the brick directory.
	BrickID string
	// Running and Healer say whether the processes of brick and self-heal live.
	Running, Healer bool
	// Leaving is in how many looks glusterd replaces the self-heal daemon that it found when
	// it started. In the last of them none runs.
	Leaving int
	// Ends is in how many looks after that the new one ends, because the former one still has
	// its port; 0 for never.
	Ends, ending int
	// ForcedEnds is how many daemons that a start by force has started end some looks later, and
	// Orphan says that each does, because another one runs that glusterd has lost track of.
	ForcedEnds int
	Orphan     bool
	// Blocked says that the brick's process runs and no client reaches it.
	Blocked bool
	// Emptied says that the brick's directory lost everything, .glusterfs included.
	Emptied bool
	// Out says that the brick was taken out to be made anew.
	Out bool
	// Missing are files that the brick does not have yet, and the others of its set do.
	Missing []string
	// Blames is how many entries the brick holds against others than a lost one.
	Blames int
	// boots is how many reboots the machine had when its processes were looked at last.
	boots int
	// cut says that it has lost its power, and glusterd has not started since.
	cut bool
	// Pending is how many files wait for healing, SplitBrain how many are in split
	// brain besides those of the pool that are told one by one.
	Pending, SplitBrain int
}

// Volume is a volume's definition.
type Volume struct {
	ID, State        string
	Bricks           []string
	Replica, Arbiter int
	// Disperse and Redundancy are 0 for a replicated volume.
	Disperse, Redundancy int
	Options              map[string]string
	// Only is the one machine whose glusterd knows the volume; empty for all.
	Only string
}

// Install makes GlusterFS available on machines, which are known to their peers
// by the first address of eth0.
func Install(t testing.TB, machines map[string]*hosttest.Machine) *Pool {
	t.Helper()
	p := &Pool{t: t, Machines: machines, Nodes: map[string]*Node{}, Members: map[string]bool{}, Volumes: map[string]*Volume{}, Mounts: map[string]string{}, Used: map[string]int64{}, Names: map[string][]string{}, PeerState: 3,
		Task: &Task{}, Acknowledged: map[string]string{}, Free: map[string]int{}, Big: map[string]int{}, Split: map[string]*SplitFile{}, Behind: map[string]int{}, OpVersion: 100000, Newest: map[string]int{}, Knows: map[string]int{}}
	for name, m := range machines {
		p.Nodes[name] = &Node{Address: addressOf(m), KnownAs: map[string]bool{}}
		m.Offer("attr", "nftables")
		m.Catalog["glusterfs-server"] = hosttest.Package{Units: []string{"glusterd.service"}, OnInstall: func(m *hosttest.Machine) {
			if _, found := m.Files["/etc/glusterfs/glusterd.vol"]; !found {
				m.WriteFile("/etc/glusterfs/glusterd.vol", "volume management\n")
			}
		}}
		p.handle(m)
	}
	return p
}

func addressOf(m *hosttest.Machine) string {
	for _, address := range m.Facts.Addresses {
		if address.Interface == "eth0" {
			ip, _, _ := strings.Cut(address.CIDR, "/")
			return ip
		}
	}
	return ""
}

func (p *Pool) handle(m *hosttest.Machine) {
	m.OnPowerCut(p.losePower)
	m.OnStart("glusterd", p.booting)
	for label, query := range map[string]func(*hosttest.Machine, *Node, shell.Command) string{
		"gluster-marker":        p.marker,
		"gluster-identity":      p.identity,
		"gluster-brick":         p.brick,
		"gluster-processes":     p.processes,
		"gluster-defined":       p.defined,
		"gluster-other-volumes": p.otherVolumes,
		"gluster-pool": func(m *hosttest.Machine, _ *Node, _ shell.Command) string {
			return p.CLI(m, "peer", "status") + "\n" + p.CLI(m, "volume", "info")
		},
		"gluster-names":    p.lookup,
		"gluster-task":     p.task,
		"gluster-release":  p.release,
		"gluster-copies":   p.copies,
		"gluster-decision": p.decision,
	} {
		m.HandleQuery(label, func(m *hosttest.Machine, c shell.Command) (string, int, string) {
			return query(m, p.Nodes[m.Name], c), 0, ""
		})
	}
	m.HandleQuery("gluster-clients", p.clients)
	m.HandleQuery("gluster-heal", func(m *hosttest.Machine, c shell.Command) (string, int, string) { return p.heal(m, c) })
	p.change(m, "gluster-end-orphans", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		p.Nodes[m.Name].Orphan = false
		return "", 0, ""
	})
	p.change(m, "gluster", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		return p.CLI(m, c.Args()...), 0, ""
	})
	p.change(m, "gluster-daemon", p.daemon)
	p.change(m, "gluster-stop-bricks", p.stopBricks)
	// No machine of the pool has a floating address.
	m.HandleQuery("tier-held", func(*hosttest.Machine, shell.Command) (string, int, string) { return "", 0, "" })
	m.Handle("tier-drain", p.drain)
	m.Handle("tier-return", p.giveBack)
	m.HandleQuery("tier-drained", p.drained)
	m.Handle("gluster-reach", p.reach)
	m.Handle("gluster-space", p.space)
	m.Handle("gluster-leftovers", p.leftovers)
	p.change(m, "gluster-clean-brick", p.clean)
	p.change(m, "gluster-wipe-brick", p.wipe)
	p.change(m, "gluster-restore", p.restore)
	p.change(m, "gluster-restore-membership", p.restoreMembership)
	p.change(m, "gluster-remake-brick", p.remake)
	p.change(m, "gluster-set-aside-pool", p.setAside)
	p.change(m, "rmdir", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		m.RemoveAll(c.Args()[len(c.Args())-1])
		return "", 0, ""
	})
	p.change(m, "gluster-keep-copy", p.keepCopy)
	p.change(m, "gluster-choose-copy", p.chooseCopy)
	m.HandleQuery("gluster-fragments", p.fragments)
	m.HandleQuery("gluster-directories", p.directories)
	m.Handle("gluster-even-times", p.evenTimes)
	m.Handle("gluster-blame", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		return strconv.Itoa(p.Nodes[m.Name].Blames) + "\n", 0, ""
	})
}

// has reports whether a machine has a volume's definition.
func (p *Pool) has(name, volume string) bool {
	known := p.Volumes[volume]
	return known != nil && p.in(name) && (known.Only == "" || known.Only == name)
}

// in reports whether a machine is a member of the pool and knows it.
func (p *Pool) in(name string) bool {
	node := p.Nodes[name]
	return p.Members[name] && !node.Rebuilt && !node.Alone
}

func (p *Pool) at(address string) string {
	for name, node := range p.Nodes {
		if node.Address == address {
			return name
		}
	}
	p.t.Errorf("no machine has the address %s", address)
	return ""
}

func (p *Pool) peers(m *hosttest.Machine) string {
	var b strings.Builder
	if !p.in(m.Name) {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		node := p.Nodes[name]
		if name == m.Name {
			continue
		}
		connected := 0
		if p.Machines[name].Unit("glusterd").Running() && !p.Machines[name].Down && p.in(name) && p.admits(name, m.Name) && p.admits(m.Name, name) {
			connected = 1
		}
		fmt.Fprintf(&b, "<peer><uuid>%s</uuid><hostname>x</hostname><hostnames>", node.UUID)
		for known := range node.KnownAs {
			fmt.Fprintf(&b, "<hostname>%s</hostname>", known)
		}
		state := p.PeerState
		if node.Rejected != p.Nodes[m.Name].Rejected {
			state = 6
		}
		fmt.Fprintf(&b, "</hostnames><connected>%d</connected><state>%d</state><stateStr>state</stateStr></peer>", connected, state)
	}
	for uuid, names := range p.Guests {
		fmt.Fprintf(&b, "<peer><uuid>%s</uuid><hostname>x</hostname><hostnames><hostname>%s</hostname></hostnames><connected>1</connected><state>3</state></peer>", uuid, strings.Join(names, "</hostname><hostname>"))
	}
	return b.String()
}

func (p *Pool) probe(m *hosttest.Machine, other string) string {
	if !p.Machines[other].Unit("glusterd").Running() || p.Machines[other].Down {
		return answer(-1, "Probe returned with Transport endpoint is not connected", "")
	}
	if node := p.Nodes[m.Name]; node.Rebuilt {
		return answer(-1, "Probe returned with unknown errno 107: the peer knows another identity", "")
	} else if node.Alone {
		return answer(-1, "Sent and Received peer request", "")
	}
	if !p.Members[m.Name] {
		p.Members[m.Name] = true
		p.Nodes[m.Name].KnownAs[m.Name+".example.org"] = true
	}
	p.Members[other] = true
	p.Nodes[other].KnownAs[p.Nodes[other].Address] = true
	return answer(0, "", "")
}
