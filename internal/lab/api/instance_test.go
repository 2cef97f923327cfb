package api

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/linode/linodego"
)

func TestInstanceLifecycle(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	options := instanceOptions("db1")
	options.Metadata = &linodego.InstanceMetadataOptions{UserData: base64.StdEncoding.EncodeToString([]byte("#cloud-config\n"))}
	options.Interfaces = []linodego.InstanceConfigInterfaceCreateOptions{
		{Purpose: linodego.InterfacePurposePublic}, {Purpose: linodego.InterfacePurposeVLAN, Label: "site", IPAMAddress: "10.0.0.11/24"},
	}
	poller := must(c.NewEventPollerWithoutEntity(linodego.EntityLinode, linodego.ActionLinodeCreate))(t)
	created := must(c.CreateInstance(ctx, options))(t)
	if created.Status != linodego.InstanceProvisioning {
		t.Errorf("status %s right after creation", created.Status)
	}
	poller.EntityID = created.ID
	must(poller.WaitForFinished(ctx, 10))(t)
	i := must(c.WaitForInstanceStatus(ctx, created.ID, linodego.InstanceRunning, 10))(t)
	if len(i.IPv4) != 2 || i.IPv4[0].String() != "172.29.1.1" || i.IPv4[1].String() != "192.168.128.10" {
		t.Errorf("addresses %v", i.IPv4)
	}
	want := MachineSpec{
		ID: i.ID, Label: "db1", Image: "linode/debian12", PublicIPv4: "172.29.1.1", PrivateIPv4: "192.168.128.10", UserData: "#cloud-config\n",
		VLANs: []VLAN{{"site", "10.0.0.11/24"}}, AuthorizedKeys: options.AuthorizedKeys, RootPassword: options.RootPass,
		MemoryMiB: 2048,
	}
	if diff := cmp.Diff(want, l.backend.machines[i.ID].spec); diff != "" {
		t.Errorf("machine (-want +got):\n%s", diff)
	}

	label, tags := "db1-renamed", []string{"db", "blue"}
	updated := must(c.UpdateInstance(ctx, i.ID, linodego.InstanceUpdateOptions{Label: label, Tags: &tags}))(t)
	if updated.Label != label || len(updated.Tags) != 2 || updated.Alerts.CPU != 90 {
		t.Errorf("updated to %+v", updated)
	}
	for _, step := range []struct {
		action linodego.EventAction
		do     func() error
		status linodego.InstanceStatus
	}{
		{linodego.ActionLinodeShutdown, func() error { return c.ShutdownInstance(ctx, i.ID) }, linodego.InstanceOffline},
		{linodego.ActionLinodeBoot, func() error { return c.BootInstance(ctx, i.ID, 0) }, linodego.InstanceRunning},
		{linodego.ActionLinodeReboot, func() error { return c.RebootInstance(ctx, i.ID, 0) }, linodego.InstanceRunning},
	} {
		p := must(c.NewEventPoller(ctx, i.ID, linodego.EntityLinode, step.action))(t)
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		must(p.WaitForFinished(ctx, 10))(t)
		if got := must(c.GetInstance(ctx, i.ID))(t).Status; got != step.status {
			t.Errorf("status %s after %s", got, step.action)
		}
	}
	wantCode(t, c.BootInstance(ctx, i.ID, 0), 400)
	must(c.RebuildInstance(ctx, i.ID, linodego.InstanceRebuildOptions{Image: "linode/debian13", RootPass: "another one 42"}))(t)
	must(c.WaitForInstanceStatus(ctx, i.ID, linodego.InstanceRunning, 10))(t)
	if got := l.backend.machines[i.ID].spec; got.Image != "linode/debian13" || got.RootPassword != "another one 42" || len(got.VLANs) != 1 {
		t.Errorf("rebuilt as %+v", got)
	}
	wantCode(t, c.ResizeInstance(ctx, i.ID, linodego.InstanceResizeOptions{Type: "g6-standard-2"}), 400)

	p := must(c.NewEventPoller(ctx, i.ID, linodego.EntityLinode, linodego.ActionLinodeDelete))(t)
	if err := c.DeleteInstance(ctx, i.ID); err != nil {
		t.Fatal(err)
	}
	must(p.WaitForFinished(ctx, 10))(t)
	_, err := c.GetInstance(ctx, i.ID)
	wantCode(t, err, 404)
	if len(l.backend.machines) != 0 {
		t.Error("the machine is still there")
	}
}

