output "mount" {
  description = "Values for mounting the volume: `source`, `backup_servers`, `options`, and the identity `volume_id`. Use it as the input `mount` of `web-tier`."
  value       = ha_gluster_volume.this.mount
}

output "volume_id" {
  description = "Identity of the volume."
  value       = ha_gluster_volume.this.volume_id
}

output "drift" {
  description = "Differences from the configuration, by node. Empty if there are none."
  value       = ha_gluster_volume.this.drift
}

output "health" {
  description = "Health of the volume: `healthy`, `summary`, `problems`, and `status` by node. Null unless `health_checks` is set."
  value = one([for seen in data.ha_gluster_volume.this : {
    healthy  = seen.healthy
    summary  = seen.summary
    problems = seen.problems
    status   = seen.status
  }])
}
