package glustertest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// SplitFile is a file of which machines have different copies.
type SplitFile struct {
	// Path is where clients see it, as the list of files in split brain has it.
	Path string
	// Copies are by machine.
	Copies map[string]SplitCopy
	// Locked is in how many lists of those in split brain it is missing, because a self-heal
	// has it locked.
	Locked int
	// Breaks is how many times the overwriting of copies breaks off half done.
	Breaks int
}

// SplitCopy is what a machine has of a file in split brain.
type SplitCopy struct {
	Content string
	// Changed is in seconds since 1970.
	Changed int64
	// Directory says that it is one.
	Directory bool
}

// splitOn are the identities of files in split brain of which a machine has a copy.
func (p *Pool) splitOn(name string) []string {
	var ids []string
	for i := range p.Nodes[name].SplitBrain {
		ids = append(ids, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	for _, id := range slices.Sorted(maps.Keys(p.Split)) {
		if _, has := p.Split[id].Copies[name]; has {
			ids = append(ids, id)
		}
	}
	return ids
}

// splitList lists the files in split brain of the bricks that a machine reaches, without
// those that a self-heal has locked.
func (p *Pool) splitList(m *hosttest.Machine, volume *Volume) string {
	for _, file := range p.Split {
		if file.Locked > 0 {
			file.Locked--
		}
	}
	return p.healList(m, volume, func(file *SplitFile) bool { return file == nil || file.Locked == 0 })
}

// healList lists files in need of a heal.
func (p *Pool) healList(m *hosttest.Machine, volume *Volume, shows func(*SplitFile) bool) string {
	var b strings.Builder
	for _, brick := range volume.Bricks {
		address, _, _ := strings.Cut(brick, ":")
		at := p.at(address)
		if !p.Nodes[at].Running || p.Nodes[at].Blocked || p.Machines[at].Down || !p.admits(at, m.Name) {
			fmt.Fprintf(&b, `<brick hostUuid="-"><name>%s</name><status>Transport endpoint is not connected</status></brick>`, brick)
			continue
		}
		ids := slices.DeleteFunc(p.splitOn(at), func(id string) bool { return !shows(p.Split[id]) })
		fmt.Fprintf(&b, `<brick hostUuid="%s"><name>%s</name>`, p.Nodes[at].UUID, brick)
		for _, id := range ids {
			shown := "&lt;gfid:" + id + "&gt;"
			if file := p.Split[id]; file != nil && file.Path != "" {
				shown = file.Path
			}
			fmt.Fprintf(&b, `<file gfid="%s">%s</file>`, id, shown)
		}
		fmt.Fprintf(&b, "<status>Connected</status><numberOfEntries>%d</numberOfEntries></brick>", len(ids))
	}
	return answer(0, "", "<healInfo><bricks>"+b.String()+"</bricks></healInfo>")
}

// copies prints what a machine has of files.
func (p *Pool) copies(m *hosttest.Machine, _ *Node, c shell.Command) string {
	said := ""
	for _, id := range c.Args()[1:] {
		file := p.Split[id]
		if file == nil {
			continue
		}
		found, has := file.Copies[m.Name]
		switch {
		case !has:
		case found.Directory:
			said += fmt.Sprintf("%s directory 4096 %d.000000000\n", id, found.Changed)
		default:
			said += fmt.Sprintf("%s file %d %d.000000000\n", id, len(found.Content), found.Changed)
		}
	}
	return said
}

// decision prints the record of the last decision, and what is kept.
func (p *Pool) decision(m *hosttest.Machine, _ *Node, c shell.Command) string {
	said, kept := m.Files[c.Args()[0]].Content, map[string]bool{}
	for name := range m.Files {
		if below, found := strings.CutPrefix(name, c.Args()[1]+"/"); found {
			attempt, _, _ := strings.Cut(below, "/")
			kept[attempt] = true
		}
	}
	for _, attempt := range slices.Sorted(maps.Keys(kept)) {
		said += "kept " + path.Join(c.Args()[1], attempt) + "\n"
	}
	return said
}

// keepCopy copies what a machine has of a file, unless that was done before. Other contents
// of the same name stay.
func (p *Pool) keepCopy(m *hosttest.Machine, c shell.Command) (string, int, string) {
	brick, id, to := c.Args()[0], c.Args()[1], c.Args()[2]
	if strings.HasPrefix(to, brick+"/") {
		p.t.Errorf("%s is in the brick", to)
	}
	file := p.Split[id]
	if file == nil || file.Copies[m.Name].Directory {
		return "", 0, ""
	}
	for n := 2; ; n++ {
		there, found := m.Files[to]
		switch {
		case !found:
			m.WriteFile(to, file.Copies[m.Name].Content)
			return "", 0, ""
		case there.Content == file.Copies[m.Name].Content:
			return "", 0, ""
		}
		to = fmt.Sprintf("%s.%d", c.Args()[2], n)
	}
}

// chooseCopy has one copy of a file overwrite the others, which somebody has to have kept
// as they were first.
func (p *Pool) chooseCopy(m *hosttest.Machine, c shell.Command) (string, int, string) {
	volume, brick, id := p.Volumes[c.Args()[0]], c.Args()[1], c.Args()[2]
	file := p.Split[id]
	if file == nil {
		return "Healing gfid:" + id + " failed: File not in split-brain.\nVolume heal failed.\n", 0, ""
	}
	address, root, _ := strings.Cut(brick, ":")
	winner := p.at(address)
	for _, other := range volume.setOf(brick) {
		at, _, _ := strings.Cut(other, ":")
		if name := p.at(at); !p.Nodes[name].Running || p.Machines[name].Down || !p.admits(name, m.Name) {
			return "Healing gfid:" + id + " failed: Lookup failed. Bricks are down.\nVolume heal failed.\n", 0, ""
		}
	}
	for name, has := range file.Copies {
		if name != winner && !has.Directory && has.Content != "" && !p.kept(name, root, has.Content) {
			p.t.Errorf("the copy of %s on %s is lost: %q", id, name, has.Content)
		}
	}
	if file.Breaks > 0 {
		file.Breaks--
		half := file.Copies[winner].Content
		half = half[:len(half)/2]
		for name, has := range file.Copies {
			if name != winner {
				file.Copies[name] = SplitCopy{Content: half + strings.Repeat("?", 100), Changed: has.Changed + 1_000_000}
				p.Machines[name].WriteFile(root+".split-brain/halves/"+name, half+strings.Repeat("?", 100)) // nobody wants it
			}
		}
		return "", 0, ""
	}
	for name := range file.Copies {
		if file.Path != "" && !file.Copies[winner].Directory {
			p.Machines[name].WriteFile(root+file.Path, file.Copies[winner].Content)
		}
	}
	delete(p.Split, id)
	return "Healed gfid:" + id + ".\n", 0, ""
}

// kept reports whether a machine has a content beside its brick.
func (p *Pool) kept(name, brick, content string) bool {
	for file, found := range p.Machines[name].Files {
		if strings.HasPrefix(file, brick+".split-brain/") && found.Content == content {
			return true
		}
	}
	return false
}
