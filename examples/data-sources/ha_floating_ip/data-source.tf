data "ha_floating_ip" "db" {
  name      = ha_floating_ip.db.name
  nodes     = ha_floating_ip.db.nodes
  host_keys = ha_floating_ip.db.host_keys
}

check "floating_ip" {
  assert {
    condition     = data.ha_floating_ip.db.healthy
    error_message = data.ha_floating_ip.db.summary
  }
}

output "database_node" {
  value = data.ha_floating_ip.db.holder
}
