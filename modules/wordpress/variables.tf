variable "url" {
  description = "URL of the site, without a path: WordPress is served at the root."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https?://[^\\s'\"\\\\<>/?#]+/?$", var.url))
    error_message = "The URL is an address such as https://shop.example.org, without a path."
  }
}

variable "title" {
  description = "Title of the site."
  type        = string
  default     = "WordPress"
  nullable    = false

  validation {
    condition     = !can(regex("[[:cntrl:]]", var.title))
    error_message = "The title is one line."
  }
}

variable "admin_user" {
  description = "Login of the first administrator. Default: the name of the web tier followed by `-admin`."
  type        = string
  default     = null

  validation {
    condition     = var.admin_user == null ? true : can(regex("^[A-Za-z0-9_. @-]{1,60}$", var.admin_user))
    error_message = "A login has up to 60 letters, digits, spaces and _ . - @."
  }
}

variable "admin_email" {
  description = "Email address of the first administrator."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s@\"'<>()]+@[^\\s@\"'<>()]+\\.[^\\s@\"'<>()]+$", var.admin_email))
    error_message = "The mail address is one such as admin@example.org."
  }
}

variable "database_host" {
  description = "Address of the database: the floating IP, followed by `:port` if the port is not 3306."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(:[0-9]{1,5})?$", var.database_host))
    error_message = "The database is given as host or host:port."
  }
}

variable "database_name" {
  description = "Name of the database."
  type        = string
  default     = "wordpress"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_$-]{0,63}$", var.database_name))
    error_message = "A database's name has up to 64 letters, digits and _ $ -."
  }
}

variable "database_user" {
  description = "Database account of WordPress."
  type        = string
  default     = "wordpress"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$", var.database_user))
    error_message = "An account's name has up to 32 letters, digits, hyphens and underscores."
  }
}

variable "database_clients" {
  description = "Hosts from which the account may log in: addresses, networks such as `10.0.0.0/24`, names, or patterns with `%` and `_`. Default: the default of `database-tier`."
  type        = set(string)
  default     = null

  validation {
    condition     = var.database_clients == null ? true : length(var.database_clients) > 0 && alltrue([for host in var.database_clients : can(regex("^[A-Za-z0-9_.:%/-]{1,255}$", host))])
    error_message = "The clients are at least one address, network such as 10.0.0.0/24, name or pattern such as 10.0.0.%."
  }
}

variable "table_prefix" {
  description = "Prefix of the names of tables."
  type        = string
  default     = "wp_"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_]{1,20}$", var.table_prefix))
    error_message = "A table prefix has up to 20 letters, digits and underscores."
  }
}

variable "password_wo_version" {
  description = "Increment it to apply a new database password, in the database and in WordPress."
  type        = number
  default     = 1
  nullable    = false
}

variable "source_archive" {
  description = <<-EOT
    Archive of WordPress, in .tar.gz format. A newer archive updates the site. Default: the package of the distribution.
    - `url`: URL of the archive.
    - `sha256`: SHA-256 checksum of the archive, in lower-case hexadecimal digits.
  EOT
  type = object({
    url    = string
    sha256 = string
  })
  default = null

  validation {
    condition     = var.source_archive == null ? true : can(regex("^https?://[^/]+/", var.source_archive.url))
    error_message = "The archive is given by its URL."
  }

  validation {
    condition     = var.source_archive == null ? true : can(regex("^[0-9a-f]{64}$", var.source_archive.sha256))
    error_message = "The checksum is a SHA-256 in 64 lower-case hexadecimal digits."
  }
}

variable "updates" {
  description = "Updates that WordPress installs by itself: `minor` (security and maintenance releases) or `none`."
  type        = string
  default     = "minor"
  nullable    = false

  validation {
    condition     = contains(["minor", "none"], var.updates)
    error_message = "WordPress updates itself to `minor` releases or to `none`."
  }
}

variable "xmlrpc" {
  description = "Whether visitors can reach `xmlrpc.php`, which some applications use to log in."
  type        = bool
  default     = false
  nullable    = false
}

variable "program_files" {
  description = "Whether PHP can write the program files of WordPress: `writable`, which lets the dashboard install plugins, themes and updates, or `read_only`."
  type        = string
  default     = "writable"
  nullable    = false

  validation {
    condition     = contains(["writable", "read_only"], var.program_files)
    error_message = "Program files are `writable` or `read_only`."
  }
}

variable "writable_directories" {
  description = "Directories below `wp-content` that PHP can write although `program_files` is `read_only`, such as `wp-content/cache`. `wp-content/uploads` is always writable."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for directory in var.writable_directories : can(regex("^wp-content(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$", directory))])
    error_message = "A writable directory lies below wp-content, such as wp-content/cache."
  }

  validation {
    condition     = length(var.writable_directories) == 0 || var.program_files == "read_only"
    error_message = "Writable directories are of no use while all program files are writable."
  }
}

variable "upload_limit_megabytes" {
  description = "Size limit of uploaded files in MB, 1 to 4096."
  type        = number
  default     = 64
  nullable    = false

  validation {
    condition     = var.upload_limit_megabytes >= 1 && var.upload_limit_megabytes <= 4096 && floor(var.upload_limit_megabytes) == var.upload_limit_megabytes
    error_message = "The upload limit is a whole number from 1 to 4096."
  }
}
