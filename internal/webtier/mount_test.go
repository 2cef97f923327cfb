package webtier

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestAMountPointInUseIsRefused has nothing changed on any machine.
func TestAMountPointInUseIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*webtiertest.Server)
		want string
	}{
		"another file system": {func(s *webtiertest.Server) { s.Mounted = "backup:/archive" }, "backup:/archive (fuse.glusterfs) is mounted at /srv/www, and not by us"},
		"files":               {func(s *webtiertest.Server) { s.Occupied = true }, "/srv/www has files, which the mount would hide"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, tier, machines := simulate(t, "web1", "web2", "web3")
			test.do(tier.Servers["web2"])
			err := convergeSim(t, hosts, good(), nil)
			var refused *reconcile.RefusedError
			if !errors.As(err, &refused) || refused.Node != "web2" || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v", err)
			}
			for name, m := range machines {
				if len(m.Packages) > 0 || m.Files[good().marker().Path()].Content != "" {
					t.Errorf("%s was changed", name)
				}
			}
		})
	}
}

func TestMountMatches(t *testing.T) {
	mount := *good().Defaulted().Mount
	for _, test := range []struct {
		seen MountStatus
		want bool
	}{
		{MountStatus{Type: "fuse.glusterfs", Source: "10.0.0.21:/content"}, true},
		{MountStatus{Type: "fuse.glusterfs", Source: "10.0.0.23:content"}, true},
		{MountStatus{Type: "fuse.glusterfs", Source: "10.0.0.99:/content"}, false},
		{MountStatus{Type: "fuse.glusterfs", Source: "10.0.0.21:/other"}, false},
		{MountStatus{Type: "ext4", Source: "/dev/sda"}, false},
	} {
		if got := mount.matches(test.seen); got != test.want {
			t.Errorf("%v: %v", test.seen, got)
		}
	}
}

// TestTheSameVolumeByOtherServersIsMounted has the file servers get other addresses.
func TestTheSameVolumeByOtherServersIsMounted(t *testing.T) {
	hosts, tier, _, spec := built(t)
	spec.Mount.Source, spec.Mount.BackupServers = "10.9.9.9:/content", nil
	if err := convergeSim(t, hosts, spec, balancerFor(spec)); err != nil {
		t.Fatal(err)
	}
	if got := tier.Servers["web3"].Mounted; got != spec.Mount.Source {
		t.Errorf("%s is mounted", got)
	}
}

// TestTheVolumeIsMounted has somebody unmount it, or mount another one.
func TestTheVolumeIsMounted(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"gone":    {func(s *webtiertest.Server) { s.Mounted = "" }, "10.0.0.21:/content is not mounted at /srv/www"},
		"another": {func(s *webtiertest.Server) { s.Mounted = "10.0.0.21:/other" }, "10.0.0.21:/other (fuse.glusterfs) is mounted at /srv/www instead of 10.0.0.21:/content"},
	})
}
