package gluster

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var copiesScript = shell.Embedded(scripts, "copies")

// Contradiction is a file, or a directory, of which bricks have copies that each count as
// the right one: it is in split brain, and clients get errors for it.
type Contradiction struct {
	// ID is the identity that GlusterFS has for the file (its gfid).
	ID string
	// Path is where clients see it; empty where GlusterFS does not know that.
	Path string
	// Bricks are those that list it.
	Bricks []string
}

// Copy is what a brick has of a file in split brain.
type Copy struct {
	// Kind is one of the constants below.
	Kind string
	Size int64
	// Changed is the time of the last change of the contents, in nanoseconds since 1970.
	Changed int64
}

// Kinds of copies.
const (
	copyFile      = "file"
	copyDirectory = "directory"
)

var gfid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// label is how a file is named to people.
func (c Contradiction) label() string {
	if c.Path != "" {
		return c.Path
	}
	return "gfid:" + c.ID
}

// isMeant reports whether words of a user mean the file: its path, or its identity as
// "heal info" writes it.
func (c Contradiction) isMeant(words string) bool {
	id := strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(words, "<"), ">"), "gfid:")
	return c.Path != "" && words == c.Path || id == c.ID
}

// contradictions returns the files of a list of those in split brain. A file is listed by
// each of its bricks, and one of them may not know its path.
func (o cliOutput) contradictions() []Contradiction {
	var found []Contradiction
	for _, brick := range o.Heal {
		for _, file := range brick.Files {
			if !gfid.MatchString(file.ID) {
				continue
			}
			i := slices.IndexFunc(found, func(c Contradiction) bool { return c.ID == file.ID })
			if i < 0 {
				i, found = len(found), append(found, Contradiction{ID: file.ID})
			}
			found[i].Bricks = append(found[i].Bricks, brick.Name)
			if strings.HasPrefix(file.Path, "/") {
				found[i].Path = file.Path
			}
		}
	}
	return found
}

// contradictions are the files in split brain, as the first client lists them.
func (s Status) contradictions() []Contradiction {
	for _, name := range s.Names() {
		if list := s.Nodes[name].Contradictions; len(list) > 0 {
			return list
		}
	}
	return nil
}

// askCopies asks every machine what its brick has of the files in split brain. Only a
// client knows which those are, so this is a command of its own, where there are any.
func askCopies(ctx context.Context, views host.Views, status Status) {
	var words []string
	for _, file := range status.contradictions() {
		words = append(words, file.ID)
	}
	if len(words) == 0 {
		return
	}
	for _, name := range status.Names() {
		seen := status.Nodes[name]
		if !seen.answers() || seen.Brick.Path == "" {
			continue
		}
		answers, err := views[name].Ask(ctx, shell.Ask("copies", copiesScript, append([]string{seen.Brick.Path}, words...)...))
		if err != nil {
			continue
		}
		seen.Copies = parseCopies(answers.Lines("copies"))
		status.Nodes[name] = seen
	}
}

func parseCopies(lines []string) map[string]Copy {
	copies := map[string]Copy{}
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) != 4 {
			continue
		}
		size, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			continue
		}
		seconds, fraction, _ := strings.Cut(words[3], ".")
		changed, err := strconv.ParseInt(seconds+(fraction + "000000000")[:9], 10, 64)
		if err != nil {
			continue
		}
		copies[words[0]] = Copy{Kind: words[1], Size: size, Changed: changed}
	}
	return copies
}

// String is a copy as a person compares it with another one.
func (c Copy) String() string {
	changed := time.Unix(0, c.Changed).UTC().Format("2006-01-02 15:04:05.000 UTC")
	if c.Kind == copyDirectory {
		return "a directory, changed " + changed
	}
	return fmt.Sprintf("%d bytes, changed %s", c.Size, changed)
}

// isArbiter reports whether a node's brick keeps names and no contents.
func (d *draft) isArbiter(node host.Node) bool { return d.roleOf(node) == RoleArbiter }

// holders are the nodes whose bricks have a file, in their order; nil where that is not
// known.
func (d *draft) holders(file Contradiction) []host.Node {
	for _, node := range d.spec.Nodes {
		if slices.Contains(file.Bricks, d.spec.brick(node)) {
			return d.spec.set(node)
		}
	}
	return nil
}

// mostInTable is how many files a table of copies has: more are no help to a person.
const mostInTable = 20

// copiesTable is what each brick has of files in split brain, as the rows of a table.
func (d *draft) copiesTable(files []Contradiction) []string {
	var rows []string
	for i, file := range files {
		if i == mostInTable {
			return append(rows, fmt.Sprintf("  and %d more", len(files)-i))
		}
		rows = append(rows, "  "+file.label())
		for _, node := range d.holders(file) {
			has := "no copy that could be looked at"
			switch found, known := d.seen(node).Copies[file.ID]; {
			case d.isArbiter(node):
				has = "the arbiter, which has no contents"
			case known:
				has = found.String()
			}
			rows = append(rows, fmt.Sprintf("    %s: %s", node.Name, has))
		}
	}
	return rows
}
