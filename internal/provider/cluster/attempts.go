package cluster

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// attemptedKey is where the private state has the nodes of changes that failed. A change
// that fails leaves the state as it was, and a machine that had joined by then would be
// forgotten if the declaration went back: nothing but this names it.
const attemptedKey = "attempted"

// attempt is a machine that a change which failed had declared as this node.
type attempt struct {
	nodeModel
	node string
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
	all := slices.Clone(state.attempted)
	planned := plan.nodes()
	for _, name := range slices.Sorted(maps.Keys(planned)) {
		if !slices.ContainsFunc(all, func(a attempt) bool { return a.sameMachine(planned[name]) }) {
			all = append(all, attempt{planned[name], name})
		}
	}
	var record []recordedNode
	for _, a := range all {
		if a.isAmong(state.nodes()) {
			continue
		}
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
