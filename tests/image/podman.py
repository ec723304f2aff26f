"""Runs the pods that the CronJobs make, by podman: the rendered pod and ConfigMap as they are, with
directories of this machine in the place of the cluster's volumes."""

import copy
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import archive
import yaml

IMAGE = "localhost/gdrive-sync:latest"
NONROOT = 65532
# runc and plain cgroups: what also works without systemd, and where both hierarchies of cgroups are
# mounted. The limits of open files and processes are such as every machine allows.
CONFIGURATION = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
"""


def storage_driver(directory):
    """Within a container's own overlay there can be no other one."""
    kind = subprocess.run(["stat", "--file-system", "--format", "%T", directory],
                          stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return "vfs" if kind == "overlayfs" else "overlay"


class Podman:
    """podman with a storage of its own, and the image in it."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gds-podman-"))
        (self.dir / "containers.conf").write_text(CONFIGURATION)
        self.driver = storage_driver(self.dir)
        self.pods = 0
        self("load", "--quiet", "--input", archive.ARCHIVE)

    def __call__(self, *arguments, check=True, **more):
        done = subprocess.run(
            ["podman", "--storage-driver", self.driver, "--root", self.dir / "root",
             "--runroot", self.dir / "run", "--tmpdir", self.dir / "tmp", *map(str, arguments)],
            capture_output=True, text=True,
            env={**os.environ, "CONTAINERS_CONF": str(self.dir / "containers.conf")}, timeout=300,
            check=False, **more)
        if check and done.returncode != 0:
            raise AssertionError(f"podman {' '.join(map(str, arguments))}: {done.stderr}")
        return done

    def close(self):
        self("pod", "rm", "--all", "--force", "--time", "0", check=False)
        # The driver may have left its directory mounted upon itself.
        subprocess.run(["umount", self.dir / "root" / "overlay"], stderr=subprocess.DEVNULL,
                       check=False)
        shutil.rmtree(self.dir)


class Pod:
    """A pod of one container, from its start until it is removed."""

    def __init__(self, podman, documents):
        self.podman = podman
        podman.pods += 1
        pod = next(one for one in documents if one["kind"] == "Pod")
        self.name = f"pod{podman.pods}"
        pod["metadata"]["name"] = self.name
        self.container = f"{self.name}-{pod['spec']['containers'][0]['name']}"
        # --build=false: a directory named like the image is no reason to build one.
        podman("play", "kube", "--build=false", "--quiet", "-",
               input=yaml.safe_dump_all(documents))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.podman("pod", "rm", "--force", "--time", "0", self.name)

    def state(self):
        return json.loads(self.podman("container", "inspect", self.container).stdout)[0]["State"]

    def stop(self):
        """What the kubelet does: SIGTERM, and SIGKILL after a while."""
        self.podman("stop", "--time", "60", self.container)

    def ended(self):
        code = int(self.podman("wait", self.container).stdout)
        logs = self.podman("logs", self.container)
        return subprocess.CompletedProcess([self.container], code, logs.stdout, logs.stderr)


def documents(workload, places, environment):
    """The ConfigMap and the Pod of a CronJob. Of the pod's own, only the volumes, the image's name
    and the network are others: the servers of the tests listen on this machine's loopback. A place
    that the pod does not mount is added."""
    [source] = workload.container["envFrom"]
    name = source["configMapRef"]["name"]
    settings = copy.deepcopy(workload.rendering.one("ConfigMap", name))
    settings["data"].update(environment)
    spec = copy.deepcopy(workload.pod)
    [container] = spec["containers"]
    container["image"] = IMAGE
    # The kubelet puts $(NAME) in; this podman does not.
    container["args"] = workload.arguments({**workload.environment(), **environment})
    spec["hostNetwork"] = True
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    container["volumeMounts"] += [{"name": f"more-{number}", "mountPath": path, "readOnly": True}
                                  for number, path in enumerate(places) if path not in mounted]
    spec["volumes"] = [{"name": mount["name"],
                        "hostPath": {"path": str(places[mount["mountPath"]])}}
                       for mount in container["volumeMounts"]]
    return [settings, {"apiVersion": "v1", "kind": "Pod", "spec": spec,
                       "metadata": {"labels": workload.template["metadata"]["labels"]}}]


def give_to_group(path, mode):
    """What fsGroup does to a volume: it stays root's, and the pod's group may use it."""
    os.chown(path, 0, NONROOT)
    path.chmod(mode)
