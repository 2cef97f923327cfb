mock_provider "ha" {}

variables {
  name = "shop"
  nodes = {
    web1 = { host = "web1.example.org", address = "10.0.0.61" }
    web2 = { host = "web2.example.org", address = "10.0.0.62" }
  }
}

run "defaults" {
  command = plan

  assert {
    condition = (
      ha_web_tier.this.document_root == "/srv/www/site" &&
      ha_web_tier.this.port == 80 &&
      ha_web_tier.this.health_path == "/healthz" &&
      ha_web_tier.this.nodebalancer == null &&
      ha_web_tier.this.wordpress == null
    )
    error_message = "A default is another one."
  }
}

run "behind_any_load_balancer" {
  command = plan

  variables {
    port = 8080
  }

  assert {
    condition     = output.backends == { web1 = "10.0.0.61:8080", web2 = "10.0.0.62:8080" }
    error_message = "Without other addresses, backends are at those of the nodes."
  }
}

run "behind_a_nodebalancer" {
  command = plan

  variables {
    mount             = { source = "10.0.0.21:/content", backup_servers = ["10.0.0.22"] }
    nodebalancer      = { id = 12, config_id = 34 }
    backend_addresses = { web1 = "192.168.130.1", web2 = "192.168.130.2" }
  }

  assert {
    condition     = ha_web_tier.this.nodebalancer.id == 12 && ha_web_tier.this.backends["web1"] == "192.168.130.1"
    error_message = "The tier drains its nodes at the NodeBalancer, by the addresses that it has there."
  }

  assert {
    condition     = output.backends.web2 == "192.168.130.2:80"
    error_message = "Backends are at the private addresses."
  }
}

run "wordpress" {
  command = plan

  variables {
    wordpress = {
      url           = "https://shop.example.org"
      admin_email   = "admin@example.org"
      database_host = "10.0.0.10"
      database_name = "wordpress"
      database_user = "wordpress"
      program_files = "read_only"

      writable_directories = ["wp-content/cache"]
    }
    wordpress_admin_password    = "not in the plan"
    wordpress_database_password = "not in the plan either"
  }

  assert {
    condition     = ha_web_tier.this.wordpress.database_host == "10.0.0.10" && ha_web_tier.this.wordpress.password_wo_version == 1
    error_message = "WordPress is not configured as asked."
  }

  assert {
    condition     = ha_web_tier.this.wordpress.program_files == "read_only" && ha_web_tier.this.wordpress.writable_directories == toset(["wp-content/cache"])
    error_message = "Pages may write other files."
  }

  assert {
    condition     = ha_web_tier.this.wordpress.admin_password_wo == null && ha_web_tier.this.wordpress.database_password_wo == null
    error_message = "A password got into the plan."
  }
}

run "nothing_is_taken_out_of_service_by_default" {
  command = plan

  assert {
    condition = (
      alltrue([for node in ha_web_tier.this.nodes : node.maintenance == null]) &&
      ha_web_tier.this.restart_trigger == null &&
      ha_web_tier.this.os == null &&
      ha_web_tier.this.rolling == null
    )
    error_message = "A node is in maintenance, or something is restarted, that nobody asked for."
  }
}

run "the_second_day" {
  command = plan

  variables {
    nodes = {
      web1 = { host = "web1.example.org", address = "10.0.0.61" }
      web2 = { host = "web2.example.org", address = "10.0.0.62", maintenance = "stopped" }
    }
    restart_trigger = "2026-11-27"
    os              = { updates = "security", reboot = "if-required" }
    rolling         = { first = "web2", bake_seconds = 600, stop_after = 1, check_url = "https://www.example.org/health" }
  }

  assert {
    condition     = ha_web_tier.this.nodes["web2"].maintenance == "stopped" && ha_web_tier.this.nodes["web1"].maintenance == null
    error_message = "Maintenance is for the node that it was declared for."
  }

  assert {
    condition = (
      ha_web_tier.this.restart_trigger == "2026-11-27" &&
      ha_web_tier.this.os.updates == "security" &&
      ha_web_tier.this.os.reboot == "if-required" &&
      ha_web_tier.this.rolling.first == "web2" &&
      ha_web_tier.this.rolling.bake_seconds == 600 &&
      ha_web_tier.this.rolling.stop_after == 1 &&
      ha_web_tier.this.rolling.check_url == "https://www.example.org/health"
    )
    error_message = "What was said about restarts and their order got lost."
  }
}
