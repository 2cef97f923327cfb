# Another address is another backend: the new one is there, and takes visitors, before
# the one that the web tier has drained is taken away.
resource "terraform_data" "address" {
  for_each = var.backends

  input = each.value
}

resource "linode_nodebalancer_node" "this" {
  for_each = var.backends

  nodebalancer_id = var.nodebalancer.id
  config_id       = var.nodebalancer.config_id
  label           = each.key
  address         = each.value
  weight          = lookup(var.weights, each.key, 100)
  mode            = "accept"

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.address[each.key]]
    # The web tier drains a node while it works on it, and takes that back itself. What
    # an operator has set, to keep visitors away, stays.
    ignore_changes = [mode]
  }
}

# It has Terraform wait for the NodeBalancer to see a new backend before the one that it replaces is
# removed: that is done after the change of what refers to the new one.
resource "ha_web_arrival" "this" {
  for_each = var.backends

  nodebalancer = { id = var.nodebalancer.id, config_id = var.nodebalancer.config_id }
  address      = linode_nodebalancer_node.this[each.key].address
}
