"""The tools and schemas that these tests need. They are fetched and built at test time, into
build/conformance, and never kept in the repository: programs and the descriptions of Kubernetes' and
the operators' objects by the Go module proxy, that of Terraform's provider by pip."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
CACHE = pathlib.Path(os.environ.get("GDS_BUILD", ROOT / "build")).resolve() / "conformance"

KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1"
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0"
OPENTOFU = "github.com/opentofu/opentofu@v1.11.0"
# The oldest and the newest Kubernetes that is judged by.
KUBERNETES = ("k8s.io/kubernetes@v1.34.4", "k8s.io/kubernetes@v1.37.2")
OPERATORS = {
    "github.com/external-secrets/external-secrets@v0.16.2":
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
    "github.com/prometheus-operator/prometheus-operator@v0.93.0":
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
}
TERRAFORM_AT_LEAST = (1, 11)


def run(*command, **more):
    """Standard output of a command that has to succeed."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
    return done.stdout


@functools.cache
def go_module(module):
    """The directory of a module's source."""
    return pathlib.Path(json.loads(run("go", "mod", "download", "-json", module))["Dir"])


@functools.cache
def go_tool(package):
    """The program of a package at a version, built where it is not yet."""
    place = CACHE / "tools" / package.rpartition("@")[2]
    name = re.sub(r"/v\d+$", "", package.rpartition("@")[0]).rpartition("/")[2]
    if not (place / name).exists():
        run("go", "install", package, env={**os.environ, "GOBIN": str(place)})
    return place / name


def version_of(program):
    """Major and minor version of a Terraform or an OpenTofu."""
    text = run(program, "version", env=quiet_environment())
    return tuple(map(int, re.search(r"v(\d+)\.(\d+)", text).groups()))


def quiet_environment():
    """The environment without a person's own configuration of Terraform."""
    return {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1"}


def mirror_environment(mirror):
    """What lets Terraform take providers of a directory, and no others."""
    config = CACHE / "mirror.tfrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n',
                      encoding="utf-8")
    return {"TF_CLI_CONFIG_FILE": str(config)}


@functools.cache
def terraform():
    """The Terraform, or else the OpenTofu, of this machine; where there is none, one is built."""
    for name in ("terraform", "tofu"):
        found = shutil.which(name)
        if found and version_of(found) >= TERRAFORM_AT_LEAST:
            return pathlib.Path(found)
    return opentofu()


def opentofu():
    return built_within(OPENTOFU, "tofu", "cmd/tofu")


def control_plane(program):
    """kube-apiserver or kube-controller-manager, of the oldest Kubernetes. Its clients ask which
    version it is, and it knows only what is linked into it."""
    version = KUBERNETES[0].rpartition("@")[2]
    return built_within(KUBERNETES[0], program, f"cmd/{program}",
                        f"-ldflags=-X k8s.io/component-base/version.gitVersion={version}")


def built_within(module_and_version, program, folder, *flags):
    """A program of a module that replaces others, which `go install` refuses: it is built within a
    module of ours that repeats what it requires and replaces."""
    module, _, version = module_and_version.partition("@")
    built = CACHE / "tools" / version / program
    if built.exists():
        return built
    source = go_module(module_and_version)
    place = CACHE / "within" / f"{module.rpartition('/')[2]}-{version}"
    place.mkdir(parents=True, exist_ok=True)
    text = (source / "go.mod").read_text(encoding="utf-8")
    text = re.sub(r"^module .*$", "module within", text, flags=re.MULTILINE)
    # Kubernetes keeps some of its modules in folders, and publishes them under v0.
    text = re.sub(r"=> \./staging/src/(\S+)", rf"=> \1 {version.replace('v1.', 'v0.')}", text)
    (place / "go.mod").write_text(f"{text}\nrequire {module} {version}\n", encoding="utf-8")
    (place / "go.sum").write_bytes((source / "go.sum").read_bytes())
    run("go", "build", "-mod=mod", *flags, "-o", built, f"{module}/{folder}", cwd=place)
    return built


@functools.cache
def pip_package(requirement):
    """The file of a Python package."""
    place = CACHE / "packages" / requirement
    if not place.exists() or not any(place.iterdir()):
        run(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--dest", place, requirement)
    return next(place.iterdir())
