output "vlan_label" {
  description = "Label of the VLAN. Linode creates the VLAN when the first instance attaches this label."
  value       = coalesce(var.vlan_label, var.name)
}

output "vlan_cidr" {
  description = "Network of the VLAN."
  value       = var.vlan_cidr
}

output "nodes" {
  description = "Nodes of each tier, for the input `nodes` of the module `instances`: VLAN address with prefix length, and generation."
  value = { for tier, nodes in local.nodes : tier => {
    for key, node in nodes : key => {
      address    = "${cidrhost(var.vlan_cidr, node.number)}/${local.prefix_length}"
      generation = node.generation
    }
  } }

  precondition {
    condition     = alltrue([for last in values(local.last_hosts) : last <= local.last_host])
    error_message = "The VLAN's network ${var.vlan_cidr} has no room for every tier: each needs 19 addresses after its first host, and 20 more for every nine slots after the ninth."
  }
}

output "addresses" {
  description = "Addresses of all slots of each tier, taken or not, for odd and even generations, without prefix length. Use it for access rules, so that a node is admitted before it exists and until it has left."
  value       = local.addresses
}

output "floating_ips" {
  description = "Floating IPs with the prefix length of the VLAN's network, by key."
  value       = { for key, number in var.floating_ips : key => "${cidrhost(var.vlan_cidr, number)}/${local.prefix_length}" }

  precondition {
    condition     = alltrue([for number in values(var.floating_ips) : number >= 1 && number <= local.last_host])
    error_message = "A floating IP is outside of the VLAN's network ${var.vlan_cidr}, or its first or last address."
  }

  precondition {
    condition = alltrue(flatten([for number in values(var.floating_ips) : [
      for tier_key, tier in var.tiers : number <= tier.first_host || number > local.last_hosts[tier_key]
    ]]))
    error_message = "A floating IP lies among the addresses of a tier: each takes the 19 after its first host, and 20 more for every nine slots after the ninth."
  }
}

output "firewall_ids" {
  description = "ID of the firewall of each tier."
  value       = { for tier, firewall in linode_firewall.tier : tier => firewall.id }
}

output "placement_group_ids" {
  description = "ID of the placement group of each tier."
  value       = { for tier, group in linode_placement_group.tier : tier => group.id }
}
