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
  description = "Networks that may use SSH: yours, and that of the runner that applies."
  type        = set(string)
}

variable "ssh_public_key" {
  description = "Public SSH key of root on the machines, one line."
  type        = string
}

variable "ssh_private_key" {
  description = "The private key that belongs to it: its content, not a path. Default: the environment variable HA_SSH_PRIVATE_KEY."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
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

variable "web_nodes" {
  description = "Web servers by name. Another `generation` replaces that one by a new machine: one at a time. Default: three, web1 to web3."
  type = map(object({
    slot       = number
    generation = optional(number, 1)
  }))
  default = null
}

variable "database_settings" {
  description = "Engine settings by name."
  type        = map(string)
  default     = { innodb_buffer_pool_size = "512M" }
}

variable "server_name" {
  description = "Host name of the site. Default: every name."
  type        = string
  default     = null
}

variable "allow_root_partition" {
  description = "Whether the files may lie on the root file system of the file servers. A plain Linode has no other."
  type        = bool
  default     = true
}

variable "tls_certificate" {
  description = "Certificate in PEM. Default: plain HTTP."
  type        = string
  default     = null
}

variable "tls_private_key" {
  description = "Private key of the certificate, in PEM."
  type        = string
  default     = null
  sensitive   = true
}

variable "wordpress" {
  description = "Whether a WordPress is installed."
  type        = bool
  default     = true
}

variable "wordpress_title" {
  description = "Title of the WordPress."
  type        = string
  default     = "A highly available site"
}

variable "wordpress_url" {
  description = "Address of the WordPress as visitors write it. Default: the NodeBalancer's address."
  type        = string
  default     = null
}

variable "wordpress_admin_email" {
  description = "Mail address of WordPress's first administrator."
  type        = string
  default     = "admin@example.org"
}

variable "wordpress_source_archive" {
  description = "URL and SHA-256 checksum of a .tar.gz archive of WordPress. Default: the distribution's package."
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
  description = "What destroying a tier does with files and databases: `keep` or `wipe`. Both are gone with the Linodes: see `protect`."
  type        = string
  default     = "keep"
}

variable "protect" {
  description = "Whether destroying the site is refused. Switch it on where the data matter; switching it off is an apply of its own."
  type        = bool
  default     = false
}

variable "timeouts" {
  description = "Longest time for create, read, update and delete of a tier."
  type = object({
    create = optional(string, "60m")
    read   = optional(string, "1m")
    update = optional(string, "60m")
    delete = optional(string, "20m")
  })
  default = {}
}
