#!/usr/bin/env python3
"""Writes which Debian packages' code is inside the programs themselves, and their licences: the
headers and static libraries that they were compiled and linked with on this machine."""

import argparse
import dataclasses
import json
import pathlib
import shutil

import debian

PACKAGES = ("libboost-json1.81-dev", "libboost1.81-dev", "libbrotli-dev", "libcli11-dev",
            "libcurl4-openssl-dev", "libexpected-dev", "libfmt-dev", "libgcc-12-dev",
            "libidn2-dev", "libnghttp2-dev", "libpsl-dev", "libre2-dev", "libspdlog-dev",
            "libsqlite3-dev", "libssl-dev", "libstdc++-12-dev", "libtomlplusplus-dev",
            "libunistring-dev", "libzstd-dev", "nlohmann-json3-dev", "zlib1g-dev")
LIST = "packages.json"


def notice(directory, name):
    """Where a package's licence lies."""
    return directory / f"{name}.copyright"


def read(directory):
    """The packages, by name."""
    text = (directory / LIST).read_text(encoding="utf-8")
    return {one["name"]: debian.Package(**one) for one in json.loads(text)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=pathlib.Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    packages = debian.packages(PACKAGES)
    text = json.dumps([dataclasses.asdict(packages[name]) for name in PACKAGES], indent=1)
    (directory / LIST).write_text(text + "\n", encoding="utf-8")
    for name in PACKAGES:
        shutil.copyfile(f"/usr/share/doc/{name}/copyright", notice(directory, name))


if __name__ == "__main__":
    main()
