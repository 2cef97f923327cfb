package docstest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/docstest"
)

// TestModuleTablesAreCurrent makes the tables of each module again and compares.
func TestModuleTablesAreCurrent(t *testing.T) {
	modules, err := docstest.Modules(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 9 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	for _, module := range modules {
		want, err := docstest.ModuleReadme(module)
		if err != nil {
			t.Error(err)
			continue
		}
		have, err := os.ReadFile(filepath.Join(module, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(have)); diff != "" {
			t.Errorf("%s is not current: run `make docs` (-made now +in README.md)\n%s", module, diff)
		}
		for line := range strings.Lines(want) {
			if strings.Contains(line, "` |  |") {
				t.Errorf("%s: the description of its variable says nothing of %s", module, line)
			}
		}
	}
}

// TestModuleTables also proves that TestModuleTablesAreCurrent can fail: what is
// between the lines is replaced.
func TestModuleTables(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"README.md": "# m\n\n<!-- begin: inputs and outputs, written by make docs -->\nold\n<!-- end: inputs and outputs -->\nafter\n",
		"variables.tf": `variable "nodes" {
  description = <<-EOT
    The nodes.
    - ` + "`host`, `user`" + `: how to reach it,
      over SSH.
    - ` + "`check.path`" + `: of a page.
  EOT
  type = map(object({
    host  = string
    user  = optional(string, "root")
    check = optional(object({ path = optional(string) }))
  }))
}

variable "password" {
  description = "A | B."
  type        = set(string)
  default     = []
  sensitive   = true
  ephemeral   = true
}
`,
		"outputs.tf": "output \"drift\" {\n  description = \"What differs.\"\n  value = null\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := docstest.ModuleReadme(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := "# m\n\n<!-- begin: inputs and outputs, written by make docs -->\n" + `
## Inputs

| name | description | type | default |
|---|---|---|---|
| ` + "`nodes` | The nodes. | `map(object)`" + ` | required |
| ` + "`nodes.<key>.host` | How to reach it, over SSH. | `string`" + ` | required |
| ` + "`nodes.<key>.user` | How to reach it, over SSH. | `string` | `\"root\"`" + ` |
| ` + "`nodes.<key>.check` |  | `object` | `null`" + ` |
| ` + "`nodes.<key>.check.path` | Of a page. | `string` | `null`" + ` |
| ` + "`password` | A \\| B. | `set(string)`, sensitive, ephemeral | `[]`" + ` |

## Outputs

| name | description |
|---|---|
| ` + "`drift`" + ` | What differs. |

<!-- end: inputs and outputs -->
after
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
