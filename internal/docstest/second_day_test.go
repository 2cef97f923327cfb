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

const (
	secondDayWorkflow = ".github/workflows/second-day.yml"
	secondDayParts    = "internal/sitetest/second_day_test.go"
)

var (
	laneLine      = regexp.MustCompile(`(?m)^ *- \{ name: .*, tests: "([^"]+)", packages: "?([^"}]+?)"? \}$`)
	secondDayFunc = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]*SecondDay[A-Za-z0-9]*)\(`)
	secondDayPart = regexp.MustCompile(`\{"([A-Za-z]+)", s\.`)
)

// lane is a part of the workflow of the second day.
type lane struct {
	tests    []string
	packages []string
}

// runs reports whether "go test -run" of the lane runs a test, whose parts are between
// slashes: each is matched by the expression between the same slashes.
func (l lane) runs(in, test string) bool {
	found := slices.Contains(l.packages, in)
	for i, part := range strings.Split(test, "/") {
		found = found && (i >= len(l.tests) || regexp.MustCompile(l.tests[i]).MatchString(part))
	}
	return found
}

func lanesOf(workflow string) []lane {
	var lanes []lane
	for _, match := range laneLine.FindAllStringSubmatch(workflow, -1) {
		lanes = append(lanes, lane{strings.Split(match[1], "/"), strings.Fields(match[2])})
	}
	return lanes
}

// notRun are the tests of the second day that no lane runs, and their parts.
func notRun(lanes []lane, tests map[string][]string) []string {
	var missing []string
	for in, names := range tests {
		for _, name := range names {
			if !slices.ContainsFunc(lanes, func(l lane) bool { return l.runs(in, name) }) {
				missing = append(missing, fmt.Sprintf("%s of %s", name, in))
			}
		}
	}
	return missing
}

// TestNoLaneIsMissing compares the lanes with the tests that "make test" skips.
func TestNoLaneIsMissing(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "internal/*/*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	tests := map[string][]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := "./internal/" + filepath.Base(filepath.Dir(file))
		for _, match := range secondDayFunc.FindAllStringSubmatch(string(content), -1) {
			tests[in] = append(tests[in], match[1])
		}
	}
	for _, match := range secondDayPart.FindAllStringSubmatch(readFile(t, secondDayParts), -1) {
		tests["./internal/sitetest"] = append(tests["./internal/sitetest"], "TestSecondDay/"+match[1])
	}
	if len(tests["./internal/sitetest"]) < 30 || len(tests["./internal/galera"]) < 4 {
		t.Fatalf("only these tests were found: %v", tests)
	}
	for _, missing := range notRun(lanesOf(readFile(t, secondDayWorkflow)), tests) {
		t.Errorf("no lane of %s runs %s", secondDayWorkflow, missing)
	}
}

// TestATestWithoutALaneIsFound is the positive control of TestNoLaneIsMissing.
func TestATestWithoutALaneIsFound(t *testing.T) {
	lanes := lanesOf(`          - { name: Databases, tests: "TestSecondDay/(create|.*Database)", packages: ./internal/sitetest }
          - { name: Tiers, tests: "SecondDay", packages: "./internal/galera ./internal/host" }
`)
	for test, run := range map[string]bool{
		"./internal/sitetest TestSecondDay/moreDatabases": true, "./internal/sitetest TestSecondDay/outageOfAll": false,
		"./internal/host TestUpdatesSecondDay": true, "./internal/floatingip TestLabSecondDay": false,
	} {
		in, name, _ := strings.Cut(test, " ")
		if missing := notRun(lanes, map[string][]string{in: {name}}); (len(missing) == 0) != run {
			t.Errorf("%s: %q", test, missing)
		}
	}
}
