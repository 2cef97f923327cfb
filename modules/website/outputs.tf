output "url" {
  description = "URL of the site."
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
  description = "Public IPv4 addresses of the Linodes of each tier."
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
  description = "Generated host keys of the Linodes, as a `known_hosts` file, for other SSH clients and for `HA_SSH_KNOWN_HOSTS` during an import."
  value       = join("\n", concat(module.files_instances.known_hosts, module.db_instances.known_hosts, module.web_instances.known_hosts))
}

output "drift" {
  description = "Differences from the configuration of each tier, by node. Empty if there are none."
  value = {
    files    = module.files.drift
    database = module.database.drift
    web      = module.web.drift
  }
}

output "health" {
  description = "Health of each tier, as `files`, `database`, `floating_ip` and `web`: `healthy`, `summary` and `problems`. It changes only when the health does, so that it can be an output of the configuration. Null unless `health_checks` is set."
  value = !var.health_checks ? null : {
    for tier, health in {
      files       = module.files.health
      database    = try(module.database.health.cluster, null)
      floating_ip = try(module.database.health.floating_ip, null)
      web         = module.web.health
    } : tier => health == null ? null : { healthy = health.healthy, summary = health.summary, problems = health.problems }
  }
}
