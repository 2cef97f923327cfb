mock_provider "linode" {
  mock_resource "linode_nodebalancer" {
    defaults = {
      id   = "12"
      ipv4 = "198.51.100.9"
    }
  }

  mock_resource "linode_nodebalancer_config" {
    defaults = {
      id = "34"
    }
  }
}

variables {
  name   = "shop"
  region = "us-ord"
}

run "plain_http" {
  command = plan

  assert {
    condition     = linode_nodebalancer_config.this.port == 80 && linode_nodebalancer_config.this.protocol == "http"
    error_message = "Without a certificate the site is HTTP on port 80."
  }

  assert {
    condition = (
      linode_nodebalancer_config.this.check == "http" &&
      linode_nodebalancer_config.this.check_path == "/healthz" &&
      linode_nodebalancer_config.this.check_interval == 5 &&
      linode_nodebalancer_config.this.check_timeout == 3 &&
      linode_nodebalancer_config.this.check_attempts == 2 &&
      linode_nodebalancer_config.this.check_passive == false
    )
    error_message = "The health check is another one."
  }
}

run "https_with_a_certificate" {
  command = plan

  variables {
    tls_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    tls_private_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
  }

  assert {
    condition     = linode_nodebalancer_config.this.port == 443 && linode_nodebalancer_config.this.protocol == "https"
    error_message = "With a certificate the site is HTTPS on port 443."
  }
}

run "what_the_other_half_and_dns_need" {
  assert {
    condition     = output.nodebalancer == { id = 12, config_id = 34 } && output.ipv4 == "198.51.100.9"
    error_message = "The ids or the address are other ones."
  }

  assert {
    condition     = output.url == "http://198.51.100.9"
    error_message = "A usual port is not written: ${output.url}"
  }
}

run "an_unusual_port_is_part_of_the_url" {
  variables {
    port = 8080
  }

  assert {
    condition     = output.url == "http://198.51.100.9:8080"
    error_message = "The port is missing: ${output.url}"
  }
}
