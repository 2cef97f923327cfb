package galeratest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// alwaysAsked are the variables that are asked for whatever the settings are.
var alwaysAsked = []string{"lower_case_table_names", "wsrep_reject_queries", "read_only", "super_read_only", "offline_mode", "pxc_maint_mode"}

// rejects reports whether the server refuses everybody's queries.
func (n *Node) rejects() bool {
	rejected := n.Variables["wsrep_reject_queries"]
	return rejected != "" && rejected != "NONE"
}

func (n *Node) status() string {
	switch {
	case n.Standalone:
		return fmt.Sprintf("wsrep_cluster_status\tDisconnected\nwsrep_ready\tON\nwsrep_connected\tOFF\nwsrep_local_state\t0\nwsrep_cluster_size\t0\nwsrep_on\tOFF\nversion\t%s\n", n.version())
	case n.NonPrimary:
		return fmt.Sprintf("wsrep_cluster_status\tnon-Primary\nwsrep_ready\tOFF\nwsrep_connected\tON\nwsrep_local_state\t0\nwsrep_local_state_comment\tInitialized\nwsrep_cluster_size\t%d\nwsrep_cluster_state_uuid\t%s\nwsrep_last_committed\t%d\nwsrep_on\tON\nversion\t%s\n",
			len(n.History.Members), n.History.UUID, n.History.Seqno, n.version())
	}
	state, comment := 4, "Synced"
	if n.Busy != "" {
		state, comment = 2, n.Busy
	}
	return fmt.Sprintf("wsrep_cluster_status\tPrimary\nwsrep_ready\tON\nwsrep_connected\tON\nwsrep_local_state\t%d\nwsrep_local_state_comment\t%s\nwsrep_cluster_size\t%d\nwsrep_cluster_conf_id\t%d\nwsrep_cluster_state_uuid\t%s\nwsrep_last_committed\t%d\nwsrep_local_recv_queue\t%d\nwsrep_flow_control_paused\t0.25\nSsl_server_not_after\t%s\nwsrep_on\tON\nversion\t%s\n",
		state, comment, len(n.History.Members), n.History.views, n.History.UUID, n.History.Seqno-n.Queue, n.Queue, n.CertificateEnds, n.version())
}

// version is what the server says. One whose package has no release says that of the
// captures.
func (n *Node) version() string {
	if strings.Count(n.Runs, ".") < 2 || strings.HasPrefix(n.Runs, "8.") {
		return "10.11.19-MariaDB"
	}
	return n.Runs + "-MariaDB"
}

func (at machine) server() {
	at.asked("galera-wsrep", func(args []string) string {
		shown := at.node.figures()
		variables := maps.Clone(at.node.Set)
		if variables == nil {
			variables = map[string]string{}
		}
		maps.Copy(variables, at.node.Variables)
		for _, name := range sorted(variables) {
			if slices.Contains(alwaysAsked, name) || strings.Contains(args[2], ",'"+name+"'") {
				shown += name + "\t" + variables[name] + "\n"
			}
		}
		shown += at.settable(args[3])
		if at.engine.Repository == "" {
			return at.node.status() + shown
		}
		// Percona's server has no global variable wsrep_on.
		return shown + strings.NewReplacer("wsrep_on\tON", "wsrep_provider\t/usr/lib/galera4/libgalera_smm.so", "wsrep_on\tOFF", "wsrep_provider\tnone").Replace(at.node.status())
	})
}

// figures are those of the write-set cache; nothing where a test has none.
func (n *Node) figures() string {
	if n.Uptime == 0 {
		return ""
	}
	return fmt.Sprintf("wsrep_local_cached_downto\t%d\nwsrep_received_bytes\t%d\nwsrep_replicated_bytes\t0\nUptime\t%d\n", n.CachedDownto, n.Written, n.Uptime)
}
