package galera

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

// held are the packages whose upgrade restarts or changes the server.
func (e engine) held() []string {
	return slices.DeleteFunc(slices.Clone(e.packages), func(p string) bool { return p == "socat" })
}

func (s Spec) stepHold(node string, packages []string, why string) Step {
	return Step{Node: node, Title: "hold " + strings.Join(packages, " "), Why: why,
		Do: func(ctx context.Context, hosts host.Hosts) error {
			return hosts[node].HoldPackages(ctx, "galera-"+s.Name, packages...)
		}}
}
