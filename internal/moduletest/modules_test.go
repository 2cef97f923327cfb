package moduletest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// atOnce bounds how many configurations are worked on at a time: each starts
// several processes of the program and of the providers.
const atOnce = 2

var (
	passedAndFailed = regexp.MustCompile(`(\d+) passed, (\d+) failed`)
	actionBlock     = regexp.MustCompile(`(?m)^\s*action(_trigger)?\s*("|\{)`)
	providerBlock   = regexp.MustCompile(`(?m)^provider\s+"`)
)

func TestFormat(t *testing.T) {
	c := cli{program: program(t), config: os.DevNull}
	for _, folder := range []string{"modules", "examples"} {
		if unformatted, err := c.run(t.Context(), filepath.Join(root(t), folder), "fmt", "-check", "-recursive"); err != nil {
			t.Errorf("%s: run `terraform fmt -recursive`: %v\n%s", folder, err, unformatted)
		}
	}
}

// TestLayout holds modules to the registry's standard structure, and to what
// every supported version of Terraform and OpenTofu can read.
func TestLayout(t *testing.T) {
	for _, module := range modules(t) {
		t.Run(module, func(t *testing.T) {
			dir := filepath.Join(root(t), module)
			for _, name := range []string{"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"} {
				if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
					t.Error(err)
				}
			}
			if tests, _ := filepath.Glob(filepath.Join(dir, "tests", "*.tftest.hcl")); len(tests) == 0 {
				t.Error("there is no test")
			}
			source := sources(t, dir)
			if actionBlock.MatchString(source) {
				t.Error("an action block is a syntax error before Terraform 1.14 and in OpenTofu")
			}
			if providerBlock.MatchString(source) {
				t.Error("a module with a provider block cannot be used with count, for_each or depends_on")
			}
			inputsAreDocumented(t, dir)
		})
	}
}

// inputsAreDocumented holds the README's tables to the module's variables and
// outputs.
func inputsAreDocumented(t *testing.T, dir string) {
	t.Helper()
	readme := read(t, filepath.Join(dir, "README.md"))
	declared := regexp.MustCompile(`(?m)^(variable|output) "([^"]+)"`)
	for _, file := range []string{"variables.tf", "outputs.tf"} {
		for _, match := range declared.FindAllStringSubmatch(read(t, filepath.Join(dir, file)), -1) {
			if !strings.Contains(readme, "`"+match[2]+"`") {
				t.Errorf("README.md does not name the %s `%s`", match[1], match[2])
			}
		}
	}
}

// TestProviders is what needs both providers, which are built once for it.
func TestProviders(t *testing.T) {
	c := newCLI(t)
	t.Run("modules", func(t *testing.T) { testModules(t, c) })
	t.Run("fences", func(t *testing.T) { testFences(t, c) })
	t.Run("source", func(t *testing.T) { testSource(t, c) })
	t.Run("plan", func(t *testing.T) { testPlanOfTheWebsite(t, c) })
	t.Run("settings", func(t *testing.T) { testSettingsOfTheWebsite(t, c) })
	t.Run("region", func(t *testing.T) { testRegion(t, c) })
}

// onlyTerraforms are files of tests that OpenTofu 1.12 cannot run, with what it lacks. With
// Terraform all files are run.
var onlyTerraforms = map[string]string{
	"modules/website/tests/apply.tftest.hcl":                       "it overrides a resource as a whole and not its instances",
	"modules/instances/tests/plan.tftest.hcl":                      "it overrides a resource as a whole and not its instances",
	"modules/instances/tests/user_data.tftest.hcl":                 "it has no state_key",
	"modules/load-balancer/modules/backends/tests/plan.tftest.hcl": "it knows no resource of an earlier run",
	"modules/website/tests/refusals.tftest.hcl":                    "an id that it makes up is no number",
	"modules/website/tests/plan.tftest.hcl":                        "what a mocked resource computes is null in its plan, and not unknown",
	"modules/instances/tests/refusals.tftest.hcl":                  "what a mocked resource computes is null in its plan, and not unknown",
	"modules/file-tier/tests/plan.tftest.hcl":                      "it wants all of an object that is overridden",
	// With the provider itself they are not: see TestPasswordsAreWriteOnly there.
	"modules/database-tier/tests/plan.tftest.hcl": "write-only values of a mocked resource are in its plan",
	"modules/web-tier/tests/plan.tftest.hcl":      "write-only values of a mocked resource are in its plan",
}

