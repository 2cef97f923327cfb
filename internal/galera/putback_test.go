package galera

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const tooMuch = "512G"

// smallMachines has servers that do not start with a buffer pool of 512 GiB, and returns how
// often each has started with which size.
func (s *sim) smallMachines() map[string][]string {
	tries := map[string][]string{}
	for name, m := range s.Machines {
		start := s.Starter(name)
		m.OnStart(s.engine.unit, func(m *hosttest.Machine) error {
			_, size, _ := strings.Cut(m.Files[s.engine.configPath].Content, "\ninnodb_buffer_pool_size = ")
			size, _, _ = strings.Cut(size, "\n")
			tries[name] = append(tries[name], size)
			if size == tooMuch {
				return fmt.Errorf("cannot allocate memory for the buffer pool")
			}
			return start(m)
		})
	}
	return tries
}

// TestThePreviousConfigurationIsPutBack has a member serve as before, and the next plan say
// the difference again.
func TestThePreviousConfigurationIsPutBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := built(t, engine)
		s.Machines["db1"].WriteFile("/run/held", floatingAddress)
		want := s.end()
		tries := s.smallMachines()
		spec.Settings = map[string]string{"innodb_buffer_pool_size": tooMuch}
		plan := s.plan(spec).Titles()
		err := s.converge(spec)
		if err == nil || !strings.Contains(err.Error(), "was put back, and the node serves with it") || !strings.Contains(err.Error(), "cannot allocate memory") {
			t.Fatalf("got %v", err)
		}
		if diff := gocmp.Diff(map[string][]string{"db2": {tooMuch, "512M"}}, tries); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(want, s.end()); diff != "" {
			t.Errorf("end (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(plan, s.plan(spec).Titles()); diff != "" {
			t.Errorf("the next plan (-want +got):\n%s", diff)
		}
		spec.Settings = map[string]string{"innodb_buffer_pool_size": "1G"}
		s.must(spec)
	})
}

// TestEveryFaultWhilePuttingBack breaks off at every command of a change that cannot
// succeed: another apply ends with all members as before.
func TestEveryFaultWhilePuttingBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
			s, spec := built(t, engine)
			s.Machines["db2"].WriteFile("/run/held", floatingAddress)
			s.watchStops()
			s.Write("db1", 7)
			want := s.end()
			tries := s.smallMachines()
			bad := spec
			bad.Settings = map[string]string{"innodb_buffer_pool_size": tooMuch}
			fault.Arm(s.Machines)
			err := s.converge(bad)
			fault.Disarm()
			again := s.converge(bad)
			if err == nil || again == nil {
				t.Errorf("after %q: %v, and then %v", fault.Struck(), err, again)
			}
			if diff := gocmp.Diff(want, s.end()); diff != "" {
				t.Errorf("end after %q and %v (-want +got):\n%s", fault.Struck(), again, diff)
			}
			if tried := sortedKeys(tries); len(tried) > 1 {
				t.Errorf("%v were restarted", tried)
			}
			s.Lost()
			s.must(spec)
		})
	})
}

// TestAChangeThatBrokeOffIsPutBackByTheNext has a node that is down with a configuration
// which a change has left there.
func TestAChangeThatBrokeOffIsPutBackByTheNext(t *testing.T) {
	s, spec := built(t, MariaDB)
	bad := spec
	bad.Settings = map[string]string{"innodb_buffer_pool_size": tooMuch}
	s.smallMachines()
	s.Machines["db1"].FailNext("galera-member")
	if err := s.converge(bad); err == nil {
		t.Fatal("it did not break off")
	}
	s.Crash("db1")
	if err := s.converge(bad); err == nil || !strings.Contains(err.Error(), "serves with it") {
		t.Errorf("got %v", err)
	}
	s.must(spec)
}

// TestANodeThatWasPutBackJoinsWithThat leaves the next configuration to a member: only its
// restart can be taken back.
func TestANodeThatWasPutBackJoinsWithThat(t *testing.T) {
	s, spec := built(t, MariaDB)
	_ = s.Machines["db2"].Stop(s.engine.unit)
	s.Machines["db2"].Files[s.engine.keptPath()] = s.Machines["db2"].Files[s.engine.configPath]
	tries := s.smallMachines()
	bad := spec
	bad.Settings = map[string]string{"innodb_buffer_pool_size": tooMuch}
	if err := s.converge(bad); err == nil || !strings.Contains(err.Error(), "serves with it") {
		t.Errorf("got %v", err)
	}
	if diff := gocmp.Diff(map[string][]string{"db1": {tooMuch, "512M"}, "db2": {"512M"}}, tries); diff != "" {
		t.Errorf("starts (-want +got):\n%s", diff)
	}
	s.must(spec)
}

