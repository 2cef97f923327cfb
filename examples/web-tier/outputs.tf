output "backends" {
  description = "Address and port of each web server, for the load balancer."
  value       = module.web.backends
}

output "health_path" {
  description = "Path for the load balancer's health check."
  value       = module.web.health_path
}
