locals {
  # The current machine of each node.
  instances = { for key, machine in local.machine_of : key => linode_instance.this[machine] }

  # `ipv4` has both addresses. Private ones are in 192.168.128.0/17, which no public one is.
  public_ips = { for key, instance in local.instances : key => try(
    [for ip in sort(instance.ipv4) : ip if !startswith(ip, "192.168.")][0],
    null,
  ) }

  # What a machine was given when it was made, whatever the variables say since. The
  # public key is part of a string that is sensitive as a whole.
  host_keys = { for key, instance in local.instances : key => try(
    nonsensitive(sensitive(jsondecode(trimprefix(base64decode(instance.metadata[0].user_data), "#cloud-config\n")).ssh_keys.ed25519_public)),
    null,
  ) }
}

output "nodes" {
  description = "Nodes for the input `nodes` of a tier module: `host` for SSH, `address` for the other nodes, `host_key` if one was generated, `data_device` if the node has a volume."
  value = { for key, node in var.nodes : key => {
    host     = local.public_ips[key]
    address  = node.address == null ? local.public_ips[key] : split("/", node.address)[0]
    host_key = local.host_keys[key]
    # The path has the label that the volume had when it was attached.
    data_device = try(linode_volume.data[local.machine_of[key]].filesystem_path, null)
  } }
}

output "machines" {
  description = "The current Linode of each node for SSH, by the end of its label, such as `web1` or, in its second generation, `web1-g2`: `host`, and `host_key` if one was generated."
  value       = { for machine, node in local.machines : machine => { host = local.public_ips[node.key], host_key = local.host_keys[node.key] } }
}

output "known_hosts" {
  description = "Generated host keys of the Linodes, as lines of a `known_hosts` file."
  value       = [for key in keys(var.nodes) : "${local.public_ips[key]} ${local.host_keys[key]}" if local.host_keys[key] != null]
}

output "public_ips" {
  description = "Public IPv4 address of each Linode."
  value       = local.public_ips
}

output "private_ips" {
  description = "Private IPv4 address of each Linode. Empty without `private_ip`."
  value       = var.private_ip ? { for key, instance in local.instances : key => instance.private_ip_address } : {}
}

output "volume_ids" {
  description = "ID of the Block Storage volume of each node. Empty without `data_volume_size_gb`."
  value       = { for key, machine in local.machine_of : key => linode_volume.data[machine].id if var.data_volume_size_gb != null && var.nodes[key].data_volume }
}

output "ids" {
  description = "ID of each Linode."
  value       = { for key, instance in local.instances : key => instance.id }
}
