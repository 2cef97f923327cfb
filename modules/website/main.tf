locals {
  tags = setunion(var.tags, [var.name])

  node_types = {
    files = { for key, node in var.files.nodes : key => node.type }
    db    = { for key, node in var.databases.nodes : key => node.type }
    web   = { for key, node in var.web.nodes : key => node.type }
  }
  # Each tier's nodes, as `instances` takes them.
  nodes = { for tier, nodes in module.network.nodes : tier => {
    for key, node in nodes : key => merge(node, {
      type        = local.node_types[tier][key]
      data_volume = !(tier == "db" && try(var.databases.nodes[key].arbitrator, false))
    })
  } }

  # Sets are formed of neighbouring slots, so that another node changes no set, whatever its key.
  files_by_slot = flatten([for slot in range(1, 10) : [for key, node in var.files.nodes : key if node.slot == slot]])

  vlan_clients = ["${cidrhost(var.vlan_cidr, 0)}/${split("/", var.vlan_cidr)[1]}"]
}

module "network" {
  source = "../network"

  name        = var.name
  region      = var.region
  vlan_label  = var.vlan_label
  vlan_cidr   = var.vlan_cidr
  admin_cidrs = var.admin_cidrs
  tiers = {
    files = { first_host = 20, nodes = var.files.nodes }
    db    = { first_host = 40, nodes = var.databases.nodes }
    web = {
      first_host = 60
      nodes      = var.web.nodes
      # Where NodeBalancers come from on the private network.
      inbound = [{ label = "nodebalancer", ports = "80", ipv4 = ["192.168.255.0/24"] }]
    }
  }
  floating_ips = { db = 10 }
  tags         = local.tags
}

module "files_instances" {
  source = "../instances"

  name                = var.name
  region              = var.region
  nodes               = local.nodes.files
  type                = var.files.type
  image               = var.image
  authorized_keys     = var.authorized_keys
  generate_host_keys  = var.generate_host_keys
  cloud_config        = var.cloud_config
  vlan_label          = module.network.vlan_label
  firewall_id         = module.network.firewall_ids.files
  placement_group_id  = module.network.placement_group_ids.files
  data_volume_size_gb = var.files.data_volume_size_gb
  backups             = var.backups
  lock_type           = var.lock_type
  tags                = local.tags
}

module "db_instances" {
  source = "../instances"

  name                = var.name
  region              = var.region
  nodes               = local.nodes.db
  type                = var.databases.type
  image               = var.image
  authorized_keys     = var.authorized_keys
  generate_host_keys  = var.generate_host_keys
  cloud_config        = var.cloud_config
  vlan_label          = module.network.vlan_label
  firewall_id         = module.network.firewall_ids.db
  placement_group_id  = module.network.placement_group_ids.db
  data_volume_size_gb = var.databases.data_volume_size_gb
  backups             = var.backups
  lock_type           = var.lock_type
  tags                = local.tags
}

module "web_instances" {
  source = "../instances"

  name               = var.name
  region             = var.region
  nodes              = local.nodes.web
  type               = var.web.type
  image              = var.image
  authorized_keys    = var.authorized_keys
  generate_host_keys = var.generate_host_keys
  cloud_config       = var.cloud_config
  private_ip         = true
  vlan_label         = module.network.vlan_label
  firewall_id        = module.network.firewall_ids.web
  placement_group_id = module.network.placement_group_ids.web
  tags               = local.tags
}

module "load_balancer" {
  source = "../load-balancer"

  name            = var.name
  region          = var.region
  algorithm       = var.load_balancer.algorithm
  stickiness      = var.load_balancer.stickiness
  check           = var.load_balancer.check
  tls_certificate = var.tls_certificate
  tls_private_key = var.tls_private_key
  tags            = local.tags
}

module "files" {
  source = "../file-tier"

  name                 = var.files.volume
  nodes                = { for key, node in module.files_instances.nodes : key => merge(node, { maintenance = var.files.nodes[key].maintenance }) }
  brick_path           = var.files.brick_path
  allow_root_partition = var.files.allow_root_partition
  replica              = var.files.replica
  arbiter              = var.files.arbiter
  disperse             = var.files.disperse
  redundancy           = var.files.redundancy
  order                = local.files_by_slot
  profile              = var.files.profile
  ping_timeout_seconds = var.files.ping_timeout_seconds
  options              = var.files.options
  glusterfs_version    = var.files.version
  clients              = module.network.addresses.web
  restart_trigger      = var.files.restart_trigger
  os                   = var.files.os
  rolling              = var.files.rolling
  split_brain          = var.files.split_brain
  on_destroy           = var.on_destroy
  protect              = var.protect
  health_checks        = var.health_checks
  timeouts             = var.timeouts
}

