"""JSON schemas for kubeconform, made of what Kubernetes and the operators publish. In Kubernetes'
own description an object may have members that it does not name; here it may not."""

import json

import yaml
from tools import CACHE, OPERATORS, go_module

# The parts of Kubernetes' description, by the group and version of the objects in them.
PARTS = {"v1": "api__v1", "batch/v1": "apis__batch__v1",
         "networking.k8s.io/v1": "apis__networking.k8s.io__v1",
         "rbac.authorization.k8s.io/v1": "apis__rbac.authorization.k8s.io__v1"}
REFERENCE = "#/components/schemas/"


def closed(schema):
    """The schema with every object closed that names its members."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if "$ref" in result:
        result["$ref"] = result["$ref"].replace(REFERENCE, "#/definitions/")
    open_ended = result.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(result.get("properties"), dict) and not open_ended:
        result.setdefault("additionalProperties", False)
    if result.get("format") == "int-or-string" or result.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
        result["oneOf"] = [{"type": "integer"}, {"type": "string"}]
        result.pop("format", None)
    return result


def of_kubernetes(module):
    """(group and version, kind) -> schema, of every object in PARTS."""
    found = {}
    for part in PARTS.values():
        path = go_module(module) / "api" / "openapi-spec" / "v3" / f"{part}_openapi.json"
        schemas = closed(json.loads(path.read_text(encoding="utf-8"))["components"]["schemas"])
        for schema in schemas.values():
            for kind in schema.get("x-kubernetes-group-version-kind", []):
                version = "/".join(filter(None, (kind["group"], kind["version"])))
                if version in PARTS:
                    found[version, kind["kind"]] = {**schema, "definitions": schemas}
    return found


def of_operators():
    """(group and version, kind) -> schema, of the operators' objects."""
    found = {}
    for module, path in OPERATORS.items():
        text = (go_module(module) / path).read_text(encoding="utf-8")
        for definition in filter(None, yaml.safe_load_all(text)):
            for version in definition["spec"]["versions"]:
                if version["served"]:
                    schema = closed(version["schema"]["openAPIV3Schema"])
                    schema["properties"]["metadata"] = {"type": "object"}
                    found[f"{definition['spec']['group']}/{version['name']}",
                          definition["spec"]["names"]["kind"]] = schema
    return found


def directory(module, wanted):
    """A directory with a file for each wanted kind, by the names that kubeconform looks for."""
    place = CACHE / "schemas" / module.rpartition("@")[2]
    place.mkdir(parents=True, exist_ok=True)
    known = {**of_kubernetes(module), **of_operators()}
    for version, kind in wanted:
        group, _, release = version.rpartition("/")
        name = "-".join(filter(None, (kind.lower(), group.partition(".")[0], release)))
        (place / f"{name}.json").write_text(json.dumps(known[version, kind]), encoding="utf-8")
    return place


def location(place):
    """What kubeconform's -schema-location takes."""
    return f"{place}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
