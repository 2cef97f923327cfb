package glustertest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

func (p *Pool) info(m *hosttest.Machine, only []string) string {
	var b strings.Builder
	for name, v := range p.Volumes {
		if !p.has(m.Name, name) || len(only) > 0 && only[0] != name {
			continue
		}
		state := map[string]int{"Created": 0, "Started": 1, "Stopped": 2}[v.State]
		fmt.Fprintf(&b, "<volume><name>%s</name><id>%s</id><status>%d</status><statusStr>%s</statusStr><replicaCount>%d</replicaCount><arbiterCount>%d</arbiterCount><disperseCount>%d</disperseCount><redundancyCount>%d</redundancyCount><bricks>",
			name, v.ID, state, v.State, v.Replica, v.Arbiter, v.Disperse, v.Redundancy)
		for i, brick := range v.Bricks {
			arbiter := 0
			if v.Arbiter > 0 && i%v.Replica == v.Replica-1 {
				arbiter = 1
			}
			fmt.Fprintf(&b, "<brick>%s<name>%s</name><hostUuid>%s</hostUuid><isArbiter>%d</isArbiter></brick>", brick, brick, p.Nodes[p.at(strings.Split(brick, ":")[0])].UUID, arbiter)
		}
		b.WriteString("</bricks><options>")
		for key, value := range v.Options {
			if p.Nodes[m.Name].Rejected && key == "network.ping-timeout" {
				value = "77"
			}
			fmt.Fprintf(&b, "<option><name>%s</name><value>%s</value></option>", key, value)
		}
		b.WriteString("</options></volume>")
	}
	if len(only) > 0 && b.Len() == 0 {
		return answer(-1, "Volume does not exist", "")
	}
	return answer(0, "", "<volInfo><volumes>"+b.String()+"</volumes></volInfo>")
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

func (p *Pool) count(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		p.t.Errorf("the simulated gluster wants a number of bricks: %v", err)
	}
	return n
}

// serve starts or stops the processes on the machines that can be reached.
func (p *Pool) serve(volume *Volume, run bool) {
	for _, brick := range volume.Bricks {
		name := p.at(strings.Split(brick, ":")[0])
		if p.Machines[name].Unit("glusterd").Running() && !p.Machines[name].Down && p.in(name) && !run || p.brickStarts(name, brick) {
			node := p.Nodes[name]
			if run && !node.Healer && (node.Orphan || node.ForcedEnds > 0) {
				node.ForcedEnds = max(node.ForcedEnds-1, 0)
				node.ending = 3
			}
			node.Running, node.Healer, node.Leaving = run, run, 0
		}
	}
}

func (p *Pool) defined(m *hosttest.Machine, _ *Node, c shell.Command) string {
	if p.has(m.Name, c.Args()[0]) {
		return "yes\n"
	}
	return ""
}
