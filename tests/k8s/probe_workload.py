"""Runs what the probe's CronJob runs, as a process on this machine, against Debian's
docker-registry, with a cluster that lists the workloads it is told."""

import json
import os
import pathlib
import subprocess
import sys

from manifests import ROOT, Rendering

sys.path.insert(0, str(ROOT / "tests" / "registry"))
import auth_server  # noqa: E402
import fake  # noqa: E402
import images  # noqa: E402
from harness import BIN, RegistryCase  # noqa: E402

__all__ = ["Cluster", "ProbeCase", "images"]


class Cluster:
    """An API server that lists `items` to whoever has the pod's token."""

    def __init__(self, case, account):
        self.items = []
        cert, key = auth_server.certificate(case.dir, "api")
        account.mkdir()
        (account / "token").write_text("pod-token\n")
        (account / "ca.crt").write_text(cert.read_text())
        self.server = fake.FakeRegistry().use_tls(auth_server.tls_context(cert, key))
        case.addCleanup(self.server.stop)
        self.server.override = self.answer

    def answer(self, handler):
        if handler.headers.get("Authorization") != "Bearer pod-token":
            return fake.Answer(401)
        resource = handler.path.split("?")[0].rsplit("/", 1)[1]
        items = [item for item in self.items if item["kind"].lower() + "s" == resource]
        return fake.Answer(200, json.dumps({"kind": "List", "metadata": {}, "items": items}))

    def asked(self):
        """(verb, API group, resource) of each request, as a Role names them."""
        found = set()
        for method, target, _ in self.server.requests:
            prefix, resource = target.split("?")[0].rsplit("/", 1)
            group = "" if prefix == "/api/v1" else prefix.split("/")[2]
            found.add(("list" if method == "GET" else method, group, resource))
        return found


class ProbeCase(RegistryCase):
    """The overlay's CronJob, a registry and a cluster."""

    instance = ""

    def setUp(self):
        super().setUp()
        self.rendering = Rendering("registry-probe")
        self.workload = self.rendering.cronjob("probe")
        self.server = self.registry()
        self.account = self.dir / "account"
        self.cluster = Cluster(self, self.account)
        self.tmp = self.dir / "tmp"
        self.tmp.mkdir()
        self.pushgateway = ""

    def uses(self, image):
        """From now on the cluster has a pod with that image."""
        self.cluster.items.append({
            "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"containers": [{"name": "web", "image": f"{self.server.host}/{image}"}]}})

    def environment(self):
        """The container's, with what only this machine needs."""
        host, port = self.cluster.server.host.split(":")
        return {**self.workload.environment(), "REGISTRY": self.server.host,
                "REGISTRY_PROBE_METRICS_PUSH": self.pushgateway,
                "REGISTRY_PROBE_INSTANCE": self.instance,
                "REGISTRY_PROBE_PLAIN_HTTP": "true", "REGISTRY_PROBE_CONFIRM_AFTER": "0",
                "REGISTRY_PROBE_RETRIES": "0", "REGISTRY_PROBE_SERVICE_ACCOUNT_DIR": self.account,
                "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port,
                "PATH": os.environ["PATH"], "TMPDIR": self.tmp}

    def cronjob_ends(self, code):
        """The CronJob's container, to its end."""
        environment = {name: str(value) for name, value in self.environment().items()}
        arguments = self.workload.arguments(environment)
        done = subprocess.run([pathlib.Path(BIN) / self.workload.program(), *arguments],
                              env=environment, capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done
