package docstest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A module's README has its tables between these lines. What is between them is
// written by WriteModuleReadmes.
const (
	tablesBegin = "<!-- begin: inputs and outputs, written by make docs -->\n"
	tablesEnd   = "<!-- end: inputs and outputs -->\n"
)

// Modules returns the folders of all modules of the repository at root, nested
// ones included.
func Modules(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(filepath.Join(root, "modules"), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".terraform":
			return filepath.SkipDir
		case entry.Name() == "variables.tf":
			found = append(found, filepath.Dir(path))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the modules: %w", err)
	}
	slices.Sort(found)
	return found, nil
}

// WriteModuleReadmes brings the tables in the READMEs of all modules up to date.
func WriteModuleReadmes(root string) error {
	modules, err := Modules(root)
	if err != nil {
		return err
	}
	for _, module := range modules {
		content, err := ModuleReadme(module)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(module, "README.md"), []byte(content), 0o644); err != nil {
			return fmt.Errorf("cannot write the README of %s: %w", module, err)
		}
	}
	return nil
}

// ModuleReadme returns the README of the module in a folder with tables that are
// up to date.
func ModuleReadme(folder string) (string, error) {
	content, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		return "", fmt.Errorf("cannot document %s: %w", folder, err)
	}
	before, rest, begins := strings.Cut(string(content), tablesBegin)
	_, after, ends := strings.Cut(rest, tablesEnd)
	if !begins || !ends {
		return "", fmt.Errorf("cannot document %s: its README has no place for tables, which are written between the lines\n%s%s", folder, tablesBegin, tablesEnd)
	}
	tables, err := moduleTables(folder)
	if err != nil {
		return "", fmt.Errorf("cannot document %s: %w", folder, err)
	}
	return before + tablesBegin + tables + tablesEnd + after, nil
}

// moduleTables returns the tables of a module's inputs and outputs.
func moduleTables(folder string) (string, error) {
	inputs, err := blocks(filepath.Join(folder, "variables.tf"), "variable")
	if err != nil {
		return "", err
	}
	outputs, err := blocks(filepath.Join(folder, "outputs.tf"), "output")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("\n## Inputs\n\n| name | description | type | default |\n|---|---|---|---|\n")
	for _, input := range inputs {
		rows, err := input.rows()
		if err != nil {
			return "", err
		}
		for _, r := range rows {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.name, cell(r.description), r.kind, r.byDefault)
		}
	}
	b.WriteString("\n## Outputs\n\n| name | description |\n|---|---|\n")
	for _, output := range outputs {
		description, err := output.text("description")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", output.name, cell(description))
	}
	b.WriteString("\n")
	return b.String(), nil
}

