package linodeprovider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// installation is the stand-in in a filesystem mirror, the way it is used
// where no registry can be reached.
type installation struct{ binary, config string }

func install(t *testing.T) installation {
	t.Helper()
	binary, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("no terraform on PATH")
	}
	mirror := t.TempDir()
	target := filepath.Join(mirror, Source, "3.99.0", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-linode_v3.99.0")
	build := exec.Command("go", "build", "-o", target, "../cmd/terraform-provider-linode")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the provider: %v\n%s", err, output)
	}
	config := filepath.Join(mirror, "terraform.rc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return installation{binary: binary, config: config}
}

// workspace is one directory of Terraform configuration against one API.
type workspace struct {
	t   *testing.T
	in  installation
	dir string
	url string
}

func (in installation) workspace(t *testing.T, url, configuration string) *workspace {
	t.Helper()
	w := &workspace{t: t, in: in, dir: t.TempDir(), url: url}
	w.write(configuration)
	w.mustRun("init", "-input=false")
	return w
}

const header = `
terraform {
  required_providers {
    linode = { source = "linode/linode" }
  }
}
`

func (w *workspace) write(configuration string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(header+configuration), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// under is the same workspace for a subtest.
func (w *workspace) under(t *testing.T) *workspace {
	t.Helper()
	out := *w
	out.t = t
	return &out
}

func (w *workspace) run(arguments ...string) (int, string, string) {
	w.t.Helper()
	command := exec.CommandContext(w.t.Context(), w.in.binary, arguments...)
	command.Dir = w.dir
	command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+w.in.config, "LINODE_URL="+w.url, "LINODE_TOKEN="+fakeToken,
		"LINODE_EVENT_POLL_MS=20", "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "NO_COLOR=1")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func (w *workspace) mustRun(arguments ...string) string {
	w.t.Helper()
	code, stdout, stderr := w.run(arguments...)
	if code != 0 {
		w.t.Fatalf("terraform %s: exit %d\n%s\n%s", strings.Join(arguments, " "), code, stdout, stderr)
	}
	return stdout
}

func (w *workspace) apply() string {
	w.t.Helper()
	return w.mustRun("apply", "-auto-approve", "-input=false", "-no-color")
}

func (w *workspace) mustBeEmpty() {
	w.t.Helper()
	code, stdout, stderr := w.run("plan", "-detailed-exitcode", "-input=false", "-no-color")
	if code != 0 {
		w.t.Fatalf("a second plan is not empty: exit %d\n%s\n%s", code, stdout, stderr)
	}
}

// changes lists the planned actions by address.
func (w *workspace) changes() map[string]string {
	w.t.Helper()
	w.mustRun("plan", "-out=plan", "-input=false")
	var plan struct {
		Changes []struct {
			Address string
			Change  struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(w.mustRun("show", "-json", "plan")), &plan); err != nil {
		w.t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range plan.Changes {
		if action := strings.Join(c.Change.Actions, "+"); action != "no-op" && action != "read" {
			out[c.Address] = action
		}
	}
	return out
}

// attributes are those of one resource in the state.
func (w *workspace) attributes(address string) map[string]any {
	w.t.Helper()
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string
					Values  map[string]any
				}
			} `json:"root_module"`
		}
	}
	if err := json.Unmarshal([]byte(w.mustRun("show", "-json")), &state); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range state.Values.Root.Resources {
		if r.Address == address {
			return r.Values
		}
	}
	w.t.Fatalf("%s is not in the state", address)
	return nil
}
