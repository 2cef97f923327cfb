resource "ha_gluster_volume" "content" {
  name = "content"
  nodes = {
    files1 = { host = "203.0.113.11", address = "10.0.0.21" }
    files2 = { host = "203.0.113.12", address = "10.0.0.22" }
    files3 = { host = "203.0.113.13", address = "10.0.0.23" }
  }
  brick_path = "/srv/gluster/content/brick"
  profile    = "web"
  clients    = ["10.0.0.61", "10.0.0.62", "10.0.0.63"]
}
