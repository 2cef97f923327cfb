locals {
  set_size = coalesce(var.replica, var.type == "replicate" ? length(var.nodes) : 3)
}

resource "ha_gluster_volume" "this" {
  name                 = var.name
  nodes                = var.nodes
  brick_path           = coalesce(var.brick_path, "/srv/gluster/${var.name}/brick")
  brick_paths          = var.brick_paths
  type                 = var.type
  replica              = var.replica
  disperse             = var.disperse
  redundancy           = var.redundancy
  order                = var.order
  profile              = var.profile
  options              = var.options
  clients              = var.clients
  firewall             = var.firewall
  ping_timeout_seconds = var.ping_timeout_seconds
  allow_root_partition = var.allow_root_partition
  on_destroy           = var.on_destroy
  protect              = var.protect
  timeouts             = var.timeouts

  lifecycle {
    precondition {
      condition     = var.type != "replicate" || local.set_size % 2 == 1
      error_message = "A replicated volume on ${length(var.nodes)} nodes can be cut into two equal halves, neither of which may write. Use an odd number of nodes, or type `arbiter`."
    }

    precondition {
      condition     = !contains(["distributed-replicate", "arbiter"], var.type) || length(var.nodes) % local.set_size == 0
      error_message = "${length(var.nodes)} nodes cannot form sets of ${local.set_size}."
    }

    precondition {
      condition     = var.order == null ? true : sort(var.order) == keys(var.nodes)
      error_message = "The order names every node once."
    }
  }
}
