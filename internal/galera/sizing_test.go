package galera

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// seenMachine is a node with a machine of its own and an empty disk.
func seenMachine(mebibytes, cores int, disk int64) NodeStatus {
	return NodeStatus{
		Facts: host.Facts{MemoryMiB: mebibytes}, Cores: cores,
		FileSystem: "ext2/ext3", FileSystemSize: disk, Free: disk * 9 / 10,
	}
}

// derivedOf is what follows from a machine, one line for each setting.
func derivedOf(spec Spec, node string, seen NodeStatus) []string {
	var lines []string
	settings := DerivedSettings(spec, Status{Nodes: map[string]NodeStatus{node: seen}})[node]
	for _, name := range sortedKeys(settings) {
		lines = append(lines, name+" = "+settings[name])
	}
	return lines
}

func plainShop(engine Engine) Spec {
	spec := shop(engine)
	spec.Settings = nil
	return spec
}

// TestDefaultsFollowFromTheMachine has what Linux shows of usual machines.
func TestDefaultsFollowFromTheMachine(t *testing.T) {
	for name, test := range map[string]struct {
		seen NodeStatus
		want []string
	}{
		"1 GB and 25 GB": {seenMachine(957, 1, 24<<30), []string{
			"gcache.size = 1G (a file system of 7 to 35 GiB)", "wsrep_slave_threads = 2 (1 core)"}},
		"2 GB and 50 GB": {seenMachine(1970, 1, 48<<30), []string{
			"gcache.size = 2G (a file system of 35 to 110 GiB)", "innodb_buffer_pool_size = 768M (2 GiB of memory)",
			"max_connections = 200 (2 GiB of memory)", "wsrep_slave_threads = 2 (1 core)"}},
		"4 GB and 80 GB": {seenMachine(3924, 2, 78<<30), []string{
			"gcache.size = 2G (a file system of 35 to 110 GiB)", "innodb_buffer_pool_size = 2G (4 GiB of memory)",
			"max_connections = 400 (4 GiB of memory)", "wsrep_slave_threads = 4 (2 cores)"}},
		"8 GB and 160 GB": {seenMachine(7936, 4, 157<<30), []string{
			"gcache.size = 4G (a file system of 110 to 270 GiB)", "innodb_buffer_pool_size = 5G (8 GiB of memory)",
			"max_connections = 800 (8 GiB of memory)", "wsrep_slave_threads = 8 (4 cores)"}},
		"96 GB and 1.9 TB": {seenMachine(96500, 20, 1900<<30), []string{
			"gcache.size = 8G (a file system of 270 GiB or more)", "innodb_buffer_pool_size = 60G (96 GiB of memory)",
			"max_connections = 1000 (96 GiB of memory)", "wsrep_slave_threads = 32 (more than 16 cores)"}},
		"a limit of 3 GiB and a small volume": {seenMachine(3072, 2, 5<<30), []string{
			"innodb_buffer_pool_size = 1G (3 GiB of memory)", "max_connections = 300 (3 GiB of memory)", "wsrep_slave_threads = 4 (2 cores)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, derivedOf(plainShop(MariaDB), "db1", test.seen)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := derivedOf(plainShop(Percona), "db1", seenMachine(957, 1, 0)); !slices.Equal(got, []string{"wsrep_applier_threads = 2 (1 core)"}) {
		t.Errorf("Percona: %v", got)
	}
}

// TestPoolsAreWholeForBothEngines: MySQL makes a multiple of 1 GiB of what is 1 GiB
// or more, which would be another value than the one that is asked for. The pool
// leaves the kernel a fourth of what there is at least.
func TestPoolsAreWholeForBothEngines(t *testing.T) {
	for mebibytes := 1792; mebibytes < 1<<20; mebibytes += mebibytes / 50 {
		size, err := quantity(bufferPool(nominalMemory(mebibytes)))
		if err != nil || size >= 1<<30 && int64(size)%(1<<30) != 0 || size > float64(mebibytes)*(1<<20)*3/4 {
			t.Errorf("%d MiB: a pool of %.0f MiB, %v", mebibytes, size/(1<<20), err)
		}
	}
}

// TestWhatTheUserSetsIsNotDerived has the spellings of a setting, and settings that
// decide about another one.
func TestWhatTheUserSetsIsNotDerived(t *testing.T) {
	seen := seenMachine(3924, 2, 78<<30)
	names := func(engine Engine, set func(*Spec)) string {
		spec := plainShop(engine)
		set(&spec)
		return strings.Join(sortedKeys(DerivedSettings(spec, Status{Nodes: map[string]NodeStatus{"db1": seen}})["db1"]), " ")
	}
	setting := func(name string) func(*Spec) {
		return func(s *Spec) { s.Settings = map[string]string{name: "1"} }
	}
	const all = "gcache.size innodb_buffer_pool_size max_connections wsrep_slave_threads"
	for without, set := range map[string]func(*Spec){
		"innodb_buffer_pool_size": setting("innodb-buffer-pool-size"),
		"max_connections":         setting("loose_max-connections"),
		"wsrep_slave_threads":     setting("wsrep_slave_threads"),
		"gcache.size":             func(s *Spec) { s.ProviderOptions = map[string]string{"gcache.size": "128M"} },
		"none":                    func(s *Spec) { s.NodeSettings = map[string]map[string]string{"db2": {"max_connections": "5"}} },
	} {
		want := strings.TrimSpace(strings.ReplaceAll(strings.Replace(all, without, "", 1), "  ", " "))
		if got := names(MariaDB, set); got != want {
			t.Errorf("with %s set: %q", without, got)
		}
	}
	if got := names(MariaDB, func(s *Spec) { s.NodeSettings = map[string]map[string]string{"db1": {"max_connections": "5"}} }); strings.Contains(got, "max_connections") {
		t.Errorf("with a setting of the node: %q", got)
	}
	if got := names(Percona, setting("wsrep_slave_threads")); got != "gcache.size innodb_buffer_pool_size max_connections" {
		t.Errorf("with the older name of the threads: %q", got)
	}
	if got := names(Percona, setting("innodb_dedicated_server")); strings.Contains(got, "innodb_buffer_pool_size") {
		t.Errorf("with a dedicated server: %q", got)
	}
}

// TestNothingFollowsFromAnotherComputer: a container shows the memory and the disk
// of the computer that it shares with others.
func TestNothingFollowsFromAnotherComputer(t *testing.T) {
	seen := seenMachine(24105, 2, 250<<30)
	seen.FileSystem = "overlayfs"
	if got := derivedOf(plainShop(MariaDB), "db1", seen); slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, "gcache") }) {
		t.Errorf("of a container's own file system: %v", got)
	}
	seen.Facts.MemoryShared = true
	if got := derivedOf(plainShop(MariaDB), "db1", seen); len(got) > 0 {
		t.Errorf("of a container without a limit: %v", got)
	}
}

