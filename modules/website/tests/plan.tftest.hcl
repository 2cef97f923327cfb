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

mock_provider "ha" {}

variables {
  name            = "shop"
  region          = "us-ord"
  admin_cidrs     = ["203.0.113.7/32"]
  authorized_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0example"]
}

run "nine_machines_and_nothing_known_yet" {
  command = plan

  assert {
    condition     = length(output.nodes.files) == 3 && length(output.nodes.db) == 3 && length(output.nodes.web) == 3
    error_message = "There are three machines in each tier."
  }
}

run "with_wordpress" {
  command = plan

  variables {
    wordpress                   = { admin_email = "admin@example.org", url = "https://shop.example.org" }
    wordpress_admin_password    = "not in the plan"
    wordpress_database_password = "not in the plan either"
    database_passwords          = { shop = "nor this" }
    databases                   = { databases = { shop = {} }, users = { shop = { grants = { "shop.*" = ["ALL"] } } } }
  }

  assert {
    condition     = output.url == "https://shop.example.org"
    error_message = "The site's address is that of its visitors."
  }
}

run "more_nodes_and_a_replaced_one" {
  command = plan

  variables {
    vlan_cidr = "172.20.0.0/16"
    files     = { nodes = { a = { slot = 1 }, b = { slot = 2 }, c = { slot = 3 }, d = { slot = 4 }, e = { slot = 5 }, f = { slot = 6 } } }
    databases = { nodes = { x = { slot = 1 }, y = { slot = 2 }, z = { slot = 3 } }, version = "pxc-84" }
    web       = { nodes = { web1 = { slot = 1, generation = 2 }, web2 = { slot = 2, type = "g6-standard-4" } } }
  }

  assert {
    condition     = length(output.nodes.files) == 6 && length(output.nodes.web) == 2
    error_message = "There are as many machines as were asked for."
  }
}

run "an_arbitrator_and_a_release_of_glusterfs" {
  command = plan

  variables {
    files     = { version = "10.3" }
    databases = { data_volume_size_gb = 20, nodes = { db1 = { slot = 1 }, db2 = { slot = 2 }, vote = { slot = 3, type = "g6-nanode-1", arbitrator = true } } }
  }

  assert {
    condition     = length(output.nodes.db) == 3 && join(",", keys(module.db_instances.volume_ids)) == "db1,db2"
    error_message = "The arbitrator has a volume for data, or a database has none."
  }
}

run "sessions_on_a_volume_that_is_made_by_the_same_apply" {
  command = plan

  variables {
    web = { sessions = "shared", check = { path = "/" } }
  }

  assert {
    condition     = length(output.nodes.web) == 3
    error_message = "There are as many web servers as by default."
  }
}