// cell makes text fit into one cell of a table. An item of a list begins with a
// lower-case letter there and with a capital here.
func cell(text string) string {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// declaration is a block of a variable or of an output.
type declaration struct {
	name       string
	source     []byte
	attributes hclsyntax.Attributes
}

// blocks returns the blocks of a type in a file, in the file's order.
func blocks(file, kind string) ([]declaration, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read its blocks: %w", err)
	}
	parsed, diags := hclsyntax.ParseConfig(source, file, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil, fmt.Errorf("cannot read %s: it is not in HCL's native syntax", file)
	}
	var found []declaration
	for _, block := range body.Blocks {
		if block.Type == kind {
			found = append(found, declaration{name: block.Labels[0], source: source, attributes: block.Body.Attributes})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no %s", file, kind)
	}
	return found, nil
}

// text is the value of an attribute that is a string without references.
func (d declaration) text(attribute string) (string, error) {
	found, ok := d.attributes[attribute]
	if !ok {
		return "", fmt.Errorf("%s has no %s", d.name, attribute)
	}
	value, diags := found.Expr.Value(nil)
	if diags.HasErrors() {
		return "", diags
	}
	return value.AsString(), nil
}

// isTrue says whether an attribute is set to true.
func (d declaration) isTrue(attribute string) bool {
	found, ok := d.attributes[attribute]
	return ok && d.at(found.Expr) == "true"
}

// at is the source text of an expression, on one line.
func (d declaration) at(expression hclsyntax.Expression) string {
	return strings.Join(strings.Fields(string(expression.Range().SliceBytes(d.source))), " ")
}

// row is one line of the table of inputs: a variable, or an attribute of an object
// in it.
type row struct{ name, description, kind, byDefault string }

var errNoType = errors.New("it has no type")

// rows returns the row of a variable and those of the attributes of its objects.
func (d declaration) rows() ([]row, error) {
	description, err := d.text("description")
	if err != nil {
		return nil, err
	}
	typed, ok := d.attributes["type"]
	if !ok {
		return nil, fmt.Errorf("%s: %w", d.name, errNoType)
	}
	lead, items := itemized(description)
	kind := "`" + d.kind(typed.Expr) + "`"
	for _, property := range []string{"sensitive", "ephemeral"} {
		if d.isTrue(property) {
			kind += ", " + property
		}
	}
	byDefault := "required"
	if set, ok := d.attributes["default"]; ok {
		byDefault = "`" + d.at(set.Expr) + "`"
	}
	return append([]row{{d.name, lead, kind, byDefault}}, d.attributeRows(d.name, typed.Expr, items)...), nil
}

// attributeRows returns the rows of the attributes of an object type, wherever in
// the type it is.
func (d declaration) attributeRows(path string, kind hclsyntax.Expression, items map[string]string) []row {
	call, ok := kind.(*hclsyntax.FunctionCallExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	switch call.Name {
	case "map":
		return d.attributeRows(path+".<key>", call.Args[0], items)
	case "list", "set":
		return d.attributeRows(path+"[]", call.Args[0], items)
	case "optional":
		return d.attributeRows(path, call.Args[0], items)
	case "object":
		return d.objectRows(path, call.Args[0], items)
	}
	return nil
}

// inElements makes the path of an attribute that of a description's list, where
// `nodes.slot` is of each node.
var inElements = strings.NewReplacer(".<key>", "", "[]", "")

func (d declaration) objectRows(path string, object hclsyntax.Expression, items map[string]string) []row {
	attributes, ok := object.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var all []row
	for _, attribute := range attributes.Items {
		name := d.at(attribute.KeyExpr)
		of := row{name: path + "." + name, kind: "`" + d.kind(attribute.ValueExpr) + "`", byDefault: "required"}
		_, within, _ := strings.Cut(inElements.Replace(of.name), ".")
		of.description = items[within]
		if call, ok := attribute.ValueExpr.(*hclsyntax.FunctionCallExpr); ok && call.Name == "optional" {
			of.byDefault = "`null`"
			if len(call.Args) > 1 {
				of.byDefault = "`" + d.at(call.Args[1]) + "`"
			}
		}
		all = append(all, of)
		all = append(all, d.attributeRows(of.name, attribute.ValueExpr, items)...)
	}
	return all
}

// kind is a type in a few words: the attributes of objects have rows of their own.
func (d declaration) kind(expression hclsyntax.Expression) string {
	call, ok := expression.(*hclsyntax.FunctionCallExpr)
	switch {
	case !ok || len(call.Args) == 0:
		return d.at(expression)
	case call.Name == "optional":
		return d.kind(call.Args[0])
	case call.Name == "object":
		return "object"
	}
	return call.Name + "(" + d.kind(call.Args[0]) + ")"
}

// itemized splits a description into what comes before its list, and the items of
// the list by the attributes that they begin with, as in "- `check.path`: a page.".
func itemized(description string) (lead string, items map[string]string) {
	items = map[string]string{}
	var names []string
	add := func(text string) {
		for _, name := range names {
			items[name] = strings.TrimSpace(items[name] + " " + text)
		}
	}
	var leading []string
	for line := range strings.Lines(description) {
		line = strings.TrimSpace(line)
		item, isItem := strings.CutPrefix(line, "- `")
		switch {
		case isItem:
			words, text, _ := strings.Cut(item, "`: ")
			names = strings.Split(words, "`, `")
			add(text)
		case len(names) > 0:
			add(line)
		default:
			leading = append(leading, line)
		}
	}
	return strings.Join(leading, " "), items
}
