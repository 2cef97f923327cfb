locals {
  # Each generation of a node is a machine of its own, with its own label: labels are unique in an account, and a
  # replacement is made while the old machine still lives. What is declared decides, and no trigger that an apply which
  # breaks off has used up.
  machine_of = { for key, node in var.nodes : key => node.generation == 1 ? key : "${key}-g${node.generation}" }
  machines   = { for key, machine in local.machine_of : machine => merge(var.nodes[key], { key = key }) }

  # cloud-init then deletes the keys of the image and makes none itself.
  given_keys = { for machine, pair in ha_ssh_host_key.this : machine => {
    ssh_keys = { ed25519_private = pair.private_key, ed25519_public = pair.public_key }
  } }
  cloud_configs = { for machine in keys(local.machines) : machine => merge(var.cloud_config, try(local.given_keys[machine], {})) }
  has_user_data = var.generate_host_keys || length(var.cloud_config) > 0
}

# The SSH host key that a machine gets when it is made, so that already the first
# connection to it is checked.
resource "ha_ssh_host_key" "this" {
  for_each = var.generate_host_keys ? local.machines : {}
}

resource "linode_instance" "this" {
  for_each = local.machines

  label           = "${var.name}-${each.key}"
  region          = var.region
  type            = coalesce(each.value.type, var.type)
  image           = var.image
  authorized_keys = [for key in var.authorized_keys : trimspace(key)]
  private_ip      = var.private_ip
  firewall_id     = var.firewall_id
  backups_enabled = var.backups
  tags            = var.tags
  # VLANs belong to configuration interfaces. An account may default to the
  # newer kind, to which the blocks below would not apply.
  interface_generation = "legacy_config"

  # Linode routes the public address on eth0 only.
  interface {
    purpose = "public"
  }

  dynamic "interface" {
    for_each = var.vlan_label == null ? [] : [var.vlan_label]

    content {
      purpose      = "vlan"
      label        = interface.value
      ipam_address = each.value.address
    }
  }

  dynamic "metadata" {
    for_each = local.has_user_data ? [local.cloud_configs[each.key]] : []

    content {
      # JSON is YAML.
      user_data = base64encode("#cloud-config\n${jsonencode(metadata.value)}")
    }
  }

  dynamic "placement_group" {
    for_each = var.placement_group_id == null ? [] : [var.placement_group_id]

    content {
      id = placement_group.value
    }
  }

  lifecycle {
    # It has Terraform destroy a machine that is no longer declared after its tier has let go of it,
    # and not before.
    create_before_destroy = true
    # Linode gives these to new machines only. A changed variable would replace
    # every machine of a tier in one apply.
    ignore_changes = [image, authorized_keys, firewall_id, metadata]

    precondition {
      condition     = var.vlan_label == null || each.value.address != null
      error_message = "Node ${each.value.key} is in a VLAN and needs an address in it."
    }
  }
}

# Goes before its machine does, so that Terraform itself is not held up by it.
resource "linode_lock" "this" {
  for_each = var.lock_type == null ? {} : local.machines

  entity_id   = tonumber(linode_instance.this[each.key].id)
  entity_type = "linode"
  lock_type   = var.lock_type
}

# A resource of its own: it stays when its machine is lost. Another generation has another one,
# because the old machine needs its data until the cluster has them on the new one.
resource "linode_volume" "data" {
  for_each = { for machine, node in local.machines : machine => node if var.data_volume_size_gb != null && node.data_volume }

  label      = "${var.name}-${each.key}"
  region     = var.region
  size       = var.data_volume_size_gb
  encryption = var.data_volume_encryption
  linode_id  = tonumber(linode_instance.this[each.key].id)
  tags       = var.tags

  lifecycle {
    create_before_destroy = true
    # Linode encrypts a volume when it is made, or never. Another value would
    # replace it with its data.
    ignore_changes = [encryption]

    precondition {
      condition     = length("${var.name}-${each.key}") <= 32
      error_message = "The volume's label ${var.name}-${each.key} is longer than the 32 characters that Linode takes. Shorten the name or the key."
    }
  }
}
