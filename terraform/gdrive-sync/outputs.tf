output "cronjobs" {
  description = "The names of the CronJobs: sync, which runs, and the templates resync and diff."
  value       = module.workload.cronjobs
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

output "secret" {
  description = "The Secret with the credentials, and the file in it that the program reads."
  value       = { name = var.secret, file = local.secret_file }
}

output "instance" {
  description = "The group at the Pushgateway to delete when the mirror is taken down."
  value       = var.instance
}
