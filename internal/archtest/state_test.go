package archtest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"testing"
)

// TestNoPackageHasStateOfItsOwn allows variables of a package only as constants
// that Go cannot write as such: tables, patterns, sentinels, embedded files. A
// variable may be set where it is declared and nowhere else, and may not be of a
// kind that exists to be changed.
func TestNoPackageHasStateOfItsOwn(t *testing.T) {
	read := readTree(t)
	for _, p := range read.packages {
		var files []*ast.File
		for _, f := range read.files {
			if f.in.ImportPath == p.ImportPath && !f.test {
				files = append(files, f.ast)
			}
		}
		for _, fault := range packageState(read.fset, files) {
			t.Error(fault)
		}
	}
}

// TestPackageStateIsFound is the positive control of the test above.
func TestPackageStateIsFound(t *testing.T) {
	const source = `package p
import ("sync"; "errors")
var ErrGone = errors.New("gone")
var table = map[string]int{"a": 1}
var local = 1
func fine() { local := local; local++; for table := range 3 { _ = table } }
var counter int
var cache = map[string]int{}
var list []string
var byAddress int
var once sync.Once
var answers = make(chan int)
func bad() { counter++; cache["a"] = 1; list = append(list, "a"); p := &byAddress; _ = p }
var former = map[string]int{}
func alsoBad() { delete(former, "a") }
`
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, fault := range packageState(fset, []*ast.File{parsed}) {
		names = append(names, fault.name)
	}
	slices.Sort(names)
	want := []string{"answers", "byAddress", "cache", "counter", "former", "list", "once"}
	if !slices.Equal(slices.Compact(names), want) {
		t.Errorf("found %v, want %v", names, want)
	}
}

// fault is a variable that is state.
type fault struct {
	at        token.Position
	name, why string
}

func (f fault) String() string { return fmt.Sprintf("%s: %s %s", f.at, f.name, f.why) }

// packageState finds variables of a package that are changed or made to be.
func packageState(fset *token.FileSet, files []*ast.File) []fault {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	// Names are all that is needed of the types, and those resolve without what is
	// imported: the errors are the missing imports.
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	checked, _ := config.Check("p", fset, files, info)
	var faults []fault
	note := func(e ast.Expr, why string) {
		if root := rootOf(e); root != nil {
			if v, ok := info.Uses[root].(*types.Var); ok && v.Parent() == checked.Scope() {
				faults = append(faults, fault{fset.Position(e.Pos()), root.Name, why})
			}
		}
	}
	for _, f := range files {
		for _, spec := range variables(f) {
			if why := mutableKind(spec); why != "" {
				faults = append(faults, fault{fset.Position(spec.Pos()), spec.Names[0].Name, why})
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, left := range n.Lhs {
						note(left, "is assigned after its declaration")
					}
				}
			case *ast.IncDecStmt:
				note(n.X, "is counted")
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					note(n.X, "can be changed through its address")
				}
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "delete" || name.Name == "clear" || name.Name == "copy") && len(n.Args) > 0 {
					note(n.Args[0], "is changed by "+name.Name)
				}
			}
			return true
		})
	}
	return faults
}

// rootOf returns the variable that an expression is a part of.
func rootOf(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func variables(f *ast.File) []*ast.ValueSpec {
	var all []*ast.ValueSpec
	for _, declaration := range f.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok {
				all = append(all, value)
			}
		}
	}
	return all
}

// mutableKind says why a variable exists to be changed.
func mutableKind(spec *ast.ValueSpec) string {
	found := ""
	look := func(n ast.Node) {
		if n == nil {
			return
		}
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.ChanType:
				found = "is a channel"
			case *ast.SelectorExpr:
				if from, ok := n.X.(*ast.Ident); ok && (from.Name == "sync" || from.Name == "atomic") {
					found = "is a " + from.Name + "." + n.Sel.Name
				}
			}
			return true
		})
	}
	if spec.Type != nil {
		look(spec.Type)
	}
	for _, value := range spec.Values {
		look(value)
	}
	return found
}

type noImports struct{}

var _ types.Importer = noImports{}

func (noImports) Import(string) (*types.Package, error) {
	return nil, errors.New("imports are not needed")
}
