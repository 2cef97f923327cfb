variables {
  url           = "https://shop.example.org"
  admin_email   = "admin@example.org"
  database_host = "10.0.0.10"
}

run "url_without_scheme" {
  command = plan

  variables {
    url = "shop.example.org"
  }

  expect_failures = [var.url]
}

run "url_with_a_quote" {
  command = plan

  variables {
    url = "http://shop.example.org/'; x"
  }

  expect_failures = [var.url]
}

run "mail_address_that_is_none" {
  command = plan

  variables {
    admin_email = "admin"
  }

  expect_failures = [var.admin_email]
}

run "login_with_a_quote" {
  command = plan

  variables {
    admin_user = "admin'"
  }

  expect_failures = [var.admin_user]
}

run "title_of_two_lines" {
  command = plan

  variables {
    title = "one\ntwo"
  }

  expect_failures = [var.title]
}

run "database_with_a_quote" {
  command = plan

  variables {
    database_name = "wp`; DROP"
  }

  expect_failures = [var.database_name]
}

run "account_with_a_space" {
  command = plan

  variables {
    database_user = "word press"
  }

  expect_failures = [var.database_user]
}

run "clients_with_a_quote" {
  command = plan

  variables {
    database_clients = ["10.0.0.1' OR"]
  }

  expect_failures = [var.database_clients]
}

run "database_host_with_a_path" {
  command = plan

  variables {
    database_host = "10.0.0.10/24"
  }

  expect_failures = [var.database_host]
}

run "table_prefix_with_a_hyphen" {
  command = plan

  variables {
    table_prefix = "wp-"
  }

  expect_failures = [var.table_prefix]
}

run "archive_on_the_disk" {
  command = plan

  variables {
    source_archive = { url = "/tmp/wordpress.tar.gz", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  }

  expect_failures = [var.source_archive]
}

run "archive_with_a_short_checksum" {
  command = plan

  variables {
    source_archive = { url = "https://wordpress.org/latest.tar.gz", sha256 = "abc" }
  }

  expect_failures = [var.source_archive]
}

run "no_uploads" {
  command = plan

  variables {
    upload_limit_megabytes = 0
  }

  expect_failures = [var.upload_limit_megabytes]
}

run "program_files_of_another_kind" {
  command = plan

  variables {
    program_files = "locked"
  }

  expect_failures = [var.program_files]
}

run "a_writable_directory_elsewhere" {
  command = plan

  variables {
    program_files        = "read_only"
    writable_directories = ["cache"]
  }

  expect_failures = [var.writable_directories]
}

run "writable_directories_beside_writable_files" {
  command = plan

  variables {
    writable_directories = ["wp-content/cache"]
  }

  expect_failures = [var.writable_directories]
}
