mock_provider "linode" {}

variables {
  name   = "shop"
  region = "us-ord"
}

run "certificate_without_its_key" {
  command = plan

  variables {
    tls_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
  }

  expect_failures = [linode_nodebalancer_config.this]
}

run "key_without_its_certificate" {
  command = plan

  variables {
    tls_private_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
  }

  expect_failures = [linode_nodebalancer_config.this]
}

run "path_of_a_certificate" {
  command = plan

  variables {
    tls_certificate = "/etc/ssl/site.pem"
  }

  expect_failures = [var.tls_certificate]
}

run "key_with_a_passphrase" {
  command = plan

  variables {
    tls_private_key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
  }

  expect_failures = [var.tls_private_key]
}

run "unknown_algorithm" {
  command = plan

  variables {
    algorithm = "random"
  }

  expect_failures = [var.algorithm]
}

run "unknown_stickiness" {
  command = plan

  variables {
    stickiness = "cookie"
  }

  expect_failures = [var.stickiness]
}

run "check_slower_than_its_interval" {
  command = plan

  variables {
    check = { interval_seconds = 5, timeout_seconds = 5 }
  }

  expect_failures = [var.check]
}

run "check_path_that_is_none" {
  command = plan

  variables {
    check = { path = "healthz" }
  }

  expect_failures = [var.check]
}

run "no_attempts" {
  command = plan

  variables {
    check = { attempts = 0 }
  }

  expect_failures = [var.check]
}

run "port_out_of_range" {
  command = plan

  variables {
    port = 65535
  }

  expect_failures = [var.port]
}

run "name_too_short" {
  command = plan

  variables {
    name = "ab"
  }

  expect_failures = [var.name]
}