// TestACacheGrowsWithTheDiskAlone: what is free decides only whether a cache that
// is not there yet has room.
func TestACacheGrowsWithTheDiskAlone(t *testing.T) {
	const gib = 1 << 30
	for name, test := range map[string]struct {
		cache, free int64
		want        string
	}{
		"new":                    {0, 150 * gib, "4G"},
		"unknown room":           {0, 0, "4G"},
		"full since":             {4 * gib, 1, "4G"},
		"room for a smaller one": {128 << 20, 5 * gib, "2G"},
		"was smaller, full":      {2 * gib, 1 * gib, "2G"},
		"no room":                {128 << 20, gib, ""},
		"grown, room now":        {2 * gib, 20 * gib, "4G"},
	} {
		seen := seenMachine(957, 1, 157*gib)
		seen.Cache, seen.Free = test.cache, test.free
		if got, from := seen.writeSetCache(); got != test.want {
			t.Errorf("%s: %q of %s", name, got, from)
		}
	}
}

// TestWhatChangesByItselfIsNoDrift: another kernel keeps some more memory for
// itself, and data grow.
func TestWhatChangesByItselfIsNoDrift(t *testing.T) {
	for _, sold := range []int{1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256} {
		// A fiftieth to a twentieth is the kernel's own.
		if nominalMemory(sold*1024*98/100) != nominalMemory(sold*1024*95/100) {
			t.Errorf("%d GiB are taken for %d and for %d", sold, nominalMemory(sold*1024*98/100), nominalMemory(sold*1024*95/100))
		}
	}
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), plainShop(MariaDB)
	for name, node := range s.Nodes {
		s.Machines[name].Facts.MemoryMiB = 3924
		node.Free = 60 << 30
	}
	s.must(spec)
	for name, node := range s.Nodes {
		s.Machines[name].Facts.MemoryMiB = 3810
		node.Cache, node.Free = 2<<30, 100<<20
	}
	s.empty(spec)
}

