mock_provider "ha" {}

variables {
  wordpress_admin_password    = ""
  wordpress_database_password = ""
  name                        = "shop"
  nodes = {
    web1 = { host = "web1.example.org", address = "10.0.0.61" }
    web2 = { host = "web2.example.org", address = "10.0.0.62" }
  }
}

run "health_is_not_read_by_default" {
  command = plan

  assert {
    condition     = output.health == null && length(data.ha_web_tier.this) == 0
    error_message = "Health is read although nobody asked for it."
  }
}

run "health_is_told_on_request" {
  variables {
    health_checks = true
  }

  override_data {
    target = data.ha_web_tier.this
    values = { healthy = true, summary = "3 of 3 nodes serve." }
  }

  assert {
    condition     = output.health.healthy && output.health.summary == "3 of 3 nodes serve."
    error_message = "The health is not what was read."
  }
}

run "what_is_not_healthy_is_a_warning" {
  variables {
    health_checks = true
  }

  override_data {
    target = data.ha_web_tier.this
    values = { healthy = false, summary = "2 of 3 nodes serve; web2 was not seen." }
  }

  expect_failures = [check.web_tier]
}
