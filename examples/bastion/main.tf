# Hosts of a private network, which are reached through a bastion.
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
    user        = "root"
    private_key = var.ssh_private_key
    known_hosts = var.known_hosts
    # Further elements are further hops, in this order.
    bastions = [{
      host        = var.bastion.host
      user        = var.bastion.user
      host_key    = var.bastion.host_key
      private_key = var.bastion_private_key
    }]
  }
}

module "files" {
  source = "../../modules/file-tier"

  name                 = "content"
  nodes                = var.nodes
  allow_root_partition = var.allow_root_partition
}
