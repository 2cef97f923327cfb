package gluster

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
)

const (
	optionAllow       = "auth.allow"
	optionPingTimeout = "network.ping-timeout"
	optionHealTimeout = "cluster.heal-timeout"
	optionQuorum      = "cluster.quorum-type"
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
	options[optionAllow] = s.allowed()
	if s.Type != Disperse {
		// It is the default of a new replicated volume, but a brick that is removed
		// and added again by hand can leave it at "none", which invites split brain.
		options[optionQuorum] = "auto"
		options[optionHealTimeout] = healTimeoutSeconds
	}
	maps.Copy(options, s.Options)
	return options
}

// allowed is who may mount. The nodes are always among them: they mount the
// volume themselves to look after it.
func (s Spec) allowed() string {
	if slices.Contains(s.Clients, "*") {
		return "*"
	}
	all := slices.Clone(s.Clients)
	for _, node := range s.Nodes {
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

// sameValue compares values as GlusterFS reads them. It keeps what was typed, so
// a hand that typed "enable" or "1GB" may have meant what we mean.
func sameValue(key, a, b string) bool {
	if a == b {
		return true
	}
	if key == optionAllow {
		return slices.Equal(slices.Sorted(strings.SplitSeq(a, ",")), slices.Sorted(strings.SplitSeq(b, ",")))
	}
	if x, ok := truth(a); ok {
		y, ok := truth(b)
		return ok && x == y
	}
	x, okX := size(a)
	y, okY := size(b)
	return okX && okY && x == y
}

// truth reads the words of gf_string2boolean, except "0" and "1": those are
// numbers for most options.
func truth(value string) (is, ok bool) {
	switch strings.ToLower(value) {
	case "on", "yes", "true", "enable":
		return true, true
	case "off", "no", "false", "disable":
		return false, true
	}
	return false, false
}

// size reads a number with a binary unit, as gf_string2bytesize does.
func size(value string) (float64, bool) {
	upper := strings.ToUpper(strings.TrimSpace(value))
	unit := 1.0
	for i, suffix := range []string{"KB", "MB", "GB", "TB", "PB"} {
		if number, found := strings.CutSuffix(upper, suffix); found {
			upper = number
			for range i + 1 {
				unit *= 1024
			}
			break
		}
	}
	number, err := strconv.ParseFloat(upper, 64)
	return number * unit, err == nil
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
