# What each value changes, and which values are refused.
mock_provider "kubernetes" {}

variables {
  program     = "gdrive-sync"
  name_prefix = ""
  namespace   = "mirrors"
  image       = "placeholder.invalid/gdrive-sync:0.1.0"
  schedule    = null
  suspend     = false
  environment = {}
}

run "without_values_is_the_base" {
  command = plan

  assert {
    condition     = toset([for job in kubernetes_cron_job_v1.program : job.metadata[0].name]) == toset(["gdrive-sync", "gdrive-sync-resync", "gdrive-sync-diff"])
    error_message = "Not the CronJobs of the base."
  }
  assert {
    condition     = kubernetes_config_map_v1.program.data == tomap(local.config_map.data)
    error_message = "Not the options of the base."
  }
  assert {
    condition     = length(kubernetes_network_policy_v1.program.spec[0].egress) == length(local.policy.spec.egress)
    error_message = "Not the rules of the base."
  }
  assert {
    condition     = alltrue([for job in kubernetes_cron_job_v1.program : length(job.spec[0].job_template[0].spec[0].template[0].spec[0].affinity) == 0])
    error_message = "Bound to pods that nobody named."
  }
}

run "suspend_and_schedule_reach_the_job_that_runs" {
  command = plan

  variables {
    schedule = "5 * * * *"
    suspend  = true
  }

  assert {
    condition     = alltrue([for job in kubernetes_cron_job_v1.program : job.spec[0].suspend])
    error_message = "One still runs."
  }
  assert {
    condition     = kubernetes_cron_job_v1.program["sync"].spec[0].schedule == "5 * * * *"
    error_message = "Not the schedule asked for."
  }
  assert {
    condition     = kubernetes_cron_job_v1.program["diff"].spec[0].schedule == local.cronjobs["diff"].spec.schedule
    error_message = "A template has no schedule of its own."
  }
}

run "a_template_stays_suspended" {
  command = plan

  assert {
    condition     = { for name, job in kubernetes_cron_job_v1.program : name => job.spec[0].suspend } == { sync = false, resync = true, diff = true }
    error_message = "Only the tick runs by itself."
  }
}

run "addresses_and_ports_replace_those_of_the_base" {
  command = plan

  variables {
    program = "registry-probe"
    egress = {
      "1" = { cidrs = ["198.51.100.7/32", "2001:db8::/64"], port = 5000 }
      "2" = { namespace = "monitoring" }
    }
  }

  assert {
    condition     = tolist([for peer in kubernetes_network_policy_v1.program.spec[0].egress[1].to : peer.ip_block[0].cidr]) == tolist(["198.51.100.7/32", "2001:db8::/64"])
    error_message = "Not the addresses asked for, or others beside them."
  }
  assert {
    condition     = kubernetes_network_policy_v1.program.spec[0].egress[1].ports[0].port == "5000"
    error_message = "Not the port asked for."
  }
  assert {
    condition     = tolist([for peer in kubernetes_network_policy_v1.program.spec[0].egress[2].to : peer.namespace_selector[0].match_labels]) == tolist([tomap({ "kubernetes.io/metadata.name" = "monitoring" })])
    error_message = "Not the namespace asked for, or others beside it."
  }
}

run "a_rule_that_is_null_is_left_out" {
  command = plan

  variables {
    egress = { "2" = null }
  }

  assert {
    condition     = length(kubernetes_network_policy_v1.program.spec[0].egress) == length(local.policy.spec.egress) - 1
    error_message = "The rule is still there."
  }
}

run "names_fit_into_a_cronjob" {
  command = plan

  variables {
    name_prefix = "a123456789b123456789c123456789012-"
  }

  assert {
    condition     = max([for job in kubernetes_cron_job_v1.program : length(job.metadata[0].name)]...) == 52
    error_message = "The longest prefix makes the longest name."
  }
}

run "refuses_a_longer_prefix" {
  command         = plan
  expect_failures = [var.name_prefix]

  variables {
    name_prefix = "a123456789b123456789c1234567890123-"
  }
}

run "refuses_a_floating_tag" {
  command         = plan
  expect_failures = [var.image]

  variables {
    image = "placeholder.invalid/gdrive-sync:latest"
  }
}

run "refuses_an_image_without_a_tag" {
  command         = plan
  expect_failures = [var.image]

  variables {
    image = "placeholder.invalid:5000/gdrive-sync"
  }
}

run "refuses_a_schedule_of_six_fields" {
  command         = plan
  expect_failures = [var.schedule]

  variables {
    schedule = "0 */10 * * * *"
  }
}

run "refuses_a_group_of_root" {
  command         = plan
  expect_failures = [var.readers_group]

  variables {
    readers_group = 0
  }
}

run "refuses_what_is_no_label" {
  command         = plan
  expect_failures = [var.consumer]

  variables {
    consumer = "content server"
  }
}

run "refuses_what_is_no_namespace" {
  command         = plan
  expect_failures = [var.namespace]

  variables {
    namespace = "Mirrors"
  }
}

run "refuses_what_is_no_address" {
  command         = plan
  expect_failures = [var.egress]

  variables {
    egress = { "1" = { cidrs = ["registry.invalid"] } }
  }
}

run "refuses_a_port_that_is_none" {
  command         = plan
  expect_failures = [var.egress]

  variables {
    egress = { "1" = { cidrs = ["192.0.2.0/24"], port = 70000 } }
  }
}
