output "settings" {
  description = "Value for the input `wordpress` of `web-tier`."
  value = {
    url                 = trimsuffix(var.url, "/")
    title               = var.title
    admin_user          = var.admin_user
    admin_email         = var.admin_email
    database_host       = var.database_host
    database_name       = var.database_name
    database_user       = var.database_user
    password_wo_version = var.password_wo_version
    table_prefix        = var.table_prefix
    source_url          = try(var.source_archive.url, null)
    source_sha256       = try(var.source_archive.sha256, null)
    updates             = var.updates
    xmlrpc              = var.xmlrpc
    program_files       = var.program_files

    writable_directories = var.writable_directories
  }
}

output "php_settings" {
  description = "Value for the input `php_settings` of `web-tier`."
  value = {
    upload_max_filesize = "${var.upload_limit_megabytes}M"
    post_max_size       = "${local.post_limit}M"
    memory_limit        = "${local.memory_limit}M"
  }
}

output "databases" {
  description = "Value for the input `databases` of `database-tier`."
  value       = { (var.database_name) = { charset = "utf8mb4", collation = null } }
}

output "users" {
  description = "Value for the input `users` of `database-tier`."
  value = { (var.database_user) = {
    hosts               = var.database_clients
    grants              = { "${var.database_name}.*" = ["ALL"] }
    password_wo_version = var.password_wo_version
  } }
}
