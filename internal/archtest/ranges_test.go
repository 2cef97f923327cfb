package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// bounds are the least and the greatest number that are accepted, as they are written;
// empty where there is no bound.
type bounds struct{ least, most string }

// ranges are the numbers that a module bounds, by module and variable, with the resource
// or the file of the schema, and the attribute, that have the same bounds.
var ranges = map[[2]string][2]string{
	{"database-tier", "floating_ip.router_id"}: {"floating_ip", "router_id"},
	{"file-tier", "replica"}:                   {"gluster_volume", "replica"},
	{"file-tier", "disperse"}:                  {"gluster_volume", "disperse"},
	{"file-tier", "redundancy"}:                {"gluster_volume", "redundancy"},
	{"file-tier", "ping_timeout_seconds"}:      {"gluster_volume", "ping_timeout_seconds"},
	{"database-tier", "recovery.attempt"}:      {"galera_cluster", "attempt"},
	{"database-tier", "rolling.bake_seconds"}:  {"cluster/rolling.go", "bake_seconds"},
	{"database-tier", "rolling.stop_after"}:    {"cluster/rolling.go", "stop_after"},
	{"file-tier", "rolling.bake_seconds"}:      {"cluster/rolling.go", "bake_seconds"},
	{"file-tier", "rolling.stop_after"}:        {"cluster/rolling.go", "stop_after"},
	{"web-tier", "rolling.bake_seconds"}:       {"cluster/rolling.go", "bake_seconds"},
	{"web-tier", "rolling.stop_after"}:         {"cluster/rolling.go", "stop_after"},
	{"file-tier", "split_brain.attempt"}:       {"gluster_volume", "attempt"},
	{"web-tier", "port"}:                       {"web_tier", "port"},
	{"web-tier", "drain_seconds"}:              {"web_tier", "drain_seconds"},
	// It becomes two settings of PHP, which have no bounds of ours.
	{"wordpress", "upload_limit_megabytes"}: {},
}

// TestModulesAndProviderAcceptTheSameNumbers compares the bounds that modules set with
// those of the attributes that the numbers are given to. A module may leave them to the
// provider.
func TestModulesAndProviderAcceptTheSameNumbers(t *testing.T) {
	found := map[[2]string]bool{}
	for _, module := range []string{"database-tier", "file-tier", "web-tier", "wordpress", "website"} {
		for variable, theirs := range boundsInModule(variablesOf(t, module)) {
			at := [2]string{module, variable}
			found[at] = true
			attribute, listed := ranges[at]
			switch {
			case !listed:
				t.Errorf("nothing compares the bounds of variable %s of module %s with the provider: name it in ranges", variable, module)
			case attribute[0] == "":
			default:
				if ours := boundsInSchema(t, attribute[0], attribute[1]); ours != theirs {
					t.Errorf("variable %s of module %s is bounded by %q, and %s of ha_%s by %q", variable, module, theirs, attribute[1], attribute[0], ours)
				}
			}
		}
	}
	for at := range ranges {
		if !found[at] {
			t.Errorf("module %s has no bounds for variable %s", at[0], at[1])
		}
	}
}

var comparison = regexp.MustCompile(`\bvar\.([a-z_.]+) (>=|<=|>|<) ([0-9]+)`)

// boundsInModule returns the bounds of the numbers that conditions compare, by variable.
func boundsInModule(text string) map[string]bounds {
	all := map[string]bounds{}
	for _, match := range comparison.FindAllStringSubmatch(text, -1) {
		has := all[match[1]]
		switch match[2] {
		case ">=":
			has.least = match[3]
		case "<=":
			has.most = match[3]
		default:
			has.least, has.most = match[0], match[0]
		}
		all[match[1]] = has
	}
	return all
}

var (
	rangeCall     = regexp.MustCompile(`\b(Between|AtLeast)\(([0-9]+)(?:, ([0-9]+))?\)`)
	nextAttribute = regexp.MustCompile(`"[a-z_]+": +(schema|cluster)\.`)
)

// boundsInSchema returns the bounds of an attribute of a resource, or of one that a file
// declares for all resources.
func boundsInSchema(t *testing.T, resource, attribute string) bounds {
	t.Helper()
	file := resource
	if !strings.HasSuffix(file, ".go") {
		file += "_schema.go"
	}
	text, err := os.ReadFile(filepath.Join("..", "provider", file))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), `"`+attribute+`": schema.Int64Attribute{`)
	if !found {
		t.Fatalf("ha_%s has no number %s", resource, attribute)
	}
	if next := nextAttribute.FindStringIndex(after); next != nil {
		after = after[:next[0]]
	}
	call := rangeCall.FindStringSubmatch(after)
	if call == nil {
		return bounds{}
	}
	return bounds{least: call[2], most: call[3]}
}

// TestBoundsAreFound is the positive control of the test above.
func TestBoundsAreFound(t *testing.T) {
	text := "var.a == null ? true : var.a >= 3 && floor(var.a) == var.a\nvar.b.c >= 1 && var.b.c <= 60\nlength(var.d) >= 3\nvar.e < 7"
	got := boundsInModule(text)
	if got["a"] != (bounds{"3", ""}) || got["b.c"] != (bounds{"1", "60"}) || got["e"].most == "7" || len(got) != 3 {
		t.Errorf("found %q", got)
	}
	if got := boundsInSchema(t, "web_tier", "drain_seconds"); got != (bounds{"0", "3600"}) {
		t.Errorf("the range of a drain is %q", got)
	}
	if got := boundsInSchema(t, "cluster/rolling.go", "bake_seconds"); got != (bounds{"1", "86400"}) {
		t.Errorf("the range of a pause is %q", got)
	}
}
