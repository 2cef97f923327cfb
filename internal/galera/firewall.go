package galera

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	// serverPort is where clients connect, also at a floating IP.
	serverPort = "3306"
	// filterTier names the table of the packet filter.
	filterTier = "galera"
)

// clusterPorts are where nodes connect to each other: full state transfer,
// replication, incremental state transfer and the guard.
func clusterPorts() []string { return []string{"4444", "4567", "4568", fmt.Sprint(guardPort)} }

// firewallOf is the packet filter of every node. The ports of the cluster are for its
// nodes; that of the server is for them and for the clients. Clients come to the
// address of a node or to a floating one, so that the filter asks for no address of
// the node's.
func firewallOf(spec Spec) host.Firewall {
	var nodes []netip.Prefix
	for _, node := range spec.peers() {
		if address, err := netip.ParseAddr(node.Address); err == nil {
			nodes = append(nodes, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	clients, _ := clientNetworks(spec)
	return host.Firewall{Tier: filterTier, Owner: spec.Name, Groups: []host.PortGroup{
		{Name: "nodes", Ports: clusterPorts(), From: nodes},
		{Name: "clients", Ports: []string{serverPort}, From: append(nodes, clients...)},
	}}
}

// keepingApart is the packet filter that keeps servers of nodes out of the cluster,
// also such as run and come back with the network: a server connects to all that it
// knows, so that it is not enough to let nobody in. The guard's port stays open, by
// which a server that starts learns why it has to wait.
func keepingApart(spec Spec, apart []string) host.Firewall {
	filter := firewallOf(spec)
	filter.ApartPorts = []string{"4444", "4567", "4568"}
	for _, node := range spec.Nodes {
		if address, err := netip.ParseAddr(node.Address); err == nil && slices.Contains(apart, node.Name) {
			filter.Apart = append(filter.Apart, address)
		}
	}
	return filter
}

func askFirewall(spec Spec, _ string) tier.Questions {
	return tier.Questions{Files: firewallOf(spec).Paths(), Parts: []shell.Part{host.AskFirewall("filter", filterTier)}}
}

func readFirewall(_ Spec, _ string, answers tier.Answers, seen *NodeStatus) {
	seen.Filter = host.ParseFirewall(answers.Parts["filter"])
}

// planFirewall keeps the packet filters as they should be. A filter lets in every
// node of the cluster before any of them starts, and looks at new connections only:
// members go on while it is loaded. A server that runs and still lacks what loads a
// filter gets both later, because its software is completed after that of others.
func planFirewall(d *draft) error {
	for node, seen := range d.answering() {
		filter := keepingApart(d.spec.around(), without(d.apart, []string{node.Name}))
		stage := d.prepare
		if seen.running() && !d.spec.Unfiltered && seen.Packages[host.FirewallPackage] == "" {
			stage = d.filters
		}
		if d.spec.Unfiltered {
			stage.On(node.Name, filterRemoval(node.Name, filter, seen)...)
		} else {
			stage.On(node.Name, filterSteps(node.Name, filter, seen)...)
		}
	}
	return nil
}

func filterRemoval(node string, filter host.Firewall, seen NodeStatus) []Step {
	if !filter.Present(seen.Files) {
		return nil
	}
	return []Step{{Node: node, Title: "remove the packet filter", Why: "the packet filter for its ports is not wanted",
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].RemoveFirewall(ctx, filter) }}}
}

func filterSteps(node string, filter host.Firewall, seen NodeStatus) []Step {
	why := filter.Difference(seen.Files, seen.Filter)
	if why == "" {
		return nil
	}
	return []Step{{Node: node, Title: "load the packet filter", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].ApplyFirewall(ctx, filter) }}}
}
