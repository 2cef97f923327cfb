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
	// Guests are members of the pool that are none of the machines, by identity, and
	// the names under which the others know them.
	Guests map[string][]string
	// Names has the addresses of machines that are known by name.
	Names map[string][]string
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
	// Unknown says that glusterd was told of the volume while its brick was missing,
	// and does not know the brick as its own until it starts again.
	Unknown bool
	// KnownAs are the names under which the others know the machine.
	KnownAs map[string]bool
	// BrickID is the attribute of the brick directory.
	BrickID string
	// Running and Healer say whether the processes of brick and self-heal live.
	Running, Healer bool
	// Blocked says that the brick's process runs and no client reaches it.
	Blocked bool
	// Emptied says that the brick's directory lost everything, .glusterfs included.
	Emptied bool
	// Out says that the brick was taken out to be made anew.
	Out bool
	// Blames is how many entries the brick holds against others than a lost one.
	Blames int
	// Pending is how many files wait for healing, SplitBrain how many are in split
	// brain.
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
}

// Install makes GlusterFS available on machines, which are known to their peers
// by the first address of eth0.
func Install(t testing.TB, machines map[string]*hosttest.Machine) *Pool {
	t.Helper()
	p := &Pool{t: t, Machines: machines, Nodes: map[string]*Node{}, Members: map[string]bool{}, Volumes: map[string]*Volume{}, Mounts: map[string]string{}, Names: map[string][]string{}, PeerState: 3}
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
	for label, query := range map[string]func(*hosttest.Machine, *Node, shell.Command) string{
		"gluster-marker":   p.marker,
		"gluster-identity": p.identity,
		"gluster-brick":    p.brick,
		"gluster-pool": func(m *hosttest.Machine, _ *Node, _ shell.Command) string {
			return p.CLI(m, "peer", "status") + "\n" + p.CLI(m, "volume", "info")
		},
		"gluster-heal":  p.heal,
		"gluster-names": p.lookup,
	} {
		m.HandleQuery(label, func(m *hosttest.Machine, c shell.Command) (string, int, string) {
			return query(m, p.Nodes[m.Name], c), 0, ""
		})
	}
	p.change(m, "gluster", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		return p.CLI(m, c.Args()...), 0, ""
	})
	p.change(m, "gluster-daemon", p.daemon)
	m.Handle("gluster-reach", p.reach)
	p.change(m, "gluster-clean-brick", p.clean)
	p.change(m, "gluster-wipe-brick", p.wipe)
	p.change(m, "gluster-restore", p.restore)
	p.change(m, "gluster-restore-membership", p.restoreMembership)
	p.change(m, "gluster-remake-brick", p.remake)
	p.change(m, "rmdir", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
		m.RemoveAll(c.Args()[len(c.Args())-1])
		return "", 0, ""
	})
	m.Handle("gluster-blame", func(m *hosttest.Machine, _ shell.Command) (string, int, string) {
		return strconv.Itoa(p.Nodes[m.Name].Blames) + "\n", 0, ""
	})
}

func (p *Pool) marker(m *hosttest.Machine, _ *Node, c shell.Command) string {
	return m.Files[c.Args()[0]].Content
}

func (p *Pool) identity(_ *hosttest.Machine, n *Node, _ shell.Command) string {
	uuid := n.UUID
	if n.Rebuilt {
		uuid = n.Own
	}
	if uuid == "" {
		return ""
	}
	return "UUID=" + uuid + "\noperating-version=100000\n"
}

func (p *Pool) brick(m *hosttest.Machine, n *Node, c shell.Command) string {
	volume, path := c.Args()[0], c.Args()[1]
	var b strings.Builder
	if p.has(m.Name, volume) {
		b.WriteString("defined yes\n")
	}
	if n.Running {
		b.WriteString("running yes\nport 49152\n")
	}
	if n.Healer {
		b.WriteString("healer yes\n")
	}
	b.WriteString(p.others(m, volume))
	mount := p.Mounts[m.Name]
	if mount == "" {
		mount = "/srv/gluster"
	}
	fmt.Fprintf(&b, "path %s\nmount %s\n", path, mount)
	if mount == "/" {
		b.WriteString("root yes\n")
	}
	if _, found := m.Directories[path]; found {
		b.WriteString("exists yes\n")
		if n.BrickID != "" && !n.Emptied {
			b.WriteString("internal yes\n")
		}
		for file := range m.Files {
			if strings.HasPrefix(file, path+"/") {
				b.WriteString("content yes\nnames yes\n")
				break
			}
		}
	}
	if m.Packages["attr"] != "" {
		id := n.BrickID
		if _, found := m.Directories[path]; !found {
			id = ""
		}
		fmt.Fprintf(&b, "attributes yes\nvolume-id %s\n", id)
	}
	return b.String()
}

