package galera

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

type dockerRunner string

func (d dockerRunner) Run(ctx context.Context, c shell.Command) (shell.Result, error) {
	cmd := exec.CommandContext(ctx, "docker", "exec", "-i", string(d), "sh", "-c", c.Line())
	var out, errb bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Stdin()), &out, &errb
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return shell.Result{}, &shell.ExitError{Node: string(d), Command: c, Status: exit.ExitCode(), Stdout: out.Bytes(), Stderr: errb.Bytes()}
	}
	return shell.Result{Stdout: out.Bytes(), Stderr: errb.Bytes()}, err
}

type testReporter struct{ t *testing.T }

func (r testReporter) StepStarted(node, title, why string) {}
func (r testReporter) StepEnded(node, title string, took time.Duration, skipped bool, err error) {
	r.t.Logf("%s %s: %s (%v) err=%v", time.Now().Format("05.0"), node, title, took.Round(time.Millisecond), err)
}

func TestTry(t *testing.T) {
	if os.Getenv("GALERA_TRY") == "" {
		t.Skip()
	}
	ctx := context.Background()
	spec := Spec{Name: "shop", Flavor: MariaDB, Settings: map[string]string{"innodb_buffer_pool_size": os.Getenv("GALERA_TRY")},
		Databases: map[string]Database{"wordpress": {Charset: "utf8mb4"}},
		Users: map[string]User{"wordpress": {Host: "%", Password: "it's $(secret)", PasswordVersion: 1,
			Grants: map[string][]string{"wordpress.*": {"ALL"}}}}}
	hosts := host.Hosts{}
	for _, i := range []string{"1", "2", "3"} {
		spec.Nodes = append(spec.Nodes, host.Node{Name: "gt" + i, Address: "172.31.9.1" + i})
		hosts["gt"+i] = host.New("gt"+i, dockerRunner("gt"+i))
	}
	if p := spec.Validate(); len(p) > 0 {
		t.Fatal(p)
	}
	begin := time.Now()
	observe := func(ctx context.Context) (Status, error) { return Observe(ctx, hosts.Views(), spec), nil }
	status, err := reconcile.Converge(ctx, observe, func(s Status) (Plan, error) {
		plan, err := Diff(spec, s)
		t.Log(plan.Drift(), err)
		return plan, err
	}, hosts, testReporter{t})
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(ctx, hosts.Views(), spec); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(begin), status.UUIDs(), status.Version(), status.Members())
}
