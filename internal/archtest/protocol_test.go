package archtest

import (
	"go/ast"
	"os"
	"path/filepath"
	"strings"
	"testing"

	contract "github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// spoken are words that tiers say to each other on a machine. They are constants of
// package tier, so that no tier goes on with another word when one changes.
var spoken = []string{contract.DrainFile, contract.CheckAccount}

// TestTiersAgreeOnTheirProtocol finds those words in the source of other packages:
// as a text of Go, other than in a sentence, and in what is put on machines.
func TestTiersAgreeOnTheirProtocol(t *testing.T) {
	read := readTree(t)
	for _, f := range read.files {
		if f.test || f.in.harness() || within(f.in.path(), "internal/lab") || f.in.path() == "internal/tier" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && speaks(literal.Value) {
				t.Errorf("%s: name the constant of package tier instead", read.fset.Position(literal.Pos()))
			}
			return true
		})
	}
	put, err := filepath.Glob("../*/templates/*")
	if err != nil || len(put) < 20 {
		t.Fatalf("found %d templates, %v", len(put), err)
	}
	for _, name := range put {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range spoken {
			if strings.Contains(string(content), word) {
				t.Errorf("%s has %s itself; let the template be filled with the constant of package tier", name, word)
			}
		}
	}
}

// speaks reports whether a text of Go is one of the words, or shell that has one.
func speaks(text string) bool {
	sentence := !strings.Contains(text, "\n") && strings.Contains(text, " ")
	for _, word := range spoken {
		if !sentence && strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// TestWordsOfTheProtocolAreFound is the positive control of the test above.
func TestWordsOfTheProtocolAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		`"keepalived_script"`:                           true,
		`"/run/terraform-ha/drain"`:                     true,
		"`: drain\ntouch /run/terraform-ha/drain`":      true,
		`"It runs as the user keepalived_script."`:      false,
		`"/run/terraform-ha"`:                           false,
		"`: check\nid -u keepalived_script >/dev/null`": true,
	} {
		if got := speaks(text); got != want {
			t.Errorf("%s: found is %t", text, got)
		}
	}
}
