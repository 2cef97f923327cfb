mock_provider "ha" {}

variables {
  user_passwords = {}
  name           = "shop"
  nodes = {
    db1 = { host = "db1.example.org", address = "10.0.0.41" }
    db2 = { host = "db2.example.org", address = "10.0.0.42" }
    db3 = { host = "db3.example.org", address = "10.0.0.43" }
  }
  floating_ip = { address = "10.0.0.10/24" }
}

run "health_is_not_read_by_default" {
  command = plan

  assert {
    condition     = output.health == null && length(data.ha_galera_cluster.this) == 0 && length(data.ha_floating_ip.this) == 0
    error_message = "Health is read although nobody asked for it."
  }
}

run "health_is_told_on_request" {
  variables {
    health_checks = true
  }

  override_data {
    target = data.ha_galera_cluster.this
    values = { healthy = true, summary = "3 of 3 nodes are members that serve." }
  }

  override_data {
    target = data.ha_floating_ip.this
    values = { healthy = true, summary = "3 of 3 nodes can hold 10.0.0.10." }
  }

  assert {
    condition     = output.health.cluster.healthy && output.health.cluster.summary == "3 of 3 nodes are members that serve." && output.health.floating_ip.healthy && output.health.floating_ip.summary == "3 of 3 nodes can hold 10.0.0.10."
    error_message = "The health is not what was read."
  }
}

run "what_is_not_healthy_is_a_warning" {
  variables {
    health_checks = true
  }

  override_data {
    target = data.ha_galera_cluster.this
    values = { healthy = false, summary = "2 of 3 nodes are members that serve; db2 is no member." }
  }

  override_data {
    target = data.ha_floating_ip.this
    values = { healthy = false, summary = "2 of 3 nodes can hold 10.0.0.10; db2 was not seen." }
  }

  expect_failures = [check.cluster, check.floating_ip]
}
