#!/usr/bin/env python3
"""Terraform with its real provider, of the mirror that KUBERNETES_PROVIDER_MIRROR names: it takes over
the CronJob and the ExternalSecret that are there, and what it makes is what kustomize makes."""

import json
import os
import shutil
import tempfile
import unittest

import tools
from cluster import PLACEHOLDER, Cluster
from manifests import documents, render
from plans import Copy

EXAMPLE = "examples/stem95su"
NAME = "stem95su-gdrive-sync"
# What the server says of an object by itself, or who wrote it.
SERVERS = ("annotations", "creationTimestamp", "generation", "managedFields", "namespace",
           "resourceVersion", "uid")
TAKEN = {
    'module.gdrive_sync.module.workload.kubernetes_cron_job_v1.program["sync"]': f"{{}}/{NAME}",
    "module.gdrive_sync.kubernetes_manifest.external_secret[0]":
        "apiVersion=external-secrets.io/v1,kind=ExternalSecret,namespace={},name=stem95su-rclone",
}


def setUpModule():
    """One control plane for all tests."""
    global plane
    plane = Cluster()
    unittest.addModuleCleanup(plane.stop)


def todays(objects):
    """The CronJob with rclone, and its ExternalSecret, as they may be there today."""
    secret = next(o for o in objects if o["kind"] == "ExternalSecret")
    container = {"name": "rclone", "image": "rclone/rclone:1.74.3", "args": ["sync"]}
    pod = {"restartPolicy": "OnFailure", "containers": [container]}
    return [secret, {
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": NAME},
        "spec": {"schedule": "*/10 * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}}]


def own(made):
    """An object without what the server adds."""
    return {**{key: value for key, value in made.items() if key != "status"},
            "metadata": {k: v for k, v in made["metadata"].items() if k not in SERVERS}}


class TakeOver(unittest.TestCase):

    def setUp(self):
        place = tempfile.mkdtemp(prefix="gdrive-sync-terraform-")
        self.addCleanup(shutil.rmtree, place)
        mirror = os.environ["KUBERNETES_PROVIDER_MIRROR"]
        self.copy = Copy(place, tools.mirror_environment(mirror))

    def stack(self, namespace):
        """The example in that namespace, with the blocks that terraform/README.md shows."""
        folder = self.copy.folder(EXAMPLE)
        main = folder / "gdrive-sync.tf"
        main.write_text(main.read_text(encoding="utf-8").replace(PLACEHOLDER, namespace))
        imports = [f'import {{\n  to = {address}\n  id = "{identity.format(namespace)}"\n}}\n'
                   for address, identity in TAKEN.items()]
        provider = f'provider "kubernetes" {{\n  config_path = "{plane.kubeconfig}"\n}}\n'
        (folder / "takeover.tf").write_text(provider + "".join(imports), encoding="utf-8")
        self.assertEqual(self.copy.initialised(EXAMPLE), "")

    def terraform(self, *arguments):
        done = self.copy.terraform(EXAMPLE, *arguments, "-no-color", "-input=false")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_changes_what_is_there_into_what_kustomize_makes(self):
        objects = documents(render.rendered_path("stem95su"))
        for namespace in ("by-kustomize", "by-terraform"):
            plane.restricted(namespace)
        plane.take("by-kustomize", objects)
        plane.take("by-terraform", todays(objects))
        self.stack("by-terraform")
        self.assertIn("2 imported", self.terraform("apply", "-auto-approve"))
        for made in objects:
            kind, name = made["kind"], made["metadata"]["name"]
            with self.subTest(f"{kind}/{name}"):
                one, other = (own(plane.get(made["apiVersion"], kind, namespace, name))
                              for namespace in ("by-kustomize", "by-terraform"))
                self.assertMultiLineEqual(json.dumps(other, indent=1, sort_keys=True),
                                          json.dumps(one, indent=1, sort_keys=True))
        # Exit code 0 is: nothing to change.
        self.terraform("plan", "-detailed-exitcode")
        self.terraform("destroy", "-auto-approve")


if __name__ == "__main__":
    unittest.main()
