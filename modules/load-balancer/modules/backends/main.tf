resource "linode_nodebalancer_node" "this" {
  for_each = var.backends

  nodebalancer_id = var.nodebalancer.id
  config_id       = var.nodebalancer.config_id
  label           = each.key
  address         = each.value
  weight          = lookup(var.weights, each.key, 100)
  # The web tier drains a node while it works on it, and sets it back to this.
  mode = "accept"
}
