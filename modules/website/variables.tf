variable "name" {
  description = "Name of the site. Everything that is made carries it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 20
    error_message = "The name has 3 to 20 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Linode region, such as `us-ord`. It has VLANs, placement groups and NodeBalancers."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.region))
    error_message = "The region is an identifier such as us-ord or de-fra-2."
  }
}

variable "authorized_keys" {
  description = "Public SSH keys of root on new machines, one line each. The provider's private key belongs to one of them."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.authorized_keys) > 0
    error_message = "At least one public SSH key is needed, or nothing can set up the machines."
  }
}

variable "admin_cidrs" {
  description = "IPv4 and IPv6 networks that may use SSH: yours, and that of the runner that applies."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.admin_cidrs) > 0 && alltrue([for cidr in var.admin_cidrs : can(cidrhost(cidr, 0))])
    error_message = "At least one network may use SSH, and every network is written with its prefix length, such as 203.0.113.7/32."
  }
}

variable "image" {
  description = "Image of new machines."
  type        = string
  default     = "linode/debian12"
  nullable    = false
}

variable "generate_host_keys" {
  description = "Whether new machines are given SSH host keys that Terraform has made, so that already the first connection to each is checked. The keys are in the state, and in Linode's metadata service, where every process on the machine can read its own. Existing machines keep what they have."
  type        = bool
  default     = true
  nullable    = false
}

variable "cloud_config" {
  description = "What else cloud-init does at the first boot of every new machine, as in a file of it: `{ packages = [\"htop\"] }`. Default: nothing."
  type        = any
  default     = {}
  nullable    = false
}

variable "vlan_label" {
  description = "Label of the VLAN. Default: the site's name."
  type        = string
  default     = null
}

variable "vlan_cidr" {
  description = "IPv4 network of the VLAN, /8 to /25. The floating IP is its host 10; the tiers' addresses follow from 21, 41 and 61."
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
    - `nodes`: machines by keys of your choice; `slot` (1 to 9; web servers may have more, as far as the VLAN has room:
      81 in a /24) is a machine's place in the address plan, `type` is its
      Linode type. Another `generation` replaces the Linode by one with another address, which this release supports for
      web nodes only: leave it alone here.
    - `type`: Linode type of the tier.
    - `data_volume_size_gb`: size of a Block Storage volume for each machine's data; see the module `instances`. Default: none.
    - `volume`: name of the volume.
    - `brick_path`: directory of the brick. Default: `/srv/gluster/<volume>/brick`.
    - `allow_root_partition`: whether the brick may lie on the root file system. A plain Linode has no other.
    - `options`: volume options by name.
  EOT
  type = object({
    nodes = optional(map(object({
      slot       = number
      generation = optional(number, 1)
      type       = optional(string)
    })), { files1 = { slot = 1 }, files2 = { slot = 2 }, files3 = { slot = 3 } })
    type                 = optional(string, "g6-standard-1")
    data_volume_size_gb  = optional(number)
    volume               = optional(string, "content")
    brick_path           = optional(string)
    allow_root_partition = optional(bool, true)
    options              = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.files.nodes) >= 3 && length(var.files.nodes) % 2 == 1
    error_message = "The file tier has an odd number of nodes, at least 3, so that a majority is left when one is lost."
  }

  validation {
    condition     = alltrue([for node in var.files.nodes : node.slot <= 9])
    error_message = "The address plan has nine places for file servers: the next tier's addresses follow. More copies of the same data would only make writing slower."
  }

  validation {
    condition     = alltrue([for node in var.files.nodes : node.generation == 1])
    error_message = "This release moves only web nodes to new machines: the generation of file servers stays 1."
  }
}

variable "databases" {
  description = <<-EOT
    The database tier.
    - `nodes`, `type`: as for `files`; leave `generation` alone here, too. A node may have `settings` of its own, which replace
      those of all.
    - `data_volume_size_gb`: as for `files`.
    - `flavor`: `mariadb` or `percona`; `series`: Percona's, such as `pxc-80`.
    - `settings`: engine settings by name; `provider_options`: options of the Galera library by name.
    - `databases`, `users`: besides those of WordPress; passwords are in `database_passwords`. Without `hosts` an account is for
      clients in the VLAN.
    - `clients`: addresses and networks from where others than the web servers and the databases may connect to TCP 3306.
    - `router_id`: of the floating IP, unique in the VLAN. Default: the address's last octet.
  EOT
  type = object({
    nodes = optional(map(object({
      slot       = number
      generation = optional(number, 1)
      type       = optional(string)
      settings   = optional(map(string))
    })), { db1 = { slot = 1 }, db2 = { slot = 2 }, db3 = { slot = 3 } })
    type = optional(string, "g6-standard-2")

    data_volume_size_gb = optional(number)

    flavor   = optional(string, "mariadb")
    series   = optional(string)
    settings = optional(map(string), {})

    provider_options = optional(map(string), {})

    databases = optional(map(object({
      charset   = optional(string)
      collation = optional(string)
    })), {})
    users = optional(map(object({
      hosts            = optional(set(string))
      grants           = optional(map(list(string)), {})
      password_version = optional(number, 1)
    })), {})
    clients   = optional(set(string), [])
    router_id = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for node in var.databases.nodes : node.slot <= 9])
    error_message = "The address plan has nine places for databases: the next tier's addresses follow. More copies of the same data would only make writing slower."
  }

  validation {
    condition     = alltrue([for node in var.databases.nodes : node.generation == 1])
    error_message = "This release moves only web nodes to new machines: the generation of databases stays 1."
  }

  validation {
    condition     = length(var.databases.nodes) >= 3 && length(var.databases.nodes) % 2 == 1
    error_message = "The database tier has an odd number of nodes, at least 3, so that a majority is left when one is lost."
  }
}

