package galera

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Wsrep is the replication state of a running server.
type Wsrep struct {
	// Answers reports whether the server answered at all.
	Answers   bool
	On        bool
	Cluster   string // "Primary", "non-Primary" or "Disconnected"
	Ready     bool
	Connected bool
	State     int // 4 is Synced
	Comment   string
	Size      int
	// View counts the changes of membership (wsrep_cluster_conf_id): members of one
	// component have the same.
	View string
	UUID string
	// Committed is the position up to which the server has applied everything
	// (wsrep_last_committed); -1 while it has none.
	Committed int64
	Version   string
	// FoldsNames reports whether names of databases and tables are kept in lower case.
	FoldsNames bool
	// Hindrances are variables that keep the server from serving.
	Hindrances []Hindrance
	// Load is the node's backlog.
	Load Load
}

// Hindrance is a variable of a server that keeps it from serving although it is a
// healthy member.
type Hindrance struct{ Variable, Value string }

// synced is wsrep_local_state of a node that has all and serves.
const synced = 4

// donor is wsrep_local_state of a node that is allowed to lag behind.
const donor = 2

var wsrepScript = shell.Embedded(scripts, "wsrep")

func askServer(spec Spec, _ string) tier.Questions {
	return tier.Questions{Parts: []shell.Part{shell.Ask("wsrep", wsrepScript, spec.engine().client, socketPath, askedVariables(spec), spec.engine().settable)}}
}

func readServer(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Wsrep = parseWsrep(answers.Parts["wsrep"])
	if seen.Wsrep.Answers {
		seen.Variables, seen.Settable = parseVariables(answers.Parts["wsrep"].Out)
	}
}

func parseWsrep(answer shell.Answer) Wsrep {
	wsrep := Wsrep{Committed: -1}
	on, provider := "", ""
	for line := range strings.Lines(answer.Out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		wsrep.Load.read(key, value)
		switch key {
		case "wsrep_on":
			on = value
		case "version":
			// It comes last; the status is not 0 where the server lacks one variable.
			wsrep.Version, wsrep.Answers = value, true
		case "wsrep_cluster_status":
			wsrep.Cluster = value
		case "wsrep_ready":
			wsrep.Ready = value == "ON"
		case "wsrep_connected":
			wsrep.Connected = value == "ON"
		case "wsrep_local_state":
			wsrep.State, _ = strconv.Atoi(value)
		case "wsrep_local_state_comment":
			wsrep.Comment = value
		case "wsrep_cluster_size":
			wsrep.Size, _ = strconv.Atoi(value)
		case "wsrep_cluster_conf_id":
			wsrep.View = value
		case "lower_case_table_names":
			wsrep.FoldsNames = value == "1"
		case "wsrep_reject_queries", "read_only", "super_read_only", "offline_mode", "pxc_maint_mode":
			if !slices.Contains([]string{"NONE", "OFF", "DISABLED"}, value) {
				wsrep.Hindrances = append(wsrep.Hindrances, Hindrance{key, value})
			}
		case "wsrep_provider":
			provider = value
		case "wsrep_cluster_state_uuid":
			wsrep.UUID = value
		case "wsrep_last_committed":
			wsrep.Committed = committed(value)
		}
	}
	// In Percona's server wsrep_on is of the session only, and no global variable
	// (its manual, "wsrep_on", scope); MariaDB's can be off with a provider loaded.
	wsrep.On = on == "ON" || on == "" && provider != "" && provider != "none"
	return wsrep
}

// committed reads a position. A server without one says the greatest number that it
// has, or -1.
func committed(value string) int64 {
	seqno, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return -1
	}
	return seqno
}

// parseVariables reads the variables, by name in lower case, and the status with them, and
// the names of those that can be set while the server runs.
func parseVariables(out string) (variables map[string]string, settable []string) {
	variables = map[string]string{}
	for line := range strings.Lines(out) {
		switch name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); {
		case name == settableMark:
			settable = append(settable, value)
		case found:
			variables[strings.ToLower(name)] = columnsOf(value)[0]
		}
	}
	slices.Sort(settable)
	return variables, settable
}

// refusesChanges reports whether the server refuses changes by anybody, also by
// the account that this package uses: read_only holds for others only.
func (w Wsrep) refusesChanges() bool {
	return slices.ContainsFunc(w.Hindrances, func(h Hindrance) bool {
		return h.Variable == "wsrep_reject_queries" || h.Variable == "super_read_only" || h.Variable == "read_only" && h.Value != "ON"
	})
}

// hindrances describes every variable that keeps a node from serving.
func (s Status) hindrances() []string {
	var lines []string
	for _, name := range s.names() {
		for _, h := range s.Nodes[name].Wsrep.Hindrances {
			lines = append(lines, fmt.Sprintf("%s is %s on %s", h.Variable, shown(h.Value), name))
		}
	}
	return lines
}

// hindranceNotices says what keeps healthy members from serving. Somebody may have
// set it on purpose, so that nothing changes it.
func hindranceNotices(status Status) []string {
	var notices []string
	for _, line := range status.hindrances() {
		notices = append(notices, line+": applications are refused there, wholly or for changes; set it back when the reason for it is gone")
	}
	return notices
}
