package docstest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// evidence is the page that says which test proves what.
const evidence = "templates/guides/evidence.md"

var (
	packageName = regexp.MustCompile("`(internal/[a-z/]+)`")
	// A part in words after the test would not be looked for.
	looseParts = regexp.MustCompile("`Test[A-Za-z0-9]+` \\([a-z]")
	testName   = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)((?:/[^`]*)?)`")
)

// TestClaimsNameTestsThatExist holds the tables of what is tested: a row is a claim
// only as long as its test exists.
func TestClaimsNameTestsThatExist(t *testing.T) {
	claims := claimsOf(readFile(t, evidence))
	if len(claims) < 40 {
		t.Errorf("%s has only %d claims", evidence, len(claims))
	}
	for _, claim := range claims {
		for _, complaint := range unproved(t, claim) {
			t.Errorf("%s: %s", evidence, complaint)
		}
	}
}

// TestUnprovedClaimsAreFound is the positive control of TestClaimsNameTestsThatExist.
func TestUnprovedClaimsAreFound(t *testing.T) {
	proved := "| A claim. | `internal/shell`: `FuzzQuote` | real shell |\n"
	if found := unproved(t, claimsOf(proved)[0]); len(found) > 0 {
		t.Errorf("a claim that is proved: %q", found)
	}
	for _, row := range []string{
		"| No test. | | lab |\n",
		"| No such package. | `internal/nothing` | lab |\n",
		"| No such test. | `internal/shell`: `TestNothing` | lab |\n",
		"| A test of another package. | `internal/shell`: `TestLife` | lab |\n",
		"| A part in words. | `internal/galera`: `TestLab` (drift) | lab |\n",
		"| No such part of a test. | `internal/galera`: `TestLab/no such part` | lab |\n",
	} {
		if len(unproved(t, claimsOf(row)[0])) == 0 {
			t.Errorf("nothing is said of %s", row)
		}
	}
}

// claimsOf returns the rows of the tables of claims, without their heads.
func claimsOf(page string) []string {
	var rows []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| claim |") {
			rows = append(rows, line)
		}
	}
	return rows
}

// unproved says what a claim names that does not exist. A test belongs to the
// package that is named before it.
func unproved(t *testing.T, claim string) []string {
	t.Helper()
	var complaints []string
	if loose := looseParts.FindString(claim); loose != "" {
		complaints = append(complaints, "a part is named after its test, and not by `Test/part`: "+loose)
	}
	named := packageName.FindAllStringSubmatchIndex(claim, -1)
	if len(named) == 0 {
		complaints = append(complaints, "no package is named: "+claim)
	}
	for i, at := range named {
		end := len(claim)
		if i+1 < len(named) {
			end = named[i+1][0]
		}
		directory := claim[at[2]:at[3]]
		tests := sources(t, directory)
		if tests == "" {
			complaints = append(complaints, directory+" has no tests")
			continue
		}
		for _, name := range testName.FindAllStringSubmatch(claim[at[1]:end], -1) {
			part := strings.TrimPrefix(name[2], "/")
			if !strings.Contains(tests, "func "+name[1]+"(") || !strings.Contains(tests, fmt.Sprintf("%q", part)) && part != "" {
				complaints = append(complaints, fmt.Sprintf("%s has no %s%s", directory, name[1], name[2]))
			}
		}
	}
	return complaints
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

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// TestLinksLeadSomewhere is for the documents that no generator looks at.
func TestLinksLeadSomewhere(t *testing.T) {
	documents := []string{"README.md", "DESIGN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
	for _, pattern := range []string{"modules/*/README.md", "modules/*/modules/*/README.md", "examples/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			name, _ := filepath.Rel(root, file)
			documents = append(documents, name)
		}
	}
	for _, name := range documents {
		for _, target := range link.FindAllStringSubmatch(readFile(t, name), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), target[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// firstScreen is how many lines of a README a reader sees without scrolling.
const firstScreen = 40

// TestReadmeBeginsWithItsCommands keeps the demo and the tests where a first reader
// finds them.
func TestReadmeBeginsWithItsCommands(t *testing.T) {
	lines := slices.Collect(strings.Lines(readFile(t, "README.md")))
	first := strings.Join(lines[:min(firstScreen, len(lines))], "")
	for _, command := range []string{"make demo ", "make test "} {
		if !strings.Contains(first, "\n"+command) {
			t.Errorf("`%s` is not within the first %d lines of README.md", strings.TrimSpace(command), firstScreen)
		}
	}
}
