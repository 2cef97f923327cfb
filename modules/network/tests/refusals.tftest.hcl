mock_provider "linode" {}

variables {
  name        = "shop"
  region      = "us-ord"
  admin_cidrs = ["203.0.113.7/32"]
  tiers       = { db = { first_host = 40, nodes = { db1 = { slot = 1 }, db2 = { slot = 2 }, db3 = { slot = 3 } } } }
}

run "no_admin_network" {
  command = plan

  variables {
    admin_cidrs = []
  }

  expect_failures = [var.admin_cidrs]
}

run "admin_network_without_prefix_length" {
  command = plan

  variables {
    admin_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.admin_cidrs]
}

run "admin_network_that_is_none" {
  command = plan

  variables {
    admin_cidrs = ["203.0.113.300/32"]
  }

  expect_failures = [var.admin_cidrs]
}

run "vlan_that_is_no_network" {
  command = plan

  variables {
    vlan_cidr = "10.0.0.0"
  }

  expect_failures = [var.vlan_cidr]
}

run "vlan_not_written_with_its_first_address" {
  command = plan

  variables {
    vlan_cidr = "10.0.0.5/24"
  }

  expect_failures = [var.vlan_cidr]
}

run "vlan_too_small" {
  command = plan

  variables {
    vlan_cidr = "10.0.0.0/27"
  }

  expect_failures = [var.vlan_cidr]
}

run "vlan_inside_the_private_network" {
  command = plan

  variables {
    vlan_cidr = "192.168.200.0/24"
  }

  expect_failures = [var.vlan_cidr]
}

run "vlan_around_the_private_network" {
  command = plan

  variables {
    vlan_cidr = "192.168.0.0/16"
  }

  expect_failures = [var.vlan_cidr]
}

run "vlan_label_with_two_hyphens" {
  command = plan

  variables {
    vlan_label = "a--b"
  }

  expect_failures = [var.vlan_label]
}

run "name_in_capitals" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "name_of_a_shell" {
  command = plan

  variables {
    name = "shop$(id)"
  }

  expect_failures = [var.name]
}

run "region_that_is_none" {
  command = plan

  variables {
    region = "Chicago, IL"
  }

  expect_failures = [var.region]
}

run "slot_out_of_range" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 0 } } } }
  }

  expect_failures = [var.tiers]
}

run "slot_taken_twice" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 }, db2 = { slot = 1 } } } }
  }

  expect_failures = [var.tiers]
}

run "generation_zero" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1, generation = 0 } } } }
  }

  expect_failures = [var.tiers]
}

run "overlapping_tiers" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 } } }, web = { first_host = 55, nodes = { web1 = { slot = 1 } } } }
  }

  expect_failures = [var.tiers]
}

run "rule_for_another_protocol" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 } }, inbound = [{ label = "vrrp", protocol = "VRRP", ports = "1", ipv4 = ["10.0.0.0/24"] }] } }
  }

  expect_failures = [var.tiers]
}

run "rule_for_nobody" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 } }, inbound = [{ label = "all", ports = "80" }] } }
  }

  expect_failures = [var.tiers]
}

run "tier_outside_of_the_network" {
  command = plan

  variables {
    tiers = { db = { first_host = 240, nodes = { db1 = { slot = 1 } } } }
  }

  expect_failures = [output.nodes]
}

run "floating_ip_outside_of_the_network" {
  command = plan

  variables {
    floating_ips = { db = 300 }
  }

  expect_failures = [output.floating_ips]
}

run "floating_ip_is_the_broadcast_address" {
  command = plan

  variables {
    floating_ips = { db = 255 }
  }

  expect_failures = [output.floating_ips]
}

run "floating_ip_among_the_nodes" {
  command = plan

  variables {
    floating_ips = { db = 41 }
  }

  expect_failures = [output.floating_ips]
}

run "floating_ip_of_a_next_generation" {
  command = plan

  variables {
    floating_ips = { db = 51 }
  }

  expect_failures = [output.floating_ips]
}

run "two_floating_ips_alike" {
  command = plan

  variables {
    floating_ips = { db = 10, cache = 10 }
  }

  expect_failures = [var.floating_ips]
}

run "inbound_rule_with_a_short_label" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 } }, inbound = [{ label = "x", ports = "80" }] } }
  }

  expect_failures = [var.tiers]
}

run "inbound_rule_with_the_name_of_a_port" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 } }, inbound = [{ label = "web", ports = "http" }] } }
  }

  expect_failures = [var.tiers]
}

run "inbound_rule_from_an_address" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 1 } }, inbound = [{ label = "web", ports = "80, 443", ipv4 = ["203.0.113.7"] }] } }
  }

  expect_failures = [var.tiers]
}

run "more_slots_than_the_next_tier_leaves" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db1 = { slot = 10 } } }, web = { first_host = 60, nodes = { web1 = { slot = 1 } } } }
  }

  expect_failures = [var.tiers]
}

run "more_slots_than_the_network_has" {
  command = plan

  variables {
    tiers = { web = { first_host = 60, nodes = { web1 = { slot = 82 } } } }
  }

  expect_failures = [output.nodes]
}

run "floating_ip_among_the_further_slots" {
  command = plan

  variables {
    tiers        = { web = { first_host = 60, nodes = { web10 = { slot = 10 } } } }
    floating_ips = { db = 85 }
  }

  expect_failures = [output.floating_ips]
}
