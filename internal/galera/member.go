package galera

import (
	"context"
	"fmt"
	"path"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// becomeMember ends when the node serves as a member.
var becomeMember = shell.Embedded(scripts, "member")

// starter is what it takes to start the server of any node.
type starter struct {
	spec   Spec
	engine engine
	// transfers is the file that counts state transfers that failed, and errorLog
	// where the server writes its errors beside the journal; empty for nowhere.
	transfers, errorLog string
}

func starterOf(spec Spec) starter {
	return starter{spec: spec, engine: spec.engine(), transfers: transfersPath(spec.Name), errorLog: errorLog(spec)}
}

func errorLog(spec Spec) string {
	if chosen, found := spec.Settings["log_error"]; found && path.IsAbs(chosen) {
		return chosen
	}
	return spec.engine().errorLog
}

// become has a node's server become a member, or be one again. The verb says how to
// begin: "start" starts what does not run, "restart" restarts, "bootstrap" makes a
// new Primary component, "settle" gives a running node time before it restarts it,
// and "await" only waits: a donor that is restarted takes the joiner with it, and a
// state transfer may take hours.
func (s starter) become(ctx context.Context, hosts host.Hosts, name, verb string) error {
	node := hosts[name]
	if s.engine.repository != "" && verb != "await" {
		if err := initializeData(ctx, node); err != nil {
			return err
		}
	}
	return reconcile.TellMeanwhile(ctx,
		func(ctx context.Context) string { return Observe(ctx, hosts.Views(), s.spec).joining(name) },
		func(ctx context.Context) error {
			_, err := node.Run(ctx, shell.Script(becomeMember, verb, s.engine.unit, s.engine.client, socketPath, s.engine.bootstrapUnit, s.engine.startCheck,
				s.transfers, s.errorLog, s.engine.configPath, s.engine.keptPath()))
			return saidOfPutBack(s.engine, name, err)
		})
}

// awaitChecks waits for no state transfer, which takes what it takes and applies
// what is changed meanwhile.
var awaitChecks = shell.Embedded(scripts, "await-checks")

// stepAwaitChecks waits until no server looks after its tables, as one does that
// has just started by itself: see [transferKeeps] for what an account that is
// changed meanwhile can do.
func stepAwaitChecks(nodes []string, engine engine) Step {
	return Step{Title: "wait until no server checks its tables",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			for _, name := range nodes {
				_, err := hosts[name].Run(ctx, shell.Script(awaitChecks, engine.unit, engine.startCheck))
				if err != nil && !host.IsUnreachable(err) {
					return fmt.Errorf("cannot wait for %s: %w", name, err)
				}
			}
			return nil
		}}
}
