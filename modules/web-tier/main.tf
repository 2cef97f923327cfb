locals {
  backends = { for key, node in var.nodes : key =>
    lookup(var.backend_addresses, key, node.address == null ? node.host : node.address)
  }
}

resource "ha_web_tier" "this" {
  name            = var.name
  nodes           = var.nodes
  document_root   = var.document_root
  mount           = var.mount
  mount_point     = var.mount_point
  server_name     = var.server_name
  server_aliases  = var.server_aliases
  port            = var.port
  health_path     = var.health_path
  check           = var.check
  php             = var.php
  sessions        = var.sessions
  php_settings    = var.php_settings
  php_workers     = var.php_workers
  allow_override  = var.allow_override
  packages        = var.packages
  trusted_proxies = var.trusted_proxies
  nodebalancer    = var.nodebalancer
  backends        = var.backend_addresses
  drain_seconds   = var.drain_seconds
  wordpress = var.wordpress == null ? null : {
    url                  = var.wordpress.url
    title                = var.wordpress.title
    admin_user           = var.wordpress.admin_user
    admin_email          = var.wordpress.admin_email
    admin_password_wo    = var.wordpress_admin_password
    database_host        = var.wordpress.database_host
    database_name        = var.wordpress.database_name
    database_user        = var.wordpress.database_user
    database_password_wo = var.wordpress_database_password
    password_wo_version  = var.wordpress.password_wo_version
    table_prefix         = var.wordpress.table_prefix
    source_url           = var.wordpress.source_url
    source_sha256        = var.wordpress.source_sha256
    updates              = var.wordpress.updates
    xmlrpc               = var.wordpress.xmlrpc
    program_files        = var.wordpress.program_files
    writable_directories = var.wordpress.writable_directories
  }
  restart_trigger = var.restart_trigger
  os              = var.os
  rolling         = var.rolling
  on_destroy      = var.on_destroy
  timeouts        = var.timeouts

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(var.backend_addresses), keys(var.nodes))) == 0
      error_message = "A backend address is for a node that does not exist."
    }

    precondition {
      condition     = var.mount != null || var.mount_point == null
      error_message = "A mount point is of no use without a mount."
    }

    precondition {
      condition     = var.mount_point == null ? true : startswith(var.document_root, "${var.mount_point}/")
      error_message = "The document root does not lie below the mount point."
    }

    precondition {
      condition     = var.wordpress == null || var.php
      error_message = "WordPress needs PHP."
    }
  }
}

# Read from the observation of the refresh, and after the changes of an apply.
data "ha_web_tier" "this" {
  count = var.health_checks ? 1 : 0

  name        = ha_web_tier.this.name
  nodes       = ha_web_tier.this.nodes
  host_keys   = ha_web_tier.this.host_keys
  port        = ha_web_tier.this.port
  health_path = ha_web_tier.this.health_path
}

check "web_tier" {
  assert {
    condition     = alltrue(data.ha_web_tier.this[*].healthy)
    error_message = join(" ", data.ha_web_tier.this[*].summary)
  }
}
