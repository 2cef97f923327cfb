variable "name" {
  description = "Name of the site. The label of a Linode is this name, a hyphen and the node's key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "The name has up to 20 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "nodes" {
  description = <<-EOT
    The Linodes, by keys of your choice.
    - `address`: address in the VLAN with prefix length, such as `10.0.0.41/24`. Required with `vlan_label`.
    - `generation`: number of the node's machine. Increment it to replace the Linode; no other change replaces one.
    - `type`: Linode type of this node. Default: the input `type`.
    - `data_volume`: whether this node gets a volume where `data_volume_size_gb` is set. Default: true.
  EOT
  type = map(object({
    address     = optional(string)
    generation  = optional(number, 1)
    type        = optional(string)
    data_volume = optional(bool, true)
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "At least one node is required."
  }

  validation {
    condition     = alltrue([for key in keys(var.nodes) : can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", key)) && length(key) <= 32])
    error_message = "A node's key becomes part of a label: up to 32 lower-case letters, digits and single hyphens."
  }

  # The key of a machine of a later generation is that of its node with a suffix.
  validation {
    condition     = length(setintersection(keys(var.nodes), [for key, node in var.nodes : "${key}-g${node.generation}" if node.generation > 1])) == 0
    error_message = "A node's key is that of another node's machine: rename the node whose key ends like a generation, such as db1-g2."
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
  description = "Linode type of the nodes that set none."
  type        = string
  default     = "g6-standard-1"
  nullable    = false
}

variable "image" {
  description = "Image of new Linodes. Existing ones keep theirs until they are replaced."
  type        = string
  default     = "linode/debian12"
  nullable    = false
}

variable "authorized_keys" {
  description = "Public SSH keys for root on new Linodes, one line each. Existing Linodes keep theirs."
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
  description = "Whether Terraform generates the SSH host key of each new Linode and pins `nodes` to it. The private key is in the state and in Linode's metadata service, where every process on the machine can read it. If false, each machine generates its own key, which you add to the provider's `known_hosts` or accept with `host_key_policy`. Existing Linodes keep their keys."
  type        = bool
  default     = true
  nullable    = false
}

variable "cloud_config" {
  description = "Further cloud-init configuration for the first boot of new Linodes, such as `{ packages = [\"htop\"] }`. Generated host keys are added to it. Existing Linodes keep theirs."
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
  description = "Whether each Linode has a private IPv4 address (192.168.128.0/17), which NodeBalancers need to reach it. It cannot be removed later."
  type        = bool
  default     = false
  nullable    = false
}

variable "vlan_label" {
  description = "VLAN of the second interface (eth1). Default: no VLAN."
  type        = string
  default     = null
}

variable "firewall_id" {
  description = "ID of the Cloud Firewall of new Linodes. Default: no firewall."
  type        = string
  default     = null
}

variable "data_volume_size_gb" {
  description = "Size in GB of a Block Storage volume for the data of each node, 10 to 16384. It can be increased while the volume is in use, and never decreased. The volume remains when its Linode is lost. Another generation gets a new one, and the module deletes the old one with the old Linode. Default: no volume; data is on the Linode's own disk."
  type        = number
  default     = null

  validation {
    condition     = var.data_volume_size_gb == null ? true : var.data_volume_size_gb >= 10 && var.data_volume_size_gb <= 16384 && floor(var.data_volume_size_gb) == var.data_volume_size_gb
    error_message = "A volume has 10 to 16384 GB, in whole numbers."
  }
}

variable "data_volume_encryption" {
  description = "Whether Linode encrypts new volumes: `enabled` or `disabled`. Existing volumes are not changed. Default: Linode's default."
  type        = string
  default     = null

  validation {
    condition     = var.data_volume_encryption == null ? true : contains(["enabled", "disabled"], var.data_volume_encryption)
    error_message = "Encryption of volumes is enabled or disabled."
  }
}

variable "placement_group_id" {
  description = "ID of the placement group of the Linodes. Default: no placement group."
  type        = string
  default     = null
}

variable "backups" {
  description = "Whether Linode backs up the Linodes, at extra cost. A backup is a copy of a running disk, and Linode deletes it with the Linode. Default: the account's setting for new Linodes; existing ones are not changed."
  type        = bool
  default     = null
}

variable "lock_type" {
  description = "Lock of each Linode against deletion and rebuild outside Terraform: `cannot_delete`, or `cannot_delete_with_subresources`, which also locks disks and addresses. Terraform removes the lock before it destroys the Linode. Locks are in the beta of Linode's API: the provider `linode` needs `api_version = \"v4beta\"`, and the token an unrestricted user. Default: no lock."
  type        = string
  default     = null

  validation {
    condition     = var.lock_type == null ? true : contains(["cannot_delete", "cannot_delete_with_subresources"], var.lock_type)
    error_message = "The lock is cannot_delete or cannot_delete_with_subresources."
  }
}

variable "tags" {
  description = "Tags of the Linodes."
  type        = set(string)
  default     = []
  nullable    = false
}
