mock_provider "ha" {}

variables {
  name = "content"
  nodes = {
    files1 = { host = "files1.example.org", address = "10.0.0.21" }
    files2 = { host = "files2.example.org", address = "10.0.0.22" }
    files3 = { host = "files3.example.org", address = "10.0.0.23" }
  }
}

run "defaults" {
  command = plan

  assert {
    condition = (
      ha_gluster_volume.this.brick_path == "/srv/gluster/content/brick" &&
      ha_gluster_volume.this.replica == null &&
      ha_gluster_volume.this.arbiter == 0 &&
      ha_gluster_volume.this.profile == "web" &&
      !ha_gluster_volume.this.allow_root_partition &&
      ha_gluster_volume.this.on_destroy == "keep" &&
      ha_gluster_volume.this.firewall == "managed" &&
      !ha_gluster_volume.this.protect
    )
    error_message = "A default is another one."
  }
}

run "hosts_that_are_not_linodes" {
  command = plan

  variables {
    nodes = {
      a = { host = "10.1.1.1", port = 2222, user = "admin", host_key = "SHA256:abc" }
      b = { host = "10.1.1.2" }
      c = { host = "10.1.1.3" }
    }
    protect = true
  }

  assert {
    condition     = ha_gluster_volume.this.nodes["a"].port == 2222 && ha_gluster_volume.this.nodes["a"].user == "admin" && ha_gluster_volume.this.nodes["a"].host_key == "SHA256:abc"
    error_message = "The way to a machine got lost."
  }

  assert {
    condition     = ha_gluster_volume.this.protect
    error_message = "The volume is not protected."
  }
}

run "sets_and_order" {
  command = plan

  variables {
    arbiter = 1
    order   = ["files2", "files1", "files3"]
  }

  assert {
    condition     = ha_gluster_volume.this.arbiter == 1
    error_message = "The arbiter got lost."
  }

  assert {
    condition     = ha_gluster_volume.this.order == tolist(["files2", "files1", "files3"])
    error_message = "The order got lost."
  }
}

run "two_sets_and_a_path_of_its_own" {
  command = plan

  variables {
    nodes = {
      a = { host = "a" }, b = { host = "b" }, c = { host = "c", brick_path = "/srv/gluster/other/brick" }
      d = { host = "d" }, e = { host = "e" }, f = { host = "f" }
    }
  }

  assert {
    condition     = ha_gluster_volume.this.nodes["c"].brick_path == "/srv/gluster/other/brick" && ha_gluster_volume.this.nodes["a"].brick_path == null
    error_message = "The path of a node got lost."
  }
}

run "the_mount_is_put_out" {
  override_resource {
    target = ha_gluster_volume.this
    values = {
      mount = { source = "10.0.0.21:/content", backup_servers = ["10.0.0.22", "10.0.0.23"], options = "acl" }
    }
  }

  assert {
    condition     = output.mount.source == "10.0.0.21:/content" && length(output.mount.backup_servers) == 2
    error_message = "The mount is what a client needs."
  }
}

run "dispersed" {
  command = plan

  variables {
    disperse   = 3
    redundancy = 1
  }

  assert {
    condition     = ha_gluster_volume.this.disperse == 3 && ha_gluster_volume.this.redundancy == 1
    error_message = "The numbers of a dispersed volume reach it."
  }
}

run "nothing_is_taken_out_of_service_by_default" {
  command = plan

  assert {
    condition = (
      alltrue([for node in ha_gluster_volume.this.nodes : node.maintenance == null]) &&
      ha_gluster_volume.this.restart_trigger == null &&
      ha_gluster_volume.this.os == null &&
      ha_gluster_volume.this.rolling == null &&
      ha_gluster_volume.this.split_brain == null
    )
    error_message = "A node is in maintenance, or something is restarted, that nobody asked for."
  }
}

run "the_second_day" {
  command = plan

  variables {
    nodes = {
      files1 = { host = "files1.example.org", address = "10.0.0.21" }
      files2 = { host = "files2.example.org", address = "10.0.0.22", maintenance = "stopped" }
      files3 = { host = "files3.example.org", address = "10.0.0.23" }
    }
    glusterfs_version = "10.3"

    restart_trigger = "2026-11-27"
    os              = { updates = "security", reboot = "if-required" }
    rolling         = { first = "files2", bake_seconds = 600, stop_after = 1, check_url = "https://www.example.org/health" }
    split_brain     = { policy = "source-brick", source_node = "files1", files = ["/images/a.jpg"], attempt = 2 }
  }

  assert {
    condition     = ha_gluster_volume.this.nodes["files2"].maintenance == "stopped" && ha_gluster_volume.this.nodes["files1"].maintenance == null
    error_message = "Maintenance is for the node that it was declared for."
  }

  assert {
    condition = (
      ha_gluster_volume.this.version == "10.3" &&
      ha_gluster_volume.this.restart_trigger == "2026-11-27" &&
      ha_gluster_volume.this.os.updates == "security" &&
      ha_gluster_volume.this.os.reboot == "if-required" &&
      ha_gluster_volume.this.rolling.first == "files2" &&
      ha_gluster_volume.this.rolling.bake_seconds == 600 &&
      ha_gluster_volume.this.rolling.stop_after == 1 &&
      ha_gluster_volume.this.rolling.check_url == "https://www.example.org/health" &&
      ha_gluster_volume.this.split_brain.policy == "source-brick" &&
      ha_gluster_volume.this.split_brain.source_node == "files1" &&
      ha_gluster_volume.this.split_brain.files == toset(["/images/a.jpg"]) &&
      ha_gluster_volume.this.split_brain.attempt == 2
    )
    error_message = "What was said about restarts and their order got lost."
  }
}
