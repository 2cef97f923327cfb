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
    The machines, by keys of your choice. Linodes come from the output `nodes` of the module `instances`; any other machine
    that answers SSH does as well.
    - `host`: name or address at which Terraform reaches the machine over SSH.
    - `address`: address at which its peers reach it. Default: `host`.
    - `port`, `user`: of SSH. Default: those of the provider block.
    - `host_key`: public host key or its fingerprint. Only this key is accepted.
  EOT
  type = map(object({
    host     = string
    address  = optional(string)
    port     = optional(number)
    user     = optional(string)
    host_key = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) >= 2
    error_message = "A web tier needs at least 2 nodes: one serves while the other is lost or drained."
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

variable "document_root" {
  description = "Directory of the site, below the mount point if there is a mount, as in `/srv/www/site`."
  type        = string
  default     = "/srv/www/site"
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_][A-Za-z0-9._-]*){2,}$", var.document_root))
    error_message = "The document root is an absolute path such as /srv/www/site."
  }
}

variable "mount" {
  description = "The shared volume, as the module `file-tier` puts it out. Default: none, and every node has files of its own."
  type = object({
    source         = string
    backup_servers = optional(list(string))
    options        = optional(string)
    volume_id      = optional(string)
  })
  default = null
}

variable "mount_point" {
  description = "Where the volume is mounted. Default: the first two levels of the document root, such as `/srv/www`."
  type        = string
  default     = null
}

variable "server_name" {
  description = "Host name of the site. Default: every name."
  type        = string
  default     = null
}

variable "server_aliases" {
  description = "Further host names."
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
  description = "Path that answers 200 while a node can serve and 503 while it cannot."
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
    A page by which a change is judged: asked for on a changed node before visitors get there again, and before the next node
    is changed. Default: none.
    - `path`: of the page, such as `/`.
    - `status`: HTTP status that it must answer with.
    - `contains`: text that must be in it. Default: any.
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
  description = "Whether PHP files are run."
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
  description = "How many requests PHP works on at once on a node. Default: by the machine's memory."
  type        = number
  default     = null
}

variable "allow_override" {
  description = "Whether .htaccess files count, at the price of a look at the volume per directory and request."
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
  description = "Where PHP keeps sessions: `local`, on each node's own disk, or `shared`, on the volume, where every node finds them, at the price of its client's caches."
  type        = string
  default     = "local"
  nullable    = false

  validation {
    condition     = contains(["local", "shared"], var.sessions)
    error_message = "Sessions are `local` or `shared`."
  }
}

variable "trusted_proxies" {
  description = "Addresses and networks that may say who the visitor is, and whether he came by HTTPS. Default: 192.168.255.0/24, where Linode's NodeBalancers come from."
  type        = set(string)
  default     = null
}

variable "nodebalancer" {
  description = "The NodeBalancer configuration in front of the tier, as the module `load-balancer` puts it out. A node is drained there before it is touched."
  type = object({
    id        = number
    config_id = number
  })
  default = null
}

variable "backend_addresses" {
  description = "Addresses at which the load balancer reaches the nodes, by node: on Linode their private addresses. Default: each node's `address`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "drain_seconds" {
  description = "How long visitors get to leave a drained node. Default: 60 behind a NodeBalancer, which takes up to a minute to act; otherwise 0."
  type        = number
  default     = null

  validation {
    condition     = var.drain_seconds == null ? true : var.drain_seconds >= 0 && var.drain_seconds <= 3600
    error_message = "Draining takes between 0 and 3600 seconds."
  }
}

variable "wordpress" {
  description = "A WordPress in the document root, as the module `wordpress` puts it out. Default: none."
  type = object({
    url              = string
    title            = optional(string)
    admin_user       = optional(string)
    admin_email      = string
    database_host    = string
    database_name    = string
    database_user    = string
    password_version = optional(number, 1)
    table_prefix     = optional(string)
    source_url       = optional(string)
    source_sha256    = optional(string)
    updates          = optional(string)
    xmlrpc           = optional(bool)
    program_files    = optional(string)

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
  description = "Password of WordPress's database user. It reaches neither plan nor state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.wordpress == null || var.wordpress_database_password != null
    error_message = "WordPress needs a password for its database account."
  }
}

variable "on_destroy" {
  description = "What destroying does: `keep` leaves the data in place, `wipe` deletes it. It must be applied before the destroy that it is meant for."
  type        = string
  default     = "keep"
  nullable    = false

  validation {
    condition     = contains(["keep", "wipe"], var.on_destroy)
    error_message = "Destroying either keeps the data (`keep`) or deletes it (`wipe`)."
  }
}

variable "timeouts" {
  description = "Longest time for create, read, update and delete, as durations such as `90m`. Default: the provider's."
  type = object({
    create = optional(string)
    read   = optional(string)
    update = optional(string)
    delete = optional(string)
  })
  default  = {}
  nullable = false
}
