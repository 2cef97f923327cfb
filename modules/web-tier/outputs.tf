output "backends" {
  description = "Address and port of each node, for a load balancer. It is known after the nodes can serve."
  value       = { for key, address in local.backends : key => "${address}:${var.port}" }
  depends_on  = [ha_web_tier.this]
}

output "health_path" {
  description = "Path for the load balancer's health check."
  value       = var.health_path
}

output "drift" {
  description = "Differences from the configuration, by node. Empty if there are none."
  value       = ha_web_tier.this.drift
}

output "health" {
  description = "Health of the tier: `healthy`, `summary`, `problems`, and `status` by node. Null unless `health_checks` is set."
  value = one([for seen in data.ha_web_tier.this : {
    healthy  = seen.healthy
    summary  = seen.summary
    problems = seen.problems
    status   = seen.status
  }])
}
