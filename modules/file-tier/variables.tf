variable "name" {
  description = "Name of the volume."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_-]*$", var.name)) && length(var.name) <= 200
    error_message = "A volume's name has letters, digits, underscores and hyphens, and does not begin with a hyphen."
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
    - `brick_path`: directory of this node's brick. Default: the variable `brick_path`.
    - `data_device`: block device for the data, such as a volume of `instances`. Default: the host's own disk.
    - `maintenance`: takes the node out of service, also across reboots. `drained`: it serves its brick, and no other file server is restarted. `stopped`: glusterd and the bricks are also stopped. All others of its set have to serve. Default: none; the node is in service.
  EOT
  type = map(object({
    host     = string
    address  = optional(string)
    port     = optional(number)
    user     = optional(string)
    host_key = optional(string)

    brick_path  = optional(string)
    data_device = optional(string)
    maintenance = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) >= 3
    error_message = "A replicated volume needs at least 3 nodes: with fewer, the loss of one leaves no majority."
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

variable "brick_path" {
  description = "Directory of the brick on each node. Default: `/srv/gluster/<name>/brick`."
  type        = string
  default     = null

  validation {
    condition     = var.brick_path == null ? true : can(regex("^(/[A-Za-z0-9._-]+){2,}$", var.brick_path))
    error_message = "The brick is an absolute path with at least two directories, such as /srv/gluster/content/brick."
  }
}

variable "allow_root_partition" {
  description = "Whether the brick may be on the root file system, which a full volume would fill. Required on a Linode without another disk."
  type        = bool
  default     = false
  nullable    = false
}

variable "replica" {
  description = "Number of bricks in a set, each with a copy of every file of the set. With a multiple of it as nodes, files are distributed over several sets. Default: 3."
  type        = number
  default     = null

  validation {
    condition     = var.replica == null ? true : var.replica >= 3 && var.replica % 2 == 1
    error_message = "An odd number of replicas, at least 3, has a majority whichever one is lost. Set `arbiter = 1` for two copies."
  }
}

variable "arbiter" {
  description = "Number of bricks in each set that are arbiters, 0 or 1. An arbiter stores the names of files and not their contents, and decides which of the two copies is right."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = contains([0, 1], var.arbiter)
    error_message = "A set has no arbiter or one."
  }
}

variable "disperse" {
  description = "Number of bricks in a dispersed set, which has erasure-coded fragments instead of copies. Default: the volume is replicated."
  type        = number
  default     = null

  validation {
    condition     = var.disperse == null ? true : var.disperse >= 3 && floor(var.disperse) == var.disperse
    error_message = "A dispersed set has at least 3 bricks."
  }
}

variable "redundancy" {
  description = "Number of bricks that a dispersed set can lose. Default: the largest for which the number of the other bricks is a power of two."
  type        = number
  default     = null

  validation {
    condition     = var.redundancy == null ? true : var.redundancy >= 1 && floor(var.redundancy) == var.redundancy
    error_message = "At least one brick of a dispersed set may be lost."
  }
}

variable "order" {
  description = "Keys of all nodes in the order of their bricks, which decides which nodes form a set. Default: the order of the keys."
  type        = list(string)
  default     = null
}

variable "profile" {
  description = "`web` tunes the volume for many small files that PHP reads. `none` keeps GlusterFS's own options."
  type        = string
  default     = "web"
  nullable    = false

  validation {
    condition     = contains(["web", "none"], var.profile)
    error_message = "The profile is `web` or `none`."
  }
}

variable "options" {
  description = "Volume options by name, such as `\"cluster.lookup-optimize\" = \"on\"`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "clients" {
  description = "Addresses, networks such as `10.0.0.0/24`, patterns such as `10.0.0.*`, or names that may mount the volume, besides the nodes."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "firewall" {
  description = "`managed`: a packet filter on every node admits only the nodes and `clients` to GlusterFS. `none`: no packet filter."
  type        = string
  default     = "managed"
  nullable    = false

  validation {
    condition     = contains(["managed", "none"], var.firewall)
    error_message = "The firewall is `managed` or `none`."
  }
}

variable "ping_timeout_seconds" {
  description = "GlusterFS's ping timeout, 5 to 1013. If a brick hangs, clients wait up to twice this time before they continue without it; if its machine is lost, two seconds less than this time, at least 7."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.ping_timeout_seconds >= 5 && var.ping_timeout_seconds <= 1013
    error_message = "The ping timeout is between 5 and 1013 seconds."
  }
}

variable "glusterfs_version" {
  description = "Release of GlusterFS that the servers run, the `version` of `ha_gluster_volume`, such as `10` or `10.3`. It installs nothing: `os` updates the servers from the archives that they have, and then the operating version of the pool is raised. Default: none; the operating version stays as it is."
  type        = string
  default     = null

  validation {
    condition     = var.glusterfs_version == null ? true : can(regex("^[1-9][0-9]?([.][0-9]{1,2})?$", var.glusterfs_version))
    error_message = "A release of GlusterFS is one such as 10 or 10.3."
  }
}

variable "restart_trigger" {
  description = "Any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts glusterd and the bricks once, one node after the other. Removing it restarts nothing. Default: none."
  type        = string
  default     = null

  validation {
    condition     = var.restart_trigger == null ? true : can(regex("^[A-Za-z0-9._:@+-]{1,100}$", var.restart_trigger))
    error_message = "A restart trigger has up to 100 letters, digits and the characters ._:@+-."
  }
}

variable "os" {
  description = <<-EOT
    How the systems of the machines are kept up to date: one node at a time, drained first. See `os` of `ha_gluster_volume`. Default: neither updates nor reboots.
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
    How nodes that serve are changed one after the other, when a change restarts them. Default: all of them in one apply.
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

variable "split_brain" {
  description = <<-EOT
    Your decision about files in split brain, of which the bricks have different copies. A plan lists them. One copy overwrites the others, which are kept beside the bricks. It is acted on once for each `attempt`, so it may stay in the configuration. Default: none.
    - `policy`: which copy counts: `latest-mtime`, `bigger-file`, or `source-brick` with `source_node`.
    - `source_node`: key of the node whose copy counts with `source-brick`.
    - `files`: paths from the root of the volume, or identities such as `gfid:0d3e8a5c-9c1c-4b3e-8f0a-3a1d5c6b7e8f`.
    - `attempt`: number of the decision, 1 or more. An interrupted apply continues with the same number; another decision needs a higher one.
  EOT
  type = object({
    policy      = string
    source_node = optional(string)
    files       = set(string)
    attempt     = number
  })
  default = null

  validation {
    condition     = var.split_brain == null ? true : contains(["latest-mtime", "bigger-file", "source-brick"], var.split_brain.policy)
    error_message = "The copy that counts is chosen by `latest-mtime`, `bigger-file` or `source-brick`."
  }

  validation {
    condition     = var.split_brain == null ? true : var.split_brain.policy == "source-brick" ? contains(keys(var.nodes), coalesce(var.split_brain.source_node, "-")) : var.split_brain.source_node == null
    error_message = "With `source-brick`, `source_node` is a key of `nodes`; the other policies have none."
  }

  validation {
    condition     = var.split_brain == null ? true : length(var.split_brain.files) > 0
    error_message = "A decision names the files that it is about."
  }

  validation {
    condition     = var.split_brain == null ? true : var.split_brain.attempt >= 1 && floor(var.split_brain.attempt) == var.split_brain.attempt
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
  description = "Whether plans and applies check the health of the volume: they warn if it is not healthy, and do not fail. See the output `health`."
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
