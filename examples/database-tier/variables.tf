variable "nodes" {
  description = "Three or another odd number of hosts in one layer-2 network."
  type = map(object({
    host    = string
    address = optional(string)
  }))
  default = {
    db1 = { host = "db1.example.org", address = "192.0.2.21" }
    db2 = { host = "db2.example.org", address = "192.0.2.22" }
    db3 = { host = "db3.example.org", address = "192.0.2.23" }
  }
}

variable "floating_ip" {
  description = "Free address of that network, with its prefix length."
  type        = string
  default     = "192.0.2.20/24"
}

variable "buffer_pool_size" {
  description = "Memory for InnoDB's buffer pool on each host."
  type        = string
  default     = "1G"
}

variable "shop_password" {
  description = "Password of the account `shop`."
  type        = string
  sensitive   = true
  ephemeral   = true
}
