# The ID is the name and the host of any node, with the SSH port if it is not 22: shop@203.0.113.21 or shop@203.0.113.21:2222.
terraform import ha_galera_cluster.shop shop@203.0.113.21
