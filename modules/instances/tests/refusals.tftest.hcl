mock_provider "linode" {}
mock_provider "ha" {}

variables {
  name            = "shop"
  region          = "us-ord"
  vlan_label      = "shop"
  authorized_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example"]
  nodes           = { web1 = { address = "10.0.0.61/24" } }
}

run "no_key" {
  command = plan

  variables {
    authorized_keys = []
  }

  expect_failures = [var.authorized_keys]
}

run "empty_key" {
  command = plan

  variables {
    authorized_keys = [""]
  }

  expect_failures = [var.authorized_keys]
}

run "private_key" {
  command = plan

  variables {
    authorized_keys = ["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"]
  }

  expect_failures = [var.authorized_keys]
}

run "path_of_a_key" {
  command = plan

  variables {
    authorized_keys = ["~/.ssh/id_ed25519.pub"]
  }

  expect_failures = [var.authorized_keys]
}

run "two_keys_in_one" {
  command = plan

  variables {
    authorized_keys = ["ssh-ed25519 AAAA one\nssh-ed25519 BBBB two"]
  }

  expect_failures = [var.authorized_keys]
}

run "no_node" {
  command = plan

  variables {
    nodes = {}
  }

  expect_failures = [var.nodes]
}

run "node_key_with_a_space" {
  command = plan

  variables {
    nodes = { "web 1" = { address = "10.0.0.61/24" } }
  }

  expect_failures = [var.nodes]
}

run "address_without_prefix_length" {
  command = plan

  variables {
    nodes = { web1 = { address = "10.0.0.61" } }
  }

  expect_failures = [var.nodes]
}

run "address_taken_twice" {
  command = plan

  variables {
    nodes = { web1 = { address = "10.0.0.61/24" }, web2 = { address = "10.0.0.61/24" } }
  }

  expect_failures = [var.nodes]
}

run "generation_zero" {
  command = plan

  variables {
    nodes = { web1 = { address = "10.0.0.61/24", generation = 0 } }
  }

  expect_failures = [var.nodes]
}

run "vlan_without_address" {
  command = plan

  variables {
    nodes = { web1 = {} }
  }

  expect_failures = [linode_instance.this]
}

run "name_too_long" {
  command = plan

  variables {
    name = "a-name-longer-than-twenty"
  }

  expect_failures = [var.name]
}

run "region_that_is_none" {
  command = plan

  variables {
    region = ""
  }

  expect_failures = [var.region]
}

run "unknown_lock" {
  command = plan

  variables {
    lock_type = "cannot_resize"
  }

  expect_failures = [var.lock_type]
}

run "volume_that_is_too_small" {
  command = plan

  variables {
    data_volume_size_gb = 5
  }

  expect_failures = [var.data_volume_size_gb]
}

run "label_of_a_volume_that_is_too_long" {
  command = plan

  variables {
    nodes               = { a-key-that-is-rather-long-so = { address = "10.0.0.61/24" } }
    data_volume_size_gb = 10
  }

  expect_failures = [linode_volume.data]
}
