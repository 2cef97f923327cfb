mock_provider "ha" {}

variables {
  name = "content"
  nodes = {
    files1 = { host = "files1.example.org", address = "10.0.0.21" }
    files2 = { host = "files2.example.org", address = "10.0.0.22" }
    files3 = { host = "files3.example.org", address = "10.0.0.23" }
  }
}

run "half_a_firewall" {
  command = plan

  variables {
    firewall = "some"
  }

  expect_failures = [var.firewall]
}

run "fewer_nodes_than_a_quorum" {
  command = plan

  variables {
    nodes = { a = { host = "a" }, b = { host = "b" } }
  }

  expect_failures = [var.nodes]
}

run "node_key_with_a_space" {
  command = plan

  variables {
    nodes = { "a b" = { host = "a" }, b = { host = "b" }, c = { host = "c" } }
  }

  expect_failures = [var.nodes]
}

run "node_without_host" {
  command = plan

  variables {
    nodes = { a = { host = "" }, b = { host = "b" }, c = { host = "c" } }
  }

  expect_failures = [var.nodes]
}

run "one_machine_twice" {
  command = plan

  variables {
    nodes = { a = { host = "a", address = "10.0.0.1" }, b = { host = "a", address = "10.0.0.2" }, c = { host = "c" } }
  }

  expect_failures = [var.nodes]
}

run "one_address_twice" {
  command = plan

  variables {
    nodes = { a = { host = "a", address = "10.0.0.1" }, b = { host = "b", address = "10.0.0.1" }, c = { host = "c" } }
  }

  expect_failures = [var.nodes]
}

run "destroying_by_force" {
  command = plan

  variables {
    on_destroy = "force"
  }

  expect_failures = [var.on_destroy]
}

run "four_nodes" {
  command = plan

  variables {
    nodes = { a = { host = "a" }, b = { host = "b" }, c = { host = "c" }, d = { host = "d" } }
  }

  expect_failures = [ha_gluster_volume.this]
}

run "two_replicas" {
  command = plan

  variables {
    replica = 2
  }

  expect_failures = [var.replica]
}

run "four_replicas" {
  command = plan

  variables {
    replica = 4
  }

  expect_failures = [var.replica]
}

run "nodes_that_form_no_sets" {
  command = plan

  variables {
    replica = 5
  }

  expect_failures = [ha_gluster_volume.this]
}

run "order_that_forgets_a_node" {
  command = plan

  variables {
    order = ["files1", "files2"]
  }

  expect_failures = [ha_gluster_volume.this]
}

run "relative_brick_path" {
  command = plan

  variables {
    brick_path = "srv/brick"
  }

  expect_failures = [var.brick_path]
}

run "brick_in_the_root" {
  command = plan

  variables {
    brick_path = "/brick"
  }

  expect_failures = [var.brick_path]
}

run "brick_for_a_shell" {
  command = plan

  variables {
    brick_path = "/srv/$(id)/brick"
  }

  expect_failures = [var.brick_path]
}

run "two_arbiters" {
  command = plan

  variables {
    arbiter = 2
  }

  expect_failures = [var.arbiter]
}

run "arbiter_of_five" {
  command = plan

  variables {
    nodes   = { a = { host = "a" }, b = { host = "b" }, c = { host = "c" }, d = { host = "d" }, e = { host = "e" } }
    replica = 5
    arbiter = 1
  }

  expect_failures = [ha_gluster_volume.this]
}

run "replicas_of_fragments" {
  command = plan

  variables {
    disperse = 3
    replica  = 3
  }

  expect_failures = [ha_gluster_volume.this]
}

run "unknown_profile" {
  command = plan

  variables {
    profile = "fast"
  }

  expect_failures = [var.profile]
}

run "ping_timeout_of_nothing" {
  command = plan

  variables {
    ping_timeout_seconds = 0
  }

  expect_failures = [var.ping_timeout_seconds]
}

run "name_that_is_an_option" {
  command = plan

  variables {
    name = "-content"
  }

  expect_failures = [var.name]
}

run "dispersed_set_of_two" {
  command = plan

  variables {
    disperse = 2
  }

  expect_failures = [var.disperse]
}

run "no_redundancy" {
  command = plan

  variables {
    disperse   = 3
    redundancy = 0
  }

  expect_failures = [var.redundancy]
}

run "maintenance_that_is_none" {
  command = plan

  variables {
    nodes = { a = { host = "a", maintenance = "asleep" }, b = { host = "b" }, c = { host = "c" } }
  }

  expect_failures = [var.nodes]
}

run "os_updates_of_another_kind" {
  command = plan

  variables {
    os = { updates = "some" }
  }

  expect_failures = [var.os]
}

run "os_reboot_of_another_kind" {
  command = plan

  variables {
    os = { reboot = "always" }
  }

  expect_failures = [var.os]
}

run "version_that_is_no_release" {
  command = plan

  variables {
    glusterfs_version = "10.3-1"
  }

  expect_failures = [var.glusterfs_version]
}

run "restart_trigger_with_a_space" {
  command = plan

  variables {
    restart_trigger = "next week"
  }

  expect_failures = [var.restart_trigger]
}

run "first_node_that_does_not_exist" {
  command = plan

  variables {
    rolling = { first = "nobody" }
  }

  expect_failures = [var.rolling]
}

run "no_time_to_serve" {
  command = plan

  variables {
    rolling = { bake_seconds = 0 }
  }

  expect_failures = [var.rolling]
}

run "stop_before_the_first_node" {
  command = plan

  variables {
    rolling = { stop_after = 0 }
  }

  expect_failures = [var.rolling]
}

run "check_that_is_no_url" {
  command = plan

  variables {
    rolling = { check_url = "www.example.org/health" }
  }

  expect_failures = [var.rolling]
}

run "decision_by_a_policy_that_does_not_exist" {
  command = plan

  variables {
    split_brain = { policy = "majority", files = ["/a"], attempt = 1 }
  }

  expect_failures = [var.split_brain]
}

run "decision_for_a_node_that_does_not_exist" {
  command = plan

  variables {
    split_brain = { policy = "source-brick", source_node = "nobody", files = ["/a"], attempt = 1 }
  }

  expect_failures = [var.split_brain]
}

run "decision_for_a_node_and_by_a_policy" {
  command = plan

  variables {
    split_brain = { policy = "latest-mtime", source_node = "files1", files = ["/a"], attempt = 1 }
  }

  expect_failures = [var.split_brain]
}

run "decision_about_no_file" {
  command = plan

  variables {
    split_brain = { policy = "latest-mtime", files = [], attempt = 1 }
  }

  expect_failures = [var.split_brain]
}

run "decision_before_the_first" {
  command = plan

  variables {
    split_brain = { policy = "latest-mtime", files = ["/a"], attempt = 0 }
  }

  expect_failures = [var.split_brain]
}
