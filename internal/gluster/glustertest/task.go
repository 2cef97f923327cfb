package glustertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Task is what moves files between sets: a rebalance, or the removal of bricks. It goes
// on by itself; here it does when somebody asks how far it is.
type Task struct {
	// Number tells one task from the next.
	Number int
	// FailNext is how many of the files that are moved next fail, FailEach how many of those
	// that each task moves, and Leave are files that are never moved and that no count tells.
	FailNext, FailEach int
	Leave              map[string]bool

	left     []string
	moved    int
	failed   map[string]int
	began    bool
	removing bool
	out      map[string]bool
}

func (t *Task) id() string {
	if t.Number == 0 {
		return "00000000-0000-0000-0000-000000000000"
	}
	return fmt.Sprintf("task-%d", t.Number)
}

func (t *Task) running() bool { return t.began && len(t.left) > 0 }

// begin starts a task over all files that are not where they belong.
func (p *Pool) begin(v *Volume) {
	t := p.Task
	t.Number++
	t.began, t.moved, t.failed, t.left = true, 0, map[string]int{}, nil
	t.FailNext = max(t.FailNext, t.FailEach)
	for _, file := range slices.Sorted(maps.Keys(p.Acknowledged)) {
		if slices.ContainsFunc(v.Bricks, func(brick string) bool { return p.holds(brick, file) && !slices.Contains(p.home(v, file), brick) }) {
			t.left = append(t.left, file)
		}
	}
}

// goOn moves two files.
func (p *Pool) goOn(v *Volume) {
	t := p.Task
	for range min(2, len(t.left)) {
		file := t.left[0]
		t.left = t.left[1:]
		from := slices.DeleteFunc(slices.Clone(v.Bricks), func(brick string) bool { return !p.holds(brick, file) || slices.Contains(p.home(v, file), brick) })
		if len(from) == 0 || t.Leave[file] {
			continue
		}
		if t.FailNext > 0 {
			t.FailNext--
			address, _, _ := strings.Cut(from[0], ":")
			t.failed[address]++
			continue
		}
		for _, brick := range p.home(v, file) {
			p.put(brick, file)
		}
		for _, brick := range from {
			address, path, _ := strings.Cut(brick, ":")
			delete(p.Machines[p.at(address)].Files, path+"/"+file)
		}
		t.moved++
	}
}

func (p *Pool) rebalance(v *Volume, verb string) string {
	if len(v.sets()) < 2 {
		return answer(-1, "Volume is not a distribute volume or contains only 1 brick.", "")
	}
	switch verb {
	case "start":
		if p.Task.removing {
			return answer(-1, "A remove-brick task on volume content is not yet committed. Either commit or stop the remove-brick task.", "")
		}
		if p.Task.running() {
			return answer(-1, "Rebalance on volume is already started", "")
		}
		p.Task.removing, p.Task.out = false, nil
		p.begin(v)
		return answer(0, "", "<volRebalance><task-id>"+p.Task.id()+"</task-id><op>1</op></volRebalance>")
	case "status":
		if !p.Task.began || p.Task.removing {
			return answer(-1, "Rebalance not started for volume content.", "")
		}
		p.goOn(v)
		return answer(0, "", p.told(v.Bricks, "volRebalance"))
	}
	p.t.Errorf("the simulated gluster does not know rebalance %s", verb)
	return ""
}

