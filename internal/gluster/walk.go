package gluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var directoriesScript = shell.Embedded(scripts, "directories")

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

// walkReason says of the directories that are to be healed on a brick how far that has come,
// by the index of the first of the others that has some; empty if that cannot be told. It
// decides nothing.
func walkReason(ctx context.Context, hosts host.Hosts, spec Spec, node host.Node, others []host.Node) string {
	for _, other := range others {
		listed, err := directories(ctx, hosts[other.Name], spec)
		if err != nil || len(listed) == 0 {
			continue
		}
		var ids []string
		for _, directory := range listed {
			ids = append(ids, directory.id)
		}
		there, err := directories(ctx, hosts[node.Name], spec, ids...)
		if err != nil {
			return ""
		}
		var said []string
		for _, directory := range listed {
			said = append(said, directory.progress(there, node.Name))
		}
		return "; " + strings.Join(said, "; ") +
			". GlusterFS compares directories name by name, and clients who write there hold it up: it ends sooner while they pause"
	}
	return ""
}

func directories(ctx context.Context, h *host.Host, spec Spec, ids ...string) ([]directory, error) {
	command := shell.Script(directoriesScript, append([]string{spec.pathOf(h.Name())}, ids...)...)
	result, err := h.Run(ctx, command.WithLimit(directoriesLimit))
	return parseDirectories(string(result.Stdout)), err
}

// progress is how many of a directory's names are there on a node.
func (d directory) progress(there []directory, node string) string {
	i := slices.IndexFunc(there, func(other directory) bool { return other.id == d.id })
	switch {
	case i < 0:
		return fmt.Sprintf("directory %q is not on %s yet", d.path, node)
	case there[i].names < d.names:
		return fmt.Sprintf("of directory %q, %d of %d names are on %s", d.path, there[i].names, d.names, node)
	}
	return fmt.Sprintf("of directory %q, all %d names are on %s, and they are still compared", d.path, d.names, node)
}
