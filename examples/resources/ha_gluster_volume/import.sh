# The ID is the name and the host of any node, with the SSH port if it is not 22: content@203.0.113.11 or content@203.0.113.11:2222.
terraform import ha_gluster_volume.content content@203.0.113.11
