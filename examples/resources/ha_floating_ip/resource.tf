resource "ha_floating_ip" "db" {
  name    = "shop"
  address = "10.0.0.10/24"
  nodes = {
    db1 = { host = "203.0.113.21", address = "10.0.0.41" }
    db2 = { host = "203.0.113.22", address = "10.0.0.42" }
    db3 = { host = "203.0.113.23", address = "10.0.0.43" }
  }
  check = { galera = {} }
}
