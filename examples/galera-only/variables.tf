variable "nodes" {
  description = "An odd number of machines, at least 3, in one layer-2 network."
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
  description = "A free address of that network, with its prefix length."
  type        = string
  default     = "192.0.2.20/24"
}

variable "ssh_user" {
  description = "Login name. Anyone but root must be allowed to use sudo without a password."
  type        = string
  default     = "root"
}

variable "ssh_private_key" {
  description = "Private SSH key: its content, not a path."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "known_hosts" {
  description = "Content of a known_hosts file with the machines' host keys, such as ssh-keyscan prints."
  type        = string
}

variable "shop_password" {
  description = "Password of the account `shop`."
  type        = string
  sensitive   = true
  ephemeral   = true
}
