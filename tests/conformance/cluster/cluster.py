"""A control plane that knows the operators' types, and the renderings of k8s/ in it."""

import tools
import yaml
from control_plane import ControlPlane, Refused
from waiting import wait_for

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

    def job_of(self, namespace, cronjob):
        """A Job of a template, as `kubectl create job --from` makes it."""
        source = self.get("batch/v1", "CronJob", namespace, cronjob)
        template = source["spec"]["jobTemplate"]
        return self.create({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": f"{cronjob}-1", "labels": template["metadata"]["labels"],
                         "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
                         "ownerReferences": [{
                             "apiVersion": "batch/v1", "kind": "CronJob", "name": cronjob,
                             "uid": source["metadata"]["uid"], "controller": True}]},
            "spec": template["spec"]}, namespace)

    def pods_of(self, namespace, job):
        pods = self.get("v1", "Pod", namespace)["items"]
        return [p for p in pods if p["metadata"]["labels"]["batch.kubernetes.io/job-name"] == job]

    def pod_of(self, namespace, job):
        """The first Pod of a Job."""
        def ask():
            pods, wrong = self.pods_of(namespace, job), self.events(namespace, job)
            if wrong and not pods:
                raise AssertionError(f"no Pod of {job}: {wrong}")
            return pods
        return wait_for(f"the Pod of {job}", ask)[0]

    def events(self, namespace, job=None):
        """What the controllers said went wrong, with all or with one Job. That they know of a Job
        that is no tick's is not."""
        items = self.get("v1", "Event", namespace)["items"]
        if job:
            items = [e for e in items if e["involvedObject"]["kind"] == "Job"
                     and e["involvedObject"]["name"] == job]
        return [e["message"] for e in items
                if e["type"] == "Warning" and e["reason"] != "UnexpectedJob"]
