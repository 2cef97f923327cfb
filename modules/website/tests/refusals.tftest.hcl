mock_provider "linode" {}
mock_provider "ha" {}

variables {
  name            = "shop"
  region          = "us-ord"
  admin_cidrs     = ["203.0.113.7/32"]
  authorized_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example"]
}

run "fewer_file_servers_than_a_quorum" {
  command = plan

  variables {
    files = { nodes = { a = { slot = 1 }, b = { slot = 2 } } }
  }

  expect_failures = [var.files]
}

run "even_number_of_file_servers" {
  command = plan

  variables {
    files = { nodes = { a = { slot = 1 }, b = { slot = 2 }, c = { slot = 3 }, d = { slot = 4 } } }
  }

  expect_failures = [var.files]
}

run "fewer_databases_than_a_quorum" {
  command = plan

  variables {
    databases = { nodes = { a = { slot = 1 } } }
  }

  expect_failures = [var.databases]
}

run "even_number_of_databases" {
  command = plan

  variables {
    databases = { nodes = { a = { slot = 1 }, b = { slot = 2 }, c = { slot = 3 }, d = { slot = 4 } } }
  }

  expect_failures = [var.databases]
}

run "two_arbitrators" {
  command = plan

  variables {
    databases = { nodes = { a = { slot = 1 }, b = { slot = 2, arbitrator = true }, c = { slot = 3, arbitrator = true } } }
  }

  expect_failures = [var.databases]
}

run "one_web_server" {
  command = plan

  variables {
    web = { nodes = { a = { slot = 1 } } }
  }

  expect_failures = [var.web]
}

run "one_name_in_two_tiers" {
  command = plan

  variables {
    web = { nodes = { web1 = { slot = 1 }, db1 = { slot = 2 } } }
  }

  expect_failures = [output.nodes]
}

run "no_key" {
  command = plan

  variables {
    authorized_keys = []
  }

  expect_failures = [var.authorized_keys]
}

run "no_admin_network" {
  command = plan

  variables {
    admin_cidrs = []
  }

  expect_failures = [var.admin_cidrs]
}

run "admin_network_that_is_none" {
  command = plan

  variables {
    admin_cidrs = ["everywhere"]
  }

  expect_failures = [var.admin_cidrs]
}

run "vlan_that_is_no_network" {
  command = plan

  variables {
    vlan_cidr = "10.0.0.0/33"
  }

  expect_failures = [var.vlan_cidr]
}

run "vlan_too_small" {
  command = plan

  variables {
    vlan_cidr = "10.0.0.0/26"
  }

  expect_failures = [var.vlan_cidr]
}

run "certificate_without_its_key" {
  command = plan

  variables {
    tls_certificate = "-----BEGIN CERTIFICATE-----"
  }

  expect_failures = [var.tls_private_key]
}

run "wordpress_without_its_passwords" {
  command = plan

  variables {
    wordpress = { admin_email = "admin@example.org" }
  }

  expect_failures = [var.wordpress_admin_password, var.wordpress_database_password]
}

run "auth_secret_longer_than_keepalived_reads" {
  command = plan

  variables {
    floating_ip_auth_secret = "example_password"
  }

  expect_failures = [var.floating_ip_auth_secret]
}

run "destroying_by_force" {
  command = plan

  variables {
    on_destroy = "force"
  }

  expect_failures = [var.on_destroy]
}

run "name_too_short" {
  command = plan

  variables {
    name = "a"
  }

  expect_failures = [var.name]
}

run "region_that_is_none" {
  command = plan

  variables {
    region = "nowhere"
  }

  expect_failures = [var.region]
}

run "more_databases_than_places" {
  command = plan

  variables {
    databases = { nodes = { a = { slot = 1 }, b = { slot = 2 }, c = { slot = 10 } } }
  }

  expect_failures = [var.databases]
}

run "more_file_servers_than_places" {
  command = plan

  variables {
    files = { nodes = { a = { slot = 1 }, b = { slot = 2 }, c = { slot = 10 } } }
  }

  expect_failures = [var.files]
}

run "unknown_profile_of_files" {
  command = plan

  variables {
    files = { profile = "database" }
  }

  expect_failures = [var.files]
}

run "maintenance_of_a_file_server_that_is_none" {
  command = plan

  variables {
    files = { nodes = { a = { slot = 1, maintenance = "asleep" }, b = { slot = 2 }, c = { slot = 3 } } }
  }

  expect_failures = [var.files]
}

run "maintenance_of_a_database_that_is_none" {
  command = plan

  variables {
    databases = { nodes = { a = { slot = 1, maintenance = "asleep" }, b = { slot = 2 }, c = { slot = 3 } } }
  }

  expect_failures = [var.databases]
}

run "maintenance_of_a_web_server_that_is_none" {
  command = plan

  variables {
    web = { nodes = { a = { slot = 1, maintenance = "asleep" }, b = { slot = 2 }, c = { slot = 3 } } }
  }

  expect_failures = [var.web]
}
