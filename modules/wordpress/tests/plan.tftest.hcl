variables {
  url           = "https://shop.example.org/"
  admin_email   = "admin@example.org"
  database_host = "10.0.0.10"
}

run "what_the_tiers_are_asked_for" {
  command = plan

  assert {
    condition = (
      output.settings.url == "https://shop.example.org" &&
      output.settings.database_host == "10.0.0.10" &&
      output.settings.database_name == "wordpress" &&
      output.settings.source_url == null
    )
    error_message = "The web tier is told something else."
  }

  assert {
    condition     = output.databases.wordpress.charset == "utf8mb4"
    error_message = "The database is another one."
  }

  assert {
    condition     = output.users.wordpress.grants["wordpress.*"] == ["ALL"] && output.users.wordpress.hosts == null
    error_message = "The account is another one."
  }

  assert {
    condition     = output.php_settings.upload_max_filesize == "64M" && output.php_settings.post_max_size == "72M"
    error_message = "A file as large as allowed does not fit into its form."
  }
}

run "one_number_changes_the_password_everywhere" {
  command = plan

  variables {
    password_wo_version = 5
    database_user       = "shop"
    database_name       = "shop"
  }

  assert {
    condition     = output.settings.password_wo_version == 5 && output.users.shop.password_wo_version == 5
    error_message = "The database and WordPress would have different passwords."
  }
}

run "an_archive_comes_with_its_checksum" {
  command = plan

  variables {
    source_archive = {
      url    = "https://wordpress.org/wordpress-6.7.tar.gz"
      sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
    }
  }

  assert {
    condition     = output.settings.source_url == "https://wordpress.org/wordpress-6.7.tar.gz" && length(output.settings.source_sha256) == 64
    error_message = "The archive got lost."
  }
}
