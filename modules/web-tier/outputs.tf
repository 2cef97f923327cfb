output "backends" {
  description = "Address and port of each node, for a load balancer. What uses it comes after the tier: no visitor is sent to a node that cannot serve yet."
  value       = { for key, address in local.backends : key => "${address}:${var.port}" }
  depends_on  = [ha_web_tier.this]
}

output "health_path" {
  description = "Path for the load balancer's health check."
  value       = var.health_path
}

output "drift" {
  description = "What differs from what is declared, by node. Empty means converged."
  value       = ha_web_tier.this.drift
}
