mock_provider "linode" {}

variables {
  name        = "shop"
  region      = "us-ord"
  admin_cidrs = ["203.0.113.7/32", "2001:db8::/48"]
  tiers = {
    db = {
      first_host = 40
      nodes      = { db1 = { slot = 1 }, db2 = { slot = 2, generation = 2 }, db3 = { slot = 3, generation = 3 } }
    }
    web = {
      first_host = 60
      nodes      = { web1 = { slot = 1 }, web2 = { slot = 2 } }
      inbound    = [{ label = "nodebalancer", ports = "80", ipv4 = ["192.168.255.0/24"] }]
    }
  }
  floating_ips = { db = 10 }
}

run "addresses_follow_slots_and_generations" {
  command = plan

  assert {
    condition     = output.nodes.db.db1.address == "10.0.0.41/24"
    error_message = "Slot 1 is one after the first host, not ${output.nodes.db.db1.address}."
  }

  assert {
    condition     = output.nodes.db.db2.address == "10.0.0.52/24"
    error_message = "An even generation is ten further, not ${output.nodes.db.db2.address}."
  }

  assert {
    condition     = output.nodes.db.db3.address == "10.0.0.43/24"
    error_message = "An odd generation is where the first one was, not ${output.nodes.db.db3.address}."
  }

  assert {
    condition = length(output.addresses.web) == 18 && slice(output.addresses.web, 0, 4) == ["10.0.0.61", "10.0.0.71", "10.0.0.62", "10.0.0.72"] && (
      output.addresses.web[17] == "10.0.0.79"
    )
    error_message = "Not the addresses of all slots and of both generations: ${jsonencode(output.addresses.web)}."
  }

  assert {
    condition     = output.floating_ips.db == "10.0.0.10/24" && output.vlan_label == "shop"
    error_message = "The floating IP or the VLAN's label is another one."
  }
}

run "as_many_slots_as_there_is_room" {
  command = plan

  variables {
    tiers = {
      db  = { first_host = 40, nodes = { db9 = { slot = 9 } } }
      web = { first_host = 60, nodes = { web9 = { slot = 9 }, web10 = { slot = 10 }, web18 = { slot = 18, generation = 2 }, web81 = { slot = 81 } } }
    }
  }

  assert {
    condition = [for key in ["web9", "web10", "web18", "web81"] : output.nodes.web[key].address] == [
      "10.0.0.69/24", "10.0.0.81/24", "10.0.0.99/24", "10.0.0.229/24",
    ]
    error_message = "Slots after the ninth are at other addresses: ${jsonencode(output.nodes.web)}."
  }

  assert {
    condition = length(distinct(flatten(values(output.addresses)))) == length(flatten(values(output.addresses))) && (
      length(output.addresses.web) == 162 && contains(output.addresses.web, "10.0.0.239")
    )
    error_message = "Two nodes share an address: ${jsonencode(output.addresses)}."
  }
}

run "another_node_moves_nobody" {
  command = plan

  variables {
    tiers = { db = { first_host = 40, nodes = { db0 = { slot = 4 }, db1 = { slot = 1 }, db2 = { slot = 2 } } } }
  }

  assert {
    condition     = output.nodes.db.db1.address == "10.0.0.41/24" && output.nodes.db.db0.address == "10.0.0.44/24"
    error_message = "A node whose key comes first in the order has moved the others."
  }
}

run "firewalls_drop_all_but_ssh_and_nodebalancers" {
  command = plan

  assert {
    condition     = alltrue([for firewall in linode_firewall.tier : firewall.inbound_policy == "DROP"])
    error_message = "A firewall lets everything in."
  }

  assert {
    condition = (
      linode_firewall.tier["db"].inbound[0].ipv4 == tolist(["203.0.113.7/32"]) &&
      linode_firewall.tier["db"].inbound[0].ipv6 == tolist(["2001:db8::/48"]) &&
      linode_firewall.tier["db"].inbound[0].ports == "22"
    )
    error_message = "SSH is for the administrators' networks, by address family."
  }

  assert {
    condition     = length(linode_firewall.tier["db"].inbound) == 1
    error_message = "Databases are reached over SSH only; the VLAN is not filtered."
  }

  assert {
    condition = (
      length(linode_firewall.tier["web"].inbound) == 2 &&
      linode_firewall.tier["web"].inbound[1].ports == "80" &&
      linode_firewall.tier["web"].inbound[1].ipv4 == tolist(["192.168.255.0/24"])
    )
    error_message = "Port 80 is for NodeBalancers."
  }
}

run "every_tier_is_kept_apart" {
  command = plan

  assert {
    condition = length(linode_placement_group.tier) == 2 && alltrue([
      for group in linode_placement_group.tier :
      group.placement_group_type == "anti_affinity:local" && group.placement_group_policy == "strict"
    ])
    error_message = "A tier has no strict anti-affinity group."
  }
}
