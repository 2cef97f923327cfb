output "node_ids" {
  description = "ID of each backend in the NodeBalancer's configuration."
  value       = { for key, node in linode_nodebalancer_node.this : key => node.id }
}
