#!/usr/bin/env python3
"""The Terraform modules tell nothing again that k8s/ says, and say in its example what the overlay
says. By their text: Terraform itself is no package of Debian's (./dev conformance runs it)."""

import re
import unittest

from manifests import K8S, ROOT, Rendering, documents

TERRAFORM = ROOT / "terraform"
EXAMPLE = TERRAFORM / "examples" / "stem95su" / "gdrive-sync.tf"
MODULES = ("workload", "monitoring", "gdrive-sync", "registry-probe")
FILE_CALL = re.compile(r'file\("([^"]+)"\)')
LOCAL = re.compile(r'^\s*(\w+)\s*= "(\$\{path\.module\}[^"]*)"$', re.MULTILINE)
QUOTED = re.compile(r'"([^"\n]*)"')


def sources():
    return [path for module in MODULES for path in sorted((TERRAFORM / module).glob("*.tf"))]


def scalars(value):
    """Every scalar in it, as text."""
    if isinstance(value, dict):
        return [s for item in value.values() for s in scalars(item)]
    if isinstance(value, list):
        return [s for item in value for s in scalars(item)]
    return [str(value)]


class TheModules(unittest.TestCase):

    def test_read_files_that_are_there(self):
        read = set()
        for path in sources():
            text = path.read_text(encoding="utf-8")
            places = {f"${{local.{name}}}": value for name, value in LOCAL.findall(text)}
            for called in FILE_CALL.findall(text):
                for name, value in places.items():
                    called = called.replace(name, value)
                called = called.replace("${path.module}", str(path.parent))
                called = called.partition("${")[0]  # of what is chosen later, the folder
                read.add((path.parent / called).resolve())
        self.assertIn(K8S / "rendered" / "base.yaml", read)
        self.assertEqual({str(p) for p in read if not p.exists()}, set())
        self.assertEqual({str(p) for p in read if not p.is_relative_to(K8S)}, set())

    def test_repeat_nothing_that_the_base_says(self):
        said = set()
        for workload in Rendering("base").cronjobs():
            said |= set(workload.arguments()) | {workload.spec["schedule"]}
            said |= set(scalars(workload.container["resources"]))
            said |= {m["mountPath"] for m in workload.container["volumeMounts"]}
            said |= set(scalars(workload.pod["securityContext"])) - {"True"}
        said |= {peer["ipBlock"]["cidr"] for policy in Rendering("base").of_kind("NetworkPolicy")
                 for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer}
        self.assertIn("256Mi", said)
        for path in sources():
            with self.subTest(path.relative_to(ROOT)):
                code = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines()
                                 if not re.match(r"\s*(#|description|error_message)", line))
                self.assertEqual(said & set(QUOTED.findall(code)), set())
                self.assertIsNone(re.search(r"\b65532\b", code))


class TheExample(unittest.TestCase):

    def test_says_what_the_overlay_says(self):
        values = documents(K8S / "overlays" / "stem95su" / "values.yaml")[0]["spec"]
        values.pop("schedule")  # the base's
        text = EXAMPLE.read_text(encoding="utf-8")
        said = set(QUOTED.findall(text)) | set(re.findall(r"= (\d+)$", text, re.MULTILINE))
        self.assertEqual(set(scalars(values)) - said, set())

    def test_marks_what_nobody_knew(self):
        lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if "placeholder" in line and not line.lstrip().startswith("#"):
                above = "\n".join(lines[max(0, number - 3):number])
                self.assertIn("PLACEHOLDER", above, line)


if __name__ == "__main__":
    unittest.main()
