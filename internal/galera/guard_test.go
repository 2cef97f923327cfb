package galera

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// guardStage is a machine for the real script: programs of its own that answer what
// a test says, and write down what is asked of them.
type guardStage struct {
	t   *testing.T
	dir string
}

// peer is what another node tells; nil for one that does not answer.
type peer []string

const (
	latest = "2 3 bbbbbbbb-8000 8"
	older  = "3 3 aaaaaaaa-8000 7"
	alone  = "1 3 cccccccc-8000 8"
)

func newGuardStage(t *testing.T, mine string, peers ...peer) *guardStage {
	t.Helper()
	s := &guardStage{t: t, dir: t.TempDir()}
	for _, folder := range []string{"bin", "data", "peers"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, said := range peers {
		if said != nil {
			s.write(fmt.Sprintf("peers/10.0.0.%d", 12+i), strings.Join(said, "\n")+"\n", 0o644)
		}
	}
	if mine != "" {
		size, view, _ := strings.Cut(mine, " ")
		members := map[string]int{"1": 1, "2": 2, "3": 3}[size]
		s.write("data/gvwstate.dat", "my_uuid: x\n#vwbeg\nview_id: "+view+"\nbootstrap: 0\n"+strings.Repeat("member: x 0\n", members)+"#vwend\n", 0o644)
	}
	s.write("bin/socat", `#!/bin/sh
a=${2#TCP:}; exec cat "$STAGE/peers/${a%%:*}"`, 0o755)
	// A test of waiting ends with the third pause, and each lets one more node answer.
	s.write("bin/sleep", `#!/bin/sh
echo pause >>"$STAGE/log"
[ ! -e "$STAGE/late" ] || mv "$STAGE/late" "$STAGE/peers/10.0.0.13"
[ "$(grep -c pause "$STAGE/log")" -lt "${PAUSES:-3}" ] || { echo "waits on" >>"$STAGE/log"; kill $PPID; }`, 0o755)
	s.write("bin/systemctl", `#!/bin/sh
case $1 in show) printf 'ActiveState=activating\nMainPID=%s\n' "${PID-7}" ;; *) echo "systemctl $*" >>"$STAGE/log" ;; esac`, 0o755)
	s.write("bin/mariadb", "#!/bin/sh\nexit 1", 0o755)
	return s
}

func (s *guardStage) write(name, content string, mode os.FileMode) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), mode); err != nil {
		s.t.Fatal(err)
	}
}

// run returns what the script printed and what it did.
func (s *guardStage) run(verb string, env ...string) (out string, did []string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	spec := shop(MariaDB)
	words := strings.Fields(guardOf(spec, spec.Nodes[0]).command(verb))[1:]
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-s", "--"}, words...)...)
	cmd.Stdin = strings.NewReader(string(guardScript))
	cmd.Env = append(os.Environ(), "PATH="+s.dir+"/bin:"+os.Getenv("PATH"), "STAGE="+s.dir, "data="+s.dir+"/data", "record="+s.dir+"/recovery", "aside="+s.dir+"/aside", "socket="+s.dir+"/none")
	cmd.Env = append(cmd.Env, env...)
	printed, _ := cmd.Output()
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	for line := range strings.Lines(string(log)) {
		if line = strings.TrimSpace(line); line != "pause" {
			did = append(did, line)
		}
	}
	return strings.TrimSpace(string(printed)), did
}

func tells(lines ...string) peer {
	said := peer{"cluster shop"}
	for _, line := range lines {
		if line != "primary" && line != "arbitrator" && !strings.HasPrefix(line, "attempt ") {
			line = "view " + line
		}
		said = append(said, line)
	}
	return said
}

func TestGuardTells(t *testing.T) {
	out, _ := newGuardStage(t, older).run("tell")
	if diff := cmp.Diff("cluster shop\nview "+older, out); diff != "" {
		t.Error(diff)
	}
	if out, _ = newGuardStage(t, "").run("tell"); out != "cluster shop" {
		t.Errorf("without a view: %q", out)
	}
}

