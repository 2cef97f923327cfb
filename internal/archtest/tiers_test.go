package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tiers are the packages that implement the contract of internal/tier.
var tiers = []string{"internal/galera", "internal/gluster", "internal/floatingip", "internal/webtier"}

// inEveryTier are the files that have the same name in every tier: what a tier is, what
// it wants, what it sees, how it ends, and the concerns that all of them have.
var inEveryTier = []string{
	"doc.go", "tier.go", "spec.go", "validate.go", "status.go",
	"identity.go", "packages.go", "config.go", "units.go", "roll.go",
	"remove.go", "verify.go",
}

// ofSimulator are the files of simulators that stand for no file of their tier: what
// machines do together, or have without a tier.
var ofSimulator = []string{
	"internal/galera/galeratest/cluster.go",
	"internal/galera/galeratest/engine.go",
	"internal/gluster/glustertest/majority.go",
	"internal/floatingip/floatingiptest/addresses.go",
}

// mechanisms are names that say how a file works and not what it is about: one concern
// would be spread over all of them.
var mechanisms = []string{
	"diff", "steps", "parse", "observe", "render", "refuse", "compare", "plan", "read", "ask", "apply", "run", "script", "scripts",
	"convert", "model", "handlers", "sqlsteps",
}

// concernOfTier is an entry of the list in a tier.go.
type concernOfTier struct {
	name string
	// functions are what it asks, reads, refuses and plans with.
	functions []string
}

func TestTiersHaveTheSameFiles(t *testing.T) {
	read := readTree(t)
	for _, tier := range tiers {
		files := filesOf(read, tier, false)
		for _, name := range inEveryTier {
			if files[name] == nil {
				t.Errorf("%s has no %s", tier, name)
			}
		}
		simulator := tier + "/" + path.Base(tier) + "test"
		simulated := filesOf(read, simulator, false)
		// The number only says that they are still found.
		if len(simulated) < 5 {
			t.Errorf("%s has no simulator with a file for each concern, %s", tier, simulator)
		}
		for name := range simulated {
			if files[name] == nil && !slices.Contains(ofSimulator, simulator+"/"+name) {
				t.Errorf("%s/%s simulates what no file of the tier is about", simulator, name)
			}
		}
	}
}

func TestNoFileIsNamedByItsMechanism(t *testing.T) {
	for _, f := range readTree(t).files {
		if slices.ContainsFunc(tiers, func(tier string) bool { return within(f.in.path(), tier) }) {
			if word := mechanismIn(path.Base(f.name)); word != "" {
				t.Errorf("%s: %q says how it works and not what it is about", f.name, word)
			}
		}
	}
	// The positive control.
	for name, want := range map[string]string{"diff.go": "diff", "observe_test.go": "observe", "wordpress_steps.go": "steps", "roll.go": "", "wordpress_update.go": ""} {
		if got := mechanismIn(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// mechanismIn returns the word of a file's name that says how it works.
func mechanismIn(name string) string {
	for word := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test"), "_") {
		if slices.Contains(mechanisms, word) {
			return word
		}
	}
	return ""
}

// TestEveryConcernIsWholeInOneFile reads the lists of concerns. Each is a file with
// everything that the list names of it, and has a test of its own.
func TestEveryConcernIsWholeInOneFile(t *testing.T) {
	read := readTree(t)
	for _, tier := range tiers {
		files, tests := filesOf(read, tier, false), filesOf(read, tier, true)
		if files["tier.go"] == nil {
			continue // said above
		}
		concerns := concernsIn(files["tier.go"])
		// The number only says that they are still found.
		if len(concerns) < 10 {
			t.Errorf("%s/tier.go lists %d concerns", tier, len(concerns))
		}
		for _, concern := range concerns {
			own := files[concern.name+".go"]
			if own == nil {
				t.Errorf("%s: concern %s has no %s.go", tier, concern.name, concern.name)
				continue
			}
			for _, function := range concern.functions {
				if !declares(own, function) {
					t.Errorf("%s: %s of concern %s is not in %s.go", tier, function, concern.name, concern.name)
				}
			}
			if test := tests[concern.name+"_test.go"]; test == nil || !hasTest(test) {
				t.Errorf("%s: concern %s has no test in %s_test.go", tier, concern.name, concern.name)
			}
		}
	}
}

// TestConcernsAreFound is the positive control of the test above.
func TestConcernsAreFound(t *testing.T) {
	const source = `package p
func concerns() []concern {
	return []concern{
		{Name: "identity", Ask: askIdentity, Plan: onEach(planMarker)},
		{Name: "heal", Read: readHeal},
	}
}
func askIdentity() {}
`
	file := parseText(t, source)
	var got []string
	for _, concern := range concernsIn(file) {
		got = append(got, concern.name+": "+strings.Join(concern.functions, " "))
	}
	if want := []string{"identity: askIdentity planMarker", "heal: readHeal"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if !declares(file, "askIdentity") || declares(file, "readHeal") {
		t.Error("what a file declares is not told apart")
	}
}

// TestEveryTierMeetsAFaultAtEveryStep holds for the tests that let one command after the
// other fail, whatever concern sends it.
func TestEveryTierMeetsAFaultAtEveryStep(t *testing.T) {
	read := readTree(t)
	for _, tier := range tiers {
		found := false
		for _, f := range read.files {
			if f.test && f.in.path() == tier {
				calls(f, func(name string, _ token.Pos) { found = found || name == "hosttest.EveryFault" })
			}
		}
		if !found {
			t.Errorf("no test of %s lets every command fail, with hosttest.EveryFault", tier)
		}
	}
}

// filesOf are the files of a package by name, those of its tests or the others.
func filesOf(read tree, in string, tests bool) map[string]*ast.File {
	files := map[string]*ast.File{}
	for _, f := range read.files {
		if f.in.path() == in && f.test == tests {
			files[path.Base(f.name)] = f.ast
		}
	}
	return files
}

// concernsIn returns the concerns that the function of that name lists.
func concernsIn(file *ast.File) []concernOfTier {
	var found []concernOfTier
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Name.Name != "concerns" || function.Body == nil {
			continue
		}
		ast.Inspect(function.Body, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || literal.Type != nil {
				return true
			}
			found = append(found, concernIn(literal))
			return false
		})
	}
	return found
}

func concernIn(literal *ast.CompositeLit) concernOfTier {
	var one concernOfTier
	for _, element := range literal.Elts {
		field, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if text, ok := field.Value.(*ast.BasicLit); ok {
			one.name, _ = strconv.Unquote(text.Value)
			continue
		}
		value := field.Value
		// What a tier wraps functions in, as to call them for each node, is the tier's.
		if call, ok := value.(*ast.CallExpr); ok && len(call.Args) == 1 {
			value = call.Args[0]
		}
		if name, ok := value.(*ast.Ident); ok {
			one.functions = append(one.functions, name.Name)
		}
	}
	return one
}

func declares(file *ast.File, name string) bool {
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		function, ok := d.(*ast.FuncDecl)
		return ok && function.Name.Name == name && function.Recv == nil
	})
}

func hasTest(file *ast.File) bool {
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		function, ok := d.(*ast.FuncDecl)
		return ok && strings.HasPrefix(function.Name.Name, "Test")
	})
}

func parseText(t *testing.T, source string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
