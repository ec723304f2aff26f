# In the place of stacks/stem95su/gdrive-sync.tf: the same CronJob, Secret and volume under the same
# names. What is marked PLACEHOLDER was not known when this was written: put the real value in its
# place before anything is applied. terraform/README.md says how to take over what is there.

terraform {
  required_providers {
    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}

module "gdrive_sync" {
  # In a stack elsewhere: "git::https://HOST/gdrive-sync.git//terraform/gdrive-sync?ref=COMMIT".
  source = "../../gdrive-sync"

  name_prefix = "stem95su-"
  source_path = "claude/files"
  max_delete  = 25
  instance    = "stem95su"

  # PLACEHOLDER: where the CronJob runs today.
  namespace = "placeholder-namespace"
  # PLACEHOLDER: the claim that holds the content.
  content_claim = "placeholder-content"
  # PLACEHOLDER: a label of the pods that serve the content, app.kubernetes.io/name; null where the
  # volume is not ReadWriteOnce.
  consumer = "placeholder-consumer"
  # PLACEHOLDER: the gid of whatever serves the content.
  readers_group = 65532
  # PLACEHOLDER: registry and digest of the image.
  image = "placeholder.invalid/gdrive-sync@sha256:0000000000000000000000000000000000000000000000000000000000000000"

  secret = "stem95su-rclone"
  # PLACEHOLDER: the section of that rclone.conf.
  rclone_remote = "placeholder-remote"
  external_secret = {
    key = "secret/stem95su"
    # PLACEHOLDER: the property of secret/stem95su that holds the rclone.conf.
    property = "placeholder-rclone-conf"
    # PLACEHOLDER: the store that reads from Vault, and whether it is a SecretStore or a
    # ClusterSecretStore.
    store      = "placeholder-vault"
    store_kind = "ClusterSecretStore"
  }

  pushgateway = {
    # PLACEHOLDER: the Pushgateway's namespace and address.
    namespace = "placeholder-monitoring"
    url       = "http://pushgateway.placeholder-monitoring.svc:9091"
  }
  # PLACEHOLDER: where this repository's docs can be read, host and path without docs/.
  prometheus_rule = { runbooks = "placeholder.invalid" }
  dashboard       = true
}

output "gdrive_sync" {
  description = "The names that the runbooks ask for."
  value       = module.gdrive_sync
}
