package archtest

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/terraform-ha/terraform-provider-ha"

// listed is what `go list` says of a package of ours.
type listed struct {
	Dir          string
	ImportPath   string
	Name         string
	GoFiles      []string
	IgnoredGo    []string `json:"IgnoredGoFiles"`
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// path is the package's path below the module; "." for its root.
func (p listed) path() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// harness reports whether the package is a test double or harness, or a command
// of one.
func (p listed) harness() bool {
	for part := range strings.SplitSeq(p.path(), "/") {
		if strings.HasSuffix(part, "test") {
			return true
		}
	}
	return false
}

// file is one parsed source file.
type file struct {
	// name is the path below the module.
	name string
	test bool
	in   listed
	ast  *ast.File
	// lines is how long it is.
	lines int
}

// tree is the module as it was read.
type tree struct {
	packages []listed
	files    []file
	fset     *token.FileSet
}

func readTree(t *testing.T) tree {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=Dir,ImportPath,Name,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	command.Dir = filepath.Join("..", "..")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("cannot list packages: %v", err)
	}
	read := tree{fset: token.NewFileSet()}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("cannot read what go list printed: %v", err)
		}
		read.packages = append(read.packages, p)
		read.parse(t, p, false, append(p.GoFiles, p.IgnoredGo...))
		read.parse(t, p, true, append(p.TestGoFiles, p.XTestGoFiles...))
	}
	// An empty tree would pass every test.
	if len(read.packages) < 10 || len(read.files) < 100 {
		t.Fatalf("go list found only %d packages and %d files", len(read.packages), len(read.files))
	}
	return read
}

func (r *tree) parse(t *testing.T, p listed, test bool, names []string) {
	t.Helper()
	for _, name := range names {
		full := filepath.Join(p.Dir, name)
		parsed, err := parser.ParseFile(r.fset, full, nil, parser.ParseComments)
		if err != nil {
			t.Fatalf("cannot parse %s: %v", full, err)
		}
		r.files = append(r.files, file{
			name: filepath.ToSlash(filepath.Join(p.path(), name)), test: test || strings.HasSuffix(name, "_test.go"),
			in: p, ast: parsed, lines: r.fset.File(parsed.Pos()).LineCount(),
		})
	}
}

// calls visits every call of a function of another package, as "time.Sleep".
func calls(f file, visit func(name string, at token.Pos)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := selector.X.(*ast.Ident); ok {
			visit(from.Name+"."+selector.Sel.Name, n.Pos())
		}
		return true
	})
}

func imports(f file, path string) bool {
	for _, spec := range f.ast.Imports {
		if strings.Trim(spec.Path.Value, `"`) == path {
			return true
		}
	}
	return false
}
