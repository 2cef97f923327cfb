package cluster

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

func rollingAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How nodes that serve are changed one after the other. It applies to changes that restart or drain a node. Of nodes that leave, also because another machine takes their place, `bake_seconds` and `check_url` apply; nodes that join or do not serve are not counted. " +
			"Default: all of them in one apply, the holder of a floating IP last.",
		Attributes: map[string]schema.Attribute{
			"first": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Key of the node that is changed first, also if it holds a floating IP. Default: the order of the tier."},
			"bake_seconds": schema.Int64Attribute{Optional: true, Validators: Between(1, 86400),
				MarkdownDescription: "How long a node has to serve after its change before the next one is changed, and all nodes before one of them leaves, in seconds, 1 to 86400. The apply ends with an error if it, or another node, " +
					"stops serving meanwhile. Allow for it in `timeouts.update`. Default: none."},
			"stop_after": schema.Int64Attribute{Optional: true, Validators: AtLeast(1),
				MarkdownDescription: "How many nodes one apply changes, 1 or more. The apply then succeeds with a warning, the others are `drift`, and the next apply continues with them. " +
					"An apply that changes anything in `nodes` changes all of them. Default: all."},
			"check_url": schema.StringAttribute{Optional: true,
				MarkdownDescription: "URL that is requested before and after the change of each node, before a node leaves, and while `bake_seconds` pass, by the machine that runs Terraform. A status from 200 to 399 passes. " +
					"The apply ends with an error if it does not pass within a minute. Default: none."},
		},
	}
}

// rolling returns how nodes are changed one after the other.
func (m *Shared) rolling() tier.Rolling {
	attributes := m.Rolling.Attributes()
	text := func(name string) string { value, _ := attributes[name].(types.String); return value.ValueString() }
	number := func(name string) int64 { value, _ := attributes[name].(types.Int64); return value.ValueInt64() }
	return tier.Rolling{
		First: text("first"), CheckURL: text("check_url"),
		Bake: time.Duration(number("bake_seconds")) * time.Second, StopAfter: int(number("stop_after")),
	}
}

// rollingFrom returns how the change from another model changes nodes one after the
// other. One that brings machines in or lets them go has to be whole, because its
// declaration is forgotten there when it ends; so is a creation.
func (m *Shared) rollingFrom(before *Shared) tier.Rolling {
	rolling := m.rolling()
	if before == nil || !m.Nodes.Equal(before.Nodes) {
		rolling.StopAfter = 0
	}
	return rolling
}

// mayStop reports whether an apply may leave nodes to the next one: what they lack is
// drift then, and a plan does not know it.
func (m *Shared) mayStop(ctx context.Context, before *Shared) bool {
	return m.Rolling.IsUnknown() || !FullyKnown(ctx, m.Rolling) ||
		m.rolling().StopAfter > 0 && (m.Nodes.Equal(before.Nodes) || !FullyKnown(ctx, m.Nodes))
}

// rollingFaults lists what is wrong with that.
func (m *Shared) rollingFaults() []tier.Problem {
	var problems []tier.Problem
	rolling := m.rolling()
	if _, found := m.nodes()[rolling.First]; rolling.First != "" && !m.Nodes.IsUnknown() && !found {
		problems = append(problems, tier.Problem{Path: []string{"rolling", "first"}, Message: fmt.Sprintf("there is no node %q in nodes", rolling.First)})
	}
	at, err := url.Parse(rolling.CheckURL)
	if rolling.CheckURL != "" && (err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https") {
		problems = append(problems, tier.Problem{Path: []string{"rolling", "check_url"}, Message: "it is a URL with http or https, such as https://www.example.org/health"})
	}
	return problems
}

// postponedWarnings say what an apply that stopped as asked has left to the next one.
func postponedWarnings(nodes []string, stopAfter int) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(nodes) > 0 {
		diags.AddAttributeWarning(path.Root("rolling").AtName("stop_after"), "Apply Stopped As Asked", fmt.Sprintf(
			"The number of nodes that one apply changes is %d (rolling.stop_after). The cluster is healthy. Still to be changed: %s. The next apply continues with them.", stopAfter, strings.Join(nodes, ", ")))
	}
	return diags
}
