resource "linode_nodebalancer_node" "web1" {
  nodebalancer_id = 12345
  config_id       = 67890
  label           = "web1"
  address         = "192.168.128.11:80"

  lifecycle {
    create_before_destroy = true
  }
}

resource "ha_web_arrival" "web1" {
  nodebalancer = { id = 12345, config_id = 67890 }
  address      = linode_nodebalancer_node.web1.address
}
