# Alerts lead to the installation's runbooks; nothing is made that nobody asked for.
mock_provider "kubernetes" {}

variables {
  program         = "registry-probe"
  namespace       = "registry"
  prometheus_rule = null
  dashboard       = false
}

run "makes_nothing_unasked" {
  command = plan

  assert {
    condition     = output.objects == {}
    error_message = "Something was made."
  }
}

run "alerts_lead_to_the_installation_s_runbooks" {
  command = plan

  variables {
    prometheus_rule = { runbooks = "docs.invalid/gdrive-sync" }
  }

  assert {
    condition = alltrue(flatten([for group in kubernetes_manifest.prometheus_rule[0].manifest.spec.groups : [
      for rule in group.rules : startswith(rule.annotations.runbook_url, "https://docs.invalid/gdrive-sync/docs/runbooks/")
    ]]))
    error_message = "A runbook elsewhere."
  }
  assert {
    condition     = output.objects == { PrometheusRule = "registry-probe" }
    error_message = "Another name."
  }
}

run "refuses_runbooks_with_a_scheme" {
  command         = plan
  expect_failures = [var.prometheus_rule]

  variables {
    prometheus_rule = { runbooks = "https://placeholder.invalid" }
  }
}
