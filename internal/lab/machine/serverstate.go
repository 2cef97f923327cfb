package machine

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
)

var stateFileLine = regexp.MustCompile(`(?m)^\s*server-state-file\s+(/\S+)`)

// keepServerState writes what HAProxy knows of its servers where the next
// process will look for it. Without it a new process would send visitors to
// servers that the old one had found dead.
func (r *Region) keepServerState(ctx context.Context, name string, spec BalancerSpec) error {
	file := stateFileLine.FindStringSubmatch(spec.Config)
	if file == nil {
		return nil
	}
	known, err := r.socket(ctx, name, AdminSocket, "show servers state")
	if err != nil {
		return err
	}
	_, err = r.execIn(ctx, name, []string{"sh", "-c", `cat > "$1.new" && mv "$1.new" "$1"`, "sh", file[1]},
		strings.NewReader(serverState(spec.Config, string(known))))
	return err
}

// The fields of a line of HAProxy's server state, version 1.
// https://docs.haproxy.org/2.6/management.html#9.3-show%20servers%20state
const (
	stateBackend = 1
	stateServer  = 3
	stateAddress = 4
	statePort    = 18
	stateFields  = 25
)

// serverState is the server state for a configuration: a server that is known
// stays what it was, one that is new or has moved is down until its first check
// has succeeded. A server without checks is left out, as nothing would ever
// find it up.
func serverState(config, known string) string {
	remembered := map[string][]string{}
	for line := range strings.Lines(known) {
		if fields := strings.Fields(line); len(fields) >= stateFields && fields[0] != "#" {
			remembered[fields[stateBackend]+"/"+fields[stateServer]] = fields
		}
	}
	var state strings.Builder
	state.WriteString("1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight " +
		"srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state " +
		"bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr " +
		"srv_agent_addr srv_agent_port\n")
	for _, server := range checkedServers(config) {
		old := remembered[server.backend+"/"+server.name]
		if old != nil && old[stateAddress] == server.address && old[statePort] == server.port {
			fmt.Fprintln(&state, strings.Join(old, " "))
			continue
		}
		// stopped, not in maintenance, no successful check, checks enabled
		fmt.Fprintf(&state, "0 %s 0 %s %s 0 0 %s %s 0 1 0 0 6 0 0 0 - %s - 0 0 - - 0\n",
			server.backend, server.name, server.address, server.weight, server.weight, server.port)
	}
	return state.String()
}

type balancerServer struct {
	backend, name, address, port, weight string
}

// checkedServers reads the servers with health checks from a configuration.
func checkedServers(config string) []balancerServer {
	var servers []balancerServer
	backend := ""
	for line := range strings.Lines(config) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "backend", "listen":
			backend = words[1]
		case "server":
			if len(words) < 4 || !slices.Contains(words[3:], "check") {
				continue
			}
			host, port, err := net.SplitHostPort(words[2])
			if err != nil {
				continue
			}
			weight := "1"
			if at := slices.Index(words, "weight"); at > 0 && at+1 < len(words) {
				weight = words[at+1]
			}
			servers = append(servers, balancerServer{backend, words[1], host, port, weight})
		}
	}
	return servers
}
