variable "name" {
  description = "Name of the site, and prefix or label of all its resources on Linode."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 20
    error_message = "The name has 3 to 20 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Linode region, such as `us-ord`. It must have VLANs, placement groups and NodeBalancers."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.region))
    error_message = "The region is an identifier such as us-ord or de-fra-2."
  }
}

variable "authorized_keys" {
  description = "Public SSH keys for root on new Linodes, one line each. The provider's private key must belong to one of them."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.authorized_keys) > 0
    error_message = "At least one public SSH key is needed, or nothing can set up the machines."
  }
}

variable "admin_cidrs" {
  description = "IPv4 and IPv6 networks from which SSH is allowed, including that of the machine that runs Terraform."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.admin_cidrs) > 0 && alltrue([for cidr in var.admin_cidrs : can(cidrhost(cidr, 0))])
    error_message = "At least one network may use SSH, and every network is written with its prefix length, such as 203.0.113.7/32."
  }
}

variable "image" {
  description = "Image of new Linodes."
  type        = string
  default     = "linode/debian12"
  nullable    = false
}

variable "generate_host_keys" {
  description = "Whether Terraform generates the SSH host keys of new Linodes, so that the first connection to each is verified. The private keys are in the state and in Linode's metadata service, where every process on a machine can read that machine's key. Existing Linodes keep their keys."
  type        = bool
  default     = true
  nullable    = false
}

variable "cloud_config" {
  description = "Further cloud-init configuration for the first boot of every new Linode, such as `{ packages = [\"htop\"] }`."
  type        = any
  default     = {}
  nullable    = false
}

variable "vlan_label" {
  description = "Label of the VLAN. Default: `name`."
  type        = string
  default     = null
}

variable "vlan_cidr" {
  description = "IPv4 network of the VLAN, from /8 to /25. The floating IP has host number 10; file servers follow from 21, databases from 41 and web servers from 61."
  type        = string
  default     = "10.0.0.0/24"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9.]+/[0-9]+$", var.vlan_cidr)) && can(cidrhost(var.vlan_cidr, 0)) && try(tonumber(split("/", var.vlan_cidr)[1]) <= 25, false)
    error_message = "The VLAN's network is an IPv4 network of at most /25, such as 10.0.0.0/24."
  }
}

