mock_provider "linode" {}

mock_provider "ha" {}

variables {
  nodebalancer = { id = 12, config_id = 34 }
  backends     = { web1 = "192.168.130.1:80" }
}

run "backend_in_the_vlan" {
  command = plan

  variables {
    backends = { web1 = "10.0.0.61:80" }
  }

  expect_failures = [var.backends]
}

run "backend_without_port" {
  command = plan

  variables {
    backends = { web1 = "192.168.130.1" }
  }

  expect_failures = [var.backends]
}

run "backend_below_the_private_network" {
  command = plan

  variables {
    backends = { web1 = "192.168.127.1:80" }
  }

  expect_failures = [var.backends]
}

run "backend_twice" {
  command = plan

  variables {
    backends = { web1 = "192.168.130.1:80", web2 = "192.168.130.1:80" }
  }

  expect_failures = [var.backends]
}

run "key_too_short_for_a_label" {
  command = plan

  variables {
    backends = { w1 = "192.168.130.1:80" }
  }

  expect_failures = [var.backends]
}

run "weight_of_nothing" {
  command = plan

  variables {
    weights = { web1 = 0 }
  }

  expect_failures = [var.weights]
}
