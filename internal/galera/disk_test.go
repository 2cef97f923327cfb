package galera

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

const gigabyte = 1 << 30

func deviceOf(name string) string { return "/dev/disk/by-id/scsi-0Linode_Volume_shop-" + name }

// withVolumes gives every machine a blank device that the spec knows.
func withVolumes(t *testing.T, engine Engine) (*sim, Spec) {
	t.Helper()
	s, spec := newSim(t, engine, "db1", "db2", "db3"), shop(engine)
	spec.DataDevices = map[string]string{}
	for name, m := range s.Machines {
		m.Offer("xfsprogs")
		m.Attach(deviceOf(name), 10*gigabyte)
		spec.DataDevices[name] = deviceOf(name)
	}
	return s, spec
}

func TestDataLiesOnDevices(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		s, spec := withVolumes(t, engine)
		if plan := s.plan(spec); !slices.Equal(plan.Drift()["db2"], []string{deviceOf("db2") + " is blank"}) {
			t.Errorf("planned %v because of %v", plan.Titles(), plan.Drift())
		}
		s.must(spec)
		for name, m := range s.Machines {
			if got := m.Disks[deviceOf(name)].Mounted; got != dataDirectory || m.Occupied[dataDirectory] {
				t.Errorf("the device of %s is mounted at %q, the directory below holds something: %t", name, got, m.Occupied[dataDirectory])
			}
		}
		s.Machines["db2"].Disks[deviceOf("db2")].Bytes = 20 * gigabyte
		want := map[string][]string{"db2": {"the file system at /var/lib/mysql has 10240 MiB, and its device 20480 MiB"}}
		if diff := cmp.Diff(want, s.plan(spec).Drift()); diff != "" {
			t.Errorf("after a resize (-want +got):\n%s", diff)
		}
		s.must(spec)
	})
}

// TestEveryFaultWithDevices breaks a creation off at each command.
func TestEveryFaultWithDevices(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s, spec := withVolumes(t, MariaDB)
		spec.Databases, spec.Users = nil, nil
		fault.Arm(s.Machines)
		_ = s.converge(spec)
		fault.Disarm()
		s.must(spec)
		if s.Bootstraps != 1 {
			t.Errorf("%d bootstraps", s.Bootstraps)
		}
	})
}

// TestAReplacedMachineFindsItsData: the device outlives the machine, and nothing is
// formatted or transferred again.
func TestAReplacedMachineFindsItsData(t *testing.T) {
	s, spec := withVolumes(t, MariaDB)
	s.must(spec)
	s.Replace("db3")
	if drift := s.plan(spec).Drift(); !slices.Equal(drift["db3"], []string{deviceOf("db3") + " is not mounted at /var/lib/mysql"}) {
		t.Errorf("drift %v", drift)
	}
	s.must(spec)
	// All of them, and Terraform's state with the identity is lost, too.
	for name := range s.Machines {
		s.Replace(name)
	}
	s.must(spec)
	if s.Bootstraps != 1 || len(s.Past) != 1 {
		t.Errorf("%d bootstraps, %d histories", s.Bootstraps, len(s.Past))
	}
}

// TestAVolumeOfAnotherNodeIsNotMounted has two volumes attached to each other's
// machines, and one that somebody else wrote to.
func TestAVolumeOfAnotherNodeIsNotMounted(t *testing.T) {
	s, spec := withVolumes(t, MariaDB)
	s.must(spec)
	s.Replace("db3")
	volumes := s.Machines["db3"].Disks
	volumes[deviceOf("db3")].UUID = "11111111-1111-8111-8111-111111111111"
	s.refused(spec, "it holds the data of another cluster or node")
	volumes[deviceOf("db3")] = &hosttest.Disk{Bytes: 10 * gigabyte, Used: true}
	s.refused(spec, "is not empty")
	// The others are repaired all the same.
	s.Machines["db1"].Unit("mariadb").Enabled = false
	if err := s.converge(spec); err == nil || !s.Machines["db1"].Unit("mariadb").Enabled {
		t.Errorf("%v, db1 enabled %t", err, s.Machines["db1"].Unit("mariadb").Enabled)
	}
}

// TestAMissingDeviceIsWaitedForLast: the cluster is repaired before.
func TestAMissingDeviceIsWaitedForLast(t *testing.T) {
	s, spec := withVolumes(t, MariaDB)
	s.must(spec)
	s.Replace("db3")
	volume := s.Machines["db3"].Disks[deviceOf("db3")]
	delete(s.Machines["db3"].Disks, deviceOf("db3"))
	_ = s.Machines["db1"].Stop("mariadb")
	if err := s.converge(spec); err == nil || !strings.Contains(err.Error(), "is the volume attached to this machine?") {
		t.Errorf("it says %v", err)
	}
	if !s.Nodes["db1"].Synced() || s.Nodes["db3"].Installed {
		t.Errorf("db1 is a member: %t, db3 is set up: %t", s.Nodes["db1"].Synced(), s.Nodes["db3"].Installed)
	}
	s.Machines["db3"].Disks[deviceOf("db3")] = volume
	s.must(spec)
}

// TestDataIsNotMoved declares devices for a cluster that has its data on its disks.
func TestDataIsNotMoved(t *testing.T) {
	s, spec := built(t, MariaDB)
	spec.DataDevices = map[string]string{"db2": deviceOf("db2")}
	volume := s.Machines["db2"].Attach(deviceOf("db2"), 10*gigabyte)
	s.refused(spec, "the directory holds something, which would be hidden")
	if volume.Type != "" || !s.Nodes["db2"].Synced() {
		t.Errorf("the device %+v, db2 is a member: %t", *volume, s.Nodes["db2"].Synced())
	}
	// What the refusal tells to do.
	_ = s.Machines["db2"].Stop("mariadb")
	s.Wipe("db2")
	delete(s.Machines["db2"].Occupied, dataDirectory)
	s.Machines["db2"].Offer("xfsprogs")
	s.must(spec)
	if volume.Mounted != dataDirectory || s.Bootstraps != 1 {
		t.Errorf("the device %+v, %d bootstraps", *volume, s.Bootstraps)
	}
}

func TestDevicesAreValidated(t *testing.T) {
	spec := shop(MariaDB)
	spec.DataDevices = map[string]string{"db1": "sdc", "db2": "", "db3": "/dev/sdc"}
	problems := spec.Validate()
	if len(problems) != 1 || !slices.Equal(problems[0].Path, []string{"nodes", "db1", "data_device"}) {
		t.Errorf("problems %v", problems)
	}
}
