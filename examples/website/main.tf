# LINODE_TOKEN has the token. LINODE_URL selects another API, such as the lab's.
provider "linode" {}

provider "ha" {
  ssh = {
    user        = "root"
    private_key = var.ssh_private_key
  }
}

module "website" {
  source = "../../modules/website"

  name            = var.name
  region          = var.region
  admin_cidrs     = var.admin_cidrs
  authorized_keys = [var.ssh_public_key]
  image           = var.image

  files = {
    nodes                = var.file_nodes
    type                 = var.file_node_type
    allow_root_partition = var.allow_root_partition
    os                   = var.os
  }
  databases = {
    nodes    = var.database_nodes
    type     = var.database_node_type
    settings = var.database_settings
    os       = var.os

    data_volume_size_gb = var.database_volume_size_gb
    recovery            = var.database_recovery
  }
  web = {
    nodes       = var.web_nodes
    type        = var.web_node_type
    server_name = var.server_name
    os          = var.os
  }
  tls_certificate = var.tls_certificate
  tls_private_key = var.tls_private_key

  wordpress = !var.wordpress ? null : {
    title          = var.wordpress_title
    url            = var.wordpress_url
    admin_email    = var.wordpress_admin_email
    source_archive = var.wordpress_source_archive
  }
  wordpress_admin_password    = var.wordpress_admin_password
  wordpress_database_password = var.wordpress_database_password

  on_destroy = var.on_destroy
  protect    = var.protect
  timeouts   = var.timeouts

  health_checks = var.health_checks
}
