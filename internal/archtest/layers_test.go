package archtest

import (
	"slices"
	"strings"
	"testing"
)

// layer is what a package may import, besides the standard library.
type layer struct {
	// ours are packages of this module.
	ours []string
	// others are prefixes of packages of other modules.
	others []string
}

var tier = layer{ours: []string{"internal/shell", "internal/host", "internal/reconcile", "internal/disk", "internal/tier"}}

// layers is the architecture, from the ground up. A package that is not in it has
// no place yet: give it one, with the least that it needs.
var layers = map[string]layer{
	"internal/shell":     {},
	"internal/reconcile": {},
	"internal/ssh":       {ours: []string{"internal/shell"}, others: []string{"golang.org/x/crypto/"}},
	"internal/host":      {ours: []string{"internal/shell", "internal/reconcile"}},
	"internal/disk":      {ours: []string{"internal/shell", "internal/host", "internal/reconcile"}},
	"internal/tier":      {ours: []string{"internal/shell", "internal/host", "internal/reconcile"}},
	"internal/linode":    {others: []string{"github.com/linode/linodego", "github.com/hashicorp/go-retryablehttp"}},

	"internal/gluster":    tier,
	"internal/galera":     tier,
	"internal/floatingip": tier,
	"internal/webtier":    tier,

	// The generic resource knows no tier; the models beside the schemas do.
	"internal/provider/cluster": {
		ours:   []string{"internal/host", "internal/ssh", "internal/reconcile", "internal/linode", "internal/tier"},
		others: []string{"github.com/hashicorp/terraform-plugin-"},
	},
	"internal/provider": {
		ours: []string{
			"internal/provider/cluster", "internal/host", "internal/ssh", "internal/linode", "internal/tier",
			"internal/gluster", "internal/galera", "internal/floatingip", "internal/webtier",
		},
		others: []string{"github.com/hashicorp/terraform-plugin-"},
	},
	// The benchmark is tests alone.
	"internal/bench": {},
	".":              {ours: []string{"internal/provider"}, others: []string{"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"}},
}

// harness is for doubles and harnesses, which are part of no program that a user
// runs: any package of ours, and what they stand in for.
var harness = layer{others: []string{
	"golang.org/x/crypto/", "github.com/hashicorp/terraform-plugin-", "github.com/google/go-cmp/", "github.com/hashicorp/hcl/",
}}

// lab is a program of its own. It speaks to machines from outside and builds
// nothing with the tiers, so that it can prove them.
var lab = layer{
	ours: []string{"internal/lab", "internal/ssh", "internal/shell", "internal/host"},
	others: []string{
		"github.com/getkin/kin-openapi/", "github.com/linode/linodego", "golang.org/x/",
		"github.com/hashicorp/terraform-plugin-go/", "github.com/hashicorp/go-retryablehttp", "github.com/mattn/go-isatty",
		"github.com/hashicorp/go-version",
	},
}

func layerOf(p listed) (layer, bool) {
	switch path := p.path(); {
	case within(path, "internal/lab"):
		return lab, true
	case p.harness():
		return harness, true
	default:
		found, ok := layers[path]
		return found, ok
	}
}

func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestLayers(t *testing.T) {
	for _, p := range readTree(t).packages {
		allowed, found := layerOf(p)
		if !found {
			t.Errorf("package %s is in no layer: name it in layers", p.path())
			continue
		}
		for _, imported := range p.Imports {
			if why := allowed.refuses(p, imported); why != "" {
				t.Errorf("%s must not import %s: %s", p.path(), imported, why)
			}
		}
	}
}

func (l layer) refuses(p listed, imported string) string {
	ours, isOurs := strings.CutPrefix(imported, module+"/")
	switch {
	case isOurs && slices.ContainsFunc(l.ours, func(root string) bool { return ours == root || root == "internal/lab" && within(ours, root) }):
		return ""
	case isOurs && p.harness():
		return ""
	case isOurs && strings.HasPrefix(p.path(), ours+"/"):
		return "" // a command or a double, and the package above it
	case isOurs:
		return "that package is not below it"
	case !strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
		return "" // the standard library
	case slices.ContainsFunc(l.others, func(prefix string) bool { return strings.HasPrefix(imported, prefix) }):
		return ""
	}
	return "that module belongs to another layer"
}

// TestLayersRefuse is the positive control of TestLayers.
func TestLayersRefuse(t *testing.T) {
	for _, one := range []struct{ from, to string }{
		{"internal/host", module + "/internal/ssh"},
		{"internal/galera", module + "/internal/floatingip"},
		{"internal/reconcile", module + "/internal/host"},
		{"internal/webtier", "github.com/hashicorp/terraform-plugin-framework/types"},
		{"internal/provider", "golang.org/x/crypto/ssh"},
		{"internal/provider/cluster", module + "/internal/galera"},
		{"internal/provider", module + "/internal/lab/machine"},
		{"internal/lab/machine", module + "/internal/galera"},
		{"internal/provider", module + "/internal/ssh/sshtest"},
	} {
		p := listed{ImportPath: module + "/" + one.from}
		allowed, found := layerOf(p)
		if !found {
			t.Fatalf("%s is in no layer", one.from)
		}
		if allowed.refuses(p, one.to) == "" {
			t.Errorf("%s may import %s", one.from, one.to)
		}
	}
}

// TestOnlyTestsImportTestPackages also keeps the lab out of what users run.
func TestOnlyTestsImportTestPackages(t *testing.T) {
	for _, p := range readTree(t).packages {
		if p.harness() || within(p.path(), "internal/lab") {
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && (strings.HasSuffix(ours, "test") || within(ours, "internal/lab")) {
				t.Errorf("%s imports %s, which is for tests", p.path(), ours)
			}
		}
	}
}

// TestTheProviderRunsNoProgram holds because a runner of HCP Terraform has none.
func TestTheProviderRunsNoProgram(t *testing.T) {
	for _, p := range readTree(t).packages {
		if p.harness() || within(p.path(), "internal/lab") {
			continue
		}
		if slices.Contains(p.Imports, "os/exec") {
			t.Errorf("%s imports os/exec", p.path())
		}
	}
}
