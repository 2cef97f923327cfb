locals {
  floating_ip   = split("/", var.floating_ip.address)[0]
  prefix_length = try(split("/", var.floating_ip.address)[1], "32")
  clients       = ["${cidrhost(var.floating_ip.address, 0)}/${local.prefix_length}"]
  addresses     = { for key, node in var.nodes : key => node.address == null ? node.host : node.address }
  databases     = [for key, node in var.nodes : key if !coalesce(node.arbitrator, false)]

  # An arbitrator may be the first node of the cluster that is changed, and is none of the floating IP.
  floating_rolling = var.rolling == null ? null : merge(var.rolling, {
    first = var.rolling.first == null ? null : contains(local.databases, var.rolling.first) ? var.rolling.first : null
  })
}

resource "ha_galera_cluster" "this" {
  name     = var.name
  version  = var.engine_version
  nodes    = var.nodes
  settings = var.settings

  provider_options = var.provider_options
  network          = var.network
  firewall         = var.firewall
  clients          = var.clients

  databases = var.databases
  users = { for key, user in var.users : key => {
    name                = user.name
    hosts               = coalesce(user.hosts, local.clients)
    grants              = user.grants
    password_wo         = lookup(var.user_passwords, key, null)
    password_wo_version = user.password_wo_version
  } }
  restart_trigger = var.restart_trigger
  os              = var.os
  rolling         = var.rolling
  recovery        = var.recovery
  on_destroy      = var.on_destroy
  protect         = var.protect
  timeouts        = var.timeouts
}

resource "ha_floating_ip" "this" {
  name                           = var.name
  address                        = var.floating_ip.address
  interface                      = var.floating_ip.interface
  router_id                      = var.floating_ip.router_id
  additional_addresses           = var.floating_ip.additional_addresses
  preempt                        = var.floating_ip.preempt
  auth_secret                    = var.floating_ip_auth_secret
  restart_trigger                = var.floating_ip.restart_trigger
  rolling                        = local.floating_rolling
  advertisement_interval_seconds = var.floating_ip.advertisement_interval_seconds
  # A database in maintenance gives its floating addresses away, so none is declared here.
  # An arbitrator has no database that an address could lead to.
  nodes = { for key, node in var.nodes : key => {
    host     = node.host
    address  = node.address
    port     = node.port
    user     = node.user
    host_key = node.host_key
    priority = lookup(var.floating_ip.priorities, key, null)
  } if contains(local.databases, key) }
  check = {
    galera           = { allow_donor = var.floating_ip.check.allow_donor, allow_read_only = var.floating_ip.check.allow_read_only }
    interval_seconds = var.floating_ip.check.interval_seconds
    timeout_seconds  = var.floating_ip.check.timeout_seconds
    fall             = var.floating_ip.check.fall
    rise             = var.floating_ip.check.rise
  }
  timeouts = var.timeouts

  # No node is fit to hold the address before the cluster is up.
  depends_on = [ha_galera_cluster.this]

  lifecycle {
    precondition {
      condition     = !contains(values(local.addresses), local.floating_ip)
      error_message = "The floating IP ${local.floating_ip} is the address of a node. Choose an address that no machine has."
    }

    # Addresses that are not IPv4 are the provider's to complain about.
    precondition {
      condition = alltrue([for address in values(local.addresses) : try(
        cidrhost("${address}/${local.prefix_length}", 0) == cidrhost(var.floating_ip.address, 0),
        true,
      )])
      error_message = "The floating IP ${var.floating_ip.address} is not in the network of the nodes' addresses."
    }
  }
}

# Read from the observation of the refresh, and after the changes of an apply.
data "ha_galera_cluster" "this" {
  count = var.health_checks ? 1 : 0

  name      = ha_galera_cluster.this.name
  version   = ha_galera_cluster.this.version
  nodes     = ha_galera_cluster.this.nodes
  host_keys = ha_galera_cluster.this.host_keys

  # A machine that the floating IP has yet to leave is a member until then.
  depends_on = [ha_floating_ip.this]
}

data "ha_floating_ip" "this" {
  count = var.health_checks ? 1 : 0

  name      = ha_floating_ip.this.name
  nodes     = ha_floating_ip.this.nodes
  host_keys = ha_floating_ip.this.host_keys
}

check "cluster" {
  assert {
    condition     = alltrue(data.ha_galera_cluster.this[*].healthy)
    error_message = join(" ", data.ha_galera_cluster.this[*].summary)
  }
}

check "floating_ip" {
  assert {
    condition     = alltrue(data.ha_floating_ip.this[*].healthy)
    error_message = join(" ", data.ha_floating_ip.this[*].summary)
  }
}
