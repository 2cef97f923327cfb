variable "name" {
  description = "Name of the site."
  type        = string
  default     = "website"
}

variable "region" {
  description = "Linode region."
  type        = string
  default     = "us-ord"
}

variable "admin_cidrs" {
  description = "Networks from which SSH is allowed, including that of the machine that runs Terraform."
  type        = set(string)
}

variable "ssh_public_key" {
  description = "Public SSH key for root on the Linodes, one line."
  type        = string
}

variable "ssh_private_key" {
  description = "Private key that belongs to `ssh_public_key`: its content, not a path. Default: the environment variable HA_SSH_PRIVATE_KEY."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "image" {
  description = "Image of new Linodes, such as `linode/debian13`. Default: that of the module."
  type        = string
  default     = null
}

variable "file_node_type" {
  description = "Linode type of the file servers."
  type        = string
  default     = "g6-standard-1"
}

variable "database_node_type" {
  description = "Linode type of the databases."
  type        = string
  default     = "g6-standard-2"
}

variable "web_node_type" {
  description = "Linode type of the web servers."
  type        = string
  default     = "g6-standard-1"
}

variable "file_nodes" {
  description = "File servers by name. Increment `generation` to replace the Linode. `maintenance` takes a node out of service: `drained` or `stopped`. Default: files1 to files3."
  type = map(object({
    slot        = number
    generation  = optional(number, 1)
    maintenance = optional(string)
  }))
  default = null
}

variable "database_nodes" {
  description = "Databases by name. Increment `generation` to replace the Linode. `maintenance` takes a node out of service: `drained` or `stopped`. Default: db1 to db3."
  type = map(object({
    slot        = number
    generation  = optional(number, 1)
    maintenance = optional(string)
  }))
  default = null
}

variable "web_nodes" {
  description = "Web servers by name. Increment `generation` to replace the Linode. `maintenance` takes a node out of service: `drained` or `stopped`. Default: web1 to web3."
  type = map(object({
    slot        = number
    generation  = optional(number, 1)
    maintenance = optional(string)
  }))
  default = null
}

variable "database_settings" {
  description = "Engine settings by name."
  type        = map(string)
  default     = { innodb_buffer_pool_size = "512M" }
}

variable "database_recovery" {
  description = "Your decision about databases of which none serves; an apply that is refused says what to put here. Remove it afterwards."
  type = object({
    bootstrap_node = string
    allow_missing  = optional(set(string), [])
    attempt        = number
  })
  default = null
}

variable "database_volume_size_gb" {
  description = "Size in GB of a Block Storage volume for the data of each database. Default: no volume; the data is on the disk of the Linode."
  type        = number
  default     = null
}

variable "server_name" {
  description = "Host name of the site. Default: every name."
  type        = string
  default     = null
}

variable "os" {
  description = "What an apply installs on the machines, one at a time: { updates = \"security\" or \"all\", reboot = \"if-required\" or \"never\" }. Without it, updates are left to you."
  type = object({
    updates = optional(string)
    reboot  = optional(string)
  })
  default = null
}

variable "allow_root_partition" {
  description = "Whether the files may be on the root file system of the file servers. A plain Linode has no other file system."
  type        = bool
  default     = true
}

variable "tls_certificate" {
  description = "TLS certificate in PEM format. Default: plain HTTP."
  type        = string
  default     = null
}

variable "tls_private_key" {
  description = "Private key of the certificate, in PEM format."
  type        = string
  default     = null
  sensitive   = true
}

variable "wordpress" {
  description = "Whether to install WordPress."
  type        = bool
  default     = true
}

variable "wordpress_title" {
  description = "Title of the WordPress site."
  type        = string
  default     = "A highly available site"
}

variable "wordpress_url" {
  description = "URL of the WordPress site. Default: the NodeBalancer's address."
  type        = string
  default     = null
}

variable "wordpress_admin_email" {
  description = "Email address of WordPress's first administrator."
  type        = string
  default     = "admin@example.org"
}

variable "wordpress_source_archive" {
  description = "URL and SHA-256 checksum of a .tar.gz archive of WordPress. Default: the package of the distribution."
  type = object({
    url    = string
    sha256 = string
  })
  default = null
}

variable "wordpress_admin_password" {
  description = "Password of WordPress's first administrator."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "wordpress_database_password" {
  description = "Password of WordPress's database account."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "on_destroy" {
  description = "What destroying a tier does with files and databases: `keep` or `wipe`. Destroying the Linodes destroys both; see `protect`."
  type        = string
  default     = "keep"
}

variable "protect" {
  description = "Whether to refuse to destroy the site. Enable it if the data matters. To destroy the site, set it to false and apply the change first."
  type        = bool
  default     = false
}

variable "health_checks" {
  description = "Whether plans and applies check the health of every tier, and warn of one that is not healthy."
  type        = bool
  default     = false
}

variable "timeouts" {
  description = "Time limits for creating, reading, updating and deleting a tier."
  type = object({
    create = optional(string, "60m")
    read   = optional(string, "1m")
    update = optional(string, "60m")
    delete = optional(string, "20m")
  })
  default = {}
}
