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
    - `arbitrator`: makes an arbitrator of the node, which votes and has no data: two nodes with data and one arbitrator serve on when any one of them fails. It is none of the floating IP. One at most. Default: false.
    - `maintenance`: takes the node out of service, also across reboots. `drained`: the server runs as a member, and floating addresses go to another node. `stopped`: the server is also stopped. A quorum has to remain in service. Default: none; the node is in service.
  EOT
  type = map(object({
    host     = string
    address  = optional(string)
    port     = optional(number)
    user     = optional(string)
    host_key = optional(string)

    data_device = optional(string)
    settings    = optional(map(string))
    arbitrator  = optional(bool)
    maintenance = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) >= 3 && length(var.nodes) % 2 == 1
    error_message = "A Galera cluster has an odd number of nodes, at least 3: with an even number it survives no more failures and can split into equal halves."
  }

  validation {
    condition     = length([for node in var.nodes : node if coalesce(node.arbitrator, false)]) <= 1
    error_message = "A Galera cluster has one arbitrator at most: further votes without data make it survive no more failures."
  }

  validation {
    condition     = alltrue([for key in keys(var.nodes) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", key))])
    error_message = "A node's key has up to 63 letters, digits, dots, hyphens and underscores, and begins with a letter or digit."
  }

  validation {
    condition     = alltrue([for node in var.nodes : try(trimspace(node.host), "unknown") != ""])
    error_message = "A node has an empty host: set the name or address to which Terraform connects."
  }

  validation {
    condition     = length(distinct([for node in var.nodes : "${node.host}:${coalesce(node.port, 22)}"])) == length(var.nodes)
    error_message = "Two nodes are the same machine: their hosts are equal."
  }

  validation {
    condition     = length(distinct([for node in var.nodes : node.address == null ? node.host : node.address])) == length(var.nodes)
    error_message = "Two nodes have the same address."
  }

  validation {
    condition     = alltrue([for node in var.nodes : node.maintenance == null ? true : contains(["drained", "stopped"], node.maintenance)])
    error_message = "A node's maintenance is `drained` or `stopped`."
  }
}

variable "engine_version" {
  description = "Engine, and release series or release, the `version` of `ha_galera_cluster`: `mariadb` (MariaDB with Galera, from the distribution), a release series of MariaDB that the distribution must have, such as `10.11`, a release of it that all nodes have, such as `10.11.19`, `pxc-84` or `pxc-80` (Percona XtraDB Cluster), or a release of these, such as `pxc-8.4.5`. A newer release upgrades the nodes one at a time."
  type        = string
  default     = "mariadb"
  nullable    = false

  validation {
    condition     = can(regex("^(mariadb|[0-9]{1,2}[.][0-9]{1,2}([.][0-9]{1,3})?|pxc-84|pxc-80|pxc-8[.][04][.][0-9]{1,3})$", var.engine_version))
    error_message = "The version is mariadb, a release series of MariaDB such as 10.11, a release of it such as 10.11.19, pxc-84, pxc-80, or a release of these such as pxc-8.4.5."
  }
}

variable "settings" {
  description = "Engine settings by name, such as `innodb_buffer_pool_size = \"512M\"`. By default the buffer pool, connections and applier threads are derived from each machine; see the output `derived_settings`."
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

variable "network" {
  description = "Network between the nodes. `lan`: within one site; a node that says nothing is excluded after about 2 seconds. `wan`: between sites; it is excluded after 5 seconds or more."
  type        = string
  default     = "lan"
  nullable    = false

  validation {
    condition     = contains(["lan", "wan"], var.network)
    error_message = "The network is lan or wan."
  }
}

variable "firewall" {
  description = "`managed`: a packet filter on every node admits only the nodes and the clients to the ports of the cluster. `none`: no packet filter."
  type        = string
  default     = "managed"
  nullable    = false

  validation {
    condition     = contains(["managed", "none"], var.firewall)
    error_message = "The firewall is managed or none."
  }
}

variable "clients" {
  description = "Addresses and networks, such as `10.0.1.0/24`, that may connect to TCP 3306, besides the nodes. Default: the `hosts` of `users`."
  type        = set(string)
  default     = null
}

variable "databases" {
  description = <<-EOT
    Databases that must exist, by name. A database that is removed from the map is kept.
    - `charset`: default character set. Default: the engine's.
    - `collation`: default collation. Default: the engine's.
  EOT
  type = map(object({
    charset   = optional(string)
    collation = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "users" {
  description = <<-EOT
    Accounts that must exist, by name or by keys of your choice. An account that is removed from the map is dropped.
    - `name`: name to log in with. With it, several accounts have one name and different `hosts`. Default: the key.
    - `hosts`: hosts from which the account may log in: addresses, networks such as `10.0.0.0/24`, names, or patterns with `%` and `_`. Default: the network of the floating IP.
    - `grants`: privileges by object, such as `"shop.*" = ["ALL"]`.
    - `password_wo_version`: increment it to apply a new password.
  EOT
  type = map(object({
    name                = optional(string)
    hosts               = optional(set(string))
    grants              = optional(map(list(string)), {})
    password_wo_version = optional(number, 1)
  }))
  default  = {}
  nullable = false
}

variable "user_passwords" {
  description = "Password of each account in `users`, by its key there. Every account needs one. Passwords reach neither plan nor state."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "floating_ip" {
  description = <<-EOT
    The address at which clients reach the database.
    - `address`: address with the prefix length of its network, such as `10.0.0.10/24`. The addresses of the nodes must be in this network.
    - `interface`: network interface on every node. Default: the interface that has the node's address.
    - `router_id`: virtual router ID, 1 to 255, unique in the network. Default: the last octet of the address.
    - `additional_addresses`: further addresses that move together with `address`, each with its prefix length.
    - `priorities`: priority of each node, 1 to 150. The highest takes the address if no node has it. Default: decreasing in the order of the keys.
    - `preempt`: whether a node with a higher priority takes the address back when it returns.
    - `restart_trigger`: any text of up to 100 letters, digits and the characters `._:@+-`. Another value restarts Keepalived once, one node after the other. Default: none.
    - `advertisement_interval_seconds`: interval between the holder's advertisements; a whole number with `floating_ip_auth_secret`. Default: 0.5, with the secret 1.
    - `check`: when a node may hold the address: it must be Synced in the Primary component and answer a query.
    - `check.allow_donor`: whether the donor of a state transfer that does not block it passes the check.
    - `check.allow_read_only`: whether a node that takes no writes passes the check.
    - `check.interval_seconds`: interval between two checks.
    - `check.timeout_seconds`: longest time of a check.
    - `check.fall`: number of failed checks after which a node gives the address away.
    - `check.rise`: number of successful checks after which a node may take the address.
  EOT
  type = object({
    address                        = string
    interface                      = optional(string)
    router_id                      = optional(number)
    additional_addresses           = optional(set(string))
    priorities                     = optional(map(number), {})
    preempt                        = optional(bool, false)
    restart_trigger                = optional(string)
    advertisement_interval_seconds = optional(number)
    check = optional(object({
      allow_donor      = optional(bool, true)
      allow_read_only  = optional(bool, false)
      interval_seconds = optional(number, 1)
      timeout_seconds  = optional(number, 6)
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
    error_message = "The floating IP cannot be the first or last address of its network."
  }

  validation {
    condition     = var.floating_ip.router_id == null ? true : var.floating_ip.router_id >= 1 && var.floating_ip.router_id <= 255
    error_message = "A virtual router id is between 1 and 255."
  }

  validation {
    condition     = var.floating_ip.restart_trigger == null ? true : can(regex("^[A-Za-z0-9._:@+-]{1,100}$", var.floating_ip.restart_trigger))
    error_message = "A restart trigger has up to 100 letters, digits and the characters ._:@+-."
  }
}

variable "floating_ip_auth_secret" {
  description = "Up to 8 characters that distinguish this floating IP from another one with the same router ID. It prevents conflicts, does not protect against attackers, and is stored in the state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.floating_ip_auth_secret == null ? true : length(var.floating_ip_auth_secret) <= 8
    error_message = "Keepalived uses the first 8 characters of the secret only."
  }

  validation {
    condition     = var.floating_ip_auth_secret == null ? true : can(regex("^[A-Za-z0-9_.,:+=/*%^&()<>?|-]+$", var.floating_ip_auth_secret))
    error_message = "The secret has letters, digits and characters that mean nothing to Keepalived: no white space, quotes, #, !, $ or braces."
  }
}

variable "restart_trigger" {
  description = "Any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts the servers once, one node after the other. Keepalived has its own, `floating_ip.restart_trigger`. Removing it restarts nothing. Default: none."
  type        = string
  default     = null

  validation {
    condition     = var.restart_trigger == null ? true : can(regex("^[A-Za-z0-9._:@+-]{1,100}$", var.restart_trigger))
    error_message = "A restart trigger has up to 100 letters, digits and the characters ._:@+-."
  }
}

variable "os" {
  description = <<-EOT
    How the systems of the machines are kept up to date: one node at a time, drained first. See `os` of `ha_galera_cluster`. Default: neither updates nor reboots.
    - `updates`: `security` or `all`. Default: no updates.
    - `reboot`: `if-required` or `never`. Default: `never`.
  EOT
  type = object({
    updates = optional(string)
    reboot  = optional(string)
  })
  default = null

  validation {
    condition     = try(var.os.updates, null) == null ? true : contains(["security", "all"], var.os.updates)
    error_message = "Updates are `security` or `all`."
  }

  validation {
    condition     = try(var.os.reboot, null) == null ? true : contains(["if-required", "never"], var.os.reboot)
    error_message = "A reboot is `if-required` or `never`."
  }
}

variable "rolling" {
  description = <<-EOT
    How nodes that serve are changed one after the other, when a change restarts or drains them. It applies to the cluster and to the floating IP. Default: all of them in one apply.
    - `first`: key of the node that is changed first. Default: the order of the tier.
    - `bake_seconds`: how long a node has to serve after its change before the next one is changed, in seconds, 1 to 86400. Allow for it in `timeouts.update`. Default: none.
    - `stop_after`: number of nodes that one apply changes, 1 or more. The next apply continues. Default: all.
    - `check_url`: URL, with http or https, that must answer the machine that runs Terraform before and after the change of each node. Default: none.
  EOT
  type = object({
    first        = optional(string)
    bake_seconds = optional(number)
    stop_after   = optional(number)
    check_url    = optional(string)
  })
  default = null

  validation {
    condition     = try(var.rolling.first, null) == null ? true : contains(keys(var.nodes), var.rolling.first)
    error_message = "The node that is changed first is a key of `nodes`."
  }

  validation {
    condition     = try(var.rolling.bake_seconds, null) == null ? true : var.rolling.bake_seconds >= 1 && var.rolling.bake_seconds <= 86400 && floor(var.rolling.bake_seconds) == var.rolling.bake_seconds
    error_message = "The time that a node has to serve is between 1 and 86400 seconds."
  }

  validation {
    condition     = try(var.rolling.stop_after, null) == null ? true : var.rolling.stop_after >= 1 && floor(var.rolling.stop_after) == var.rolling.stop_after
    error_message = "The number of nodes that one apply changes is a whole number from 1."
  }

  validation {
    condition     = try(var.rolling.check_url, null) == null ? true : can(regex("^https?://[^/]", var.rolling.check_url))
    error_message = "The URL of the check has http or https, such as https://www.example.org/health."
  }
}

variable "recovery" {
  description = <<-EOT
    Your decision about a cluster in which no node serves, and which cannot go on without losing what only some nodes have. A refused apply shows what to declare. It is acted on once for each `attempt`, so it may stay in the configuration. Default: none.
    - `bootstrap_node`: key of the node whose data the cluster goes on with.
    - `allow_missing`: keys of the nodes without which the cluster may go on. What only they have is given up.
    - `attempt`: number of the decision, 1 or more. An interrupted apply continues with the same number; another decision needs a higher one.
  EOT
  type = object({
    bootstrap_node = string
    allow_missing  = optional(set(string), [])
    attempt        = number
  })
  default = null

  validation {
    condition     = var.recovery == null ? true : contains(keys(var.nodes), var.recovery.bootstrap_node)
    error_message = "The node that the cluster goes on from is a key of `nodes`."
  }

  validation {
    condition     = var.recovery == null ? true : alltrue([for key in var.recovery.allow_missing : contains(keys(var.nodes), key) && key != var.recovery.bootstrap_node])
    error_message = "A node that may be missing is a key of `nodes`, and another one than `bootstrap_node`."
  }

  validation {
    condition     = var.recovery == null ? true : var.recovery.attempt >= 1 && floor(var.recovery.attempt) == var.recovery.attempt
    error_message = "An attempt is a whole number from 1."
  }
}

variable "on_destroy" {
  description = "What destroying does: `keep` leaves the data on the machines, `wipe` deletes it. Machines that are destroyed as well take their disks with them; see `protect`. Apply the change before running terraform destroy."
  type        = string
  default     = "keep"
  nullable    = false

  validation {
    condition     = contains(["keep", "wipe"], var.on_destroy)
    error_message = "Destroying either keeps the data (`keep`) or deletes it (`wipe`)."
  }
}

variable "protect" {
  description = "Whether to refuse a destroy, and with it the destroy of the machines in `nodes`. To destroy, set it to false and apply the change before running terraform destroy."
  type        = bool
  default     = false
  nullable    = false
}

variable "health_checks" {
  description = "Whether plans and applies check the health of the cluster and the floating IP: they warn if it is not healthy, and do not fail. See the output `health`."
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
