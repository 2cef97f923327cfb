package docstest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	packageName = regexp.MustCompile("`(internal/[a-z/]+)`")
	testName    = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)(?:/[^`]*)?`")
)

// TestReadmeNamesTestsThatExist holds the table of what is proved: a row is a
// claim only as long as its test is there.
func TestReadmeNamesTestsThatExist(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(content)) {
		named := packageName.FindAllStringSubmatchIndex(line, -1)
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		// A test belongs to the package that is named before it.
		for i, at := range named {
			end := len(line)
			if i+1 < len(named) {
				end = named[i+1][0]
			}
			directory := line[at[2]:at[3]]
			tests := sources(t, directory)
			if tests == "" {
				t.Errorf("README: %s has no tests", directory)
			}
			for _, name := range testName.FindAllStringSubmatch(line[at[1]:end], -1) {
				found++
				if !strings.Contains(tests, "func "+name[1]+"(") {
					t.Errorf("README: %s has no %s", directory, name[1])
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("README names only %d tests", found)
	}
}

// sources returns the test files of a package, one after the other.
func sources(t *testing.T, directory string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, directory, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// TestLinksLeadSomewhere is for the documents at the root, which no generator
// looks at.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range []string{"README.md", "DESIGN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range link.FindAllStringSubmatch(string(content), -1) {
			if _, err := os.Stat(filepath.Join(root, target[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