// TestGuardKeepsDataThatIsToBeSetAside: a state transfer would replace it.
func TestGuardKeepsDataThatIsToBeSetAside(t *testing.T) {
	for name, test := range map[string]struct {
		files []string
		waits bool
	}{
		"left before":                           {[]string{"data/grastate.dat.left"}, true},
		"is being moved":                        {[]string{"aside"}, true},
		"left before and has joined since then": {[]string{"data/grastate.dat.left", "data/grastate.dat"}, false},
		"has nothing":                           {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newGuardStage(t, "", tells(latest, "primary"), tells(latest, "primary"))
			for _, file := range test.files {
				s.write(file, "uuid: aaaaaaaa-0000-11f1-8000-000000000001\n", 0o644)
			}
			out, did := s.run("wait")
			if waits := len(did) > 0; waits != test.waits || strings.Contains(out, "waiting until terraform apply has set it aside") != test.waits {
				t.Errorf("it said %q and did %v", out, did)
			}
			// Nor is a server ended that somebody runs without a cluster.
			if _, did := s.run("watch"); slices.ContainsFunc(did, func(what string) bool { return strings.HasPrefix(what, "systemctl") }) {
				t.Errorf("it did %v", did)
			}
		})
	}
}

// TestGuardWaits has the start of a server in every situation at boot.
func TestGuardWaits(t *testing.T) {
	waits := []string{"waits on"}
	for name, test := range map[string]struct {
		mine string
		a, b peer
		env  []string
		want []string
		says string
	}{
		"another one serves":                      {mine: older, a: tells(latest, "primary"), want: nil},
		"another one serves and this is new":      {a: nil, b: tells(latest, "primary"), want: nil},
		"all of the last view are here":           {mine: latest, a: tells(latest), b: tells(older), want: nil},
		"most nodes were in it, one is dead":      {mine: latest, a: tells(latest), want: nil},
		"one of the last view is not here yet":    {mine: latest, b: tells(older), want: waits, says: "2 of 3 answer"},
		"nobody answers yet":                      {mine: older, want: waits, says: "1 of 3 answer"},
		"not in the last view":                    {mine: older, a: tells(latest), b: tells(latest), want: waits, says: "not in the last"},
		"left before":                             {a: tells(latest), b: tells(latest), want: waits, says: "not in the last"},
		"was alone, and others do not answer":     {mine: alone, want: waits},
		"was alone, and all others are older":     {mine: alone, a: tells(older), b: tells(older), want: nil},
		"two parts":                               {mine: alone, a: tells(latest), b: tells(latest), want: waits, says: "a person has to decide"},
		"two parts, seen by the greater one":      {mine: latest, a: tells(latest), b: tells(alone), want: waits, says: "a person has to decide"},
		"another cluster's node":                  {mine: older, a: peer{"cluster crm", "primary"}, b: peer{"cluster shop2", "primary"}, want: waits, says: "1 of 3 answer"},
		"what is no answer":                       {mine: older, a: peer{"HTTP/1.1 400 Bad Request", "primary"}, want: waits},
		"a person bootstraps it":                  {mine: older, a: tells(latest), b: tells(latest), env: []string{"_WSREP_NEW_CLUSTER=--wsrep-new-cluster"}, want: nil},
		"nothing is ever known":                   {mine: older, env: []string{"PAUSES=100"}, want: nil},
		"nothing is known but that it is a stale": {mine: older, a: tells(latest), b: tells(latest), env: []string{"PAUSES=100"}, want: waits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, did := newGuardStage(t, test.mine, test.a, test.b).run("wait", test.env...)
			if diff := cmp.Diff(test.want, did); diff != "" || !strings.Contains(out, test.says) {
				t.Errorf("did (-want +got):\n%s\nsaid %q", diff, out)
			}
		})
	}
	t.Run("the last of the view comes", func(t *testing.T) {
		s := newGuardStage(t, latest, tells(older), nil)
		s.write("late", "cluster shop\nview "+latest+"\n", 0o644)
		if _, did := s.run("wait"); did != nil {
			t.Errorf("did %v", did)
		}
	})
}

// recovered has a node whose data is of an attempt of the recovery; 0 for none.
func (s *guardStage) recovered(attempt int) {
	s.write("data/grastate.dat", "version: 2.1\nuuid:    bbbbbbbb-0000-11f1-8000-000000000001\nseqno:   -1\n", 0o644)
	if attempt > 0 {
		s.write("recovery", fmt.Sprintf("attempt %d\nbefore 0\nbootstrap db1\ndone yes\n", attempt), 0o644)
	}
}