func (p *Pool) heal(m *hosttest.Machine, n *Node, c shell.Command) string {
	volume := p.Volumes[c.Args()[0]]
	if volume == nil || volume.State != "Started" || !p.has(m.Name, c.Args()[0]) {
		return ""
	}
	var b strings.Builder
	for _, brick := range volume.Bricks {
		at := p.at(strings.Split(brick, ":")[0])
		if p.Nodes[at].Running && !p.Nodes[at].Blocked && !p.Machines[at].Down && p.admits(at, m.Name) {
			fmt.Fprintf(&b, `<brick hostUuid="%s"><name>%s</name><status>Connected</status><numberOfEntriesInHealPending>%d</numberOfEntriesInHealPending><numberOfEntriesInSplitBrain>%d</numberOfEntriesInSplitBrain></brick>`, p.Nodes[at].UUID, brick, p.Nodes[at].Pending, p.Nodes[at].SplitBrain)
		} else {
			fmt.Fprintf(&b, `<brick hostUuid="-"><name>%s</name><status>Transport endpoint is not connected</status></brick>`, brick)
		}
	}
	return answer(0, "", "<healInfo><bricks>"+b.String()+"</bricks></healInfo>")
}

// has reports whether a machine has a volume's definition.
func (p *Pool) has(name, volume string) bool {
	return p.Volumes[volume] != nil && p.in(name)
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

func answer(ret int, said, body string) string {
	return fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cliOutput><opRet>%d</opRet><opErrno>0</opErrno><opErrstr>%s</opErrstr>%s</cliOutput>", ret, said, body)
}

// CLI is the command line on a machine. A command that it does not know is an
// error of the test.
func (p *Pool) CLI(m *hosttest.Machine, words ...string) string {
	if !m.Unit("glusterd").Running() {
		return "Connection failed. Please check if gluster daemon is operational."
	}
	switch strings.Join(words[:2], " ") {
	case "peer status":
		return answer(0, "", "<peerStatus>"+p.peers(m)+"</peerStatus>")
	case "peer probe":
		return p.probe(m, p.at(words[2]))
	case "peer detach":
		delete(p.Members, p.at(words[2]))
		p.Nodes[p.at(words[2])].KnownAs = map[string]bool{}
		return answer(0, "", "")
	case "volume info":
		return p.info(m, words[2:])
	case "volume create":
		return p.create(words[2], words[3:])
	}
	volume := p.Volumes[words[2]]
	if volume == nil {
		return answer(-1, "Volume does not exist", "")
	}
	switch words[1] {
	case "set":
		for i := 3; i+1 < len(words); i += 2 {
			volume.Options[words[i]] = words[i+1]
		}
	case "reset":
		delete(volume.Options, words[3])
	case "start":
		if volume.State == "Started" && words[len(words)-1] != "force" {
			return answer(-1, "already started", "")
		}
		volume.State = "Started"
		p.serve(volume, true)
	case "stop":
		volume.State = "Stopped"
		p.serve(volume, false)
	case "delete":
		if volume.State == "Started" {
			return answer(-1, "Volume has been started", "")
		}
		delete(p.Volumes, words[2])
	case "reset-brick":
		return p.resetBrick(words)
	case "heal":
		for _, node := range p.Nodes {
			node.Pending = 0
		}
	default:
		p.t.Errorf("the simulated gluster does not know %v", words)
	}
	return answer(0, "", "")
}

// serve starts or stops the processes on the machines that can be reached.
func (p *Pool) serve(volume *Volume, run bool) {
	for _, brick := range volume.Bricks {
		name := p.at(strings.Split(brick, ":")[0])
		if p.Machines[name].Unit("glusterd").Running() && !p.Machines[name].Down && p.in(name) && !run || p.brickStarts(name, brick) {
			p.Nodes[name].Running, p.Nodes[name].Healer = run, run
		}
	}
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
		fmt.Fprintf(&b, "</hostnames><connected>%d</connected><state>%d</state><stateStr>state</stateStr></peer>", connected, p.PeerState)
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

func (p *Pool) info(m *hosttest.Machine, only []string) string {
	var b strings.Builder
	for name, v := range p.Volumes {
		if !p.has(m.Name, name) || len(only) > 0 && only[0] != name {
			continue
		}
		state := map[string]int{"Created": 0, "Started": 1, "Stopped": 2}[v.State]
		fmt.Fprintf(&b, "<volume><name>%s</name><id>%s</id><status>%d</status><statusStr>%s</statusStr><replicaCount>%d</replicaCount><arbiterCount>%d</arbiterCount><disperseCount>%d</disperseCount><redundancyCount>%d</redundancyCount><bricks>",
			name, v.ID, state, v.State, v.Replica, v.Arbiter, v.Disperse, v.Redundancy)
		for _, brick := range v.Bricks {
			fmt.Fprintf(&b, "<brick>%s<name>%s</name><hostUuid>%s</hostUuid><isArbiter>0</isArbiter></brick>", brick, brick, p.Nodes[p.at(strings.Split(brick, ":")[0])].UUID)
		}
		b.WriteString("</bricks><options>")
		for key, value := range v.Options {
			fmt.Fprintf(&b, "<option><name>%s</name><value>%s</value></option>", key, value)
		}
		b.WriteString("</options></volume>")
	}
	if len(only) > 0 && b.Len() == 0 {
		return answer(-1, "Volume does not exist", "")
	}
	return answer(0, "", "<volInfo><volumes>"+b.String()+"</volumes></volInfo>")
}

func (p *Pool) count(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		p.t.Errorf("the simulated gluster wants a number of bricks: %v", err)
	}
	return n
}

func (p *Pool) create(name string, words []string) string {
	if p.Volumes[name] != nil {
		return answer(-1, "Volume "+name+" already exists", "")
	}
	v := &Volume{ID: VolumeID, State: "Created", Options: map[string]string{"nfs.disable": "on"}}
	for i, word := range words {
		switch {
		case word == "replica":
			v.Replica = p.count(words[i+1])
		case word == "arbiter":
			v.Arbiter = p.count(words[i+1])
		case word == "disperse":
			v.Disperse = p.count(words[i+1])
			v.Replica = 1 // what "volume info" calls it
		case word == "redundancy":
			v.Redundancy = p.count(words[i+1])
		case strings.Contains(word, ":/"):
			v.Bricks = append(v.Bricks, word)
		}
	}
	for _, brick := range v.Bricks {
		address, path, _ := strings.Cut(brick, ":")
		at := p.at(address)
		if _, found := p.Machines[at].Directories[path]; !found || !p.Members[at] {
			return answer(-1, "Failed to create brick directory for brick "+brick, "")
		}
		if p.Nodes[at].BrickID != "" {
			return answer(-1, brick+" is already part of a volume", "")
		}
		p.Nodes[at].BrickID = strings.ReplaceAll(VolumeID, "-", "")
	}
	p.Volumes[name] = v
	return answer(0, "", "<volCreate><volume><id>"+VolumeID+"</id></volume></volCreate>")
}

func (p *Pool) daemon(m *hosttest.Machine, c shell.Command) (string, int, string) {
	for _, words := range [][]string{{"daemon-reload"}, {"unmask", "--", "glusterd"}, {"enable", "--quiet", "--", "glusterd"}, {c.Args()[0], "--", "glusterd"}} {
		if out, status, said := m.Call(shell.New("systemctl", words...)); status != 0 {
			return out, status, said
		}
	}
	switch node := p.Nodes[m.Name]; {
	case node.Rebuilt && node.Own == "":
		node.Own = "uuid-new-" + m.Name
	case node.UUID == "":
		node.UUID = "uuid-" + m.Name
	case node.Told:
		node.Alone, node.Told = false, false
		node.Healer = true
	default:
		node.Unknown = false
	}
	return "", 0, ""
}

func (p *Pool) clean(m *hosttest.Machine, _ shell.Command) (string, int, string) {
	p.Nodes[m.Name].BrickID = ""
	return "", 0, ""
}

func (p *Pool) wipe(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if p.has(m.Name, c.Args()[0]) {
		return "", 1, "still defined"
	}
	m.RemoveAll(c.Args()[1])
	p.Nodes[m.Name].BrickID = ""
	return "", 0, ""
}

func (p *Pool) restore(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if len(p.Members) > 1 && p.Members[m.Name] {
		return "", 0, ""
	}
	m.Call(shell.Script(": disable-units\n", "glusterd", "terraform-ha-bricks"))
	m.RemoveAll(c.Args()[1])
	m.RemoveAll(c.Args()[2])
	m.WriteFile(c.Args()[0], string(c.Stdin()))
	return "", 0, ""
}
