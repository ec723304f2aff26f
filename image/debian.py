"""Which Debian packages files of this machine came from, and what these packages are."""

import dataclasses
import os
import pathlib
import subprocess

FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version")


@dataclasses.dataclass(frozen=True)
class Package:
    name: str
    version: str
    architecture: str
    source: str
    source_version: str


def spellings(path):
    """The names under which dpkg may know a file: /lib is a link to /usr/lib, and dpkg has it
    where its package says."""
    names = {str(path), os.path.realpath(path)}
    for name in list(names):
        if name.startswith("/usr/lib"):
            names.add(name.removeprefix("/usr"))
        elif name.startswith("/lib"):
            names.add("/usr" + name)
    return names


def owners(paths):
    """Path -> name of its package. A file that no package brought is an error."""
    asked = {path: spellings(path) for path in paths}
    answer = subprocess.run(
        ["dpkg-query", "--search", *sorted(set().union(*asked.values()))],
        capture_output=True, text=True, check=False)  # it fails where one spelling is unknown
    known = {}
    for line in answer.stdout.splitlines():
        package, _, name = line.partition(": ")
        known[name] = package.partition(":")[0]
    found = {}
    for path, names in asked.items():
        owner = next((known[name] for name in sorted(names) if name in known), None)
        if owner is None:
            raise SystemExit(f"no Debian package brought {path}")
        found[path] = owner
    return found


def packages(names):
    """Name -> Package."""
    form = "\\t".join(f"${{{field}}}" for field in FIELDS) + "\\n"
    lines = subprocess.run(["dpkg-query", "--show", f"--showformat={form}", *sorted(names)],
                           stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return {one.name: one for one in (Package(*line.split("\t")) for line in lines)}


def files(package):
    """What the package brought, without folders; links are among them."""
    lines = subprocess.run(["dpkg-query", "--listfiles", package], stdout=subprocess.PIPE,
                           text=True, check=True).stdout.splitlines()
    paths = [pathlib.Path(line) for line in lines if line.startswith("/")]
    return [path for path in paths if path.is_symlink() or path.is_file()]
