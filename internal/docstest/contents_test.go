package docstest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/docstest"
)

// TestContentsAreCurrent makes the contents of DESIGN.md again and compares.
func TestContentsAreCurrent(t *testing.T) {
	have := readFile(t, "DESIGN.md")
	want, err := docstest.WithContents(have)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the contents of DESIGN.md are not current: run `make docs` (-made now +in DESIGN.md)\n%s", diff)
	}
}

// TestContents also proves that TestContentsAreCurrent can fail.
func TestContents(t *testing.T) {
	got, err := docstest.WithContents("# D\n<!-- begin: contents, written by make docs -->\nold\n<!-- end: contents -->\n## How, and why\n### `on_destroy` is one-way\ntext\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "# D\n<!-- begin: contents, written by make docs -->\n" +
		"- [How, and why](#how-and-why)\n  - [`on_destroy` is one-way](#on_destroy-is-one-way)\n" +
		"<!-- end: contents -->\n## How, and why\n### `on_destroy` is one-way\ntext\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
