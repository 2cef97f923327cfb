mock_provider "linode" {
  override_resource {
    target = linode_volume.data["web2-g2"]
    values = { id = "42", filesystem_path = "/dev/disk/by-id/scsi-0Linode_Volume_shop-web2-g2" }
  }

  mock_resource "linode_instance" {
    defaults = {
      id                 = "123"
      ipv4               = ["192.168.130.4", "198.51.100.7"]
      private_ip_address = "192.168.130.4"
    }
  }
}

mock_provider "ha" {
  mock_resource "ha_ssh_host_key" {
    defaults = {
      public_key  = "ssh-ed25519 AAAAofthemachine"
      private_key = "the private key\n"
    }
  }
}

variables {
  name            = "shop"
  region          = "us-ord"
  vlan_label      = "shop"
  authorized_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example someone@example.org\n"]
  nodes = {
    web1 = { address = "10.0.0.61/24" }
    web2 = { address = "10.0.0.72/24", generation = 2, type = "g6-standard-4" }
  }
}

run "machines_are_as_the_tiers_need_them" {
  command = plan

  variables {
    private_ip         = true
    placement_group_id = "77"
    firewall_id        = "88"
  }

  assert {
    condition     = linode_instance.this["web1"].image == "linode/debian12" && linode_instance.this["web1"].type == "g6-standard-1"
    error_message = "The default image or type is another one."
  }

  assert {
    condition     = linode_instance.this["web2-g2"].type == "g6-standard-4"
    error_message = "A node's own type does not count."
  }

  assert {
    condition = (
      linode_instance.this["web1"].interface[0].purpose == "public" &&
      linode_instance.this["web1"].interface[1].purpose == "vlan" &&
      linode_instance.this["web1"].interface[1].label == "shop" &&
      linode_instance.this["web1"].interface[1].ipam_address == "10.0.0.61/24"
    )
    error_message = "eth0 is public and eth1 is the VLAN, with the planned address."
  }

  assert {
    condition = (
      linode_instance.this["web1"].private_ip &&
      linode_instance.this["web1"].placement_group[0].id == 77 &&
      linode_instance.this["web1"].firewall_id == 88
    )
    error_message = "The private address, the placement group or the firewall is missing."
  }

  assert {
    condition     = linode_instance.this["web1"].authorized_keys[0] == "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example someone@example.org"
    error_message = "The line break at a key's end is not part of it."
  }
}

run "each_generation_has_its_own_label" {
  command = plan

  assert {
    condition     = linode_instance.this["web1"].label == "shop-web1" && linode_instance.this["web2-g2"].label == "shop-web2-g2"
    error_message = "A replacement is made beside the old machine, so its label is another one."
  }
}

run "without_extras" {
  command = plan

  variables {
    vlan_label = null
    nodes      = { web1 = {} }
  }

  assert {
    condition     = length(linode_instance.this["web1"].interface) == 1 && length(linode_instance.this["web1"].placement_group) == 0
    error_message = "Nothing but a public interface was asked for."
  }
}

run "no_lock_unless_asked_for" {
  command = plan

  assert {
    condition     = length(linode_lock.this) == 0
    error_message = "Locks are for those who ask for them: they need the beta of the API."
  }
}

run "locked_and_backed_up" {
  command = plan

  variables {
    backups   = true
    lock_type = "cannot_delete"
  }

  assert {
    condition = (
      linode_instance.this["web2-g2"].backups_enabled &&
      linode_lock.this["web2-g2"].lock_type == "cannot_delete" &&
      linode_lock.this["web2-g2"].entity_type == "linode"
    )
    error_message = "Each machine has a lock and backups."
  }
}

run "no_volume_unless_asked_for" {
  assert {
    condition     = length(linode_volume.data) == 0 && output.nodes.web1.data_device == null
    error_message = "Volumes are for those who ask for them."
  }
}

run "a_volume_of_each_machine" {
  variables {
    data_volume_size_gb = 50
  }

  assert {
    condition = (
      linode_volume.data["web1"].label == "shop-web1" &&
      linode_volume.data["web2-g2"].label == "shop-web2-g2" &&
      linode_volume.data["web2-g2"].size == 50 &&
      linode_volume.data["web2-g2"].linode_id == 123 &&
      linode_volume.data["web2-g2"].region == "us-ord"
    )
    error_message = "Each machine has a volume of its own, and each generation too."
  }

  assert {
    condition     = output.nodes.web2.data_device == "/dev/disk/by-id/scsi-0Linode_Volume_shop-web2-g2"
    error_message = "The tiers learn of the device."
  }
}

run "nodes_have_a_host_and_an_address" {
  variables {
    private_ip = true
  }

  assert {
    condition     = output.nodes.web1.host == "198.51.100.7" && output.nodes.web1.address == "10.0.0.61"
    error_message = "SSH goes to the public address, peers to that of the VLAN."
  }

  assert {
    condition     = output.nodes.web1.host_key == "ssh-ed25519 AAAAofthemachine" && output.known_hosts[0] == "198.51.100.7 ssh-ed25519 AAAAofthemachine"
    error_message = "A machine's node is pinned to the key that it was given."
  }

  assert {
    condition = nonsensitive(linode_instance.this["web1"].metadata[0].user_data) == base64encode(
      "#cloud-config\n{\"ssh_keys\":{\"ed25519_private\":\"the private key\\n\",\"ed25519_public\":\"ssh-ed25519 AAAAofthemachine\"}}",
    )
    error_message = "The user data has the host keys and nothing else."
  }

  assert {
    condition     = length(ha_ssh_host_key.this) == 2 && contains(keys(ha_ssh_host_key.this), "web2-g2")
    error_message = "A replacement has a key of its own."
  }

  assert {
    condition     = output.private_ips.web1 == "192.168.130.4" && output.public_ips.web1 == "198.51.100.7"
    error_message = "The public and the private address are mixed up."
  }
}

run "a_changed_image_or_key_replaces_no_machine" {
  command = plan

  variables {
    private_ip      = true
    image           = "linode/debian13"
    authorized_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIotherexample"]
  }

  assert {
    condition     = linode_instance.this["web1"].id == "123" && linode_instance.this["web1"].image == "linode/debian12"
    error_message = "A changed variable would replace every machine of a tier at once."
  }
}

run "what_a_machine_was_given_stays_true" {
  command = plan

  variables {
    private_ip         = true
    generate_host_keys = false
    cloud_config       = { packages = ["htop"] }
  }

  assert {
    condition     = length(ha_ssh_host_key.this) == 0 && linode_instance.this["web1"].id == "123"
    error_message = "Other user data would replace every machine of a tier at once."
  }

  assert {
    condition     = output.nodes.web1.host_key == "ssh-ed25519 AAAAofthemachine"
    error_message = "The machine still has the key that it was made with."
  }
}
