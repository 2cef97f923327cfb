package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// belowDocumentRoot finds shell of root's that names what lies below the document
// root of a site: there the site's own user can have put a link to any file of the
// machine. Shell that runs as that user is given the document root as "$1".
var belowDocumentRoot = regexp.MustCompile(`\$\{?root\}?"?/|cd "?\$\{?root\}?"?(\s|;|&|\||$)`)

// unprivileged is a unit that runs as one of the two users of a site.
var unprivileged = regexp.MustCompile(`\nUser=(www-data|\{\{\.ProgramUser\}\})\n`)

// patternOfFind is compared with names and opens nothing.
var patternOfFind = regexp.MustCompile(`-path "\$root/[^"]*"`)

// TestRootStaysOutOfTheDocumentRoot holds for the scripts of the web tier, for paths
// that are made in Go, and for the files that its templates put on machines.
func TestRootStaysOutOfTheDocumentRoot(t *testing.T) {
	read := readTree(t)
	scripts := 0
	for _, f := range read.files {
		if f.in.path() != "internal/webtier" || f.test {
			continue
		}
		for _, at := range rootsReach(f.ast) {
			t.Errorf("%s: root must not touch what lies below the document root; let the site's own user do it, with as_site", read.fset.Position(at))
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && strings.Contains(literal.Value, ": web-") {
				scripts++
			}
			return true
		})
	}
	for _, sh := range readScripts(t) {
		if sh.in != "internal/webtier" {
			continue
		}
		scripts++
		for number, line := range strings.Split(sh.text, "\n") {
			if code := strings.TrimSpace(line); !strings.HasPrefix(code, "#") && reachesBelow(code) {
				t.Errorf("%s:%d: root must not touch what lies below the document root; let the site's own user do it, with as_site", sh, number+1)
			}
		}
	}
	if scripts < 15 {
		t.Errorf("only %d scripts of the web tier were found", scripts)
	}
	templates, err := filepath.Glob("../webtier/templates/*.tmpl")
	if err != nil || len(templates) < 10 {
		t.Fatalf("found %d templates, %v", len(templates), err)
	}
	for _, name := range templates {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "{{.DocumentRoot}}/") && !unprivileged.Match(text) {
			t.Errorf("%s names what lies below the document root and runs neither as the site's own user nor as the owner of its program files", name)
		}
	}
}

// TestReachingBelowTheDocumentRootIsFound is the positive control of the test above.
func TestReachingBelowTheDocumentRootIsFound(t *testing.T) {
	const source = "package p\n" +
		"const fine = `mkdir -- \"$root\"; rooted \"${root%/*}\"; as_site sh -c 'cat \"$1/x\"' sh \"$root\"`\n" +
		"const pattern = `find \"$root\" -path \"$root/x/*\" -print`\n" +
		"const one = `cat \"$root/x\"`\n" +
		"const two = `: >${root}/x`\n" +
		"const three = `cd \"$root\" && ls`\n" +
		"var four = path.Join(s.DocumentRoot, \"x\")\n" +
		"var five = s.DocumentRoot + \"/x\"\n"
	parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := len(rootsReach(parsed)); found != 5 {
		t.Errorf("found %d of 5", found)
	}
}

// reachesBelow reports whether shell of root's names what lies below the document root.
func reachesBelow(text string) bool {
	return belowDocumentRoot.MatchString(patternOfFind.ReplaceAllString(text, ""))
}

// rootsReach returns where a file makes a path below the document root.
func rootsReach(f *ast.File) []token.Pos {
	var found []token.Pos
	isRoot := func(e ast.Expr) bool {
		selector, ok := e.(*ast.SelectorExpr)
		return ok && selector.Sel.Name == "DocumentRoot"
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING && reachesBelow(n.Value) {
				found = append(found, n.Pos())
			}
		case *ast.CallExpr:
			if called, ok := n.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "Join" && len(n.Args) > 1 && isRoot(n.Args[0]) {
				found = append(found, n.Pos())
			}
		case *ast.BinaryExpr:
			if literal, ok := n.Y.(*ast.BasicLit); ok && n.Op == token.ADD && isRoot(n.X) && strings.HasPrefix(literal.Value, `"/`) {
				found = append(found, n.Pos())
			}
		}
		return true
	})
	return found
}
