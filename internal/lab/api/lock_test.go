package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/linode/linodego"
)

// TestLocks holds locks to what Linode says of them: one for a Linode, in the beta
// of the API, against deleting and rebuilding it, and with one type its parts.
func TestLocks(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	i := l.boot(instanceOptions("db1"))
	of := func(kind linodego.LockType) linodego.LockCreateOptions {
		return linodego.LockCreateOptions{EntityType: linodego.EntityLinode, EntityID: i.ID, LockType: kind}
	}
	_, err := c.CreateLock(ctx, of(linodego.LockTypeCannotDelete))
	wantCode(t, err, 404)
	c.SetAPIVersion("v4beta")

	_, err = c.CreateLock(ctx, of("cannot_resize"))
	wantCode(t, err, 400)
	_, err = c.CreateLock(ctx, linodego.LockCreateOptions{EntityType: linodego.EntityLinode, EntityID: 999999, LockType: linodego.LockTypeCannotDelete})
	wantCode(t, err, 400)
	_, err = c.CreateLock(ctx, linodego.LockCreateOptions{EntityType: linodego.EntityNodebalancer, EntityID: i.ID, LockType: linodego.LockTypeCannotDelete})
	wantCode(t, err, 400)

	made := must(c.CreateLock(ctx, of(linodego.LockTypeCannotDelete)))(t)
	if diff := cmp.Diff(made, must(c.GetLock(ctx, made.ID))(t)); diff != "" || made.Entity.Label != "db1" {
		t.Errorf("the lock is %+v (-created +read):\n%s", made, diff)
	}
	if got := must(c.GetInstance(ctx, i.ID))(t).Locks; len(got) != 1 || got[0] != linodego.LockTypeCannotDelete {
		t.Errorf("the instance shows the locks %v", got)
	}
	_, err = c.CreateLock(ctx, of(linodego.LockTypeCannotDeleteWithSubresources))
	wantCode(t, err, 400)
	wantCode(t, c.DeleteInstance(ctx, i.ID), 400)
	_, err = c.RebuildInstance(ctx, i.ID, linodego.InstanceRebuildOptions{Image: "linode/debian12", RootPass: "another one 42"})
	wantCode(t, err, 400)
	if err := c.DeleteLock(ctx, made.ID); err != nil {
		t.Fatal(err)
	}

	whole := must(c.CreateLock(ctx, of(linodego.LockTypeCannotDeleteWithSubresources)))(t)
	config := must(c.ListInstanceConfigs(ctx, i.ID, nil))(t)[0].ID
	wantCode(t, c.DeleteInstanceConfig(ctx, i.ID, config), 400)
	wantCode(t, c.DeleteInstance(ctx, i.ID), 400)
	if got := must(c.ListLocks(ctx, nil))(t); len(got) != 1 || got[0].ID != whole.ID {
		t.Errorf("the locks are %v", got)
	}
	if err := c.DeleteLock(ctx, whole.ID); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteInstance(ctx, i.ID); err != nil {
		t.Error(err)
	}
}

// TestBackups switches what the lab records of Linode's backups.
func TestBackups(t *testing.T) {
	l := newLab(t)
	ctx, c := t.Context(), l.client
	i := l.boot(instanceOptions("db1"))
	wantCode(t, c.CancelInstanceBackups(ctx, i.ID), 400)
	for _, step := range []struct {
		do   func() error
		want bool
	}{
		{func() error { return c.EnableInstanceBackups(ctx, i.ID) }, true},
		{func() error { return c.CancelInstanceBackups(ctx, i.ID) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := must(c.GetInstance(ctx, i.ID))(t).Backups.Enabled; got != step.want {
			t.Errorf("backups are enabled: %t, want %t", got, step.want)
		}
	}
	wantCode(t, c.EnableInstanceBackups(ctx, 999999), 404)
}
