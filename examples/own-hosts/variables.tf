variable "files" {
  description = "File servers."
  type = map(object({
    host    = string
    address = string
  }))
  default = {
    files1 = { host = "files1.example.org", address = "192.0.2.11" }
    files2 = { host = "files2.example.org", address = "192.0.2.12" }
    files3 = { host = "files3.example.org", address = "192.0.2.13" }
  }
}

variable "databases" {
  description = "Databases, in one layer-2 network with the floating IP."
  type = map(object({
    host    = string
    address = string
  }))
  default = {
    db1 = { host = "db1.example.org", address = "192.0.2.21" }
    db2 = { host = "db2.example.org", address = "192.0.2.22" }
    db3 = { host = "db3.example.org", address = "192.0.2.23" }
  }
}

variable "web" {
  description = "Web servers, which reach the file servers and the floating IP."
  type = map(object({
    host    = string
    address = string
  }))
  default = {
    web1 = { host = "web1.example.org", address = "192.0.2.31" }
    web2 = { host = "web2.example.org", address = "192.0.2.32" }
    web3 = { host = "web3.example.org", address = "192.0.2.33" }
  }
}

variable "floating_ip" {
  description = "Free address of the databases' network, with its prefix length."
  type        = string
  default     = "192.0.2.20/24"
}

variable "load_balancers" {
  description = "Addresses of the load balancers, whose X-Forwarded headers are trusted."
  type        = set(string)
  default     = ["192.0.2.2"]
}

variable "allow_root_partition" {
  description = "Whether the brick may be on the root file system. By default `/srv/gluster/content` must be on a file system of its own."
  type        = bool
  default     = false
}

variable "shop_password" {
  description = "Password of the database account `shop`."
  type        = string
  sensitive   = true
  ephemeral   = true
}
