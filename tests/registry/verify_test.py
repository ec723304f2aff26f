#!/usr/bin/env python3
"""`verify`: did a push arrive, whole and as what was expected."""

import re
import unittest

import fake
import images
from harness import RegistryCase, skopeo


class Verify(RegistryCase):
    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.image = self.server.push("team/app", "1.0", images.multi_arch("verify"))

    def test_a_line_for_each_thing(self):
        found = self.verify(self.server, "team/app:1.0")
        self.assertEqual(0, found.code, found)
        lines = [re.sub(r"\d+ B$", "N B", re.sub(r"sha256:[0-9a-f]{12}", "D", line))
                 for line in found.out.splitlines()]
        self.assertEqual([
            f"ok      index    D  {self.server.host}/team/app:1.0",
            "ok      child    D  linux/amd64", "ok      config   D  N B",
            "ok      layer    D  2.0 KiB", "ok      child    D  linux/arm64/v8",
            "ok      config   D  N B", "ok      layer    D  2.0 KiB",
            "registry-probe: 0/1 tags broken, 0 broken references, 7 checked"],
            lines)

    def test_whatever_is_missing_fails(self):
        amd64, arm64 = self.image.children
        tree = self.server.tree
        for what, path in (
                ("child", tree.revision("team/app", arm64.digest)),
                ("config", tree.blob(amd64.config.digest)),
                ("layer", tree.blob(arm64.layers[0].digest)),
                ("layer", tree.layer("team/app", amd64.layers[0].digest)),
                ("tag", tree.blob(self.image.digest))):
            kept = path.read_bytes()
            path.unlink()
            found = self.verify(self.server, "team/app:1.0")
            self.assertEqual(11, found.code, found)
            self.assertEqual([what], [one["kind"] for one in found.broken])
            self.assertIn(f"broken  {what}", found.out)
            path.write_bytes(kept)
        self.assertEqual(0, self.verify(self.server, "team/app:1.0").code)

    def test_an_image_that_is_not_there(self):
        for image in ("team/app:2.0", "team/other:1.0", f"team/app@sha256:{'0' * 64}"):
            found = self.verify(self.server, image)
            self.assertEqual(11, found.code, found)

    def test_by_digest(self):
        found = self.verify(self.server, f"team/app@{self.image.digest}")
        self.assertEqual(0, found.code, found)
        self.assertEqual(7, len([line for line in found.out.splitlines() if line[:2] == "ok"]))
        self.server.tree.blob(self.image.children[0].layers[0].digest).unlink()
        found = self.verify(self.server, f"team/app:ignored@{self.image.digest}")
        self.assertEqual([("", "layer")], [(one["tag"], one["kind"]) for one in found.broken])

    def test_several_images_and_registries(self):
        other = self.registry("other")
        other.push("tool", "latest", images.image("tool"))
        found = self.program("verify", f"{self.server.host}/team/app:1.0", f"{other.host}/tool",
                             "--plain-http", "--confirm-after", "0")
        self.assertEqual(0, found.code, found)
        self.assertIn("0/2 tags broken", found.summary)
        found = self.program("verify", f"{self.server.host}/team/app:1.0",
                             f"{self.server.host}/team/app:2.0", "--plain-http",
                             "--confirm-after", "0")
        self.assertEqual(11, found.code, found)
        self.assertIn("1/2 tags broken", found.summary)

    def test_what_was_expected(self):
        self.assertEqual(0, self.verify(self.server, "team/app:1.0", "--expect",
                                        self.image.digest).code)
        found = self.verify(self.server, "team/app:1.0", "--expect", "sha256:" + "0" * 64)
        self.assertEqual(11, found.code, found)
        self.assertEqual([("manifest", "digest", self.image.digest)],
                         [(one["kind"], one["defect"], one["digest"]) for one in found.broken])
        self.assertEqual(2, self.verify(self.server, "team/app:1.0", "--expect", "1.0").code)

    def test_platforms(self):
        self.assertEqual(0, self.verify(self.server, "team/app:1.0", "--platform",
                                        "linux/arm64").code)
        found = self.verify(self.server, "team/app:1.0", "--platform", "linux/amd64,linux/s390x")
        self.assertEqual(11, found.code, found)
        self.assertIn("the index has no linux/s390x", found.out)

    def test_deep(self):
        path = self.server.tree.blob(self.image.children[0].layers[0].digest)
        path.write_bytes(bytes(len(path.read_bytes())))
        self.assertEqual(0, self.verify(self.server, "team/app:1.0").code)
        found = self.verify(self.server, "team/app:1.0", "--deep")
        self.assertEqual([("layer", "digest")], [(one["kind"], one["defect"])
                                                 for one in found.broken])

    def test_nothing_but_a_full_answer_is_success(self):
        server = fake.FakeRegistry()
        self.addCleanup(server.stop)
        server.push("app", "t", images.image("app"))
        for status, code in ((503, 9), (403, 9), (401, 3), (404, 11), (500, 11)):
            server.override = lambda handler, status=status: (
                fake.Answer(status) if "/blobs/" in handler.path else None)
            found = self.verify(server, "app:t", "--retries", "0")
            self.assertEqual(code, found.code, found)
        server.override = lambda handler: (fake.Answer(503) if "/blobs/" in handler.path else None)
        self.assertIn("unasked config", self.verify(server, "app:t", "--retries", "0").out)

    def test_its_metrics_are_none_of_the_probes(self):
        path = self.dir / "verify.prom"
        self.verify(self.server, "team/app:1.0", "--metrics-file", path)
        names = set(re.findall(r"^(\w+)", path.read_text(), re.MULTILINE))
        self.assertIn("registry_verify_tags_broken", names)
        self.assertEqual({"registry_verify"}, {"_".join(n.split("_")[:2]) for n in names})

    def test_a_registry_that_is_not_there(self):
        found = self.program("verify", f"{fake.free_port_that_refuses()}/app:t", "--plain-http",
                             "--retries", "0")
        self.assertEqual(6, found.code, found)


class PushTrap(RegistryCase):
    """After a collection without a restart a push succeeds whose shared layer is gone."""

    def test_a_push_after_a_collection_without_a_restart(self):
        server = self.registry(cache=True)
        shared = images.layer("base")
        old = server.push("app", "v1", images.image("v1", [shared, images.layer("v1")]))
        server.expect(202, "DELETE", f"/v2/app/manifests/{old.digest}")
        code, output = server.collect()
        self.assertEqual(0, code, output)
        self.assertFalse(server.tree.blob(shared.digest).exists())

        new = images.image("v2", [shared, images.layer("v2")])
        images.write_layout(self.dir / "layout", new, "v2")
        pushed = skopeo("copy", "--dest-tls-verify=false", f"oci:{self.dir / 'layout'}:v2",
                        f"docker://{server.host}/app:v2")
        self.assertEqual(0, pushed.returncode, pushed.stderr)
        for content in new.blobs:  # every HEAD says that all is well
            self.assertEqual(200, server.blob("app", content.digest, "HEAD")[0])
        found = self.verify(server, "app:v2", "--expect", new.digest)
        self.assertEqual(11, found.code, found)
        self.assertEqual([("layer", "cache", shared.digest)],
                         [(one["kind"], one["defect"], one["digest"]) for one in found.broken])
        server.restart()
        self.assertEqual(11, self.verify(server, "app:v2").code)


if __name__ == "__main__":
    unittest.main()
