mock_provider "ha" {}

variables {
  name = "shop"
  nodes = {
    db1 = { host = "db1.example.org", address = "10.0.0.41" }
    db2 = { host = "db2.example.org", address = "10.0.0.42" }
    db3 = { host = "db3.example.org", address = "10.0.0.43" }
  }
  floating_ip = { address = "10.0.0.10/24" }
}

run "fewer_nodes_than_a_quorum" {
  command = plan

  variables {
    nodes = { a = { host = "a" }, b = { host = "b" } }
  }

  expect_failures = [var.nodes]
}

run "even_number_of_nodes" {
  command = plan

  variables {
    nodes = { a = { host = "a" }, b = { host = "b" }, c = { host = "c" }, d = { host = "d" } }
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

run "unknown_version" {
  command = plan

  variables {
    engine_version = "mysql"
  }

  expect_failures = [var.engine_version]
}

run "floating_ip_outside_of_the_network" {
  command = plan

  variables {
    floating_ip = { address = "10.0.1.10/24" }
  }

  expect_failures = [ha_floating_ip.this]
}

run "floating_ip_is_a_node" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.42/24" }
  }

  expect_failures = [ha_floating_ip.this]
}

run "floating_ip_is_the_network" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.0/24" }
  }

  expect_failures = [var.floating_ip]
}

run "floating_ip_is_the_broadcast_address" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.255/24" }
  }

  expect_failures = [var.floating_ip]
}

run "floating_ip_without_prefix_length" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.10" }
  }

  expect_failures = [var.floating_ip]
}

run "floating_ip_that_is_none" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.300/24" }
  }

  expect_failures = [var.floating_ip]
}

run "floating_ip_of_version_6" {
  command = plan

  variables {
    floating_ip = { address = "2001:db8::10/64" }
  }

  expect_failures = [var.floating_ip]
}

run "router_id_out_of_range" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.10/24", router_id = 256 }
  }

  expect_failures = [var.floating_ip]
}

run "auth_secret_longer_than_keepalived_reads" {
  command = plan

  variables {
    floating_ip_auth_secret = "example_password"
  }

  expect_failures = [var.floating_ip_auth_secret]
}

run "name_with_quotes" {
  command = plan

  variables {
    name = "shop'; DROP"
  }

  expect_failures = [var.name]
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

run "restart_trigger_of_keepalived_with_a_space" {
  command = plan

  variables {
    floating_ip = { address = "10.0.0.10/24", restart_trigger = "next week" }
  }

  expect_failures = [var.floating_ip]
}

run "recovery_from_a_node_that_does_not_exist" {
  command = plan

  variables {
    recovery = { bootstrap_node = "nobody", attempt = 1 }
  }

  expect_failures = [var.recovery]
}

run "recovery_without_the_node_that_it_starts_from" {
  command = plan

  variables {
    recovery = { bootstrap_node = "db1", allow_missing = ["db1"], attempt = 1 }
  }

  expect_failures = [var.recovery]
}

run "recovery_without_a_node_that_does_not_exist" {
  command = plan

  variables {
    recovery = { bootstrap_node = "db1", allow_missing = ["nobody"], attempt = 1 }
  }

  expect_failures = [var.recovery]
}

run "attempt_before_the_first" {
  command = plan

  variables {
    recovery = { bootstrap_node = "db1", attempt = 0 }
  }

  expect_failures = [var.recovery]
}
