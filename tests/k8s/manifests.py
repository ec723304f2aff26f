"""The committed renderings of k8s/, and what is asked of them in several tests."""

import importlib.util
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"


def load_renderer():
    spec = importlib.util.spec_from_file_location("render", K8S / "render.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


render = load_renderer()


def documents(path):
    return [d for d in yaml.safe_load_all(path.read_text(encoding="utf-8")) if d]


class Rendering:
    """The objects of one overlay."""

    def __init__(self, overlay):
        self.overlay = overlay
        self.objects = documents(render.rendered_path(overlay))

    def __str__(self):
        return self.overlay

    def of_kind(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def one(self, kind, name):
        found = [o for o in self.of_kind(kind) if o["metadata"]["name"] == name]
        if len(found) != 1:
            raise AssertionError(f"{self.overlay}: {len(found)} objects {kind}/{name}")
        return found[0]

    def cronjobs(self):
        return [Workload(self, o) for o in self.of_kind("CronJob")]

    def cronjob(self, component):
        """The CronJob of that app.kubernetes.io/component."""
        found = [w for w in self.cronjobs() if w.label("component") == component]
        if len(found) != 1:
            raise AssertionError(f"{self.overlay}: {len(found)} CronJobs of {component}")
        return found[0]


class Workload:
    """A CronJob and the pod that it makes."""

    def __init__(self, rendering, cronjob):
        self.rendering = rendering
        self.cronjob = cronjob
        self.name = cronjob["metadata"]["name"]
        self.spec = cronjob["spec"]
        self.job = self.spec["jobTemplate"]["spec"]
        self.template = self.job["template"]
        self.pod = self.template["spec"]
        self.containers = self.pod["containers"]
        self.container = self.containers[0]

    def __str__(self):
        return f"{self.rendering.overlay}: CronJob/{self.name}"

    def label(self, name):
        return self.cronjob["metadata"]["labels"].get("app.kubernetes.io/" + name)

    def program(self):
        return self.container.get("command", ["gdrive-sync"])[0]

    def environment(self):
        """What envFrom and env give the container; an empty value stays one."""
        values = {}
        for source in self.container.get("envFrom", []):
            name = source["configMapRef"]["name"]
            values.update(self.rendering.one("ConfigMap", name)["data"])
        for variable in self.container.get("env", []):
            values[variable["name"]] = variable.get("value") or self.of_the_pod(variable)
        return values

    @staticmethod
    def of_the_pod(variable):
        """What the downward API puts in: here, the name of the field."""
        if "valueFrom" in variable:
            return variable["valueFrom"]["fieldRef"]["fieldPath"]
        return ""

    def arguments(self, environment=None):
        """The arguments with $(NAME) put in, as the kubelet does."""
        arguments = []
        for argument in self.container["args"]:
            for name, value in (environment or self.environment()).items():
                argument = argument.replace(f"$({name})", value)
            arguments.append(argument)
        return arguments

    def volume(self, name):
        return next(v for v in self.pod["volumes"] if v["name"] == name)

    def mount(self, path):
        return next(m for m in self.container["volumeMounts"] if m["mountPath"] == path)


RENDERINGS = [Rendering(name) for name in render.overlays()]
WORKLOADS = [workload for rendering in RENDERINGS for workload in rendering.cronjobs()]
