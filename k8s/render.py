#!/usr/bin/env python3
"""Makes what is committed of these manifests from their sources: the rules as objects of the
Prometheus Operator, and the rendering of the base (which terraform/ reads) and of each overlay.
--check says whether they are the same.

The renderings need kustomize: kubectl 1.27 or newer, or the program itself (KUSTOMIZE names
another command). The sum of the sources in each rendering lets a test notice that one was
forgotten, where there is no kustomize."""

import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ALERTS = HERE / "components" / "alerts"
RENDERED = HERE / "rendered"


def rules_files():
    return sorted(HERE.glob("*-rules.yaml"))


def overlays():
    return sorted(path.parent.name for path in HERE.glob("overlays/*/kustomization.yaml"))


def folders():
    """What is rendered, by the name of the rendering: a folder with a kustomization."""
    return {"base": HERE / "base"} | {name: HERE / "overlays" / name for name in overlays()}


def program_of(rules):
    return rules.name.removesuffix("-rules.yaml")


def wrapped_path(rules):
    return ALERTS / program_of(rules) / "prometheus-rule.yaml"


def wrapped(rules):
    """The text of a PrometheusRule whose spec is the rules file."""
    name = program_of(rules)
    head = f"""---
# Made of {rules.name} by render.py; edit that one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: gdrive-sync
spec:
"""
    lines = [line for line in rules.read_text(encoding="utf-8").splitlines() if line != "---"]
    return head + "".join(f"  {line}".rstrip() + "\n" for line in lines)


def sources_digest():
    """One sum over everything that a rendering can depend on."""
    total = hashlib.sha256()
    for part in ("base", "components", "overlays"):
        for path in sorted(p for p in (HERE / part).rglob("*") if p.is_file()):
            total.update(f"{path.relative_to(HERE)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def rendered_path(name):
    return RENDERED / f"{name}.yaml"


def rendered(name):
    """The text of a rendering."""
    folder = folders()[name]
    answer = subprocess.run([*kustomize(), str(folder)], check=True, stdout=subprocess.PIPE,
                            text=True)
    return (f"---\n# {folder.relative_to(HERE)}, rendered by render.py; edit that one.\n"
            f"# sources sha256:{sources_digest()}\n{answer.stdout}")


def kustomize():
    if "KUSTOMIZE" in os.environ:
        return shlex.split(os.environ["KUSTOMIZE"])
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    sys.exit("render.py: neither kustomize nor kubectl is here; KUSTOMIZE can name the command")


def settle(path, text, check):
    """Writes a file, or says how the one that is there differs."""
    there = path.read_text(encoding="utf-8") if path.exists() else None
    if there == text:
        return True
    if check:
        print(f"{path.relative_to(HERE.parent)} is not what its sources make; run k8s/render.py")
        return False
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path.relative_to(HERE.parent)}")
    return True


def main():
    check = sys.argv[1:] == ["--check"]
    same = [settle(wrapped_path(rules), wrapped(rules), check) for rules in rules_files()]
    same += [settle(rendered_path(name), rendered(name), check) for name in folders()]
    sys.exit(0 if all(same) else 1)


if __name__ == "__main__":
    main()
