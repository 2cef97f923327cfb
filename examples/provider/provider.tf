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

variable "ssh_known_hosts" {
  description = "Content of a known_hosts file with the host keys of the machines, not a path."
  type        = string
}

provider "ha" {
  ssh = {
    user        = "root"
    private_key = var.ssh_private_key
    known_hosts = var.ssh_known_hosts
  }
}

resource "ha_gluster_volume" "content" {
  name       = "content"
  brick_path = "/srv/gluster/content/brick"
  nodes = {
    files1 = { host = "files1.example.org", address = "10.0.0.21" }
    files2 = { host = "files2.example.org", address = "10.0.0.22" }
    files3 = { host = "files3.example.org", address = "10.0.0.23" }
  }
  clients = ["10.0.0.61", "10.0.0.62", "10.0.0.63"]
}
