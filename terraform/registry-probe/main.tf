# The probe of one registry: what k8s/base/registry-probe makes, with the values of one installation.
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
    var.secret == null ? {} : { REGISTRY_PROBE_AUTH_FILE = "/secrets/config.json" },
    var.options,
  )

  # The second rule of the base leads to the registry, the third to the Pushgateway.
  egress = {
    "1" = { cidrs = var.cidrs, port = var.port }
    "2" = var.pushgateway == null ? null : { namespace = var.pushgateway.namespace }
  }
}
