package galera

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// tableHead has the columns of the table of histories.
var tableHead = []string{"node", "state", "uuid", "seqno", "safe_to_bootstrap", "view"}

// table describes every node's history, for a person to decide by: rows of equal
// columns below a head.
func (s Status) table() []string {
	rows := [][]string{tableHead}
	for _, name := range s.names() {
		rows = append(rows, append([]string{name}, s.Nodes[name].history()...))
	}
	widths := make([]int, len(tableHead))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("  %-*s", widths[i], cell)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// history returns the cells of a node behind its name.
func (n NodeStatus) history() []string {
	const none = "-"
	position := n.position()
	uuid, seqno, safe, saved := none, none, none, none
	if position.HasData() {
		uuid, seqno = position.UUID, "unknown"
		if position.Seqno >= 0 {
			seqno = strconv.FormatInt(position.Seqno, 10)
		}
	}
	switch {
	case n.serverAnswers():
		saved = fmt.Sprintf("sees %d", n.Wsrep.Size)
	case position.HasData():
		safe = map[bool]string{true: "1", false: "0"}[position.SafeToBootstrap]
		if n.SavedView {
			saved = fmt.Sprintf("%d of %d members", seqnoOfView(n.View), n.ViewMembers)
		}
	}
	return []string{n.state(), uuid, seqno, safe, saved}
}

// state says in a word or two what became of a node.
func (n NodeStatus) state() string {
	switch {
	case errors.Is(n.Err, errStopped):
		return "stopped for maintenance"
	case errors.Is(n.Err, errNotMounted):
		return "data not mounted"
	case n.Err != nil:
		return "did not answer"
	case n.LeftBehind && n.Departed != "":
		return "left before"
	case n.LeftBehind:
		return "left behind"
	case n.serverAnswers():
		return strings.TrimSuffix(n.Wsrep.Cluster+", "+n.Wsrep.Comment, ", ")
	case n.Wsrep.Answers:
		return "runs outside the cluster"
	case n.unused():
		return "no data"
	case !n.Saved.HasData():
		return "no position"
	case n.occupied():
		return "runs and does not answer"
	case n.Unit.Active == "failed":
		return "failed"
	}
	return "stopped"
}

// serverAnswers reports whether the node's server runs in a cluster and answers.
func (n NodeStatus) serverAnswers() bool { return n.Err == nil && n.Wsrep.Answers && n.Wsrep.On }

// position is the last position that is known of a node: that of its server while it
// runs, else the saved one. After a crash grastate.dat has none, and the server has
// to be asked for it.
func (n NodeStatus) position() Position {
	saved := n.Saved
	switch {
	case n.serverAnswers() && n.Wsrep.Committed >= 0:
		saved.Seqno = n.Wsrep.Committed
		if n.Wsrep.UUID != "" && n.Wsrep.UUID != NoHistory {
			saved.UUID = n.Wsrep.UUID
		}
	case saved.Seqno < 0 && n.Recovered.UUID == saved.UUID && n.positionAsked():
		saved.Seqno = n.Recovered.Seqno
	}
	return saved
}

// positionAsked reports whether the position was recovered since the server last
// started.
func (n NodeStatus) positionAsked() bool {
	return n.RecoveredAt > max(n.Unit.Started, n.Bootstrap.Started)
}
