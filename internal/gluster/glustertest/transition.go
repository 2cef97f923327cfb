package glustertest

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// size is the number of bricks in a set, and quorum how many of them have to serve.
func (v *Volume) size() int {
	if v.Disperse > 0 {
		return v.Disperse
	}
	return v.Replica
}

func (v *Volume) quorum() int {
	if v.Disperse > 0 {
		return v.Disperse - v.Redundancy
	}
	return v.Replica/2 + 1
}

// sets are the bricks that hold the same files, as GlusterFS groups them.
func (v *Volume) sets() [][]string { return slices.Collect(slices.Chunk(v.Bricks, v.size())) }

// Write is a client that writes files, each to the set that its name leads to. The pool
// knows from then on that they must not get lost.
func (p *Pool) Write(volume string, files ...string) {
	v := p.Volumes[volume]
	for _, file := range files {
		p.Acknowledged[file] = "content of " + file
		for _, brick := range p.home(v, file) {
			if name := p.at(addressIn(brick)); p.Machines[name].Down {
				p.Nodes[name].Missing = append(p.Nodes[name].Missing, file)
				continue
			}
			p.put(brick, file)
		}
	}
}

// addressIn is the address of a brick.
func addressIn(brick string) string {
	address, _, _ := strings.Cut(brick, ":")
	return address
}

// Locked runs look while no command runs on the machines.
func (p *Pool) Locked(look func()) {
	for _, m := range p.Machines {
		m.Locked(look)
		return
	}
}

func (p *Pool) put(brick, file string) {
	address, path, _ := strings.Cut(brick, ":")
	p.Machines[p.at(address)].WriteFile(path+"/"+file, p.Acknowledged[file])
}

func (p *Pool) holds(brick, file string) bool {
	address, path, _ := strings.Cut(brick, ":")
	found, exists := p.Machines[p.at(address)].Files[path+"/"+file]
	return exists && found.Content == p.Acknowledged[file]
}

// home is the set that the name of a file leads to, among those that are not on their way
// out.
func (p *Pool) home(v *Volume, file string) []string {
	var sets [][]string
	for _, set := range v.sets() {
		if !slices.ContainsFunc(set, func(brick string) bool { return p.Task.out[brick] }) {
			sets = append(sets, set)
		}
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(file))
	return sets[int(sum.Sum32())%len(sets)]
}

// needed is how many bricks of a set have to have a file for it to be read, and for another
// brick to get it: one copy, or enough fragments.
func (v *Volume) needed() int {
	if v.Disperse > 0 {
		return v.quorum()
	}
	return 1
}

// readable reports whether enough bricks of a set have a file.
func (p *Pool) readable(v *Volume, set []string, file string) bool {
	count := 0
	for _, brick := range set {
		if p.holds(brick, file) {
			count++
		}
	}
	return count >= v.needed()
}

// lost are files of a volume that serves that no set has enough of any more.
func (p *Pool) lost() []string {
	var missing []string
	for _, v := range p.Volumes {
		if v.State == "Created" {
			continue // which clients have never written to
		}
		for _, file := range slices.Sorted(maps.Keys(p.Acknowledged)) {
			if !slices.ContainsFunc(v.sets(), func(set []string) bool { return p.readable(v, set, file) }) {
				missing = append(missing, file)
			}
		}
	}
	return missing
}

// setOf is the set of a brick.
func (v *Volume) setOf(brick string) []string {
	for _, set := range v.sets() {
		if slices.Contains(set, brick) {
			return set
		}
	}
	return nil
}

func (p *Pool) task(m *hosttest.Machine, _ *Node, c shell.Command) string {
	if !p.has(m.Name, c.Args()[0]) {
		return ""
	}
	said := "rebalance-id=" + p.Task.id() + "\n"
	for _, brick := range slices.Sorted(maps.Keys(p.Task.out)) {
		said += "decommissioned=" + brick + "\n"
	}
	return said
}

// usable says why a machine cannot take a new brick.
func (p *Pool) usable(brick string) string {
	address, path, _ := strings.Cut(brick, ":")
	name := p.at(address)
	switch _, found := p.Machines[name].Directories[path]; {
	case !p.Members[name]:
		return "Host " + address + " is not in 'Peer in Cluster' state"
	case p.Machines[name].Down || !p.Machines[name].Unit("glusterd").Running():
		return "Host " + address + " not connected"
	case !found:
		return "Failed to create brick directory for brick " + brick
	case p.Nodes[name].BrickID != "":
		return "Brick: " + brick + " not available. Brick may be containing or be contained by an existing brick."
	}
	return ""
}