func (p *Pool) removeBrick(v *Volume, words []string) string {
	bricks, verb := words[:len(words)-1], words[len(words)-1]
	if len(bricks)%v.size() != 0 {
		return answer(-1, fmt.Sprintf("Remove brick incorrect brick count of %d for replica %d", len(bricks), v.size()), "")
	}
	for set := range slices.Chunk(bricks, v.size()) {
		if !sameBricks(set, v.setOf(set[0])) {
			return answer(-1, "Bricks not from same subvol for replica", "")
		}
	}
	ours := p.Task.removing && slices.ContainsFunc(bricks, func(brick string) bool { return p.Task.out[brick] })
	switch verb {
	case "start":
		return p.startRemoval(v, bricks)
	case "status":
		if !ours {
			return answer(-1, "remove-brick not started for volume content.", "")
		}
		p.goOn(v)
		return answer(0, "", p.told(bricks, "volRemoveBrick"))
	case "stop":
		if !ours {
			return answer(-1, "remove-brick not started for volume content.", "")
		}
		p.Task.removing, p.Task.began, p.Task.out, p.Task.left = false, false, nil, nil
		return answer(0, "", "")
	case "commit":
		switch {
		case !ours:
			return answer(-1, "Brick is not decommissioned. Use start or force option", "")
		case p.Task.running():
			return answer(-1, "Brick migration is in progress", "")
		}
		v.Bricks = slices.DeleteFunc(v.Bricks, func(brick string) bool { return slices.Contains(bricks, brick) })
		for _, brick := range bricks {
			address, _, _ := strings.Cut(brick, ":")
			node := p.Nodes[p.at(address)]
			node.Running, node.Healer = false, false // release 10.3 leaves the attribute
		}
		p.Task.removing, p.Task.began, p.Task.out = false, false, nil
		return answer(0, "", "")
	}
	p.t.Errorf("the simulated gluster does not know remove-brick %s", verb)
	return ""
}

func (p *Pool) startRemoval(v *Volume, bricks []string) string {
	if p.Task.removing {
		return answer(-1, "An earlier remove-brick task exists for volume content. Either commit it or stop it before starting a new task.", "")
	}
	if p.Task.running() {
		return answer(-1, "Rebalance is in progress. Please retry after completion", "")
	}
	if len(bricks) == len(v.Bricks) {
		return answer(-1, "Deleting all the bricks of the volume is not allowed", "")
	}
	for _, brick := range bricks {
		address, _, _ := strings.Cut(brick, ":")
		if name := p.at(address); !p.Nodes[name].Running || p.Machines[name].Down {
			return answer(-1, "Host node of the brick "+brick+" is down", "")
		}
	}
	p.Task.removing, p.Task.out = true, map[string]bool{}
	for _, brick := range bricks {
		p.Task.out[brick] = true
	}
	p.begin(v)
	return answer(0, "", "<volRemoveBrick><task-id>"+p.Task.id()+"</task-id><op>1</op></volRemoveBrick>")
}

func sameBricks(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// told is a task's status, with the part of each machine.
func (p *Pool) told(bricks []string, element string) string {
	var b strings.Builder
	state, words := 3, "completed"
	if p.Task.running() {
		state, words = 1, "in progress"
	}
	failures := 0
	for _, brick := range bricks {
		address, _, _ := strings.Cut(brick, ":")
		name := p.at(address)
		if p.Machines[name].Down {
			continue
		}
		failures += p.Task.failed[address]
		fmt.Fprintf(&b, "<node><nodeName>%s</nodeName><id>%s</id><files>0</files><size>0</size><lookups>9</lookups><failures>%d</failures><skipped>0</skipped><status>%d</status><statusStr>%s</statusStr></node>",
			address, p.Nodes[name].UUID, p.Task.failed[address], state, words)
	}
	return fmt.Sprintf("<%s><task-id>%s</task-id>%s<aggregate><files>%d</files><size>2048</size><lookups>9</lookups><failures>%d</failures><skipped>0</skipped><status>%d</status><statusStr>%s</statusStr></aggregate></%s>",
		element, p.Task.id(), b.String(), p.Task.moved, failures, state, words, element)
}

// space prints what a brick has, and how much more its disk takes.
func (p *Pool) space(m *hosttest.Machine, c shell.Command) (string, int, string) {
	used := 0
	for name, file := range m.Files {
		if strings.HasPrefix(name, c.Args()[0]+"/") {
			used += len(file.Content)
		}
	}
	free, limited := p.Free[m.Name]
	if !limited {
		free = 1 << 40
	}
	return fmt.Sprintf("%d %d\n", used, free), 0, ""
}

// leftovers prints the files of a brick.
func (p *Pool) leftovers(m *hosttest.Machine, c shell.Command) (string, int, string) {
	var left []string
	for name := range m.Files {
		if file, found := strings.CutPrefix(name, c.Args()[0]+"/"); found {
			left = append(left, file+"\n")
		}
	}
	slices.Sort(left)
	return strings.Join(left, ""), 0, ""
}
