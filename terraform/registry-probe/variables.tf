variable "namespace" {
  description = "The namespace of the probe, which is there already."
  type        = string
}

variable "name_prefix" {
  description = "What each name begins with, ending in '-'."
  type        = string
  default     = ""
}

variable "image" {
  description = "The image, by digest or by a tag that stays what it is; not in the registry that is probed."
  type        = string

  validation {
    condition     = !startswith(var.image, "${var.registry}/")
    error_message = "The probe must start when the registry that it probes is broken: take the image from another."
  }
}

variable "registry" {
  description = "What is probed: HOST[:PORT]."
  type        = string

  validation {
    condition     = can(regex("^[^/\\s:]+(:[0-9]+)?$", var.registry))
    error_message = "HOST or HOST:PORT, without https://."
  }
}

variable "cidrs" {
  description = "The registry's addresses, as blocks, for the NetworkPolicy."
  type        = list(string)

  validation {
    condition     = length(var.cidrs) > 0
    error_message = "Without one the probe reaches nothing."
  }
}

variable "port" {
  description = "The registry's port, for the NetworkPolicy."
  type        = number
  default     = 443
}

variable "schedule" {
  description = "When it runs; null for every fifteen minutes, as in k8s/base."
  type        = string
  default     = null
}

variable "suspend" {
  description = "Whether the probe pauses."
  type        = bool
  default     = false
}

variable "options" {
  description = "Further options of the program, as its environment: { REGISTRY_PROBE_CONCURRENCY = \"4\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.options) : can(regex("^REGISTRY_PROBE_[A-Z_]+$", name))])
    error_message = "Options of the program begin with REGISTRY_PROBE_."
  }
}

variable "secret" {
  description = "The Secret with docker's config.json, where the registry asks who one is; null for the base's, which need not be there."
  type        = string
  default     = null
}

variable "pushgateway" {
  description = "Where the metrics go: its address, and its namespace for the NetworkPolicy. null for nowhere."
  type = object({
    url       = string
    namespace = string
  })
  default = null
}

variable "api_server" {
  description = "Lets the probe say which workloads use what is broken: addresses, as blocks, and port of the cluster's API server. It may then list workloads, with their environment, in every namespace. null does not."
  type = object({
    cidrs = list(string)
    port  = number
  })
  default = null
}

variable "prometheus_rule" {
  description = "Makes the alerts an object of the Prometheus Operator; runbooks: where docs/ can be read, host and path. null does not."
  type = object({
    runbooks = string
  })
  default = null
}

variable "dashboard" {
  description = "Whether to make the dashboard, in a ConfigMap for Grafana's sidecar."
  type        = bool
  default     = false
}
