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
