output "cronjobs" {
  description = "The names of the CronJobs, by what they do."
  value       = { for component, cronjob in kubernetes_cron_job_v1.program : component => cronjob.metadata[0].name }
}

output "service_account" {
  description = "The account that the pods run as."
  value       = kubernetes_service_account_v1.program.metadata[0].name
}

output "config_map" {
  description = "The ConfigMap with the program's options."
  value       = kubernetes_config_map_v1.program.metadata[0].name
}

output "environment" {
  description = "What it holds."
  value       = local.environment
}
