locals {
  tls  = var.tls_certificate != null
  port = coalesce(var.port, local.tls ? 443 : 80)
}

resource "linode_nodebalancer" "this" {
  label  = var.name
  region = var.region
  tags   = var.tags
}

resource "linode_nodebalancer_config" "this" {
  nodebalancer_id = linode_nodebalancer.this.id
  port            = local.port
  # In both protocols the NodeBalancer speaks HTTP to the backends and tells
  # them the visitor's address in X-Forwarded-For.
  protocol       = local.tls ? "https" : "http"
  ssl_cert       = var.tls_certificate
  ssl_key        = var.tls_private_key
  algorithm      = var.algorithm
  stickiness     = var.stickiness
  check          = "http"
  check_path     = var.check.path
  check_interval = var.check.interval_seconds
  check_timeout  = var.check.timeout_seconds
  check_attempts = var.check.attempts
  check_passive  = var.check.passive

  lifecycle {
    precondition {
      condition     = (var.tls_certificate == null) == (var.tls_private_key == null)
      error_message = "A certificate and its private key are given together."
    }
  }
}
