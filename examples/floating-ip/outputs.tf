output "address" {
  description = "The floating IP, without prefix length."
  value       = ha_floating_ip.proxy.ip
}
