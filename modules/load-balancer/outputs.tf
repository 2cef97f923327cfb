output "nodebalancer" {
  description = "IDs of the NodeBalancer and of its configuration, for the inputs `nodebalancer` of `web-tier` and `backends`."
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
  description = "URL of the site by the NodeBalancer's IPv4 address."
  value = format("%s://%s%s", local.tls ? "https" : "http", linode_nodebalancer.this.ipv4,
  local.port == (local.tls ? 443 : 80) ? "" : ":${local.port}")
}
