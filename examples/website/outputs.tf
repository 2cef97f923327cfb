output "url" {
  description = "Address of the site."
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
  description = "For each tier, its machines' public IPv4 addresses."
  value       = module.website.nodes
}

output "known_hosts" {
  description = "Host keys of the machines, as a file of known_hosts."
  value       = module.website.known_hosts
}
