package galera

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePasswords(t *testing.T) {
	got := parsePasswords("app 2 1700000000000000000\nhalf 1\nbad x 3\n")
	if diff := cmp.Diff(map[string]PasswordRecord{"app": {Version: 2, Set: 1700000000000000000}}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestRecordsAreFoundByTheirWholeName runs the script: a dot in a name is a dot.
func TestRecordsAreFoundByTheirWholeName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwords")
	for _, record := range []string{"axb@% 1 10", "a.b@% 1 11", "a.b@10.0.0.% 1 12", "a.b@% 2 13", "*@% 1 14"} {
		fields := strings.Fields(record)
		if out, err := exec.CommandContext(t.Context(), "sh", append([]string{"-c", string(rememberScript), "sh", file}, fields...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("axb@% 1 10\na.b@10.0.0.% 1 12\na.b@% 2 13\n*@% 1 14\n", string(content)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestPasswordsAreThoseOfTheirVersion(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"the records are gone": {
			func(s *sim) {
				for _, m := range s.Machines {
					m.RemoveAll(recordsPath("shop"))
				}
			},
			map[string][]string{"db1": {"the password of report@10.0.0.% is version 0 instead of 1", "the password of wordpress@% is version 0 instead of 1"}},
		},
		"a record of one node is gone": {
			func(s *sim) { s.Machines["db3"].RemoveAll(recordsPath("shop")) },
			map[string][]string{},
		},
	})
}
