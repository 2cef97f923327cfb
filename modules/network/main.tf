locals {
  prefix_length = tonumber(split("/", var.vlan_cidr)[1])
  # The last address of a network is its broadcast address.
  last_host = pow(2, 32 - local.prefix_length) - 2

  # A tier takes as many blocks of 20 addresses as its highest slot needs: nine slots each.
  blocks     = { for tier_key, tier in var.tiers : tier_key => ceil(max(1, [for node in tier.nodes : node.slot]...) / 9) }
  last_hosts = { for tier_key, tier in var.tiers : tier_key => tier.first_host + 20 * local.blocks[tier_key] - 1 }

  # Where odd generations of a node are; even ones are ten further. Slots 1 to 9 are at first_host + 1 to + 9, slots
  # 10 to 18 at first_host + 21 to + 29.
  numbers = { for tier_key, tier in var.tiers : tier_key => {
    for key, node in tier.nodes : key => tier.first_host + 20 * floor((node.slot - 1) / 9) + (node.slot - 1) % 9 + 1
  } }

  nodes = { for tier_key, tier in var.tiers : tier_key => {
    for key, node in tier.nodes : key => {
      number     = local.numbers[tier_key][key] + (node.generation % 2 == 1 ? 0 : 10)
      generation = node.generation
    }
  } }

  # All places of the blocks and not only those that are taken: who comes is let in before it is there, and who leaves,
  # or is replaced, is let in until it has gone.
  places = { for tier_key, tier in var.tiers : tier_key => flatten([
    for block in range(local.blocks[tier_key]) : [
      for slot in range(1, 10) : [for distance in [0, 10] : tier.first_host + 20 * block + slot + distance]
    ]
  ]) }
  addresses = { for tier_key, places in local.places : tier_key => [
    for place in places : cidrhost(var.vlan_cidr, place) if place <= local.last_host
  ] }

  admin_ipv4 = sort([for cidr in var.admin_cidrs : cidr if !strcontains(cidr, ":")])
  admin_ipv6 = sort([for cidr in var.admin_cidrs : cidr if strcontains(cidr, ":")])
}

# Cloud firewalls filter the public interface, on which the private address
# lies too. They do not filter VLAN interfaces.
resource "linode_firewall" "tier" {
  for_each = var.tiers

  label           = "${var.name}-${each.key}"
  inbound_policy  = "DROP"
  outbound_policy = "ACCEPT"
  tags            = var.tags

  inbound {
    label    = "ssh"
    action   = "ACCEPT"
    protocol = "TCP"
    ports    = "22"
    ipv4     = length(local.admin_ipv4) > 0 ? local.admin_ipv4 : null
    ipv6     = length(local.admin_ipv6) > 0 ? local.admin_ipv6 : null
  }

  dynamic "inbound" {
    for_each = each.value.inbound

    content {
      label    = inbound.value.label
      action   = "ACCEPT"
      protocol = inbound.value.protocol
      ports    = inbound.value.ports
      ipv4     = inbound.value.ipv4
      ipv6     = inbound.value.ipv6
    }
  }
}

resource "linode_placement_group" "tier" {
  for_each = var.tiers

  label                = "${var.name}-${each.key}"
  region               = var.region
  placement_group_type = "anti_affinity:local"
  # With "strict" Linode refuses a machine that it cannot place apart from the
  # others; "flexible" would put two of them on one host without a word.
  placement_group_policy = "strict"
}
