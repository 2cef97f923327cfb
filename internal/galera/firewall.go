package galera

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
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

// firewall is the packet filter of every node. The ports of the cluster are for its
// nodes; that of the server is for them and for the clients. Clients come to the
// address of a node or to a floating one, so that the filter asks for no address of
// the node's.
func (s Spec) firewall() host.Firewall {
	var nodes []netip.Prefix
	for _, node := range s.Nodes {
		if address, err := netip.ParseAddr(node.Address); err == nil {
			nodes = append(nodes, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	clients, _ := s.clients()
	return host.Firewall{Tier: filterTier, Owner: s.Name, Groups: []host.PortGroup{
		{Name: "nodes", Ports: clusterPorts(), From: nodes},
		{Name: "clients", Ports: []string{serverPort}, From: append(nodes, clients...)},
	}}
}

// filterSteps keep the packet filter as it should be. It lets in every node of the
// cluster before any of them starts, and looks at new connections only: members go
// on while it is loaded.
func (s Spec) filterSteps(node string, seen NodeStatus) []Step {
	filter := s.firewall()
	if s.Unfiltered {
		if !filter.Present(seen.Files) {
			return nil
		}
		return []Step{{Node: node, Title: "remove the packet filter", Why: "the packet filter for its ports is not wanted",
			Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].RemoveFirewall(ctx, filter) }}}
	}
	why := filter.Difference(seen.Files, seen.Filter)
	if why == "" {
		return nil
	}
	return []Step{{Node: node, Title: "load the packet filter", Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error { return hosts[node].ApplyFirewall(ctx, filter) }}}
}

// lateFilters are the packet filters of servers that run and still lack what loads
// one: their software is completed one after the other.
func (s Spec) lateFilters(status Status) []Lane {
	var lanes []Lane
	for _, node := range s.nodes() {
		if seen := status.Nodes[node.Name]; seen.Err == nil && s.filterWaits(seen) {
			lanes = append(lanes, s.filterSteps(node.Name, seen))
		}
	}
	return lanes
}

func (s Spec) filterWaits(seen NodeStatus) bool {
	return seen.running() && !s.Unfiltered && seen.Packages[host.FirewallPackage] == ""
}
