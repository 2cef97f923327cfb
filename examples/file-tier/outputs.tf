output "mount" {
  description = "Source, backup servers and options for mounting the volume."
  value       = module.files.mount
}
