resource "ha_ssh_host_key" "db1" {
  keepers = { generation = 1 }
}

locals {
  # User data of the machine for cloud-init. JSON is valid YAML.
  user_data = "#cloud-config\n${jsonencode({
    ssh_keys = {
      ed25519_private = ha_ssh_host_key.db1.private_key
      ed25519_public  = ha_ssh_host_key.db1.public_key
    }
  })}"

  # Node of a tier on that machine.
  node = { host = "203.0.113.21", host_key = ha_ssh_host_key.db1.public_key }
}
