package galera

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// TestADataDirectoryIsSetAside breaks the real script off at each command that changes
// anything, on the system's file system and on one of its own.
func TestADataDirectoryIsSetAside(t *testing.T) {
	for name, mounted := range map[string]string{"a directory": "1", "a file system": "0"} {
		t.Run(name, func(t *testing.T) {
			for fail := 0; ; fail++ {
				stage := newAsideStage(t, mounted)
				if err := stage.run(fail); err == nil && fail > 0 {
					if fail < 4 {
						t.Errorf("it did %d things", fail-1)
					}
					break
				}
				if fail > 0 {
					if err := stage.run(0); err != nil {
						t.Fatalf("after %d: %v", fail, err)
					}
				}
				stage.check(fmt.Sprintf("broken off at %d", fail))
			}
		})
	}
}

// TestDataOfTheClusterIsNotSetAside has a run break off, and the server start and take
// all data from the others before the next one.
func TestDataOfTheClusterIsNotSetAside(t *testing.T) {
	stage := newAsideStage(t, "1")
	if err := stage.run(4); err == nil {
		t.Fatal("nothing failed")
	}
	stage.write("mysql/grastate.dat", "uuid:    bbbbbbbb-0000-11f1-8000-000000000001\nseqno:   -1\n")
	stage.write("mysql/shop.ibd", "of the cluster")
	if err := stage.run(0); err != nil {
		t.Fatal(err)
	}
	if got := stage.read("mysql/shop.ibd"); got != "of the cluster" {
		t.Errorf("the member's data is %q", got)
	}
}

// TestDataIsSetAsideOnce repeats a run that is done, after a server has started in the new
// directory.
func TestDataIsSetAsideOnce(t *testing.T) {
	stage := newAsideStage(t, "1")
	if err := stage.run(0); err != nil {
		t.Fatal(err)
	}
	stage.check("once")
	stage.write("mysql/shop.ibd", "of the cluster")
	if err := stage.run(0); err != nil {
		t.Fatal(err)
	}
	if got := stage.read("mysql/shop.ibd"); got != "of the cluster" {
		t.Errorf("the member's data is %q", got)
	}
}

type asideStage struct {
	t            *testing.T
	dir, mounted string
}

func newAsideStage(t *testing.T, mounted string) *asideStage {
	t.Helper()
	s := &asideStage{t: t, dir: t.TempDir(), mounted: mounted}
	for _, program := range []string{"mv", "rm", "cp", "find", "mkdir"} {
		s.write("bin/"+program, fmt.Sprintf(`#!/bin/sh
n=$(($(cat "$STAGE/n") + 1)); echo $n >"$STAGE/n"
[ "$n" != "$FAIL" ] || exit 1
PATH=/usr/bin:/bin exec %s "$@"`, program))
	}
	s.write("bin/mountpoint", "#!/bin/sh\nexit $MOUNTED")
	s.write("bin/make", "#!/bin/sh\nmkdir -p \"${2#--datadir=}/mysql\"")
	s.write("mysql/grastate.dat", "uuid:    aaaaaaaa-0000-11f1-8000-000000000001\nseqno:   -1\n")
	s.write("mysql/ibdata1", "everything")
	s.write("mysql/shop/t.ibd", "rows")
	return s
}

func (s *asideStage) write(name, content string) {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

func (s *asideStage) read(name string) string {
	content, _ := os.ReadFile(filepath.Join(s.dir, name))
	return string(content)
}

// run runs the script, which fails at the command with a number; 0 is none.
func (s *asideStage) run(fail int) error {
	s.write("n", "0")
	line := shell.Script(setAsideScript, s.dir+"/mysql", s.dir+"/moving", s.dir+"/bin/make", "0").Line()
	cmd := exec.CommandContext(s.t.Context(), "/bin/sh", "-c", line)
	cmd.Env = append(os.Environ(), "PATH="+s.dir+"/bin:"+os.Getenv("PATH"), "STAGE="+s.dir, "MOUNTED="+s.mounted, fmt.Sprintf("FAIL=%d", fail))
	out, err := cmd.CombinedOutput()
	if err != nil && fail == 0 {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return err
}

func (s *asideStage) check(when string) {
	s.t.Helper()
	var aside []string
	entries, _ := os.ReadDir(s.dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "mysql.") {
			aside = append(aside, entry.Name())
		}
	}
	if len(aside) != 1 || !strings.HasSuffix(aside[0], "Z") {
		s.t.Fatalf("%s: beside it lie %v", when, aside)
	}
	for file, want := range map[string]string{"ibdata1": "everything", "shop/t.ibd": "rows"} {
		if got := s.read(aside[0] + "/" + file); got != want {
			s.t.Errorf("%s: %s is %q", when, file, got)
		}
	}
	if got := s.read("mysql/ibdata1") + s.read("mysql/grastate.dat") + s.read("moving"); got != "" {
		s.t.Errorf("%s: %q is left", when, got)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "mysql/mysql")); err != nil {
		s.t.Errorf("%s: there are no system tables: %v", when, err)
	}
}
