variable "name" {
  description = "Name of the site on its machines."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "The name has up to 31 lower-case letters, digits and hyphens, and begins with a letter."
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
    - `maintenance`: takes the node out of service, also across reboots. `drained`: visitors go to other nodes, and its servers run. `stopped`: Apache is also stopped. Half of the nodes have to remain in service. Default: none; the node is in service.
  EOT
  type = map(object({
    host     = string
    address  = optional(string)
    port     = optional(number)
    user     = optional(string)
    host_key = optional(string)

    maintenance = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) >= 2
    error_message = "A web tier needs at least 2 nodes: one serves while the other is lost or drained."
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

variable "document_root" {
  description = "Directory of the site, such as `/srv/www/site`. With a mount it must be below the mount point."
  type        = string
  default     = "/srv/www/site"
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_][A-Za-z0-9._-]*){2,}$", var.document_root))
    error_message = "The document root is an absolute path such as /srv/www/site."
  }
}

variable "mount" {
  description = <<-EOT
    Volume with the files of the site: the output `mount` of `file-tier`. Default: each node has its own files.
    - `source`: server and volume, such as `10.0.0.21:/content`.
    - `backup_servers`: servers to use when the server of `source` does not answer.
    - `options`: mount options.
    - `volume_id`: identity of the volume, which is verified.
  EOT
  type = object({
    source         = string
    backup_servers = optional(list(string))
    options        = optional(string)
    volume_id      = optional(string)
  })
  default = null
}

variable "mount_point" {
  description = "Directory at which the volume is mounted. Default: the first two levels of the document root, such as `/srv/www`."
  type        = string
  default     = null
}

variable "server_name" {
  description = "Host name of the site. Default: every name."
  type        = string
  default     = null
}

variable "server_aliases" {
  description = "Further host names of the site."
  type        = set(string)
  default     = null
}

variable "port" {
  description = "TCP port that Apache listens on."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "A port is between 1 and 65535."
  }
}

variable "health_path" {
  description = "Path of the health check. It answers 200 while the node can serve, and 503 otherwise."
  type        = string
  default     = "/healthz"
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$", var.health_path))
    error_message = "The health path is a path such as /healthz."
  }
}

variable "check" {
  description = <<-EOT
    Page that is requested on a changed node. It must succeed before the node receives visitors and before the next node is changed. Default: no page.
    - `path`: path of the page, such as `/`.
    - `status`: expected HTTP status.
    - `contains`: text that the page must contain. Default: any.
  EOT
  type = object({
    path     = string
    status   = optional(number, 200)
    contains = optional(string)
  })
  default = null

  validation {
    condition     = var.check == null ? true : startswith(var.check.path, "/")
    error_message = "The path of the page begins with a slash."
  }
}

variable "php" {
  description = "Whether PHP files are executed."
  type        = bool
  default     = true
  nullable    = false
}

variable "php_settings" {
  description = "Settings of php.ini for this site, by name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "php_workers" {
  description = "Number of requests that PHP processes at the same time on a node. Default: derived from the memory."
  type        = number
  default     = null
}

variable "allow_override" {
  description = "Whether `.htaccess` files are used. Each request then reads every directory of its path from the volume."
  type        = bool
  default     = false
  nullable    = false
}

