package gluster_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// glusterSim is GlusterFS on simulated machines: one pool and its volumes, whose
// definition every member has.
type glusterSim struct {
	t        *testing.T
	machines map[string]*hosttest.Machine
	nodes    map[string]*simNode
	// members are the machines of the pool; one alone is no pool.
	members map[string]bool
	volumes map[string]*simVolume
	// peerState is the state in which members see each other.
	peerState int
}

type simNode struct {
	address, uuid string
	// knownAs are the names under which the others know the machine.
	knownAs map[string]bool
	// brickID is the attribute of the brick directory.
	brickID         string
	running, healer bool
	pending         int
}

type simVolume struct {
	id, state    string
	bricks       []string
	replica, arb int
	options      map[string]string
}

const simID = "35dc40b7-b3e0-4de5-89e4-6487695b6439"

func newGlusterSim(t *testing.T, names ...string) (host.Hosts, *glusterSim) {
	hosts, machines := hosttest.Cluster(t, names...)
	s := &glusterSim{t: t, machines: machines, nodes: map[string]*simNode{}, members: map[string]bool{}, volumes: map[string]*simVolume{}, peerState: 3}
	for i, name := range names {
		m := machines[name]
		s.nodes[name] = &simNode{address: fmt.Sprintf("10.0.0.%d", 11+i), knownAs: map[string]bool{}}
		m.Offer("attr")
		m.Catalog["glusterfs-server"] = hosttest.Package{Units: []string{"glusterd.service"}, OnInstall: func(m *hosttest.Machine) {
			if _, found := m.Files["/etc/glusterfs/glusterd.vol"]; !found {
				m.WriteFile("/etc/glusterfs/glusterd.vol", "volume management\n")
			}
		}}
		for label, query := range map[string]func(*hosttest.Machine, *simNode, shell.Command) string{
			"gluster-marker":   s.marker,
			"gluster-identity": s.identity,
			"gluster-brick":    s.brick,
			"gluster-peers":    func(m *hosttest.Machine, _ *simNode, _ shell.Command) string { return s.cli(m, "peer", "status") },
			"gluster-volumes":  func(m *hosttest.Machine, _ *simNode, _ shell.Command) string { return s.cli(m, "volume", "info") },
			"gluster-heal":     s.heal,
		} {
			m.HandleQuery(label, func(m *hosttest.Machine, c shell.Command) (string, int, string) {
				return query(m, s.nodes[m.Name], c), 0, ""
			})
		}
		m.Handle("gluster", func(m *hosttest.Machine, c shell.Command) (string, int, string) {
			words := slices.DeleteFunc(slices.Clone(c.Args()[1:]), func(w string) bool { return strings.HasPrefix(w, "--") })
			return s.cli(m, words...), 0, ""
		})
		m.Handle("gluster-daemon", s.daemon)
		m.Handle("gluster-clean-brick", s.clean)
		m.Handle("gluster-wipe-brick", s.wipe)
		m.Handle("gluster-restore", s.restore)
	}
	return hosts, s
}

func (s *glusterSim) marker(m *hosttest.Machine, _ *simNode, c shell.Command) string {
	return m.Files[c.Args()[0]].Content
}

func (s *glusterSim) identity(_ *hosttest.Machine, n *simNode, _ shell.Command) string {
	if n.uuid == "" {
		return ""
	}
	return "UUID=" + n.uuid + "\noperating-version=100000\n"
}

func (s *glusterSim) brick(m *hosttest.Machine, n *simNode, c shell.Command) string {
	volume, path := c.Args()[0], c.Args()[1]
	var b strings.Builder
	if s.has(m.Name, volume) {
		b.WriteString("defined yes\n")
	}
	if n.running {
		b.WriteString("running yes\nport 49152\n")
	}
	if n.healer {
		b.WriteString("healer yes\n")
	}
	fmt.Fprintf(&b, "path %s\nmount /srv/gluster\n", path)
	if _, found := m.Directories[path]; found {
		b.WriteString("exists yes\n")
		for file := range m.Files {
			if strings.HasPrefix(file, path+"/") {
				b.WriteString("content yes\n")
				break
			}
		}
	}
	if m.Packages["attr"] != "" {
		fmt.Fprintf(&b, "attributes yes\nvolume-id %s\n", n.brickID)
	}
	return b.String()
}

