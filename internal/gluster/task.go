package gluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

var taskScript = shell.Embedded(scripts, "task")

// taskInterval is between two looks at a task, which takes the lock of the volume.
const taskInterval = 3 * time.Second

// States of a task (rpc/xdr/src/cli1-xdr.x).
const (
	taskNotStarted = 0
	taskInProgress = 1
	taskCompleted  = 3
)

// noTask is the identity of the task of a volume that never had one.
const noTask = "00000000-0000-0000-0000-000000000000"

// task is what glusterd says of files that move between sets.
type task struct {
	// id is empty if there is no such task.
	id    string
	nodes []taskNode
	total taskNode
}

// taskNode is the part of one machine, or of all.
type taskNode struct {
	Name     string `xml:"nodeName"`
	UUID     string `xml:"id"`
	Files    int    `xml:"files"`
	Size     int64  `xml:"size"`
	Scanned  int    `xml:"lookups"`
	Failures int    `xml:"failures"`
	Skipped  int    `xml:"skipped"`
	State    int    `xml:"status"`
	Words    string `xml:"statusStr"`
}

type xmlTask struct {
	ID    string     `xml:"task-id"`
	Nodes []taskNode `xml:"node"`
	Total taskNode   `xml:"aggregate"`
}

func (x xmlTask) task() task { return task{id: x.ID, nodes: x.Nodes, total: x.Total} }

func askTask(spec inquiry, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("task", taskScript, spec.Name)}}
}

// readTask takes in the last task that the machine's glusterd knows. The file is not
// written while a task goes on, so it has nothing but the identity. The bricks of a removal are marked until it is committed
// or given up.
func readTask(_ inquiry, _ string, answers tier.Answers, seen *Node) {
	for _, line := range answers.Parts.Lines("task") {
		if id, found := strings.CutPrefix(line, "rebalance-id="); found {
			seen.Task = id
		}
		if brick, found := strings.CutPrefix(line, "decommissioned="); found {
			seen.Decommissioned = append(seen.Decommissioned, brick)
		}
	}
}

// askedTask asks for a task by the words of its command. glusterd answers with an error
// where there is none, which has no number of its own; then the task has no identity.
func askedTask(ctx context.Context, h *host.Host, words ...string) (task, error) {
	output, err := gluster(ctx, h, words...)
	if failed, found := asCommandError(err); found && failed.noTask() {
		return task{}, nil
	}
	if err != nil {
		return task{}, err
	}
	if output.Removal.ID != "" {
		return output.Removal.task(), nil
	}
	return output.Rebalance.task(), nil
}

// noTask reports whether the command said that there is no task (glusterd-rebalance.c,
// glusterd-brick-ops.c).
func (e *CommandError) noTask() bool {
	return strings.Contains(e.Said, "ebalance not started for volume") || strings.Contains(e.Said, "remove-brick not started for volume")
}

// progress says how far a task has come.
func (t task) progress() string {
	return fmt.Sprintf("%d files (%s) moved, %d looked at, %d failed", t.total.Files, bytes(t.total.Size), t.total.Scanned, t.failures())
}

// failures counts files that could not be moved.
func (t task) failures() int {
	count := 0
	for _, node := range t.nodes {
		count += node.Failures
	}
	return max(count, t.total.Failures)
}

// running reports whether a machine is still at work.
func (t task) running() bool {
	for _, node := range t.nodes {
		if node.State == taskInProgress {
			return true
		}
	}
	return t.total.State == taskInProgress
}

// complete says why a task has not done all that it should on the machines of the
// identities; empty if it has. A machine that is missing from the answer did not.
func (t task) complete(identities map[string]string) []string {
	states := map[string]taskNode{}
	for _, node := range t.nodes {
		states[node.UUID] = node
	}
	var evidence []string
	for _, name := range sortedKeys(identities) {
		node, found := states[identities[name]]
		switch {
		case !found:
			evidence = append(evidence, "nothing is known of "+name)
		case node.Failures > 0:
			evidence = append(evidence, fmt.Sprintf("%d files could not be moved on %s; /var/log/glusterfs/*-rebalance.log there names them", node.Failures, name))
		case node.State != taskCompleted:
			evidence = append(evidence, fmt.Sprintf("it is %s on %s", node.Words, name))
		}
	}
	if len(evidence) == 0 && (t.total.State != taskCompleted || t.total.Failures > 0) {
		evidence = append(evidence, fmt.Sprintf("it is %s, and %d files could not be moved", t.total.Words, t.total.Failures))
	}
	return evidence
}

// ended reports whether a task came to its end on all machines, whatever it could not move.
func (t task) ended(identities map[string]string) bool {
	done := 0
	for _, node := range t.nodes {
		if slices.Contains(slices.Collect(maps.Values(identities)), node.UUID) && node.State == taskCompleted {
			done++
		}
	}
	return done == len(identities) && t.total.State == taskCompleted
}

// passes is how often files are moved before it is an error that some were not. One that a
// client deletes while it is on its way counts as one that could not be moved
// (dht-rebalance.c: "Migrate file failed: ... No such file or directory"), and on a volume in
// use that happens all the time. A further pass has only those to move that are left.
const passes = 3

// repeated runs a task again for as long as it came to its end and failed for some files.
func repeated(identities map[string]string, run func() (task, error)) (task, error) {
	for pass := 1; ; pass++ {
		now, err := run()
		if err != nil || pass == passes || now.failures() == 0 || !now.ended(identities) {
			return now, err
		}
	}
}

// startPatience is how many looks may find a task not started on a machine: glusterd says
// so for a moment after a start.
const startPatience = 10

// waitTask waits until a task has ended, however, and tells its progress. Its glusterd may
// be away for a moment.
func waitTask(ctx context.Context, h *host.Host, what string, words ...string) (task, error) {
	var last task
	looks := 0
	err := reconcile.Wait(ctx, what, taskInterval, func(ctx context.Context) (string, error) {
		now, err := askedTask(ctx, h, words...)
		if err != nil {
			return "", err
		}
		last = now
		looks++
		if now.id != "" && (now.running() || now.total.State == taskNotStarted && looks < startPatience) {
			reconcile.Tell(ctx, now.progress())
			return now.progress(), nil
		}
		return "", nil
	})
	return last, err
}

// bytes writes a number of bytes for people.
func bytes(count int64) string {
	const unit = 1024
	value, units := float64(count), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; value >= unit && i < len(units)-1; i++ {
		value /= unit
	}
	if i == 0 {
		return fmt.Sprintf("%d B", count)
	}
	return fmt.Sprintf("%.1f %s", value, units[i])
}
