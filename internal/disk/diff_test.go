package disk_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
)

func shop() disk.Disk {
	return disk.Disk{Kind: "galera", Cluster: "shop", Node: "db1", Device: "/dev/disk/by-id/scsi-0Linode_Volume_shop-db1",
		Directory: "/var/lib/mysql", Before: "mariadb.service", Owner: "mysql"}
}

// sim is one machine and the disk of its data.
type sim struct {
	disk.Disk
	t       *testing.T
	hosts   host.Hosts
	machine *hosttest.Machine
}

func newSim(t *testing.T) *sim {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, "db1")
	machines["db1"].Offer("xfsprogs")
	return &sim{Disk: shop(), t: t, hosts: hosts, machine: machines["db1"]}
}

func (s *sim) look(ctx context.Context) (disk.State, error) {
	answers, err := s.hosts["db1"].Ask(ctx, s.Ask("disk"), host.AskUnits("units", s.UnitName()), host.AskFiles("files", s.Unit().Path))
	if err != nil {
		return disk.State{}, err
	}
	return s.Parse(answers["disk"], host.ParseUnits(answers["units"]), host.ParseFiles(answers["files"])), nil
}

func (s *sim) verdict() disk.Verdict {
	s.t.Helper()
	seen, err := s.look(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Diff(seen)
}

func (s *sim) converge() error {
	_, err := reconcile.Converge(hosttest.Interruptible(s.t.Context()), s.look, func(seen disk.State) (reconcile.Plan[host.Hosts], error) {
		verdict := s.Diff(seen)
		if verdict.Refused != nil {
			return reconcile.Plan[host.Hosts]{}, verdict.Refused
		}
		var plan reconcile.Plan[host.Hosts]
		plan.Serial("disk", verdict.Steps...)
		return plan, nil
	}, s.hosts, reconcile.Silent{})
	return err
}

func reasons(verdict disk.Verdict) []string {
	var why []string
	for _, step := range verdict.Steps {
		if step.Why != "" {
			why = append(why, step.Why)
		}
	}
	return why
}

func TestABlankDeviceBecomesTheDataDirectory(t *testing.T) {
	s := newSim(t)
	volume := s.machine.Attach(s.Device, 10<<30)
	if diff := cmp.Diff([]string{s.Device + " is blank"}, reasons(s.verdict())); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if err := s.converge(); err != nil {
		t.Fatal(err)
	}
	want := hosttest.Disk{Bytes: 10 << 30, FileSystem: 10 << 30, Type: "xfs", UUID: s.UUID(), Label: "ha-galera", Mounted: "/var/lib/mysql"}
	if diff := cmp.Diff(want, *volume, cmpopts.IgnoreUnexported(hosttest.Disk{})); diff != "" {
		t.Errorf("the device (-want +got):\n%s", diff)
	}
	if verdict := s.verdict(); !verdict.Ready || len(verdict.Steps) > 0 {
		t.Errorf("the second look: %+v", verdict)
	}
	s.machine.Reboot()
	if verdict := s.verdict(); !verdict.Ready || len(verdict.Steps) > 0 {
		t.Errorf("after a reboot: %+v", verdict)
	}
}

// TestEveryStepOfADiskMayFail breaks off at each step and goes on.
func TestEveryStepOfADiskMayFail(t *testing.T) {
	hosttest.EveryFault(t, func(t *testing.T, fault *hosttest.Fault) {
		s := newSim(t)
		s.machine.Attach(s.Device, 10<<30)
		fault.Arm(map[string]*hosttest.Machine{"db1": s.machine})
		_ = s.converge()
		fault.Disarm()
		if err := s.converge(); err != nil {
			t.Fatal(err)
		}
		if verdict := s.verdict(); !verdict.Ready || len(verdict.Steps) > 0 {
			t.Errorf("in the end: %+v", verdict)
		}
	})
}

// TestAKeptVolumeIsMountedAgain replaces the machine and not the volume.
func TestAKeptVolumeIsMountedAgain(t *testing.T) {
	old := newSim(t)
	volume := old.machine.Attach(old.Device, 10<<30)
	if err := old.converge(); err != nil {
		t.Fatal(err)
	}
	s := newSim(t)
	old.machine.Unmount(volume)
	s.machine.Disks[s.Device] = volume
	if diff := cmp.Diff([]string{s.Device + " is not mounted at /var/lib/mysql"}, reasons(s.verdict())); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if err := s.converge(); err != nil || volume.Mounted != "/var/lib/mysql" {
		t.Errorf("%v, %+v", err, volume)
	}
	// Another node's is not.
	s.machine.Unmount(volume)
	other := newSim(t)
	other.Node = "db2"
	other.machine.Disks[other.Device] = volume
	seen, err := other.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if verdict := other.Diff(seen); verdict.Refused == nil || !strings.Contains(verdict.Refused.Error(), "another cluster or node") {
		t.Errorf("another node's volume: %+v", verdict)
	}
}

func TestWhatIsNotOursIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		set      func(s *sim)
		evidence string
	}{
		"a foreign file system": {func(s *sim) {
			d := s.machine.Attach(s.Device, 10<<30)
			d.Type, d.UUID, d.Label = "ext4", "11111111-2222", "backup"
		}, `it has the signatures ext4; its UUID is 11111111-2222 and its label "backup"`},
		"unknown content":    {func(s *sim) { s.machine.Attach(s.Device, 10<<30).Used = true }, "is not empty"},
		"mounted elsewhere":  {func(s *sim) { s.machine.Attach(s.Device, 10<<30).Mounted = "/mnt" }, "it is mounted at /mnt"},
		"a directory in use": {func(s *sim) { s.machine.Attach(s.Device, 10<<30); s.machine.Occupied[s.Directory] = true }, "would be hidden"},
		"another file system": {func(s *sim) {
			s.machine.Attach(s.Device, 10<<30)
			s.machine.Attach("/dev/sdz", 1).Mounted = s.Directory
		}, "another file system is mounted"},
		"mounted by somebody": {func(s *sim) {
			d := s.machine.Attach(s.Device, 10<<30)
			d.Type, d.UUID, d.Mounted = "ext4", "11111111-2222", s.Directory
		}, "mounted by somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t)
			test.set(s)
			if err := s.converge(); err == nil || !strings.Contains(err.Error(), test.evidence) {
				t.Errorf("refused with %v", err)
			}
		})
	}
}

