package galera

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// membersPath is the file that tells a server at its start who the others are. They
// come and go, and a running server follows them by itself: wsrep_cluster_address and
// wsrep_sst_donor are read only when a server joins. So they are not in the file that
// a change of which restarts the server. The readers of both engines read the files of
// a folder in the order of their names, and this one before that of [engine.configPath].
func (e engine) membersPath() string {
	return strings.TrimSuffix(e.configPath, ".cnf") + "-members.cnf"
}

// membersFile renders the list for one node. Donors come in the order of how much they are
// to be avoided.
func membersFile(spec Spec, node host.Node, avoid map[string]int) host.File {
	var b strings.Builder
	fmt.Fprintf(&b, "# Managed by terraform-provider-ha (galera %s); changes are reverted.\n# Read when the server joins; a change restarts no server.\n[mysqld]\n", spec.Name)
	fmt.Fprintf(&b, "wsrep_cluster_address = gcomm://%s\n", strings.Join(spec.addresses(), ","))
	if !sets(settingsOf(spec, node.Name), []string{"wsrep_sst_donor"}) {
		fmt.Fprintf(&b, "wsrep_sst_donor = %s\n", strings.Join(donors(spec.Nodes, node, avoid), ",")+",")
	}
	return host.File{Path: spec.engine().membersPath(), Content: []byte(b.String()), Mode: "0644"}
}

// donors lists the other nodes, the last one first: a floating IP is with one of
// the first ones, unless somebody decided otherwise. After the comma at the end of the
// setting any node may be the donor (Galera documentation, "wsrep_sst_donor").
func donors(nodes []host.Node, node host.Node, avoid map[string]int) []string {
	var names []string
	for _, other := range slices.Backward(nodes) {
		if _, former := formerly(other.Name); other.Name != node.Name && !former { // its server has the name of the node
			names = append(names, other.Name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return avoid[a] - avoid[b] })
	return names
}

// preferDonors lets a node that joins with a release prefer donors without a floating
// address, and among these those that are not of an older version: with the data of such a
// one come its system tables. The next plan writes the list as it is for all others again.
func preferDonors(ctx context.Context, joiner *host.Host, spec Spec, node host.Node, now Status, has string) error {
	avoid := map[string]int{}
	for _, name := range now.where(NodeStatus.answers) {
		donor := strings.TrimPrefix(name, tier.FormerName(""))
		if olderThan(release(now.Nodes[name].Packages[spec.engine().serverPackage]), has) {
			avoid[donor]++
		}
		if len(now.Nodes[name].Holds) > 0 {
			avoid[donor] += 2
		}
	}
	file := membersFile(spec.around(), node, avoid)
	if bytes.Equal(file.Content, membersFile(spec.around(), node, nil).Content) {
		return nil
	}
	return joiner.WriteFile(ctx, file)
}

func askMembers(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: []string{spec.engine().membersPath()}}
}

// planMembers writes the list where it differs.
func planMembers(d *draft) error {
	for node, seen := range d.answering() {
		file := membersFile(d.spec.around(), node, nil)
		if why := file.Difference(seen.Files[file.Path]); why != "" {
			d.prepare.On(node.Name, stepWriteMembers(node.Name, file, why))
		}
	}
	return nil
}

func stepWriteMembers(node string, file host.File, why string) Step {
	return Step{Node: node, Title: "write the list of members", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].WriteFile(ctx, file) }}
}
