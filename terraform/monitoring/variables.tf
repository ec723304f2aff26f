variable "program" {
  description = "Whose alerts and dashboard: gdrive-sync or registry-probe."
  type        = string
}

variable "namespace" {
  description = "Where both go."
  type        = string
}

variable "prometheus_rule" {
  description = "Makes the alerts an object of the Prometheus Operator; runbooks: where docs/ can be read, host and path. null does not."
  type = object({
    runbooks = string
  })

  validation {
    condition     = var.prometheus_rule == null || can(regex("^[^/:]+(:[0-9]+)?(/.*[^/])?$", try(var.prometheus_rule.runbooks, "")))
    error_message = "HOST or HOST/PATH, without https:// and without docs/."
  }
}

variable "dashboard" {
  description = "Whether to make the dashboard, in a ConfigMap for Grafana's sidecar."
  type        = bool
}
