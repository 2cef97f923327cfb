package galera

import (
	"fmt"
	"slices"
)

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
func (s Status) hindranceNotices() []string {
	var notices []string
	for _, line := range s.hindrances() {
		notices = append(notices, line+": applications are refused there, wholly or for changes; set it back when the reason for it is gone")
	}
	return notices
}
