package galera

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// keptPath is where the configuration with which a member has run is kept until it is a
// member with the next one. Option files of a folder are those that end in .cnf (MariaDB's
// manual, "Configuring MariaDB with Option Files", "!includedir").
func (e engine) keptPath() string { return e.configPath + ".previous" }

var keepConfigScript = shell.Embedded(scripts, "keep-config")

// writeCandidate writes the configuration for a restart of a member, and keeps the one
// before for the case that the server does not come back with it: the script that waits for
// the member puts it back. That runs on the machine, because a lost connection ends neither
// the restart nor what is to be done after it.
func writeCandidate(ctx context.Context, node *host.Host, engine engine, file host.File, seen NodeStatus) error {
	if err := checkConfig(ctx, node, engine, file); err != nil {
		return err
	}
	if provedConfig(engine, seen) {
		keep := shell.Script(keepConfigScript, engine.configPath, engine.keptPath())
		if _, err := node.Run(ctx, keep); err != nil {
			return fmt.Errorf("cannot keep %s on %s: %w", engine.configPath, node.Name(), err)
		}
	}
	return node.WriteFile(ctx, file)
}

// provedConfig reports whether a member runs with the configuration that lies on its
// machine. Another one, of a change that broke off or by hand, is nothing to go back to:
// without the settings of this package a server would serve outside of the cluster.
func provedConfig(engine engine, seen NodeStatus) bool {
	file := host.File{Path: engine.configPath}
	return seen.Files[file.Path].Exists && seen.primary() && seen.running() && !changedSinceStart(file, seen)
}

// wasPutBack reports whether the previous configuration is in its place again and the server
// is still to become a member with it. The next one is for a member, whose restart can fail.
func wasPutBack(engine engine, seen NodeStatus) bool {
	kept := seen.Files[engine.keptPath()]
	return kept.Exists && kept.SHA256 == seen.Files[engine.configPath].SHA256
}

// forgetKept removes a configuration that a change which broke off has left beside the one
// with which a member runs.
func forgetKept(engine engine, node string, config host.File, seen NodeStatus) []Step {
	if !seen.Files[engine.keptPath()].Exists || !seen.Healthy() || runsStale(config, seen) {
		return nil
	}
	base := path.Base(engine.keptPath())
	return []Step{{Node: node, Title: "remove " + base, Why: base + " is left of a change that broke off",
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return hosts[node].RemoveFile(ctx, engine.keptPath())
		}}}
}

// Statuses of the script that waits for a member, where it has put the previous
// configuration back.
const (
	servesAsBefore = 4
	failsAsBefore  = 5
)

// saidOfPutBack says what has become of a node whose restart failed.
func saidOfPutBack(engine engine, name string, err error) error {
	var exit *shell.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	config := path.Base(engine.configPath)
	switch exit.Status {
	case servesAsBefore:
		return fmt.Errorf("cannot start %s with its new %s; the previous one was put back, and the node serves with it: %w", name, config, err)
	case failsAsBefore:
		return fmt.Errorf("cannot start %s with its new %s, nor with the previous one, which was put back: %w", name, config, err)
	}
	return err
}
