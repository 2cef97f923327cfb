output "floating_ip" {
  description = "Address at which clients reach the database, without prefix length."
  value       = ha_floating_ip.this.ip
}

output "cluster_uuid" {
  description = "UUID of the cluster's history."
  value       = ha_galera_cluster.this.cluster_uuid
}

output "members" {
  description = "Nodes that are members of the cluster."
  value       = ha_galera_cluster.this.members
}

output "server_version" {
  description = "Version of the server."
  value       = ha_galera_cluster.this.server_version
}

output "derived_settings" {
  description = "Settings that are derived from the machines, by node, with the value they are derived from."
  value       = ha_galera_cluster.this.derived_settings
}

output "drift" {
  description = "Differences from the configuration, by resource and node. Empty if there are none."
  value = {
    cluster     = ha_galera_cluster.this.drift
    floating_ip = ha_floating_ip.this.drift
  }
}

output "health" {
  description = "Health of the cluster and of the floating IP, as `cluster` and `floating_ip`: `healthy`, `summary`, `problems`, and `status` by node; of the floating IP also its `holder`. Null unless `health_checks` is set."
  value = !var.health_checks ? null : {
    cluster = one([for seen in data.ha_galera_cluster.this : {
      healthy  = seen.healthy
      summary  = seen.summary
      problems = seen.problems
      status   = seen.status
    }])
    floating_ip = one([for seen in data.ha_floating_ip.this : {
      healthy  = seen.healthy
      summary  = seen.summary
      problems = seen.problems
      status   = seen.status
      holder   = seen.holder
    }])
  }
}