// take makes a directory a brick that serves.
func (p *Pool) take(v *Volume, brick string) {
	address, _, _ := strings.Cut(brick, ":")
	node := p.Nodes[p.at(address)]
	node.BrickID, node.Emptied = strings.ReplaceAll(VolumeID, "-", ""), false
	node.Running, node.Healer = v.State == "Started", v.State == "Started"
}

func (p *Pool) addBrick(v *Volume, words []string) string {
	bricks := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "force" })
	if len(bricks)%v.size() != 0 {
		return answer(-1, fmt.Sprintf("Incorrect number of bricks supplied %d with count %d", len(bricks), v.size()), "")
	}
	if p.Task.running() {
		return answer(-1, "rebalance is in progress. Please retry after completion", "")
	}
	for _, brick := range bricks {
		if slices.Contains(v.Bricks, brick) {
			return answer(-1, "Pre Validation failed. Brick: "+brick+" not available. Brick may be containing or be contained by an existing brick.", "")
		}
		if why := p.usable(brick); why != "" {
			return answer(-1, why, "")
		}
	}
	for name := range p.Members {
		if p.Machines[name].Down || !p.Machines[name].Unit("glusterd").Running() {
			return answer(-1, "Pre Validation failed: "+name+" is not connected", "")
		}
	}
	for set := range slices.Chunk(bricks, v.size()) {
		for _, brick := range set {
			p.take(v, brick)
			v.Bricks = append(v.Bricks, brick)
		}
	}
	return answer(0, "", "")
}

// replaceBrick moves a brick to another machine, which has nothing at first. The self-heal
// daemons fill it while clients look.
func (p *Pool) replaceBrick(v *Volume, words []string) string {
	if len(words) != 4 || words[2] != "commit" || words[3] != "force" {
		p.t.Errorf("the simulated gluster does not know replace-brick %v", words)
	}
	from, to := words[0], words[1]
	i := slices.Index(v.Bricks, from)
	switch {
	case p.Task.running():
		return answer(-1, "rebalance is in progress. Please retry after completion", "")
	case i < 0:
		return answer(-1, "brick: "+from+" does not exist in volume", "")
	}
	if why := p.usable(to); why != "" {
		return answer(-1, why, "")
	}
	p.wantWhole(v, from)
	old, _, _ := strings.Cut(from, ":")
	p.Nodes[p.at(old)].Running, p.Nodes[p.at(old)].Healer = false, false
	v.Bricks[i] = to
	p.take(v, to)
	p.comes(to)
	address, _, _ := strings.Cut(to, ":")
	for _, file := range slices.Sorted(maps.Keys(p.Acknowledged)) {
		if slices.ContainsFunc(v.setOf(to), func(brick string) bool { return brick != to && p.holds(brick, file) }) {
			p.Nodes[p.at(address)].Missing = append(p.Nodes[p.at(address)].Missing, file)
		}
	}
	return answer(0, "", "")
}

// wantWhole fails where a brick is given up while others of its set have not all files. Of a
// dispersed set, as many may be dead as it can lose.
func (p *Pool) wantWhole(v *Volume, brick string) {
	whole := 0
	if p.Comparing > 0 && p.newcomer != p.at(addressIn(brick)) {
		p.t.Errorf("the brick %s is given up while a directory is to be healed on %s", brick, p.newcomer)
	}
	for _, other := range v.setOf(brick) {
		name := p.at(addressIn(other))
		node := p.Nodes[name]
		switch {
		case other == brick:
		case node.Running && !p.Machines[name].Down && node.Blames == 0 && len(node.Missing) == 0:
			whole++
		case v.Disperse == 0 || !p.Machines[name].Down:
			p.t.Errorf("the brick %s is given up while %s has not all files", brick, other)
		}
	}
	if v.Disperse > 0 && whole < v.quorum() {
		p.t.Errorf("the brick %s is given up while %d others have all fragments", brick, whole)
	}
}

