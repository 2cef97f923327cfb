package sitetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// terraform returns a command on the site, with the test's own variables.
func (s *site) terraform(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command, err := s.Terraform(t.Context(), args...)
	must(t, err)
	for name, value := range s.variables {
		command.Env = append(command.Env, "TF_VAR_"+name+"="+value)
	}
	return command
}

// do runs Terraform and fails the test where it fails.
func (s *site) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.terraform(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (s *site) output(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(s.do(t, "output", "-no-color", "-raw", name))
}

// apply applies, and prints how long that took, in all and for each tier.
func (s *site) apply(t *testing.T, what string) {
	t.Helper()
	started := time.Now()
	progress := filepath.Join(t.TempDir(), "progress")
	command := s.terraform(t, "apply", "-auto-approve", "-input=false", "-no-color")
	command.Env = append(command.Env, "HA_PROGRESS="+progress)
	said, err := command.CombinedOutput()
	out := string(said)
	if err != nil {
		t.Fatalf("terraform apply: %v\n%s", err, out)
	}
	took(t, what, started)
	steps, err := os.ReadFile(progress)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	s.applied = out + string(steps)
	for line := range strings.Lines(out) {
		if strings.Contains(line, ".ha_") && strings.Contains(line, " complete after ") {
			t.Logf("     %s", strings.TrimSpace(line))
		}
	}
}

// change is a resource that a plan touches.
type change struct {
	Address string
	Type    string
	Change  struct {
		Actions       []string
		Before, After struct {
			Drift map[string][]string
		}
	}
}

// planned is what a plan would do.
type planned struct {
	// exit is the exit status: 0 for an empty plan, 2 for one that is not.
	exit    int
	said    string
	changes []change
}

// plan makes a plan and reads it.
func (s *site) plan(t *testing.T) planned {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan")
	command := s.terraform(t, "plan", "-detailed-exitcode", "-input=false", "-no-color", "-out="+file)
	out, err := command.CombinedOutput()
	p := planned{said: string(out)}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		p.exit, err = 2, nil
	}
	if err != nil {
		t.Fatalf("terraform plan: %v\n%s", err, out)
	}
	show := s.terraform(t, "show", "-json", file)
	var stderr bytes.Buffer
	show.Stderr = &stderr
	content, err := show.Output()
	if err != nil {
		t.Fatalf("terraform show: %v\n%s", err, &stderr)
	}
	p.changes = readPlan(t, content)
	return p
}

func readPlan(t *testing.T, content []byte) []change {
	t.Helper()
	var all struct {
		ResourceChanges []struct {
			Address string
			Type    string
			Change  struct {
				Actions       []string
				Before, After json.RawMessage
			}
		} `json:"resource_changes"`
	}
	must(t, json.Unmarshal(content, &all))
	var changes []change
	for _, each := range all.ResourceChanges {
		c := change{Address: each.Address, Type: each.Type}
		c.Change.Actions = each.Change.Actions
		// Other providers may mean something else by an attribute of this name.
		if strings.HasPrefix(each.Type, "ha_") {
			must(t, json.Unmarshal(each.Change.Before, &c.Change.Before))
			must(t, json.Unmarshal(each.Change.After, &c.Change.After))
		}
		changes = append(changes, c)
	}
	return changes
}

// destroys returns the resources that the plan would destroy or replace.
func (p planned) destroys() []string {
	var addresses []string
	for _, each := range p.changes {
		if slices.Contains(each.Change.Actions, "delete") {
			addresses = append(addresses, each.Address)
		}
	}
	return addresses
}

// touches returns the resources that the plan would change in place or create.
func (p planned) touches() []string {
	var types []string
	for _, each := range p.changes {
		if !slices.Equal(each.Change.Actions, []string{"no-op"}) && !slices.Equal(each.Change.Actions, []string{"read"}) {
			types = append(types, each.Type)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// drift returns the sentences of a node of a resource.
func (p planned) drift(kind, node string) string {
	for _, each := range p.changes {
		if each.Type == kind {
			return strings.Join(each.Change.Before.Drift[node], "; ")
		}
	}
	return ""
}

// wantEmpty fails unless a plan finds nothing to do.
func (s *site) wantEmpty(t *testing.T, when string) {
	t.Helper()
	started := time.Now()
	command := s.terraform(t, "plan", "-detailed-exitcode", "-input=false", "-no-color")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("the plan %s is not empty: %v\n%s", when, err, out)
	}
	if strings.Contains(string(out), "Warning:") {
		t.Errorf("the plan %s warns:\n%s", when, out)
	}
	took(t, "an empty plan "+when, started)
}

// wantNoDestruction fails where a plan would take anything away.
func (p planned) wantNoDestruction(t *testing.T) {
	t.Helper()
	if gone := p.destroys(); len(gone) > 0 {
		t.Fatalf("the plan destroys %s:\n%s", strings.Join(gone, ", "), p.said)
	}
}
