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
func releases(spec Spec, status Status) map[string]string {
	found := map[string]string{}
	for _, name := range status.names() {
		if version := status.Nodes[name].Packages[spec.engine().serverPackage]; version != "" {
			found[name] = release(version)
		}
	}
	return found
}

// refuseOtherSeries refuses to let a node join members with another major version.
func refuseOtherSeries(status Status, name string, releases map[string]string) error {
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

// refuseUndeclaredSeries refuses MariaDB of another series than the declared one. The
// distribution has one series, which is known once the server is installed.
func refuseUndeclaredSeries(d *draft) error {
	if d.spec.Flavor != MariaDB || d.spec.Series == "" {
		return nil
	}
	releases := releases(d.spec, d.status)
	for _, name := range sortedKeys(releases) {
		if has := series(releases[name]); has != d.spec.Series {
			return &reconcile.RefusedError{
				What: "run MariaDB " + d.spec.Series, Node: name,
				Evidence: []string{fmt.Sprintf("%s has version %s, from its distribution", name, releases[name])},
				Remedy:   fmt.Sprintf("Declare version = %q, or use machines whose distribution has MariaDB %s.", has, d.spec.Series),
			}
		}
	}
	return nil
}

// versionNotices says which releases the nodes have if it is not one.
func versionNotices(spec Spec, status Status) []string {
	releases := releases(spec, status)
	if len(slices.Compact(slices.Sorted(maps.Values(releases)))) < 2 {
		return nil
	}
	var parts []string
	for _, name := range sortedKeys(releases) {
		parts = append(parts, name+" "+releases[name])
	}
	return []string{"the nodes have different versions of the server: " + strings.Join(parts, ", ") +
		"; bring all to the newest, one after the other, because a node may not get its data from one with a newer version"}
}
