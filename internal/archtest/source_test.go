package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestNamesSayWhatAPackageIs(t *testing.T) {
	for _, p := range readTree(t).packages {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "types", "models"}, path.Base(p.path())) {
			t.Errorf("%s: the name says nothing about what is in it", p.path())
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	read := readTree(t)
	for _, p := range read.packages {
		described := slices.ContainsFunc(read.files, func(f file) bool {
			return f.in.ImportPath == p.ImportPath && !f.test && f.ast.Doc != nil && (p.Name == "main" || path.Base(f.name) == "doc.go")
		})
		if !described {
			t.Errorf("%s has no package comment in doc.go", p.path())
		}
	}
}

// waits are the places where sleeping is the purpose and not a way of waiting.
var waits = map[string]string{
	"internal/lab/machine/relay.go": "it delays traffic",
}

func TestNothingSleeps(t *testing.T) {
	read := readTree(t)
	for _, f := range read.files {
		// In a bubble of testing/synctest a sleep moves the bubble's clock and takes
		// no time.
		if waits[f.name] != "" || f.test && imports(f, "testing/synctest") {
			continue
		}
		calls(f, func(name string, at token.Pos) {
			if name == "time.Sleep" {
				t.Errorf("%s: poll for a condition, with a context and a reason", read.fset.Position(at))
			}
		})
	}
}

func TestContextsComeFromAbove(t *testing.T) {
	read := readTree(t)
	for _, f := range read.files {
		if f.test || f.in.Name == "main" || f.in.harness() {
			continue
		}
		calls(f, func(name string, at token.Pos) {
			if name == "context.Background" || name == "context.TODO" {
				t.Errorf("%s: %s outside main and tests", read.fset.Position(at), name)
			}
		})
	}
}

func TestNothingRunsBeforeMain(t *testing.T) {
	read := readTree(t)
	for _, f := range read.files {
		for _, declaration := range f.ast.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if ok && function.Recv == nil && function.Name.Name == "init" {
				t.Errorf("%s: init runs whether it is wanted or not", read.fset.Position(function.Pos()))
			}
		}
	}
}

// Files are read in one sitting. A table of cases may be longer than code.
const (
	longest     = 500
	longestTest = 600
	long        = 400
)

func TestFilesAreShort(t *testing.T) {
	for _, f := range readTree(t).files {
		limit := longest
		if f.test {
			limit = longestTest
		}
		switch {
		case f.lines > limit:
			t.Errorf("%s has %d lines, more than %d", f.name, f.lines, limit)
		case f.lines > long:
			t.Logf("%s has %d lines: is it still one thing?", f.name, f.lines)
		}
	}
}

func TestMarkersOfUnfinishedWorkNameAnIssue(t *testing.T) {
	read := readTree(t)
	for _, f := range read.files {
		for _, group := range f.ast.Comments {
			text := group.Text()
			for _, word := range []string{"TODO", "FIXME", "XXX"} {
				if strings.Contains(text, word) && !strings.Contains(text, "#") {
					t.Errorf("%s: %s without the number of an issue", read.fset.Position(group.Pos()), word)
				}
			}
		}
	}
}
