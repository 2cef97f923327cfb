package docstest_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/docstest"
)

const root = "../.."

// TestDocsAreCurrent makes the documentation again and compares.
func TestDocsAreCurrent(t *testing.T) {
	if os.Getenv("DOCS_TESTS") != "1" && os.Getenv("CI") == "" {
		t.Skip("making the documentation builds tfplugindocs, which takes minutes the first time: set DOCS_TESTS=1")
	}
	fresh := filepath.Join(t.TempDir(), "docs")
	if err := docstest.Generate(t.Context(), root, fresh); err != nil {
		t.Fatal(err)
	}
	want, have := read(t, fresh), read(t, filepath.Join(root, "docs"))
	if len(want) < 5 {
		t.Fatalf("only %d pages were made", len(want))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("docs/ is not current: run `make docs` (-made now +in docs/)\n%s", diff)
	}
}

func read(t *testing.T, directory string) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(directory, path)
		pages[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// notImported are resources without an import.
var notImported = map[string]bool{"ha_ssh_host_key": true, "ha_web_arrival": true, "ha_web_departure": true}

// TestEveryResourceHasItsPages needs no generator.
func TestEveryResourceHasItsPages(t *testing.T) {
	for name := range resources(t) {
		short := strings.TrimPrefix(name, "ha_")
		for _, path := range []string{
			"templates/resources/" + short + ".md.tmpl",
			"docs/resources/" + short + ".md",
			"examples/resources/" + name + "/resource.tf",
			"examples/resources/" + name + "/import.sh",
		} {
			if notImported[name] && strings.HasSuffix(path, "import.sh") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestEveryDataSourceHasItsPages needs no generator.
func TestEveryDataSourceHasItsPages(t *testing.T) {
	for name := range dataSources(t) {
		short := strings.TrimPrefix(name, "ha_")
		for _, path := range []string{
			"templates/data-sources/" + short + ".md.tmpl",
			"docs/data-sources/" + short + ".md",
			"examples/data-sources/" + name + "/data-source.tf",
		} {
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestEveryAttributeIsDescribed also holds docs/ to the schema where the
// generator cannot be built.
func TestEveryAttributeIsDescribed(t *testing.T) {
	describes(t, "docs/resources", resources(t))
	describes(t, "docs/data-sources", dataSources(t))
}

// describes holds the pages in a folder to what the schema says.
func describes(t *testing.T, folder string, all map[string]block) {
	t.Helper()
	for name, one := range all {
		page, err := os.ReadFile(filepath.Join(root, folder, strings.TrimPrefix(name, "ha_")+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for path, description := range one.descriptions("") {
			if description == "" {
				if !strings.HasPrefix(path, "timeouts") {
					t.Errorf("%s: %s has no description", name, path)
				}
				continue
			}
			if !strings.Contains(string(page), strings.TrimSpace(description)) {
				t.Errorf("%s: docs/ does not say of %s: %s", name, path, description)
			}
		}
	}
}

// block is a block or a nested attribute of the schema.
type block struct {
	Attributes map[string]struct {
		Description string `json:"description"`
		NestedType  *block `json:"nested_type"`
	} `json:"attributes"`
}

func (b block) descriptions(prefix string) map[string]string {
	all := map[string]string{}
	for name, attribute := range b.Attributes {
		all[prefix+name] = attribute.Description
		if attribute.NestedType != nil {
			for path, description := range attribute.NestedType.descriptions(prefix + name + ".") {
				all[path] = description
			}
		}
	}
	return all
}

func resources(t *testing.T) map[string]block {
	t.Helper()
	found, _ := documented(t)
	named(t, found, "ha_floating_ip", "ha_galera_cluster", "ha_gluster_volume", "ha_ssh_host_key", "ha_web_arrival", "ha_web_departure", "ha_web_tier")
	return found
}

func dataSources(t *testing.T) map[string]block {
	t.Helper()
	_, found := documented(t)
	named(t, found, "ha_floating_ip", "ha_galera_cluster", "ha_gluster_volume", "ha_web_tier")
	return found
}

// documented returns the schemas of all resources and data sources.
func documented(t *testing.T) (resources, dataSources map[string]block) {
	t.Helper()
	content, err := docstest.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type schemas map[string]struct {
		Block block `json:"block"`
	}
	var document struct {
		Providers map[string]struct {
			Resources   schemas `json:"resource_schemas"`
			DataSources schemas `json:"data_source_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	blocks := func(of schemas) map[string]block {
		found := map[string]block{}
		for name, one := range of {
			found[name] = one.Block
		}
		return found
	}
	provider := document.Providers[docstest.ProviderKey]
	return blocks(provider.Resources), blocks(provider.DataSources)
}

// named wants what was found to have these names and no others.
func named(t *testing.T, found map[string]block, want ...string) {
	t.Helper()
	if names := slices.Sorted(maps.Keys(found)); !slices.Equal(names, want) {
		t.Fatalf("the provider has %v, want %v", names, want)
	}
}
