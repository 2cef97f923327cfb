variable "name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", var.name))
    error_message = "The name has up to 32 lower-case letters, digits and hyphens, and begins and ends with a letter or digit."
  }
}

variable "nodes" {
  description = <<-EOT
    The nodes, by keys of your choice. Use the output `nodes` of the module `instances`, or describe any other Debian or Ubuntu hosts.
    - `host`: name or address to which Terraform connects over SSH.
    - `address`: address that the other nodes use. Default: `host`.
    - `port`: SSH port. Default: the provider's.
    - `user`: SSH user. Default: the provider's.
    - `host_key`: public host key or its fingerprint. Any other key is refused. Default: the provider's `known_hosts`.
    - `data_device`: block device for the data, such as a volume of `instances`. Default: the host's own disk.
    - `settings`: engine settings of this node, by name. They override those of the cluster.
  EOT
  type = map(object({
    host     = string
    address  = optional(string)
    port     = optional(number)
    user     = optional(string)
    host_key = optional(string)

    data_device = optional(string)
    settings    = optional(map(string))
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) >= 3 && length(var.nodes) % 2 == 1
    error_message = "A Galera cluster has an odd number of nodes, at least 3: with an even number it survives no more failures and can split into equal halves."
  }

  validation {
    condition     = alltrue([for key in keys(var.nodes) : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", key))])
    error_message = "A node's key has up to 32 letters, digits, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for node in var.nodes : try(trimspace(node.host), "unknown") != ""])
    error_message = "Every node has a host."
  }

  validation {
    condition     = length(distinct([for node in var.nodes : "${node.host}:${coalesce(node.port, 22)}"])) == length(var.nodes)
    error_message = "Two nodes are the same machine: their hosts are equal."
  }

  validation {
    condition     = length(distinct([for node in var.nodes : node.address == null ? node.host : node.address])) == length(var.nodes)
    error_message = "Two nodes have the same address."
  }
}

variable "flavor" {
  description = "`mariadb` (MariaDB with Galera, from the distribution) or `percona` (Percona XtraDB Cluster)."
  type        = string
  default     = "mariadb"
  nullable    = false

  validation {
    condition     = contains(["mariadb", "percona"], var.flavor)
    error_message = "The flavor is mariadb or percona."
  }
}

variable "series" {
  description = "Release series of Percona XtraDB Cluster: `pxc-84-lts` or `pxc-80`. Default: `pxc-84-lts`."
  type        = string
  default     = null
}

variable "settings" {
  description = "Engine settings by name, such as `innodb_buffer_pool_size = \"512M\"`. Buffer pool, connections and applier threads follow from each machine otherwise; see the output `derived_settings`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "provider_options" {
  description = "Options of the Galera library by name, such as `\"gcache.size\" = \"2G\"`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "firewall" {
  description = "`managed`: a packet filter on every node lets only the nodes and the clients connect to the ports of the tier. `none`: there is no filter."
  type        = string
  default     = "managed"
  nullable    = false

  validation {
    condition     = contains(["managed", "none"], var.firewall)
    error_message = "The firewall is managed or none."
  }
}

variable "clients" {
  description = "Addresses and networks, such as `10.0.1.0/24`, from where clients may connect to TCP 3306, besides the nodes. Default: what the `hosts` of `users` say."
  type        = set(string)
  default     = null
}

variable "databases" {
  description = "Databases that must exist, by name. One that is taken out of the map stays."
  type = map(object({
    charset   = optional(string)
    collation = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "users" {
  description = <<-EOT
    Accounts that must exist, by name. One that is taken out of the map is dropped.
    - `hosts`: client addresses, each an address, a network such as `10.0.0.0/24`, a name, or a pattern with `%` and `_`.
      Default: the network of the floating IP.
    - `grants`: privileges by object, such as `"shop.*" = ["ALL"]`.
    - `password_version`: counter of yours. Another number sets the password again.
  EOT
  type = map(object({
    hosts            = optional(set(string))
    grants           = optional(map(list(string)), {})
    password_version = optional(number, 1)
  }))
  default  = {}
  nullable = false
}

variable "user_passwords" {
  description = "Password of each account of `users`, by name; every account needs one. Passwords reach neither plan nor state."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "floating_ip" {
  description = <<-EOT
    The address at which clients reach the database.
    - `address`: with the prefix length of its network, such as `10.0.0.10/24`. The nodes' addresses lie in this network.
    - `interface`: on every node. Default: the one that has the node's address.
    - `router_id`: 1 to 255, unique in the network. Default: the address's last octet.
    - `additional_addresses`: addresses that are where `address` is, each with its prefix length.
    - `priorities`: by node, 1 to 150: which takes the address first when nobody has it. Default: they fall with the order of the nodes' keys.
    - `preempt`: whether a node of higher priority takes the address back when it returns.
    - `advertisement_interval_seconds`: how often the holder says that it is there.
    - `check`: when a node counts as failed and as fit again. It must be a member of the Primary component, Synced or the donor of a state transfer that does not block it (`allow_donor`), answer a query, and take writes (`allow_read_only` lets one hold the address that does not).
  EOT
  type = object({
    address                        = string
    interface                      = optional(string)
    router_id                      = optional(number)
    additional_addresses           = optional(set(string))
    priorities                     = optional(map(number), {})
    preempt                        = optional(bool, false)
    advertisement_interval_seconds = optional(number, 1)
    check = optional(object({
      allow_donor      = optional(bool, true)
      allow_read_only  = optional(bool, false)
      interval_seconds = optional(number, 2)
      timeout_seconds  = optional(number, 3)
      fall             = optional(number, 2)
      rise             = optional(number, 2)
    }), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9.]+/[0-9]+$", var.floating_ip.address)) && can(cidrhost(var.floating_ip.address, 0))
    error_message = "The floating IP is an IPv4 address with the prefix length of its network, such as 10.0.0.10/24."
  }

  validation {
    condition     = try(cidrhost(var.floating_ip.address, 0) != split("/", var.floating_ip.address)[0] && cidrhost(var.floating_ip.address, -1) != split("/", var.floating_ip.address)[0], true)
    error_message = "The first and the last address of a network belong to no machine."
  }

  validation {
    condition     = var.floating_ip.router_id == null ? true : var.floating_ip.router_id >= 1 && var.floating_ip.router_id <= 255
    error_message = "A virtual router id is between 1 and 255."
  }
}

variable "floating_ip_auth_secret" {
  description = "Up to 8 characters that tell this floating IP from another one with the same router id. It guards against collisions, not against attackers, and is kept in the state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.floating_ip_auth_secret == null ? true : length(var.floating_ip_auth_secret) <= 8
    error_message = "Keepalived uses the first 8 characters of the secret only."
  }
}

variable "on_destroy" {
  description = "What destroying does: `keep` leaves the data in place, on machines that live on, `wipe` deletes it. A machine that is destroyed as well takes its disk with it: see `protect`. It must be applied before the destroy that it is meant for."
  type        = string
  default     = "keep"
  nullable    = false

  validation {
    condition     = contains(["keep", "wipe"], var.on_destroy)
    error_message = "Destroying either keeps the data (`keep`) or deletes it (`wipe`)."
  }
}

variable "protect" {
  description = "Whether a destroy is refused, and with it that of the machines that `nodes` comes from. Switching it off is an apply of its own, before the destroy that it is meant for."
  type        = bool
  default     = false
  nullable    = false
}

variable "timeouts" {
  description = <<-EOT
    Time limits of the operations, as durations such as `90m`.
    - `create`: time limit for creating. Default: the provider's.
    - `read`: time limit for a refresh. Default: the provider's.
    - `update`: time limit for a change. Default: the provider's.
    - `delete`: time limit for destroying. Default: the provider's.
  EOT
  type = object({
    create = optional(string)
    read   = optional(string)
    update = optional(string)
    delete = optional(string)
  })
  default  = {}
  nullable = false
}
