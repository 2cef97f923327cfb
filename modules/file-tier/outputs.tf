output "mount" {
  description = "How a client mounts the volume: `source`, `backup_servers`, `options`, and the volume's identity `volume_id`. The module `web-tier` takes it as it is."
  value       = ha_gluster_volume.this.mount
}

output "volume_id" {
  description = "Identity of the volume."
  value       = ha_gluster_volume.this.volume_id
}

output "drift" {
  description = "What differs from what is declared, by node. Empty means converged."
  value       = ha_gluster_volume.this.drift
}
