package galera

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

// release returns the upstream version of a package without Debian's epoch and
// revision: "1:10.11.19-0+deb12u1" is 10.11.19.
func release(version string) string {
	if _, after, found := strings.Cut(version, ":"); found {
		version = after
	}
	version, _, _ = strings.Cut(version, "-")
	version, _, _ = strings.Cut(version, "+")
	return version
}

// series returns the part of a release that nodes have to agree in: a backup of
// 10.11 cannot be prepared by 11.4, nor one of 8.4 by 8.0.
func series(release string) string {
	parts := strings.SplitN(release, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// releases returns the installed releases of the server by node.
func (s Spec) releases(status Status) map[string]string {
	releases := map[string]string{}
	for _, name := range status.names() {
		if version := status.Nodes[name].Packages[s.Flavor.engine().serverPackage]; version != "" {
			releases[name] = release(version)
		}
	}
	return releases
}

// otherSeries refuses to let a node join members with another major version.
func (s Spec) otherSeries(status Status, name string) error {
	releases := s.releases(status)
	var evidence []string
	for _, member := range status.where(NodeStatus.primary) {
		if has := releases[member]; member != name && has != "" && releases[name] != "" && series(has) != series(releases[name]) {
			evidence = append(evidence, fmt.Sprintf("%s has version %s", member, has))
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return &reconcile.RefusedError{
		What: "let a node with another major version join", Node: name,
		Evidence: append(evidence, fmt.Sprintf("%s has version %s", name, releases[name])),
		Remedy:   "Install the members' version on the node, and apply again.",
	}
}

// differingReleases says which releases the nodes have; empty if it is one.
func (s Spec) differingReleases(status Status) string {
	releases := s.releases(status)
	if len(slices.Compact(slices.Sorted(maps.Values(releases)))) < 2 {
		return ""
	}
	var parts []string
	for _, name := range sortedKeys(releases) {
		parts = append(parts, name+" "+releases[name])
	}
	return "the nodes have different versions of the server: " + strings.Join(parts, ", ") +
		"; bring all to the newest, one after the other, because a node may not get its data from one with a newer version"
}