// testModules validates every module and example, and runs the modules' tests.
func testModules(t *testing.T, c cli) {
	workspace := copyOfTree(t)
	completeSnippets(t, workspace)
	if strings.HasPrefix(filepath.Base(c.program), "tofu") {
		for name, why := range onlyTerraforms {
			t.Logf("without %s: %s", name, why)
			if err := os.Remove(filepath.Join(workspace, name)); err != nil {
				t.Fatal(err)
			}
			// A folder that has other tests stays.
			_ = os.Remove(filepath.Join(workspace, filepath.Dir(name)))
		}
	}
	var passed, valid atomic.Int64
	running := make(chan struct{}, atOnce)
	t.Run("each", func(t *testing.T) {
		for _, dir := range slices.Concat(modules(t), examples(t)) {
			t.Run(dir, func(t *testing.T) {
				t.Parallel()
				running <- struct{}{}
				defer func() { <-running }()
				passed.Add(int64(prove(t, c, filepath.Join(workspace, dir))))
				valid.Add(1)
			})
		}
	})
	t.Logf("%d configurations valid, %d module tests passed", valid.Load(), passed.Load())
}

// prove validates a configuration and runs its tests, and returns how many passed.
func prove(t *testing.T, c cli, dir string) int {
	t.Helper()
	// Without a backend, which for one example is HCP Terraform.
	for _, arguments := range [][]string{{"init", "-backend=false", "-input=false", "-no-color"}, {"validate", "-no-color"}} {
		if _, err := c.run(t.Context(), dir, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "tests")); err != nil {
		return 0
	}
	output, err := c.run(t.Context(), dir, "test", "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	counts := passedAndFailed.FindStringSubmatch(output)
	if counts == nil {
		t.Fatalf("the result of the tests is not recognized:\n%s", output)
	}
	passed, _ := strconv.Atoi(counts[1])
	if passed == 0 {
		t.Fatalf("no test was run:\n%s", output)
	}
	t.Logf("%d passed", passed)
	return passed
}

// modules returns the folders of all modules, nested ones included.
func modules(t *testing.T) []string {
	t.Helper()
	return configurations(t, "modules")
}

// examples returns the folders of all examples.
func examples(t *testing.T) []string {
	t.Helper()
	return configurations(t, "examples")
}

func configurations(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(root(t), folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == ".terraform" {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".tf") {
			dir, err := filepath.Rel(root(t), filepath.Dir(path))
			if err != nil {
				return err
			}
			found = append(found, dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("there is no configuration in %s", folder)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// copyOfTree copies modules and examples: init leaves files behind. What a
// developer's own runs left behind stays where it is.
func copyOfTree(t *testing.T) string {
	t.Helper()
	workspace := t.TempDir()
	for _, folder := range []string{"modules", "examples"} {
		from := filepath.Join(root(t), folder)
		err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(from, path)
			if err != nil {
				return err
			}
			to := filepath.Join(workspace, folder, relative)
			switch {
			case entry.Name() == ".terraform":
				return filepath.SkipDir
			case entry.IsDir():
				return os.MkdirAll(to, 0o755)
			case !strings.HasSuffix(path, ".tf") && !strings.HasSuffix(path, ".tftest.hcl"):
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(to, content, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return workspace
}

// completeSnippets gives the examples that documentation pages show, which are
// resources or data sources alone, what a configuration needs to be one. A data source
// refers to the resource of the same name.
func completeSnippets(t *testing.T, workspace string) {
	t.Helper()
	dataSources, resources := filepath.Join("examples", "data-sources"), filepath.Join("examples", "resources")
	for _, dir := range examples(t) {
		name, isData := strings.CutPrefix(dir, dataSources)
		if isData {
			write(t, filepath.Join(workspace, dir, "resource.tf"), read(t, filepath.Join(root(t), resources, name, "resource.tf")))
		}
		if isData || strings.HasPrefix(dir, resources) {
			write(t, filepath.Join(workspace, dir, "versions.tf"), `terraform {
  required_providers {
    ha = {
      source = "terraform-ha/ha"
    }
    linode = {
      source = "linode/linode"
    }
  }
}
`)
		}
	}
}

func sources(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		all.WriteString(read(t, file))
	}
	return all.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestErrorMessagesAreSentences holds for what a module says of its variables, below
// the line in which Terraform names the variable.
func TestErrorMessagesAreSentences(t *testing.T) {
	found := 0
	for _, module := range modules(t) {
		for _, match := range errorMessage.FindAllStringSubmatch(sources(t, filepath.Join(root(t), module)), -1) {
			found++
			if !oneSentence.MatchString(match[1]) {
				t.Errorf("%s: %q is no sentence", module, match[1])
			}
		}
	}
	// The number only says that they are still found.
	if found < 50 {
		t.Errorf("%d messages were found", found)
	}
}

var (
	errorMessage = regexp.MustCompile(`(?m)^\s*error_message\s*=\s*"(.*)"$`)
	// It begins with a capital, or with a figure that is filled in.
	oneSentence = regexp.MustCompile(`^(\$\{.*\}|[A-Z]\S*) .+\.$`)
)
