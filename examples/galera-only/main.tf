# A database cluster with a floating IP on machines of your own: no Linode, no
# cloud, only SSH.
terraform {
  required_version = ">= 1.11"

  required_providers {
    ha = {
      source  = "terraform-ha/ha"
      version = ">= 0.1.0"
    }
  }
}

provider "ha" {
  ssh = {
    user        = var.ssh_user
    private_key = var.ssh_private_key
    known_hosts = var.known_hosts
  }
}

module "database" {
  source = "../../modules/database-tier"

  name           = "shop"
  nodes          = var.nodes
  floating_ip    = { address = var.floating_ip }
  settings       = { innodb_buffer_pool_size = "1G" }
  databases      = { shop = {} }
  users          = { shop = { grants = { "shop.*" = ["ALL"] } } }
  user_passwords = { shop = var.shop_password }
}
