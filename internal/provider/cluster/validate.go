package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// ValidateConfig reports bad input before anything is contacted.
func (r *Resource[M, C, P]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config M
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m := P(&config)
	found := append(duplicateHosts(m.shared().nodes(), r.access.defaultPort()), m.shared().osFaults()...)
	if !m.shared().Nodes.IsUnknown() {
		found = append(found, faults[M, C](ctx, m)...)
	}
	paths := r.paths(ctx)
	for _, p := range found {
		resp.Diagnostics.AddAttributeError(paths.find(p.Path), "Invalid Configuration", paths.sentence(p))
	}
}

// faults are what is wrong with a configuration: one problem with the name of a node,
// and whatever the tier finds.
func faults[M any, C tier.Tier, P Model[M, C]](ctx context.Context, m P) []tier.Problem {
	all := append(m.shared().misnamed(), m.shared().rollingFaults()...)
	for _, found := range m.Validate(ctx) {
		if !slices.ContainsFunc(all, func(p tier.Problem) bool { return slices.Equal(p.Path, found.Path) }) {
			all = append(all, found)
		}
	}
	return all
}

// misnamed lists nodes whose keys are no names.
func (m *Shared) misnamed() []tier.Problem {
	var problems []tier.Problem
	for _, name := range slices.Sorted(maps.Keys(m.nodes())) {
		if fault := (host.Node{Name: name}).FaultOfName(); fault != "" {
			problems = append(problems, tier.Problem{Path: []string{"nodes", name}, Message: fault})
		}
	}
	return problems
}

// duplicateHosts lists machines that are named twice. A node without a port
// has the default one; while that is null, only other nodes without a port do.
func duplicateHosts(nodes map[string]nodeModel, defaultPort types.Int64) []tier.Problem {
	var twice []tier.Problem
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		node := nodes[name]
		if node.Host.IsUnknown() || node.Host.IsNull() || node.Port.IsUnknown() {
			continue
		}
		port := node.Port
		if port.IsNull() {
			port = defaultPort
		}
		endpoint := strings.ToLower(node.Host.ValueString()) + ":" + port.String()
		if other, taken := seen[endpoint]; taken {
			twice = append(twice, tier.Problem{Path: []string{"nodes", name, "host"}, Message: fmt.Sprintf(
				"nodes %s and %s are the same machine, %s; every node needs one of its own", other, name, node.Host.ValueString())})
		}
		seen[endpoint] = name
	}
	return twice
}
