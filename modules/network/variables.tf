variable "name" {
  description = "Name of the site, and prefix of the labels of firewalls and placement groups, which must be unique in the account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "The name has up to 20 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Linode region of the placement groups, such as `us-ord`. A VLAN exists within one region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.region))
    error_message = "The region is an identifier such as us-ord or de-fra-2."
  }
}

variable "vlan_label" {
  description = "Label of the VLAN. Instances that attach the same label share a layer-2 network. Default: `name`."
  type        = string
  default     = null

  validation {
    condition     = var.vlan_label == null ? true : can(regex("^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", var.vlan_label)) && length(var.vlan_label) <= 64
    error_message = "A VLAN's label has up to 64 letters, digits and single hyphens."
  }
}

variable "vlan_cidr" {
  description = "IPv4 network of the VLAN, from /8 to /26. It must not overlap 192.168.128.0/17, Linode's private network, which web nodes have on eth0."
  type        = string
  default     = "10.0.0.0/24"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9.]+/[0-9]+$", var.vlan_cidr)) && can(cidrhost(var.vlan_cidr, 0))
    error_message = "The VLAN's network is an IPv4 network such as 10.0.0.0/24."
  }

  validation {
    condition     = try(cidrhost(var.vlan_cidr, 0) == split("/", var.vlan_cidr)[0], true)
    error_message = "The VLAN's network is written with its first address: 10.0.0.0/24, not 10.0.0.5/24."
  }

  validation {
    condition     = try(tonumber(split("/", var.vlan_cidr)[1]) >= 8 && tonumber(split("/", var.vlan_cidr)[1]) <= 26, true)
    error_message = "The VLAN's network is between /8 and /26."
  }

  # Two networks overlap when one of them, cut to the shorter of both prefixes, is the other.
  validation {
    condition = try(
      cidrhost("${split("/", var.vlan_cidr)[0]}/${min(17, tonumber(split("/", var.vlan_cidr)[1]))}", 0) !=
      cidrhost("192.168.128.0/${min(17, tonumber(split("/", var.vlan_cidr)[1]))}", 0),
      true,
    )
    error_message = "The VLAN's network overlaps 192.168.128.0/17, Linode's private network."
  }
}

variable "admin_cidrs" {
  description = "IPv4 and IPv6 networks from which SSH is allowed, including that of the machine that runs Terraform."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.admin_cidrs) > 0
    error_message = "At least one network must be allowed to use SSH, or nothing can set up the machines."
  }

  validation {
    condition     = alltrue([for cidr in var.admin_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Every network is written with its prefix length, such as 203.0.113.7/32 or 2001:db8::/48."
  }
}

variable "tiers" {
  description = <<-EOT
    The tiers, by keys of up to 8 characters. Each tier gets its own firewall and placement group.
    - `first_host`: host number in the VLAN's network after which the addresses of the tier begin. The tier occupies the next 19
      numbers, and 20 more for every nine slots after the ninth.
    - `nodes`: nodes of the tier, by keys of your choice.
    - `nodes.slot`: position of the node in the address plan, from 1. It must not change. The size of the VLAN and the `first_host` of
      the next tier limit it.
    - `nodes.generation`: number of the node's machine. Odd and even generations have different addresses, so that a new machine can
      exist beside the old one.
    - `inbound`: traffic that may reach the tier from outside the VLAN, besides SSH.
    - `inbound.label`: label of the rule, 3 to 32 characters.
    - `inbound.protocol`: `TCP` or `UDP`.
    - `inbound.ports`: ports and ranges, such as `80, 443, 8000-8010`.
    - `inbound.ipv4`: IPv4 networks that the rule admits.
    - `inbound.ipv6`: IPv6 networks that the rule admits. A rule names at least one network.
  EOT
  type = map(object({
    first_host = number
    nodes = map(object({
      slot       = number
      generation = optional(number, 1)
    }))
    inbound = optional(list(object({
      label    = string
      protocol = optional(string, "TCP")
      ports    = string
      ipv4     = optional(list(string))
      ipv6     = optional(list(string))
    })), [])
  }))
  nullable = false

  validation {
    condition     = alltrue([for tier in keys(var.tiers) : can(regex("^[a-z][a-z0-9]{0,7}$", tier))])
    error_message = "A tier's key has up to 8 lower-case letters and digits."
  }

  validation {
    condition = alltrue(flatten([for tier in var.tiers : [
      for node in tier.nodes : node.slot >= 1 && floor(node.slot) == node.slot
    ]]))
    error_message = "A slot is a whole number from 1."
  }

  validation {
    condition = alltrue([for tier in var.tiers :
      length(distinct([for node in tier.nodes : node.slot])) == length(tier.nodes)
    ])
    error_message = "Two nodes of a tier have the same slot."
  }

  validation {
    condition = alltrue(flatten([for tier in var.tiers : [
      for node in tier.nodes : node.generation >= 1 && floor(node.generation) == node.generation
    ]]))
    error_message = "A generation is a whole number from 1."
  }

  validation {
    condition = alltrue(flatten([for tier in var.tiers : [
      for rule in tier.inbound : length(rule.label) >= 3 && length(rule.label) <= 32 && contains(["TCP", "UDP"], rule.protocol)
    ]]))
    error_message = "An inbound rule has a label of 3 to 32 characters and the protocol TCP or UDP."
  }

  validation {
    condition = alltrue(flatten([for tier in var.tiers : [
      for rule in tier.inbound : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?(, ?[0-9]{1,5}(-[0-9]{1,5})?)*$", rule.ports)) && alltrue([
        for port in regexall("[0-9]+", rule.ports) : tonumber(port) >= 1 && tonumber(port) <= 65535
      ])
    ]]))
    error_message = "The ports of an inbound rule are numbers and ranges with commas between them, such as \"80, 443, 8000-8010\"."
  }

  validation {
    condition = alltrue(flatten([for tier in var.tiers : [
      for rule in tier.inbound : [for network in concat(coalesce(rule.ipv4, []), coalesce(rule.ipv6, [])) : can(cidrhost(network, 0))]
    ]]))
    error_message = "The sources of an inbound rule are networks with a prefix length, such as 203.0.113.0/24 or ::/0."
  }

  validation {
    condition     = alltrue([for tier in var.tiers : tier.first_host >= 1 && floor(tier.first_host) == tier.first_host])
    error_message = "A tier's first host is a whole number from 1."
  }

  # Each tier takes the 19 addresses after its first host, and 20 more for every nine slots after the ninth.
  validation {
    condition = alltrue(flatten([for key, tier in var.tiers : [
      for other, second in var.tiers : key == other || tier.first_host > second.first_host ||
      second.first_host - tier.first_host >= 20 * ceil(max(1, [for node in tier.nodes : node.slot]...) / 9)
    ]]))
    error_message = "The tiers' addresses overlap: the next first host is at least 20 after a tier's own, and 20 more for every nine slots after the ninth."
  }

  validation {
    condition = alltrue(flatten([for tier in var.tiers : [
      for rule in tier.inbound : contains(["TCP", "UDP"], rule.protocol) && length(concat(coalesce(rule.ipv4, []), coalesce(rule.ipv6, []))) > 0
    ]]))
    error_message = "An inbound rule is for TCP or UDP and names at least one network."
  }
}

variable "floating_ips" {
  description = "Addresses that Keepalived will manage, by keys of your choice: the host number of each in the VLAN's network."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = length(distinct(values(var.floating_ips))) == length(var.floating_ips)
    error_message = "Two floating IPs are the same address."
  }
}

variable "tags" {
  description = "Tags of the firewalls."
  type        = set(string)
  default     = []
  nullable    = false
}
