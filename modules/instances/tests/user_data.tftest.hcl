mock_provider "linode" {
  mock_resource "linode_instance" {
    defaults = {
      id   = "123"
      ipv4 = ["198.51.100.7"]
    }
  }
}

mock_provider "ha" {
  mock_resource "ha_ssh_host_key" {
    defaults = {
      public_key  = "ssh-ed25519 AAAAofthemachine"
      private_key = "the private key"
    }
  }
}

variables {
  name            = "shop"
  region          = "us-ord"
  authorized_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example"]
  nodes           = { web1 = {} }
}

run "more_is_added_to_the_keys" {
  variables {
    cloud_config = { packages = ["htop"], timezone = "Europe/Berlin" }
  }

  assert {
    condition = jsondecode(trimprefix(base64decode(nonsensitive(linode_instance.this["web1"].metadata[0].user_data)), "#cloud-config\n")) == {
      packages = ["htop"]
      timezone = "Europe/Berlin"
      ssh_keys = { ed25519_private = "the private key", ed25519_public = "ssh-ed25519 AAAAofthemachine" }
    }
    error_message = "The user data lacks the host keys, or what was asked for."
  }
}

run "machines_that_make_their_own_keys" {
  state_key = "own"

  variables {
    generate_host_keys = false
  }

  assert {
    condition     = length(linode_instance.this["web1"].metadata) == 0 && length(ha_ssh_host_key.this) == 0
    error_message = "There is nothing to hand over."
  }

  assert {
    condition     = output.nodes.web1.host_key == null && length(output.known_hosts) == 0
    error_message = "Nobody knows the key of this machine."
  }
}

run "keys_of_the_user" {
  state_key = "theirs"

  variables {
    generate_host_keys = false
    cloud_config       = { ssh_keys = { ed25519_private = "mine", ed25519_public = "ssh-ed25519 AAAAmine" } }
  }

  assert {
    condition     = output.nodes.web1.host_key == "ssh-ed25519 AAAAmine"
    error_message = "A machine's node is pinned to the key that it was given."
  }
}

run "two_sources_of_keys" {
  command = plan

  variables {
    cloud_config = { ssh_keys = { ed25519_private = "mine", ed25519_public = "ssh-ed25519 AAAAmine" } }
  }

  expect_failures = [var.cloud_config]
}

run "keys_that_would_not_be_deleted" {
  command = plan

  variables {
    cloud_config = { ssh_deletekeys = false }
  }

  expect_failures = [var.cloud_config]
}

run "a_file_instead_of_an_object" {
  command = plan

  variables {
    cloud_config = "#cloud-config"
  }

  expect_failures = [var.cloud_config]
}