// fragments has a version for each file of a dispersed brick, which is older where the brick
// misses a change that others have.
func (p *Pool) fragments(m *hosttest.Machine, c shell.Command) (string, int, string) {
	var files []string
	for _, v := range p.Volumes {
		for _, brick := range v.Bricks {
			for _, other := range v.setOf(brick) {
				if at, name := p.at(addressIn(brick)), p.at(addressIn(other)); at == m.Name && other != brick {
					files = append(files, p.Nodes[name].Missing...)
				}
			}
		}
	}
	for _, v := range p.Volumes {
		if p.indexed(v, m.Name) {
			files = append(files, busy)
		}
	}
	files = slices.DeleteFunc(files, func(file string) bool { return slices.Contains(p.Nodes[m.Name].Missing, file) })
	if c.Args()[1] == "asked" {
		files = strings.Fields(string(c.Stdin()))
	}
	said := ""
	for _, file := range files {
		_, exists := m.Files[c.Args()[0]+"/"+file]
		switch missing := slices.Contains(p.Nodes[m.Name].Missing, file); {
		case file == busy && p.Comparing > 0 && m.Name == p.newcomer:
			said += file + " 0x00000000000000010000000000000002\n"
		case file == busy:
			said += file + " 0x00000000000000020000000000000002\n"
		case !exists:
			said += file + " -\n"
		case missing:
			said += file + " 0x00000000000000010000000000000002\n"
		default:
			said += file + " 0x00000000000000020000000000000002\n"
		}
	}
	return said, 0, ""
}

// fill copies up to so many files to a brick that does not have them, and gets them from
// enough others.
func (p *Pool) fill(v *Volume, brick string, most int) {
	address, _, _ := strings.Cut(brick, ":")
	node := p.Nodes[p.at(address)]
	if p.Machines[p.at(address)].Down {
		return
	}
	for ; most > 0 && len(node.Missing) > 0; most-- {
		if p.Big[node.Missing[0]] > 0 {
			p.Big[node.Missing[0]]--
			return
		}
		up := slices.DeleteFunc(slices.Clone(v.setOf(brick)), func(other string) bool { return p.Machines[p.at(addressIn(other))].Down })
		if !p.readable(v, up, node.Missing[0]) {
			return
		}
		p.put(brick, node.Missing[0])
		node.Missing = node.Missing[1:]
	}
}

// detach takes a member out of the pool, for the reasons for which glusterd does.
func (p *Pool) detach(m *hosttest.Machine, words []string) string {
	force := len(words) == 4 && words[3] == "force"
	name := p.at(words[2])
	if !p.Members[name] {
		return answer(1, words[2]+" is not part of cluster", "")
	}
	for _, v := range p.Volumes {
		for _, brick := range v.Bricks {
			if address, _, _ := strings.Cut(brick, ":"); address == words[2] {
				return answer(1, "Peer "+words[2]+" hosts one or more bricks", "")
			}
		}
	}
	for other := range p.Members {
		if (p.Machines[other].Down || !p.Machines[other].Unit("glusterd").Running()) && !force {
			return answer(1, "One of the peers is probably down. Check with 'peer status'", "")
		}
	}
	if force && !p.Machines[name].Down && p.Machines[name].Unit("glusterd").Running() {
		p.t.Errorf("%s is detached by force and answers", name)
	}
	delete(p.Members, name)
	p.Nodes[name].KnownAs = map[string]bool{}
	if len(p.Members) == 1 {
		delete(p.Members, m.Name)
	}
	return answer(0, "", "")
}

// Copies counts the bricks of a volume that have a file.
func (p *Pool) Copies(volume, file string) int {
	count := 0
	for _, brick := range p.Volumes[volume].Bricks {
		if p.holds(brick, file) {
			count++
		}
	}
	return count
}

// On lists the files below a directory of a machine.
func (p *Pool) On(machine, directory string) []string {
	var files []string
	for name := range p.Machines[machine].Files {
		if file, found := strings.CutPrefix(name, directory+"/"); found {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files
}

// Move is a person who copies a file to where it belongs.
func (p *Pool) Move(volume, file string) {
	v := p.Volumes[volume]
	for _, brick := range v.Bricks {
		if address, path, _ := strings.Cut(brick, ":"); !slices.Contains(p.home(v, file), brick) {
			delete(p.Machines[p.at(address)].Files, path+"/"+file)
		}
	}
	for _, brick := range p.home(v, file) {
		p.put(brick, file)
	}
}
