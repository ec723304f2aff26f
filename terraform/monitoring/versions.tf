terraform {
  # 1.11 for write-only arguments; provider 2.36 for the Secret's.
  required_version = ">= 1.11"

  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.36, < 4"
    }
  }
}
