mock_provider "ha" {}

variables {
  name = "shop"
  nodes = {
    db1 = { host = "db1.example.org", address = "10.0.0.41" }
    db2 = { host = "db2.example.org", address = "10.0.0.42" }
    db3 = { host = "db3.example.org", address = "10.0.0.43" }
  }
  floating_ip = { address = "10.0.0.10/24" }
}

run "cluster_and_floating_ip" {
  command = plan

  variables {
    settings  = { innodb_buffer_pool_size = "512M" }
    databases = { shop = { charset = "utf8mb4" } }
    users = {
      shop   = { hosts = ["10.0.0.61", "10.1.0.0/16"], grants = { "shop.*" = ["ALL"] }, password_wo_version = 3 }
      report = {}
      reader = { name = "shop", hosts = ["10.0.0.63"], grants = { "shop.*" = ["SELECT"] } }
    }
    user_passwords          = { shop = "not in the state", report = "nor is this", reader = "nor this" }
    floating_ip_auth_secret = "12345678"
  }

  assert {
    condition     = ha_galera_cluster.this.version == "mariadb" && ha_galera_cluster.this.on_destroy == "keep" && !ha_galera_cluster.this.protect
    error_message = "A default of the cluster is another one."
  }

  assert {
    condition = (
      ha_galera_cluster.this.users["shop"].hosts == toset(["10.0.0.61", "10.1.0.0/16"]) &&
      ha_galera_cluster.this.users["report"].hosts == toset(["10.0.0.0/24"]) &&
      ha_galera_cluster.this.users["reader"].name == "shop" &&
      ha_galera_cluster.this.users["shop"].password_wo_version == 3 &&
      ha_galera_cluster.this.users["shop"].grants["shop.*"] == tolist(["ALL"])
    )
    error_message = "The account is not the one that was asked for."
  }

  assert {
    condition     = ha_galera_cluster.this.users["shop"].password_wo == null
    error_message = "A password got into the plan."
  }

  assert {
    condition = (
      ha_floating_ip.this.address == "10.0.0.10/24" &&
      ha_floating_ip.this.check.galera != null &&
      ha_floating_ip.this.check.fall == 2 &&
      keys(ha_floating_ip.this.nodes) == keys(ha_galera_cluster.this.nodes)
    )
    error_message = "The floating IP moves between the cluster's nodes, by their state in it."
  }
}

run "hosts_that_are_not_linodes" {
  command = plan

  variables {
    nodes = {
      a = { host = "192.0.2.1", port = 2222, user = "admin" }
      b = { host = "192.0.2.2", settings = { innodb_buffer_pool_size = "256M" } }
      c = { host = "192.0.2.3" }
    }
    floating_ip = { address = "192.0.2.20/24", interface = "ens3", router_id = 7 }
    protect     = true
  }

  assert {
    condition     = ha_floating_ip.this.interface == "ens3" && ha_floating_ip.this.router_id == 7 && ha_galera_cluster.this.nodes["a"].port == 2222
    error_message = "What was said about the machines got lost."
  }

  assert {
    condition     = ha_galera_cluster.this.nodes["b"].settings["innodb_buffer_pool_size"] == "256M" && ha_galera_cluster.this.nodes["a"].settings == null
    error_message = "A setting is for the node that it was given to."
  }

  assert {
    condition     = ha_galera_cluster.this.protect
    error_message = "The cluster is not protected."
  }
}

run "the_packet_filter_follows_the_accounts" {
  command = plan

  variables {
    user_passwords = {}
  }

  assert {
    condition     = ha_galera_cluster.this.firewall == "managed" && ha_galera_cluster.this.clients == null
    error_message = "The packet filter is not on, or does not follow the accounts."
  }
}

run "the_packet_filter_is_as_told" {
  command = plan

  variables {
    user_passwords = {}
    firewall       = "none"
    clients        = ["10.0.0.61", "10.9.0.0/16"]
  }

  assert {
    condition     = ha_galera_cluster.this.firewall == "none" && ha_galera_cluster.this.clients == toset(["10.0.0.61", "10.9.0.0/16"])
    error_message = "What was said about the packet filter got lost."
  }
}

