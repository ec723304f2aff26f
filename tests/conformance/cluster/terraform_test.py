#!/usr/bin/env python3
"""Terraform with its real provider, of the mirror that KUBERNETES_PROVIDER_MIRROR names: what the
modules make is what kustomize makes, and the CronJob and the ExternalSecret that are there are taken
over by the blocks that terraform/README.md shows."""

import base64
import json
import os
import re
import shutil
import tempfile
import unittest

import tools
from cluster import PLACEHOLDER, Cluster
from manifests import documents, render
from modules_test import LEFT_OUT, mirror_variables, probe_variables, values_of
from plans import Copy

# What the server says of an object by itself, or who wrote it.
SERVERS = ("annotations", "creationTimestamp", "generation", "managedFields", "namespace",
           "resourceVersion", "uid")
# What the provider writes out though it holds without that, wherever it stands.
GRANTED = {"completions": 1, "immutable": False, "manualSelector": False,
           "mountPropagation": "None", "optional": False, "parallelism": 1, "privileged": False,
           "shareProcessNamespace": False}

EXAMPLE = "examples/stem95su"
README = tools.ROOT / "terraform" / "README.md"
SECTION = "\n## Taking over what is there\n"
BLOCKS = re.compile(r"^```hcl\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TODAY = """
resource "kubernetes_cron_job_v1" "today" {
  metadata {
    name      = "stem95su-gdrive-sync"
    namespace = "NAMESPACE"
  }
  spec {
    schedule = "*/10 * * * *"
    job_template {
      metadata {}
      spec {
        template {
          metadata {}
          spec {
            restart_policy = "OnFailure"
            container {
              name  = "rclone"
              image = "rclone/rclone:1.74.3"
              args  = ["sync"]
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_manifest" "today" {
  manifest = jsondecode(file("today.json"))
}
"""


def setUpModule():
    """One control plane for all tests."""
    global plane
    plane = Cluster()
    unittest.addModuleCleanup(plane.stop)


def without_granted(value):
    if isinstance(value, dict):
        return {key: without_granted(item) for key, item in value.items()
                if key not in GRANTED or item != GRANTED[key]}
    if isinstance(value, list):
        return [without_granted(item) for item in value]
    return value


def own(made, namespace):
    """An object as lines that can be compared: without its namespace and what the server adds."""
    made = without_granted({key: value for key, value in made.items() if key != "status"})
    made["metadata"] = {k: v for k, v in made["metadata"].items() if k not in SERVERS}
    if made["kind"] == "CronJob":
        # The provider does not have it; its Jobs do.
        made["spec"]["jobTemplate"]["spec"].pop("podReplacementPolicy", None)
    return json.dumps(made, indent=1, sort_keys=True).replace(namespace, PLACEHOLDER)


def read(objects, namespace):
    """These objects as they are in a namespace."""
    return {f"{o['kind']}/{o['metadata']['name']}":
            own(plane.get(o["apiVersion"], o["kind"], namespace, o["metadata"]["name"]), namespace)
            for o in objects if o["kind"] not in LEFT_OUT}


class Stack:
    """A module that Terraform applies as a whole, in a copy of all of them."""

    def __init__(self, case, module):
        place = tempfile.mkdtemp(prefix="gdrive-sync-terraform-")
        case.addCleanup(shutil.rmtree, place)
        self.case, self.module = case, module
        self.copy = Copy(place, tools.mirror_environment(os.environ["KUBERNETES_PROVIDER_MIRROR"]))
        self.folder = self.copy.folder(module)
        self.write("provider.tf", f'provider "kubernetes" {{ config_path = "{plane.kubeconfig}" }}\n')

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def terraform(self, *arguments):
        done = self.copy.terraform(self.module, *arguments, "-no-color", "-input=false")
        self.case.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def apply(self):
        """Applies the stack; the last line tells what was done."""
        self.terraform("init")
        said = self.terraform("apply", "-auto-approve")
        # Exit code 0 is: nothing to change.
        self.terraform("plan", "-detailed-exitcode")
        return re.search(r"Apply complete! .*", said)[0]


class TerraformCase(unittest.TestCase):
    maxDiff = None

    def expected(self, overlay):
        """What kustomize makes of an overlay, and how it reads in the cluster."""
        objects = documents(render.rendered_path(overlay))
        namespace = f"kustomize-{overlay}"
        if not any(o["kind"] == "Namespace" for o in objects):
            plane.restricted(namespace)
        plane.take(namespace, objects)
        result = read(objects, namespace)
        for made in objects:
            # Terraform's have the same names.
            if "ClusterRole" in made["kind"]:
                plane.delete(made["apiVersion"], made["kind"], "", made["metadata"]["name"])
        return objects, result

    def assert_same(self, objects, expected, namespace):
        made = read(objects, namespace)
        for name, text in expected.items():
            with self.subTest(name):
                self.assertMultiLineEqual(made[name], text)

    def assert_works(self, namespace):
        """The controllers make a Job and a Pod of every CronJob."""
        for cronjob in plane.get("batch/v1", "CronJob", namespace)["items"]:
            with self.subTest(cronjob=cronjob["metadata"]["name"]):
                job = plane.job_of(namespace, cronjob["metadata"]["name"])
                self.assertEqual(job["spec"]["podReplacementPolicy"], "Failed")
                plane.pod_of(namespace, job["metadata"]["name"])


class Modules(TerraformCase):

    def makes(self, module, overlay, variables):
        objects, expected = self.expected(overlay)
        namespace = f"terraform-{overlay}"
        plane.restricted(namespace)
        stack = Stack(self, module)
        stack.write("terraform.tfvars.json", json.dumps({**variables, "namespace": namespace}))
        self.assertRegex(stack.apply(), r"[1-9]\d* added, 0 changed, 0 destroyed")
        self.assert_same(objects, expected, namespace)
        self.assert_works(namespace)
        return stack, namespace

    def test_make_the_overlay_plain_secret_and_keep_its_secret_to_the_cluster(self):
        credentials = json.dumps({"type": "authorized_user", "refresh_token": "a-secret-token"})
        variables = mirror_variables(values_of("plain-secret"))
        stack, namespace = self.makes("gdrive-sync", "plain-secret", {
            **variables, "credentials": credentials, "credentials_revision": 1})
        made = plane.get("v1", "Secret", namespace, variables["secret"])["data"]
        self.assertEqual(base64.b64decode(made["credentials.json"]).decode(), credentials)
        state = (stack.folder / "terraform.tfstate").read_text(encoding="utf-8")
        self.assertIn(variables["secret"], state)
        self.assertNotIn("a-secret-token", state)

    def test_make_the_overlay_registry_probe(self):
        self.makes("registry-probe", "registry-probe",
                   probe_variables(values_of("registry-probe")))


class TakeOver(TerraformCase):
    """In the example's place is what may be there today; then the example, with the README's blocks."""

    def test_replaces_the_cronjob_and_keeps_the_external_secret(self):
        objects, expected = self.expected("stem95su")
        namespace = "terraform-stem95su"
        plane.restricted(namespace)
        stack = Stack(self, EXAMPLE)
        main = stack.folder / "gdrive-sync.tf"
        example = main.read_text(encoding="utf-8").replace(PLACEHOLDER, namespace)
        main.unlink()
        secret = next(o for o in objects if o["kind"] == "ExternalSecret")
        secret["metadata"]["namespace"] = namespace
        stack.write("today.json", json.dumps(secret))
        stack.write("today.tf", TODAY.replace("NAMESPACE", namespace))
        self.assertIn("2 added, 0 changed, 0 destroyed", stack.apply())

        def uid():
            return plane.get(secret["apiVersion"], "ExternalSecret", namespace,
                             secret["metadata"]["name"])["metadata"]["uid"]

        before = uid()
        main.write_text(example, encoding="utf-8")
        blocks = "\n".join(BLOCKS.findall(README.read_text(encoding="utf-8").partition(SECTION)[2]))
        stack.write("today.tf", blocks.replace("ADDRESS_IN_TODAYS_FILE", "today")
                    .replace("NAMESPACE", namespace))
        self.assertRegex(stack.apply(), r"2 imported, \d+ added, 1 changed, 1 destroyed")
        self.assertEqual(uid(), before)
        self.assert_same(objects, expected, namespace)
        self.assert_works(namespace)
        stack.terraform("destroy", "-auto-approve")


if __name__ == "__main__":
    unittest.main()
