package galera

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// series is the series that nodes are to have; empty where none is declared.
func (s Spec) series() string {
	if s.Engine == Percona {
		return perconaReleases[s.Series]
	}
	return s.Series
}

// upgradeOf is the release or the series to which a node is to be upgraded; empty for none.
// A node on which somebody works, or is to work, is left alone.
func (d *draft) upgradeOf(name string, seen NodeStatus) string {
	if d.asIs || seen.Maintenance != "" || d.spec.Maintenance[name] != "" {
		return ""
	}
	return d.spec.upgradeFrom(seen.Packages[d.engine.serverPackage])
}

// upgradeFrom is the same for what is installed.
func (s Spec) upgradeFrom(installed string) string {
	has := release(installed)
	switch {
	case has == "":
		return ""
	case s.Release != "" && compareReleases(has, s.Release) < 0:
		return s.Release
	case s.Release == "" && s.Engine == Percona && s.knows(has) && compareReleases(series(has), s.series()) < 0:
		return s.series()
	}
	return ""
}

// knows reports whether a release is of a series of Percona's that can be declared.
func (s Spec) knows(release string) bool {
	for _, known := range perconaReleases {
		if series(release) == known {
			return true
		}
	}
	return false
}

// refuseJump refuses a release that is older than what a node has, or of another series
// where the engine cannot be upgraded to it one node at a time.
func refuseJump(d *draft) error {
	releases := releases(d.spec, d.declared)
	for _, name := range sortedKeys(releases) {
		has := releases[name]
		ahead := compareReleases(has, d.spec.Release)
		if d.spec.Release == "" {
			ahead = compareReleases(series(has), d.spec.series())
		}
		switch {
		case d.spec.Release == "" && (d.spec.Engine != Percona || !d.spec.knows(has)):
		case ahead > 0:
			return refuseDowngrade(d, releases)
		case series(has) != d.spec.series() && (d.spec.Engine != Percona || !d.spec.knows(has)):
			return refuseMajor(d, name, has)
		}
	}
	return nil
}

func refuseDowngrade(d *draft, releases map[string]string) error {
	wanted, newest := d.spec.Release, ""
	if wanted == "" {
		wanted = d.spec.series()
	}
	var evidence []string
	for _, name := range sortedKeys(releases) {
		evidence = append(evidence, fmt.Sprintf("%s has version %s", name, releases[name]))
		if newest == "" || compareReleases(releases[name], newest) > 0 {
			newest = releases[name]
		}
	}
	return &reconcile.RefusedError{
		What: "go back to " + d.spec.released(wanted), Path: tier.At("version"), Evidence: evidence,
		Remedy: fmt.Sprintf("A server does not start with data that a newer one has had. Declare version = %q.", d.spec.versionOf(newest)),
	}
}

func refuseMajor(d *draft, name, has string) error {
	return &reconcile.RefusedError{
		What: fmt.Sprintf("upgrade %s to %s in place", d.spec.released(series(has)), d.spec.series()), Path: tier.At("version"), Node: name,
		Evidence: []string{fmt.Sprintf("%s has version %s", name, has)},
		Remedy: fmt.Sprintf("A distribution has one series of MariaDB, and a node cannot get its data from one with another series. Make a second cluster on machines whose "+
			"distribution has %s, and move the data with mariadb-dump; until then declare version = %q.", d.spec.series(), series(has)),
	}
}

// upgradeOutage is how long a node may be out while it is upgraded. A minor upgrade takes
// less than a minute on a fast machine; a slow disk and a large buffer pool take some.
const upgradeOutage = 5 * time.Minute

// covers is for how long the write-set cache of a node holds what is written, at the
// average rate since its server started; 0 if that is not known.
func (n NodeStatus) covers() time.Duration {
	if n.Cache == 0 || n.Release.Uptime == 0 || n.Release.Written == 0 {
		return 0
	}
	seconds := float64(n.Cache) * n.Release.Uptime.Seconds() / float64(n.Release.Written)
	const most = 365 * 24 * 3600
	return time.Duration(min(seconds, most) * float64(time.Second))
}

