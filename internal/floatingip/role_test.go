package floatingip

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// stage is a machine on which a script of ours runs in a real shell: what the
// script asks is answered by programs of the test.
type stage struct {
	t      *testing.T
	folder string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, folder: t.TempDir()}
	s.program("ip", `[ ! -e "$STAGE/holds" ] || echo '2: eth1 inet 10.0.0.100/24'`)
	s.program("ping", `for last; do :; done; [ -e "$STAGE/answers-$last" ]`)
	s.program("sleep", "")
	s.uptime(1000)
	s.write("loadavg", "0.10 0.20 0.30 1/200 4711\n")
	return s
}

func (s *stage) path(name string) string { return filepath.Join(s.folder, name) }

func (s *stage) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) program(name, text string) { s.t.Helper(); s.write(name, "#!/bin/sh\n"+text+"\n") }

func (s *stage) uptime(seconds int) {
	s.t.Helper()
	s.write("uptime", fmt.Sprintf("%d.25 7.00\n", seconds))
}

// read returns the content of a file, empty if there is none.
func (s *stage) read(name string) string {
	s.t.Helper()
	content, err := os.ReadFile(s.path(name))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(content))
}

// run runs a script with the paths of the machine turned into those of the stage.
func (s *stage) run(script []byte, arguments ...string) (string, error) {
	s.t.Helper()
	text := strings.NewReplacer("/run/terraform-ha/vrrp", s.folder, "/run/terraform-ha", s.folder, "/proc/uptime", s.path("uptime"), "/proc/loadavg", s.path("loadavg")).Replace(string(script))
	text = strings.Replace(text, "\nPATH=", "\nPATH="+s.folder+":", 1)
	s.write("script", text)
	command := exec.Command(s.path("script"), arguments...)
	command.Env = []string{"PATH=" + s.folder + ":" + os.Getenv("PATH"), "STAGE=" + s.folder}
	out, err := command.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// role is what db1's Keepalived, of priority 100, calls.
func (s *stage) role(arguments ...string) {
	s.t.Helper()
	spec := simSpec()
	if out, err := s.run(roleFile(spec.Defaulted(), simNodes[0]).Content, arguments...); err != nil || out != "" {
		s.t.Errorf("%v: %q, %v", arguments, out, err)
	}
}

func (s *stage) becomes(state string) { s.t.Helper(); s.role("INSTANCE", "db", state, "100") }

// rank is the priority that the machine has by its files.
func (s *stage) rank() int {
	s.t.Helper()
	added, _ := strconv.Atoi(s.read("db.rank"))
	return 100 + added
}

func TestANewHolderGoesAboveEveryOther(t *testing.T) {
	s := newStage(t)
	s.write("holds", "")
	s.write("answers-10.0.0.13", "")
	s.becomes("MASTER")
	if s.rank() != highestRank || s.read("db") != "MASTER" {
		t.Errorf("priority %d, role %q", s.rank(), s.read("db"))
	}
	last := s.rank()
	for age := 1; age < 20*365*86400; age += age/2 + 1 {
		s.uptime(1000 + age)
		s.role()
		now := s.rank()
		if now > last || now <= highestPriority {
			t.Fatalf("after %d s the priority is %d after %d", age, now, last)
		}
		if age > 10 && age < 5*365*86400 && now == last {
			t.Errorf("after %d s the priority is still %d: a holder half as old would not be above it", age, now)
		}
		last = now
	}
	s.becomes("BACKUP")
	if s.rank() != 100 || s.read("db") != "BACKUP" {
		t.Errorf("a backup has priority %d, role %q", s.rank(), s.read("db"))
	}
}

func TestAPriorityIsNotRaisedWithoutReason(t *testing.T) {
	tests := map[string]func(s *stage){
		"it hears no peer, so it may be the one that is cut off": func(s *stage) { s.write("holds", "") },
		"it was master for a moment, as after a thaw":            func(s *stage) { s.write("answers-10.0.0.12", "") },
	}
	for name, prepare := range tests {
		s := newStage(t)
		prepare(s)
		s.becomes("MASTER")
		s.role()
		if s.rank() != 100 {
			t.Errorf("%s: priority %d", name, s.rank())
		}
	}
}

func TestARankIsLeftBehindByNobody(t *testing.T) {
	s := newStage(t)
	s.write("db.since", "900\n")
	s.write("db.rank", "150\n")
	s.role()
	if s.rank() != 100 {
		t.Errorf("a machine without the address keeps priority %d", s.rank())
	}
}

func TestWithPreemptionPrioritiesStay(t *testing.T) {
	spec := simSpec()
	spec.Preempt = true
	for _, content := range [][]byte{instanceFile(spec, simNodes[0], "eth1").Content, roleFile(spec, simNodes[0]).Content} {
		if text := string(content); strings.Contains(text, "rank") || strings.Contains(text, "nopreempt") {
			t.Errorf("with preemption:\n%s", text)
		}
	}
}
