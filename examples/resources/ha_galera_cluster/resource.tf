variable "database_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "ha_galera_cluster" "shop" {
  name = "shop"
  nodes = {
    db1 = { host = "203.0.113.21", address = "10.0.0.41" }
    db2 = { host = "203.0.113.22", address = "10.0.0.42" }
    db3 = { host = "203.0.113.23", address = "10.0.0.43" }
  }
  databases = { shop = {} }
  users     = { shop = { hosts = ["10.0.0.0/24"], password_wo = var.database_password, password_wo_version = 1, grants = { "shop.*" = ["ALL"] } } }
}
