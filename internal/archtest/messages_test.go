package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestValidationMessagesAreSentences holds for what Validate of a tier and the provider
// say of a configuration. The provider puts the attribute before the sentence and a full
// stop after it, so that a predicate alone would read "nodes: Is there twice.".
func TestValidationMessagesAreSentences(t *testing.T) {
	read := readTree(t)
	checked := 0
	for _, f := range read.files {
		if f.test || !slices.Contains([]string{"internal/galera", "internal/gluster", "internal/floatingip", "internal/webtier", "internal/provider", "internal/provider/cluster"}, f.in.path()) {
			continue
		}
		for _, m := range messages(f.ast) {
			checked++
			if fault := faultOfMessage(m.text); fault != "" {
				t.Errorf("%s: %q %s", read.fset.Position(m.at), m.text, fault)
			}
		}
	}
	// The number only says that they are still found.
	if checked < 150 {
		t.Errorf("%d messages were found", checked)
	}
}

// TestFragmentsAreFound is the positive control of the test above.
func TestFragmentsAreFound(t *testing.T) {
	const source = `package p
func f() {
	v.add("is there twice", "nodes", name)
	v.add(fmt.Sprintf("must lie between %d and %d", 1, 2), "port")
	found.add(at("address"), "not an address")
	found.Add(tier.At("port"), "not a port")
	report("the name is long.", "name")
	_ = problem{path: nil, message: "needs PHP"}
	fine := v.add("a node is listed twice", "nodes") + v.add(path, "%q is not a port", port) + v.add(name+" is taken", "name")
}
func addressFault() string { return "cannot be reached" }
func other() string { return "is not looked at" }
`
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, m := range messages(parsed) {
		if faultOfMessage(m.text) != "" {
			lines = append(lines, fset.Position(m.at).Line)
		}
	}
	if want := []int{3, 4, 5, 6, 7, 8, 11}; !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
}

// message is the text of a problem, or its beginning.
type message struct {
	at   token.Pos
	text string
}

// faultOfMessage says why a text is no sentence without its full stop.
func faultOfMessage(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch {
	case text == "":
		return "is empty"
	case slices.Contains([]string{"is", "are", "was", "must", "may", "needs", "not", "should", "has", "have", "can", "cannot", "contains", "contradicts", "holds", "lies", "belongs", "wants"}, first):
		return "begins with what is said and not with what it is said of"
	case strings.HasSuffix(text, "."):
		return "has a full stop, and is given another one"
	}
	return ""
}

// messages returns what functions that collect problems are given, what problems are
// made of, and what functions return that look for a fault.
func messages(file *ast.File) []message {
	var found []message
	keep := func(e ast.Expr) {
		if text, literal := beginning(e); literal {
			found = append(found, message{at: e.Pos(), text: text})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			for _, argument := range collected(n) {
				keep(argument)
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "message") {
				keep(n.Value)
			}
		case *ast.FuncDecl:
			name := strings.ToLower(n.Name.Name)
			if n.Body != nil && (strings.Contains(name, "fault") || strings.Contains(name, "problem")) && returnsText(n) {
				ast.Inspect(n.Body, func(inside ast.Node) bool {
					// An empty text says that there is no fault.
					if r, ok := inside.(*ast.ReturnStmt); ok && len(r.Results) == 1 && !isEmpty(r.Results[0]) {
						keep(r.Results[0])
					}
					return true
				})
			}
		}
		return true
	})
	return found
}

// collected returns the argument that is a message: the first, or the second after a
// path.
func collected(call *ast.CallExpr) []ast.Expr {
	name := ""
	switch function := call.Fun.(type) {
	case *ast.Ident:
		name = function.Name
	case *ast.SelectorExpr:
		name = function.Sel.Name
	}
	if len(call.Args) < 2 || !strings.EqualFold(name, "add") && name != "report" {
		return nil
	}
	if _, literal := beginning(call.Args[0]); literal || name == "report" {
		return call.Args[:1]
	}
	return call.Args[1:2]
}

func isEmpty(e ast.Expr) bool {
	text, literal := beginning(e)
	return literal && text == ""
}

func returnsText(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	result, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && result.Name == "string"
}

// beginning returns the literal that a text begins with.
func beginning(e ast.Expr) (text string, literal bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		unquoted, err := strconv.Unquote(e.Value)
		return unquoted, err == nil
	case *ast.BinaryExpr:
		return beginning(e.X)
	case *ast.CallExpr:
		if function, ok := e.Fun.(*ast.SelectorExpr); ok && function.Sel.Name == "Sprintf" && len(e.Args) > 0 {
			return beginning(e.Args[0])
		}
	}
	return "", false
}
