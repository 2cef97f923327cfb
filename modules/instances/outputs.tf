locals {
  # `ipv4` has both addresses. Private ones are in 192.168.128.0/17, which no public one is.
  public_ips = { for key, instance in linode_instance.this : key => try(
    [for ip in sort(instance.ipv4) : ip if !startswith(ip, "192.168.")][0],
    null,
  ) }
}

output "nodes" {
  description = "The machines as every tier takes them: `host` for SSH, `address` for their peers."
  value = { for key, node in var.nodes : key => {
    host    = local.public_ips[key]
    address = node.address == null ? local.public_ips[key] : split("/", node.address)[0]
  } }
}

output "public_ips" {
  description = "Public IPv4 address of each machine."
  value       = local.public_ips
}

output "private_ips" {
  description = "Private IPv4 address of each machine; empty without `private_ip`."
  value       = var.private_ip ? { for key, instance in linode_instance.this : key => instance.private_ip_address } : {}
}

output "ids" {
  description = "Linode id of each machine."
  value       = { for key, instance in linode_instance.this : key => instance.id }
}