func (s *glusterSim) heal(m *hosttest.Machine, n *simNode, c shell.Command) string {
	volume := s.volumes[c.Args()[0]]
	if volume == nil || volume.state != "Started" || !s.has(m.Name, c.Args()[0]) {
		return ""
	}
	var b strings.Builder
	for _, brick := range volume.bricks {
		at := s.at(strings.Split(brick, ":")[0])
		if s.nodes[at].running && !s.machines[at].Down {
			fmt.Fprintf(&b, `<brick hostUuid="%s"><name>%s</name><status>Connected</status><numberOfEntriesInHealPending>%d</numberOfEntriesInHealPending><numberOfEntriesInSplitBrain>0</numberOfEntriesInSplitBrain></brick>`, s.nodes[at].uuid, brick, s.nodes[at].pending)
		} else {
			fmt.Fprintf(&b, `<brick hostUuid="-"><name>%s</name><status>Transport endpoint is not connected</status></brick>`, brick)
		}
	}
	return answer(0, "", "<healInfo><bricks>"+b.String()+"</bricks></healInfo>")
}

// has reports whether a machine has a volume's definition.
func (s *glusterSim) has(name, volume string) bool {
	return s.volumes[volume] != nil && s.members[name]
}

func (s *glusterSim) at(address string) string {
	for name, node := range s.nodes {
		if node.address == address {
			return name
		}
	}
	s.t.Errorf("no machine has the address %s", address)
	return ""
}

func answer(ret int, said, body string) string {
	return fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cliOutput><opRet>%d</opRet><opErrno>0</opErrno><opErrstr>%s</opErrstr>%s</cliOutput>", ret, said, body)
}

// cli is the command line. An unknown command is an error of the test.
func (s *glusterSim) cli(m *hosttest.Machine, words ...string) string {
	if !m.Unit("glusterd").Running() {
		return "Connection failed. Please check if gluster daemon is operational."
	}
	switch strings.Join(words[:2], " ") {
	case "peer status":
		return answer(0, "", "<peerStatus>"+s.peers(m)+"</peerStatus>")
	case "peer probe":
		return s.probe(m, s.at(words[2]))
	case "peer detach":
		delete(s.members, s.at(words[2]))
		s.nodes[s.at(words[2])].knownAs = map[string]bool{}
		return answer(0, "", "")
	case "volume info":
		return s.info(m, words[2:])
	case "volume create":
		return s.create(words[2], words[3:])
	}
	volume := s.volumes[words[2]]
	if volume == nil {
		return answer(-1, "Volume does not exist", "")
	}
	switch words[1] {
	case "set":
		for i := 3; i+1 < len(words); i += 2 {
			volume.options[words[i]] = words[i+1]
		}
	case "reset":
		delete(volume.options, words[3])
	case "start":
		if volume.state == "Started" && words[len(words)-1] != "force" {
			return answer(-1, "already started", "")
		}
		volume.state = "Started"
		s.serve(volume, true)
	case "stop":
		volume.state = "Stopped"
		s.serve(volume, false)
	case "delete":
		if volume.state == "Started" {
			return answer(-1, "Volume has been started", "")
		}
		delete(s.volumes, words[2])
	default:
		s.t.Errorf("the simulated gluster does not know %v", words)
	}
	return answer(0, "", "")
}

// serve starts or stops the processes on the machines that can be reached.
func (s *glusterSim) serve(volume *simVolume, run bool) {
	for _, brick := range volume.bricks {
		name := s.at(strings.Split(brick, ":")[0])
		if s.machines[name].Unit("glusterd").Running() && !s.machines[name].Down {
			s.nodes[name].running, s.nodes[name].healer = run, run
		}
	}
}

func (s *glusterSim) peers(m *hosttest.Machine) string {
	var b strings.Builder
	if !s.members[m.Name] {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(s.members)) {
		node := s.nodes[name]
		if name == m.Name {
			continue
		}
		connected := 0
		if s.machines[name].Unit("glusterd").Running() && !s.machines[name].Down {
			connected = 1
		}
		fmt.Fprintf(&b, "<peer><uuid>%s</uuid><hostname>x</hostname><hostnames>", node.uuid)
		for known := range node.knownAs {
			fmt.Fprintf(&b, "<hostname>%s</hostname>", known)
		}
		fmt.Fprintf(&b, "</hostnames><connected>%d</connected><state>%d</state><stateStr>state</stateStr></peer>", connected, s.peerState)
	}
	return b.String()
}

