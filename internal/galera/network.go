package galera

import (
	"maps"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Network is what connects the nodes, from which the time follows after which a node that
// says nothing is excluded.
type Network string

const (
	// LAN is a network within one site.
	LAN Network = "lan"
	// WAN is any other, where the times are those of the Galera library.
	WAN Network = "wan"
)

// lanTimes are the times of the group in a LAN. The library's own, a suspicion after 5
// seconds and a new view after up to 7.5 more, are for any network.
//
// A node that says nothing for suspect_timeout is excluded once all others suspect it; it
// speaks at least every keepalive_period. If they do not agree, inactive_timeout decides, and
// its half is what a new view may take (install_timeout). The library refuses to start if
// keepalive_period is more than a third of suspect_timeout, inactive_check_period more than
// its half, or install_timeout more than inactive_timeout (gcomm/src/evs_proto.cpp).
//
// A member that joins holds all writes up for some periods of retransmission: 1.5 to 4 seconds
// with the library's own, 0.4 to 0.9 with these (measured on a loaded machine).
var lanTimes = map[string]string{
	"evs.suspect_timeout":       "PT1.5S",
	"evs.keepalive_period":      "PT0.3S",
	"evs.inactive_check_period": "PT0.25S",
	"evs.join_retrans_period":   "PT0.2S",
	"evs.inactive_timeout":      "PT4S",
}

// libraryOptions are the options of the Galera library that follow from the spec alone.
// Who chooses one of the times chooses all of them: the library accepts them only together.
func (s Spec) libraryOptions() map[string]string {
	options := map[string]string{}
	if s.Network == LAN && !slices.ContainsFunc(sortedKeys(s.ProviderOptions), isTime) {
		maps.Copy(options, lanTimes)
	}
	maps.Copy(options, s.ProviderOptions)
	return options
}

func isTime(option string) bool {
	_, found := lanTimes[option]
	return found || option == "evs.install_timeout"
}

func validateNetwork(spec Spec, problems *tier.Problems) {
	if spec.Network != LAN && spec.Network != WAN {
		problems.Add(tier.At("network"), "%q is no kind of network; known are lan and wan", spec.Network)
	}
}
