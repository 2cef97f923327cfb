resource "ha_ssh_host_key" "db1" {
  keepers = { generation = 1 }
}

locals {
  # What cloud-init needs, for the user data of the machine. JSON is YAML.
  user_data = "#cloud-config\n${jsonencode({
    ssh_keys = {
      ed25519_private = ha_ssh_host_key.db1.private_key
      ed25519_public  = ha_ssh_host_key.db1.public_key
    }
  })}"

  # And the node of a tier that the machine is.
  node = { host = "203.0.113.21", host_key = ha_ssh_host_key.db1.public_key }
}