run "clients_get_the_address_alone" {
  variables {
    user_passwords = {}
  }

  override_resource {
    target = ha_floating_ip.this
    values = { ip = "10.0.0.10" }
  }

  assert {
    condition     = output.floating_ip == "10.0.0.10"
    error_message = "The address has no prefix length for clients."
  }
}

run "nothing_is_taken_out_of_service_by_default" {
  command = plan

  assert {
    condition = (
      alltrue([for node in ha_galera_cluster.this.nodes : node.maintenance == null]) &&
      ha_galera_cluster.this.restart_trigger == null &&
      ha_galera_cluster.this.os == null &&
      ha_galera_cluster.this.rolling == null &&
      ha_galera_cluster.this.recovery == null &&
      ha_floating_ip.this.restart_trigger == null &&
      ha_floating_ip.this.rolling == null
    )
    error_message = "A node is in maintenance, or something is restarted, that nobody asked for."
  }
}

run "the_second_day" {
  command = plan

  variables {
    nodes = {
      db1 = { host = "db1.example.org", address = "10.0.0.41" }
      db2 = { host = "db2.example.org", address = "10.0.0.42", maintenance = "stopped" }
      db3 = { host = "db3.example.org", address = "10.0.0.43" }
    }
    restart_trigger = "2026-11-27"
    os              = { updates = "security", reboot = "if-required" }
    rolling         = { first = "db2", bake_seconds = 600, stop_after = 1, check_url = "https://www.example.org/health" }
    floating_ip     = { address = "10.0.0.10/24", restart_trigger = "2026-11-28" }
    recovery        = { bootstrap_node = "db1", allow_missing = ["db3"], attempt = 2 }
  }

  assert {
    condition     = ha_galera_cluster.this.nodes["db2"].maintenance == "stopped" && ha_galera_cluster.this.nodes["db1"].maintenance == null
    error_message = "Maintenance is for the node that it was declared for."
  }

  assert {
    condition = (
      ha_galera_cluster.this.restart_trigger == "2026-11-27" &&
      ha_galera_cluster.this.os.updates == "security" &&
      ha_galera_cluster.this.os.reboot == "if-required" &&
      ha_galera_cluster.this.rolling.first == "db2" &&
      ha_galera_cluster.this.rolling.bake_seconds == 600 &&
      ha_galera_cluster.this.rolling.stop_after == 1 &&
      ha_galera_cluster.this.rolling.check_url == "https://www.example.org/health"
    )
    error_message = "What was said about restarts and their order got lost."
  }

  assert {
    condition = (
      ha_floating_ip.this.restart_trigger == "2026-11-28" &&
      ha_floating_ip.this.rolling == ha_galera_cluster.this.rolling &&
      alltrue([for node in ha_floating_ip.this.nodes : node.maintenance == null])
    )
    error_message = "The floating IP has a trigger of its own, the order of the cluster, and no maintenance."
  }

  assert {
    condition = (
      ha_galera_cluster.this.recovery.bootstrap_node == "db1" &&
      ha_galera_cluster.this.recovery.allow_missing == toset(["db3"]) &&
      ha_galera_cluster.this.recovery.attempt == 2
    )
    error_message = "The decision about a recovery got lost."
  }
}

run "an_arbitrator_votes_and_holds_no_address" {
  command = plan

  variables {
    nodes = {
      db1  = { host = "db1.example.org", address = "10.0.0.41" }
      db2  = { host = "db2.example.org", address = "10.0.0.42" }
      vote = { host = "vote.example.org", address = "10.0.0.43", arbitrator = true }
    }
    rolling = { first = "vote", stop_after = 1 }
  }

  assert {
    condition     = ha_galera_cluster.this.nodes["vote"].arbitrator && join(",", keys(ha_floating_ip.this.nodes)) == "db1,db2"
    error_message = "The arbitrator is no arbitrator of the cluster, or a node of the floating IP."
  }

  assert {
    condition     = ha_galera_cluster.this.rolling.first == "vote" && ha_floating_ip.this.rolling.first == null && ha_floating_ip.this.rolling.stop_after == 1
    error_message = "The arbitrator is the first node of the floating IP, which it is none of."
  }
}
