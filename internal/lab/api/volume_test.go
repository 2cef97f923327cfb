package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/linode/linodego"
)

// fakeVolume is a device that can be in one machine at a time.
type fakeVolume struct {
	spec    VolumeSpec
	machine int
}

func (f *fakeBackend) changeVolume(ctx context.Context, verb string, machine, id int, do func(*fakeVolume) error) error {
	// A volume of a machine is a part of it; others have numbers of their own.
	object := -id
	if machine != 0 {
		object = machine
	}
	leave, err := f.enter(ctx, verb, object)
	defer leave()
	if err != nil {
		return err
	}
	v, ok := f.volumes[id]
	if !ok {
		return fmt.Errorf("volume %d does not exist", id)
	}
	return do(v)
}

func (f *fakeBackend) CreateVolume(ctx context.Context, spec VolumeSpec) error {
	leave, err := f.enter(ctx, "create volume", -spec.ID)
	defer leave()
	if err == nil {
		f.volumes[spec.ID] = &fakeVolume{spec: spec}
	}
	return err
}

func (f *fakeBackend) ResizeVolume(ctx context.Context, spec VolumeSpec) error {
	return f.changeVolume(ctx, "resize volume", f.holder(spec.ID), spec.ID, func(v *fakeVolume) error {
		if spec.SizeGB <= v.spec.SizeGB {
			return errors.New("smaller")
		}
		v.spec.SizeGB = spec.SizeGB
		return nil
	})
}

func (f *fakeBackend) DeleteVolume(ctx context.Context, id int) error {
	return f.changeVolume(ctx, "delete volume", 0, id, func(v *fakeVolume) error {
		if v.machine != 0 {
			return errors.New("in use")
		}
		delete(f.volumes, id)
		return nil
	})
}

func (f *fakeBackend) AttachVolume(ctx context.Context, machine int, spec VolumeSpec) error {
	return f.changeVolume(ctx, "attach volume", machine, spec.ID, func(v *fakeVolume) error {
		if v.machine != 0 {
			return errors.New("in use")
		}
		v.machine, v.spec.Label = machine, spec.Label
		return nil
	})
}

func (f *fakeBackend) DetachVolume(ctx context.Context, machine, volume int) error {
	return f.changeVolume(ctx, "detach volume", machine, volume, func(v *fakeVolume) error {
		if v.machine != machine {
			return fmt.Errorf("volume %d is not in machine %d", volume, machine)
		}
		v.machine = 0
		return nil
	})
}

func (f *fakeBackend) holder(volume int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.volumes[volume]; ok {
		return v.machine
	}
	return 0
}

// volume creates a volume and waits until it is what its options say.
func (l *lab) volume(options linodego.VolumeCreateOptions) *linodego.Volume {
	l.t.Helper()
	made := must(l.client.CreateVolume(l.t.Context(), options))(l.t)
	if made.Status != linodego.VolumeCreating || made.IOReady {
		l.t.Errorf("created as %+v", made)
	}
	must(l.client.WaitForVolumeStatus(l.t.Context(), made.ID, linodego.VolumeActive, 10))(l.t)
	if options.LinodeID != 0 {
		must(l.client.WaitForVolumeIOReadyStatus(l.t.Context(), made.ID, true, 10))(l.t)
	}
	return must(l.client.GetVolume(l.t.Context(), made.ID))(l.t)
}

