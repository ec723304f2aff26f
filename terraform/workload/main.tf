# One program of k8s/base under an installation's names: what kustomize renders is read, not told
# again. Here is only how it reads in the provider's words.
locals {
  k8s = "${path.module}/../../k8s"

  manifests = [
    for document in split("\n---\n", file("${local.k8s}/rendered/base.yaml")) : yamldecode(document)
  ]
  own = [
    for manifest in local.manifests : manifest
    if manifest.metadata.labels["app.kubernetes.io/name"] == var.program
  ]

  # There is one of each of these.
  service_account = one([for manifest in local.own : manifest if manifest.kind == "ServiceAccount"])
  config_map      = one([for manifest in local.own : manifest if manifest.kind == "ConfigMap"])
  policy          = one([for manifest in local.own : manifest if manifest.kind == "NetworkPolicy"])

  environment = merge(local.config_map.data, var.environment)

  # By their app.kubernetes.io/component.
  cronjobs = {
    for manifest in local.own : manifest.metadata.labels["app.kubernetes.io/component"] => manifest
    if manifest.kind == "CronJob"
  }
  pods = {
    for component, cronjob in local.cronjobs : component => cronjob.spec.jobTemplate.spec.template.spec
  }
  volumes = { for component, pod in local.pods : component => concat(pod.volumes, var.more_volumes) }

  # The component rwo-affinity is a patch with one term.
  affinity_patch = yamldecode(yamldecode(file("${local.k8s}/components/rwo-affinity/kustomization.yaml")).patches[0].patch)
  affinity       = local.affinity_patch.spec.jobTemplate.spec.template.spec.affinity.podAffinity

  rules = concat(local.policy.spec.egress, var.more_egress)
  egress = [
    for place, rule in local.rules : {
      ports = [for port in rule.ports : merge(port, {
        port = coalesce(try(var.egress[place].port, null), port.port)
      })]
      to = concat(
        [for peer in rule.to : peer if !contains(keys(var.egress), tostring(place))],
        [for cidr in try(var.egress[place].cidrs, []) : { ipBlock = { cidr = cidr } }],
        [for peer in rule.to : { namespaceSelector = { matchLabels = {
          for label, _ in peer.namespaceSelector.matchLabels : label => var.egress[place].namespace
        } } } if try(var.egress[place].namespace, null) != null],
      )
    }
    if !(contains(keys(var.egress), tostring(place)) && try(var.egress[place].cidrs, null) == null)
  ]
}

resource "kubernetes_service_account_v1" "program" {
  metadata {
    name      = "${var.name_prefix}${local.service_account.metadata.name}"
    namespace = var.namespace
    labels    = local.service_account.metadata.labels
  }

  automount_service_account_token = local.service_account.automountServiceAccountToken
}

resource "kubernetes_config_map_v1" "program" {
  metadata {
    name      = "${var.name_prefix}${local.config_map.metadata.name}"
    namespace = var.namespace
    labels    = local.config_map.metadata.labels
  }

  data = local.environment
}

