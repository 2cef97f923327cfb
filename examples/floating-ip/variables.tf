variable "nodes" {
  description = "Hosts in one layer-2 network that run the service."
  type = map(object({
    host    = string
    address = optional(string)
  }))
  default = {
    lb1 = { host = "lb1.example.org", address = "192.0.2.41" }
    lb2 = { host = "lb2.example.org", address = "192.0.2.42" }
  }
}

variable "address" {
  description = "Free address of that network, with its prefix length."
  type        = string
  default     = "192.0.2.40/24"
}

variable "port" {
  description = "TCP port of the service. A host whose service does not accept connections at its `address` does not hold the floating IP."
  type        = number
  default     = 443
}
