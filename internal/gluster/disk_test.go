package gluster_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster"
	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

const gigabyte = 1 << 30

func deviceOf(name string) string { return "/dev/disk/by-id/scsi-0Linode_Volume_shop-" + name }

// withVolumes gives every machine a blank device that the spec knows.
func withVolumes(t *testing.T) (host.Hosts, *glustertest.Pool, gluster.Spec) {
	t.Helper()
	hosts, sim := newPool(t, "files1", "files2", "files3")
	spec := content()
	spec.DataDevices = map[string]string{}
	for name, m := range sim.Machines {
		m.Offer("xfsprogs")
		m.Attach(deviceOf(name), 10*gigabyte)
		spec.DataDevices[name] = deviceOf(name)
	}
	return hosts, sim, spec
}

// onVolumes is a volume with a file on devices.
func onVolumes(t *testing.T) (host.Hosts, *glustertest.Pool, gluster.Spec) {
	t.Helper()
	hosts, sim, spec := withVolumes(t)
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	forAll(sim, func(m *hosttest.Machine) { m.WriteFile(brickPath+"/photo.jpg", "x") })
	return hosts, sim, spec
}

func TestBricksLieOnDevices(t *testing.T) {
	hosts, sim, spec := withVolumes(t)
	plan, err := diff(t, hosts, spec)
	if err != nil || !slices.Equal(plan.Drift()["files2"], []string{deviceOf("files2") + " is blank"}) || len(plan.Stages) != 1 {
		t.Errorf("planned %v because of %v, %v", plan.Titles(), plan.Drift(), err)
	}
	if err := converge(t, hosts, spec); err != nil {
		t.Fatal(err)
	}
	for name, m := range sim.Machines {
		if got := m.Disks[deviceOf(name)].Mounted; got != "/srv/gluster/content" {
			t.Errorf("the device of %s is mounted at %q", name, got)
		}
	}
	sim.Machines["files2"].Disks[deviceOf("files2")].Bytes = 20 * gigabyte
	plan, err = diff(t, hosts, spec)
	want := map[string][]string{"files2": {"the file system at /srv/gluster/content has 10240 MiB, and its device 20480 MiB"}}
	if diff := cmp.Diff(want, plan.Drift()); diff != "" || err != nil {
		t.Errorf("after a resize: %v (-want +got):\n%s", err, diff)
	}
}

func TestEveryStepWithDevicesMayFail(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		hosts, sim, spec := withVolumes(t)
		fault.Arm(sim.Machines)
		_ = converge(t, hosts, spec)
		fault.Disarm()
		if err := converge(t, hosts, spec); err != nil {
			t.Fatalf("after %s: %v", fault.Struck(), err)
		}
		if err := gluster.Verify(t.Context(), hosts.Views(), spec); err != nil {
			t.Errorf("after %s: %v", fault.Struck(), err)
		}
	})
}

// TestARebuiltServerFindsItsBrick: the device outlives the machine, so nothing has
// to be healed but what was written meanwhile.
func TestARebuiltServerFindsItsBrick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := onVolumes(t)
		sim.Rebuild("files1")
		sim.Machines["files1"].Forget()
		plan, err := diff(t, hosts, spec)
		if want := deviceOf("files1") + " is not mounted at /srv/gluster/content"; err != nil || !slices.Contains(plan.Drift()["files1"], want) {
			t.Errorf("drift %v, %v", plan.Drift(), err)
		}
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		whole(t, hosts, sim, spec)
		if slices.ContainsFunc(sim.Machines["files1"].Log(), func(label string) bool { return label == "gluster-remake-brick" || label == "make-file-system" }) {
			t.Errorf("the brick was made anew: %v", sim.Machines["files1"].Log())
		}
	})
}

// TestABlankDeviceInPlaceOfALostOne is filled by the others.
func TestABlankDeviceInPlaceOfALostOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts, sim, spec := onVolumes(t)
		m := sim.Machines["files1"]
		_ = m.Stop("srv-gluster-content.mount")
		m.Attach(deviceOf("files1"), 10*gigabyte)
		sim.Nodes["files1"].BrickID, sim.Nodes["files1"].Running = "", false
		if err := converge(t, hosts, spec); err != nil {
			t.Fatal(err)
		}
		whole(t, hosts, sim, spec)
	})
}

// TestADeviceThatCannotBeUsedStopsNobodyElse has one that is foreign, one that is
// missing, and a change of the volume beside it.
func TestADeviceThatCannotBeUsedStopsNobodyElse(t *testing.T) {
	for says, spoil := range map[string]func(m *hosttest.Machine){
		"it has the signatures ext4": func(m *hosttest.Machine) {
			m.Disks[deviceOf("files1")] = &hosttest.Disk{Bytes: 10 * gigabyte, Type: "ext4", UUID: "1"}
		},
		"there is no device " + deviceOf("files1"): func(m *hosttest.Machine) { delete(m.Disks, deviceOf("files1")) },
	} {
		t.Run(says, func(t *testing.T) {
			hosts, sim, spec := onVolumes(t)
			m := sim.Machines["files1"]
			_ = m.Stop("srv-gluster-content.mount")
			sim.Nodes["files1"].Running = false
			spoil(m)
			spec.PingTimeoutSeconds = 20
			_ = sim.Machines["files2"].Stop("glusterd")
			if err := converge(t, hosts, spec); err != nil {
				t.Fatal(err)
			}
			if !sim.Machines["files2"].Unit("glusterd").Running() {
				t.Error("files2 was not repaired")
			}
			notices := gluster.Notices(spec, gluster.Observe(t.Context(), hosts.Views(), spec))
			if !strings.Contains(strings.Join(notices, "\n"), says) {
				t.Errorf("it is told of as %q", notices)
			}
			// Nothing is filled below it.
			if _, found := m.Directories[brickPath]; found {
				t.Error("a brick was made on the machine's own disk")
			}
		})
	}
}

func TestNoVolumeBesideAForeignDevice(t *testing.T) {
	hosts, sim, spec := withVolumes(t)
	sim.Machines["files2"].Disks[deviceOf("files2")].Used = true
	if err := converge(t, hosts, spec); !strings.Contains(refusal(t, err).Error(), "it has no signature that is known, and is not empty") {
		t.Errorf("refused with %v", err)
	}
	if len(sim.Volumes) > 0 {
		t.Error("the volume was made")
	}
}

func TestDevicesAreValidated(t *testing.T) {
	spec := content()
	spec.DataDevices = map[string]string{"files1": "sdc", "files2": "", "files3": "/dev/sdc"}
	problems := spec.Validate()
	if len(problems) != 1 || !slices.Equal(problems[0].Path, []string{"nodes", "files1", "data_device"}) {
		t.Errorf("problems %v", problems)
	}
}