// TestAResizedMachineIsRolled: each node is its own, and the plan says what follows
// from the change.
func TestAResizedMachineIsRolled(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := newSim(t, engine, "db1", "db2", "db3"), plainShop(engine)
		for name := range s.Nodes {
			s.Machines[name].Facts.MemoryMiB = 3924
		}
		s.must(spec)
		s.Machines["db2"].Facts.MemoryMiB = 7936
		s.Nodes["db2"].Disk = 157 << 30
		base := "70-ha.cnf"
		if engine == Percona {
			base = "zz-ha.cnf"
		}
		want := map[string][]string{"db2": {base + " has innodb_buffer_pool_size = 2G, max_connections = 400 (4 GiB of memory); gcache.size = 2G (a file system of 35 to 110 GiB), " +
			"and the machine now asks for innodb_buffer_pool_size = 5G, max_connections = 800 (8 GiB of memory); gcache.size = 4G (a file system of 110 to 270 GiB)"}}
		if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
			t.Errorf("drift (-want +got):\n%s", diff)
		}
		s.must(spec)
		for name, lines := range map[string][]string{
			"db1": {"innodb_buffer_pool_size = 2G", "max_connections = 400", `;gcache.recover=yes;gcache.size=2G"`},
			"db2": {"innodb_buffer_pool_size = 5G", "max_connections = 800", `;gcache.recover=yes;gcache.size=4G"`, fmt.Sprintf("%s = 4\n", s.engine.appliers)},
		} {
			for _, line := range lines {
				if !strings.Contains(s.Nodes[name].Config, line) {
					t.Errorf("%s runs without %s:\n%s", name, line, s.Nodes[name].Config)
				}
			}
		}
	})
}

// TestASettingIsNotTheMachine: a file that differs because of a setting does not
// blame the machine.
func TestASettingIsNotTheMachine(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), plainShop(MariaDB)
	s.must(spec)
	spec.Settings = map[string]string{"max_connections": "300"}
	if diff := cmp.Diff([]string{"70-ha.cnf differs in max_connections, which mariadb takes while it runs"}, s.plan(spec).Drift()["db1"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	spec.Settings["back_log"] = "100"
	if diff := cmp.Diff([]string{"70-ha.cnf differs"}, s.plan(spec).Drift()["db1"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTheServerIsAskedForWhatIsDerived: what the server makes of a default is read
// back like a setting.
func TestTheServerIsAskedForWhatIsDerived(t *testing.T) {
	s, spec := newSim(t, MariaDB, "db1", "db2", "db3"), plainShop(MariaDB)
	s.must(spec)
	s.Nodes["db3"].Variables = map[string]string{"max_connections": "50", "innodb_buffer_pool_size": "805306368"}
	notices := Notices(spec, s.observe(spec))
	if len(notices) != 1 || !strings.HasPrefix(notices[0], "db3 runs with max_connections = 50, and 200 is asked for") {
		t.Errorf("notices %v", notices)
	}
}

func TestParseCores(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-1,4-7": 6, "": 0, "x": 0, "3-1": 0, "0-": 0} {
		if got := parseCores(list); got != want {
			t.Errorf("%q: %d", list, got)
		}
	}
}
