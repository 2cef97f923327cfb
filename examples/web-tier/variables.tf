variable "nodes" {
  description = "Hosts that serve the site."
  type = map(object({
    host    = string
    address = optional(string)
  }))
  default = {
    web1 = { host = "web1.example.org", address = "192.0.2.31" }
    web2 = { host = "web2.example.org", address = "192.0.2.32" }
    web3 = { host = "web3.example.org", address = "192.0.2.33" }
  }
}

variable "mount" {
  description = "GlusterFS volume with the files of the site, such as the output `mount` of `file-tier`. Default: each host has its own files."
  type = object({
    source         = string
    backup_servers = optional(list(string))
    options        = optional(string)
    volume_id      = optional(string)
  })
  default = null
}

variable "server_name" {
  description = "Host name of the site."
  type        = string
  default     = "shop.example.org"
}

variable "load_balancers" {
  description = "Addresses of the load balancers, whose X-Forwarded headers are trusted."
  type        = set(string)
  default     = ["192.0.2.2"]
}
