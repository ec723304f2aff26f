# A mirror of a Drive folder: what k8s/base/gdrive-sync and the components beside it make, under the
# names and with the values of one installation. docs/install.md says what each of them is for.
locals {
  components = "${path.module}/../../k8s/components"

  rclone_patch = yamldecode(yamldecode(file("${local.components}/rclone-conf/kustomization.yaml")).patches[0].patch)
  rclone = var.rclone_remote == null ? {} : merge(local.rclone_patch.data, {
    GDRIVE_SYNC_RCLONE_REMOTE = var.rclone_remote
  })

  environment = merge(
    local.rclone,
    {
      GDRIVE_SYNC_SOURCE       = var.source_path
      GDRIVE_SYNC_INSTANCE     = var.instance
      GDRIVE_SYNC_METRICS_PUSH = try(var.pushgateway.url, "")
    },
    var.max_delete == null ? {} : { GDRIVE_SYNC_MAX_DELETE = tostring(var.max_delete) },
    var.options,
  )

  # The file of the Secret that the program reads.
  secret_file = basename(coalesce(
    module.workload.environment.GDRIVE_SYNC_RCLONE_CONFIG,
    module.workload.environment.GDRIVE_SYNC_CREDENTIALS,
  ))
}

module "workload" {
  source = "../workload"

  program       = "gdrive-sync"
  name_prefix   = var.name_prefix
  namespace     = var.namespace
  image         = var.image
  schedule      = var.schedule
  suspend       = var.suspend
  environment   = local.environment
  claims        = { content = var.content_claim }
  secrets       = { credentials = var.secret }
  readers_group = var.readers_group
  consumer      = var.consumer

  # The third rule of the base leads to the Pushgateway.
  egress = { "2" = var.pushgateway == null ? null : { namespace = var.pushgateway.namespace } }
}

# --- credentials ---------------------------------------------------------------------------------

locals {
  external_secret = yamldecode(file("${local.components}/external-secret/external-secret.yaml"))
}

# Needs the operator in the cluster already when this is planned.
resource "kubernetes_manifest" "external_secret" {
  count = var.external_secret == null ? 0 : 1

  manifest = merge(local.external_secret, {
    metadata = merge(local.external_secret.metadata, { name = var.secret, namespace = var.namespace })
    spec = merge(local.external_secret.spec, {
      secretStoreRef = { kind = var.external_secret.store_kind, name = var.external_secret.store }
      target         = merge(local.external_secret.spec.target, { name = var.secret })
      data = [{
        secretKey = local.secret_file
        remoteRef = { key = var.external_secret.key, property = var.external_secret.property }
      }]
    })
  })
}

resource "kubernetes_secret_v1" "credentials" {
  count = var.credentials_revision == null ? 0 : 1

  metadata {
    name      = var.secret
    namespace = var.namespace
    labels    = local.external_secret.metadata.labels
  }

  data_wo          = { (local.secret_file) = var.credentials }
  data_wo_revision = var.credentials_revision
}

# --- alerts and dashboard ------------------------------------------------------------------------

module "monitoring" {
  source = "../monitoring"

  program         = "gdrive-sync"
  namespace       = var.namespace
  prometheus_rule = var.prometheus_rule
  dashboard       = var.dashboard
}
