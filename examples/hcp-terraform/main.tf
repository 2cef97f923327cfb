# A site on Linode, applied by HCP Terraform.
terraform {
  required_version = ">= 1.11"

  cloud {
    organization = "example"

    workspaces {
      name = "website"
    }
  }

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

# Environment variables of the workspace: LINODE_TOKEN, and HA_SSH_PRIVATE_KEY in base64.
provider "linode" {}

provider "ha" {}

module "website" {
  source = "../../modules/website"

  name            = "website"
  region          = "us-ord"
  admin_cidrs     = var.admin_cidrs
  authorized_keys = [var.ssh_public_key]
  protect         = true

  wordpress                   = { admin_email = var.admin_email }
  wordpress_admin_password    = var.wordpress_admin_password
  wordpress_database_password = var.wordpress_database_password
}
