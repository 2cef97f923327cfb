package archtest

import (
	"fmt"
	"go/ast"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	contract "github.com/terraform-ha/terraform-provider-ha/internal/tier"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier"
)

// input is an input of a module that is handed to resources of the provider. What the
// module accepts and what they accept must be the same: a rule that is stricter or
// laxer in one of the two places is a mistake, unless there is a reason.
type input struct {
	module, variable string
	// patterns are variables of packages of ours, "internal/galera clusterName", all of
	// which a value has to match.
	patterns []string
	// stricter says why the module accepts less.
	stricter string
	// own says why no pattern of ours has the same rule.
	own string
	// nth is which of the patterns of the variable it is, from 0.
	nth int
}

// inputs are all inputs of the modules for tiers that have a pattern, and those of other
// modules that become names here.
var inputs = []input{
	{module: "database-tier", variable: "name", patterns: []string{"internal/galera clusterName", "internal/floatingip namePattern"}},
	{module: "file-tier", variable: "name", patterns: []string{"internal/gluster volumeName"}},
	{module: "web-tier", variable: "name", patterns: []string{"internal/webtier namePattern"}},
	{module: "website", variable: "name", stricter: "it is part of the labels of Linodes, Firewalls and NodeBalancers",
		patterns: []string{"internal/galera clusterName", "internal/floatingip namePattern", "internal/gluster volumeName", "internal/webtier namePattern"}},
	{module: "database-tier", variable: "nodes", patterns: []string{"internal/host nodeKey"}},
	{module: "file-tier", variable: "nodes", patterns: []string{"internal/host nodeKey"}},
	{module: "web-tier", variable: "nodes", patterns: []string{"internal/host nodeKey"}},
	{module: "instances", variable: "nodes", patterns: []string{"internal/host nodeKey"}, stricter: "a key is part of a Linode's label"},
	{module: "database-tier", variable: "floating_ip", own: "the provider parses it as an address with a prefix length"},
	{module: "database-tier", variable: "floating_ip", nth: 1, patterns: []string{"internal/provider/cluster triggerPattern"}},
	{module: "database-tier", variable: "restart_trigger", patterns: []string{"internal/provider/cluster triggerPattern"}},
	{module: "file-tier", variable: "restart_trigger", patterns: []string{"internal/provider/cluster triggerPattern"}},
	{module: "file-tier", variable: "glusterfs_version", patterns: []string{"internal/gluster releasePattern"}},
	{module: "web-tier", variable: "restart_trigger", patterns: []string{"internal/provider/cluster triggerPattern"}},
	{module: "database-tier", variable: "rolling", own: "the provider parses check_url as a URL"},
	{module: "file-tier", variable: "rolling", own: "the provider parses check_url as a URL"},
	{module: "web-tier", variable: "rolling", own: "the provider parses check_url as a URL"},
	{module: "database-tier", variable: "floating_ip_auth_secret", patterns: []string{"internal/floatingip secretPattern"}},
	{module: "database-tier", variable: "engine_version", own: "the provider has patterns for series and releases of MariaDB and releases of Percona, and a list of the others"},
	{module: "website", variable: "floating_ip_auth_secret", patterns: []string{"internal/floatingip secretPattern"}},
	{module: "website", variable: "region", own: "it is Linode's"},
	{module: "website", variable: "vlan_cidr", own: "the provider is given addresses of it"},
	{module: "file-tier", variable: "brick_path", own: "the provider also wants a path in its shortest form, outside the system's own"},
	{module: "web-tier", variable: "document_root", patterns: []string{"internal/webtier pathPattern"}, stricter: "the volume is mounted at the directory above it"},
	{module: "web-tier", variable: "health_path", patterns: []string{"internal/webtier healthPattern"}},
	{module: "wordpress", variable: "url", own: "the provider parses it as a URL"},
	{module: "wordpress", variable: "title", own: "the provider looks for control characters"},
	{module: "wordpress", variable: "admin_user", patterns: []string{"internal/webtier userPattern"}},
	{module: "wordpress", variable: "admin_email", patterns: []string{"internal/webtier emailPattern"}},
	{module: "wordpress", variable: "database_host", patterns: []string{"internal/webtier databaseHost"}},
	{module: "wordpress", variable: "database_name", patterns: []string{"internal/webtier databaseName", "internal/galera identifier"}},
	{module: "wordpress", variable: "database_user", patterns: []string{"internal/webtier databaseUser", "internal/galera userName"}},
	{module: "wordpress", variable: "database_clients", patterns: []string{"internal/galera hostPattern"}},
	{module: "wordpress", variable: "table_prefix", patterns: []string{"internal/webtier prefixPattern"}},
	{module: "wordpress", variable: "source_archive", own: "the provider parses the address as a URL"},
	{module: "wordpress", variable: "writable_directories", patterns: []string{"internal/webtier writablePattern"}},
}

