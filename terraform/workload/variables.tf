variable "program" {
  description = "Which of the base's programs: the value of its label app.kubernetes.io/name."
  type        = string
}

variable "name_prefix" {
  description = "What each name of the base begins with, as by kustomize's namePrefix."
  type        = string

  validation {
    # The longest name of the base is gdrive-sync-resync, and that of a CronJob may have 52.
    condition     = can(regex("^([a-z0-9][a-z0-9-]{0,32}-)?$", var.name_prefix))
    error_message = "Lower-case letters, digits and '-', ending in '-', at most 34; or \"\"."
  }
}

variable "namespace" {
  description = "Where all of it goes."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "The name of a namespace: lower-case letters, digits and '-', at most 63."
  }
}

variable "image" {
  description = "The image, by digest or by a tag that stays what it is."
  type        = string

  validation {
    condition = (can(regex("^[^\\s@]+@sha256:[0-9a-f]{64}$", var.image))
    || can(regex("^[^\\s@]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image))) && !endswith(var.image, ":latest")
    error_message = "NAME@sha256:DIGEST, or NAME:TAG with another tag than latest."
  }
}

variable "schedule" {
  description = "When the CronJob that is not suspended runs; null for the base's schedule."
  type        = string

  validation {
    condition     = var.schedule == null || can(regex("^\\S+( \\S+){4}$", var.schedule))
    error_message = "Five fields of cron, such as \"*/10 * * * *\"."
  }
}

variable "suspend" {
  description = "Whether that CronJob pauses."
  type        = bool
}

variable "environment" {
  description = "What differs from the base's ConfigMap, or is added to it."
  type        = map(string)
}

variable "secrets" {
  description = "Which Secret is mounted, by the name of the volume; those of the base otherwise."
  type        = map(string)
  default     = {}
}

variable "claims" {
  description = "Which claim is mounted, by the name of the volume; those of the base otherwise."
  type        = map(string)
  default     = {}
}

variable "readers_group" {
  description = "The pod's fsGroup; null for the base's."
  type        = number
  default     = null

  validation {
    condition     = var.readers_group == null || try(var.readers_group > 0 && floor(var.readers_group) == var.readers_group, false)
    error_message = "The number of a group that is not root's."
  }
}

variable "consumer" {
  description = "Pods beside which each run is placed: their label app.kubernetes.io/name."
  type        = string
  default     = null

  validation {
    condition     = var.consumer == null || can(regex("^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$", var.consumer))
    error_message = "The value of a label."
  }
}

variable "more_volumes" {
  description = "Volumes beside the base's, as in a manifest."
  type        = any
  default     = []
}

variable "more_mounts" {
  description = "Where the container has them, as in a manifest."
  type        = any
  default     = []
}

variable "more_egress" {
  description = "Rules after those of the base's NetworkPolicy, as in a manifest."
  type        = any
  default     = []
}

variable "egress" {
  description = "Where the rules of the NetworkPolicy lead instead, by their place in it; null takes a rule out."
  type = map(object({
    cidrs     = optional(list(string), [])
    namespace = optional(string)
    port      = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for rule in values(var.egress) : rule == null ? true : alltrue([for cidr in rule.cidrs : can(cidrhost(cidr, 0))])])
    error_message = "Blocks of addresses, such as 192.0.2.0/24."
  }

  validation {
    condition     = alltrue([for rule in values(var.egress) : try(rule.port, null) == null ? true : rule.port >= 1 && rule.port <= 65535])
    error_message = "A port from 1 to 65535."
  }
}
