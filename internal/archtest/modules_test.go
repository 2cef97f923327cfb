package archtest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notLinked are the modules that go.mod requires and the provider is not made of, with
// what they are for. Nobody who uses the provider downloads or runs them.
var notLinked = map[string]string{
	"github.com/getkin/kin-openapi":                 "the lab holds its API to the published description",
	"github.com/google/go-cmp":                      "tests compare",
	"github.com/hashicorp/go-version":               "the lab looks for the newest of the providers that are installed",
	"github.com/hashicorp/hcl/v2":                   "tests read configurations",
	"github.com/hashicorp/terraform-plugin-testing": "tests run Terraform",
}

// TestTheProviderIsMadeOfFewModules keeps what tests and the lab need out of the program.
func TestTheProviderIsMadeOfFewModules(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	command.Dir = filepath.Join("..", "..")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("cannot list what the provider is made of: %v", err)
	}
	linked := strings.Fields(string(out))
	if !slices.Contains(linked, "github.com/hashicorp/terraform-plugin-framework") {
		t.Fatalf("what the provider is made of was not found: %v", linked)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var others []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 2 && strings.HasPrefix(line, "\t") && !slices.Contains(linked, words[0]) {
			others = append(others, words[0])
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(notLinked)), slices.Sorted(slices.Values(others))); diff != "" {
		t.Errorf("modules that are required and not part of the provider (-notLinked +go.mod):\n%s", diff)
	}
}
