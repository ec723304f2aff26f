#!/usr/bin/env python3
"""The image in a registry: registry-probe finds it whole, or says what is not, from outside and as
the rendered CronJob's pod."""

import pathlib
import sys
import unittest

from archive import ARCHIVE, Archive
from podman import Pod, Podman, documents

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(TESTS / "registry"), str(TESTS / "k8s")]
from harness import RegistryCase, skopeo  # noqa: E402
from manifests import Rendering  # noqa: E402

REPOSITORY = "team/gdrive-sync"


class Pushed(RegistryCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.podman = Podman()
        cls.addClassCleanup(cls.podman.close)

    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.digest_file = self.dir / "digest"
        pushed = skopeo("copy", "--digestfile", self.digest_file, "--dest-tls-verify=false",
                        f"oci-archive:{ARCHIVE}", f"docker://{self.server.host}/{REPOSITORY}:1")
        self.assertEqual(pushed.returncode, 0, pushed.stderr)
        self.digest = self.digest_file.read_text().strip()
        [self.layer] = Archive().manifest["layers"]

    def probe_in_a_pod(self):
        workload = Rendering("registry-probe").cronjob("probe")
        places = {}
        for mount in workload.container["volumeMounts"]:
            place = places[mount["mountPath"]] = self.dir / mount["name"]
            place.mkdir(exist_ok=True)
        environment = {"REGISTRY": self.server.host, "REGISTRY_PROBE_PLAIN_HTTP": "true",
                       "REGISTRY_PROBE_METRICS_PUSH": "",
                       # There is no cluster to ask.
                       "REGISTRY_PROBE_IN_USE": ""}
        with Pod(self.podman, documents(workload, places, environment)) as pod:
            return pod.ended()

    def test_arrives_under_the_digest_that_it_had(self):
        self.assertEqual(self.digest, Archive().descriptor["digest"])
        self.assertEqual(self.server.manifest(REPOSITORY, self.digest)[0], 200)

    def test_is_found_whole(self):
        for image in (f"{REPOSITORY}:1", f"{REPOSITORY}@{self.digest}"):
            found = self.verify(self.server, image, "--deep")
            self.assertEqual(found.code, 0, found)
        self.assertIn(f"ok      layer    {self.layer['digest'][:19]}", found.out)

    def test_is_found_broken_without_its_layer(self):
        self.server.tree.blob(self.layer["digest"]).unlink()
        found = self.verify(self.server, f"{REPOSITORY}:1")
        self.assertEqual(found.code, 11, found)
        self.assertEqual([(one["kind"], one["digest"]) for one in found.broken],
                         [("layer", self.layer["digest"])])

    def test_probes_the_registry_that_it_lies_in(self):
        done = self.probe_in_a_pod()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("0/1 tags broken, 0 broken references", done.stdout.splitlines()[-1])
        self.server.tree.blob(self.layer["digest"]).unlink()
        done = self.probe_in_a_pod()
        self.assertEqual(done.returncode, 11, done.stderr)
        self.assertIn("1/1 tags broken, 1 broken references", done.stdout.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
