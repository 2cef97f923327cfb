output "urls" {
  description = "URL of each site."
  value       = { for name, site in module.site : name => site.url }
}

output "drift" {
  description = "Differences from the configuration of each site, by tier and node."
  value       = { for name, site in module.site : name => site.drift }
}
