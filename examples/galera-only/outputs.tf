output "floating_ip" {
  description = "Where clients find the database."
  value       = module.database.floating_ip
}

output "members" {
  description = "Nodes that are members of the cluster."
  value       = module.database.members
}