variable "files" {
  description = <<-EOT
    The file tier.
    - `nodes`: nodes of the tier, by keys of your choice: a multiple of `replica`, or of `disperse`. By default each file is on three of them.
    - `nodes.slot`: position of the node in the address plan, from 1 to 9.
    - `nodes.generation`: number of the node's machine. Increment it to replace the Linode.
    - `nodes.type`: Linode type of the node. Default: `type`.
    - `nodes.maintenance`: takes the node out of service, also across reboots. `drained`: it serves its brick, and no other file server is restarted. `stopped`: glusterd and the bricks are also stopped. All others of its set have to serve. Default: none; the node is in service.
    - `type`: Linode type of the tier.
    - `data_volume_size_gb`: size in GB of a Block Storage volume for the data of each node; see the module `instances`. Default: no volume.
    - `volume`: name of the volume.
    - `brick_path`: directory of the brick. Default: `/srv/gluster/<volume>/brick`.
    - `allow_root_partition`: whether the brick may be on the root file system. A plain Linode has no other file system.
    - `replica`: number of nodes in a set, each with a copy of every file of the set. Default: 3.
    - `arbiter`: number of nodes in each set that store only names, 0 or 1.
    - `disperse`: number of nodes in a set that stores erasure-coded fragments instead of copies. Default: copies.
    - `redundancy`: number of nodes that a set of fragments can lose. Default: the default of `file-tier`.
    - `profile`: `web` tunes the volume for many small files that PHP reads; `none` keeps GlusterFS's own options.
    - `ping_timeout_seconds`: GlusterFS's ping timeout in seconds.
    - `options`: volume options by name.
    - `version`: release of GlusterFS that the servers run, such as `10` or `10.3`; see `glusterfs_version` of the module `file-tier`. Default: none.
    - `restart_trigger`: any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts glusterd and the bricks once, one node after the other. Default: none.
    - `os`: how the systems of the machines are kept up to date, one node at a time. Default: neither updates nor reboots.
    - `os.updates`: `security` or `all`. Default: no updates.
    - `os.reboot`: `if-required` or `never`. Default: `never`.
    - `rolling`: how nodes that serve are changed one after the other, when a change restarts them. Default: all of them in one apply.
    - `rolling.first`: key of the node that is changed first. Default: the order of the tier.
    - `rolling.bake_seconds`: how long a node has to serve after its change before the next one is changed, in seconds, 1 to 86400. Allow for it in `timeouts.update`. Default: none.
    - `rolling.stop_after`: number of nodes that one apply changes, 1 or more. The next apply continues. Default: all.
    - `rolling.check_url`: URL, with http or https, that must answer the machine that runs Terraform before and after the change of each node. Default: none.
    - `split_brain`: your decision about files in split brain; see the module `file-tier`. Default: none.
    - `split_brain.policy`: which copy counts: `latest-mtime`, `bigger-file`, or `source-brick` with `source_node`.
    - `split_brain.source_node`: key of the node whose copy counts with `source-brick`.
    - `split_brain.files`: paths from the root of the volume, or identities.
    - `split_brain.attempt`: number of the decision, 1 or more. Another decision needs a higher one.
  EOT
  type = object({
    nodes = optional(map(object({
      slot        = number
      generation  = optional(number, 1)
      type        = optional(string)
      maintenance = optional(string)
    })), { files1 = { slot = 1 }, files2 = { slot = 2 }, files3 = { slot = 3 } })
    type                 = optional(string, "g6-standard-1")
    data_volume_size_gb  = optional(number)
    volume               = optional(string, "content")
    brick_path           = optional(string)
    allow_root_partition = optional(bool, true)
    replica              = optional(number)
    arbiter              = optional(number, 0)
    disperse             = optional(number)
    redundancy           = optional(number)
    profile              = optional(string, "web")
    ping_timeout_seconds = optional(number, 10)
    options              = optional(map(string), {})
    version              = optional(string)

    restart_trigger = optional(string)
    os = optional(object({
      updates = optional(string)
      reboot  = optional(string)
    }))
    rolling = optional(object({
      first        = optional(string)
      bake_seconds = optional(number)
      stop_after   = optional(number)
      check_url    = optional(string)
    }))
    split_brain = optional(object({
      policy      = string
      source_node = optional(string)
      files       = set(string)
      attempt     = number
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.files.nodes) >= 3 && length(var.files.nodes) % coalesce(var.files.disperse, var.files.replica, 3) == 0
    error_message = "The file tier has as many nodes as fill its sets, at least 3: by default 3, 6 or 9, with each file on three of them, so that a majority is left when one is lost."
  }

  validation {
    condition     = contains(["web", "none"], var.files.profile)
    error_message = "The profile of the file tier is `web` or `none`."
  }

  validation {
    condition     = alltrue([for node in var.files.nodes : node.slot <= 9])
    error_message = "The address plan has nine places for file servers: the next tier's addresses follow."
  }

  validation {
    condition     = alltrue([for node in var.files.nodes : node.maintenance == null ? true : contains(["drained", "stopped"], node.maintenance)])
    error_message = "A file server's maintenance is `drained` or `stopped`."
  }
}

variable "databases" {
  description = <<-EOT
    The database tier.
    - `nodes`: nodes of the tier, by keys of your choice.
    - `nodes.slot`: position of the node in the address plan, from 1 to 9.
    - `nodes.generation`: number of the node's machine. Increment it to replace the Linode.
    - `nodes.type`: Linode type of the node. Default: `type`.
    - `nodes.maintenance`: takes the node out of service, also across reboots. `drained`: the server runs as a member, and floating addresses go to another node. `stopped`: the server is also stopped. A quorum has to remain in service. Default: none; the node is in service.
    - `nodes.arbitrator`: makes an arbitrator of the node, which votes and has no data: two nodes with data and one arbitrator serve on when any one of them fails. Its Linode gets no volume for data. One at most. Default: false.
    - `type`: Linode type of the tier.
    - `data_volume_size_gb`: size in GB of a Block Storage volume for the data of each node; see the module `instances`. Default: no volume.
    - `nodes.settings`: engine settings of the node, by name. They override those of the tier.
    - `version`: engine, and release series or release: `mariadb`, a release series of MariaDB that the distribution must have, such as `10.11`, a release of it that all nodes have, such as `10.11.19`, `pxc-84`, `pxc-80`, or a release of these, such as `pxc-8.4.5`. A newer release upgrades the nodes one at a time.
    - `settings`: engine settings by name.
    - `provider_options`: options of the Galera library by name.
    - `databases`: databases besides that of WordPress, by name.
    - `databases.charset`: default character set. Default: the engine's.
    - `databases.collation`: default collation. Default: the engine's.
    - `users`: accounts besides that of WordPress, by name or by keys of your choice. Their passwords are in `database_passwords`.
    - `users.name`: name to log in with. With it, several accounts have one name and different `hosts`. Default: the key.
    - `users.hosts`: hosts from which the account may log in. TCP 3306 is open only to web servers, databases and `clients`: list other hosts there too. Default: the VLAN.
    - `users.grants`: privileges by object, such as `"shop.*" = ["ALL"]`.
    - `users.password_wo_version`: increment it to apply a new password.
    - `clients`: addresses and networks that may connect to TCP 3306, besides the web servers and the databases.
    - `router_id`: virtual router ID of the floating IP, unique in the VLAN. Default: the last octet of the address.
    - `restart_trigger`: any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts the servers once, one node after the other. Default: none.
    - `floating_ip_restart_trigger`: the same for Keepalived, which holds the floating IP. Default: none.
    - `os`: how the systems of the machines are kept up to date, one node at a time. Default: neither updates nor reboots.
    - `os.updates`: `security` or `all`. Default: no updates.
    - `os.reboot`: `if-required` or `never`. Default: `never`.
    - `rolling`: how nodes that serve are changed one after the other, when a change restarts or drains them. Default: all of them in one apply.
    - `rolling.first`: key of the node that is changed first. Default: the order of the tier.
    - `rolling.bake_seconds`: how long a node has to serve after its change before the next one is changed, in seconds, 1 to 86400. Allow for it in `timeouts.update`. Default: none.
    - `rolling.stop_after`: number of nodes that one apply changes, 1 or more. The next apply continues. Default: all.
    - `rolling.check_url`: URL, with http or https, that must answer the machine that runs Terraform before and after the change of each node. Default: none.
    - `recovery`: your decision about a cluster in which no node serves, and which cannot go on without losing what only some nodes have; see the module `database-tier`. Default: none.
    - `recovery.bootstrap_node`: key of the node whose data the cluster goes on with.
    - `recovery.allow_missing`: keys of the nodes without which the cluster may go on. What only they have is given up.
    - `recovery.attempt`: number of the decision, 1 or more. Another decision needs a higher one.
  EOT
  type = object({
    nodes = optional(map(object({
      slot        = number
      generation  = optional(number, 1)
      type        = optional(string)
      settings    = optional(map(string))
      maintenance = optional(string)
      arbitrator  = optional(bool, false)
    })), { db1 = { slot = 1 }, db2 = { slot = 2 }, db3 = { slot = 3 } })
    type = optional(string, "g6-standard-2")

    data_volume_size_gb = optional(number)

    version  = optional(string, "mariadb")
    settings = optional(map(string), {})

    provider_options = optional(map(string), {})

    databases = optional(map(object({
      charset   = optional(string)
      collation = optional(string)
    })), {})
    users = optional(map(object({
      name                = optional(string)
      hosts               = optional(set(string))
      grants              = optional(map(list(string)), {})
      password_wo_version = optional(number, 1)
    })), {})
    clients   = optional(set(string), [])
    router_id = optional(number)

    restart_trigger             = optional(string)
    floating_ip_restart_trigger = optional(string)
    os = optional(object({
      updates = optional(string)
      reboot  = optional(string)
    }))
    rolling = optional(object({
      first        = optional(string)
      bake_seconds = optional(number)
      stop_after   = optional(number)
      check_url    = optional(string)
    }))
    recovery = optional(object({
      bootstrap_node = string
      allow_missing  = optional(set(string), [])
      attempt        = number
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for node in var.databases.nodes : node.slot <= 9])
    error_message = "The address plan has nine places for databases: the next tier's addresses follow. More copies of the same data would only make writing slower."
  }

  validation {
    condition     = length(var.databases.nodes) >= 3 && length(var.databases.nodes) % 2 == 1
    error_message = "The database tier has an odd number of nodes, at least 3, so that a majority is left when one is lost."
  }

  validation {
    condition     = alltrue([for node in var.databases.nodes : node.maintenance == null ? true : contains(["drained", "stopped"], node.maintenance)])
    error_message = "A database's maintenance is `drained` or `stopped`."
  }

  validation {
    condition     = length([for node in var.databases.nodes : node if node.arbitrator]) <= 1
    error_message = "A Galera cluster has one arbitrator at most: further votes without data make it survive no more failures."
  }
}

variable "database_passwords" {
  description = "Password of each account in `databases.users`, by its key there. Passwords reach neither plan nor state."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "floating_ip_auth_secret" {
  description = "Up to 8 characters that distinguish the floating IP from another one with the same router ID. Stored in the state."
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

variable "web" {
  description = <<-EOT
    The web tier.
    - `nodes`: nodes of the tier, by keys of your choice.
    - `nodes.slot`: position of the node in the address plan, from 1.
    - `nodes.generation`: number of the node's machine. Increment it to replace the Linode.
    - `nodes.type`: Linode type of the node. Default: `type`.
    - `nodes.maintenance`: takes the node out of service, also across reboots. `drained`: visitors go to other nodes, and its servers run. `stopped`: Apache is also stopped. Half of the nodes have to remain in service. Default: none; the node is in service.
    - `type`: Linode type of the tier.
    - `document_root`: directory of the site on the volume, which is mounted at its first two levels.
    - `server_name`: host name of the site. Default: every name.
    - `server_aliases`: further host names of the site.
    - `php_settings`: settings of php.ini by name.
    - `php_workers`: number of requests that PHP processes at the same time on a node. Default: derived from the memory.
    - `packages`: further packages, such as PHP extensions.
    - `trusted_proxies`: addresses and networks whose headers about the visitor's address and HTTPS are trusted. Default: the default of `web-tier`.
    - `sessions`: where PHP stores sessions, `local` or `shared`.
    - `allow_override`: whether `.htaccess` files are used.
    - `drain_seconds`: longest time for visitors to leave a node before it is changed. Default: the default of `web-tier`.
    - `check`: page that a changed node must serve before the next node is changed. Default: no page.
    - `check.path`: path of the page.
    - `check.status`: expected HTTP status.
    - `check.contains`: text that the page must contain. Default: any.
    - `restart_trigger`: any text of up to 100 letters, digits and the characters `._:@+-`, such as a date. Another value restarts Apache and PHP once, one node after the other. Default: none.
    - `os`: how the systems of the machines are kept up to date, one node at a time. Default: neither updates nor reboots.
    - `os.updates`: `security` or `all`. Default: no updates.
    - `os.reboot`: `if-required` or `never`. Default: `never`.
    - `rolling`: how nodes that serve are changed one after the other, when a change restarts or drains them. Default: all of them in one apply.
    - `rolling.first`: key of the node that is changed first. Default: the order of the tier.
    - `rolling.bake_seconds`: how long a node has to serve after its change before the next one is changed, in seconds, 1 to 86400. Allow for it in `timeouts.update`. Default: none.
    - `rolling.stop_after`: number of nodes that one apply changes, 1 or more. The next apply continues. Default: all.
    - `rolling.check_url`: URL, with http or https, that must answer the machine that runs Terraform before and after the change of each node. Default: none.
  EOT
  type = object({
    nodes = optional(map(object({
      slot        = number
      generation  = optional(number, 1)
      type        = optional(string)
      maintenance = optional(string)
    })), { web1 = { slot = 1 }, web2 = { slot = 2 }, web3 = { slot = 3 } })
    type           = optional(string, "g6-standard-1")
    document_root  = optional(string, "/srv/www/site")
    server_name    = optional(string)
    server_aliases = optional(set(string))
    php_settings   = optional(map(string), {})
    php_workers    = optional(number)
    packages       = optional(set(string), [])
    sessions       = optional(string, "local")
    allow_override = optional(bool, false)
    drain_seconds  = optional(number)

    trusted_proxies = optional(set(string))
    check = optional(object({
      path     = string
      status   = optional(number, 200)
      contains = optional(string)
    }))

    restart_trigger = optional(string)
    os = optional(object({
      updates = optional(string)
      reboot  = optional(string)
    }))
    rolling = optional(object({
      first        = optional(string)
      bake_seconds = optional(number)
      stop_after   = optional(number)
      check_url    = optional(string)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.web.nodes) >= 2
    error_message = "The web tier has at least 2 nodes: one serves while the other is lost or drained."
  }

  validation {
    condition     = alltrue([for node in var.web.nodes : node.maintenance == null ? true : contains(["drained", "stopped"], node.maintenance)])
    error_message = "A web server's maintenance is `drained` or `stopped`."
  }
}

variable "load_balancer" {
  description = <<-EOT
    The NodeBalancer.
    - `algorithm`: how connections are distributed: `roundrobin`, `leastconn` or `source`.
    - `stickiness`: how a visitor stays on one backend: `none`, `table` or `http_cookie`.
    - `check`: health check of the backends.
    - `check.interval_seconds`: time between two checks.
    - `check.timeout_seconds`: longest time for an answer.
    - `check.attempts`: number of failed checks before a backend is taken out.
    - `check.passive`: whether a 5xx answer to a visitor counts as a failed check; see the module `load-balancer`.
  EOT
  type = object({
    algorithm  = optional(string, "leastconn")
    stickiness = optional(string, "none")
    check = optional(object({
      interval_seconds = optional(number, 5)
      timeout_seconds  = optional(number, 3)
      attempts         = optional(number, 2)
      passive          = optional(bool, false)
    }), {})
  })
  default  = {}
  nullable = false
}

variable "tls_certificate" {
  description = "TLS certificate in PEM format, followed by its intermediate certificates. With it the site uses HTTPS on port 443. Default: HTTP on port 80."
  type        = string
  default     = null
}

variable "tls_private_key" {
  description = "Private key of the certificate, in PEM format without a passphrase. `linode_nodebalancer_config` stores it in the state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = (var.tls_private_key == null) == (var.tls_certificate == null)
    error_message = "A certificate and its private key are given together."
  }
}

variable "wordpress" {
  description = <<-EOT
    WordPress on the site. Default: no WordPress.
    - `admin_email`: email address of the first administrator.
    - `admin_user`: login of the first administrator. Default: `name` followed by `-admin`.
    - `title`: title of the site.
    - `url`: URL of the site, without a path. Default: the NodeBalancer's address.
    - `password_wo_version`: increment it to apply a new database password.
    - `updates`: updates that WordPress installs by itself, `minor` or `none`.
    - `xmlrpc`: whether visitors can reach `xmlrpc.php`.
    - `program_files`: `writable` or `read_only`. With `read_only`, PHP can write only uploads and `writable_directories`, and the dashboard installs nothing.
    - `writable_directories`: directories that PHP can write although program files are read-only.
    - `source_archive`: archive of WordPress in .tar.gz format. Default: the package of the distribution.
    - `source_archive.url`: URL of the archive.
    - `source_archive.sha256`: SHA-256 checksum of the archive.
    - `upload_limit_megabytes`: size limit of uploaded files in MB.
  EOT
  type = object({
    admin_email         = string
    admin_user          = optional(string)
    title               = optional(string, "WordPress")
    url                 = optional(string)
    password_wo_version = optional(number, 1)
    updates             = optional(string, "minor")
    xmlrpc              = optional(bool, false)
    program_files       = optional(string, "writable")

    writable_directories = optional(set(string), [])
    source_archive = optional(object({
      url    = string
      sha256 = string
    }))
    upload_limit_megabytes = optional(number, 64)
  })
  default = null
}

variable "wordpress_admin_password" {
  description = "Password of WordPress's first administrator. It reaches neither plan nor state."
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

variable "tags" {
  description = "Tags of all resources on Linode, besides the name of the site."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "on_destroy" {
  description = "What destroying a tier does with its data: `keep` leaves it on the machines, `wipe` deletes it. Destroying the whole site destroys the Linodes with their disks and volumes in either case; see `protect`. Apply the change before running terraform destroy."
  type        = string
  default     = "keep"
  nullable    = false

  validation {
    condition     = contains(["keep", "wipe"], var.on_destroy)
    error_message = "Destroying either keeps the data (`keep`) or deletes it (`wipe`)."
  }
}

variable "protect" {
  description = "Whether to refuse to destroy the files, the databases and their Linodes: `terraform destroy` is then an error, and nothing is destroyed. Web servers can still be replaced. To destroy the site, set it to false and apply the change before running terraform destroy."
  type        = bool
  default     = false
  nullable    = false
}

variable "backups" {
  description = "Whether Linode backs up file servers and databases, at extra cost. Linode deletes the backups with the Linodes. Default: the account's setting for new Linodes."
  type        = bool
  default     = null
}

variable "lock_type" {
  description = "Lock of file servers and databases against deletion and rebuild outside Terraform: `cannot_delete` or `cannot_delete_with_subresources`. The provider `linode` needs `api_version = \"v4beta\"`. Default: no lock."
  type        = string
  default     = null
}

variable "health_checks" {
  description = "Whether plans and applies check the health of every tier: they warn of one that is not healthy, and do not fail. See the output `health`."
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
