package tier

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// Maintenance is how far a node is out of service on the user's word; empty for a node
// in service.
type Maintenance string

const (
	// Drained is a node that runs, and that no visitor and no floating address goes to.
	Drained Maintenance = "drained"
	// Stopped is a drained node whose daemon is stopped and does not start at boot.
	Stopped Maintenance = "stopped"
)

// String is for sentences: "drained for maintenance".
func (m Maintenance) String() string {
	if m == "" {
		return "in service"
	}
	return string(m) + " for maintenance"
}

const maintenanceEnding = ".maintenance"

// MaintenanceFiles matches the records of all clusters on a machine. While there is
// one, the checks of floating IPs fail there, except for the records of other floating
// IPs: those are about one address, and a machine may keep the rest. Unlike
// [DrainFile] a record outlives a boot.
const MaintenanceFiles = host.MarkerDirectory + "/*" + maintenanceEnding

// MaintenanceFile is the record of one cluster on a machine.
func MaintenanceFile(kind, cluster string) string {
	return path.Join(host.MarkerDirectory, kind+"-"+cluster+maintenanceEnding)
}

var (
	maintenanceScript = shell.Embedded(scripts, "maintenance")
	ableScript        = shell.Embedded(scripts, "able")
	putBackScript     = shell.Embedded(scripts, "put-back")
)

// AskMaintenance returns the question for the record of a cluster on the machine.
func AskMaintenance(name, kind, cluster string) shell.Part {
	return shell.Ask(name, maintenanceScript, MaintenanceFile(kind, cluster))
}

// ReadMaintenance reads the answer to [AskMaintenance]. What is no known word is taken
// for the first step out of service.
func ReadMaintenance(answer shell.Answer) Maintenance {
	switch word, _, _ := strings.Cut(answer.Out, "\n"); {
	case word == "":
		return ""
	case word == string(Stopped):
		return Stopped
	}
	return Drained
}

// TakeOut records that a node is out of service and waits until its machine has given
// its floating addresses away. It refuses to begin where no other of the machines could
// take one of them. Notes are further lines of the record.
func TakeOut(ctx context.Context, hosts host.Hosts, node, kind, cluster string, how Maintenance, notes ...string) error {
	machine, record := hosts[node], MaintenanceFile(kind, cluster)
	if err := RefuseHomeless(ctx, hosts, node); err != nil {
		return err
	}
	lines := append([]string{string(how)}, notes...)
	if err := machine.WriteFile(ctx, host.File{Path: record, Content: []byte(strings.Join(lines, "\n") + "\n"), Mode: "0644"}); err != nil {
		return err
	}
	// The checks read the record as they read a drain file, so that this only waits.
	if _, err := machine.Run(ctx, shell.Script(drainScript, record, "", host.MarkerDirectory, YieldProgram)); err != nil {
		return err
	}
	held, err := heldBy(ctx, machine)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return fmt.Errorf("cannot take %s out of service: it still has %s, whose floating IP has no check; set maintenance on the node in that floating IP first",
			node, strings.Join(held, ", "))
	}
	return nil
}

// PutBack ends what [TakeOut] began.
func PutBack(ctx context.Context, machine *host.Host, kind, cluster string) error {
	if _, err := machine.Run(ctx, shell.Script(putBackScript, MaintenanceFile(kind, cluster), YieldProgram)); err != nil {
		return fmt.Errorf("cannot put %s back into service: %w", machine.Name(), err)
	}
	return nil
}

// RefuseHomeless refuses to take a machine out of service that has a floating address which
// no other of the machines can take now.
func RefuseHomeless(ctx context.Context, hosts host.Hosts, node string) error {
	held, err := heldBy(ctx, hosts[node])
	if err != nil || len(held) == 0 {
		return err
	}
	others := hosts.Views()
	delete(others, node)
	able := host.Look(ctx, others, func(ctx context.Context, view host.View) ([]string, error) {
		result, err := view.Query(ctx, shell.Script(ableScript, host.MarkerDirectory, CheckAccount, DatabaseGoneFile))
		return strings.Fields(string(result.Stdout)), err
	})
	for _, address := range held {
		taker := slices.ContainsFunc(hosts.Names(), func(name string) bool { return slices.Contains(able[name].Value, address) })
		if !taker {
			return &reconcile.RefusedError{
				What: "take a node out of service", Node: node,
				Evidence: []string{"it has the floating address " + address, "no other node can take it now: Keepalived does not run there, its check fails, or its database has been stopped"},
				Remedy:   "Repair another node of the floating IP first, or take another node out of maintenance.",
			}
		}
	}
	return nil
}

func heldBy(ctx context.Context, machine *host.Host) ([]string, error) {
	result, err := machine.Query(ctx, shell.Script(heldScript, host.MarkerDirectory))
	if err != nil {
		return nil, fmt.Errorf("cannot ask %s for its floating addresses: %w", machine.Name(), err)
	}
	return strings.Fields(string(result.Stdout)), nil
}

// MaintenanceNotices say which nodes are out of service, so that nobody forgets them.
func MaintenanceNotices(recorded map[string]Maintenance) []string {
	var notices []string
	for _, node := range sortedNames(recorded) {
		if how := recorded[node]; how != "" {
			notices = append(notices, fmt.Sprintf("%s is %s: one failure more can take the tier out of service. Remove maintenance from the node to put it back", node, how))
		}
	}
	return notices
}

func sortedNames(recorded map[string]Maintenance) []string {
	names := make([]string, 0, len(recorded))
	for name := range recorded {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
