package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
)

func TestMatch(t *testing.T) {
	resources := []machine.Resource{
		{Kind: "machine", ID: "1001", Label: "website-db1", Name: "terraform-ha-x-1001"},
		{Kind: "machine", ID: "1002", Label: "website-web1", Name: "terraform-ha-x-1002"},
		{Kind: "machine", ID: "1003", Label: "shop-web1", Name: "terraform-ha-x-1003"},
		{Kind: "balancer", ID: "201", Name: "terraform-ha-x-nb-201"},
		{Kind: "public", Name: "terraform-ha-x-public"},
	}
	for name, want := range map[string]string{
		"db1": "1001", "website-db1": "1001", "1002": "1002", "website-web1": "1002",
		"201": "201", "terraform-ha-x-nb-201": "201",
		"web1": "cannot tell which machine web1 is: website-web1 or shop-web1",
		"b1":   "cannot find a machine named b1", "": "cannot find a machine",
		"terraform-ha-x-public": "cannot find a machine",
	} {
		found, err := match(resources, name)
		if err != nil && !strings.HasPrefix(err.Error(), want) || err == nil && found.ID != want {
			t.Errorf("%q means %s, %v; want %s", name, found.ID, err, want)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Setenv("LAB_STATE", t.TempDir())
	t.Setenv("LAB_NAME", "")
	for line, want := range map[string]int{
		"help": 0, "nonsense": 2, "up -nonsense": 2, "ssh": 2, "fault": 0, "fault balancer": 2, "updates": 2, "logs": 2, "demo": 2, "demo nonsense": 1, "drill nonsense": 2, "drill": 0, "drill list": 0, "drill run -faults nonsense": 1, "drill run -nonsense": 2, "drill site": 2, "drill table nothing": 1, "env": 1,
	} {
		if got := run(t.Context(), strings.Fields(line)); got != want {
			t.Errorf("lab %s ends with %d, want %d", line, got, want)
		}
	}
}

func TestFindFolder(t *testing.T) {
	found, err := findFolder("", "")
	if err != nil || filepath.Base(found.Path) != ".lab" {
		t.Errorf("%+v, %v", found, err)
	}
	t.Chdir(t.TempDir())
	if _, err := findFolder("", ""); err == nil {
		t.Error("a folder was found outside of any checkout")
	}
}
