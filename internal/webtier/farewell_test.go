package webtier

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stopping is a machine whose unit is stopped, with its files in a directory and a clock
// that goes on when the program sleeps.
type stopping struct {
	directory, script string
}

// sleepScript adds a line to the log, as long as there are any, and counts seconds.
const sleepScript = `#!/bin/sh
cd "${0%/*}" && echo >>slept
now=$(sed -n "$(wc -l <slept)p" later)
[ "$now" != rotate ] || { : >log && exit; }
[ "$now" != rotating ] || { rm log && exit; }
[ "$now" != ends ] || rm apache
[ "$now" != blips ] || rm ok
printf '%s\n' "$now" | sed 's/; */\n/g' | grep ' - ' >>log
:
`

func newStopping(t *testing.T, seconds int) stopping {
	t.Helper()
	spec := good().Defaulted()
	spec.DrainSeconds = &seconds
	s := stopping{directory: t.TempDir(), script: string(leavePrograms(spec)[0].Content)}
	for from, to := range map[string]string{
		"/var/log/apache2/shop-access.log": "log", drainFile: "run/drain", okFile: "ok", spec.maintenanceFile(): "maintenance", spec.rollingFile(): "rolling",
		"/proc/net/tcp /proc/net/tcp6": s.path("connections"),
	} {
		if !strings.Contains(s.script, from) {
			t.Fatalf("the program does not name %s", from)
		}
		s.script = strings.ReplaceAll(s.script, from, s.path(filepath.Base(to)))
	}
	s.put(t, "sleep", sleepScript)
	// Apache runs for as long as there is a file.
	s.put(t, "systemctl", "#!/bin/sh\n[ \"$*\" = 'is-active --quiet apache2.service' ] && [ -e \"${0%/*}/apache\" ]\n")
	s.put(t, "apache", "")
	s.put(t, "ok", "ok web1\n")
	s.put(t, "connections", "")
	s.put(t, "log", line("192.0.2.9", "/before", 200)+"\n")
	s.put(t, "later", "")
	return s
}

func (s stopping) path(name string) string { return filepath.Join(s.directory, name) }

func (s stopping) put(t *testing.T, name, content string) {
	t.Helper()
	must(t, os.WriteFile(s.path(name), []byte(content), 0o755))
}

// run returns for how many seconds the program waited.
func (s stopping) run(t *testing.T) int {
	t.Helper()
	waited, status := s.exits(t, "stopping")
	if status != 0 {
		t.Errorf("it exits with %d", status)
	}
	return waited
}

// exits returns the program's status, too.
func (s stopping) exits(t *testing.T, arguments ...string) (waited, status int) {
	t.Helper()
	program := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", s.script, "leave"}, arguments...)...)
	program.Env = append(os.Environ(), "PATH="+s.directory+":"+os.Getenv("PATH"))
	out, err := program.CombinedOutput()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		status = exit.ExitCode()
	} else if err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	slept, err := os.ReadFile(s.path("slept"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count(string(slept), "\n"), status
}

// line is one of the log of Apache.
func line(from, page string, status int) string {
	return fmt.Sprintf(`%s - - [%s] "GET %s HTTP/1.1" %d 12 "-" "-" 9`, from, time.Now().Format("02/Jan/2006:15:04:05 -0700"), page, status)
}

// TestVisitorsLeaveBeforeTheServersStop runs the program that the unit runs.
func TestVisitorsLeaveBeforeTheServersStop(t *testing.T) {
	check, well, visit := line("192.168.255.7", "/healthz", 503), line("192.168.255.7", "/healthz", 200), line("192.0.2.9", "/healthz/x", 503)
	ours := line("127.0.0.1", "/page", 200)
	established := "   0: 0A00003D:0050 07FFA8C0:9C40 01 00000000:00000000\n"
	for name, test := range map[string]struct {
		later       []string
		connections string
		want        int
	}{
		"nobody asks":                       {nil, "", 60},
		"checks hear it":                    {[]string{check, "", check, "", check}, "", 5},
		"checks hear it late":               {[]string{"", "", "", "", "", "", check, "", "", "", "", check, "", "", "", "", check}, "", 17},
		"visitors come for a while":         {[]string{visit + ";" + check, visit, check, visit, check, visit}, "", 11},
		"visitors come until the end":       {strings.Split(strings.Repeat(visit+";"+check+"\n", 70), "\n"), "", 60},
		"the check does not see it":         {strings.Split(strings.Repeat(well+"\n", 70), "\n"), "", 60},
		"the log is rotated":                {[]string{check, "rotating", check, "rotate", check, visit}, "", 11},
		"this machine asks":                 {[]string{check, ours, check, ours, check, ours}, "", 5},
		"a connection stays open":           {[]string{check, check, check}, established, 60},
		"only this machine has connections": {[]string{check, check, check}, "   0: 0100007F:0050 0100007F:9C40 01 0:0\n   1: 0A00003D:0016 07FFA8C0:9C40 01 0:0\n", 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStopping(t, 60)
			s.put(t, "later", strings.Join(test.later, "\n"))
			s.put(t, "connections", test.connections)
			if waited := s.run(t); waited != test.want {
				t.Errorf("it waits for %d s, want %d", waited, test.want)
			}
			if content, err := os.ReadFile(s.path("drain")); err != nil || strings.TrimSpace(string(content)) != drainMark {
				t.Errorf("the drain file says %q, %v", content, err)
			}
		})
	}
}

