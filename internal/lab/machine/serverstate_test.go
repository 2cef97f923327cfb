package machine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Printed by HAProxy 2.6 for two servers, of which the second is down.
const knownServers = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 nodes-301 1 node-401 192.168.128.10 2 0 100 100 9 15 3 2 6 0 0 0 - 80 - 0 0 - - 0
3 nodes-301 2 node-402 192.168.128.11 0 0 100 100 9 8 2 0 6 0 0 0 - 80 - 0 0 - - 0
3 nodes-301 3 node-403 192.168.128.12 2 0 100 100 9 15 3 2 6 0 0 0 - 80 - 0 0 - - 0

`

func TestServerState(t *testing.T) {
	config := `global
    server-state-file /run/haproxy/servers.state
backend nodes-301
    server node-401 192.168.128.10:80 weight 100 check inter 2s
    server node-402 192.168.128.11:80 weight 50 check inter 2s
    server node-403 192.168.128.12:8080 weight 100 check inter 2s
    server node-404 192.168.128.13:80 weight 7 check inter 2s
backend nodes-302
    server node-401 192.168.128.10:80 weight 100
`
	got := strings.Split(strings.TrimSpace(serverState(config, knownServers)), "\n")
	want := []string{
		"1", strings.Split(knownServers, "\n")[1],
		"3 nodes-301 1 node-401 192.168.128.10 2 0 100 100 9 15 3 2 6 0 0 0 - 80 - 0 0 - - 0",
		"3 nodes-301 2 node-402 192.168.128.11 0 0 100 100 9 8 2 0 6 0 0 0 - 80 - 0 0 - - 0",
		// moved to another port, and new
		"0 nodes-301 0 node-403 192.168.128.12 0 0 100 100 0 1 0 0 6 0 0 0 - 8080 - 0 0 - - 0",
		"0 nodes-301 0 node-404 192.168.128.13 0 0 7 7 0 1 0 0 6 0 0 0 - 80 - 0 0 - - 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, line := range got[2:] {
		if fields := strings.Fields(line); len(fields) != stateFields {
			t.Errorf("%d fields: %s", len(fields), line)
		}
	}
}
