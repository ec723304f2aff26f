#!/usr/bin/env python3
"""Makes the image's file system: the programs, the libraries they load, certificates of
authorities, time zones, the licences of all that, and a list of where each file came from."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import time

import debian
import linked_in
import sbom

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ("gdrive-sync", "registry-probe")
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
ZONES = pathlib.Path("/usr/share/zoneinfo")
# The same zones again, by names and rules that nobody asks for unless they say so.
OTHER_ZONES = {"posix", "right"}
COMMON_LICENSES = pathlib.Path("/usr/share/common-licenses")
SBOM = pathlib.Path("usr/share/sbom/gdrive-sync.spdx.json")
# `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x7f..)`, `/lib64/ld-linux-x86-64.so.2 (0x7f..)`
LOADED = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)
OWN_TEXTS = {
    "etc/passwd": "nonroot:x:65532:65532::/nonexistent:/nonexistent\n",
    "etc/group": "nonroot:x:65532:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


class Image:
    """The root directory, and what each file in it came from."""

    def __init__(self, root):
        self.root = root
        self.own = []  # ours
        self.expanded = {}  # relative path -> the package that it was taken from as it is
        self.generated = {}  # the same, where the package's scripts made it
        self.linked = {}  # name -> package whose code is in the programs

    def place(self, target):
        """Where `target`, absolute in the image, lies. Folders that are links in Debian's root
        are the same links in the image's."""
        parts = pathlib.Path(target).relative_to("/").parts
        top = pathlib.Path("/", parts[0])
        if top.is_symlink():
            self.link(parts[0], os.readlink(top))
            parts = (*pathlib.Path(os.readlink(top)).parts, *parts[1:])
        relative = pathlib.PurePath(*parts)
        (self.root / relative).parent.mkdir(parents=True, exist_ok=True)
        return relative

    def link(self, relative, to):
        if not (self.root / relative).is_symlink():
            (self.root / relative).parent.mkdir(parents=True, exist_ok=True)
            (self.root / relative).symlink_to(to)

    def copy(self, source, target, mode=0o644):
        relative = self.place(target)
        shutil.copyfile(source, self.root / relative)
        (self.root / relative).chmod(mode)
        return str(relative)

    def take(self, path, package, mode=0o644):
        """A file of a package, at its own path. A link stays one, unless it leads to what is the
        machine's own."""
        if not path.is_symlink():
            self.expanded[self.copy(path, path, mode)] = package
        elif not os.path.isabs(os.readlink(path)):
            self.link(path.relative_to("/"), os.readlink(path))

    def write(self, relative, text):
        place = self.root / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(0o644)
        self.own.append(relative)


def libraries(programs):
    """Every library that the loader takes in for these programs, itself included."""
    answer = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    if "not found" in answer:
        raise SystemExit(f"a library is missing:\n{answer}")
    return sorted({pathlib.Path(path) for path in LOADED.findall(answer)})


def add_programs(image, directory):
    for name in PROGRAMS:
        image.own.append(image.copy(directory / "bin" / name, f"/usr/bin/{name}", 0o755))
    paths = libraries([directory / "bin" / name for name in PROGRAMS])
    owners = debian.owners(paths)
    for path in paths:
        # Under the name that the loader asks for, without the link that leads from it.
        image.expanded[image.copy(path, path, 0o755)] = owners[path]


def add_linked(image, directory):
    """What the programs were made with, and its licences."""
    notes = directory / "share/gdrive-sync/linked-in"
    image.linked = linked_in.read(notes)
    for name in image.linked:
        notice = image.copy(linked_in.notice(notes, name), f"/usr/share/doc/{name}/copyright")
        image.expanded[notice] = name


def add_data(image):
    image.generated[image.copy(CERTIFICATES, CERTIFICATES)] = "ca-certificates"
    for path in debian.files("tzdata"):
        if path.is_relative_to(ZONES) and path.relative_to(ZONES).parts[0] not in OTHER_ZONES:
            image.take(path, "tzdata")


def add_licences(image):
    """What the packages' licences ask to go along with their files."""
    for path in debian.files("base-files"):
        if path.is_relative_to(COMMON_LICENSES):
            image.take(path, "base-files")
    todo = {*image.expanded.values(), *image.generated.values()} - image.linked.keys()
    done = set()
    while todo:
        package = todo.pop()
        done.add(package)
        notice = pathlib.Path(f"/usr/share/doc/{package}/copyright")
        # Packages of one source may share one package's notice.
        owner = debian.owners([notice])[notice]
        image.expanded[image.copy(notice, notice)] = owner
        todo |= {owner} - done


def add_own_texts(image):
    for relative, text in OWN_TEXTS.items():
        image.write(relative, text)
    licence = (HERE.parent / "LICENSE").read_text(encoding="utf-8")
    image.write("usr/share/doc/gdrive-sync/copyright", licence)
    (image.root / "tmp").mkdir()
    (image.root / "tmp").chmod(0o1777)


def version_of(program):
    answer = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.split()[-1]


def add_sbom(image, version, created):
    files_of = {*image.expanded.values(), *image.generated.values()} - image.linked.keys()
    packages = {**debian.packages(files_of), **image.linked}
    text = sbom.document(image.root, version, created, packages.values(), own=image.own,
                         linked=image.linked, expanded=image.expanded, generated=image.generated)
    (image.root / SBOM).parent.mkdir(parents=True)
    (image.root / SBOM).write_text(text, encoding="utf-8")


def set_times(root, created):
    """The same times in every build of the same thing."""
    for directory, folders, names in os.walk(root):
        for name in (*folders, *names, "."):
            os.utime(os.path.join(directory, name), (created, created), follow_symlinks=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    options = parser.parse_args()
    created = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    os.umask(0o022)
    options.root.mkdir(parents=True)
    image = Image(options.root)
    add_programs(image, options.programs)
    add_linked(image, options.programs)
    add_data(image)
    add_licences(image)
    add_own_texts(image)
    add_sbom(image, version_of(options.programs / "bin" / PROGRAMS[0]), created)
    set_times(options.root, created)


if __name__ == "__main__":
    main()