func TestADeviceThatIsNotThereIsWaitedFor(t *testing.T) {
	s := newSim(t)
	verdict := s.verdict()
	if !verdict.Absent || !slices.Equal(reasons(verdict), []string{"there is no device " + s.Device}) {
		t.Errorf("%+v", verdict)
	}
	if err := s.converge(); err == nil || !strings.Contains(err.Error(), "is the volume attached") {
		t.Errorf("it says %v", err)
	}
}

func TestUpkeepOfADisk(t *testing.T) {
	s := newSim(t)
	volume := s.machine.Attach(s.Device, 10<<30)
	if err := s.converge(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(){
		"the file system at /var/lib/mysql has 10240 MiB, and its device 20480 MiB": func() { volume.Bytes = 20 << 30 },
		"var-lib-mysql.mount does not start at boot":                                func() { s.machine.Unit(s.UnitName()).Enabled = false },
		"var-lib-mysql.mount differs":                                               func() { s.machine.WriteFile(s.Unit().Path, "[Mount]\n") },
		"/var/lib/mysql would not be mounted at boot": func() {
			s.machine.RemoveAll(s.Unit().Path)
			s.machine.Unit(s.UnitName()).Enabled = false
		},
	} {
		spoil()
		if verdict := s.verdict(); !verdict.Ready || !slices.Contains(reasons(verdict), want) {
			t.Errorf("%q is not among %q", want, reasons(verdict))
		}
		if err := s.converge(); err != nil || volume.Mounted != "/var/lib/mysql" {
			t.Errorf("%s: %v, %+v", want, err, volume)
		}
	}
}

func TestFault(t *testing.T) {
	for device, valid := range map[string]bool{
		"/dev/disk/by-id/scsi-0Linode_Volume_shop-db1": true, "/dev/sdc": true, "/dev/mapper/vg-data": true,
		"": false, "sdc": false, "/dev": false, "/dev/../etc/passwd": false, "/dev/disk/by-uuid/1": false, "/dev/disk/by-label/x": false, "/dev/sd c": false,
	} {
		if got := disk.Fault(device) == ""; got != valid {
			t.Errorf("%q: %q", device, disk.Fault(device))
		}
	}
}

// TestTheIdentityIsOnesOwn: the UUID lies on devices, so it can never change.
func TestTheIdentityIsOnesOwn(t *testing.T) {
	d := shop()
	if got, want := d.UUID(), "923ea958-9c82-8a4f-b971-d34a33094e04"; got != want {
		t.Errorf("the UUID is %s, want %s", got, want)
	}
	seen := map[string]bool{}
	for _, other := range []disk.Disk{d, {Kind: "gluster", Cluster: "shop", Node: "db1"}, {Kind: "galera", Cluster: "shopd", Node: "b1"}, {Kind: "galera", Cluster: "shop", Node: "db2"}} {
		seen[other.UUID()] = true
	}
	if len(seen) != 4 {
		t.Errorf("identities are shared: %v", seen)
	}
}
