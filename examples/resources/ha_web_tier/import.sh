# The ID is the name and the host of any node, with the SSH port if it is not 22: shop@203.0.113.31 or shop@203.0.113.31:2222.
terraform import ha_web_tier.shop shop@203.0.113.31
