package docstest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/docstest"
)

const measurements = "templates/guides/measurements.md"

// TestPromisesAreCurrent makes the table of promises again and compares.
func TestPromisesAreCurrent(t *testing.T) {
	have := readFile(t, measurements)
	want, err := docstest.WithPromises(root, have)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the promises in %s are not current: run `make docs` (-made now +in the guide)\n%s", measurements, diff)
	}
}

// TestPromises also proves that TestPromisesAreCurrent can fail.
func TestPromises(t *testing.T) {
	elsewhere := t.TempDir()
	folder := filepath.Join(elsewhere, "internal", "docstest")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	const measured = `{"date": "2026-01-02", "seed": 7, "computer": "The lab", "faults": {"unmount": {"groups": {"pages": {"gap": 1.5, "failed": 2}}, "healthy": 9, "lost": 0}}}`
	if err := os.WriteFile(filepath.Join(folder, "drill.json"), []byte(measured), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := docstest.WithPromises(elsewhere, "# M\n<!-- begin: promises, written by make docs -->\nThe table before.\n<!-- end: promises -->\nafter\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# M\n<!-- begin", "Measured on 2026-01-02, seed 7. The lab.\n", "unmounted on a web server | 1.5 s, 2 failed (5 s, 30 failed) |", " 9 s (120 s) | 0 |", "<!-- end: promises -->\nafter\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "The table before.") {
		t.Error("the former table is still there")
	}
	if _, err := docstest.WithPromises(elsewhere, "# M\n"); err == nil {
		t.Error("a document without a place for them has promises")
	}
}
