package moduletest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The versions of the providers in the mirror. That of the linode stand-in only
// has to satisfy the modules' constraint.
const (
	haVersion     = "0.1.0"
	linodeVersion = "3.99.0"
)

// cli is Terraform or OpenTofu with providers from a mirror on the disk.
type cli struct {
	program string
	config  string
	// environment is added to what every run sees.
	environment []string
}

// newCLI builds both providers and finds the program that will use them.
func newCLI(t *testing.T) cli {
	t.Helper()
	dir := t.TempDir()
	c := cli{program: program(t), config: filepath.Join(dir, "cli.tfrc")}
	mirror := filepath.Join(dir, "mirror")
	for path, pkg := range map[string]string{
		provider("terraform-ha", "ha", haVersion):   ".",
		provider("linode", "linode", linodeVersion): "./internal/lab/cmd/terraform-provider-linode",
	} {
		built := filepath.Join(mirror, "registry.terraform.io", path)
		build(t, built, pkg)
		// OpenTofu looks for the same providers under the host of its own registry, and
		// follows no link to a folder of hosts.
		same := filepath.Join(mirror, "registry.opentofu.org", path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(same), 0o755), os.Link(built, same)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, c.config, fmt.Sprintf(`disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path = %q
  }
  direct {
    exclude = ["*/*/*"]
  }
}
`, mirror))
	return c
}

func program(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform", "tofu"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Fatal("neither terraform nor tofu is on PATH: the modules cannot be tested without one of them")
	return ""
}

// provider is where a host of a mirror has the binary of a provider.
func provider(namespace, name, version string) string {
	return filepath.Join(namespace, name, version, runtime.GOOS+"_"+runtime.GOARCH,
		"terraform-provider-"+name+"_v"+version)
}

func build(t *testing.T, binary, pkg string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, pkg)
	cmd.Dir = root(t)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build %s: %v\n%s", pkg, err, output)
	}
}

// root is the directory of the Go module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the program in dir and returns what it printed. The environment has
// no variables of Terraform or of the providers, so that a developer's own do
// not decide what is tested.
func (c cli) run(ctx context.Context, dir string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.program, arguments...)
	cmd.Dir = dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "HA_") && !strings.HasPrefix(variable, "LINODE_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, "TF_CLI_CONFIG_FILE="+c.config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	cmd.Env = append(cmd.Env, c.environment...)
	output, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = errors.Join(err, ctx.Err())
	}
	if err != nil {
		return string(output), fmt.Errorf("%s %s: %w\n%s", filepath.Base(c.program), strings.Join(arguments, " "), err, output)
	}
	return string(output), nil
}
