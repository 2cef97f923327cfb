package disk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

const labDevice = "/dev/disk/by-id/scsi-0Linode_Volume_shop-db1"

// attach gives the machine the device, and what udev would make of it: a machine of
// the lab has no udev, and loses its device nodes when it reboots. The block device
// is a real one.
const attach = `set -e; f=` + labtest.Disks + `/volume; mkdir -p /dev/disk/by-id /dev/disk/by-uuid
[ -e $f ] || truncate -s 1G $f
for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done
l=$(losetup -j $f | head -n 1 | cut -d: -f1)
[ -n "$l" ] || l=$(losetup -f --show $f)
ln -sfn "$l" ` + labDevice + `
systemctl is-active --quiet lab-udev || systemd-run --quiet --unit=lab-udev sh -c 'while sleep 0.2; do u=$(blkid -p -s UUID -o value "$1") && ln -sfn "$1" "/dev/disk/by-uuid/$u"; done' sh "$l"`

const detach = `: detach
systemctl stop var-lib-mysql.mount lab-udev; l=$(losetup -j ` + labtest.Disks + `/volume | cut -d: -f1); [ -z "$l" ] || losetup -d "$l"`

// TestLab has a real XFS file system and systemd: made, hidden, mounted again, grown,
// and missing at a boot.
func TestLab(t *testing.T) {
	lab := labtest.BootWithDisks(t, "disk-test", "db1")
	s := &labSim{Disk: shop(), lab: lab}
	// The kernel would keep the device after the machine.
	t.Cleanup(func() { _, _ = lab.Hosts["db1"].Query(context.WithoutCancel(t.Context()), shell.Script(detach)) })
	lab.Run("db1", attach)
	s.converge(t, labDevice+" is blank")
	if got := lab.Run("db1", "findmnt -n -r -o FSTYPE,UUID "+s.Directory); got != "xfs "+s.UUID() {
		t.Errorf("mounted is %q", got)
	}
	lab.Run("db1", "echo x > /var/lib/mysql/ibdata1")

	lab.Run("db1", `truncate -s 2G `+labtest.Disks+`/volume; losetup -c "$(readlink -f `+labDevice+`)"`)
	s.converge(t, "the file system at /var/lib/mysql has 1024 MiB, and its device 2048 MiB")

	lab.Run("db1", "systemctl stop var-lib-mysql.mount; [ ! -e /var/lib/mysql/ibdata1 ]")
	other := s.Disk
	other.Node = "db2"
	seen, err := (&labSim{Disk: other, lab: lab}).look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if refused := other.Diff(seen).Refused; refused == nil || !strings.Contains(refused.Error(), "another cluster or node") {
		t.Errorf("another node's data: %v", refused)
	}
	s.converge(t, labDevice+" is not mounted at /var/lib/mysql")
	lab.Run("db1", "[ -e /var/lib/mysql/ibdata1 ]")

	// The machine boots without the device, and nothing can be taken for the data.
	if err := lab.Reboot("db1"); err != nil {
		t.Fatal(err)
	}
	lab.Run("db1", `[ "$(systemctl is-system-running)" != maintenance ] && [ -z "$(ls -A /var/lib/mysql)" ]`)
	lab.Run("db1", attach)
	s.converge(t, labDevice+" is not mounted at /var/lib/mysql")
	lab.Run("db1", "[ -e /var/lib/mysql/ibdata1 ]")
}

type labSim struct {
	disk.Disk
	lab *labtest.Lab
}

func (s *labSim) look(ctx context.Context) (disk.State, error) {
	answers, err := s.lab.Hosts["db1"].Ask(ctx, s.Ask("disk"), host.AskUnits("units", s.UnitName()), host.AskFiles("files", s.Unit().Path))
	return s.Parse(answers["disk"], host.ParseUnits(answers["units"]), host.ParseFiles(answers["files"])), err
}

// converge wants the reason, and nothing to do after it.
func (s *labSim) converge(t *testing.T, why string) {
	t.Helper()
	seen, err := s.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(reasons(s.Diff(seen)), "; "); got != why {
		t.Errorf("it does something because of %q, want %q; seen %+v", got, why, seen)
	}
	seen, err = reconcile.Converge(t.Context(), s.look, func(seen disk.State) (reconcile.Plan[host.Hosts], error) {
		verdict := s.Diff(seen)
		var plan reconcile.Plan[host.Hosts]
		plan.Serial("disk", verdict.Steps...)
		if verdict.Refused != nil {
			return plan, verdict.Refused
		}
		return plan, nil
	}, s.lab.Hosts, reconcile.Silent{})
	if err != nil || !s.Holds(seen) {
		t.Fatalf("%v, seen %+v", err, seen)
	}
}