// TestAnUnprovedConfigurationIsNotKept has a file that somebody changed by hand: a server
// that started with it would serve outside of the cluster.
func TestAnUnprovedConfigurationIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, spec := built(t, MariaDB)
		s.Machines["db1"].WriteFile(s.engine.configPath, "[mysqld]\n")
		s.smallMachines()
		spec.Settings = map[string]string{"innodb_buffer_pool_size": tooMuch}
		if err := s.converge(spec); err == nil || strings.Contains(err.Error(), "previous") {
			t.Errorf("got %v", err)
		}
		if s.Nodes["db1"].Standalone {
			t.Error("db1 serves alone")
		}
	})
}

// TestAKeptConfigurationIsRemoved where a change broke off and was taken back.
func TestAKeptConfigurationIsRemoved(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"left over": {
			func(s *sim) { s.Machines["db2"].WriteFile(s.engine.keptPath(), "[mysqld]\n") },
			map[string][]string{"db2": {"70-ha.cnf.previous is left of a change that broke off"}},
		},
	})
}

// fakes stand for the programs that the script calls, on a machine whose server does what
// its configuration says. A transfer runs for as many questions as the file transfer has
// lines; each look at the clock takes half a minute.
var fakes = map[string]string{
	"systemctl": `
echo "$*" >>log
n() { x=$(($(cat $1 2>/dev/null || echo 0) + 1)); echo $x >$1; echo $x; }
begin() { cp config runs; n invocation >/dev/null; echo 0 >restarts; echo "start $(cat config)" >>acts; }
case "$*" in
*"-p NRestarts "*) if [ -e runs ] && grep -q bad runs; then n restarts; else echo 0; fi ;;
*"-p ActiveState "*) if [ ! -e runs ]; then echo inactive; elif grep -q bad runs; then echo activating; else echo active; fi ;;
*"-p InvocationID "*) cat invocation 2>/dev/null ;;
*"-p ExecMainStartTimestamp "*) echo "Fri $(cat since 2>/dev/null || echo 2099-01-02) 03:04:05 UTC" ;;
stop*) rm -f runs; echo stop >>acts; [ ! -e term ] || kill -TERM $PPID ;;
restart* | start*) begin ;;
reset-failed*) ;;
is-active*) [ -e runs ] ;;
*) echo "unknown: systemctl $*" >>unknown ;;
esac`,
	"mariadb": `
if grep -q outside runs 2>/dev/null; then printf 'wsrep_cluster_status\tDisconnected\nwsrep_local_state\t0\nwsrep_ready\tOFF\n'
elif grep -q good runs 2>/dev/null; then printf 'wsrep_cluster_status\tPrimary\nwsrep_local_state\t4\nwsrep_ready\tON\n'; fi`,
	"pgrep": `
case $2 in ^*wsrep_sst_) ;; *) exit 1 ;; esac
[ -s transfer ] || exit 1
sed -i 1d transfer
[ -s transfer ] || echo "transfer ends" >>acts`,
	"journalctl": `
case "$*" in *galera-member*) echo "unknown: journalctl $*" >>unknown ;; esac
for c in bad worse; do [ ! -e runs ] || ! grep -q "$c" runs || echo "2026-11-28 11:00:00 0 [ERROR] InnoDB: the configuration is $c"; done`,
	"date":  `[ "$*" = +%s ] || exec /bin/date "$@"; x=$(($(cat clock 2>/dev/null || echo 0) + 30)); echo $x >clock; echo $x`,
	"sleep": `:`,
	"flock": `[ ! -e another ] || { cat kept >config; rm kept; cp config runs; }`,
}

