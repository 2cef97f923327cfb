# A database cluster with a floating IP on your own hosts.
terraform {
  required_version = ">= 1.11"

  required_providers {
    ha = {
      source  = "terraform-ha/ha"
      version = ">= 0.1.0"
    }
  }
}

# The environment variables HA_SSH_PRIVATE_KEY and HA_SSH_KNOWN_HOSTS have the
# contents of a private key and of a known_hosts file; HA_SSH_USER is root by default.
provider "ha" {}

module "database" {
  source = "../../modules/database-tier"

  name           = "shop"
  nodes          = var.nodes
  floating_ip    = { address = var.floating_ip }
  settings       = { innodb_buffer_pool_size = var.buffer_pool_size }
  databases      = { shop = {} }
  users          = { shop = { grants = { "shop.*" = ["ALL"] } } }
  user_passwords = { shop = var.shop_password }
}
