output "url" {
  description = "Address of the site."
  value       = try(coalesce(var.wordpress.url), module.load_balancer.url)

  # Known at once, but of use only when visitors are let in.
  depends_on = [module.backends]
}

output "nodebalancer_ipv4" {
  description = "Public IPv4 address of the NodeBalancer, for DNS."
  value       = module.load_balancer.ipv4
}

output "nodebalancer_ipv6" {
  description = "Public IPv6 address of the NodeBalancer, for DNS."
  value       = module.load_balancer.ipv6
}

output "floating_ip" {
  description = "Address of the database in the VLAN."
  value       = module.database.floating_ip
}

output "nodes" {
  description = "For each tier, its machines' public IPv4 addresses."
  value = {
    files = module.files_instances.public_ips
    db    = module.db_instances.public_ips
    web   = module.web_instances.public_ips
  }

  precondition {
    condition     = length(setintersection(keys(var.files.nodes), keys(var.databases.nodes))) == 0 && length(setintersection(keys(var.files.nodes), keys(var.web.nodes))) == 0 && length(setintersection(keys(var.databases.nodes), keys(var.web.nodes))) == 0
    error_message = "Two tiers have a node of the same name. Labels of Linodes are made of these names and are unique."
  }
}

output "known_hosts" {
  description = "The host keys that the machines were given, as a file of known_hosts: for `ssh` by hand, and for `HA_SSH_KNOWN_HOSTS` where a resource is imported."
  value       = join("\n", concat(module.files_instances.known_hosts, module.db_instances.known_hosts, module.web_instances.known_hosts))
}

output "drift" {
  description = "For each tier, what differs from what is declared, by node. Empty means converged."
  value = {
    files    = module.files.drift
    database = module.database.drift
    web      = module.web.drift
  }
}