resource "kubernetes_network_policy_v1" "program" {
  metadata {
    name      = "${var.name_prefix}${local.policy.metadata.name}"
    namespace = var.namespace
    labels    = local.policy.metadata.labels
  }

  spec {
    policy_types = local.policy.spec.policyTypes

    pod_selector {
      match_labels = local.policy.spec.podSelector.matchLabels
    }

    # No ingress block: nothing comes in.
    dynamic "egress" {
      for_each = local.egress
      content {
        dynamic "ports" {
          for_each = egress.value.ports
          content {
            protocol = ports.value.protocol
            port     = ports.value.port
          }
        }
        dynamic "to" {
          for_each = egress.value.to
          content {
            dynamic "ip_block" {
              for_each = try([to.value.ipBlock], [])
              content {
                cidr   = ip_block.value.cidr
                except = try(ip_block.value.except, null)
              }
            }
            dynamic "namespace_selector" {
              for_each = try([to.value.namespaceSelector], [])
              content {
                match_labels = namespace_selector.value.matchLabels
              }
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_cron_job_v1" "program" {
  for_each = local.cronjobs

  metadata {
    name      = "${var.name_prefix}${each.value.metadata.name}"
    namespace = var.namespace
    labels    = each.value.metadata.labels
  }

  spec {
    # Those that are suspended are templates, whose schedule means nothing.
    schedule                      = each.value.spec.suspend ? each.value.spec.schedule : coalesce(var.schedule, each.value.spec.schedule)
    suspend                       = each.value.spec.suspend || var.suspend
    timezone                      = each.value.spec.timeZone
    concurrency_policy            = each.value.spec.concurrencyPolicy
    starting_deadline_seconds     = each.value.spec.startingDeadlineSeconds
    successful_jobs_history_limit = each.value.spec.successfulJobsHistoryLimit
    failed_jobs_history_limit     = each.value.spec.failedJobsHistoryLimit

    job_template {
      metadata {
        labels = each.value.spec.jobTemplate.metadata.labels
      }

      # The provider has no podReplacementPolicy; "Failed", which the base asks for, is what the
      # API server gives a Job with a pod failure policy.
      spec {
        backoff_limit              = each.value.spec.jobTemplate.spec.backoffLimit
        active_deadline_seconds    = each.value.spec.jobTemplate.spec.activeDeadlineSeconds
        ttl_seconds_after_finished = try(tostring(each.value.spec.jobTemplate.spec.ttlSecondsAfterFinished), null)

        pod_failure_policy {
          dynamic "rule" {
            for_each = each.value.spec.jobTemplate.spec.podFailurePolicy.rules
            content {
              action = rule.value.action
              dynamic "on_pod_condition" {
                for_each = try(rule.value.onPodConditions, [])
                content {
                  type   = on_pod_condition.value.type
                  status = on_pod_condition.value.status
                }
              }
              dynamic "on_exit_codes" {
                for_each = try([rule.value.onExitCodes], [])
                content {
                  # The provider crashes where there is none.
                  container_name = on_exit_codes.value.containerName
                  operator       = on_exit_codes.value.operator
                  values         = on_exit_codes.value.values
                }
              }
            }
          }
        }

        template {
          metadata {
            labels = each.value.spec.jobTemplate.spec.template.metadata.labels
          }

          spec {
            service_account_name             = kubernetes_service_account_v1.program.metadata[0].name
            automount_service_account_token  = local.pods[each.key].automountServiceAccountToken
            enable_service_links             = local.pods[each.key].enableServiceLinks
            restart_policy                   = local.pods[each.key].restartPolicy
            termination_grace_period_seconds = local.pods[each.key].terminationGracePeriodSeconds

            security_context {
              run_as_non_root        = local.pods[each.key].securityContext.runAsNonRoot
              run_as_user            = local.pods[each.key].securityContext.runAsUser
              run_as_group           = local.pods[each.key].securityContext.runAsGroup
              fs_group               = coalesce(var.readers_group, local.pods[each.key].securityContext.fsGroup)
              fs_group_change_policy = local.pods[each.key].securityContext.fsGroupChangePolicy
              seccomp_profile {
                type = local.pods[each.key].securityContext.seccompProfile.type
              }
            }

            dynamic "affinity" {
              for_each = var.consumer == null ? [] : [local.affinity]
              content {
                pod_affinity {
                  dynamic "required_during_scheduling_ignored_during_execution" {
                    for_each = affinity.value.requiredDuringSchedulingIgnoredDuringExecution
                    iterator = term
                    content {
                      topology_key = term.value.topologyKey
                      label_selector {
                        match_labels = { for label, _ in term.value.labelSelector.matchLabels : label => var.consumer }
                      }
                    }
                  }
                }
              }
            }

            dynamic "container" {
              for_each = local.pods[each.key].containers
              content {
                name              = container.value.name
                image             = var.image
                image_pull_policy = container.value.imagePullPolicy
                command           = try(container.value.command, null)
                args              = container.value.args

                env_from {
                  config_map_ref {
                    name = kubernetes_config_map_v1.program.metadata[0].name
                  }
                }
                dynamic "env" {
                  for_each = try(container.value.env, [])
                  content {
                    name = env.value.name
                    value_from {
                      field_ref {
                        field_path = env.value.valueFrom.fieldRef.fieldPath
                      }
                    }
                  }
                }
                resources {
                  requests = container.value.resources.requests
                  limits   = container.value.resources.limits
                }
                security_context {
                  run_as_non_root            = container.value.securityContext.runAsNonRoot
                  allow_privilege_escalation = container.value.securityContext.allowPrivilegeEscalation
                  read_only_root_filesystem  = container.value.securityContext.readOnlyRootFilesystem
                  capabilities {
                    drop = container.value.securityContext.capabilities.drop
                  }
                }
                dynamic "volume_mount" {
                  for_each = concat(container.value.volumeMounts, var.more_mounts)
                  content {
                    name       = volume_mount.value.name
                    mount_path = volume_mount.value.mountPath
                    read_only  = try(volume_mount.value.readOnly, null)
                  }
                }
              }
            }

            dynamic "volume" {
              for_each = local.volumes[each.key]
              content {
                name = volume.value.name
                dynamic "empty_dir" {
                  for_each = try([volume.value.emptyDir], [])
                  content {
                    medium     = empty_dir.value.medium
                    size_limit = empty_dir.value.sizeLimit
                  }
                }
                dynamic "persistent_volume_claim" {
                  for_each = try([volume.value.persistentVolumeClaim], [])
                  content {
                    claim_name = lookup(var.claims, volume.value.name, persistent_volume_claim.value.claimName)
                  }
                }
                dynamic "secret" {
                  for_each = try([volume.value.secret], [])
                  content {
                    secret_name  = lookup(var.secrets, volume.value.name, secret.value.secretName)
                    default_mode = format("%04o", secret.value.defaultMode)
                    optional     = secret.value.optional
                  }
                }
                dynamic "projected" {
                  for_each = try([volume.value.projected], [])
                  content {
                    default_mode = format("%04o", projected.value.defaultMode)
                    dynamic "sources" {
                      for_each = projected.value.sources
                      content {
                        dynamic "service_account_token" {
                          for_each = try([sources.value.serviceAccountToken], [])
                          content {
                            path               = service_account_token.value.path
                            expiration_seconds = service_account_token.value.expirationSeconds
                          }
                        }
                        dynamic "config_map" {
                          for_each = try([sources.value.configMap], [])
                          content {
                            name = config_map.value.name
                            dynamic "items" {
                              for_each = config_map.value.items
                              content {
                                key  = items.value.key
                                path = items.value.path
                              }
                            }
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
