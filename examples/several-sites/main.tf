# Several sites on Linode in one configuration, each with its own network.
terraform {
  required_version = ">= 1.11"

  required_providers {
    ha = {
      source  = "terraform-ha/ha"
      version = ">= 0.1.0"
    }
    linode = {
      source  = "linode/linode"
      version = ">= 3.0"
    }
  }
}

# LINODE_TOKEN has the token, and HA_SSH_PRIVATE_KEY the private key that belongs to
# ssh_public_key.
provider "linode" {}

provider "ha" {}

module "site" {
  source   = "../../modules/website"
  for_each = var.sites

  name            = each.key
  region          = each.value.region
  admin_cidrs     = var.admin_cidrs
  authorized_keys = [var.ssh_public_key]
  protect         = each.value.protect

  web = {
    nodes       = { for number in range(1, each.value.web_servers + 1) : "web${number}" => { slot = number } }
    server_name = each.value.server_name
  }
  databases = {
    databases = { app = {} }
    users     = { app = { grants = { "app.*" = ["ALL"] } } }
  }
  database_passwords = { app = var.database_passwords[each.key] }
}
