# A replicated GlusterFS volume on your own hosts.
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
  nodes                = var.nodes
  clients              = var.clients
  allow_root_partition = var.allow_root_partition
}