func (s *glusterSim) probe(m *hosttest.Machine, other string) string {
	if !s.machines[other].Unit("glusterd").Running() || s.machines[other].Down {
		return answer(-1, "Probe returned with Transport endpoint is not connected", "")
	}
	if !s.members[m.Name] {
		s.members[m.Name] = true
		s.nodes[m.Name].knownAs[m.Name+".example.org"] = true
	}
	s.members[other] = true
	s.nodes[other].knownAs[s.nodes[other].address] = true
	return answer(0, "", "")
}

func (s *glusterSim) info(m *hosttest.Machine, only []string) string {
	var b strings.Builder
	for name, v := range s.volumes {
		if !s.has(m.Name, name) || len(only) > 0 && only[0] != name {
			continue
		}
		state := map[string]int{"Created": 0, "Started": 1, "Stopped": 2}[v.state]
		fmt.Fprintf(&b, "<volume><name>%s</name><id>%s</id><status>%d</status><statusStr>%s</statusStr><replicaCount>%d</replicaCount><arbiterCount>%d</arbiterCount><bricks>", name, v.id, state, v.state, v.replica, v.arb)
		for _, brick := range v.bricks {
			fmt.Fprintf(&b, "<brick>%s<name>%s</name><hostUuid>%s</hostUuid><isArbiter>0</isArbiter></brick>", brick, brick, s.nodes[s.at(strings.Split(brick, ":")[0])].uuid)
		}
		b.WriteString("</bricks><options>")
		for key, value := range v.options {
			fmt.Fprintf(&b, "<option><name>%s</name><value>%s</value></option>", key, value)
		}
		b.WriteString("</options></volume>")
	}
	if len(only) > 0 && b.Len() == 0 {
		return answer(-1, "Volume does not exist", "")
	}
	return answer(0, "", "<volInfo><volumes>"+b.String()+"</volumes></volInfo>")
}

func (s *glusterSim) create(name string, words []string) string {
	if s.volumes[name] != nil {
		return answer(-1, "Volume "+name+" already exists", "")
	}
	v := &simVolume{id: simID, state: "Created", options: map[string]string{"nfs.disable": "on"}}
	for i, word := range words {
		switch {
		case word == "replica":
			fmt.Sscan(words[i+1], &v.replica)
		case word == "arbiter":
			fmt.Sscan(words[i+1], &v.arb)
		case strings.Contains(word, ":/"):
			v.bricks = append(v.bricks, word)
		}
	}
	for _, brick := range v.bricks {
		address, path, _ := strings.Cut(brick, ":")
		at := s.at(address)
		if _, found := s.machines[at].Directories[path]; !found || !s.members[at] {
			return answer(-1, "Failed to create brick directory for brick "+brick, "")
		}
		if s.nodes[at].brickID != "" {
			return answer(-1, brick+" is already part of a volume", "")
		}
		s.nodes[at].brickID = strings.ReplaceAll(simID, "-", "")
	}
	s.volumes[name] = v
	return answer(0, "", "<volCreate><volume><id>"+simID+"</id></volume></volCreate>")
}

func (s *glusterSim) daemon(m *hosttest.Machine, c shell.Command) (string, int, string) {
	for _, words := range [][]string{{"daemon-reload"}, {"enable", "--quiet", "--", "glusterd"}, {c.Args()[0], "--", "glusterd"}} {
		if out, status, said := m.Call(shell.New("systemctl", words...)); status != 0 {
			return out, status, said
		}
	}
	if node := s.nodes[m.Name]; node.uuid == "" {
		node.uuid = "uuid-" + m.Name
	}
	return "", 0, ""
}

func (s *glusterSim) clean(m *hosttest.Machine, _ shell.Command) (string, int, string) {
	s.nodes[m.Name].brickID = ""
	return "", 0, ""
}

func (s *glusterSim) wipe(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if s.has(m.Name, c.Args()[0]) {
		return "", 1, "still defined"
	}
	m.RemoveAll(c.Args()[1])
	s.nodes[m.Name].brickID = ""
	return "", 0, ""
}

func (s *glusterSim) restore(m *hosttest.Machine, c shell.Command) (string, int, string) {
	if len(s.members) > 1 && s.members[m.Name] {
		return "", 0, ""
	}
	m.Call(shell.Script(": disable-units\n", "glusterd"))
	m.RemoveAll(c.Args()[1])
	m.WriteFile(c.Args()[0], string(c.Stdin()))
	return "", 0, ""
}

func answerWith(text string) hosttest.Handler {
	return func(*hosttest.Machine, shell.Command) (string, int, string) { return text, 0, "" }
}