// TestGuardKeepsLeftBehindNodesAway has nodes come back without which the cluster was
// recovered.
func TestGuardKeepsLeftBehindNodesAway(t *testing.T) {
	waits := []string{"waits on"}
	for name, test := range map[string]struct {
		attempt int
		mine    string
		a, b    peer
		want    []string
		says    string
	}{
		"the others serve":                       {mine: older, a: tells("attempt 1", "primary"), want: waits, says: "went on without the data of this node"},
		"the others are down":                    {mine: older, a: tells("attempt 1"), b: tells(older), want: waits, says: "went on without"},
		"its own view is complete":               {mine: "2 3 aaaaaaaa-8000 7", a: tells("2 3 aaaaaaaa-8000 7"), b: tells("attempt 2"), want: waits, says: "went on without"},
		"it was in a recovery before the last":   {attempt: 1, a: tells("attempt 2", "primary"), want: waits, says: "went on without"},
		"it is of the last recovery":             {attempt: 2, a: tells("attempt 2", "primary")},
		"one that serves was left behind":        {attempt: 1, a: tells("primary"), want: waits, says: "a person has to decide"},
		"only the arbitrator tells of it":        {mine: "2 3 bbbbbbbb-8000 8", a: tells("attempt 1", "2 3 bbbbbbbb-8000 8", "arbitrator"), want: waits, says: "went on without"},
		"an arbitrator beside one that serves":   {attempt: 1, a: tells("arbitrator"), b: tells("primary"), want: waits, says: "a person has to decide"},
		"the view of one left behind is no view": {attempt: 1, mine: "2 3 bbbbbbbb-8000 3", a: tells("attempt 1", "2 3 bbbbbbbb-8000 3"), b: tells("1 3 cccccccc-8000 9")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGuardStage(t, test.mine, test.a, test.b)
			s.recovered(test.attempt)
			out, did := s.run("wait", "PAUSES=70")
			if diff := cmp.Diff(test.want, did); diff != "" || !strings.Contains(out, test.says) {
				t.Errorf("did (-want +got):\n%s\nsaid %q", diff, out)
			}
		})
	}
	t.Run("it remembers what it was told", func(t *testing.T) {
		s := newGuardStage(t, older, tells("attempt 1"), nil)
		s.recovered(0)
		s.run("wait")
		if err := os.Remove(filepath.Join(s.dir, "peers/10.0.0.12")); err != nil {
			t.Fatal(err)
		}
		if out, _ := s.run("wait", "PAUSES=70"); !strings.Contains(out, "went on without") {
			t.Errorf("it said %q", out)
		}
		s.recovered(1)
		if out, _ := s.run("wait", "PAUSES=70"); strings.Contains(out, "went on without") {
			t.Errorf("with its new data it said %q", out)
		}
	})
	t.Run("one without data joins", func(t *testing.T) {
		if out, did := newGuardStage(t, "", tells("attempt 1", "primary"), nil).run("wait", "PAUSES=70"); did != nil {
			t.Errorf("did %v, said %q", did, out)
		}
	})
	t.Run("it forms a view with an arbitrator that knows of no recovery", func(t *testing.T) {
		view := "2 3 bbbbbbbb-8000 8"
		s := newGuardStage(t, view, tells(view, "arbitrator"), tells(older))
		s.recovered(1)
		if out, did := s.run("wait"); did != nil {
			t.Errorf("did %v, said %q", did, out)
		}
	})
	t.Run("its server is ended", func(t *testing.T) {
		s := newGuardStage(t, older, tells("attempt 1", "primary"), nil)
		s.recovered(0)
		if _, did := s.run("watch", "PAUSES=4"); !slices.Contains(did, "systemctl kill -s KILL -- mariadb.service") {
			t.Errorf("did %v", did)
		}
	})
	t.Run("it tells", func(t *testing.T) {
		s := newGuardStage(t, older)
		s.recovered(3)
		if out, _ := s.run("tell"); out != "cluster shop\nattempt 3\nview "+older {
			t.Errorf("it tells %q", out)
		}
		if out, _ := s.run("tell", "arbitrator=yes"); out != "cluster shop\nattempt 3\narbitrator\nview "+older {
			t.Errorf("an arbitrator tells %q", out)
		}
	})
}

// TestGuardEnds has a server that runs and is in no Primary component.
func TestGuardEnds(t *testing.T) {
	kill := "systemctl kill -s KILL -- mariadb.service"
	for name, test := range map[string]struct {
		mine string
		a, b peer
		env  []string
		want bool
	}{
		"it keeps the last view from forming":     {mine: older, a: tells(latest), b: tells(latest), want: true},
		"it left before, and keeps it from that":  {a: tells(latest), b: tells(latest), want: true},
		"it waits for one of the last view":       {mine: latest, a: tells(older)},
		"one of the last view is not here":        {mine: older, a: tells(latest)},
		"it joins":                                {mine: older, a: tells(latest, "primary"), b: tells(latest, "primary")},
		"it is of the last view":                  {mine: latest, a: tells(latest), b: tells(older)},
		"two parts":                               {mine: alone, a: tells(latest), b: tells(latest)},
		"a later one is not complete":             {mine: "2 3 dddddddd-8000 9", a: tells(latest), b: tells(latest)},
		"nobody answers":                          {mine: older},
		"it does not run but waits for its start": {mine: older, a: tells(latest), b: tells(latest), env: []string{"PID=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, did := newGuardStage(t, test.mine, test.a, test.b).run("watch", append(test.env, "PAUSES=4")...)
			if got := slices.Contains(did, kill); got != test.want {
				t.Errorf("did %v", did)
			}
		})
	}
}

