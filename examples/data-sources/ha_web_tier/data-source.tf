data "ha_web_tier" "shop" {
  name      = ha_web_tier.shop.name
  nodes     = ha_web_tier.shop.nodes
  host_keys = ha_web_tier.shop.host_keys
}

check "web" {
  assert {
    condition     = data.ha_web_tier.shop.healthy
    error_message = data.ha_web_tier.shop.summary
  }
}
