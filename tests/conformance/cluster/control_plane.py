"""A Kubernetes control plane of this machine's own: etcd, an API server, and the controllers that make
Jobs of CronJobs and Pods of Jobs. There is no node and no scheduler: no Pod ever runs."""

import json
import pathlib
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

import tools
from waiting import wait_for

CONTROLLERS = ("cronjob-controller", "job-controller", "serviceaccount-controller",
               "root-ca-certificate-publisher-controller")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Refused(Exception):
    """What the API server answered instead of doing it."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class ControlPlane:
    """Runs until stop(); its files lie in a directory of its own."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gdrive-sync-cluster-"))
        self.processes = []
        self.token = secrets.token_hex(16)
        self.url = f"https://127.0.0.1:{free_port()}"
        self.trust = None
        self.plurals = {}
        try:
            self.start_api_server(self.start_etcd())
            self.start_controllers()
        except BaseException:
            self.stop()
            raise

    # --- processes -------------------------------------------------------------------------------

    def start(self, name, *command):
        with (self.dir / f"{name}.log").open("w", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([*map(str, command)], cwd=self.dir, stdout=log,
                                                   stderr=subprocess.STDOUT))

    def start_etcd(self):
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.start("etcd", "etcd", "--data-dir=etcd", f"--listen-client-urls={client}",
                   f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
                   f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
                   "--unsafe-no-fsync")
        return client

    def start_api_server(self, etcd):
        key = self.dir / "service-accounts.key"
        tools.run("openssl", "genrsa", "-out", key, "2048")
        tokens = self.dir / "tokens.csv"
        tokens.write_text(f'{self.token},operator,operator,"system:masters"\n')
        self.start("kube-apiserver", tools.control_plane("kube-apiserver"),
                   f"--etcd-servers={etcd}", "--bind-address=127.0.0.1",
                   f"--secure-port={self.url.rpartition(':')[2]}", "--cert-dir=certificates",
                   f"--token-auth-file={tokens}", "--authorization-mode=RBAC",
                   "--service-account-issuer=https://kubernetes.invalid",
                   f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
                   "--service-cluster-ip-range=10.0.0.0/24",
                   # Nobody is told of an address but this machine itself.
                   "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none")
        certificate = self.dir / "certificates/apiserver.crt"
        wait_for("the API server's certificate", lambda: self.alive() and certificate.exists())
        wait_for("the API server", self.ready)

    def start_controllers(self):
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {
                "server": self.url,
                "certificate-authority": str(self.dir / "certificates/apiserver.crt")}}],
            "users": [{"name": "operator", "user": {"token": self.token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "operator"}}]}
        self.kubeconfig = self.dir / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(config))
        self.start("kube-controller-manager", tools.control_plane("kube-controller-manager"),
                   f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0",
                   f"--root-ca-file={self.dir / 'certificates/apiserver.crt'}",
                   f"--controllers={','.join(CONTROLLERS)}")

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
        shutil.rmtree(self.dir)

    def logs(self):
        """The end of each program's log."""
        return "\n".join(f"{path.name}: {path.read_text(encoding='utf-8')[-1500:]}"
                         for path in sorted(self.dir.glob("*.log")))

    def alive(self):
        """True; an error with the ends of the logs where a program has ended."""
        if any(process.poll() is not None for process in self.processes):
            raise AssertionError(f"a program ended:\n{self.logs()}")
        return True

    def ready(self):
        self.alive()
        try:
            return self.request("GET", "/readyz", raw=True) == "ok"
        except (OSError, Refused):
            return False

    # --- requests --------------------------------------------------------------------------------

    def request(self, method, path, body=None, kind="application/json", raw=False):
        """The answer; Refused where it is no success."""
        if self.trust is None:
            self.trust = ssl.create_default_context(
                cafile=self.dir / "certificates/apiserver.crt")
        request = urllib.request.Request(
            self.url + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, context=self.trust) as answer:
                content = answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            message = json.loads(text)["message"] if text.startswith("{") else text
            raise Refused(error.code, message) from error
        return content if raw else json.loads(content)

    def plural(self, version, kind):
        """The resource's name in addresses, and whether it lies in a namespace."""
        if version not in self.plurals:
            found = self.request("GET", api(version))["resources"]
            self.plurals[version] = {r["kind"]: (r["name"], r["namespaced"]) for r in found
                                     if "/" not in r["name"]}
        return self.plurals[version][kind]

    def path(self, version, kind, namespace, name=""):
        plural, namespaced = self.plural(version, kind)
        inside = f"/namespaces/{namespace}" if namespaced else ""
        return f"{api(version)}{inside}/{plural}" + (f"/{name}" if name else "")

    def create(self, made, namespace=None):
        """Makes an object, which the server has to know every member of."""
        metadata = made["metadata"]
        namespace = namespace or metadata.get("namespace")
        return self.request("POST", self.path(made["apiVersion"], made["kind"], namespace)
                            + "?fieldValidation=Strict", made)

    def get(self, version, kind, namespace, name=""):
        return self.request("GET", self.path(version, kind, namespace, name))

    def delete(self, version, kind, namespace, name):
        """Deletes an object that nothing holds back, and nothing with it."""
        self.request("DELETE", self.path(version, kind, namespace, name))

    def merge(self, version, kind, namespace, name, change, part=""):
        """Changes members of an object, or of its status."""
        return self.request("PATCH", self.path(version, kind, namespace, name) + part, change,
                            kind="application/merge-patch+json")


def api(version):
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
