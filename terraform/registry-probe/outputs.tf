output "cronjob" {
  description = "The name of the CronJob."
  value       = module.workload.cronjobs.probe
}

output "namespace" {
  description = "The namespace of all of it."
  value       = var.namespace
}

output "service_account" {
  description = "The account that the pods run as."
  value       = module.workload.service_account
}

output "config_map" {
  description = "The ConfigMap with the program's options."
  value       = module.workload.config_map
}
