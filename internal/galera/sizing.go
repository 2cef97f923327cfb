package galera

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// derived is a setting, or an option of the Galera library, that follows from what
// a machine has.
type derived struct {
	name, value string
	// from says what it follows from.
	from string
}

var coresScript = shell.Embedded(scripts, "cores")

func askSizing(Spec, string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("cores", coresScript)}}
}

func readSizing(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Cores = parseCores(strings.TrimSpace(answers.Parts["cores"].Out))
}

// defaultsByNode returns what follows from each machine that was seen.
func defaultsByNode(spec Spec, status Status) map[string][]derived {
	defaults := map[string][]derived{}
	for _, node := range spec.Nodes {
		if seen := status.Nodes[node.Name]; seen.Err == nil {
			defaults[node.Name] = defaultsOf(spec, node.Name, seen)
		}
	}
	return defaults
}

// DerivedSettings returns by node the settings that follow from its machine, each
// with what it follows from. Nodes that were not seen are left out.
func DerivedSettings(spec Spec, status Status) map[string]map[string]string {
	status, _ = withoutMounts(spec, complete(status, spec.names()))
	settings := map[string]map[string]string{}
	for node, defaults := range defaultsByNode(spec, status) {
		settings[node] = map[string]string{}
		for _, d := range defaults {
			settings[node][d.name] = d.value + " (" + d.from + ")"
		}
	}
	return settings
}

// derivedVariables are the variables that may be derived, whatever the machine is:
// a server is asked for them before its machine is known.
func (e engine) derivedVariables() []string {
	return []string{"innodb_buffer_pool_size", "max_connections", e.appliers}
}

// defaultsOf are the settings of a node that follow from its machine and that
// nobody has set.
func defaultsOf(spec Spec, node string, seen NodeStatus) []derived {
	if seen.Facts.MemoryShared || seen.Facts.MemoryMiB == 0 {
		return nil
	}
	appliers := spec.engine().appliers
	chosen := settingsOf(spec, node)
	memory := nominalMemory(seen.Facts.MemoryMiB)
	ofMemory := fmt.Sprintf("%d GiB of memory", memory)
	var all []derived
	add := func(value, from, name string, others ...string) {
		if !sets(chosen, append(others, name)) {
			all = append(all, derived{name, value, from})
		}
	}
	if memory >= leastMemory {
		add(bufferPool(memory), ofMemory, "innodb_buffer_pool_size", "innodb_dedicated_server")
		add(strconv.Itoa(connections(memory)), ofMemory, "max_connections")
	}
	if seen.Cores > 0 {
		threads := min(2*seen.Cores, mostAppliers)
		add(strconv.Itoa(threads), appliersFrom(seen.Cores), appliers, "wsrep_slave_threads", "wsrep_applier_threads")
	}
	if _, set := spec.ProviderOptions[cacheOption]; !set {
		if size, from := seen.writeSetCache(); size != "" {
			all = append(all, derived{cacheOption, size, from})
		}
	}
	return all
}

// sets reports whether a setting of the user's has one of the names.
func sets(settings map[string]string, names []string) bool {
	for given := range settings {
		for _, alias := range aliases(given) {
			if slices.Contains(names, alias) {
				return true
			}
		}
	}
	return false
}

// leastMemory is the memory in GiB below which the servers' own defaults stay: they
// are made for such machines.
const leastMemory = 2

// nominalMemory returns the memory in GiB that a machine was sold with: 1, 2, 3, 4,
// 6, 8, 12, 16 and so on. The kernel keeps some of it for itself, by version and
// configuration a few hundredths, and a memory in between counts as the next lower
// one of these. So nothing that changes by itself changes a default.
func nominalMemory(mebibytes int) int {
	nominal := 0
	for power := 1; ; power *= 2 {
		for _, step := range []int{power, power + power/2} {
			if 8*mebibytes < 7*step*1024 {
				return nominal
			}
			nominal = step
		}
	}
}

