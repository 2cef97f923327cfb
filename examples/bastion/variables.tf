variable "bastion" {
  description = "The bastion: its address, the SSH user on it, and its public host key."
  type = object({
    host     = string
    user     = string
    host_key = string
  })
}

variable "bastion_private_key" {
  description = "Private SSH key for the bastion. Default: the key for the hosts."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "ssh_private_key" {
  description = "Private SSH key for the hosts: its content, not a path."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "known_hosts" {
  description = "Host keys of the hosts, as lines of a known_hosts file with the addresses that the bastion uses."
  type        = string
}

variable "nodes" {
  description = "Hosts in the private network. The bastion connects to `host`."
  type = map(object({
    host = string
  }))
  default = {
    files1 = { host = "10.0.0.21" }
    files2 = { host = "10.0.0.22" }
    files3 = { host = "10.0.0.23" }
  }
}

variable "allow_root_partition" {
  description = "Whether the brick may be on the root file system."
  type        = bool
  default     = false
}
