package gluster

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

const (
	optionAllow       = "auth.allow"
	optionPingTimeout = "network.ping-timeout"
	optionUserTimeout = "client.tcp-user-timeout"
	optionHealTimeout = "cluster.heal-timeout"
	optionQuorum      = "cluster.quorum-type"
	optionLookup      = "cluster.lookup-optimize"
	optionUnhashed    = "cluster.lookup-unhashed"
)

// healTimeoutSeconds is how often the self-heal daemons look for what nobody told
// them about. They are told when a server comes back to them; they are not when
// only a client had lost a server for a moment and wrote to the others, and
// GlusterFS's own default then leaves those files with one copy less for up to ten
// minutes. A look at an empty index costs one directory listing.
const healTimeoutSeconds = "60"

// webProfile is GlusterFS's own group "metadata-cache"
// (extras/group-metadata-cache) and what helps directories with many small
// files. performance.nl-cache is left out on purpose: failed writes and stale
// negative lookups were reported with it (gluster/glusterfs issues 4161, 4390
// and 830), and PHP asks for files that do not exist yet all the time. So is
// performance.parallel-readdir: errors while directories are listed were reported
// with it (issues 841 and 355). A volume that an earlier release gave it has it
// reset, as an option that is no longer declared.
func webProfile() map[string]string {
	return map[string]string{
		"features.cache-invalidation":         "on",
		"features.cache-invalidation-timeout": "600",
		"performance.stat-prefetch":           "on",
		"performance.cache-invalidation":      "on",
		"performance.md-cache-timeout":        "600",
		"network.inode-lru-limit":             "200000",
		"cluster.readdir-optimize":            "on",
		"cluster.lookup-optimize":             "on",
		"client.event-threads":                "4",
		"server.event-threads":                "4",
		"performance.cache-size":              "256MB",
		"performance.quick-read":              "on",
	}
}

// options returns every option that is managed: the profile's, those that have
// an attribute of their own, and the user's, which win over the profile's.
func (s Spec) options() map[string]string {
	options := map[string]string{}
	if s.Profile == ProfileWeb {
		options = webProfile()
	}
	options[optionPingTimeout] = strconv.Itoa(s.PingTimeoutSeconds)
	options[optionUserTimeout] = strconv.Itoa(s.userTimeoutSeconds())
	options[optionAllow] = s.allowed()
	if !s.dispersed() {
		// It is the default of a new replicated volume, but a brick that is removed
		// and added again by hand can leave it at "none", which invites split brain.
		options[optionQuorum] = "auto"
		options[optionHealTimeout] = healTimeoutSeconds
	}
	if len(s.Nodes)+len(s.guests) > s.setSize() {
		// A client that has not heard yet that a directory's files are spread anew writes to
		// the set that it knows. With this option, clients then look for such a file only
		// where its name leads to now, and do not find it. It is on by default.
		options[optionLookup] = "off"
	}
	maps.Copy(options, s.Options)
	return options
}

// leastUserTimeoutSeconds leaves the kernel its sixth transmission of a packet, 6.2 s after
// the first one: it waits 0.2 s, and twice as long each time. With less, a network that loses
// everything for just over three seconds would end connections.
const leastUserTimeoutSeconds = 7

// userTimeoutSeconds is how long a client's packets may stay unacknowledged until its kernel
// ends the connection. A machine that is lost acknowledges nothing, and a brick that is slow
// does: only for the latter does a client wait for the ping timeout, which begins anew while
// clients go on sending (rpc_clnt_ping_timer_expired in rpc-clnt-ping.c of GlusterFS), so that
// up to two of them pass. GlusterFS's default of 42 s never comes before that.
func (s Spec) userTimeoutSeconds() int { return max(s.PingTimeoutSeconds-2, leastUserTimeoutSeconds) }

