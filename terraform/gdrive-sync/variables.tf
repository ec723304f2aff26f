variable "namespace" {
  description = "The namespace of the mirror, which is there already."
  type        = string
}

variable "name_prefix" {
  description = "What each name begins with: \"stem95su-\" makes stem95su-gdrive-sync."
  type        = string
  default     = ""
}

variable "image" {
  description = "The image, by digest or by a tag that stays what it is."
  type        = string
}

variable "source_path" {
  description = "The folder to mirror, as a path from My Drive's root; \"\" where options name it by id."
  type        = string

  validation {
    condition     = var.source_path != "" || try(length(var.options["GDRIVE_SYNC_SOURCE_ID"]) > 0, false)
    error_message = "A path, or GDRIVE_SYNC_SOURCE_ID among the options."
  }
}

variable "content_claim" {
  description = "The PersistentVolumeClaim that holds the content, which is there already."
  type        = string
}

variable "instance" {
  description = "Under which name each run pushes its metrics; another one for each mirror."
  type        = string
  default     = "gdrive-sync"

  validation {
    condition     = var.instance != ""
    error_message = "Runs that end early would push under another name than the others."
  }
}

variable "schedule" {
  description = "When it runs; null for every ten minutes, as in k8s/base."
  type        = string
  default     = null
}

variable "suspend" {
  description = "Whether the mirror pauses."
  type        = bool
  default     = false
}

variable "max_delete" {
  description = "How many files may vanish at once without somebody looking, -1 for any; null for the base's."
  type        = number
  default     = null

  validation {
    condition     = var.max_delete == null || try(var.max_delete >= -1 && floor(var.max_delete) == var.max_delete, false)
    error_message = "A whole number, or -1 for no limit."
  }
}

variable "options" {
  description = "Further options of the program, as its environment: { GDRIVE_SYNC_TRASH_KEEP = \"14d\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.options) : can(regex("^GDRIVE_SYNC_[A-Z_]+$", name))])
    error_message = "Options of the program begin with GDRIVE_SYNC_."
  }

  validation {
    condition     = alltrue([for name in keys(var.options) : !can(regex("(CLIENT_ID|CLIENT_SECRET|REFRESH_TOKEN)$", name))])
    error_message = "Credentials are read from a file of the Secret, never from the environment."
  }
}

variable "readers_group" {
  description = "The gid of whatever serves the content, the pod's fsGroup; null for the base's."
  type        = number
  default     = null
}

variable "consumer" {
  description = "Where the volume is ReadWriteOnce: app.kubernetes.io/name of the pods that serve it. null elsewhere."
  type        = string
  default     = null
}

variable "secret" {
  description = "The name of the Secret with the credentials."
  type        = string
  default     = "gdrive-sync-credentials"
}

variable "rclone_remote" {
  description = "Where the Secret holds an rclone.conf: its section. null where it holds Google's credentials.json."
  type        = string
  default     = null
}

variable "external_secret" {
  description = "Makes the Secret by the External Secrets Operator from one property of Vault; null does not."
  type = object({
    store      = string
    store_kind = optional(string, "ClusterSecretStore")
    key        = string
    property   = string
  })
  default = null

  validation {
    condition     = var.external_secret == null || contains(["SecretStore", "ClusterSecretStore"], try(var.external_secret.store_kind, ""))
    error_message = "store_kind is SecretStore or ClusterSecretStore."
  }

  validation {
    condition     = var.external_secret == null || var.credentials_revision == null
    error_message = "The Secret is made by external_secret or of credentials, not of both."
  }
}

variable "credentials" {
  description = "The content of the Secret's file, where this module is to write it. It is in no plan and no state."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "credentials_revision" {
  description = "Makes the Secret of credentials, again at each change of this number; null does not."
  type        = number
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

variable "prometheus_rule" {
  description = "Makes the alerts an object of the Prometheus Operator; runbooks: where docs/ can be read, host and path. One a namespace is enough. null does not."
  type = object({
    runbooks = string
  })
  default = null
}

variable "dashboard" {
  description = "Whether to make the dashboard, in a ConfigMap for Grafana's sidecar. One a namespace is enough."
  type        = bool
  default     = false
}