// TestNobodyIsWaitedForWhoCannotCome has a machine stop that serves nobody.
func TestNobodyIsWaitedForWhoCannotCome(t *testing.T) {
	for name, change := range map[string]func(s stopping) error{
		"it does not serve":    func(s stopping) error { return os.Remove(s.path("ok")) },
		"it is drained":        func(s stopping) error { return os.WriteFile(s.path("drain"), nil, 0o600) },
		"it is in maintenance": func(s stopping) error { return os.WriteFile(s.path("maintenance"), nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStopping(t, 60)
			must(t, change(s))
			if waited := s.run(t); waited != 0 {
				t.Errorf("it waits for %d s", waited)
			}
		})
	}
	if s := newStopping(t, 0); s.run(t) != 0 {
		t.Error("it waits although visitors have no time to leave")
	}
}

// TestAForgottenMachineIsWaitedFor runs the program for a machine that the balancer was told
// to forget: it drains nothing.
func TestAForgottenMachineIsWaitedFor(t *testing.T) {
	check, visit := line("192.168.255.7", "/healthz", 200), line("192.0.2.9", "/page", 200)
	for name, test := range map[string]struct {
		later                []string
		connections          string
		missing              string
		want, wantedExitCode int
	}{
		"it is forgotten":            {nil, "", "", 12, 0},
		"checks and visits come for": {[]string{check, "", visit, "", "", check, visit}, "", "", 19, 0},
		"it is not forgotten":        {strings.Split(strings.Repeat(check+"\n\n\n\n\n", 13), "\n"), "", "", 60, 1},
		"a request takes its time":   {nil, "   0: 0A00003D:0050 07FFA8C0:9C40 01 0:0\n", "", 60, 1},
		"it does not serve":          {nil, "", "apache", 0, 0},
		"its health check fails":     {[]string{visit, "blips", visit}, "", "", 15, 0},
		"it stops serving":           {[]string{visit, "ends", visit}, "", "", 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStopping(t, 60)
			s.put(t, "later", strings.Join(test.later, "\n"))
			s.put(t, "connections", test.connections)
			if test.missing != "" {
				must(t, os.Remove(s.path(test.missing)))
			}
			if waited, status := s.exits(t, "forgotten", "12", "60"); waited != test.want || status != test.wantedExitCode {
				t.Errorf("it waits for %d s and exits with %d, want %d and %d", waited, status, test.want, test.wantedExitCode)
			}
			if _, err := os.Stat(s.path("drain")); err == nil {
				t.Error("it drains")
			}
		})
	}
}

// TestAMachineThatWasNotShutDownServesAgain stops the unit and starts it. What a change has
// drained stays so, and what somebody has.
func TestAMachineThatWasNotShutDownServesAgain(t *testing.T) {
	for name, test := range map[string]struct {
		drain, rolling string
		stays          bool
	}{
		"stopped and started": {drain: drainMark + "\n"},
		"in a change":         {drain: drainMark + "\n", rolling: drainMark + "\n", stays: true},
		"by an operator":      {drain: "new disk\n", stays: true},
		"not drained":         {},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStopping(t, 60)
			for file, content := range map[string]string{"drain": test.drain, "rolling": test.rolling} {
				if content != "" {
					s.put(t, file, content)
				}
			}
			if waited, status := s.exits(t, "started"); waited != 0 || status != 0 {
				t.Errorf("it waits for %d s and exits with %d", waited, status)
			}
			if _, err := os.Stat(s.path("drain")); (err == nil) != test.stays {
				t.Errorf("the drain file: %v", err)
			}
		})
	}
	if waited, status := newStopping(t, 60).exits(t, "leave"); waited != 0 || status != 2 {
		t.Errorf("an unknown word: it waits for %d s and exits with %d", waited, status)
	}
}