// allowed is who may mount. The nodes are always among them: they mount the
// volume themselves to look after it.
func (s Spec) allowed() string {
	if slices.Contains(s.Clients, "*") {
		return "*"
	}
	all := slices.Clone(s.Clients)
	for _, node := range append(slices.Clone(s.Nodes), s.guests...) {
		all = append(all, node.Address)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// OptionDifference is a managed option whose value is not the wanted one.
type OptionDifference struct {
	Key, Want, Have string
	// Set says that the option is set at all.
	Set bool
}

// String says it in words.
func (o OptionDifference) String() string {
	if !o.Set {
		return fmt.Sprintf("option %s is not set instead of %s", o.Key, o.Want)
	}
	return fmt.Sprintf("option %s is %s instead of %s", o.Key, o.Have, o.Want)
}

func differences(want, have map[string]string) []OptionDifference {
	var found []OptionDifference
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, set := have[key]
		if !set || !sameValue(key, want[key], value) {
			found = append(found, OptionDifference{Key: key, Want: want[key], Have: value, Set: set})
		}
	}
	return found
}

// setBefore is the options that this resource set in the past, by the markers.
func setBefore(status Status) []string {
	all := map[string]bool{}
	for _, node := range status.Nodes {
		if node.Marker == nil {
			continue
		}
		for key := range strings.SplitSeq(node.Marker.Detail[markerOptions], ",") {
			if key != "" {
				all[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// remembered is the options that the marker names: all that are managed, and
// those of the past that still have to be reset.
func (d *draft) remembered() []string {
	keys := d.spec.options()
	for _, key := range setBefore(d.status) {
		if _, set := d.volume.Options[key]; set || !d.exists && !d.absent {
			keys[key] = ""
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// resets are options that this resource set once and the user no longer declares,
// but for those that can never be switched off.
func (d *draft) resets() []string {
	managed := d.spec.options()
	return slices.DeleteFunc(setBefore(d.status), func(key string) bool {
		_, declared := managed[key]
		_, set := d.volume.Options[key]
		return declared || !set || staysOn(key, d.volume.Options[key])
	})
}

// optionDifferences are those of a volume that exists.
func (d *draft) optionDifferences() []OptionDifference {
	return differences(d.spec.options(), d.volume.Options)
}

// refuseOptions keeps options on whose end would damage files.
func refuseOptions(d *draft) error {
	key := SwitchedOff(d.volume.Options, d.spec.options())
	if key == "" {
		return nil
	}
	return &reconcile.RefusedError{
		What:     "switch " + key + " off",
		Evidence: []string{"it is on in volume " + d.spec.Name + ", and without it clients take the first piece of a file for the whole"},
		Remedy:   "Declare it as it is. To be rid of it, copy the files to a new volume.",
	}
}

func planOptions(d *draft) error {
	switch {
	case d.building():
		d.stages.volume.InOrder(Step{Title: "set options", Do: setOptions(d.spec, d.leader().Name, differences(d.spec.options(), nil))})
	case d.changing() && d.changeWaits() == nil:
		d.stages.volume.InOrder(d.changeOptions()...)
	}
	return nil
}

func (d *draft) changeOptions() []Step {
	var steps []Step
	leader := d.leader().Name
	if different := d.optionDifferences(); len(different) > 0 {
		var why []string
		for _, difference := range different {
			why = append(why, difference.String())
		}
		steps = append(steps, Step{Title: "set options", Why: strings.Join(why, "; "), Do: setOptions(d.spec, leader, different)})
	}
	if resets := d.resets(); len(resets) > 0 {
		steps = append(steps, Step{Title: "reset options", Why: sentence("option %s is set and no longer declared", "options %s are set and no longer declared", resets),
			Do: resetOptions(d.spec, leader, resets)})
	}
	return steps
}

// setOptions sets all options in one transaction.
func setOptions(spec Spec, leader string, options []OptionDifference) act {
	words := []string{"volume", "set", spec.Name}
	for _, option := range options {
		words = append(words, option.Key, option.Want)
	}
	return inTransaction(leader, words...)
}

func resetOptions(spec Spec, leader string, keys []string) act {
	return func(ctx context.Context, hosts host.Hosts) error {
		for _, key := range keys {
			if err := transaction(ctx, hosts[leader], "volume", "reset", spec.Name, key); err != nil {
				return err
			}
		}
		return nil
	}
}

// optionNotices are about options that are on the volume and are not declared.
func (d *draft) optionNotices() []string {
	var notices []string
	for _, key := range d.kept() {
		notices = append(notices, fmt.Sprintf("Option %s of volume %s is on and no longer declared. It stays on: switched off, files that were written with it would be damaged.", key, d.spec.Name))
	}
	declared := d.spec.options()
	for _, key := range slices.Sorted(maps.Keys(d.volume.Options)) {
		if _, managed := declared[key]; managed {
			continue
		}
		if danger := dangerousValue(key, d.volume.Options[key]); danger != "" {
			notices = append(notices, fmt.Sprintf("Option %s of volume %s is %s, which is not declared: %s. \"gluster volume reset %s %s\" takes it back.",
				key, d.spec.Name, d.volume.Options[key], danger, d.spec.Name, key))
		}
	}
	return notices
}

// Disconnected returns which clients of an earlier list a spec no longer lets in.
func (s Spec) Disconnected(before []string) []string {
	return slices.DeleteFunc(slices.Clone(before), func(client string) bool {
		isNode := slices.ContainsFunc(s.Nodes, func(node host.Node) bool { return node.Address == client })
		return isNode || slices.ContainsFunc(s.Clients, func(pattern string) bool { return letsIn(pattern, client) })
	})
}

func letsIn(pattern, client string) bool {
	if network, err := netip.ParsePrefix(pattern); err == nil {
		address, err := netip.ParseAddr(client)
		return pattern == client || err == nil && network.Contains(address)
	}
	matched, err := path.Match(pattern, client)
	return err == nil && matched
}
