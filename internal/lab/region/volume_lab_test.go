package region

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/linode/linodego"

	"github.com/terraform-ha/terraform-provider-ha/internal/disk"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
)

// store is the data of a node on a volume, whichever machine the node is.
type store struct {
	*lab
	disk.Disk
	hosts  host.Hosts
	volume int
}

// TestVolume takes the data of a node through what a Block Storage volume is for.
func TestVolume(t *testing.T) {
	labtest.Long(t)
	l := newLab(t)
	one, two := l.create("one", "10.0.0.1/24"), l.create("two", "10.0.0.2/24")
	l.running(one.ID)
	made, err := l.client.CreateVolume(t.Context(), linodego.VolumeCreateOptions{Label: "shop-db1", LinodeID: one.ID, Size: 10})
	l.must(err)
	s := &store{lab: l, volume: made.ID, Disk: disk.Disk{
		Kind: "galera", Cluster: "shop", Node: "db1", Device: made.FilesystemPath, Directory: "/var/lib/mysql", Before: "mariadb.service",
	}}
	s.in(one)
	// It may not be there yet: a device comes when it comes.
	s.converge("")
	s.want(one, "findmnt -n -r -o FSTYPE,UUID /var/lib/mysql", "xfs "+s.UUID())
	s.want(one, "echo kept > /var/lib/mysql/ibdata1; sync", "")

	l.must(l.client.ResizeVolume(t.Context(), s.volume, 12))
	_, err = l.client.WaitForVolumeStatus(t.Context(), s.volume, linodego.VolumeActive, 60)
	l.must(err)
	s.converge("the file system at /var/lib/mysql has 10240 MiB, and its device 12288 MiB")

	l.must(l.client.RebootInstance(t.Context(), one.ID, 0))
	l.running(one.ID)
	s.mounted(one, "after a reboot")
	hardware, err := Hardware(t.Context(), l.docker, l.folder)
	l.must(err)
	l.must(hardware.PowerCycle(t.Context(), one.ID))
	s.mounted(one, "after a power cut")

	// The machine is replaced while it uses the volume, as the module does it.
	s.want(one, "systemd-run --quiet --unit=writer sh -c 'exec 3> /var/lib/mysql/open; exec sleep infinity'", "")
	l.running(two.ID)
	s.detach()
	s.want(one, "findmnt -n /var/lib/mysql || ls -A /var/lib/mysql /dev/disk/by-id /dev/disk/by-uuid",
		"/dev/disk/by-id:\n\n/dev/disk/by-uuid:\n\n/var/lib/mysql:")
	s.want(one, `[ "$(systemctl is-system-running)" != maintenance ] && echo runs`, "runs")
	_, err = l.client.AttachVolume(t.Context(), s.volume, &linodego.VolumeAttachOptions{LinodeID: two.ID})
	l.must(err)
	s.in(two)
	s.converge("")
	s.mounted(two, "in the machine that replaces the first")

	// A volume outlives its Linode, also one that was deleted without any notice.
	l.must(l.client.DeleteInstance(t.Context(), two.ID))
	_, err = l.client.WaitForVolumeLinodeID(t.Context(), s.volume, nil, 60)
	l.must(err)
	_, err = l.client.AttachVolume(t.Context(), s.volume, &linodego.VolumeAttachOptions{LinodeID: one.ID})
	l.must(err)
	s.in(one)
	s.converge("")
	s.mounted(one, "in the first machine again")

	s.detach()
	l.must(l.client.DeleteVolume(t.Context(), s.volume))
	l.until("the volume is gone", func() error {
		left, err := machine.List(t.Context(), l.docker, testLab)
		for _, each := range left {
			if each.Kind == "block" {
				err = errors.Join(err, fmt.Errorf("%s is there", each.Name))
			}
		}
		return err
	})
}

// in says which machine the node is.
func (s *store) in(instance *linodego.Instance) {
	s.t.Helper()
	key, err := os.ReadFile(s.folder.KeyFile())
	s.must(err)
	pool := ssh.NewPool(ssh.Options{})
	s.t.Cleanup(func() { pool.Close() })
	s.hosts = host.Hosts{s.Node: host.New(s.Node, pool.Client(ssh.Target{Node: s.Node, Hop: ssh.Hop{
		Host: instance.IPv4[0].String(), Auth: ssh.Auth{PrivateKey: string(key)}, HostKey: ssh.HostKey{Pinned: []string{s.hostKeys[instance.Label]}},
	}}))}
}

func (s *store) look(ctx context.Context) (disk.State, error) {
	answers, err := s.hosts[s.Node].Ask(ctx, s.Ask("disk"), host.AskUnits("units", s.UnitName()), host.AskFiles("files", s.Unit().Path))
	return s.Parse(answers["disk"], host.ParseUnits(answers["units"]), host.ParseFiles(answers["files"])), err
}

// converge ends with the node's file system where it belongs, and with nothing to do.
// Where a reason is given, it is the only one to do anything.
func (s *store) converge(why string) {
	s.t.Helper()
	seen, err := s.look(s.t.Context())
	s.must(err)
	if got := reasons(s.Diff(seen)); why != "" && got != why {
		s.t.Errorf("it does something because of %q, want %q; seen %+v", got, why, seen)
	}
	seen, err = reconcile.Converge(s.t.Context(), s.look, func(seen disk.State) (reconcile.Plan[host.Hosts], error) {
		verdict := s.Diff(seen)
		var plan reconcile.Plan[host.Hosts]
		plan.Serial("disk", verdict.Steps...)
		if verdict.Refused != nil {
			return plan, verdict.Refused
		}
		return plan, nil
	}, s.hosts, reconcile.Silent{})
	s.must(err)
	if got := reasons(s.Diff(seen)); !s.Holds(seen) || got != "" {
		s.t.Fatalf("there is more to do, %q; seen %+v", got, seen)
	}
}

func reasons(verdict disk.Verdict) string {
	var why []string
	for _, step := range verdict.Steps {
		if step.Why != "" {
			why = append(why, step.Why)
		}
	}
	return strings.Join(why, "; ")
}

// want runs a line in a machine, past its network.
func (s *store) want(instance *linodego.Instance, line, want string) {
	s.t.Helper()
	hardware, err := Hardware(s.t.Context(), s.docker, s.folder)
	s.must(err)
	out, err := hardware.Exec(s.t.Context(), instance.ID, []string{"sh", "-c", line}, nil)
	if got := strings.TrimSpace(string(out)); err != nil || got != want {
		s.t.Errorf("%s: %s: %q, %v; want %q", instance.Label, line, got, err, want)
	}
}

func (s *store) mounted(instance *linodego.Instance, when string) {
	s.t.Helper()
	s.t.Log(when)
	s.want(instance, "findmnt -n -r -o UUID /var/lib/mysql && cat /var/lib/mysql/ibdata1", s.UUID()+"\nkept")
}

func (s *store) detach() {
	s.t.Helper()
	s.must(s.client.DetachVolume(s.t.Context(), s.volume))
	_, err := s.client.WaitForVolumeLinodeID(s.t.Context(), s.volume, nil, 60)
	s.must(err)
}
