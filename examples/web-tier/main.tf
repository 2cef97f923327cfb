# Web servers on your own hosts, behind a load balancer of your own.
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

module "web" {
  source = "../../modules/web-tier"

  name            = "shop"
  nodes           = var.nodes
  document_root   = "/srv/www/shop"
  mount           = var.mount
  server_name     = var.server_name
  trusted_proxies = var.load_balancers
  os              = { updates = "security", reboot = "if-required" }
}
