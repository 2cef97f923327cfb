package demo

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/linode/linodego"
)

// planOfASite is what "terraform show -json" prints of a plan, as far as it is read.
const planOfASite = `{"format_version": "1.2", "prior_state": {"values": {"root_module": {"child_modules": [
  {"address": "module.website", "child_modules": [
    {"address": "module.website.module.files_instances", "resources": [
      {"address": "module.website.module.files_instances.linode_instance.this", "mode": "managed", "type": "linode_instance", "values": {"status": "running"}}]},
    {"address": "module.website.module.files", "resources": [
      {"address": "module.website.module.files.ha_gluster_volume.this", "mode": "managed", "type": "ha_gluster_volume", "values": {"name": "content"}},
      {"address": "module.website.module.files.data.ha_gluster_volume.this[0]", "mode": "data", "type": "ha_gluster_volume", "values": {
        "name": "content", "healthy": true, "summary": "2 of 2 bricks are online.", "problems": [], "status": {
          "files2": {"reachable": true, "reason": null, "role": "brick", "state": "online", "packages": {"glusterfs-server": "10.3"}, "heal_backlog": 0, "split_brain": 0},
          "files1": {"reachable": true, "reason": null, "role": "brick", "state": "online", "packages": {}, "heal_backlog": 12, "split_brain": 0}}}}]},
    {"address": "module.website.module.database", "resources": [
      {"address": "module.website.module.database.data.ha_galera_cluster.this[0]", "mode": "data", "type": "ha_galera_cluster", "values": {
        "name": "website", "healthy": false, "summary": "0 of 1 nodes are members that serve; db1 was not seen: no route (and 1 more problem).",
        "problems": ["No node that answers is in a Primary component", "db1 was not seen: no route"], "status": {
          "db1": {"reachable": false, "reason": "no route", "role": null, "state": null, "packages": null, "server_version": null, "behind": null}}}}]}]}]}}}}`

func TestStatusTellsWhatTheDataSourcesSay(t *testing.T) {
	found, err := parseReport([]byte(planOfASite))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = found.print(&out, []balancer{{port: 80, nodes: []linodego.NodeBalancerNode{{Label: "web1", Mode: "accept", Status: "UP"}}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `TIER      NODE    ROLE    STATE     FIGURES
files     files1  brick   online    heal_backlog 12, split_brain 0
files     files2  brick   online    heal_backlog 0, split_brain 0
database  db1     -       no route  
balancer  web1    accept  UP        port 80

files: 2 of 2 bricks are online.
database: 0 of 1 nodes are members that serve; db1 was not seen: no route (and 1 more problem).
  - No node that answers is in a Primary component
  - db1 was not seen: no route
floating IP: it was not applied yet
web: it was not applied yet
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if _, err := parseReport([]byte("no JSON")); err == nil {
		t.Error("a plan that cannot be read is no error")
	}
}