module "wordpress" {
  source = "../wordpress"
  count  = var.wordpress == null ? 0 : 1

  url         = coalesce(var.wordpress.url, module.load_balancer.url)
  title       = var.wordpress.title
  admin_user  = var.wordpress.admin_user
  admin_email = var.wordpress.admin_email
  # From the address plan, so that the web tier is built beside the database tier
  # and WordPress alone waits for its database.
  database_host          = split("/", module.network.floating_ips.db)[0]
  database_clients       = local.vlan_clients
  password_wo_version    = var.wordpress.password_wo_version
  source_archive         = var.wordpress.source_archive
  updates                = var.wordpress.updates
  xmlrpc                 = var.wordpress.xmlrpc
  program_files          = var.wordpress.program_files
  writable_directories   = var.wordpress.writable_directories
  upload_limit_megabytes = var.wordpress.upload_limit_megabytes
}

module "database" {
  source = "../database-tier"

  name           = var.name
  engine_version = var.databases.version
  nodes = { for key, node in module.db_instances.nodes : key => merge(node, {
    settings    = var.databases.nodes[key].settings
    maintenance = var.databases.nodes[key].maintenance
    arbitrator  = var.databases.nodes[key].arbitrator
  }) }
  settings = var.databases.settings

  provider_options = var.databases.provider_options
  # All slots, so that a web server is let in before it is made and until it has left.
  clients = concat(module.network.addresses.web, tolist(var.databases.clients))

  databases = merge(
    var.databases.databases,
    try(module.wordpress[0].databases, {}),
  )
  users = merge(
    var.databases.users,
    try(module.wordpress[0].users, {}),
  )
  user_passwords = merge(
    var.database_passwords,
    var.wordpress == null ? {} : { wordpress = var.wordpress_database_password },
  )
  floating_ip = {
    address         = module.network.floating_ips.db
    router_id       = var.databases.router_id
    restart_trigger = var.databases.floating_ip_restart_trigger
  }
  floating_ip_auth_secret = var.floating_ip_auth_secret
  restart_trigger         = var.databases.restart_trigger
  os                      = var.databases.os
  rolling                 = var.databases.rolling
  recovery                = var.databases.recovery
  on_destroy              = var.on_destroy
  protect                 = var.protect
  health_checks           = var.health_checks
  timeouts                = var.timeouts
}

module "web" {
  source = "../web-tier"

  name           = var.name
  nodes          = { for key, node in module.web_instances.nodes : key => merge(node, { maintenance = var.web.nodes[key].maintenance }) }
  document_root  = var.web.document_root
  mount          = module.files.mount
  server_name    = var.web.server_name
  server_aliases = var.web.server_aliases
  # What the user says counts more than what WordPress would like.
  php_settings                = merge(try(module.wordpress[0].php_settings, {}), var.web.php_settings)
  sessions                    = var.web.sessions
  php_workers                 = var.web.php_workers
  packages                    = var.web.packages
  trusted_proxies             = var.web.trusted_proxies
  allow_override              = var.web.allow_override
  nodebalancer                = module.load_balancer.nodebalancer
  backend_addresses           = module.web_instances.private_ips
  drain_seconds               = var.web.drain_seconds
  check                       = var.web.check
  wordpress                   = one(module.wordpress[*].settings)
  wordpress_admin_password    = var.wordpress_admin_password
  wordpress_database_password = var.wordpress_database_password
  restart_trigger             = var.web.restart_trigger
  os                          = var.web.os
  rolling                     = var.web.rolling
  on_destroy                  = var.on_destroy
  health_checks               = var.health_checks
  timeouts                    = var.timeouts
}

# A Linode that is to end ends when the NodeBalancer has let go of it: its backend goes first, then
# this waits, then the Linode goes. Where all web servers are replaced in one apply, the old ones
# serve until then.
resource "ha_web_departure" "this" {
  for_each = module.web_instances.machines

  name     = var.name
  host     = each.value.host
  host_key = each.value.host_key
  # Longer than two intervals of its check.
  quiet_seconds = min(2 * var.load_balancer.check.interval_seconds + 2, 3600)

  lifecycle {
    # It has Terraform end the wait for a machine that is no longer declared after the tier's own
    # change, and not before.
    create_before_destroy = true
  }
}

module "backends" {
  source = "../load-balancer/modules/backends"

  nodebalancer = module.load_balancer.nodebalancer
  backends     = module.web.backends

  depends_on = [ha_web_departure.this]
}