// tooSmall says by the figures of the other members that none has a write-set cache from
// which a node could get what it misses while it is upgraded; nil if one has, or if that is
// not known.
func (s Status) tooSmall(name string) []string {
	var evidence []string
	node := s.Nodes[name]
	for _, member := range s.where(NodeStatus.Healthy) {
		other := s.Nodes[member]
		begins := other.Release.CachedDownto > 0 && node.Wsrep.Committed >= 0 && other.Release.CachedDownto > node.Wsrep.Committed+1
		covers := other.covers()
		switch {
		case member == name:
		case begins:
			evidence = append(evidence, fmt.Sprintf("the write-set cache of %s begins with write-set %d, and %s has %d", member, other.Release.CachedDownto, name, node.Wsrep.Committed))
		case covers == 0 || covers >= upgradeOutage:
			return nil
		default:
			evidence = append(evidence, fmt.Sprintf("the write-set cache of %s has %d MiB, which is what is written in %s", member, other.Cache>>20, covers.Round(time.Second)))
		}
	}
	return evidence
}

// refuseUpgrade refuses to stop a node for its upgrade that would need all data
// afterwards, while all who could give it are of an older version: their system tables would
// come with it, and the newer server takes those for its own. It also wants the tables of
// members to be those of their servers.
func refuseUpgrade(spec Spec, status Status, name, target string) error {
	for _, member := range status.where(NodeStatus.primary) {
		if why := status.Nodes[member].behindTables(spec); why != "" {
			return &reconcile.RefusedError{
				What: "upgrade a node of a cluster whose last upgrade is not finished", Node: name, Evidence: []string{member + ": " + why},
				Remedy: fmt.Sprintf("Run mariadb-upgrade on %s while no account is changed, and apply again.", member),
			}
		}
	}
	evidence := status.tooSmall(name)
	if len(evidence) == 0 || slices.ContainsFunc(status.Members(), func(member string) bool {
		has := release(status.Nodes[member].Packages[spec.engine().serverPackage])
		return member != name && !olderThan(has, target)
	}) {
		return nil
	}
	return &reconcile.RefusedError{
		What: "upgrade a node that would need all data from one of an older version", Node: name, Evidence: evidence,
		Remedy: fmt.Sprintf("An upgrade may take %s. Declare a larger provider_options[\"gcache.size\"] first. The rate is the average since the servers started: if less is written now, restart them with restart_trigger.", upgradeOutage),
	}
}

// refuseUpgrades refuses the first upgrade of a roll: the others have members of the new
// version beside them, and look again.
func refuseUpgrades(d *draft, all []stale) error {
	for _, s := range all {
		if s.target != "" {
			return refuseUpgrade(d.spec, d.status, s.node, s.target)
		}
	}
	return nil
}

// prepareUpgrade looks again right before a node is stopped for its upgrade or for updates of
// its system. One that will need all data prefers donors that are not of an older version.
func prepareUpgrade(ctx context.Context, hosts host.Hosts, spec Spec, now Status, s stale) error {
	target := s.target
	switch {
	case target != "":
		if err := refuseUpgrade(spec, now, s.node, target); err != nil {
			return err
		}
	default:
		if s.due != nil {
			if err := refuseNewSeries(spec, s.node, now.Nodes[s.node]); err != nil {
				return err
			}
		}
		target = spec.releaseAfter(now.Nodes[s.node])
	}
	if len(now.tooSmall(s.node)) == 0 {
		return nil
	}
	i := slices.IndexFunc(spec.Nodes, func(node host.Node) bool { return node.Name == s.node })
	return preferDonors(ctx, hosts[s.node], spec, spec.Nodes[i], now, target)
}

// olderThan compares with a release or a series.
func olderThan(has, target string) bool {
	if strings.Count(target, ".") < 2 {
		has = series(has)
	}
	return has != "" && compareReleases(has, target) < 0
}

// behindTables says that the system tables are those of another series than the server.
// Within a series mariadb-upgrade, which the unit of Debian's package runs at each start,
// has nothing to do and leaves the file as it is; Percona's server looks after them by itself.
func (n NodeStatus) behindTables(spec Spec) string {
	has := release(n.Packages[spec.engine().serverPackage])
	if spec.Engine != MariaDB || n.Release.Tables == "" || has == "" || series(n.Release.Tables) == series(has) {
		return ""
	}
	return fmt.Sprintf("its system tables are those of %s, and its server has version %s", n.Release.Tables, has)
}

