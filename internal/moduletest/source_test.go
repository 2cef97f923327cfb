package moduletest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// testSource uses a module from another repository: by the address of a Git
// repository, the module's folder in it and a commit. The modules that it uses itself
// must come along.
func testSource(t *testing.T, c cli) {
	repository, commit := commitOfTree(t)
	user := t.TempDir()
	write(t, filepath.Join(user, "main.tf"), fmt.Sprintf(`module "website" {
  source = "git::file://%s//modules/website?ref=%s"

  name            = "shop"
  region          = "us-ord"
  admin_cidrs     = ["203.0.113.7/32"]
  authorized_keys = ["ssh-ed25519 AAAA"]
}
`, filepath.ToSlash(repository), commit))
	for _, arguments := range [][]string{{"init", "-input=false", "-no-color"}, {"validate", "-no-color"}} {
		if _, err := c.run(t.Context(), user, arguments...); err != nil {
			t.Fatal(err)
		}
	}
}

// commitOfTree commits the modules of this tree to a new repository.
func commitOfTree(t *testing.T) (repository, commit string) {
	t.Helper()
	repository = copyOfTree(t)
	git := func(arguments ...string) string {
		output, err := exec.CommandContext(t.Context(), "git", append([]string{
			"-C", repository, "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false",
		}, arguments...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v\n%s", arguments[0], err, output)
		}
		return strings.TrimSpace(string(output))
	}
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "--message", "modules: as they are")
	return repository, git("rev-parse", "HEAD")
}
