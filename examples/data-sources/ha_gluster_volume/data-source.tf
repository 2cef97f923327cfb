data "ha_gluster_volume" "content" {
  name      = ha_gluster_volume.content.name
  nodes     = ha_gluster_volume.content.nodes
  host_keys = ha_gluster_volume.content.host_keys
}

check "files" {
  assert {
    condition     = data.ha_gluster_volume.content.healthy
    error_message = data.ha_gluster_volume.content.summary
  }
}
