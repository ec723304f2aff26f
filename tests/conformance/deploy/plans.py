"""What the Terraform modules plan, read back as the objects of Kubernetes that it is."""

import json
import pathlib
import shutil
import subprocess

import tools

# Terraform's name of a type: its apiVersion and kind.
KINDS = {
    "kubernetes_cluster_role_binding_v1": ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    "kubernetes_cluster_role_v1": ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    "kubernetes_config_map_v1": ("v1", "ConfigMap"),
    "kubernetes_cron_job_v1": ("batch/v1", "CronJob"),
    "kubernetes_network_policy_v1": ("networking.k8s.io/v1", "NetworkPolicy"),
    "kubernetes_secret_v1": ("v1", "Secret"),
    "kubernetes_service_account_v1": ("v1", "ServiceAccount"),
}
# Blocks that repeat are called by one of them, and one name is the provider's own.
NAMES = {"container": "containers", "env_from": "envFrom", "on_pod_condition": "onPodConditions",
         "rule": "rules", "subject": "subjects", "timezone": "timeZone", "volume": "volumes",
         "volume_mount": "volumeMounts"}
# What may be any number of blocks in Terraform and is one in Kubernetes.
SINGLE = {"config_map", "label_selector", "projected"}
# Numbers that the provider takes as text.
NUMBERS = {"fs_group": 10, "run_as_user": 10, "run_as_group": 10, "port": 10,
           "ttl_seconds_after_finished": 10, "default_mode": 8}


def member(name):
    """A member's name in Kubernetes."""
    if name in NAMES:
        return NAMES[name]
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def without_nothing(value):
    """The value without members that are null or empty: in Terraform they are not there."""
    if isinstance(value, dict):
        pairs = ((key, without_nothing(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item not in (None, [], {})}
    if isinstance(value, list):
        return [without_nothing(item) for item in value]
    return value


def read_block(values, schema):
    """A block of a plan as a part of an object; the schema knows which blocks are one."""
    result = {}
    for name, value in values.items():
        if value in (None, [], {}):
            continue
        nested = schema.get("block_types", {}).get(name)
        if nested:
            items = [read_block(item, nested["block"]) for item in value]
            alone = nested.get("max_items") == 1 or name in SINGLE
            result[member(name)] = items[0] if alone else items
        elif name in NUMBERS:
            result[member(name)] = int(value, NUMBERS[name])
        else:
            result[member(name)] = value
    return result


def read_resource(change, schemas):
    """A planned resource as an object of Kubernetes."""
    after = change["change"]["after"]
    if change["type"] == "kubernetes_manifest":
        manifest = after["manifest"]
        return manifest.get("value", manifest)
    version, kind = KINDS[change["type"]]
    schema = schemas[change["provider_name"]]["resource_schemas"][change["type"]]["block"]
    return {"apiVersion": version, "kind": kind, **read_block(after, schema)}


class Copy:
    """A copy of what the modules are made of, to run Terraform in and to add tests to."""

    def __init__(self, place, environment):
        self.root = pathlib.Path(place)
        self.environment = {**tools.quiet_environment(), **environment}
        for part in ("terraform", "k8s"):
            shutil.copytree(tools.ROOT / part, self.root / part,
                            ignore=shutil.ignore_patterns(".terraform*"))

    def folder(self, module):
        return self.root / "terraform" / module

    def terraform(self, module, *arguments):
        return subprocess.run([tools.terraform(), *arguments], cwd=self.folder(module), text=True,
                              capture_output=True, check=False, env=self.environment)

    def initialised(self, module):
        """Standard error where that failed."""
        if (self.folder(module) / ".terraform").exists():
            return ""
        done = self.terraform(module, "init", "-backend=false", "-no-color")
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def planned(self, module, variables):
        """The objects of Kubernetes that the module plans with these variables."""
        test = self.folder(module) / "tests" / "planned.tftest.json"
        test.write_text(json.dumps({
            "mock_provider": {"kubernetes": {}},
            "run": {"planned": {"command": "plan"} | (
                {"variables": variables} if variables else {})}}), encoding="utf-8")
        done = self.terraform(module, "test", f"-filter={test.relative_to(self.folder(module))}",
                              "-json", "-verbose")
        test.unlink()
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        plans = [line["test_plan"] for line in lines if line["type"] == "test_plan"]
        if done.returncode != 0 or len(plans) != 1:
            raise AssertionError(f"{module}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return [read_resource(change, plans[0]["provider_schemas"])
                for change in plans[0]["resource_changes"]]