// bufferPool leaves small machines more for connections, a state transfer and the
// system, which take about the same everywhere. From 1 GiB on it is whole GiB:
// MySQL rounds up to eight instances of 128 MiB chunks.
func bufferPool(memory int) string {
	switch {
	case memory == 2:
		return "768M"
	case memory < 4:
		return "1G"
	case memory < 8:
		return fmt.Sprintf("%dG", memory/2)
	}
	return fmt.Sprintf("%dG", memory*5/8)
}

// mostConnections is as many as the units of both engines have open files for.
const mostConnections = 1000

// connections are a hundred for each GiB, of which each then has some MiB beside
// the buffer pool. The servers' own default is 151.
func connections(memory int) int { return min(100*memory, mostConnections) }

// mostAppliers is as many threads as find work that does not depend on each other.
const mostAppliers = 32

// appliersFrom names the cores: two threads for each keep up with what all nodes
// together have written (Galera documentation, "wsrep_slave_threads").
func appliersFrom(cores int) string {
	switch {
	case cores == 1:
		return "1 core"
	case 2*cores > mostAppliers:
		return fmt.Sprintf("more than %d cores", mostAppliers/2)
	}
	return fmt.Sprintf("%d cores", cores)
}

const cacheOption = "gcache.size"

// cacheClasses are the sizes of the write-set cache in GiB by that of the file
// system, the largest first. A node that was away for less than the cache holds
// gets what it missed; any longer and it gets everything. The limits lie between
// the usual sizes of disks.
var cacheClasses = []struct{ least, size int64 }{{270, 8}, {110, 4}, {35, 2}, {7, 1}}

// writeSetCache returns the size of the node's write-set cache, and what it follows
// from; empty for the library's own default. The file system's size decides, and
// not what is free: a cache never becomes smaller because data grew. Only one that
// is to grow needs the room, twice as much as it takes at once, because the library
// allocates all of it.
func (n NodeStatus) writeSetCache() (size, from string) {
	// The size of a container's own file system is that of the computer's.
	if n.FileSystem == "overlayfs" {
		return "", ""
	}
	most := "more"
	for _, class := range cacheClasses {
		of := fmt.Sprintf("a file system of %d GiB or more", class.least)
		if most != "more" {
			of = fmt.Sprintf("a file system of %d to %s GiB", class.least, most)
		}
		most = strconv.FormatInt(class.least, 10)
		if n.FileSystemSize < class.least<<30 {
			continue
		}
		if from == "" {
			from = of
		}
		bytes := class.size << 30
		if n.Cache >= bytes || n.Free == 0 || n.Free+n.Cache >= 2*bytes {
			return fmt.Sprintf("%dG", class.size), from
		}
		from = strings.Replace(of, "a file", "a full file", 1)
	}
	return "", ""
}

// cacheBytes is the size that the write-set cache of a node is to have; 0 for the
// library's own default.
func cacheBytes(options map[string]string, defaults []derived) int64 {
	size := options[cacheOption]
	for _, d := range defaults {
		if d.name == cacheOption {
			size = d.value
		}
	}
	if size == "" {
		return 0
	}
	// What is not a number counts as 0, and the server's own check refuses it.
	bytes, _ := quantity(strings.ToUpper(size))
	return int64(bytes)
}

// derivedText is what follows from a machine, as the file says it; empty for nothing.
func derivedText(defaults []derived) string {
	var parts []string
	for _, from := range derivedFrom(defaults) {
		var settings []string
		for _, d := range defaults {
			if d.from == from {
				settings = append(settings, d.name+" = "+d.value)
			}
		}
		parts = append(parts, strings.Join(settings, ", ")+" ("+from+")")
	}
	return strings.Join(parts, "; ")
}

func derivedFrom(defaults []derived) []string {
	var from []string
	for _, d := range defaults {
		if !slices.Contains(from, d.from) {
			from = append(from, d.from)
		}
	}
	return from
}

// parseCores counts what the kernel lists as in "0-3,6"; 0 is not known.
func parseCores(list string) int {
	cores := 0
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, errFrom := strconv.Atoi(first)
		to, errTo := strconv.Atoi(last)
		if errFrom != nil || errTo != nil || to < from {
			return 0
		}
		cores += to - from + 1
	}
	return cores
}