func TestVolumeLifecycle(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	one, two := l.boot(instanceOptions("db1")), l.boot(instanceOptions("db2"))

	made := l.volume(linodego.VolumeCreateOptions{Label: "shop-db1", LinodeID: one.ID, Size: 10, Tags: []string{"data"}})
	want := linodego.Volume{
		ID: made.ID, Label: "shop-db1", Status: linodego.VolumeActive, Region: "us-east", Size: 10, LinodeID: &one.ID, Tags: []string{"data"},
		FilesystemPath: "/dev/disk/by-id/scsi-0Linode_Volume_shop-db1", HardwareType: "nvme", LinodeLabel: "db1", IOReady: true,
		Encryption: "enabled", Created: made.Created, Updated: made.Updated,
	}
	if diff := cmp.Diff(want, *made); diff != "" {
		t.Errorf("the volume (-want +got):\n%s", diff)
	}
	if v := l.backend.volumes[made.ID]; v.machine != one.ID || v.spec != (VolumeSpec{ID: made.ID, Label: "shop-db1", SizeGB: 10}) {
		t.Errorf("the device is %+v", v)
	}
	if got := must(c.ListInstanceVolumes(ctx, one.ID, nil))(t); len(got) != 1 || got[0].ID != made.ID {
		t.Errorf("the Linode lists %+v", got)
	}
	if got := must(c.ListInstanceConfigs(ctx, one.ID, nil))(t)[0].Devices; got.SDC == nil || got.SDC.VolumeID != made.ID {
		t.Errorf("the devices are %+v", got)
	}

	wantCode(t, c.DeleteVolume(ctx, made.ID), 400)
	_, err := c.AttachVolume(ctx, made.ID, &linodego.VolumeAttachOptions{LinodeID: two.ID})
	wantCode(t, err, 400)
	wantCode(t, c.ResizeVolume(ctx, made.ID, 10), 400)
	wantCode(t, c.ResizeVolume(ctx, made.ID, 16385), 400)
	if err := c.ResizeVolume(ctx, made.ID, 30); err != nil {
		t.Fatal(err)
	}
	if grown := must(c.WaitForVolumeStatus(ctx, made.ID, linodego.VolumeActive, 10))(t); grown.Size != 30 || l.backend.volumes[made.ID].spec.SizeGB != 30 {
		t.Errorf("grown to %+v", grown)
	}

	l.detach(made.ID)
	must(c.AttachVolume(ctx, made.ID, &linodego.VolumeAttachOptions{LinodeID: two.ID}))(t)
	must(c.WaitForVolumeIOReadyStatus(ctx, made.ID, true, 10))(t)
	if got := l.backend.holder(made.ID); got != two.ID {
		t.Errorf("it is in machine %d", got)
	}
	if got := must(c.ListInstanceConfigs(ctx, one.ID, nil))(t)[0].Devices; got.SDC != nil {
		t.Errorf("the first Linode has the devices %+v", got)
	}

	// Both survive what a Linode goes through.
	must(c.RebuildInstance(ctx, two.ID, linodego.InstanceRebuildOptions{Image: "linode/debian12", RootPass: "another one 42"}))(t)
	must(c.WaitForInstanceStatus(ctx, two.ID, linodego.InstanceRunning, 10))(t)
	if got := must(c.ListInstanceConfigs(ctx, two.ID, nil))(t)[0].Devices; got.SDC == nil || l.backend.holder(made.ID) != two.ID {
		t.Errorf("after a rebuild the devices are %+v", got)
	}
	if err := c.DeleteInstance(ctx, two.ID); err != nil {
		t.Fatal(err)
	}
	must(c.WaitForVolumeLinodeID(ctx, made.ID, nil, 10))(t)
	if got := l.backend.holder(made.ID); got != 0 {
		t.Errorf("it is in machine %d, which is gone", got)
	}

	renamed := must(c.UpdateVolume(ctx, made.ID, linodego.VolumeUpdateOptions{Label: "kept", Tags: &[]string{"old"}}))(t)
	if renamed.FilesystemPath != "/dev/disk/by-id/scsi-0Linode_Volume_kept" || renamed.Tags[0] != "old" || renamed.IOReady {
		t.Errorf("renamed to %+v", renamed)
	}
	if got := must(c.ListTaggedObjects(ctx, "old", nil))(t); len(got) != 1 || got[0].Type != "volume" {
		t.Errorf("tagged are %+v", got)
	}
	// Linode's provider detaches whatever it deletes.
	l.detach(made.ID)
	if err := c.DeleteVolume(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetVolume(ctx, made.ID)
	wantCode(t, err, 404)
	l.until("the device is gone", func() bool {
		l.backend.mu.Lock()
		defer l.backend.mu.Unlock()
		return len(l.backend.volumes) == 0
	})
}

func (l *lab) detach(volume int) {
	l.t.Helper()
	if err := l.client.DetachVolume(l.t.Context(), volume); err != nil {
		l.t.Fatal(err)
	}
	must(l.client.WaitForVolumeLinodeID(l.t.Context(), volume, nil, 10))(l.t)
}

func TestVolumeRefusals(t *testing.T) {
	l := newLab(t)
	i := l.boot(instanceOptions("db1"))
	bare := must(l.client.CreateInstance(t.Context(), linodego.InstanceCreateOptions{Region: "us-east", Type: "g6-nanode-1", Label: "bare"}))(t)
	must(l.client.WaitForInstanceStatus(t.Context(), bare.ID, linodego.InstanceOffline, 10))(t)
	taken := l.volume(linodego.VolumeCreateOptions{Label: "taken", Region: "us-east"})
	if taken.Size != 20 || taken.LinodeID != nil || taken.IOReady {
		t.Errorf("with nothing but a label and a region: %+v", taken)
	}
	for name, change := range map[string]func(*linodego.VolumeCreateOptions){
		"no label":            func(o *linodego.VolumeCreateOptions) { o.Label = "" },
		"a long label":        func(o *linodego.VolumeCreateOptions) { o.Label = "a" + strings.Repeat("b", 32) },
		"a digit first":       func(o *linodego.VolumeCreateOptions) { o.Label = "1data" },
		"a point":             func(o *linodego.VolumeCreateOptions) { o.Label = "da.ta" },
		"double hyphens":      func(o *linodego.VolumeCreateOptions) { o.Label = "da--ta" },
		"a taken label":       func(o *linodego.VolumeCreateOptions) { o.Label = "taken" },
		"too small":           func(o *linodego.VolumeCreateOptions) { o.Size = 9 },
		"too large":           func(o *linodego.VolumeCreateOptions) { o.Size = 16385 },
		"no region":           func(o *linodego.VolumeCreateOptions) { o.Region = "" },
		"no such region":      func(o *linodego.VolumeCreateOptions) { o.Region = "moon" },
		"encryption":          func(o *linodego.VolumeCreateOptions) { o.Encryption = "maybe" },
		"no such Linode":      func(o *linodego.VolumeCreateOptions) { o.LinodeID = 7 },
		"a profile of nobody": func(o *linodego.VolumeCreateOptions) { o.ConfigID = 6001 },
		"another's profile":   func(o *linodego.VolumeCreateOptions) { o.LinodeID, o.ConfigID = i.ID, 7 },
		"no profile":          func(o *linodego.VolumeCreateOptions) { o.LinodeID = bare.ID },
		"another region":      func(o *linodego.VolumeCreateOptions) { o.LinodeID, o.Region = i.ID, "us-ord" },
	} {
		t.Run(name, func(t *testing.T) {
			options := linodego.VolumeCreateOptions{Label: "fresh", Region: "us-east", Size: 10}
			change(&options)
			_, err := l.client.CreateVolume(t.Context(), options)
			wantCode(t, err, 400)
		})
	}
	for name, change := range map[string]string{
		"size":       `{"size":40}`,
		"encryption": `{"encryption":"disabled"}`,
		"Linode":     fmt.Sprintf(`{"linode_id":%d}`, i.ID),
		"long label": `{"label":"` + strings.Repeat("a", 33) + `"}`,
	} {
		t.Run("update of "+name, func(t *testing.T) {
			if status, body := l.request("PUT", "/v4/volumes/"+itoa(taken.ID), change); status != 400 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	if status, body := l.request("POST", "/v4/volumes/"+itoa(taken.ID)+"/clone", `{"label":"copy"}`); status != 501 {
		t.Errorf("%d %s", status, body)
	}
	// Eight devices, of which an image takes two.
	for n := range 6 {
		l.volume(linodego.VolumeCreateOptions{Label: fmt.Sprintf("v%d", n), LinodeID: i.ID})
	}
	_, err := l.client.AttachVolume(t.Context(), taken.ID, &linodego.VolumeAttachOptions{LinodeID: i.ID})
	wantCode(t, err, 400)
	config := must(l.client.ListInstanceConfigs(t.Context(), i.ID, nil))(t)[0]
	must(l.client.UpdateInstanceConfig(t.Context(), i.ID, config.ID, config.GetUpdateOptions()))(t)
	wantCode(t, l.client.DeleteInstanceConfig(t.Context(), i.ID, config.ID), 400)
	config.Devices.SDC = nil
	_, err = l.client.UpdateInstanceConfig(t.Context(), i.ID, config.ID, config.GetUpdateOptions())
	wantCode(t, err, 400)
}

func TestVolumeFailures(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	i := l.boot(instanceOptions("db1"))
	fail := func(verb string, err error) {
		l.backend.mu.Lock()
		defer l.backend.mu.Unlock()
		l.backend.fail[verb] = err
	}
	fail("create volume", errors.New("no space left"))
	lost := must(c.CreateVolume(ctx, linodego.VolumeCreateOptions{Label: "data", LinodeID: i.ID}))(t)
	l.until("the volume is gone", func() bool {
		_, err := c.GetVolume(ctx, lost.ID)
		return linodego.IsNotFound(err)
	})
	if got := must(c.ListInstanceConfigs(ctx, i.ID, nil))(t)[0].Devices; got.SDC != nil {
		t.Errorf("the devices are %+v", got)
	}
	fail("create volume", nil)
	v := l.volume(linodego.VolumeCreateOptions{Label: "data", Region: "us-east", Size: 10})
	fail("attach volume", errors.New("no device is free"))
	must(c.AttachVolume(ctx, v.ID, &linodego.VolumeAttachOptions{LinodeID: i.ID}))(t)
	must(c.WaitForVolumeLinodeID(ctx, v.ID, nil, 10))(t)
	fail("resize volume", errors.New("no space left"))
	if err := c.ResizeVolume(ctx, v.ID, 11); err != nil {
		t.Fatal(err)
	}
	if got := must(c.WaitForVolumeStatus(ctx, v.ID, linodego.VolumeActive, 10))(t); got.Size != 10 {
		t.Errorf("not resized to %d", got.Size)
	}
}

// TestVolumesAreResumed ends with a volume where an earlier server had not come to
// its end.
func TestVolumesAreResumed(t *testing.T) {
	l := newLab(t)
	i := l.boot(instanceOptions("db1"))
	l.backend.hold = make(chan struct{})
	made := must(l.client.CreateVolume(t.Context(), linodego.VolumeCreateOptions{Label: "data", LinodeID: i.ID}))(t)
	l.until("the volume is being made", func() bool {
		l.backend.mu.Lock()
		defer l.backend.mu.Unlock()
		return l.backend.parallel == 1
	})
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.server.Close(short); !errors.Is(err, context.Canceled) {
		t.Errorf("closing returned %v although work was held", err)
	}
	close(l.backend.hold)
	l.backend.hold = nil
	again := startLab(t, l.backend, Options{StateFile: l.options.StateFile})
	ready := must(again.client.WaitForVolumeIOReadyStatus(t.Context(), made.ID, true, 10))(t)
	if ready.Status != linodego.VolumeActive || again.backend.holder(made.ID) != i.ID {
		t.Errorf("resumed to %+v", ready)
	}
}