// TestGuardRestarts has a server that runs and answers, and is in no cluster.
func TestGuardRestarts(t *testing.T) {
	restart := []string{"systemctl --no-block --job-mode=fail try-restart -- mariadb.service"}
	const (
		ours    = "bbbbbbbb-0000-11f1-8000-000000000001"
		differs = "00000000-0000-0000-0000-000000000000"
		gaveUp  = "1\nwsrep_connected\tOFF"
	)
	for name, test := range map[string]struct {
		says, uuid string
		a          peer
		upkeep     bool
		want       []string
	}{
		"it gave up, and another one serves":   {says: gaveUp, uuid: ours, a: tells(latest, "primary"), want: restart},
		"nobody serves":                        {says: gaveUp, uuid: ours, a: tells(latest)},
		"one serves that a recovery left":      {says: gaveUp, uuid: ours, a: tells("primary")},
		"it is connected":                      {says: "1\nwsrep_connected\tON", uuid: ours, a: tells(latest, "primary")},
		"somebody has disconnected it":         {says: "0\nwsrep_connected\tOFF", uuid: ours, a: tells(latest, "primary")},
		"it is in maintenance":                 {says: gaveUp, uuid: ours, a: tells(latest, "primary"), upkeep: true},
		"it does not answer":                   {uuid: ours, a: tells(latest, "primary")},
		"its data differs from that of others": {says: gaveUp, uuid: differs, a: tells(latest, "primary")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGuardStage(t, "", test.a, nil)
			s.write("data/grastate.dat", "version: 2.1\nuuid:    "+test.uuid+"\nseqno:   -1\n", 0o644)
			if name == "one serves that a recovery left" {
				s.recovered(1)
			}
			if test.upkeep {
				s.write("maintenance", "drained\n", 0o644)
			}
			s.write("said", test.says+"\n", 0o644)
			s.write("bin/mariadb", `#!/bin/sh
case $* in *wsrep_connected*) cat "$STAGE/said" ;; *) printf 'wsrep_cluster_status\tDisconnected\n' ;; esac`, 0o755)
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(s.dir, "socket"))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			_, did := s.run("watch", "PAUSES=3", "socket="+filepath.Join(s.dir, "socket"), "maintenance="+filepath.Join(s.dir, "maintenance"))
			did = slices.DeleteFunc(did, func(line string) bool { return line == "waits on" })
			if diff := cmp.Diff(test.want, did, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("did (-want +got)\n%s", diff)
			}
		})
	}
	t.Run("each reason is seen twice", func(t *testing.T) {
		s := newGuardStage(t, "", tells("attempt 1", "primary"), nil)
		s.recovered(0)
		s.write("said", gaveUp+"\n", 0o644)
		s.write("bin/mariadb", `#!/bin/sh
case $* in
*wsrep_connected*) cat "$STAGE/said" ;;
*) # The record of the recovery comes after the first look.
    [ -e "$STAGE/recovery.behind" ] || exit 1
    rm "$STAGE/recovery.behind"
    printf 'attempt 1\n' >"$STAGE/recovery" ;;
esac`, 0o755)
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(s.dir, "socket"))
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		if _, did := s.run("watch", "PAUSES=3", "socket="+filepath.Join(s.dir, "socket")); slices.ContainsFunc(did, func(line string) bool { return strings.HasPrefix(line, "systemctl") }) {
			t.Errorf("did %v after one look for each of two reasons", did)
		}
	})
}

func TestTheGuardIsInPlace(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"guard removed": {
			func(s *sim) {
				s.Machines["db3"].RemoveAll(guardPath)
				s.Machines["db2"].RemoveAll("/etc/systemd/system/mariadb.service.d/ha-guard.conf")
			},
			map[string][]string{"db2": {"ha-guard.conf is missing", "mariadb.service changed after systemd read it"}, "db3": {"galera-guard is missing"}},
		},
		"guard stopped": {
			func(s *sim) {
				_ = s.Machines["db3"].Stop(guardUnit)
				_ = s.Machines["db2"].Stop(guardSocket)
				s.Machines["db1"].Unit(guardUnit).Enabled = false
			},
			map[string][]string{"db1": {guardUnit + " does not run"}, "db2": {guardSocket + " does not listen"}, "db3": {guardUnit + " does not run"}},
		},
	})
}
