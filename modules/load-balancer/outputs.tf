output "nodebalancer" {
  description = "Ids of the NodeBalancer and of its configuration, as `web-tier` and `backends` take them."
  value = {
    id        = tonumber(linode_nodebalancer.this.id)
    config_id = tonumber(linode_nodebalancer_config.this.id)
  }
}

output "ipv4" {
  description = "Public IPv4 address, for DNS."
  value       = linode_nodebalancer.this.ipv4
}

output "ipv6" {
  description = "Public IPv6 address, for DNS."
  value       = linode_nodebalancer.this.ipv6
}

output "url" {
  description = "Address of the site as long as it has no name."
  value = format("%s://%s%s", local.tls ? "https" : "http", linode_nodebalancer.this.ipv4,
  local.port == (local.tls ? 443 : 80) ? "" : ":${local.port}")
}
