# What is made only where it is asked for, and which values are refused.
mock_provider "kubernetes" {}

variables {
  namespace     = "mirrors"
  image         = "placeholder.invalid/gdrive-sync:0.1.0"
  source_path   = "a/folder"
  content_claim = "content"
}

run "makes_nothing_that_needs_an_operator_unasked" {
  command = plan

  assert {
    condition     = length(kubernetes_manifest.external_secret) + length(module.monitoring.objects) == 0
    error_message = "An object of an operator that may not be there, or a dashboard."
  }
  assert {
    condition     = length(kubernetes_secret_v1.credentials) == 0
    error_message = "A Secret that nobody asked for."
  }
  assert {
    condition     = output.secret == { name = "gdrive-sync-credentials", file = "credentials.json" }
    error_message = "Not the Secret of the base."
  }
  assert {
    condition     = module.workload.environment.GDRIVE_SYNC_METRICS_PUSH == ""
    error_message = "Pushes to a place that nobody named."
  }
}

run "options_are_the_last_word" {
  command = plan

  variables {
    max_delete = 7
    options    = { GDRIVE_SYNC_TRASH_KEEP = "14d", GDRIVE_SYNC_BWLIMIT = "4M" }
  }

  assert {
    condition     = module.workload.environment.GDRIVE_SYNC_MAX_DELETE == "7" && module.workload.environment.GDRIVE_SYNC_TRASH_KEEP == "14d" && module.workload.environment.GDRIVE_SYNC_BWLIMIT == "4M"
    error_message = "An option was lost."
  }
}

run "an_external_secret_holds_the_file_that_is_read" {
  command = plan

  variables {
    rclone_remote   = "drive"
    secret          = "mirror"
    external_secret = { store = "vault", key = "secret/mirror", property = "conf" }
  }

  assert {
    condition     = kubernetes_manifest.external_secret[0].manifest.spec.data[0].secretKey == "rclone.conf" && output.secret.file == "rclone.conf"
    error_message = "The program reads another file than the secret holds."
  }
  assert {
    condition     = kubernetes_manifest.external_secret[0].manifest.spec.target.name == "mirror" && kubernetes_manifest.external_secret[0].manifest.metadata.name == "mirror"
    error_message = "Another Secret than the one that is mounted."
  }
  assert {
    condition     = kubernetes_manifest.external_secret[0].manifest.spec.secretStoreRef == { kind = "ClusterSecretStore", name = "vault" }
    error_message = "Another store."
  }
}

run "credentials_are_in_no_state" {
  variables {
    credentials          = "never to be seen"
    credentials_revision = 1
  }

  assert {
    condition     = kubernetes_secret_v1.credentials[0].data_wo == null && kubernetes_secret_v1.credentials[0].data_wo_revision == 1
    error_message = "The state holds the credentials."
  }
}

run "a_folder_by_id_needs_no_path" {
  command = plan

  variables {
    source_path = ""
    options     = { GDRIVE_SYNC_SOURCE_ID = "placeholder" }
  }
}

run "refuses_no_folder_at_all" {
  command         = plan
  expect_failures = [var.source_path]

  variables {
    source_path = ""
  }
}

run "refuses_credentials_in_the_environment" {
  command         = plan
  expect_failures = [var.options]

  variables {
    options = { GDRIVE_SYNC_REFRESH_TOKEN = "placeholder" }
  }
}

run "refuses_options_of_others" {
  command         = plan
  expect_failures = [var.options]

  variables {
    options = { HTTPS_PROXY = "http://placeholder.invalid" }
  }
}

run "refuses_a_fraction_of_a_file" {
  command         = plan
  expect_failures = [var.max_delete]

  variables {
    max_delete = 2.5
  }
}

run "refuses_an_unknown_kind_of_store" {
  command         = plan
  expect_failures = [var.external_secret]

  variables {
    external_secret = { store = "vault", store_kind = "Vault", key = "a", property = "b" }
  }
}

run "refuses_two_makers_of_one_secret" {
  command         = plan
  expect_failures = [var.external_secret]

  variables {
    external_secret      = { store = "vault", key = "a", property = "b" }
    credentials_revision = 1
  }
}