variable "packages" {
  description = "Further packages to install, such as PHP extensions."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "sessions" {
  description = "Where PHP stores sessions: `local`, on the disk of each node, or `shared`, on the volume, which all nodes can read but which disables caches of the mount."
  type        = string
  default     = "local"
  nullable    = false

  validation {
    condition     = contains(["local", "shared"], var.sessions)
    error_message = "Sessions are `local` or `shared`."
  }
}

variable "trusted_proxies" {
  description = "Addresses and networks whose headers about the visitor's address and HTTPS are trusted. Default: `192.168.255.0/24`, the source network of Linode's NodeBalancers."
  type        = set(string)
  default     = null
}

variable "nodebalancer" {
  description = <<-EOT
    NodeBalancer configuration at which nodes are drained before they are changed: the output `nodebalancer` of `load-balancer`. Default: none.
    - `id`: ID of the NodeBalancer.
    - `config_id`: ID of its configuration.
  EOT
  type = object({
    id        = number
    config_id = number
  })
  default = null
}

variable "backend_addresses" {
  description = "Addresses at which the load balancer reaches the nodes, by node. On Linode these are the private addresses. Default: the `address` of each node."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "drain_seconds" {
  description = "Longest time in seconds for visitors to leave a drained node. Behind a NodeBalancer a drain ends as soon as its health check reports the node down and no connection is open. Default: 60 behind a NodeBalancer, which takes up to a minute to act; otherwise 0."
  type        = number
  default     = null

  validation {
    condition     = var.drain_seconds == null ? true : var.drain_seconds >= 0 && var.drain_seconds <= 3600
    error_message = "Draining takes between 0 and 3600 seconds."
  }
}

variable "wordpress" {
  description = <<-EOT
    WordPress in the document root: the output `settings` of the module `wordpress`. Default: no WordPress.
    - `url`: URL of the site, without a path.
    - `title`: title of the site.
    - `admin_user`: login of the first administrator.
    - `admin_email`: email address of the first administrator.
    - `database_host`: address of the database.
    - `database_name`: name of the database.
    - `database_user`: account of the database.
    - `password_wo_version`: increment it to apply a new database password.
    - `table_prefix`: prefix of the names of tables.
    - `source_url`: URL of an archive of WordPress.
    - `source_sha256`: SHA-256 checksum of the archive.
    - `updates`: updates that WordPress installs by itself, `minor` or `none`.
    - `xmlrpc`: whether visitors can reach `xmlrpc.php`.
    - `program_files`: `writable` or `read_only`.
    - `writable_directories`: directories that PHP can write although program files are read-only.
  EOT
  type = object({
    url                 = string
    title               = optional(string)
    admin_user          = optional(string)
    admin_email         = string
    database_host       = string
    database_name       = string
    database_user       = string
    password_wo_version = optional(number, 1)
    table_prefix        = optional(string)
    source_url          = optional(string)
    source_sha256       = optional(string)
    updates             = optional(string)
    xmlrpc              = optional(bool)
    program_files       = optional(string)

    writable_directories = optional(set(string))
  })
  default = null
}

variable "wordpress_admin_password" {
  description = "Password of WordPress's first administrator, used once. It reaches neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.wordpress == null || var.wordpress_admin_password != null
    error_message = "WordPress needs a password for its administrator."
  }
}

variable "wordpress_database_password" {
  description = "Password of WordPress's database account. It reaches neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.wordpress == null || var.wordpress_database_password != null
    error_message = "WordPress needs a password for its database account."
  }
}

variable "restart_trigger" {
  description = "Any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts Apache and PHP once, one node after the other. Removing it restarts nothing. Default: none."
  type        = string
  default     = null

  validation {
    condition     = var.restart_trigger == null ? true : can(regex("^[A-Za-z0-9._:@+-]{1,100}$", var.restart_trigger))
    error_message = "A restart trigger has up to 100 letters, digits and the characters ._:@+-."
  }
}

variable "os" {
  description = <<-EOT
    How the systems of the machines are kept up to date: one node at a time, drained first. See `os` of `ha_web_tier`. Default: neither updates nor reboots.
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
    How nodes that serve are changed one after the other, when a change restarts or drains them. Default: all of them in one apply.
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

variable "on_destroy" {
  description = "What destroying does: `keep` leaves the files of the site, `wipe` deletes them. Apply the change before running terraform destroy."
  type        = string
  default     = "keep"
  nullable    = false

  validation {
    condition     = contains(["keep", "wipe"], var.on_destroy)
    error_message = "Destroying either keeps the data (`keep`) or deletes it (`wipe`)."
  }
}

variable "health_checks" {
  description = "Whether plans and applies check the health of the tier: they warn if it is not healthy, and do not fail. See the output `health`."
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
