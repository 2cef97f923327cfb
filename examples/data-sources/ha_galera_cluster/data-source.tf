data "ha_galera_cluster" "shop" {
  name      = ha_galera_cluster.shop.name
  version   = ha_galera_cluster.shop.version
  nodes     = ha_galera_cluster.shop.nodes
  host_keys = ha_galera_cluster.shop.host_keys
}

check "database" {
  assert {
    condition     = data.ha_galera_cluster.shop.healthy
    error_message = data.ha_galera_cluster.shop.summary
  }
}

# A limit of your own.
check "replication_lag" {
  assert {
    condition     = alltrue([for node in data.ha_galera_cluster.shop.status : coalesce(node.receive_queue, 0) < 1000])
    error_message = "A node applies changes too slowly."
  }
}
