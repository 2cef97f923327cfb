output "url" {
  description = "URL of the site."
  value       = module.website.url
}

output "nodebalancer_ipv4" {
  description = "Public address of the NodeBalancer, for DNS."
  value       = module.website.nodebalancer_ipv4
}

output "floating_ip" {
  description = "Address of the database in the VLAN."
  value       = module.website.floating_ip
}

output "nodes" {
  description = "Public IPv4 addresses of the Linodes of each tier."
  value       = module.website.nodes
}

output "known_hosts" {
  description = "Host keys of the Linodes, as a known_hosts file."
  value       = module.website.known_hosts
}

output "health" {
  description = "Health of each tier. Null unless `health_checks` is set."
  value       = module.website.health
}
