resource "ha_web_tier" "shop" {
  name = "shop"
  nodes = {
    web1 = { host = "203.0.113.31", address = "10.0.0.61" }
    web2 = { host = "203.0.113.32", address = "10.0.0.62" }
    web3 = { host = "203.0.113.33", address = "10.0.0.63" }
  }
  mount         = { source = "10.0.0.21:/content", backup_servers = ["10.0.0.22", "10.0.0.23"] }
  document_root = "/srv/www/site"
}
