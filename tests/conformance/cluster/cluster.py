"""A control plane that knows the operators' types, and the renderings of k8s/ in it."""

import sys

import tools
import yaml
from control_plane import ControlPlane, Refused, wait_for

sys.path.append(str(tools.ROOT / "tests" / "k8s"))

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
PLACEHOLDER = "placeholder-namespace"
FIRST = ("Namespace", "ServiceAccount")


class Cluster(ControlPlane):

    def __init__(self):
        super().__init__()
        try:
            for module, path in tools.OPERATORS.items():
                text = (tools.go_module(module) / path).read_text(encoding="utf-8")
                for definition in filter(None, yaml.safe_load_all(text)):
                    self.add_type(definition)
        except BaseException:
            self.stop()
            raise

    def add_type(self, definition):
        # Conversion would ask the operator, which is not here.
        definition["spec"].pop("conversion", None)
        definition.pop("status", None)
        self.create(definition)
        version = f"{definition['spec']['group']}/v1"
        kind = definition["spec"]["names"]["kind"]
        wait_for(kind, lambda: self.knows(version, kind))

    def knows(self, version, kind):
        self.plurals.pop(version, None)
        try:
            return self.get(version, kind, "default")
        except (KeyError, Refused):
            return None

    def restricted(self, namespace):
        """Makes a namespace that lets only restricted Pods in."""
        self.create({"apiVersion": "v1", "kind": "Namespace",
                     "metadata": {"name": namespace, "labels": RESTRICTED}})

    def take(self, namespace, objects):
        """Makes the objects, there instead of in the placeholder's namespace."""
        text = yaml.safe_dump_all(objects).replace(PLACEHOLDER, namespace)
        later = len(FIRST)
        for made in sorted(yaml.safe_load_all(text), key=lambda o: (
                FIRST.index(o["kind"]) if o["kind"] in FIRST else later)):
            self.create(made, namespace)
