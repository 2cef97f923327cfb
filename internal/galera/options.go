package galera

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// providerOption is the form of an option of the Galera library: a part of the
// library, a dot and a name.
var providerOption = regexp.MustCompile(`^(cert|evs|gcache|gcs|gmcast|ist|pc|protonet|repl|socket)\.[a-z0-9_.]+$`)

// providerOptionValue leaves out what ends an option, and what ends a value of the
// option file.
var providerOptionValue = regexp.MustCompile(`^[A-Za-z0-9_.:/+-]{1,64}$`)

// refusedOptions are options of the Galera library that break what the cluster
// promises, with the reason, by name or, with a dot or underscore at the end, by
// how names begin.
var refusedOptions = map[string]string{
	"pc.ignore_sb":       bothHalves,
	"pc.ignore_quorum":   bothHalves,
	"pc.npvo":            "after a split it throws away the older half and what was written there",
	"pc.bootstrap":       "it makes a new Primary component of every start",
	"socket.ssl":         sameCertificates,
	"socket.ssl_":        sameCertificates,
	"socket.dynamic":     sameCertificates,
	"gmcast.listen_addr": "it follows from nodes",
	"gmcast.group":       "it follows from name",
	"gmcast.peer_addr":   "it follows from nodes",
	"ist.recv_addr":      "it is an address of one node, and follows from nodes",
	"ist.recv_bind":      "it is an address of one node, and follows from nodes",
	"gcache.dir":         oneDirectory,
	"gcache.name":        oneDirectory,
}

const (
	bothHalves       = "after a cut in the network both halves would go on, and what one of them wrote would be lost"
	sameCertificates = "every node would need the same key files before its first start, and members with and without do not understand each other"
)

// leastWait is the default of pc.wait_prim_timeout in seconds. A server that waits
// for its peers and gives up sooner cannot be told from one that cannot start.
const leastWait = 30

func faultOfProviderOption(name, value string) string {
	switch {
	case !providerOption.MatchString(name):
		return fmt.Sprintf("%q is no option of the Galera library", name)
	case !providerOptionValue.MatchString(value):
		return "an option's value has 1 to 64 letters, digits and the characters _ . : / + -"
	}
	for _, refused := range sortedKeys(refusedOptions) {
		open := strings.HasSuffix(refused, "_")
		if name == refused || open && strings.HasPrefix(name, refused) {
			return fmt.Sprintf("%s cannot be set: %s", name, refusedOptions[refused])
		}
	}
	switch {
	case name == "pc.recovery" && !isOn(value):
		return "pc.recovery cannot be switched off: after a power cut of all nodes the cluster would not come back by itself"
	case name == "pc.wait_prim" && !isOn(value):
		return "pc.wait_prim cannot be switched off: a server would serve before it is a member"
	case name == "pc.wait_prim_timeout" && seconds(value) < leastWait:
		return fmt.Sprintf("pc.wait_prim_timeout has to be PT%dS or longer: nodes that wait for each other would be given up", leastWait)
	}
	return ""
}

func isOn(value string) bool {
	return slices.Contains([]string{"true", "yes", "on", "1"}, strings.ToLower(value))
}

// seconds reads the usual form of a time in these options, PT30S or PT5M; 0 for
// any other.
func seconds(value string) int {
	number, found := strings.CutPrefix(strings.ToUpper(value), "PT")
	if !found || number == "" {
		return 0
	}
	unit := map[byte]int{'S': 1, 'M': 60, 'H': 3600}[number[len(number)-1]]
	count, err := strconv.ParseFloat(number[:len(number)-1], 64)
	if err != nil {
		return 0
	}
	return int(count * float64(unit))
}

func validateProviderOptions(spec Spec, problems *tier.Problems) {
	for _, name := range sortedKeys(spec.ProviderOptions) {
		if fault := faultOfProviderOption(name, spec.ProviderOptions[name]); fault != "" {
			problems.Add(tier.At("provider_options", name), "%s", fault)
		}
	}
}

// knownOptions are the options of galera-4 26.4 that are let through, beside those
// that are judged by their value.
var knownOptions = []string{
	"cert.log_conflicts", "cert.optimistic_pa",
	"evs.auto_evict", "evs.causal_keepalive_period", "evs.debug_log_mask", "evs.delay_margin", "evs.delayed_keep_period",
	"evs.inactive_check_period", "evs.inactive_timeout", "evs.info_log_mask", "evs.install_timeout", "evs.join_retrans_period",
	"evs.keepalive_period", "evs.max_install_timeouts", "evs.send_window", "evs.stats_report_period", "evs.suspect_timeout",
	"evs.use_aggregate", "evs.user_send_window", "evs.version", "evs.view_forget_timeout",
	"gcache.keep_pages_size", "gcache.mem_size", "gcache.page_size", "gcache.recover", "gcache.size",
	"gcs.fc_debug", "gcs.fc_factor", "gcs.fc_limit", "gcs.fc_master_slave", "gcs.fc_single_primary", "gcs.max_packet_size",
	"gcs.max_throttle", "gcs.recv_q_hard_limit", "gcs.recv_q_soft_limit", "gcs.sync_donor",
	"gmcast.mcast_addr", "gmcast.mcast_ttl", "gmcast.peer_timeout", "gmcast.segment", "gmcast.time_wait", "gmcast.version",
	"pc.announce_timeout", "pc.checksum", "pc.linger", "pc.recovery", "pc.version", "pc.wait_prim", "pc.wait_prim_timeout",
	"pc.wait_restored_prim_timeout", "pc.weight",
	"protonet.backend", "protonet.version",
	"repl.causal_read_timeout", "repl.commit_order", "repl.key_format", "repl.max_ws_size", "repl.proto_max",
	"socket.checksum", "socket.recv_buf_size", "socket.send_buf_size",
}

func optionWarnings(spec Spec) tier.Problems {
	var warnings tier.Problems
	for _, name := range sortedKeys(spec.ProviderOptions) {
		message := ""
		switch value := spec.ProviderOptions[name]; {
		case !slices.Contains(knownOptions, name):
			message = name + " is not among the options of the Galera library that are known here; a server that does not know it does not start, and the first node shows it"
		case name == "gcache.recover" && !isOn(value):
			message = "without gcache.recover a node that was restarted asks for all data again where nobody else has kept what it missed"
		case name == "pc.weight" && value != "1":
			message = "with weights, the loss of one node can be the loss of the majority"
		}
		if message != "" {
			warnings.Add(tier.At("provider_options", name), "%s", message)
		}
	}
	return warnings
}

// providerOptions is the value of wsrep_provider_options of one node.
func providerOptions(chosen map[string]string, defaults []derived) string {
	// The manuals contradict each other on the default of gcache.recover. Without
	// it a restarted node asks for a full state transfer.
	options := map[string]string{"gcache.recover": "yes"}
	for _, d := range defaults {
		if d.name == cacheOption {
			options[d.name] = d.value
		}
	}
	for name, value := range chosen {
		options[name] = value
	}
	var parts []string
	for _, name := range sortedKeys(options) {
		parts = append(parts, name+"="+options[name])
	}
	return strings.Join(parts, ";")
}
