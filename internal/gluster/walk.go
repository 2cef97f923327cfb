package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var (
	directoriesScript = shell.Embedded(scripts, "directories")
	evenTimesScript   = shell.Embedded(scripts, "even-times")
)

// directoriesLimit is the time that a brick has to count the names of its directories: a disk
// that is busy with the heal must not hold up the look that waits for the heal's end.
const directoriesLimit = 5 * time.Second

// GlusterFS heals a directory by looking every name up in it on all bricks, each under a lock
// that clients who write there want as well, and once for each brick of a dispersed set
// (ec_heal_names in ec-heal.c). What a brick lacks is made on the way, and only at the end its
// version becomes that of the others, to which clients add meanwhile what they add there.
// Until then all names can be there and the directory is still not healed: without another
// brick, the versions of those that are left would contradict each other. So a directory is
// waited for to its end, and what is told is how far it has come and what makes it take long.

// directory is one that is to be healed, as a brick has it.
type directory struct {
	id, path string
	// names is how many names are in it.
	names int
}

func parseDirectories(text string) []directory {
	var found []directory
	for line := range strings.Lines(text) {
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		if len(words) != 3 {
			continue
		}
		if names, err := strconv.Atoi(words[1]); err == nil {
			found = append(found, directory{id: words[0], names: names, path: words[2]})
		}
	}
	return found
}

// walker watches the heal of the directories of a brick that comes in, and helps one that
// would not come to an end. It decides nothing.
type walker struct {
	spec   Spec
	node   host.Node
	others []host.Node
	// complete has in how many looks in a row a directory had all of its names, by its identity.
	complete map[string]int
}

func newWalker(spec Spec, node host.Node, others []host.Node) walker {
	return walker{spec: spec, node: node, others: others, complete: map[string]int{}}
}

// reason says of the directories that are to be healed on the brick how far that has come, by
// the index of the first of the others that has some; empty if that cannot be told.
func (w walker) reason(ctx context.Context, hosts host.Hosts) string {
	for _, other := range w.others {
		listed, err := directories(ctx, hosts[other.Name], w.spec)
		if err != nil || len(listed) == 0 {
			continue
		}
		var ids []string
		for _, directory := range listed {
			ids = append(ids, directory.id)
		}
		there, err := directories(ctx, hosts[w.node.Name], w.spec, ids...)
		if err != nil {
			return ""
		}
		w.help(ctx, hosts[other.Name], listed, there)
		var said []string
		for _, directory := range listed {
			said = append(said, directory.progress(there, w.node.Name))
		}
		return "; " + strings.Join(said, "; ") +
			". GlusterFS compares directories name by name, and clients who write there hold it up: it ends sooner while they pause"
	}
	return ""
}

// evenTimesLimit is the time that a machine has for [evenTimesScript]: nothing interrupts a
// process that waits for an answer of the file system, and the wait goes on without it.
const evenTimesLimit = time.Minute

// longLooks is after how many looks with all of its names a directory is helped: two minutes.
const longLooks = 24

// help sets the times of directories of a dispersed volume that have had all their names for
// long and are still not healed. A brick that was filled beside writers can have another time
// of access of a directory than the rest, which is one of the attributes that GlusterFS
// compares (trusted.glusterfs.mdata, with features.ctime). Of a set that can lose one brick, two
// that differ are no source for the third, and what fails is looked at again for ever
// (ec_heal_metadata in ec-heal.c; seen with release 10.3). To set the time as a client does
// makes it the same on all bricks.
func (w walker) help(ctx context.Context, h *host.Host, listed, there []directory) {
	if !w.spec.dispersed() {
		return
	}
	var long []string
	seen := map[string]int{}
	for _, directory := range listed {
		if i := directory.on(there); i >= 0 && there[i].names >= directory.names {
			seen[directory.id] = w.complete[directory.id] + 1
			if seen[directory.id]%longLooks == 0 {
				long = append(long, directory.path)
			}
		}
	}
	clear(w.complete)
	maps.Copy(w.complete, seen)
	if len(long) > 0 {
		// What it did is what the wait sees.
		_, _ = h.Run(ctx, shell.Script(evenTimesScript, append([]string{w.spec.Name}, long...)...).WithLimit(evenTimesLimit))
	}
}

func directories(ctx context.Context, h *host.Host, spec Spec, ids ...string) ([]directory, error) {
	command := shell.Script(directoriesScript, append([]string{spec.pathOf(h.Name())}, ids...)...)
	result, err := h.Run(ctx, command.WithLimit(directoriesLimit))
	return parseDirectories(string(result.Stdout)), err
}

// on is where a directory is in a list; -1 if it is not there.
func (d directory) on(list []directory) int {
	return slices.IndexFunc(list, func(other directory) bool { return other.id == d.id })
}

// progress is how many of a directory's names are there on a node.
func (d directory) progress(there []directory, node string) string {
	i := d.on(there)
	switch {
	case i < 0:
		return fmt.Sprintf("directory %q is not on %s yet", d.path, node)
	case there[i].names < d.names:
		return fmt.Sprintf("of directory %q, %d of %d names are on %s", d.path, there[i].names, d.names, node)
	}
	return fmt.Sprintf("of directory %q, all %d names are on %s, and they are still compared", d.path, d.names, node)
}
