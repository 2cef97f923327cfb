package gluster

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

const (
	optionShard           = "features.shard"
	optionParallelReaddir = "performance.parallel-readdir"
)

// An option is in one of four classes: it is refused where its value breaks what
// a replicated volume is for, it is warned of where problems with it are known, it
// is never switched off again where that would damage data, and the others are
// simply set and reset.

// refusedOption says why an option may not be declared with a value; empty if it may.
func refusedOption(key, value string) string {
	switch key {
	case "cluster.quorum-count":
		return "a set writes with a majority of its bricks; fewer would end in split brain"
	case "transport.address-family", "config.transport":
		return "bricks are reached by TCP over IPv4"
	case "cluster.granular-entry-heal":
		return "GlusterFS changes it by a command of its own, gluster volume heal NAME granular-entry-heal"
	case "features.quota", "features.inode-quota":
		return "GlusterFS changes it by a command of its own, gluster volume quota"
	case "features.bitrot", "features.scrub", "features.scrub-freq", "features.scrub-throttle":
		return "GlusterFS changes it by a command of its own, gluster volume bitrot"
	}
	return dangerousValue(key, value)
}

// dangerousValue says how a value breaks what the volume promises; empty if it
// does not. Such values are also looked for where somebody set them by hand.
func dangerousValue(key, value string) string {
	on, isTruth := switched(value)
	switch key {
	case optionQuorum:
		if value != "auto" {
			return "without a majority two halves of a set accept different contents of one file (split brain); it is always auto"
		}
	case "cluster.self-heal-daemon", "cluster.disperse-self-heal-daemon":
		if isTruth && !on {
			return "a server that was away would never get what it missed, and the next loss of a server would lose it"
		}
	case "cluster.data-change-log", "cluster.metadata-change-log", "cluster.entry-change-log":
		if isTruth && !on {
			return "nothing would record what a server that was away has missed"
		}
	case "cluster.ensure-durability":
		if isTruth && !on {
			return "the record of what is to be healed would not be on the disk when the power fails"
		}
	case "cluster.halo-enabled":
		if isTruth && on {
			return "files would be acknowledged with fewer copies than the volume promises"
		}
	case "storage.health-check-interval":
		if seconds, err := strconv.Atoi(value); err == nil && seconds == 0 {
			return "a brick whose disk has failed would go on answering"
		}
	case "features.locks-monkey-unlocking":
		return "it drops locks at random, for tests of GlusterFS"
	}
	if strings.HasPrefix(key, "debug.") || strings.HasPrefix(key, "delay-gen.") {
		return "it injects errors and delays, for tests of GlusterFS"
	}
	return ""
}

// doubtfulValue says what is known against a value that is set all the same.
func doubtfulValue(key, value string) string {
	on, isTruth := switched(value)
	switch key {
	case optionShard:
		if isTruth && on {
			return "it is made for images of virtual machines, and once on it can never be switched off again: the files would be damaged"
		}
	case optionParallelReaddir:
		if isTruth && on {
			return "errors while directories are listed were reported with it (gluster/glusterfs issues 841 and 355)"
		}
	case "performance.nl-cache":
		if isTruth && on {
			return "failed writes and files that are not seen were reported with it (gluster/glusterfs issues 4161, 4390 and 830)"
		}
	case "cluster.favorite-child-policy":
		if value != "none" {
			return "in a split brain GlusterFS chooses a copy by this rule, and the contents of the other one are lost without a word"
		}
	case "cluster.server-quorum-type":
		if value == "server" {
			return "servers that see no majority of the pool stop their bricks, also for clients that still reach them"
		}
	case "server.root-squash", "server.all-squash":
		if isTruth && on {
			return "root of a client has no rights on the volume then, and a web tier prepares its files as root"
		}
	case "features.read-only", "features.worm":
		if isTruth && on {
			return "clients cannot change files then"
		}
	}
	return ""
}

// staysOn reports whether an option that is on can never be switched off: with
// sharding off, a client takes the first piece of a file for the whole
// (gluster/glusterfs issue 321).
func staysOn(key, value string) bool {
	on, ok := switched(value)
	return key == optionShard && ok && on
}

// Warnings says what is known against options that are declared, and which nodes
// anybody may reach.
func (s Spec) Warnings() []Problem {
	var problems []Problem
	for _, node := range host.PublicNodes(s.Nodes) {
		problems = append(problems, Problem{Path: tier.At("nodes", node.Name, "address"), Message: fmt.Sprintf(
			"%s is not a private address: all files pass there unencrypted; give the nodes addresses of a network of their own", node.Address)})
	}
	for _, key := range slices.Sorted(maps.Keys(s.Options)) {
		if doubt := doubtfulValue(key, s.Options[key]); doubt != "" {
			problems = append(problems, Problem{Path: tier.At("options", key), Message: fmt.Sprintf("%s = %q is set as declared, but %s", key, s.Options[key], doubt)})
		}
	}
	if s.stale() {
		problems = append(problems, Problem{Path: tier.At("options", optionInvalidation), Message: "the profile keeps metadata for ten minutes, and without " +
			optionInvalidation + " nobody tells a client that another one has changed a file"})
	}
	return problems
}

const optionInvalidation = "features.cache-invalidation"

// stale reports that clients would believe old metadata.
func (s Spec) stale() bool {
	on, ok := switched(s.Options[optionInvalidation])
	_, ownTimeout := s.Options["performance.md-cache-timeout"]
	return s.Profile == ProfileWeb && ok && !on && !ownTimeout
}

// SwitchedOff names an option that cannot be switched off and that options would
// switch off, where before had it on; empty if there is none. A value that is not
// known yet is empty and switches nothing off.
func SwitchedOff(before, options map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(options)) {
		if options[key] != "" && staysOn(key, before[key]) && !staysOn(key, options[key]) {
			return key
		}
	}
	return ""
}

// kept are options of the past that are no longer declared and stay on for ever.
func (d *draft) kept() []string {
	managed := d.spec.options()
	return slices.DeleteFunc(setBefore(d.status), func(key string) bool {
		_, declared := managed[key]
		return declared || !staysOn(key, d.volume.Options[key])
	})
}
