package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

var fragmentsScript = shell.Embedded(scripts, "fragments")

// The heal index of a dispersed brick names entries that some brick lacks, and not which
// one: while a server is dead, each of the others has everything in it that was written
// meanwhile. Each fragment has a version, though, which only grows. The others have all that
// is needed of an entry once each has the version that any of them had a moment before.

// version is that of a fragment: the changes of contents and of attributes. One that is not
// there has none.
type version struct {
	exists         bool
	data, metadata uint64
}

// behind reports whether a fragment lacks a change that another one has.
func (v version) behind(other version) bool {
	return other.exists && (!v.exists || v.data < other.data || v.metadata < other.metadata)
}

// parseVersions reads the answer of the script: an entry and its version in each line.
func parseVersions(text string) (map[string]version, error) {
	versions := map[string]version{}
	for line := range strings.Lines(text) {
		entry, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		v, err := parseVersion(value)
		if err != nil {
			return nil, fmt.Errorf("cannot read the version in %q: %w", line, err)
		}
		versions[entry] = v
	}
	return versions, nil
}

func parseVersion(value string) (version, error) {
	switch digits, hex := strings.CutPrefix(value, "0x"); {
	case value == "-":
		return version{}, nil
	case value == "0":
		return version{exists: true}, nil
	case hex && len(digits) == 32:
		data, err := strconv.ParseUint(digits[:16], 16, 64)
		if err != nil {
			return version{}, err
		}
		metadata, err := strconv.ParseUint(digits[16:], 16, 64)
		return version{exists: true, data: data, metadata: metadata}, err
	}
	return version{}, fmt.Errorf("%q is none", value)
}

// fragments are the versions of entries by node: of those that are named, or else of those
// that each node has in its index.
func fragments(ctx context.Context, hosts host.Hosts, spec Spec, nodes, entries []string) (map[string]map[string]version, error) {
	seen := map[string]map[string]version{}
	for _, name := range nodes {
		which := "index"
		if entries != nil {
			which = "asked"
		}
		command := shell.Script(fragmentsScript, spec.pathOf(name), which).WithStdin([]byte(strings.Join(entries, "\n")))
		result, err := hosts[name].Run(ctx, command)
		if err != nil {
			return nil, fmt.Errorf("cannot look for what is to be healed on %s: %w", name, err)
		}
		if seen[name], err = parseVersions(string(result.Stdout)); err != nil {
			return nil, fmt.Errorf("cannot look for what is to be healed on %s: %w", name, err)
		}
	}
	return seen, nil
}

// fragmentReason says which of the nodes lacks the latest fragment of an entry; empty if none
// does. Most entries have one version everywhere; of the others the versions are compared in
// two looks, because clients go on writing.
func fragmentReason(ctx context.Context, hosts host.Hosts, spec Spec, nodes []string) string {
	index, err := fragments(ctx, hosts, spec, nodes, nil)
	if err != nil {
		return err.Error()
	}
	entries := differing(index)
	if len(entries) == 0 {
		return ""
	}
	var looks [2]map[string]map[string]version
	for i := range looks {
		if looks[i], err = fragments(ctx, hosts, spec, nodes, entries); err != nil {
			return err.Error()
		}
	}
	for _, name := range nodes {
		if count := len(missedBy(name, entries, looks[0], looks[1])); count > 0 {
			return fmt.Sprintf("%d entries lack their latest fragment on %s", count, name)
		}
	}
	return ""
}

// differing are the entries that not all nodes have in their index in the same version.
func differing(index map[string]map[string]version) []string {
	found := map[string]bool{}
	for _, one := range index {
		for _, other := range index {
			for entry, v := range one {
				if theirs, listed := other[entry]; !listed || theirs != v {
					found[entry] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// missedBy are the entries of which a node still lacks in a later look what another one had
// in an earlier one. An entry that is nowhere any more was deleted.
func missedBy(node string, entries []string, earlier, later map[string]map[string]version) []string {
	var missed []string
	for _, entry := range entries {
		mine := later[node][entry]
		for other := range later {
			exists := later[other][entry].exists
			if other != node && exists && (!mine.exists || mine.behind(earlier[other][entry])) {
				missed = append(missed, entry)
				break
			}
		}
	}
	return missed
}
