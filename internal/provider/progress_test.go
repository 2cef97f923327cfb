package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// A long apply can be followed: who, what, why and how long, and how it failed.
func TestProgressIsWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "apply.log")
	t.Setenv("HA_PROGRESS", file)
	f := glusterFleet(t)
	config := f.config(f.resource("ha_gluster_volume", volumeBody))
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{PreConfig: func() { f.machines["n1"].FailNext("gluster") }, Config: config, ExpectError: loose("Unable to Create")},
			{Config: config},
		},
	})
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`ha_gluster_volume\.content n1: started: install .*\(.*not installed.*\)`,
		`ha_gluster_volume\.content n2: done in \d+\.\ds: install .*`,
		`ha_gluster_volume\.content n2: failed after \d+\.\ds: .*`,
	} {
		if !regexp.MustCompile(`(?m)^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ ` + line + `$`).Match(content) {
			t.Errorf("no line %s in\n%s", line, content)
		}
	}
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, "20") {
			t.Errorf("an event has more than a line: %q", line)
		}
	}
	if seen, err := os.Stat(file); err != nil || seen.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", seen.Mode(), err)
	}
}

func TestProgressThatCannotBeWrittenIsAWarning(t *testing.T) {
	t.Setenv("HA_PROGRESS", filepath.Join(t.TempDir(), "missing", "apply.log"))
	f := glusterFleet(t)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		Steps:                    []resource.TestStep{{Config: f.config(f.resource("ha_gluster_volume", volumeBody))}},
	})
	if said := f.warned(); !strings.Contains(said, "Progress Not Written: HA_PROGRESS names a file that cannot be written: ") {
		t.Errorf("warned of %q", said)
	}
}
