# The probe of one registry: what k8s/base/registry-probe and the components beside it make, with the
# values of one installation.
locals {
  in_use_folder = "${path.module}/../../k8s/components/in-use"

  # The patches of the component in-use, by what they change: lists of additions, and the options.
  in_use_cronjob = { for addition in yamldecode(file("${local.in_use_folder}/cronjob.yaml")) : basename(dirname(addition.path)) => addition.value }
  in_use_patches = {
    for patch in yamldecode(file("${local.in_use_folder}/kustomization.yaml")).patches :
    patch.target.kind => yamldecode(patch.patch) if can(patch.patch)
  }
  in_use_rbac = {
    for document in split("\n---\n", file("${local.in_use_folder}/rbac.yaml")) :
    yamldecode(document).kind => yamldecode(document)
  }
  # 0440 is octal to kustomize, and 440 to Terraform's YAML.
  in_use_volume = merge(local.in_use_cronjob.volumes, {
    projected = merge(local.in_use_cronjob.volumes.projected, {
      defaultMode = parseint(tostring(local.in_use_cronjob.volumes.projected.defaultMode), 8)
    })
  })
  in_use = var.api_server != null
}

module "workload" {
  source = "../workload"

  program     = "registry-probe"
  name_prefix = var.name_prefix
  namespace   = var.namespace
  image       = var.image
  schedule    = var.schedule
  suspend     = var.suspend
  secrets     = var.secret == null ? {} : { credentials = var.secret }

  environment = merge(
    {
      REGISTRY                    = var.registry
      REGISTRY_PROBE_METRICS_PUSH = try(var.pushgateway.url, "")
    },
    local.in_use ? local.in_use_patches.ConfigMap.data : {},
    var.secret == null ? {} : { REGISTRY_PROBE_AUTH_FILE = "/secrets/config.json" },
    var.options,
  )

  more_volumes = [for volume in [local.in_use_volume] : volume if local.in_use]
  more_mounts  = [for mount in [local.in_use_cronjob.volumeMounts] : mount if local.in_use]
  more_egress  = [for addition in local.in_use_patches.NetworkPolicy : addition.value if local.in_use]

  # The second rule of the base leads to the registry, the third to the Pushgateway, and the one
  # that is added to the API server.
  egress = merge(
    {
      "1" = { cidrs = var.cidrs, port = var.port }
      "2" = var.pushgateway == null ? null : { namespace = var.pushgateway.namespace }
    },
    local.in_use ? { "3" = var.api_server } : {},
  )
}

resource "kubernetes_cluster_role_v1" "in_use" {
  count = local.in_use ? 1 : 0

  metadata {
    name   = "${var.name_prefix}${local.in_use_rbac.ClusterRole.metadata.name}"
    labels = local.in_use_rbac.ClusterRole.metadata.labels
  }

  dynamic "rule" {
    for_each = local.in_use_rbac.ClusterRole.rules
    content {
      api_groups = rule.value.apiGroups
      resources  = rule.value.resources
      verbs      = rule.value.verbs
    }
  }
}

resource "kubernetes_cluster_role_binding_v1" "in_use" {
  count = local.in_use ? 1 : 0

  metadata {
    name   = "${var.name_prefix}${local.in_use_rbac.ClusterRoleBinding.metadata.name}"
    labels = local.in_use_rbac.ClusterRoleBinding.metadata.labels
  }

  role_ref {
    api_group = local.in_use_rbac.ClusterRoleBinding.roleRef.apiGroup
    kind      = local.in_use_rbac.ClusterRoleBinding.roleRef.kind
    name      = kubernetes_cluster_role_v1.in_use[0].metadata[0].name
  }

  subject {
    kind      = "ServiceAccount"
    name      = module.workload.service_account
    namespace = var.namespace
  }
}

module "monitoring" {
  source = "../monitoring"

  program         = "registry-probe"
  namespace       = var.namespace
  prometheus_rule = var.prometheus_rule
  dashboard       = var.dashboard
}
