package linodeprovider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// volumes is a machine that is replaced by another one before it goes, as the
// module has it, and a volume that stays.
const volumes = `
resource "terraform_data" "generation" { input = 1 }
resource "linode_instance" "db" {
  label     = "db1-g1"
  region    = "us-east"
  type      = "g6-nanode-1"
  image     = "linode/debian12"
  root_pass = "a-Long-Password-1"
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.generation]
  }
}
resource "linode_volume" "data" {
  label     = "shop-db1"
  region    = "us-east"
  size      = 10
  linode_id = tonumber(linode_instance.db.id)
}
resource "linode_volume" "spare" {
  label  = "spare"
  region = "us-east"
}
`

// testVolume has volumes made, enlarged, renamed, moved, imported and destroyed
// against the API that the lab really has.
func testVolume(t *testing.T, in installation) {
	w := in.workspace(t, newLabAPI(t), volumes)
	w.apply()
	w.mustBeEmpty()
	made := w.attributes("linode_volume.data")
	for name, want := range map[string]any{
		"size": 10.0, "status": "active", "encryption": "enabled", "filesystem_path": "/dev/disk/by-id/scsi-0Linode_Volume_shop-db1",
		"region": "us-east",
	} {
		if made[name] != want {
			t.Errorf("%s is %v, want %v", name, made[name], want)
		}
	}
	if spare := w.attributes("linode_volume.spare"); spare["size"] != 20.0 || spare["linode_id"] != 0.0 {
		t.Errorf("without a Linode: %v", spare)
	}
	const data = "linode_volume.data"
	configuration := volumes
	change := func(name, old, replacement string, want map[string]string) {
		t.Helper()
		configuration = strings.Replace(configuration, old, replacement, 1)
		w.write(configuration)
		if diff := cmp.Diff(want, w.changes()); diff != "" {
			t.Fatalf("%s is planned wrongly (-want +got):\n%s", name, diff)
		}
		w.apply()
		w.mustBeEmpty()
		if got := w.attributes(data); got["id"] != made["id"] {
			t.Fatalf("%s: the volume is another one: %v", name, got)
		}
	}
	change("a larger size", "size      = 10", `size      = 30
  tags      = ["data"]`, map[string]string{data: "update"})
	configuration = strings.Replace(configuration, "db1-g1", "db1-g2", 1)
	change("another machine", "input = 1", "input = 2", map[string]string{
		"terraform_data.generation": "update", "linode_instance.db": "create+delete", data: "update",
	})
	if w.attributes(data)["linode_id"] == made["linode_id"] {
		t.Error("the volume is still in the machine that is gone")
	}
	if code, _, stderr := w.smaller(configuration); code == 0 || !strings.Contains(stderr, "can only be resized up") {
		t.Errorf("a smaller size: exit %d, stderr:\n%s", code, stderr)
	}
	w.write(configuration)
	w.mustRun("state", "rm", data)
	w.mustRun("import", "-input=false", data, fmt.Sprint(made["id"]))
	w.mustBeEmpty()
	w.mustRun("destroy", "-auto-approve", "-input=false")
}

func (w *workspace) smaller(configuration string) (int, string, string) {
	w.t.Helper()
	w.write(strings.Replace(configuration, "size      = 30", "size      = 20", 1))
	return w.run("apply", "-auto-approve", "-input=false")
}
