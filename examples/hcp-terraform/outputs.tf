output "url" {
  description = "URL of the site."
  value       = module.website.url
}