func TestModulesAndProviderAcceptTheSame(t *testing.T) {
	read := readTree(t)
	for _, in := range inputs {
		text := validationOf(t, in.module, in.variable)
		theirs := patternsIn(t, text)
		if len(theirs) <= in.nth {
			t.Errorf("%s has no pattern %d for %s", in.module, in.nth, in.variable)
			continue
		}
		if in.own != "" {
			continue
		}
		var ours []*regexp.Regexp
		for _, name := range in.patterns {
			ours = append(ours, patternOf(t, read, name))
		}
		if fault := compareRules(theirs[in.nth], boundOf(text), ours, in.stricter != ""); fault != "" {
			t.Errorf("variable %s of module %s and %s: %s", in.variable, in.module, strings.Join(in.patterns, ", "), fault)
		}
	}
}

// TestInputsOfTiersAreAllCompared finds patterns that are in no list.
func TestInputsOfTiersAreAllCompared(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^variable "([^"]+)"`)
	for _, module := range []string{"database-tier", "file-tier", "web-tier", "wordpress", "website"} {
		for _, match := range declared.FindAllStringSubmatch(variablesOf(t, module), -1) {
			known := slices.ContainsFunc(inputs, func(in input) bool { return in.module == module && in.variable == match[1] })
			if !known && len(patternsIn(t, validationOf(t, module, match[1]))) > 0 {
				t.Errorf("nothing compares variable %s of module %s with the provider: name it in inputs", match[1], module)
			}
		}
	}
}

// TestDifferentRulesAreFound is the positive control of the tests above.
func TestDifferentRulesAreFound(t *testing.T) {
	rule := func(patterns ...string) []*regexp.Regexp {
		var all []*regexp.Regexp
		for _, pattern := range patterns {
			all = append(all, regexp.MustCompile(pattern))
		}
		return all
	}
	for _, test := range []struct {
		module   string
		bound    int
		provider []*regexp.Regexp
		stricter bool
		same     bool
	}{
		{"^[a-z]{1,32}$", 100, rule("^[a-z]{1,32}$"), false, true},
		{"^[a-z]{1,31}$", 100, rule("^[a-z]{1,32}$"), false, false},
		{"^[a-z]{1,31}$", 100, rule("^[a-z]{1,32}$"), true, true},
		{"^[a-z]+$", 32, rule("^[a-z]{1,32}$"), false, true},
		{"^[a-z]+$", 33, rule("^[a-z]{1,32}$"), false, false},
		{"^[a-z_]{1,31}$", 100, rule("^[a-z]{1,32}$"), true, false},
		{"^[a-z]{1,32}$", 100, rule("^[a-z.]{1,40}$", "^[a-z_]{1,32}$"), false, true},
		{"^[a-z.]{1,32}$", 100, rule("^[a-z.]{1,40}$", "^[a-z_]{1,32}$"), false, false},
	} {
		if fault := compareRules(regexp.MustCompile(test.module), test.bound, test.provider, test.stricter); (fault == "") != test.same {
			t.Errorf("%s and %v: %q", test.module, test.provider, fault)
		}
	}
}

// compareRules returns a value that only one of a module and the provider accepts; empty
// if none is found. The module's values are bounded as well.
func compareRules(module *regexp.Regexp, bound int, provider []*regexp.Regexp, stricter bool) string {
	if len(provider) == 1 && provider[0].String() == module.String() {
		return ""
	}
	for _, value := range samples() {
		refused := slices.ContainsFunc(provider, func(p *regexp.Regexp) bool { return !p.MatchString(value) })
		switch accepted := module.MatchString(value) && len(value) <= bound; {
		case accepted && refused:
			return fmt.Sprintf("the module accepts %q, and the provider does not", value)
		case !accepted && !refused && !stricter:
			return fmt.Sprintf("the module refuses %q, and the provider does not", value)
		}
	}
	return ""
}

// samples are values of all lengths that rules know, with each kind of character
// anywhere.
func samples() []string {
	kinds := strings.Split("a Z 0 _ - . $ @ / : % # é ~", " ")
	all := []string{""}
	for _, one := range kinds {
		all = append(all, one)
		for _, two := range kinds {
			all = append(all, one+two)
			for _, three := range kinds {
				all = append(all, one+two+three)
			}
		}
	}
	for length := 1; length <= 300; length++ {
		long := strings.Repeat("a", length)
		all = append(all, long, "_"+long[1:], "0"+long[1:], long[1:]+"-", long[1:]+".", long[1:]+"_", strings.Repeat("a.", length/2)+"a")
	}
	for _, whole := range []string{"/srv/www/shop", "wp-content/cache/x", "ops@example.org", "db.example.org:3306", "10.0.0.0/24", "s3cret", "%.example.org"} {
		all = append(all, whole)
		for at := range whole {
			for _, kind := range kinds {
				all = append(all, whole[:at]+kind+whole[at:], whole[:at]+kind+whole[at+1:])
			}
			all = append(all, whole[:at]+whole[at+1:])
		}
	}
	return all
}

