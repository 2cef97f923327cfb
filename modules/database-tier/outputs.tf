output "floating_ip" {
  description = "The address at which clients reach the database, without prefix length."
  value       = ha_floating_ip.this.ip
}

output "cluster_uuid" {
  description = "Identity of the cluster's history."
  value       = ha_galera_cluster.this.cluster_uuid
}

output "members" {
  description = "Nodes that are members of the cluster."
  value       = ha_galera_cluster.this.members
}

output "version" {
  description = "Version of the server."
  value       = ha_galera_cluster.this.version
}

output "derived_settings" {
  description = "Settings that follow from the machines, by node, with what each follows from."
  value       = ha_galera_cluster.this.derived_settings
}

output "drift" {
  description = "What differs from what is declared, by resource and node. Empty means converged."
  value = {
    cluster     = ha_galera_cluster.this.drift
    floating_ip = ha_floating_ip.this.drift
  }
}
