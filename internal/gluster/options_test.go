package gluster_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
)

func TestOptionsNoLongerDeclaredAreReset(t *testing.T) {
	hosts, sim := built(t)
	spec := content()
	spec.Options = map[string]string{"performance.io-cache": "off"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if got := sim.Volumes["content"].Options["performance.io-cache"]; got != "off" {
		t.Errorf("the option is %q", got)
	}
	if err := converge(t, hosts, content()); err != nil {
		t.Fatal(err)
	}
	if got, set := sim.Volumes["content"].Options["performance.io-cache"]; set {
		t.Errorf("the option is still %q", got)
	}
	if got := sim.Volumes["content"].Options["nfs.disable"]; got != "on" {
		t.Errorf("an option of glusterd itself was touched: %q", got)
	}
}

// TestShardingStaysOn withdraws an option whose end damages files.
func TestShardingStaysOn(t *testing.T) {
	hosts, sim := built(t)
	spec := content()
	spec.Options = map[string]string{"features.shard": "on", "performance.io-cache": "off"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := converge(t, hosts, content()); err != nil {
			t.Fatal(err)
		}
		options := sim.Volumes["content"].Options
		if options["features.shard"] != "on" || options["performance.io-cache"] != "" {
			t.Errorf("options are %v", options)
		}
		notices := gluster.Notices(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
		if len(notices) != 1 || !strings.Contains(notices[0], "features.shard of volume content is on and no longer declared") {
			t.Errorf("notices are %q", notices)
		}
	}
	spec.Options = map[string]string{"features.shard": "off"}
	_, err := diff(t, hosts, spec)
	refusal(t, err)
}

// TestDangerousOptionsOfOthersAreTold has an option that nobody declared.
func TestDangerousOptionsOfOthersAreTold(t *testing.T) {
	hosts, sim := built(t)
	sim.Volumes["content"].Options["cluster.self-heal-daemon"] = "off"
	notices := gluster.Notices(content(), gluster.Observe(t.Context(), hosts.Views(), content()))
	if len(notices) != 1 || !strings.Contains(notices[0], "cluster.self-heal-daemon of volume content is off") {
		t.Errorf("notices are %q", notices)
	}
}

// TestTheProfileLosesParallelReaddir has a volume that an earlier release built.
func TestTheProfileLosesParallelReaddir(t *testing.T) {
	hosts, sim := newPool(t, "files1", "files2", "files3")
	spec := content()
	spec.Profile, spec.Options = gluster.ProfileWeb, map[string]string{"performance.parallel-readdir": "on"}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	spec.Options = nil
	plan, err := diff(t, hosts, spec)
	if want := "option performance.parallel-readdir is set and no longer declared"; err != nil || !slices.Contains(plan.Drift()["cluster"], want) {
		t.Errorf("got %v, %v", plan.Drift(), err)
	}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	if value, set := sim.Volumes["content"].Options["performance.parallel-readdir"]; set {
		t.Errorf("it is %q", value)
	}
}

func TestOptionsWithKnownProblems(t *testing.T) {
	spec := content()
	spec.Profile = gluster.ProfileWeb
	spec.Options = map[string]string{
		"features.shard": "on", "performance.parallel-readdir": "yes", "performance.nl-cache": "on", "cluster.favorite-child-policy": "mtime",
		"features.cache-invalidation": "off", "performance.io-cache": "on", "cluster.server-quorum-type": "none",
	}
	var got []string
	for _, problem := range spec.Warnings() {
		got = append(got, problem.Path[1])
	}
	want := []string{"cluster.favorite-child-policy", "features.shard", "performance.nl-cache", "performance.parallel-readdir", "features.cache-invalidation"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warned of (-want +got):\n%s", diff)
	}
}

func TestOptionsAreWatched(t *testing.T) {
	repaired(t, map[string]drift{
		"option changed": {
			func(s *glustertest.Pool) { s.Volumes["content"].Options["network.ping-timeout"] = "42" },
			map[string][]string{"cluster": {"option network.ping-timeout is 42 instead of 10"}},
		},
		"option of others": {
			func(s *glustertest.Pool) { s.Volumes["content"].Options["performance.io-cache"] = "off" },
			map[string][]string{},
		},
	})
}
