variable "name" {
  description = "Name of the site. A machine's label is the name, a hyphen and its key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "The name has up to 20 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "nodes" {
  description = <<-EOT
    The machines, by keys of your choice.
    - `address`: address in the VLAN with prefix length, such as `10.0.0.41/24`. Needed with `vlan_label`.
    - `generation`: counts replacements. Another number replaces the machine, and nothing else does. In this release only
      the web tier can follow to a machine with another address.
    - `type`: Linode type of this machine. Default: the variable `type`.
  EOT
  type = map(object({
    address    = optional(string)
    generation = optional(number, 1)
    type       = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "There is no node."
  }

  validation {
    condition     = alltrue([for key in keys(var.nodes) : can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", key)) && length(key) <= 32])
    error_message = "A node's key becomes part of a label: up to 32 lower-case letters, digits and single hyphens."
  }

  validation {
    condition     = alltrue([for node in var.nodes : node.address == null ? true : can(cidrhost(node.address, 0)) && can(regex("^[0-9.]+/[0-9]+$", node.address))])
    error_message = "An address has the prefix length of its network, such as 10.0.0.41/24."
  }

  validation {
    condition     = length(distinct([for node in var.nodes : node.address if node.address != null])) == length([for node in var.nodes : node.address if node.address != null])
    error_message = "Two nodes have the same address."
  }

  validation {
    condition     = alltrue([for node in var.nodes : node.generation >= 1 && floor(node.generation) == node.generation])
    error_message = "A generation is a whole number from 1."
  }
}

variable "region" {
  description = "Linode region, such as `us-ord`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)+$", var.region))
    error_message = "The region is an identifier such as us-ord or de-fra-2."
  }
}

variable "type" {
  description = "Linode type of the machines."
  type        = string
  default     = "g6-standard-1"
  nullable    = false
}

variable "image" {
  description = "Image of new machines. Existing ones keep theirs until they are replaced."
  type        = string
  default     = "linode/debian12"
  nullable    = false
}

variable "authorized_keys" {
  description = "Public SSH keys of root on new machines, one line each. Existing machines keep theirs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.authorized_keys) > 0
    error_message = "At least one public SSH key is needed, or nothing can set up the machines."
  }

  validation {
    condition     = alltrue([for key in var.authorized_keys : can(regex("^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+( [^\n]*)?\n?$", key))])
    error_message = "A public SSH key is one line such as `ssh-ed25519 AAAA... name`. A private key, or the path of a file, is not one."
  }
}

variable "generate_host_keys" {
  description = "Whether new machines are given an SSH host key that Terraform has made, to which `nodes` is then pinned. The key is in the state, and in Linode's metadata service, where every process on the machine can read it. Without it a machine makes its own, which belongs into the provider's `known_hosts`, or is accepted as new. Existing machines keep what they have."
  type        = bool
  default     = true
  nullable    = false
}

variable "cloud_config" {
  description = "What else cloud-init does at the first boot of new machines, as in a file of it: `{ packages = [\"htop\"] }`. The generated host keys are added. Existing machines keep theirs. Default: nothing."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = can(keys(var.cloud_config))
    error_message = "The cloud-config is an object, such as { packages = [\"htop\"] }."
  }

  validation {
    condition     = !var.generate_host_keys || !(can(var.cloud_config.ssh_keys) || can(var.cloud_config.ssh_deletekeys))
    error_message = "Host keys are generated (generate_host_keys), so the cloud-config has neither ssh_keys nor ssh_deletekeys."
  }
}

variable "private_ip" {
  description = "Whether the machines get a private IPv4 address (192.168.128.0/17), at which NodeBalancers reach them. It cannot be taken away again."
  type        = bool
  default     = false
  nullable    = false
}

variable "vlan_label" {
  description = "VLAN of the second interface (eth1). Default: none."
  type        = string
  default     = null
}

variable "firewall_id" {
  description = "Cloud Firewall of new machines. Default: none."
  type        = string
  default     = null
}

variable "data_volume_size_gb" {
  description = "Size in GB of a Block Storage volume for the data of each machine, 10 to 16384. It can grow while it is in use, and not shrink. It stays when its machine is replaced, and goes when the module is destroyed. Default: none, the data lies on the machine's own disk."
  type        = number
  default     = null

  validation {
    condition     = var.data_volume_size_gb == null ? true : var.data_volume_size_gb >= 10 && var.data_volume_size_gb <= 16384 && floor(var.data_volume_size_gb) == var.data_volume_size_gb
    error_message = "A volume has 10 to 16384 GB, in whole numbers."
  }
}

variable "data_volume_encryption" {
  description = "Whether Linode encrypts new volumes, `enabled` or `disabled`. Existing ones stay as they are. Default: Linode's."
  type        = string
  default     = null

  validation {
    condition     = var.data_volume_encryption == null ? true : contains(["enabled", "disabled"], var.data_volume_encryption)
    error_message = "Encryption of volumes is enabled or disabled."
  }
}

variable "placement_group_id" {
  description = "Placement group of the machines. Default: none."
  type        = string
  default     = null
}

variable "backups" {
  description = "Whether Linode backs the machines up, at a price. The backups are copies of a running disk, and Linode deletes them with the machine. Default: as the account has it for new machines; existing ones keep what they have."
  type        = bool
  default     = null
}

variable "lock_type" {
  description = "A lock of Linode's on each machine: `cannot_delete`, or `cannot_delete_with_subresources` for its disks and addresses too. Whoever deletes or rebuilds a machine outside of Terraform is refused; a destroy by Terraform takes the lock away first. Locks are in the beta of Linode's API: the provider needs `api_version = \"v4beta\"`, and the token's user has to be unrestricted. Default: none."
  type        = string
  default     = null

  validation {
    condition     = var.lock_type == null ? true : contains(["cannot_delete", "cannot_delete_with_subresources"], var.lock_type)
    error_message = "The lock is cannot_delete or cannot_delete_with_subresources."
  }
}

variable "tags" {
  description = "Tags of the machines."
  type        = set(string)
  default     = []
  nullable    = false
}
