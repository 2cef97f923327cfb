locals {
  set_size = coalesce(var.disperse, var.replica, 3)
}

resource "ha_gluster_volume" "this" {
  name                 = var.name
  nodes                = var.nodes
  brick_path           = coalesce(var.brick_path, "/srv/gluster/${var.name}/brick")
  replica              = var.replica
  arbiter              = var.arbiter
  disperse             = var.disperse
  redundancy           = var.redundancy
  order                = var.order
  profile              = var.profile
  options              = var.options
  clients              = var.clients
  firewall             = var.firewall
  ping_timeout_seconds = var.ping_timeout_seconds
  allow_root_partition = var.allow_root_partition
  version              = var.glusterfs_version
  restart_trigger      = var.restart_trigger
  os                   = var.os
  rolling              = var.rolling
  split_brain          = var.split_brain
  on_destroy           = var.on_destroy
  protect              = var.protect
  timeouts             = var.timeouts

  lifecycle {
    precondition {
      condition     = length(var.nodes) % local.set_size == 0
      error_message = "${length(var.nodes)} nodes cannot form sets of ${local.set_size}: use a multiple of ${local.set_size} nodes, or set `replica` to the number of copies of each file."
    }

    precondition {
      condition     = var.disperse == null || var.replica == null && var.arbiter == 0
      error_message = "A dispersed volume has neither replicas nor arbiters."
    }

    precondition {
      condition     = var.arbiter == 0 || local.set_size == 3
      error_message = "A set with an arbiter has 3 bricks: 2 copies and the arbiter."
    }

    precondition {
      condition     = var.order == null ? true : sort(var.order) == keys(var.nodes)
      error_message = "The order names every node once."
    }
  }
}

# Read from the observation of the refresh, and after the changes of an apply.
data "ha_gluster_volume" "this" {
  count = var.health_checks ? 1 : 0

  name      = ha_gluster_volume.this.name
  nodes     = ha_gluster_volume.this.nodes
  host_keys = ha_gluster_volume.this.host_keys
}

check "volume" {
  assert {
    condition     = alltrue(data.ha_gluster_volume.this[*].healthy)
    error_message = join(" ", data.ha_gluster_volume.this[*].summary)
  }
}
