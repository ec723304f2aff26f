#!/usr/bin/env python3
"""Prints a filesystem mirror with Terraform's kubernetes provider in it, built from the Go module proxy;
nothing, and the reason on standard error, where the proxy refuses the provider: whether it serves one is
a matter of its policy. Whatever else goes wrong ends it."""

import json
import os
import re
import subprocess
import sys

from provider import ADDRESSES
from tools import CACHE, run

# Its module's path has no /v3 in it, so that a release can be asked for by its commit only. This one
# needs no Go that is newer than what the other tools need.
MODULE, VERSION, COMMIT = "github.com/hashicorp/terraform-provider-kubernetes", "3.1.0", "25d5269044e9"
REFUSED = re.compile(r"\b(403 Forbidden|404 Not Found|410 Gone|disabled by GOPROXY)\b")


class Refused(Exception):
    """The proxy does not serve what it takes."""


def proxy_alone():
    """The environment in which Go asks no server but the proxies that it is told of."""
    proxies = re.sub(r"(^|[,|])direct$", "", run("go", "env", "GOPROXY").strip())
    return {**os.environ, "GOPROXY": proxies or "off"}


def go(*command, cwd=None):
    """Standard output of a go command."""
    done = subprocess.run(["go", *map(str, command)], text=True, capture_output=True, check=False,
                          env=proxy_alone(), cwd=cwd)
    if done.returncode == 0:
        return done.stdout
    told = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    error = told.get("Error", done.stderr)
    raise Refused(error) if REFUSED.search(error) else RuntimeError(error)


def build(program):
    source = json.loads(go("mod", "download", "-json", f"{MODULE}@{COMMIT}"))["Dir"]
    go("build", "-o", program, ".", cwd=source)


def main():
    mirror = CACHE / "provider" / VERSION
    platform = "_".join(run("go", "env", "GOOS", "GOARCH").split())
    program = mirror / ADDRESSES[0] / VERSION / platform / f"terraform-provider-kubernetes_v{VERSION}"
    if not program.exists():
        try:
            build(program)
        except Refused as refusal:
            print(f"conformance: the provider itself is not to be had, its published schema stands in "
                  f"for it: {refusal}", file=sys.stderr)
            return
    for address in ADDRESSES[1:]:
        other = mirror / address
        other.parent.mkdir(parents=True, exist_ok=True)
        if not other.exists():
            other.symlink_to(mirror / ADDRESSES[0])
    print(mirror)


if __name__ == "__main__":
    main()