// TestMemberScriptPutsBack runs the script in a real shell.
func TestMemberScriptPutsBack(t *testing.T) {
	for name, test := range map[string]struct {
		config, kept string
		// files make the machine behave in a special way.
		files map[string]string
		// verb is restart where it is empty.
		verb, bootstrap string
		status          int
		says, acts      []string
		left            string
		remains         bool
	}{
		"a good one": {config: "good new", kept: "good old", acts: []string{"start good new"}, left: "good new"},
		"a bad one": {
			config: "bad", kept: "good old", status: servesAsBefore, says: []string{"the configuration is bad"},
			acts: []string{"start bad", "stop", "start good old"}, left: "good old",
		},
		"nothing to put back": {config: "bad", status: 1, says: []string{"the configuration is bad", "it was given up"}, acts: []string{"start bad", "stop"}, left: "bad"},
		"neither starts": {
			config: "bad", kept: "bad worse", status: failsAsBefore, says: []string{"with the previous configuration:", "is worse", "with the new one:"},
			acts: []string{"start bad", "stop", "start bad worse", "stop"}, left: "bad worse",
		},
		"it was put back before": {config: "bad", kept: "bad", status: 1, says: []string{"it was given up"}, acts: []string{"start bad", "stop"}, left: "bad"},
		"one that leads out of the cluster": {
			config: "outside", kept: "good old", status: servesAsBefore, acts: []string{"start outside", "stop", "start good old"}, left: "good old",
		},
		"a state transfer is under way": {
			config: "bad", kept: "good old", files: map[string]string{"transfer": strings.Repeat("x\n", 9)}, status: servesAsBefore,
			acts: []string{"start bad", "transfer ends", "stop", "start good old"}, left: "good old",
		},
		"who asked for it is gone": {
			config: "bad", kept: "good old", files: map[string]string{"term": ""}, status: servesAsBefore,
			acts: []string{"start bad", "stop", "start good old"}, left: "good old",
		},
		"another call does it": {
			config: "bad", kept: "good old", files: map[string]string{"another": ""}, status: servesAsBefore, says: []string{"another call has put"},
			acts: []string{"start bad"}, left: "good old",
		},
		"a member that started with another one": {
			config: "good new", kept: "good old", files: map[string]string{"runs": "good old", "since": "2001-01-05"}, verb: "await", left: "good new", remains: true,
		},
		"the unit that bootstraps": {
			config: "bad", kept: "good old", files: map[string]string{"runs": "bad"}, verb: "await", bootstrap: "mariadb@bootstrap.service", status: 1, acts: []string{"stop"}, left: "bad", remains: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(file, content string, mode os.FileMode) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), mode); err != nil {
					t.Fatal(err)
				}
			}
			for program, text := range fakes {
				write(program, "#!/bin/sh\ncd "+dir+"\n"+text+"\n", 0o755)
			}
			for file, content := range test.files {
				write(file, content, 0o644)
			}
			write("config", test.config+"\n", 0o644)
			if test.kept != "" {
				write("kept", test.kept+"\n", 0o644)
			}
			at := func(file string) string { return filepath.Join(dir, file) }
			listener, err := net.Listen("unix", at("socket"))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			write("acts", "", 0o644)
			command := shell.Script(becomeMember, cmp.Or(test.verb, "restart"), "mariadb.service", "mariadb", at("socket"), test.bootstrap, "", at("transfers"), at("error.log"), at("config"), at("kept"))
			cmd := exec.Command("/bin/sh", "-c", strings.ReplaceAll(command.Line(), "/run/terraform-ha", at("run")))
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
			said, err := cmd.CombinedOutput()
			status := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				status = exit.ExitCode()
			}
			if status != test.status {
				t.Errorf("status %d: %s", status, said)
			}
			for _, says := range test.says {
				if !strings.Contains(string(said), says) {
					t.Errorf("%q lacks %q", said, says)
				}
			}
			if len(said) > 600 {
				t.Errorf("it says %d characters, and 600 are shown", len(said))
			}
			if diff := gocmp.Diff(test.acts, trimmed(linesOf(t, at("acts")))); diff != "" {
				t.Errorf("acts (-want +got):\n%s", diff)
			}
			if unknown, err := os.ReadFile(at("unknown")); err == nil {
				t.Errorf("unknown: %s", unknown)
			}
			if left := linesOf(t, at("config")); !slices.Equal(trimmed(left), []string{test.left}) {
				t.Errorf("left with %v", left)
			}
			if _, err := os.Stat(at("kept")); (err == nil) != test.remains {
				t.Errorf("what was kept: %v", err)
			}
		})
	}
}

func linesOf(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(content)))
}
