# One for each machine of the web tier, by a key that changes with the machine.
resource "ha_web_departure" "this" {
  for_each = {
    web1-g2 = "203.0.113.11"
    web2-g1 = "203.0.113.12"
  }

  name = "shop"
  host = each.value

  lifecycle {
    create_before_destroy = true
  }
}

# The backends are taken away before the wait, and the machines end after it.
resource "linode_nodebalancer_node" "this" {
  for_each = {
    web1 = "192.168.128.11:80"
    web2 = "192.168.128.12:80"
  }

  nodebalancer_id = 12345
  config_id       = 67890
  label           = each.key
  address         = each.value

  depends_on = [ha_web_departure.this]

  lifecycle {
    create_before_destroy = true
  }
}
