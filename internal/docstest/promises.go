package docstest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/drill"
)

// The guide of measurements has the table of promises between these lines. What is
// between them is written by WritePromises.
const (
	promisesBegin = "<!-- begin: promises, written by make docs -->\n"
	promisesEnd   = "<!-- end: promises -->\n"
)

// WritePromises brings the table of promises in the repository at root up to date with
// the faults of the drill, and with what one has measured.
func WritePromises(root string) error {
	name := filepath.Join(root, "templates", "guides", "measurements.md")
	document, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("cannot write the promises: %w", err)
	}
	current, err := WithPromises(root, string(document))
	if err != nil {
		return fmt.Errorf("cannot write the promises into %s: %w", name, err)
	}
	if err := os.WriteFile(name, []byte(current), 0o644); err != nil {
		return fmt.Errorf("cannot write the promises: %w", err)
	}
	return nil
}

// WithPromises returns a document with a table of promises that is up to date.
func WithPromises(root, document string) (string, error) {
	before, rest, begins := strings.Cut(document, promisesBegin)
	_, after, ends := strings.Cut(rest, promisesEnd)
	if !begins || !ends {
		return "", fmt.Errorf("there is no place for them between the lines\n%s%s", promisesBegin, promisesEnd)
	}
	content, err := os.ReadFile(filepath.Join(root, "internal", "docstest", "drill.json"))
	if err != nil {
		return "", fmt.Errorf("cannot read what was measured: %w", err)
	}
	var measured drill.Measured
	if err := json.Unmarshal(content, &measured); err != nil {
		return "", fmt.Errorf("cannot read what was measured: %w", err)
	}
	said := "No drill has been led to its end yet, so that the table has the promises alone.\n\n"
	if measured.Date != "" {
		said = fmt.Sprintf("Measured on %s, seed %d. %s.\n\n", measured.Date, measured.Seed, measured.Computer)
	}
	return before + promisesBegin + said + drill.Table(measured) + promisesEnd + after, nil
}
