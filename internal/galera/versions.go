package galera

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
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

// refuseOtherSeries refuses to let a node join members with another major version. One of
// Percona's that was upgraded to the declared series joins the others: its server upgrades
// what it gets from them (Percona XtraDB Cluster manual, "Upgrade Percona XtraDB Cluster").
func refuseOtherSeries(spec Spec, status Status, name string) error {
	var evidence []string
	releases := releases(spec, status)
	ahead := spec.Engine == Percona && series(releases[name]) == spec.series()
	for _, member := range status.where(NodeStatus.primary) {
		has := releases[member]
		if ahead && spec.knows(has) && compareReleases(has, releases[name]) < 0 {
			continue
		}
		if member != name && has != "" && releases[name] != "" && series(has) != series(releases[name]) {
			evidence = append(evidence, fmt.Sprintf("%s has version %s", member, has))
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	remedy := "Install the members' version on the node, and apply again."
	if spec.Engine == Percona && status.Nodes[name].Saved.Seqno < 0 && compareReleases(series(releases[name]), spec.series()) < 0 {
		remedy = fmt.Sprintf("Its server crashed, and one of %s does not recover its data. Move what is in %s elsewhere, and apply again: the node is upgraded and gets all data from the others.", spec.series(), dataDirectory)
	}
	return &reconcile.RefusedError{
		What: "let a node with another major version join", Node: name,
		Evidence: append(evidence, fmt.Sprintf("%s has version %s", name, releases[name])),
		Remedy:   remedy,
	}
}

// refuseUndeclaredSeries refuses to make a cluster of MariaDB of another series than
// the declared one. The distribution has one series, which is known once the server is
// installed. A cluster that exists is not refused: its packages are upgraded by hand,
// and it has to be repaired meanwhile.
func refuseUndeclaredSeries(d *draft) error {
	if d.spec.UUID != "" || !d.status.all(NodeStatus.unused) {
		return nil
	}
	return refuseSeries(d.spec, d.status)
}

func refuseSeries(spec Spec, status Status) error {
	name, release := undeclaredSeries(spec, status)
	if name == "" {
		return nil
	}
	return &reconcile.RefusedError{
		What: "run MariaDB " + spec.Series, Node: name,
		Evidence: []string{fmt.Sprintf("%s has version %s, from its distribution", name, release)},
		Remedy:   fmt.Sprintf("Declare version = %q, or use machines whose distribution has MariaDB %s.", series(release), spec.Series),
		Path:     tier.At("version"),
	}
}

// undeclaredSeries returns the first node with another series of MariaDB than the
// declared one, and its release.
func undeclaredSeries(spec Spec, status Status) (node, release string) {
	if spec.Engine != MariaDB || spec.Series == "" {
		return "", ""
	}
	releases := releases(spec, status)
	for _, name := range sortedKeys(releases) {
		if series(releases[name]) != spec.Series {
			return name, releases[name]
		}
	}
	return "", ""
}

// versionNotices says which releases the nodes have if it is not one, or not of the
// declared series.
func versionNotices(spec Spec, status Status) []string {
	releases := releases(spec, status)
	if len(slices.Compact(slices.Sorted(maps.Values(releases)))) < 2 {
		if name, has := undeclaredSeries(spec, status); name != "" {
			return []string{fmt.Sprintf("the nodes have MariaDB %s, and version declares %s; declare version = %q", has, spec.Series, series(has))}
		}
		return nil
	}
	var parts []string
	newest := ""
	for _, name := range sortedKeys(releases) {
		parts = append(parts, name+" "+releases[name])
		if compareReleases(releases[name], newest) > 0 {
			newest = releases[name]
		}
	}
	todo := "the next apply goes on with their upgrade"
	if spec.Release == "" {
		todo = fmt.Sprintf("declare version = %q, which brings all to the newest, one after the other", spec.versionOf(newest))
	}
	return []string{"the nodes have different versions of the server: " + strings.Join(parts, ", ") + "; " + todo +
		", because a node may not get its data from one with a newer version"}
}
