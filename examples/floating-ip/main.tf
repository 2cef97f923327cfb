# An address that moves between your own hosts with a service that is already there.
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

resource "ha_floating_ip" "proxy" {
  name    = "proxy"
  address = var.address
  nodes   = var.nodes
  check   = { tcp = { port = var.port }, interval_seconds = 1, fall = 3 }
}
