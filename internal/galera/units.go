package galera

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// dropIns are the additions to the units of the server.
func dropIns(spec Spec) []host.File {
	engine := spec.engine()
	files := []host.File{dropIn(engine.unit, ordinaryUnit(spec.Name))}
	if template, instance, found := strings.Cut(engine.bootstrapUnit, "@"); found {
		files = append(files, dropIn(template+"@"+path.Ext(instance), bootstrapUnit(spec.Name)))
	}
	return files
}

func askUnits(spec Spec, _ string) tier.Questions {
	var paths []string
	for _, dropIn := range dropIns(spec) {
		paths = append(paths, dropIn.Path)
	}
	return tier.Questions{Files: paths}
}

// planUnits puts the drop-ins in place.
func planUnits(d *draft) error {
	wanted := dropIns(d.spec)
	for node, seen := range d.answering() {
		steps := dropInSteps(node.Name, wanted, seen.Files)
		if len(steps) == 0 && (seen.Unit.NeedsDaemonReload || seen.Bootstrap.NeedsDaemonReload) {
			steps = []Step{tier.ReloadSystemd(d.engine.unit + " changed after systemd read it").On(node.Name)}
		}
		d.prepare.On(node.Name, steps...)
	}
	return nil
}

func dropInSteps(node string, wanted []host.File, files map[string]host.FileState) []Step {
	var steps []Step
	for _, dropIn := range wanted {
		if difference := dropIn.Difference(files[dropIn.Path]); difference != "" {
			steps = append(steps, stepWriteUnitFile(node, dropIn, difference))
		}
	}
	return steps
}

func dropIn(unit, content string) host.File {
	return host.File{Path: "/etc/systemd/system/" + unit + ".d/ha.conf", Content: []byte(content), Mode: "0644"}
}

// unitOf names the unit that a drop-in belongs to, which its own name does not.
func unitOf(dropIn host.File) string {
	return strings.TrimSuffix(path.Base(path.Dir(dropIn.Path)), ".d")
}

// ordinaryUnit lets a node wait for its state transfer and for its peers: after a
// power cut of the whole tier a node that starts first gives up within a minute,
// and systemd must start it again. Such a try takes more than half a minute
// (pc.wait_prim_timeout), and may be repeated for ever. Two other kinds are
// bounded: a server that cannot start at all needs seconds for a try, so it
// reaches the start limit; and one whose state transfers fail is told by what they
// leave behind. wsrep_sst_xtrabackup-v2 makes sst_in_progress anew for each transfer
// and removes it after a good one. wsrep_sst_mariabackup does so with .sst, and when
// it ends before, the server has said that it runs it, in the journal or a log of
// the user's.
//
// Percona's unit restarts after no abort (RestartPreventExitStatus), which is how
// a server ends on a fault of InnoDB. A server that writes back gigabytes when it
// stops must not be killed for it: its position would be lost, and with it the
// short way back.
func ordinaryUnit(cluster string) string {
	return fmt.Sprintf(`# Managed by terraform-provider-ha (galera %[1]s); changes are reverted.
[Unit]
StartLimitIntervalSec=10min
StartLimitBurst=30
[Service]
TimeoutStartSec=6h
TimeoutStopSec=30min
Restart=on-failure
RestartSec=5s
RestartPreventExitStatus=
%[5]s# Gives up after %[2]d state transfers that failed in a row: they keep the donors busy.
ExecCondition=+/bin/sh -c 'read -r n 2>/dev/null <%[3]s || n=0; [ "$$n" -lt %[2]d ] || { echo "given up: $$n state transfers have failed one after the other. Cure the cause, remove %[3]s and start again." >&2; exit 1; }'
ExecStartPre=+/bin/sh -c ': >%[3]s.begun'
ExecStartPost=+/bin/rm -f %[3]s
ExecStopPost=+/bin/sh -c 'if [ "$$SERVICE_RESULT" != success ] && { [ -n "$$(find %[4]s/.sst %[4]s/sst_in_progress -maxdepth 0 -newer %[3]s.begun 2>/dev/null)" ] || journalctl -q -o cat _SYSTEMD_INVOCATION_ID=$$INVOCATION_ID | grep -q "Running: .wsrep_sst_"; }; then read -r n 2>/dev/null <%[3]s || n=0; echo $$((n + 1)) >%[3]s; fi; rm -f %[3]s.begun'
`, cluster, mostTransfers, transfersPath(cluster), dataDirectory, yields())
}

// yields are the lines of a unit by which its machine gives floating addresses away before
// the server stops, and at once when it has died.
func yields() string {
	var lines strings.Builder
	lines.WriteString("# Addresses that lead to the server move before it stops, and when it has died.\n")
	for _, at := range [][2]string{{"ExecStartPost", "started"}, {"ExecStop", "stopping"}, {"ExecStopPost", "stopped"}} {
		fmt.Fprintf(&lines, "%s=-+/bin/sh -c '[ ! -x %[2]s ] || exec %[2]s %[3]s'\n", at[0], tier.YieldProgram, at[1])
	}
	return lines.String()
}

// bootstrapUnit gives the first node the same times: systemd's own 90 seconds are
// too few to recover a large one, and to stop it. It is never started again by
// itself, because each of its starts makes a new Primary component.
func bootstrapUnit(cluster string) string {
	return fmt.Sprintf(`# Managed by terraform-provider-ha (galera %s); changes are reverted.
[Service]
TimeoutStartSec=6h
TimeoutStopSec=30min
Restart=no
%s`, cluster, yields())
}

func stepWriteUnitFile(node string, file host.File, why string) Step {
	unit := unitOf(file)
	return Step{Node: node, Title: "write " + path.Base(file.Path) + " of " + unit, Why: unit + ": " + why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := hosts[node].WriteFile(ctx, file); err != nil {
				return err
			}
			return hosts[node].ReloadSystemd(ctx)
		}}
}