func TestInstanceFailures(t *testing.T) {
	for verb, action := range map[string]linodego.EventAction{"create": linodego.ActionLinodeCreate, "start": linodego.ActionLinodeBoot} {
		t.Run(verb, func(t *testing.T) {
			l := newLab(t)
			l.backend.fail[verb] = errors.New("no space left")
			i := must(l.client.CreateInstance(t.Context(), instanceOptions("web1")))(t)
			must(l.client.WaitForInstanceStatus(t.Context(), i.ID, linodego.InstanceOffline, 10))(t)
			var failed linodego.Event
			l.until("an event has failed", func() bool {
				for _, e := range must(l.client.ListEvents(t.Context(), nil))(t) {
					if e.Action == action && e.Status == linodego.EventFailed {
						failed = e
						return true
					}
				}
				return false
			})
			if failed.Message != "no space left" {
				t.Errorf("message %q", failed.Message)
			}
		})
	}
}

func TestInstanceRefusals(t *testing.T) {
	l := newLab(t)
	l.boot(instanceOptions("taken"))
	for name, change := range map[string]func(*linodego.InstanceCreateOptions){
		"region":     func(o *linodego.InstanceCreateOptions) { o.Region = "moon" },
		"type":       func(o *linodego.InstanceCreateOptions) { o.Type = "g6-huge" },
		"image":      func(o *linodego.InstanceCreateOptions) { o.Image = "linode/windows" },
		"label":      func(o *linodego.InstanceCreateOptions) { o.Label = "taken" },
		"label form": func(o *linodego.InstanceCreateOptions) { o.Label = "a b c" },
		"key":        func(o *linodego.InstanceCreateOptions) { o.AuthorizedKeys = []string{"nonsense"} },
		"group": func(o *linodego.InstanceCreateOptions) {
			o.PlacementGroup = &linodego.InstanceCreatePlacementGroupOptions{ID: 9}
		},
		"firewall":   func(o *linodego.InstanceCreateOptions) { o.FirewallID = 9 },
		"generation": func(o *linodego.InstanceCreateOptions) { o.InterfaceGeneration = linodego.GenerationLinode },
		"vlan address": func(o *linodego.InstanceCreateOptions) {
			o.Interfaces = []linodego.InstanceConfigInterfaceCreateOptions{{Purpose: "vlan", Label: "x", IPAMAddress: "10.0.0.1"}}
		},
		"no password and key": func(o *linodego.InstanceCreateOptions) { o.RootPass, o.AuthorizedKeys = "", nil },
	} {
		t.Run(name, func(t *testing.T) {
			options := instanceOptions("fresh")
			change(&options)
			_, err := l.client.CreateInstance(t.Context(), options)
			wantCode(t, err, 400)
		})
	}
	if got := must(l.client.ListInstances(t.Context(), nil))(t); len(got) != 1 {
		t.Errorf("%d instances after refusals", len(got))
	}
}

func TestParallelBoundAndBusy(t *testing.T) {
	l := newLab(t)
	l.backend.hold = make(chan struct{})
	var ids []int
	for _, label := range []string{"web1", "web2", "web3", "web4", "web5"} {
		ids = append(ids, must(l.client.CreateInstance(t.Context(), instanceOptions(label)))(t).ID)
	}
	l.until("three machines are being created", func() bool {
		l.backend.mu.Lock()
		defer l.backend.mu.Unlock()
		return l.backend.parallel == 3
	})
	// linodego repeats a busy Linode's request for ever: ask plainly
	if status, body := l.request("POST", "/v4/linode/instances/"+itoa(ids[0])+"/reboot", ""); status != 400 || body != `{"errors":[{"reason":"Linode busy."}]}` {
		t.Errorf("%d %s", status, body)
	}
	close(l.backend.hold)
	for _, id := range ids {
		must(l.client.WaitForInstanceStatus(t.Context(), id, linodego.InstanceRunning, 10))(t)
	}
	if l.backend.most > 3 {
		t.Errorf("%d machines at once", l.backend.most)
	}
}

func TestCloseWaitsForWork(t *testing.T) {
	backend := newFakeBackend()
	backend.hold = make(chan struct{})
	server := must(NewServer(t.Context(), Options{Token: testToken, Backend: backend}))(t)
	server.mu.Lock()
	i := &instance{ID: 1, Label: "x", Image: "linode/debian12", Status: "provisioning"}
	server.state.Instances[1] = i
	server.queueCreate(i, server.post("linode_create", "scheduled", i.entity()), "", true)
	server.mu.Unlock()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := server.Close(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing returned %v although work was held", err)
	}
	if e := server.state.Events[0]; e.Status != "started" {
		t.Errorf("interrupted work is %s", e.Status)
	}
}