// planUpgrade upgrades machines whose server does not run while others serve: it joins
// afterwards. Members are upgraded in the roll. A server that crashed is of its old version
// until it has been stopped in order, where the new one is of another series: it could not
// recover the data (MySQL 8.4 Reference Manual, 3.4, "What the MySQL Upgrade Process
// Upgrades").
func planUpgrade(d *draft) error {
	if len(d.status.where(NodeStatus.primary)) == 0 {
		return nil
	}
	for node, seen := range d.answering() {
		target := d.upgradeOf(node.Name, seen)
		has := release(seen.Packages[d.engine.serverPackage])
		clean := seen.unused() || seen.Saved.Seqno >= 0 || series(has) == d.spec.series()
		if target == "" || !seen.Ours || seen.occupied() || !clean {
			continue
		}
		fetched := false
		d.prepare.On(node.Name, orJoinAsItIs(stepFetchRelease(d.spec, node.Name, target), series(has) == d.spec.series(), &fetched), Step{
			Node: node.Name, Title: "upgrade to " + d.spec.released(target), Why: d.spec.whyUpgrade(has, target),
			Do: func(ctx context.Context, hosts host.Hosts) error {
				if !fetched {
					return nil
				}
				return installRelease(ctx, hosts[node.Name], d.spec, target)
			},
		})
	}
	return nil
}

// orJoinAsItIs lets a node of the same series be repaired with the release that it has where
// the declared one cannot be fetched, because an archive does not answer or somebody holds
// the package. The roll fetches again, while the node serves.
func orJoinAsItIs(fetch Step, sameSeries bool, fetched *bool) Step {
	do := fetch.Do
	fetch.Do = func(ctx context.Context, hosts host.Hosts) error {
		err := do(ctx, hosts)
		*fetched = err == nil
		if err != nil && sameSeries && ctx.Err() == nil && !host.IsUnreachable(err) {
			reconcile.Tell(ctx, "it joins as it is, and is upgraded afterwards: "+err.Error())
			return nil
		}
		return err
	}
	return fetch
}

func (s Spec) whyUpgrade(has, target string) string {
	return fmt.Sprintf("it has %s and is to have %s", s.released(has), target)
}

// stepFetchRelease fetches the packages of a release while the node serves: it stays in
// service where an archive does not answer or has no such release.
func stepFetchRelease(spec Spec, node, target string) Step {
	return Step{Node: node, Title: "fetch " + spec.released(target),
		Do: func(ctx context.Context, hosts host.Hosts) error {
			if err := tier.AwaitReboot(ctx, hosts[node]); err != nil {
				return err
			}
			if spec.Engine == Percona {
				if err := addPerconaRepository(ctx, hosts[node], spec.Series); err != nil {
					return err
				}
			}
			if err := offer(ctx, hosts[node], spec); err != nil {
				return err
			}
			return hosts[node].FetchUpdates(ctx, spec.updates())
		}}
}

// updates are the packages that an upgrade replaces.
func (s Spec) updates() host.UpdateKind { return host.UpdatesOf(s.engine().serverPackage) }

// installRelease replaces the packages of a server that is stopped, and wants to see the
// result. It starts nothing.
func installRelease(ctx context.Context, node *host.Host, spec Spec, target string) error {
	engine := spec.engine()
	if err := node.InstallUpdates(ctx, spec.updates(), engine.units()...); err != nil {
		return err
	}
	answers, err := node.Ask(ctx, host.AskPackages("packages", engine.serverPackage))
	if err != nil {
		return err
	}
	has := release(host.ParsePackages(answers["packages"])[engine.serverPackage])
	if has == "" || olderThan(has, target) {
		return fmt.Errorf("%s is %q after the upgrade; see what keeps apt from replacing it (apt-get install --simulate %[1]s)", engine.serverPackage, has)
	}
	return nil
}

// upgradeNotices say what waits until a node is back in service, and which system tables
// are not those of the server.
func upgradeNotices(spec Spec, status Status) []string {
	var notices []string
	for _, name := range status.names() {
		seen := status.Nodes[name]
		if why := seen.behindTables(spec); why != "" && seen.primary() {
			notices = append(notices, name+": "+why+"; run mariadb-upgrade on it while no account is changed")
		}
		if target := spec.upgradeFrom(seen.Packages[spec.engine().serverPackage]); target != "" && (seen.Maintenance != "" || spec.Maintenance[name] != "") {
			notices = append(notices, fmt.Sprintf("%s: its upgrade to %s waits until the node is back in service", name, spec.released(target)))
		}
	}
	return notices
}
