package region

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/api"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/image"
)

func TestFolderNames(t *testing.T) {
	one, err := NewFolder(filepath.Join(t.TempDir(), "one"), "")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := NewFolder(one.Path, "")
	other, _ := NewFolder(one.Path+"2", "")
	if one.Name != again.Name || one.Name == other.Name || !strings.HasPrefix(one.Name, "lab-") {
		t.Errorf("names %q, %q and %q", one.Name, again.Name, other.Name)
	}
	if named, _ := NewFolder(one.Path, "mine"); named.Name != "mine" {
		t.Errorf("name %q", named.Name)
	}
}

func TestBalancerDelay(t *testing.T) {
	folder := Folder{Path: t.TempDir(), Name: "mine"}
	if delay, err := folder.BalancerDelay(); delay != 0 || err != nil {
		t.Errorf("before it was set: %s, %v", delay, err)
	}
	for _, wrong := range []time.Duration{-time.Second, time.Hour} {
		if err := folder.SetBalancerDelay(wrong); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
	for _, want := range []time.Duration{time.Minute, 0} {
		if err := folder.SetBalancerDelay(want); err != nil {
			t.Fatal(err)
		}
		if delay, err := folder.BalancerDelay(); delay != want || err != nil {
			t.Errorf("%s, %v; want %s", delay, err, want)
		}
	}
	if err := folder.remove(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder.Path); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSettings(t *testing.T) {
	folder, err := NewFolder(t.TempDir(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Settings(); !errors.Is(err, ErrNoLab) {
		t.Errorf("without a lab: %v", err)
	}
	made, err := newSettings(t.Context(), "mine", netip.MustParsePrefix("172.29.3.0/24"), image.Release{Number: "13"})
	if err == nil {
		err = folder.save(made)
	}
	if err != nil {
		t.Fatal(err)
	}
	if read, err := folder.Settings(); err != nil || read != made {
		t.Errorf("%+v, %v; want %+v", read, err, made)
	}
	if info, err := os.Stat(folder.settingsFile()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, %v", info.Mode(), err)
	}
	if found, _ := NewFolder(folder.Path, ""); found.Name != "mine" {
		t.Errorf("the folder's lab is taken for %q", found.Name)
	}
	other := Folder{Path: folder.Path, Name: "other"}
	if _, err := other.Settings(); err == nil || !strings.Contains(err.Error(), "is named mine, not other") {
		t.Errorf("another lab's settings: %v", err)
	}
	if err := folder.remove(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder.Path); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestClaim(t *testing.T) {
	folder, err := NewFolder(t.TempDir(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	if number, err := folder.Process(); number != 0 || err != nil {
		t.Errorf("before: %d, %v", number, err)
	}
	// What a crashed process leaves is a number that may be anybody's now.
	if err := os.WriteFile(folder.lockFile(), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if number, err := folder.Process(); number != 0 || err != nil {
		t.Errorf("after a crash: %d, %v", number, err)
	}
	release, err := folder.claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if number, err := folder.Process(); number != os.Getpid() || err != nil {
		t.Errorf("claimed: %d, %v", number, err)
	}
	if _, err := folder.claim(t.Context()); err == nil {
		t.Error("claimed twice")
	}
	release()
	if number, err := folder.Process(); number != 0 || err != nil {
		t.Errorf("released: %d, %v", number, err)
	}
}

func TestBackendRefusesUserData(t *testing.T) {
	err := backend{}.CreateMachine(t.Context(), api.MachineSpec{ID: 1, Image: "linode/debian12", UserData: "#!/bin/sh\nreboot\n"})
	if err == nil || !strings.Contains(err.Error(), "cannot create machine 1: the lab's machines take user data") {
		t.Error(err)
	}
}
