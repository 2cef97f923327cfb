package galera

import (
	"fmt"
	"path"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// mostTransfers is how many state transfers to one node may fail in a row. Each
// keeps a donor busy for as long as it takes.
const mostTransfers = 3

// transfersPath is the file that counts the state transfers to a node that failed
// since its server last served.
func (s Spec) transfersPath() string {
	return strings.TrimSuffix(s.marker().Path, ".json") + ".transfers"
}

// dropIns are the additions to the units of the server.
func (s Spec) dropIns() []host.File {
	engine := s.Flavor.engine()
	files := []host.File{dropIn(engine.unit, s.ordinaryUnit())}
	if template, instance, found := strings.Cut(engine.bootstrapUnit, "@"); found {
		files = append(files, dropIn(template+"@"+path.Ext(instance), s.bootstrapUnit()))
	}
	return files
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
func (s Spec) ordinaryUnit() string {
	count := s.transfersPath()
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
# Gives up after %[2]d state transfers that failed in a row: they keep the donors busy.
ExecCondition=+/bin/sh -c 'read -r n 2>/dev/null <%[3]s || n=0; [ "$$n" -lt %[2]d ] || { echo "given up: $$n state transfers have failed one after the other. Cure the cause, remove %[3]s and start again." >&2; exit 1; }'
ExecStartPre=+/bin/sh -c ': >%[3]s.begun'
ExecStartPost=+/bin/rm -f %[3]s
ExecStopPost=+/bin/sh -c 'if [ "$$SERVICE_RESULT" != success ] && { [ -n "$$(find %[4]s/.sst %[4]s/sst_in_progress -maxdepth 0 -newer %[3]s.begun 2>/dev/null)" ] || journalctl -q -o cat _SYSTEMD_INVOCATION_ID=$$INVOCATION_ID | grep -q "Running: .wsrep_sst_"; }; then read -r n 2>/dev/null <%[3]s || n=0; echo $$((n + 1)) >%[3]s; fi; rm -f %[3]s.begun'
`, s.Name, mostTransfers, count, dataDirectory)
}

// bootstrapUnit gives the first node the same times: systemd's own 90 seconds are
// too few to recover a large one, and to stop it. It is never started again by
// itself, because each of its starts makes a new Primary component.
func (s Spec) bootstrapUnit() string {
	return fmt.Sprintf(`# Managed by terraform-provider-ha (galera %s); changes are reverted.
[Service]
TimeoutStartSec=6h
TimeoutStopSec=30min
Restart=no
`, s.Name)
}

// errorLog is where the server writes its errors beside the journal; empty for
// nowhere.
func (s Spec) errorLog() string {
	if chosen, found := s.Settings["log_error"]; found && path.IsAbs(chosen) {
		return chosen
	}
	return s.Flavor.engine().errorLog
}

// noRoom refuses a state transfer that cannot end well: the data of a donor does
// not fit on the node. What the node has is removed by the transfer first, but for
// the write-set cache, which each node has for itself. Who has a history may get by
// with what it missed, so only the others are looked at.
func (s Spec) noRoom(status Status, name string) error {
	node, donors := status.Nodes[name], int64(0)
	if node.Free == 0 || node.Saved.HasData() && node.FailedTransfers == 0 {
		return nil
	}
	var evidence []string
	for _, donor := range status.where(NodeStatus.primary) {
		if used := status.Nodes[donor].Used - status.Nodes[donor].Cache; donor != name && used > 0 {
			donors = max(donors, used)
			evidence = append(evidence, fmt.Sprintf("the data of %s takes %d MiB", donor, used>>20))
		}
	}
	room := node.Free + node.Used - max(node.Cache, s.cacheBytes(name))
	if donors <= room {
		return nil
	}
	return &reconcile.RefusedError{
		What: "start a state transfer that does not fit", Node: name,
		Evidence: append(evidence, fmt.Sprintf("%s has room for %d MiB at %s", name, room>>20, dataDirectory)),
		Remedy:   "Give the node a larger disk, or remove data from the cluster, and apply again.",
	}
}
