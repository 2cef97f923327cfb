package webtier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// container runs commands in a lab machine by "docker exec".
type container struct{ node, name string }

func (c container) Run(ctx context.Context, command shell.Command) (shell.Result, error) {
	args := []string{"exec", "-i", c.name, "env", "LC_ALL=C", "sh", "-c", string(command.Text()), "sh"}
	run := exec.CommandContext(ctx, "docker", append(args, command.Args()...)...)
	run.Stdin = bytes.NewReader(command.Stdin())
	var out, errs bytes.Buffer
	run.Stdout, run.Stderr = &out, &errs
	err := run.Run()
	result := shell.Result{Stdout: out.Bytes(), Stderr: errs.Bytes()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return result, &shell.ExitError{Node: c.node, Command: command, Status: exit.ExitCode(), Stdout: out.Bytes(), Stderr: errs.Bytes()}
	}
	return result, err
}

// site is the machines of a test.
type site struct {
	t     *testing.T
	hosts host.Hosts
	nodes []host.Node
}

const labPrefix = "webtier-test-"

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// boot starts machines; every one also has a disk that is not an overlay, which
// a brick needs.
func boot(t *testing.T, names ...string) *site {
	if os.Getenv("LAB_TESTS") == "" {
		t.Skip("LAB_TESTS is not set")
	}
	image := strings.Fields(docker(t, "images", "--quiet", "terraform-ha-lab/machine"))
	if len(image) == 0 {
		t.Skip("there is no machine image yet")
	}
	s := &site{t: t, hosts: host.Hosts{}}
	network := labPrefix + "net"
	remove := func() {
		for _, name := range names {
			_ = exec.Command("docker", "rm", "--force", "--volumes", labPrefix+name).Run()
		}
		_ = exec.Command("docker", "network", "rm", network).Run()
	}
	keep := os.Getenv("LAB_KEEP") != ""
	reuse := keep && exec.Command("docker", "inspect", labPrefix+names[0]).Run() == nil
	if !keep {
		t.Cleanup(remove)
	}
	if !reuse {
		remove()
		docker(t, "network", "create", "--subnet", "10.77.9.0/24", network)
	}
	for i, name := range names {
		address := fmt.Sprintf("10.77.9.%d", 11+i)
		if !reuse {
			docker(t, "run", "--detach", "--name", labPrefix+name, "--hostname", name, "--network", network, "--ip", address,
				"--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
				"--device", "/dev/fuse", "--tmpfs", "/run", "--tmpfs", "/run/lock", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:ro", "-v", "/srv/disk",
				"--entrypoint", "/lib/systemd/systemd", image[0])
		}
		s.hosts[name] = host.New(name, container{node: name, name: labPrefix + name})
		s.nodes = append(s.nodes, host.Node{Name: name, Address: address})
	}
	for _, name := range names {
		s.eventually(time.Minute, name+" booted", func() string {
			state := s.try(name, `systemctl is-system-running`)
			if strings.Contains(state, "running") || strings.Contains(state, "degraded") {
				return ""
			}
			return state
		})
	}
	return s
}

// sh runs a command on a machine, as a person would.
func (s *site) sh(node, text string) string {
	s.t.Helper()
	out, err := exec.Command("docker", "exec", labPrefix+node, "sh", "-c", text).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %s: %v\n%s", node, text, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (s *site) try(node, text string) string {
	out, _ := exec.Command("docker", "exec", labPrefix+node, "sh", "-c", text).CombinedOutput()
	return strings.TrimSpace(string(out))
}

func (s *site) eventually(limit time.Duration, what string, check func() string) time.Duration {
	s.t.Helper()
	begin := time.Now()
	err := reconcile.WaitAtMost(s.t.Context(), limit, what, 100*time.Millisecond, func(context.Context) (string, error) { return check(), nil })
	if err != nil {
		s.t.Fatal(err)
	}
	return time.Since(begin)
}

// lastReport says what a run did.
type lastReport struct {
	mu    sync.Mutex
	t     *testing.T
	steps []string
}

func (r *lastReport) StepStarted(string, string, string) {}

func (r *lastReport) StepEnded(node, title string, took time.Duration, _ bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, node+": "+title)
	r.t.Logf("%6.2fs %s: %s %v", took.Seconds(), node, title, err)
}

func (s *site) converge(spec Spec, balancer Balancer) ([]string, error) {
	s.t.Helper()
	report := &lastReport{t: s.t}
	begin := time.Now()
	_, err := reconcile.Converge(s.t.Context(),
		func(ctx context.Context) (Status, error) { return Observe(ctx, s.hosts.Views(), spec), nil },
		func(status Status) (Plan, error) { return Diff(spec, status) },
		Target{Hosts: s.hosts, Balancer: balancer}, report)
	s.t.Logf("converged in %.1fs", time.Since(begin).Seconds())
	return report.steps, err
}

func (s *site) mustConverge(spec Spec, balancer Balancer) []string {
	s.t.Helper()
	steps, err := s.converge(spec, balancer)
	if err != nil {
		s.t.Fatal(err)
	}
	s.wantDrift(spec, "", "")
	if err := Verify(s.t.Context(), s.hosts.Views(), spec); err != nil {
		s.t.Fatal(err)
	}
	return steps
}

// wantDrift wants a plan whose reasons for a node hold want; an empty node wants
// an empty plan.
func (s *site) wantDrift(spec Spec, node, want string) {
	s.t.Helper()
	begin := time.Now()
	status := Observe(s.t.Context(), s.hosts.Views(), spec)
	took := time.Since(begin)
	plan, err := Diff(spec, status)
	if err != nil {
		s.t.Fatal(err)
	}
	if node == "" {
		if !plan.Empty() {
			s.t.Fatalf("the plan is not empty: %q %v", plan.Titles(), plan.Drift())
		}
		s.t.Logf("empty plan, seen in %.2fs", took.Seconds())
		return
	}
	s.t.Logf("drift seen in %.2fs: %v", took.Seconds(), plan.Drift())
	if !strings.Contains(strings.Join(plan.Drift()[node], "; "), want) {
		s.t.Errorf("drift of %s is %q, want %q in it", node, plan.Drift()[node], want)
	}
}

func (s *site) health(node string) string {
	return s.try(node, `curl -s -o /dev/null -w '%{http_code}' --max-time 10 http://127.0.0.1/healthz`)
}

// memoryBalancer is a balancer that believes its backends' health endpoints.
type memoryBalancer struct {
	mu    sync.Mutex
	modes map[string]string
	log   []string
}

func (b *memoryBalancer) set(address, mode string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, found := b.modes[address]; !found {
		return fmt.Errorf("nobody knows %s", address)
	}
	b.modes[address] = mode
	b.log = append(b.log, mode+" "+address)
	return nil
}

func (b *memoryBalancer) Drain(_ context.Context, address string) error {
	return b.set(address, "drain")
}

func (b *memoryBalancer) Accept(_ context.Context, address string) error {
	return b.set(address, "accept")
}

func (b *memoryBalancer) State(context.Context) (map[string]BackendState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := map[string]BackendState{}
	for address, mode := range b.modes {
		state[address] = BackendState{Mode: mode, Status: "UP"}
	}
	return state, nil
}

func balancerFor(s Spec) *memoryBalancer {
	b := &memoryBalancer{modes: map[string]string{}}
	for _, node := range s.Defaulted().Nodes {
		b.modes[s.Defaulted().backend(node)] = "accept"
	}
	return b
}
