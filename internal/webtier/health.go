package webtier

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// healthURL is the health endpoint as a node reaches its own.
func (s Spec) healthURL() string {
	return "http://127.0.0.1:" + strconv.Itoa(s.Port) + s.HealthPath
}

var healthScript = shell.Embedded(scripts, "health")

// healthQuestion prints the status of a machine's health endpoint; curl writes 000
// when nothing answered.
func healthQuestion(s Spec) shell.Command {
	return shell.Script(healthScript, s.healthURL())
}

func askHealth(s Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{{Name: "health", Command: healthQuestion(s)}}}
}

func readHealth(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Health, _ = strconv.Atoi(answers.Parts["health"].Out)
}

// healthOf returns the status of a machine's health endpoint now: "200".
func healthOf(ctx context.Context, view host.View, s Spec) (string, error) {
	result, err := view.Query(ctx, healthQuestion(s))
	if err != nil {
		return "", fmt.Errorf("cannot ask %s of %s: %w", s.HealthPath, view.Name(), err)
	}
	return string(result.Stdout), nil
}

// planRestart restarts the servers of a machine on which everything is as it should be
// and that does not serve.
func planRestart(d *draft, m *machine) {
	if m.busy() || m.seen.Health == 200 || m.seen.Drained == drainedByOperator || m.seen.Maintenance != "" {
		return
	}
	why := fmt.Sprintf("%s answers %d instead of 200", d.spec.HealthPath, m.seen.Health)
	if m.seen.Health == 0 {
		why = d.spec.HealthPath + " does not answer"
	}
	phpUnit := ""
	if d.spec.php() {
		phpUnit = fpmUnit(m.seen.PHP)
	}
	m.add(part{title: "restart what does not answer", reasons: []string{why}, do: restartServers(d.spec, phpUnit)})
}

var restartServersScript = shell.Embedded(scripts, "restart-servers")

// restartServers restarts what is stuck on a machine that is not healthy although
// everything is as it should be: PHP-FPM that does not answer, and Apache that does
// not see the files. It does so only where the files can be read by their side's
// user, and after the time in which a machine that has just booted, or whose
// volume was slow, becomes healthy by itself.
func restartServers(s Spec, phpUnit string) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "restart what does not answer", shell.Script(restartServersScript, s.healthURL(), s.sentinel(), apacheUnit, phpUnit))
	}
}

// healthLimit is how long a machine may take to become healthy after a change.
const healthLimit = 60 * time.Second

var awaitHealthScript = shell.Embedded(scripts, "await-health")

// awaitHealth waits on the machine itself until its health endpoint says 200, and what
// the probe asks answers as well. A machine that an operator drained, or that is in
// maintenance, only has to run.
func awaitHealth(s Spec) action {
	parts := "files=204"
	if s.php() {
		parts += " php=200"
	}
	return awaitEndpoint(s, parts)
}

// awaitProbe is [awaitHealth] for a machine with a configuration of before, in which PHP
// can be on or off.
func awaitProbe(s Spec) action { return awaitEndpoint(s, "") }

func awaitEndpoint(s Spec, parts string) action {
	return func(ctx context.Context, h *host.Host) error {
		return run(ctx, h, "see "+path.Base(s.HealthPath)+" answer 200", shell.Script(awaitHealthScript, s.healthURL(), drainFile, drainMark, fmt.Sprint(int(healthLimit.Seconds())), s.maintenanceFile(), parts))
	}
}
