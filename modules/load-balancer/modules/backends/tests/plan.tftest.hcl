mock_provider "linode" {}

mock_provider "ha" {}

variables {
  nodebalancer = { id = 12, config_id = 34 }
  backends     = { web1 = "192.168.130.1:80", web2 = "192.168.255.2:80" }
}

run "every_backend_accepts" {
  command = plan

  variables {
    weights = { web2 = 50 }
  }

  assert {
    condition = alltrue([for node in linode_nodebalancer_node.this :
      node.nodebalancer_id == 12 && node.config_id == 34 && node.mode == "accept"
    ])
    error_message = "A backend belongs to another configuration, or takes no visitors."
  }

  assert {
    condition     = linode_nodebalancer_node.this["web1"].label == "web1" && linode_nodebalancer_node.this["web1"].address == "192.168.130.1:80"
    error_message = "The backend is another one."
  }

  assert {
    condition     = linode_nodebalancer_node.this["web1"].weight == 100 && linode_nodebalancer_node.this["web2"].weight == 50
    error_message = "The weights are other ones."
  }
}

run "before_a_replacement" {}

run "another_address_is_another_backend" {
  variables {
    backends = { web1 = "192.168.130.9:80", web2 = "192.168.255.2:80" }
  }

  assert {
    condition     = output.node_ids["web1"] != run.before_a_replacement.node_ids["web1"]
    error_message = "The backend of the old Linode was changed in place, with the mode that it was drained by."
  }

  assert {
    condition     = output.node_ids["web2"] == run.before_a_replacement.node_ids["web2"]
    error_message = "A backend was replaced whose address is the same."
  }
}
