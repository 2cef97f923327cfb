package archtest

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell/shelltest"
)

// script is a file of shell in the folder scripts of a package.
type script struct {
	// in is the package's path below the module, and name that of the file without
	// its ending.
	in, name string
	text     string
	// whole says that it is a command or a program, and not a piece of commands.
	whole bool
}

func (s script) String() string { return s.in + "/scripts/" + s.name + ".sh" }

// program reports whether it is a file that is put on machines as it is.
func (s script) program() bool { return strings.HasPrefix(s.text, "#!") }

// included finds the pieces that a script includes.
var included = regexp.MustCompile(`(?m)^[ \t]*\. \./([a-z0-9-]+)\.sh$`)

func readScripts(t *testing.T) []script {
	t.Helper()
	names, err := filepath.Glob("../*/scripts/*.sh")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %d scripts, %v", len(names), err)
	}
	var all []script
	pieces := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := script{
			in:   path.Join("internal", filepath.Base(filepath.Dir(filepath.Dir(name)))),
			name: strings.TrimSuffix(filepath.Base(name), ".sh"), text: string(text),
		}
		all = append(all, found)
		for _, piece := range included.FindAllStringSubmatch(found.text, -1) {
			pieces[found.in+" "+piece[1]] = true
		}
	}
	for i, s := range all {
		all[i].whole = !pieces[s.in+" "+s.name]
	}
	return all
}

// TestScriptsHaveTheirForm holds for how a script begins, and for what
// [shell.Assemble] says of it.
func TestScriptsHaveTheirForm(t *testing.T) {
	for _, s := range readScripts(t) {
		if fault := s.fault(); fault != "" {
			t.Errorf("%s %s", s, fault)
		}
	}
}

// label is the first line of a command.
var label = regexp.MustCompile(`^: ([a-z0-9-]+)\n`)

func (s script) fault() string {
	begins := label.FindStringSubmatch(s.text)
	switch {
	case !strings.HasSuffix(s.text, "\n"):
		return "does not end with a line"
	case s.program():
		return ""
	case strings.Contains(s.text, "<<"):
		return "has a here-document, of which lines that look like comments would be lost"
	case !s.whole && begins != nil:
		return "is included by another script and has a label of its own"
	case s.whole && begins == nil:
		return "does not begin with its label, as in \": galera-wipe\", and nothing includes it"
	case s.whole && begins[1] != s.name && !strings.HasSuffix(begins[1], "-"+s.name):
		return fmt.Sprintf("has the label %s, which does not end with the name of its file", begins[1])
	}
	return ""
}

// TestFaultsOfScriptsAreFound is the positive control of the test above.
func TestFaultsOfScriptsAreFound(t *testing.T) {
	for _, s := range []script{
		{name: "wipe", whole: true, text: "rm x\n"},
		{name: "wipe", whole: true, text: ": galera-swipe\n"},
		{name: "wipe", text: ": galera-wipe\n"},
		{name: "wipe", whole: true, text: ": galera-wipe\ncat <<END\nEND\n"},
		{name: "wipe", whole: true, text: ": galera-wipe"},
	} {
		if s.fault() == "" {
			t.Errorf("nothing was found in %q", s.text)
		}
	}
	for _, s := range []script{
		{name: "wipe", whole: true, text: ": galera-wipe\nrm x\n"},
		{name: "wipe", whole: true, text: ": wipe\n"},
		{name: "wipe", whole: true, text: "#!/bin/sh\n"},
		{name: "words", text: "# words are words.\nwords() { :; }\n"},
	} {
		if fault := s.fault(); fault != "" {
			t.Errorf("%q: %s", s.text, fault)
		}
	}
}

// TestScriptsAreShell has a shell read every script as a machine is sent it, and
// shellcheck every file, where it is installed. Pieces are read with what includes them.
func TestScriptsAreShell(t *testing.T) {
	var files []string
	for _, s := range readScripts(t) {
		if s.whole {
			files = append(files, filepath.Join("..", "..", filepath.FromSlash(s.String())))
		}
		text := s.text
		if !s.program() {
			assembled, err := shell.Assemble(os.DirFS(filepath.Join("..", "..", s.in)), s.name)
			if err != nil {
				t.Errorf("%s: %v", s, err)
				continue
			}
			text = assembled
		}
		if err := shelltest.Parse(t.Context(), text); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if err := shelltest.LintFiles(t.Context(), files...); err != nil {
		t.Error(err)
	}
}

// TestScriptsAreUsed finds files that nothing embeds by name.
func TestScriptsAreUsed(t *testing.T) {
	read := readTree(t)
	for _, s := range readScripts(t) {
		used := !s.whole || slices.ContainsFunc(read.files, func(f file) bool {
			return !f.test && f.in.path() == s.in && names(f.ast, s.name)
		})
		if !used {
			t.Errorf("no Go file of %s names %s", s.in, s)
		}
	}
}

// textInGo is a script that is not a file.
var textInGo = regexp.MustCompile("^[`\"]: [a-z][a-z0-9-]*(\n|\\\\n)")

// TestScriptsAreFiles keeps shell out of Go, where nothing checks it. Tests and
// simulators may have what they like.
func TestScriptsAreFiles(t *testing.T) {
	read := readTree(t)
	for _, f := range read.files {
		if f.test || f.in.harness() || within(f.in.path(), "internal/lab") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && textInGo.MatchString(literal.Value) && literal.Value != `": batch\n"` {
				t.Errorf("%s: a script is a file of its package's folder scripts", read.fset.Position(literal.Pos()))
			}
			return true
		})
	}
	for text, found := range map[string]bool{"`: wipe\nrm x`": true, `": wipe\nrm x"`: true, "`: no script`": false, `"x: y\n"`: false} {
		if textInGo.MatchString(text) != found {
			t.Errorf("%s: found is not %t", text, found)
		}
	}
}

// names reports whether a file has a text that is the name of a script, or embeds it.
func names(f *ast.File, name string) bool {
	found := false
	for _, group := range f.Comments {
		for _, comment := range group.List {
			found = found || comment.Text == "//go:embed scripts/"+name+".sh"
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && (literal.Value == strconv.Quote(name) || literal.Value == strconv.Quote("scripts/"+name+".sh")) {
			found = true
		}
		return !found
	})
	return found
}