variable "database_passwords" {
  description = "Password of each account in `databases.users`, by name. Passwords reach neither plan nor state."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "floating_ip_auth_secret" {
  description = "Up to 8 characters that tell the floating IP from another one with the same router id. Kept in the state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.floating_ip_auth_secret == null ? true : length(var.floating_ip_auth_secret) <= 8
    error_message = "Keepalived uses the first 8 characters of the secret only."
  }
}

variable "web" {
  description = <<-EOT
    The web tier.
    - `nodes`, `type`: as for `files`. Raise `generation` for one node at a time.
    - `document_root`: directory of the site on the volume, which is mounted at its first two levels.
    - `server_name`, `server_aliases`: host names of the site. Default: every name.
    - `php_settings`: settings of php.ini by name.
    - `packages`: further packages, such as PHP extensions.
    - `sessions`: where PHP keeps sessions, `local` or `shared`.
    - `allow_override`: whether .htaccess files count.
    - `drain_seconds`: how long visitors get to leave a node before it is touched.
    - `check`: a page (`path`, `status`, `contains`) that a changed node must serve before the next one is changed.
  EOT
  type = object({
    nodes = optional(map(object({
      slot       = number
      generation = optional(number, 1)
      type       = optional(string)
    })), { web1 = { slot = 1 }, web2 = { slot = 2 }, web3 = { slot = 3 } })
    type           = optional(string, "g6-standard-1")
    document_root  = optional(string, "/srv/www/site")
    server_name    = optional(string)
    server_aliases = optional(set(string))
    php_settings   = optional(map(string), {})
    packages       = optional(set(string), [])
    sessions       = optional(string, "local")
    allow_override = optional(bool, false)
    drain_seconds  = optional(number)
    check = optional(object({
      path     = string
      status   = optional(number, 200)
      contains = optional(string)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.web.nodes) >= 2
    error_message = "The web tier has at least 2 nodes: one serves while the other is lost or drained."
  }
}

variable "load_balancer" {
  description = "The NodeBalancer: `algorithm`, `stickiness`, and the `check` of the module `load-balancer`."
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
  description = "Certificate in PEM, with the intermediate ones after it. With it the site is HTTPS on port 443. Default: HTTP on port 80."
  type        = string
  default     = null
}

variable "tls_private_key" {
  description = "Private key of the certificate, in PEM without a passphrase. linode_nodebalancer_config keeps it in the state."
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
    A WordPress on the site. Default: none.
    - `admin_email`, `admin_user`, `title`: of the site and its first administrator, whose login is `name` with `-admin` by default.
    - `updates`: what WordPress updates of itself, `minor` or `none`. `xmlrpc`: whether visitors reach `xmlrpc.php`.
    - `url`: address of the site as visitors write it, without a path. Default: the NodeBalancer's address.
    - `password_version`: counter of yours. Another number sets the database password again.
    - `source_archive`: URL of a .tar.gz archive and its SHA-256 checksum. Default: the distribution's package.
    - `program_files`: `read_only` keeps pages from writing program files, all but uploads and `writable_directories`; the dashboard then installs nothing. Default: `writable`.
    - `upload_limit_megabytes`: largest file that may be uploaded.
  EOT
  type = object({
    admin_email      = string
    admin_user       = optional(string)
    title            = optional(string, "WordPress")
    url              = optional(string)
    password_version = optional(number, 1)
    updates          = optional(string, "minor")
    xmlrpc           = optional(bool, false)
    program_files    = optional(string, "writable")

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
  description = "Tags of everything that is made on Linode, besides the site's name."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "on_destroy" {
  description = "What destroying a tier does with its data: `keep` leaves it on the machines, `wipe` deletes it first. `keep` keeps nothing here once the Linodes are destroyed, because files and databases lie on their disks or on volumes that are destroyed with them: see `protect`. It must be applied before the destroy that it is meant for."
  type        = string
  default     = "keep"
  nullable    = false

  validation {
    condition     = contains(["keep", "wipe"], var.on_destroy)
    error_message = "Destroying either keeps the data (`keep`) or deletes it (`wipe`)."
  }
}

variable "protect" {
  description = "Whether destroying the files or the databases is refused, and with them that of their Linodes: `terraform destroy` is then an error before anything is destroyed. A web server can still be replaced. Switching it off is an apply of its own."
  type        = bool
  default     = false
  nullable    = false
}

variable "backups" {
  description = "Whether Linode backs file servers and databases up, at a price. Linode deletes these backups with the machine. Default: as the account has it for new machines."
  type        = bool
  default     = null
}

variable "lock_type" {
  description = "A lock of Linode's on file servers and databases, against deleting or rebuilding them outside of Terraform: `cannot_delete` or `cannot_delete_with_subresources`. The provider `linode` needs `api_version = \"v4beta\"`. Default: none."
  type        = string
  default     = null
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
