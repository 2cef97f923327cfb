mock_provider "ha" {}

variables {
  name = "content"
  nodes = {
    files1 = { host = "files1.example.org", address = "10.0.0.21" }
    files2 = { host = "files2.example.org", address = "10.0.0.22" }
    files3 = { host = "files3.example.org", address = "10.0.0.23" }
  }
}

run "health_is_not_read_by_default" {
  command = plan

  assert {
    condition     = output.health == null && length(data.ha_gluster_volume.this) == 0
    error_message = "Health is read although nobody asked for it."
  }
}

run "health_is_told_on_request" {
  variables {
    health_checks = true
  }

  override_data {
    target = data.ha_gluster_volume.this
    values = { healthy = true, summary = "3 of 3 bricks are online." }
  }

  assert {
    condition     = output.health.healthy && output.health.summary == "3 of 3 bricks are online."
    error_message = "The health is not what was read."
  }
}

run "what_is_not_healthy_is_a_warning" {
  variables {
    health_checks = true
  }

  override_data {
    target = data.ha_gluster_volume.this
    values = { healthy = false, summary = "2 of 3 bricks are online; files2 was not seen." }
  }

  expect_failures = [check.volume]
}
