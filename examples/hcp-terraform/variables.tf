variable "admin_cidrs" {
  description = "Networks from which SSH is allowed. The addresses of HCP Terraform's runners change: use the network of an agent, or of a bastion."
  type        = set(string)
}

variable "ssh_public_key" {
  description = "Public SSH key for root on the Linodes, one line."
  type        = string
}

variable "admin_email" {
  description = "Email address of WordPress's first administrator."
  type        = string
}

variable "wordpress_admin_password" {
  description = "Password of WordPress's first administrator. Mark it as sensitive in the workspace."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "wordpress_database_password" {
  description = "Password of WordPress's database account. Mark it as sensitive in the workspace."
  type        = string
  sensitive   = true
  ephemeral   = true
}
