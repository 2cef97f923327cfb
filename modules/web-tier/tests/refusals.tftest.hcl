mock_provider "ha" {}

variables {
  name = "shop"
  nodes = {
    web1 = { host = "web1.example.org", address = "10.0.0.61" }
    web2 = { host = "web2.example.org", address = "10.0.0.62" }
  }
}

run "no_node_to_spare" {
  command = plan

  variables {
    nodes = { a = { host = "a" } }
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

run "relative_document_root" {
  command = plan

  variables {
    document_root = "srv/www"
  }

  expect_failures = [var.document_root]
}

run "document_root_for_a_shell" {
  command = plan

  variables {
    document_root = "/srv/$(id)"
  }

  expect_failures = [var.document_root]
}

run "document_root_beside_the_mount" {
  command = plan

  variables {
    mount       = { source = "10.0.0.21:/content" }
    mount_point = "/srv/content"
  }

  expect_failures = [ha_web_tier.this]
}

run "mount_point_without_mount" {
  command = plan

  variables {
    mount_point = "/srv/www"
  }

  expect_failures = [ha_web_tier.this]
}

run "backend_of_nobody" {
  command = plan

  variables {
    backend_addresses = { web9 = "192.168.130.9" }
  }

  expect_failures = [ha_web_tier.this]
}

run "port_out_of_range" {
  command = plan

  variables {
    port = 70000
  }

  expect_failures = [var.port]
}

run "health_path_that_is_none" {
  command = plan

  variables {
    health_path = "healthz"
  }

  expect_failures = [var.health_path]
}

run "draining_forever" {
  command = plan

  variables {
    drain_seconds = 86400
  }

  expect_failures = [var.drain_seconds]
}

run "wordpress_without_its_passwords" {
  command = plan

  variables {
    wordpress = { url = "http://a", admin_email = "a@b.c", database_host = "10.0.0.10", database_name = "w", database_user = "w" }
  }

  expect_failures = [var.wordpress_admin_password, var.wordpress_database_password]
}

run "name_with_a_space" {
  command = plan

  variables {
    name = "my shop"
  }

  expect_failures = [var.name]
}

run "maintenance_that_is_none" {
  command = plan

  variables {
    nodes = { a = { host = "a", maintenance = "asleep" }, b = { host = "b" } }
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
