package archtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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

// readOnce lists and parses the module for all tests, which only look at it.
var readOnce = sync.OnceValues(func() (tree, error) {
	command := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,Name,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	command.Dir = filepath.Join("..", "..")
	out, err := command.Output()
	if err != nil {
		return tree{}, fmt.Errorf("cannot list packages: %w", err)
	}
	read := tree{fset: token.NewFileSet()}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return tree{}, fmt.Errorf("cannot read what go list printed: %w", err)
		}
		read.packages = append(read.packages, p)
		if err := errors.Join(read.parse(p, false, append(p.GoFiles, p.IgnoredGo...)), read.parse(p, true, append(p.TestGoFiles, p.XTestGoFiles...))); err != nil {
			return tree{}, err
		}
	}
	// An empty tree would pass every test.
	if len(read.packages) < 10 || len(read.files) < 100 {
		return tree{}, fmt.Errorf("go list found only %d packages and %d files", len(read.packages), len(read.files))
	}
	return read, nil
})

func readTree(t *testing.T) tree {
	t.Helper()
	read, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func (r *tree) parse(p listed, test bool, names []string) error {
	for _, name := range names {
		full := filepath.Join(p.Dir, name)
		parsed, err := parser.ParseFile(r.fset, full, nil, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("cannot parse %s: %w", full, err)
		}
		r.files = append(r.files, file{
			name: filepath.ToSlash(filepath.Join(p.path(), name)), test: test || strings.HasSuffix(name, "_test.go"),
			in: p, ast: parsed, lines: r.fset.File(parsed.Pos()).LineCount(),
		})
	}
	return nil
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
