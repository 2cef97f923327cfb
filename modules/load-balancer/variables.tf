variable "name" {
  description = "Label of the NodeBalancer, unique in the account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 32
    error_message = "The label of a NodeBalancer has 3 to 32 letters, digits and single hyphens or underscores."
  }
}

variable "region" {
  description = "Linode region. A NodeBalancer reaches backends in its own region only."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.region))
    error_message = "The region is an identifier such as us-ord or de-fra-2."
  }
}

variable "port" {
  description = "Port that the NodeBalancer listens on. Default: 443 with a certificate, otherwise 80."
  type        = number
  default     = null

  validation {
    condition     = var.port == null ? true : var.port >= 1 && var.port <= 65534 && floor(var.port) == var.port
    error_message = "A NodeBalancer's port is between 1 and 65534."
  }
}

variable "tls_certificate" {
  description = "TLS certificate in PEM format, followed by its intermediate certificates. With it the NodeBalancer serves HTTPS. Default: HTTP."
  type        = string
  default     = null

  validation {
    condition     = var.tls_certificate == null ? true : can(regex("-----BEGIN CERTIFICATE-----", var.tls_certificate))
    error_message = "The certificate is given as its PEM text, not as a path."
  }
}

variable "tls_private_key" {
  description = "Private key of the certificate, in PEM format without a passphrase. `linode_nodebalancer_config` stores it in the state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.tls_private_key == null ? true : can(regex("-----BEGIN ([A-Z]+ )?PRIVATE KEY-----", var.tls_private_key)) && !can(regex("ENCRYPTED", var.tls_private_key))
    error_message = "The private key is given as its PEM text, without a passphrase."
  }
}

variable "algorithm" {
  description = "How connections are distributed: `roundrobin`, `leastconn` or `source`."
  type        = string
  default     = "leastconn"
  nullable    = false

  validation {
    condition     = contains(["roundrobin", "leastconn", "source"], var.algorithm)
    error_message = "The algorithm is roundrobin, leastconn or source."
  }
}

variable "stickiness" {
  description = "How a visitor stays on one backend: `none`, `table` or `http_cookie`. WordPress needs none, because its sessions are in cookies and its data is shared."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "table", "http_cookie"], var.stickiness)
    error_message = "The stickiness is none, table or http_cookie."
  }
}

variable "check" {
  description = <<-EOT
    Health check of the backends. A backend that stops answering is taken out of rotation after about `attempts * interval_seconds + timeout_seconds`.
    - `path`: path that must answer with a 2xx or 3xx status. Use the output `health_path` of `web-tier`.
    - `interval_seconds`: time between two checks, 2 to 3600.
    - `timeout_seconds`: longest time for an answer, 1 to 30 and less than the interval.
    - `attempts`: number of failed checks before a backend is taken out, 1 to 30.
    - `passive`: whether a 5xx answer to a visitor counts as a failed check. A failure that all backends share, such as a failover of
      the database, would then take all of them out.
  EOT
  type = object({
    path             = optional(string, "/healthz")
    interval_seconds = optional(number, 5)
    timeout_seconds  = optional(number, 3)
    attempts         = optional(number, 2)
    passive          = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = startswith(var.check.path, "/")
    error_message = "The path of the health check begins with a slash."
  }

  validation {
    condition     = var.check.interval_seconds >= 2 && var.check.interval_seconds <= 3600
    error_message = "The interval of the health check is between 2 and 3600 seconds."
  }

  validation {
    condition     = var.check.timeout_seconds >= 1 && var.check.timeout_seconds <= 30 && var.check.timeout_seconds < var.check.interval_seconds
    error_message = "The timeout of the health check is between 1 and 30 seconds, and less than the interval."
  }

  validation {
    condition     = var.check.attempts >= 1 && var.check.attempts <= 30
    error_message = "The health check takes between 1 and 30 attempts."
  }
}

variable "tags" {
  description = "Tags of the NodeBalancer."
  type        = set(string)
  default     = []
  nullable    = false
}
