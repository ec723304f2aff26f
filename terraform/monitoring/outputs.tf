output "objects" {
  description = "The names of what is made, by its kind."
  value = merge(
    { for rule in kubernetes_manifest.prometheus_rule : "PrometheusRule" => rule.manifest.metadata.name },
    { for map in kubernetes_config_map_v1.dashboard : "ConfigMap" => map.metadata[0].name },
  )
}
