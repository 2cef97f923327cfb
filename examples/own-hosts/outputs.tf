output "backends" {
  description = "Address and port of each web server, for the load balancer."
  value       = module.web.backends
}

output "floating_ip" {
  description = "Address at which web servers reach the database."
  value       = module.database.floating_ip
}
