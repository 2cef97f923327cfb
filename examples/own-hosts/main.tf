# The whole site on your own hosts: a volume, a database cluster with a floating IP,
# and web servers behind a load balancer of your own.
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

module "files" {
  source = "../../modules/file-tier"

  name                 = "content"
  nodes                = var.files
  clients              = [for node in var.web : node.address]
  allow_root_partition = var.allow_root_partition
}

module "database" {
  source = "../../modules/database-tier"

  name        = "shop"
  nodes       = var.databases
  floating_ip = { address = var.floating_ip }
  databases   = { shop = {} }
  # The account is for the network of the floating IP. With the addresses of the web servers it
  # would be dropped for one that leaves while that still serves pages.
  users          = { shop = { grants = { "shop.*" = ["ALL"] } } }
  user_passwords = { shop = var.shop_password }
}

module "web" {
  source = "../../modules/web-tier"

  name            = "site"
  nodes           = var.web
  document_root   = "/srv/site/www"
  mount           = module.files.mount
  trusted_proxies = var.load_balancers
}
