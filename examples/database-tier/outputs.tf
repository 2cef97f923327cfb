output "floating_ip" {
  description = "Address at which clients reach the database."
  value       = module.database.floating_ip
}

output "members" {
  description = "Nodes that are members of the cluster."
  value       = module.database.members
}
