variable "nodes" {
  description = "Three hosts that reach each other at `address`."
  type = map(object({
    host    = string
    address = optional(string)
  }))
  default = {
    files1 = { host = "files1.example.org", address = "192.0.2.11" }
    files2 = { host = "files2.example.org", address = "192.0.2.12" }
    files3 = { host = "files3.example.org", address = "192.0.2.13" }
  }
}

variable "clients" {
  description = "Addresses that may mount the volume."
  type        = set(string)
  default     = ["192.0.2.31", "192.0.2.32", "192.0.2.33"]
}

variable "allow_root_partition" {
  description = "Whether the brick may be on the root file system. By default `/srv/gluster/content` must be on a file system of its own."
  type        = bool
  default     = false
}
