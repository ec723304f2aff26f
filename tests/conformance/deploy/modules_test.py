#!/usr/bin/env python3
"""The Terraform modules are well-formed, pass their own tests, and plan what kustomize renders: every
member of every object."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import provider
import tools
from plans import Copy, without_nothing

sys.path.append(str(tools.ROOT / "tests" / "k8s"))
from manifests import K8S, Rendering, documents  # noqa: E402

MODULES = ("workload", "monitoring", "gdrive-sync", "registry-probe", "examples/stem95su")
# What an overlay has and no module makes: they outlive a mirror.
LEFT_OUT = {"Namespace", "PersistentVolumeClaim", "Secret"}


def values_of(overlay):
    return documents(K8S / "overlays" / overlay / "values.yaml")[0]["spec"]


def mirror_variables(values):
    """The variables of the module gdrive-sync for an overlay's values without their options."""
    return {"namespace": values["namespace"], "image": values["image"],
            "source_path": values["source"], "content_claim": values["contentClaim"],
            "instance": values["instance"], "schedule": values["schedule"],
            "max_delete": int(values["maxDelete"]), "readers_group": values["readersGroup"],
            "secret": values["secret"], "pushgateway": values["pushgateway"]}


def probe_variables(values):
    """The variables of the module registry-probe for an overlay's values."""
    return {"namespace": values["namespace"], "image": values["image"],
            "registry": values["registry"], "cidrs": [values["cidr"]], "port": values["port"],
            "schedule": values["schedule"], "pushgateway": values["pushgateway"],
            "api_server": {"cidrs": [values["apiServer"]["cidr"]],
                           "port": values["apiServer"]["port"]},
            "prometheus_rule": {"runbooks": values["runbooks"]}, "dashboard": True}


def by_name(objects):
    return {(o["kind"], o["metadata"]["name"]): without_nothing(o) for o in objects}


def listing(made):
    """An object as lines that can be compared."""
    return json.dumps(made, indent=1, sort_keys=True) + "\n"


def rendered(overlay):
    """The overlay's objects as far as the modules make them."""
    objects = by_name(o for o in Rendering(overlay).objects if o["kind"] not in LEFT_OUT)
    for (kind, _), made in objects.items():
        if kind == "CronJob":
            # The provider does not have it; the API server adds it where there is a failure policy.
            made["spec"]["jobTemplate"]["spec"].pop("podReplacementPolicy")
    return objects


class TerraformCase(unittest.TestCase):
    """Terraform in a copy of the modules, with a stand-in for the provider; or with the provider
    itself, of the filesystem mirror that KUBERNETES_PROVIDER_MIRROR names (run.sh looks for one)."""

    @classmethod
    def setUpClass(cls):
        mirror = os.environ.get("KUBERNETES_PROVIDER_MIRROR")
        if mirror:
            cls.environment = tools.mirror_environment(mirror)
            return
        running = provider.Running(tools.pip_package(provider.BINDINGS))
        cls.addClassCleanup(running.stop)
        cls.environment = running.environment

    def setUp(self):
        place = tempfile.mkdtemp(prefix="gdrive-sync-terraform-")
        self.addCleanup(shutil.rmtree, place)
        self.copy = Copy(place, self.environment)


class Modules(TerraformCase):

    def test_are_formatted(self):
        done = subprocess.run([tools.terraform(), "fmt", "-check", "-recursive", "-diff"],
                              cwd=tools.ROOT / "terraform", capture_output=True, text=True,
                              check=False, env=tools.quiet_environment())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_are_valid_and_pass_their_tests(self):
        for module in MODULES:
            with self.subTest(module):
                self.assertEqual(self.copy.initialised(module), "")
                for command in ("validate", "test"):
                    done = self.copy.terraform(module, command, "-no-color")
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"Success! [1-9]\d* passed, 0 failed")

    def test_are_invalid_with_an_argument_that_the_provider_does_not_have(self):
        main = self.copy.folder("workload") / "main.tf"
        main.write_text(main.read_text(encoding="utf-8").replace("    timezone ", "    time_zone "))
        self.assertEqual(self.copy.initialised("workload"), "")
        done = self.copy.terraform("workload", "validate", "-no-color")
        self.assertIn('An argument named "time_zone" is not expected here', done.stderr)


class Plans(TerraformCase):

    def planned(self, module, variables=None):
        self.assertEqual(self.copy.initialised(module), "")
        return by_name(self.copy.planned(module, variables))

    def assert_same(self, planned, expected):
        self.assertEqual(set(planned), set(expected))
        for name, made in expected.items():
            with self.subTest("/".join(name)):
                self.assertMultiLineEqual(listing(planned[name]), listing(made))

    def test_the_example_is_the_overlay_stem95su(self):
        self.assert_same(self.planned("examples/stem95su"), rendered("stem95su"))

    def test_a_plain_mirror_is_the_overlay_plain_secret(self):
        variables = mirror_variables(values_of("plain-secret"))
        self.assert_same(self.planned("gdrive-sync", variables), rendered("plain-secret"))

    def test_the_probe_is_the_overlay_registry_probe(self):
        variables = probe_variables(values_of("registry-probe"))
        self.assert_same(self.planned("registry-probe", variables), rendered("registry-probe"))

    def test_are_seen_to_differ_where_a_member_is_left_out(self):
        main = self.copy.folder("workload") / "main.tf"
        lines = main.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if "fs_group_change_policy" not in line]
        self.assertEqual(len(kept), len(lines) - 1)
        main.write_text("".join(kept))
        self.assertNotEqual(self.planned("examples/stem95su"), rendered("stem95su"))


if __name__ == "__main__":
    unittest.main()
