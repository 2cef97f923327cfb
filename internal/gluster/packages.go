package gluster

import (
	"context"
	"slices"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

const serverPackage = "glusterfs-server"

func packages() []string { return []string{serverPackage, "attr"} }

func (s Spec) packages() []string {
	if !s.Unfiltered {
		return append(packages(), host.FirewallPackage)
	}
	return packages()
}

func lacking(wanted []string, installed map[string]string) []string {
	return slices.DeleteFunc(wanted, func(name string) bool { return installed[name] != "" })
}

func install(node string, packages []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return hosts[node].InstallPackages(ctx, packages, daemonUnit)
	}
}

func hold(node, volume string, packages []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		return hosts[node].HoldPackages(ctx, markerKind+"-"+volume, packages...)
	}
}