func TestConfigsDisksAndInterfaces(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	i := l.boot(instanceOptions("web1"))
	disks := must(c.ListInstanceDisks(ctx, i.ID, nil))(t)
	configs := must(c.ListInstanceConfigs(ctx, i.ID, nil))(t)
	if len(disks) != 2 || len(configs) != 1 || configs[0].Devices.SDA.DiskID != disks[0].ID {
		t.Fatalf("disks %+v, configs %+v", disks, configs)
	}
	must(c.GetInstanceDisk(ctx, i.ID, disks[0].ID))(t)
	must(c.RenameInstanceDisk(ctx, i.ID, disks[0].ID, "boot"))(t)
	_, err := c.CreateInstanceDisk(ctx, i.ID, linodego.InstanceDiskCreateOptions{Label: "more", Size: 100})
	wantCode(t, err, 501)

	config := configs[0].ID
	face := must(c.AppendInstanceConfigInterface(ctx, i.ID, config, linodego.InstanceConfigInterfaceCreateOptions{
		Purpose: linodego.InterfacePurposeVLAN, Label: "late", IPAMAddress: "10.9.0.1/24",
	}))(t)
	public := must(c.AppendInstanceConfigInterface(ctx, i.ID, config, linodego.InstanceConfigInterfaceCreateOptions{Purpose: linodego.InterfacePurposePublic}))(t)
	if err := c.ReorderInstanceConfigInterfaces(ctx, i.ID, config, linodego.InstanceConfigInterfacesReorderOptions{IDs: []int{public.ID, face.ID}}); err != nil {
		t.Fatal(err)
	}
	must(c.UpdateInstanceConfigInterface(ctx, i.ID, config, public.ID, linodego.InstanceConfigInterfaceUpdateOptions{Primary: true}))(t)
	if got := must(c.ListInstanceConfigInterfaces(ctx, i.ID, config))(t); len(got) != 2 || got[0].ID != public.ID || !got[0].Primary {
		t.Errorf("interfaces %+v", got)
	}
	must(c.GetInstanceConfigInterface(ctx, i.ID, config, face.ID))(t)
	if address := must(c.GetVLANIPAMAddress(ctx, i.ID, "late"))(t); address != "10.9.0.1/24" {
		t.Errorf("VLAN address %s", address)
	}
	if err := c.RebootInstance(ctx, i.ID, config); err != nil {
		t.Fatal(err)
	}
	must(c.WaitForInstanceStatus(ctx, i.ID, linodego.InstanceRunning, 10))(t)
	if got := l.backend.machines[i.ID].spec.VLANs; len(got) != 1 || got[0].Label != "late" {
		t.Errorf("machine's VLANs after reboot: %v", got)
	}
	if vlans := must(c.ListVLANs(ctx, nil))(t); len(vlans) != 1 || len(vlans[0].Linodes) != 1 {
		t.Errorf("VLANs %+v", vlans)
	}
	if err := c.DeleteInstanceConfigInterface(ctx, i.ID, config, face.ID); err != nil {
		t.Fatal(err)
	}
	second := must(c.CreateInstanceConfig(ctx, i.ID, linodego.InstanceConfigCreateOptions{Label: "second"}))(t)
	must(c.GetInstanceConfig(ctx, i.ID, second.ID))(t)
	must(c.UpdateInstanceConfig(ctx, i.ID, second.ID, linodego.InstanceConfigUpdateOptions{Label: "renamed"}))(t)
	if err := c.DeleteInstanceConfig(ctx, i.ID, second.ID); err != nil {
		t.Fatal(err)
	}
	if volumes := must(c.ListInstanceVolumes(ctx, i.ID, nil))(t); len(volumes) != 0 {
		t.Errorf("volumes %v", volumes)
	}
}

// TestUserData has what the lab's machines cannot do refused when they are asked for,
// and not passed over.
func TestUserData(t *testing.T) {
	l := newLab(t)
	const keys = "#cloud-config\n" + `{"ssh_keys":{"ed25519_private":"a","ed25519_public":"b"}}`
	encoded := func(text string) *linodego.InstanceMetadataOptions {
		return &linodego.InstanceMetadataOptions{UserData: base64.StdEncoding.EncodeToString([]byte(text))}
	}
	for label, metadata := range map[string]*linodego.InstanceMetadataOptions{
		"plain":  {UserData: keys},
		"script": encoded("#!/bin/sh\n"),
		"more":   encoded("#cloud-config\n{\"runcmd\":[\"reboot\"]}"),
	} {
		options := instanceOptions(label)
		options.Metadata = metadata
		_, err := l.client.CreateInstance(t.Context(), options)
		wantCode(t, err, 400)
	}
	options := instanceOptions("db1")
	options.Metadata = encoded(keys)
	i := l.boot(options)
	// Rebuilding keeps it unless there is other user data.
	rebuild := linodego.InstanceRebuildOptions{Image: "linode/debian12", RootPass: "another one 42"}
	for _, want := range []string{keys, "#cloud-config\n"} {
		if want != keys {
			rebuild.Metadata = encoded(want)
		}
		must(l.client.RebuildInstance(t.Context(), i.ID, rebuild))(t)
		must(l.client.WaitForInstanceStatus(t.Context(), i.ID, linodego.InstanceRunning, 10))(t)
		if got := l.backend.machines[i.ID].spec.UserData; got != want || !must(l.client.GetInstance(t.Context(), i.ID))(t).HasUserData {
			t.Errorf("the machine was given %q, want %q", got, want)
		}
	}
}
