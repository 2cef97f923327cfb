package cluster

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// attemptedKey is where the private state has the nodes of changes that failed. A change
// that fails leaves the state as it was, and a machine that had joined by then would be
// forgotten if the declaration went back: nothing but this names it.
const attemptedKey = "attempted"

// departingKey is where the private state has the machines that a change has left in the
// cluster until another one lets go of them. Nothing else names them if that change breaks
// off.
const departingKey = "departing"

// attempt is a machine that a change which failed had declared as this node, or one that
// this node was before and that has yet to leave.
type attempt struct {
	nodeModel
	node string
	// departing says that it is the latter.
	departing bool
}

type recordedNode struct {
	Node    string `json:"node"`
	Host    string `json:"host"`
	Address string `json:"address,omitempty"`
	Port    int64  `json:"port,omitempty"`
	User    string `json:"user,omitempty"`
	HostKey string `json:"host_key,omitempty"`
}

// recordedAttempt returns what is kept under attemptedKey after a change that failed:
// the machines that it declared and the state does not have, and those of failures
// before.
func recordedAttempt(state, plan *Shared) []byte {
	all := slices.DeleteFunc(slices.Clone(state.attempted), func(a attempt) bool { return a.departing })
	planned := plan.nodes()
	for _, name := range slices.Sorted(maps.Keys(planned)) {
		if !slices.ContainsFunc(all, func(a attempt) bool { return a.sameMachine(planned[name]) }) {
			all = append(all, attempt{nodeModel: planned[name], node: name})
		}
	}
	all = slices.DeleteFunc(all, func(a attempt) bool { return a.isAmong(state.nodes()) })
	return recordOf(all)
}

// recordedDepartures returns what is kept under departingKey after a change: those of the
// machines of the change that are called so, each with the key that it has shown before.
func recordedDepartures(of machines, names []string) []byte {
	var all []attempt
	for _, name := range names {
		machine, found := of.nodes[name]
		if !found {
			continue
		}
		if key := of.remembered[name]; machine.HostKey.IsNull() && key != "" {
			machine.HostKey = types.StringValue(key)
		}
		all = append(all, attempt{nodeModel: machine, node: strings.ReplaceAll(name, tier.FormerName(""), "")})
	}
	return recordOf(all)
}

func recordOf(all []attempt) []byte {
	var record []recordedNode
	for _, a := range all {
		record = append(record, recordedNode{
			Node: a.node, Host: a.Host.ValueString(), Address: a.Address.ValueString(), Port: a.Port.ValueInt64(),
			User: a.User.ValueString(), HostKey: a.HostKey.ValueString(),
		})
	}
	if len(record) == 0 {
		return nil
	}
	content, _ := json.Marshal(record) //nolint:errchkjson // strings and numbers
	return content
}

// recalled returns all machines that the private state names beside those of the state.
func recalled(attempted, departing []byte) []attempt {
	all := recalledAttempt(attempted)
	for _, machine := range recalledAttempt(departing) {
		machine.departing = true
		all = append(all, machine)
	}
	return all
}

// recalledAttempt is the way back from [recordedAttempt].
func recalledAttempt(content []byte) []attempt {
	var record []recordedNode
	if len(content) == 0 || json.Unmarshal(content, &record) != nil {
		return nil
	}
	var all []attempt
	for _, node := range record {
		all = append(all, attempt{node: node.Node, nodeModel: nodeModel{
			Host: types.StringValue(node.Host), Address: orNull(node.Address), User: orNull(node.User), HostKey: orNull(node.HostKey),
			Port: portOrNull(node.Port),
		}})
	}
	return all
}

func portOrNull(port int64) types.Int64 {
	if port == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(port)
}
