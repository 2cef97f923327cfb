terraform {
  required_version = ">= 1.11"

  required_providers {
    ha = {
      source  = "terraform-ha/ha"
      version = ">= 0.1.0"
    }
  }
}

variable "ssh_private_key" {
  description = "Private SSH key: its content, not a path."
  type        = string
  sensitive   = true
  ephemeral   = true
}

provider "ha" {
  ssh = {
    user            = "root"
    private_key     = var.ssh_private_key
    host_key_policy = "accept-new"
  }
}
