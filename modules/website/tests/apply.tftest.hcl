# The values that travel between the modules are known only after an apply, here
# one of mocks.
mock_provider "linode" {
  mock_resource "linode_firewall" {
    defaults = { id = "1" }
  }

  mock_resource "linode_placement_group" {
    defaults = { id = "2" }
  }

  mock_resource "linode_nodebalancer" {
    defaults = { id = "12", ipv4 = "198.51.100.9" }
  }

  mock_resource "linode_nodebalancer_config" {
    defaults = { id = "34" }
  }
}

mock_provider "ha" {
  mock_resource "ha_gluster_volume" {
    defaults = {
      mount = { source = "10.0.0.21:/content", backup_servers = ["10.0.0.22", "10.0.0.23"], options = "acl" }
    }
  }

  mock_resource "ha_floating_ip" {
    defaults = { ip = "10.0.0.10" }
  }
}

override_resource {
  target = module.files_instances.linode_instance.this["files1"]
  values = { id = "101", ipv4 = ["198.51.100.21"] }
}

override_resource {
  target = module.files_instances.linode_instance.this["files2"]
  values = { id = "102", ipv4 = ["198.51.100.22"] }
}

override_resource {
  target = module.files_instances.linode_instance.this["files3"]
  values = { id = "103", ipv4 = ["198.51.100.23"] }
}

override_resource {
  target = module.db_instances.linode_instance.this["db1"]
  values = { id = "201", ipv4 = ["198.51.100.41"] }
}

override_resource {
  target = module.db_instances.linode_instance.this["db2"]
  values = { id = "202", ipv4 = ["198.51.100.42"] }
}

override_resource {
  target = module.db_instances.linode_instance.this["db3"]
  values = { id = "203", ipv4 = ["198.51.100.43"] }
}

override_resource {
  target = module.web_instances.linode_instance.this["web1"]
  values = { id = "301", ipv4 = ["198.51.100.61", "192.168.130.61"], private_ip_address = "192.168.130.61" }
}

override_resource {
  target = module.web_instances.linode_instance.this["web2"]
  values = { id = "302", ipv4 = ["198.51.100.62", "192.168.130.62"], private_ip_address = "192.168.130.62" }
}

override_resource {
  target = module.web_instances.linode_instance.this["web3"]
  values = { id = "303", ipv4 = ["198.51.100.63", "192.168.130.63"], private_ip_address = "192.168.130.63" }
}

variables {
  name                        = "shop"
  region                      = "us-ord"
  admin_cidrs                 = ["203.0.113.7/32"]
  authorized_keys             = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example"]
  wordpress                   = { admin_email = "admin@example.org" }
  wordpress_admin_password    = "not in the state"
  wordpress_database_password = "not in the state either"
  database_passwords          = {}
}

run "the_whole_site" {
  assert {
    condition     = output.url == "http://198.51.100.9" && output.nodebalancer_ipv4 == "198.51.100.9"
    error_message = "Visitors go to the NodeBalancer."
  }

  assert {
    condition     = output.floating_ip == "10.0.0.10"
    error_message = "The database's address is another one."
  }

  assert {
    condition = output.nodes == {
      files = { files1 = "198.51.100.21", files2 = "198.51.100.22", files3 = "198.51.100.23" }
      db    = { db1 = "198.51.100.41", db2 = "198.51.100.42", db3 = "198.51.100.43" }
      web   = { web1 = "198.51.100.61", web2 = "198.51.100.62", web3 = "198.51.100.63" }
    }
    error_message = "The machines' public addresses are mixed up."
  }

  assert {
    condition     = module.web.backends == { web1 = "192.168.130.61:80", web2 = "192.168.130.62:80", web3 = "192.168.130.63:80" }
    error_message = "The NodeBalancer reaches the web servers at their private addresses."
  }

  assert {
    condition     = module.network.nodes.db.db1.address == "10.0.0.41/24" && module.network.floating_ips.db == "10.0.0.10/24"
    error_message = "The address plan is another one."
  }

  assert {
    condition     = module.wordpress[0].settings.url == "http://198.51.100.9" && module.wordpress[0].settings.database_host == "10.0.0.10"
    error_message = "WordPress lives at the NodeBalancer's address and asks the floating IP."
  }

  assert {
    condition     = module.wordpress[0].users.wordpress.hosts == toset(["10.0.0.0/24"])
    error_message = "WordPress's account is for the VLAN alone."
  }
}
