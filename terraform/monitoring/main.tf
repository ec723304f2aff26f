# What k8s/components/alerts and k8s/components/dashboard make for one program.
locals {
  components = "${path.module}/../../k8s/components"

  rule      = yamldecode(file("${local.components}/alerts/${var.program}/prometheus-rule.yaml"))
  dashboard = yamldecode(file("${local.components}/dashboard/${var.program}/kustomization.yaml")).configMapGenerator[0]
}

# Needs the operator in the cluster already when this is planned.
resource "kubernetes_manifest" "prometheus_rule" {
  count = var.prometheus_rule == null ? 0 : 1

  manifest = merge(local.rule, {
    metadata = merge(local.rule.metadata, { namespace = var.namespace })
    spec = {
      groups = [for group in local.rule.spec.groups : merge(group, {
        rules = [for rule in group.rules : merge(rule, {
          annotations = merge(rule.annotations, {
            runbook_url = replace(rule.annotations.runbook_url, "/^https://[^/]+/", "https://${var.prometheus_rule.runbooks}")
          })
        })]
      })]
    }
  })
}

resource "kubernetes_config_map_v1" "dashboard" {
  count = var.dashboard ? 1 : 0

  metadata {
    name      = local.dashboard.name
    namespace = var.namespace
    labels    = local.dashboard.options.labels
  }

  data = { for path in local.dashboard.files : path => file("${local.components}/dashboard/${var.program}/${path}") }
}
