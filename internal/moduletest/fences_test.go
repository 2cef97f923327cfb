package moduletest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// fence is a block of Terraform code in a document.
type fence struct {
	file string
	line int
	code string
}

func (f fence) String() string { return fmt.Sprintf("%s:%d", f.file, f.line) }

// fenced finds the blocks, which a list may indent.
var fenced = regexp.MustCompile("(?ms)^( *)```(?:terraform|hcl)\n(.*?)^ *```$")

// documents are what has code for a reader to copy. Those of docs are made of
// templates.
var documents = []string{"*.md", "templates/*.tmpl", "templates/*/*", "modules/*/README.md", "modules/*/modules/*/README.md", "examples/*/README.md"}

func fences(t *testing.T) []fence {
	t.Helper()
	var all []fence
	for _, pattern := range documents {
		files, err := filepath.Glob(filepath.Join(root(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content := read(t, file)
			name, _ := filepath.Rel(root(t), file)
			for _, at := range fenced.FindAllStringSubmatchIndex(content, -1) {
				indent, code := content[at[2]:at[3]], content[at[4]:at[5]]
				all = append(all, fence{
					file: name, line: strings.Count(content[:at[4]], "\n") + 1,
					code: strings.ReplaceAll("\n"+code, "\n"+indent, "\n")[1:],
				})
			}
		}
	}
	return all
}

// testFences validates every block of code in the documentation: whatever it
// refers to and does not declare is a variable whose value nobody knows. All of
// them are modules of one configuration, which is initialized once.
func testFences(t *testing.T, c cli) {
	workspace := t.TempDir()
	var main strings.Builder
	all := fences(t)
	if len(all) < 12 {
		t.Fatalf("only %d blocks of code were found", len(all))
	}
	names := map[string]fence{}
	for i, f := range all {
		name := fmt.Sprintf("block%d", i)
		names[name] = f
		f.code = published.ReplaceAllString(f.code, `"./$1"`)
		code, inputs, err := selfContained(f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		dir := filepath.Join(workspace, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(root(t), "modules"), filepath.Join(dir, "modules")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "main.tf"), code+unknownVariable)
		if !strings.Contains(code, "required_providers") {
			write(t, filepath.Join(dir, "versions.tf"), requiredProviders)
		}
		fmt.Fprintf(&main, "module %q {\n  source = \"./%s\"\n%s}\n", name, name, inputs)
	}
	write(t, filepath.Join(workspace, "main.tf"), main.String())
	for _, arguments := range [][]string{{"init", "-input=false", "-no-color"}, {"validate", "-no-color"}} {
		if _, err := c.run(t.Context(), workspace, arguments...); err != nil {
			said := err.Error()
			for name, f := range names {
				said = strings.ReplaceAll(said, "on "+name+"/main.tf", "in "+f.String()+",")
			}
			t.Fatal(said)
		}
	}
	t.Logf("%d blocks of code are valid", len(all))
}

// published is a module's source as another repository writes it. The commit is the
// reader's to choose, so the module of this tree is taken; that such a source can be
// fetched is the test "source".
var published = regexp.MustCompile(`"git::https://github\.com/terraform-ha/terraform-provider-ha\.git//(modules/[a-z/-]+)\?ref=COMMIT"`)

const unknownVariable = `
variable "unknown" {
  type    = any
  default = null
}
`

const requiredProviders = `
terraform {
  required_providers {
    ha = {
      source = "terraform-ha/ha"
    }
    linode = {
      source = "linode/linode"
    }
  }
}
`

// selfContained puts a variable in the place of everything that a block refers to
// and does not declare. Inputs are arguments for the variables that it declares.
func selfContained(f fence) (code, inputs string, err error) {
	file, diags := hclsyntax.ParseConfig([]byte(f.code), f.file, hcl.Pos{Line: f.line, Column: 1})
	if diags.HasErrors() {
		return "", "", diags
	}
	body := file.Body.(*hclsyntax.Body) // what ParseConfig makes
	declared := map[string]bool{}
	for _, block := range body.Blocks {
		switch block.Type {
		case "resource":
			declared[block.Labels[0]+"."+block.Labels[1]] = true
		case "data":
			declared["data."+block.Labels[0]] = true
		case "module", "variable":
			if block.Type == "variable" {
				inputs += "  " + block.Labels[0] + " = null\n"
			}
			declared[map[string]string{"module": "module", "variable": "var"}[block.Type]+"."+block.Labels[0]] = true
		case "locals":
			for name := range block.Body.Attributes {
				declared["local."+name] = true
			}
		}
	}
	var foreign []hcl.Range
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		if traversal, ok := node.(*hclsyntax.ScopeTraversalExpr); ok && len(traversal.Traversal) > 1 && !declared[reference(traversal.Traversal)] {
			foreign = append(foreign, traversal.Range())
		}
		return nil
	})
	slices.SortFunc(foreign, func(a, b hcl.Range) int { return b.Start.Byte - a.Start.Byte })
	code = f.code
	for _, at := range foreign {
		code = code[:at.Start.Byte] + "var.unknown" + code[at.End.Byte:]
	}
	return code, inputs, nil
}

// reference is what a traversal is about: "module.network", "ha_galera_cluster.db".
func reference(traversal hcl.Traversal) string {
	second, ok := traversal[1].(hcl.TraverseAttr)
	if !ok {
		return ""
	}
	return traversal.RootName() + "." + second.Name
}
