locals {
  # A form carries more than the file that is uploaded with it, and PHP must
  # have room for both.
  post_limit   = var.upload_limit_megabytes + 8
  memory_limit = max(256, local.post_limit + 64)
}
