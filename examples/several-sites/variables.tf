variable "sites" {
  description = "Sites by name. Each has its own VLAN, so all of them can use the same addresses."
  type = map(object({
    region      = string
    server_name = optional(string)
    web_servers = optional(number, 2)
    protect     = optional(bool, true)
  }))
  default = {
    shop = { region = "us-ord", server_name = "shop.example.org", web_servers = 3 }
    blog = { region = "de-fra-2", server_name = "blog.example.org" }
    test = { region = "us-ord", protect = false }
  }
}

variable "admin_cidrs" {
  description = "Networks from which SSH is allowed, including that of the machine that runs Terraform."
  type        = set(string)
}

variable "ssh_public_key" {
  description = "Public SSH key for root on the Linodes, one line."
  type        = string
}

variable "database_passwords" {
  description = "Password of the database account `app` of each site, by the name of the site."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}
