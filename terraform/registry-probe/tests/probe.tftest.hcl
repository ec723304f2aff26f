# What the registry's values change, and which are refused.
mock_provider "kubernetes" {}

variables {
  namespace = "registry"
  image     = "elsewhere.invalid/gdrive-sync:0.1.0"
  registry  = "placeholder.invalid:5000"
  cidrs     = ["192.0.2.0/24"]
}

run "without_a_secret_none_is_read" {
  command = plan

  assert {
    condition     = module.workload.environment.REGISTRY_PROBE_AUTH_FILE == "" && module.workload.environment.REGISTRY == "placeholder.invalid:5000"
    error_message = "A file that is not there is read, or another registry probed."
  }
}

run "a_secret_is_read_where_it_is_mounted" {
  command = plan

  variables {
    secret = "pull"
  }

  assert {
    condition     = module.workload.environment.REGISTRY_PROBE_AUTH_FILE == "/secrets/config.json"
    error_message = "The program does not read the secret."
  }
}

run "asks_the_cluster_nothing_unasked" {
  command = plan

  assert {
    condition     = length(kubernetes_cluster_role_v1.in_use) + length(kubernetes_cluster_role_binding_v1.in_use) + length(module.monitoring.objects) == 0
    error_message = "A right, or an object of an operator, that nobody asked for."
  }
  assert {
    condition     = module.workload.environment.REGISTRY_PROBE_IN_USE == ""
    error_message = "It would ask without a right to."
  }
}

run "may_list_under_its_own_name" {
  command = plan

  variables {
    name_prefix = "blue-"
    api_server  = { cidrs = ["198.51.100.7/32"], port = 6443 }
  }

  assert {
    condition     = kubernetes_cluster_role_binding_v1.in_use[0].role_ref[0].name == "blue-registry-probe" && kubernetes_cluster_role_binding_v1.in_use[0].subject[0].name == "blue-registry-probe"
    error_message = "Two probes would share a right."
  }
  assert {
    condition     = alltrue([for rule in kubernetes_cluster_role_v1.in_use[0].rule : tolist(rule.verbs) == tolist(["list"])])
    error_message = "More than listing."
  }
  assert {
    condition     = module.workload.environment.REGISTRY_PROBE_IN_USE == "kubernetes"
    error_message = "A right that is not used."
  }
}

run "refuses_its_image_from_the_registry_it_probes" {
  command         = plan
  expect_failures = [var.image]

  variables {
    image = "placeholder.invalid:5000/gdrive-sync:0.1.0"
  }
}

run "refuses_a_registry_with_a_scheme" {
  command         = plan
  expect_failures = [var.registry]

  variables {
    registry = "https://placeholder.invalid"
  }
}

run "refuses_no_address" {
  command         = plan
  expect_failures = [var.cidrs]

  variables {
    cidrs = []
  }
}
