#!/usr/bin/env python3
"""Prints a filesystem mirror with Terraform's kubernetes provider in it, built from the Go module proxy;
nothing, and the reason on standard error, where the proxy refuses the provider: whether it serves one is
a matter of its policy. Whatever else goes wrong ends it."""

import json
import os
import pathlib
import re
import subprocess
import sys

from provider import ADDRESSES
from tools import CACHE, run

# Its module's path has no /v3 in it, so that a release can be asked for by its commit only. This one
# needs no Go that is newer than what the other tools need.
MODULE, VERSION, COMMIT = "github.com/hashicorp/terraform-provider-kubernetes", "3.1.0", "25d5269044e9"
REFUSED = re.compile(r"\b(403 Forbidden|404 Not Found|410 Gone)\b")


def download():
    """The source's directory and None, or None and how the proxy refused it."""
    proxies = re.split(r"[,|]", run("go", "env", "GOPROXY").strip())
    environment = {**os.environ, "GOPROXY": ",".join(p for p in proxies if p != "direct")}
    done = subprocess.run(["go", "mod", "download", "-json", f"{MODULE}@{COMMIT}"], text=True,
                          capture_output=True, check=False, env=environment)
    if done.returncode == 0:
        return pathlib.Path(json.loads(done.stdout)["Dir"]), None
    error = json.loads(done.stdout)["Error"] if done.stdout else done.stderr
    if not REFUSED.search(error):
        raise RuntimeError(error)
    return None, error


def main():
    mirror = CACHE / "provider" / VERSION
    platform = "_".join(run("go", "env", "GOOS", "GOARCH").split())
    program = mirror / ADDRESSES[0] / VERSION / platform / f"terraform-provider-kubernetes_v{VERSION}"
    if not program.exists():
        source, refusal = download()
        if refusal:
            print(f"conformance: the provider itself is not to be had, its published schema stands in "
                  f"for it: {refusal}", file=sys.stderr)
            return
        run("go", "build", "-o", program, ".", cwd=source)
    for address in ADDRESSES[1:]:
        other = mirror / address
        other.parent.mkdir(parents=True, exist_ok=True)
        if not other.exists():
            other.symlink_to(mirror / ADDRESSES[0])
    print(mirror)


if __name__ == "__main__":
    main()
