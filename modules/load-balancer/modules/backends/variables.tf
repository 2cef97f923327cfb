variable "nodebalancer" {
  description = <<-EOT
    IDs from the output `nodebalancer` of `load-balancer`.
    - `id`: ID of the NodeBalancer.
    - `config_id`: ID of its configuration.
  EOT
  type = object({
    id        = number
    config_id = number
  })
  nullable = false
}

variable "backends" {
  description = "Private IPv4 address and port of each backend, such as `192.168.128.11:80`, by keys of your choice. Use the output `backends` of `web-tier`."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.backends) : can(regex("^[A-Za-z0-9._-]{3,32}$", key))])
    error_message = "A backend's key becomes its label: 3 to 32 letters, digits, dots, hyphens and underscores."
  }

  # One network of 192.168.128.0/17: 192.168.128 to 192.168.255.
  validation {
    condition = alltrue([for address in values(var.backends) :
      can(regex("^192\\.168\\.(12[89]|1[3-9][0-9]|2[0-9]{2})\\.[0-9]{1,3}:[0-9]{1,5}$", address))
    ])
    error_message = "A backend is the private IPv4 address of a Linode with a port, such as 192.168.128.11:80."
  }

  validation {
    condition     = length(distinct(values(var.backends))) == length(var.backends)
    error_message = "Two backends are the same address and port."
  }
}

variable "weights" {
  description = "Weight of each backend, 1 to 255, by the keys of `backends`. Default: 100 each."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for weight in values(var.weights) : weight >= 1 && weight <= 255])
    error_message = "A weight is between 1 and 255."
  }
}