func variablesOf(t *testing.T, module string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "modules", module, "variables.tf"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// validationOf returns the text of a variable.
func validationOf(t *testing.T, module, variable string) string {
	t.Helper()
	_, after, found := strings.Cut(variablesOf(t, module), "variable \""+variable+"\" {\n")
	if !found {
		t.Fatalf("module %s has no variable %s", module, variable)
	}
	text, _, _ := strings.Cut(after, "\n}\n")
	return text
}

var lengthCall = regexp.MustCompile(`length\((?:var\.name|key)\) <= ([0-9]+)`)

// boundOf returns the longest value that a variable's validation accepts.
func boundOf(text string) int {
	if call := lengthCall.FindStringSubmatch(text); call != nil {
		if bound, err := strconv.Atoi(call[1]); err == nil {
			return bound
		}
	}
	return math.MaxInt
}

var regexCall = regexp.MustCompile(`regex\(("(?:[^"\\]|\\.)*"),`)

func patternsIn(t *testing.T, text string) []*regexp.Regexp {
	t.Helper()
	var all []*regexp.Regexp
	for _, call := range regexCall.FindAllStringSubmatch(text, -1) {
		pattern, err := strconv.Unquote(call[1])
		if err != nil {
			t.Fatalf("%s: %v", call[1], err)
		}
		all = append(all, regexp.MustCompile(pattern))
	}
	return all
}

// patternOf returns the pattern that a variable of a package is set to.
func patternOf(t *testing.T, read tree, name string) *regexp.Regexp {
	t.Helper()
	in, variable, _ := strings.Cut(name, " ")
	for _, f := range read.files {
		if f.test || f.in.path() != in {
			continue
		}
		for _, spec := range variables(f.ast) {
			if i := slices.IndexFunc(spec.Names, func(n *ast.Ident) bool { return n.Name == variable }); i >= 0 && i < len(spec.Values) {
				if call, ok := spec.Values[i].(*ast.CallExpr); ok && len(call.Args) == 1 {
					if pattern, literal := beginning(call.Args[0]); literal {
						return regexp.MustCompile(pattern)
					}
				}
			}
		}
	}
	t.Fatalf("there is no pattern %s", name)
	return nil
}

// TestModulesKnowTheSameWords compares lists of words.
func TestModulesKnowTheSameWords(t *testing.T) {
	maintenance := []string{string(contract.Drained), string(contract.Stopped)}
	updates := []string{string(host.UpdatesSecurity), string(host.UpdatesAll)}
	reboot := []string{contract.RebootIfRequired, contract.RebootNever}
	for _, list := range []struct {
		module, variable string
		words            []string
	}{
		{"database-tier", "nodes[].maintenance", maintenance},
		{"file-tier", "nodes[].maintenance", maintenance},
		{"web-tier", "nodes[].maintenance", maintenance},
		{"database-tier", "os.updates", updates},
		{"database-tier", "os.reboot", reboot},
		{"file-tier", "os.updates", updates},
		{"file-tier", "os.reboot", reboot},
		{"web-tier", "os.updates", updates},
		{"web-tier", "os.reboot", reboot},
		{"website", "files.nodes[].maintenance", maintenance},
		{"website", "databases.nodes[].maintenance", maintenance},
		{"website", "web.nodes[].maintenance", maintenance},
		{"database-tier", "firewall", []string{host.FirewallManaged, host.FirewallNone}},
		{"file-tier", "firewall", []string{host.FirewallManaged, host.FirewallNone}},
		{"file-tier", "profile", []string{gluster.ProfileWeb, gluster.ProfileNone}},
		{"website", "files.profile", []string{gluster.ProfileWeb, gluster.ProfileNone}},
		{"web-tier", "sessions", []string{webtier.SessionsLocal, webtier.SessionsShared}},
		{"wordpress", "updates", []string{webtier.UpdatesMinor, webtier.UpdatesNone}},
		{"wordpress", "program_files", []string{webtier.ProgramFilesWritable, webtier.ProgramFilesReadOnly}},
	} {
		where := "var." + list.variable
		if _, attribute, each := strings.Cut(where, "[]"); each {
			where = "node" + attribute
		}
		want := fmt.Sprintf(`contains(["%s"], %s)`, strings.Join(list.words, `", "`), where)
		variable := strings.FieldsFunc(list.variable, func(r rune) bool { return r == '.' || r == '[' })[0]
		if !strings.Contains(validationOf(t, list.module, variable), want) {
			t.Errorf("variable %s of module %s is not checked by %s", list.variable, list.module, want)
		}
	}
}
