#!/usr/bin/env python3
"""Scan and probe name the same broken references, whatever is broken; and where they cannot, the
difference is the one that docs/registry-scan.md names."""

import os
import unittest

import damage
import images
from harness import RegistryCase, skopeo

# What a warm descriptor cache hides from every request: the registry goes on serving a blob whose
# link in the repository is gone or damaged.
HIDDEN_BY_CACHE = ("layer_link_gone", "config_link_gone", "layer_link_empty",
                   "layer_link_names_another")


def tagged(keys):
    return [key for key in keys if key[1]]


class Agreement(RegistryCase):
    maxDiff = None

    def test_over_every_kind_of_damage(self):
        server = self.registry()
        due = damage.keys(damage.break_everything(server, {**damage.CASES, **damage.IN_THE_WAY}))
        damage.break_everything(server, damage.SOUND)
        probed, scanned = self.probe(server), self.scan(server)
        self.assertEqual((11, 11), (probed.code, scanned.code), probed)
        self.assertEqual(tagged(due), probed.keys())
        self.assertEqual(tagged(due), tagged(scanned.keys()))
        self.assertEqual(probed.report["counts"]["tags_broken"],
                         scanned.report["counts"]["tags_broken"])

    def test_over_what_is_sound(self):
        server = self.registry()
        damage.break_everything(server, damage.SOUND)
        probed, scanned = self.probe(server), self.scan(server)
        self.assertEqual((0, 0), (probed.code, scanned.code), probed)
        self.assertEqual(([], []), (probed.keys(), scanned.keys()))
        self.assertEqual(probed.report["counts"]["tags"], scanned.report["counts"]["tags"])

    def test_on_how_a_layer_is_damaged(self):
        server = self.registry()
        site = damage.Site(server, "sizes")
        for number, size in enumerate((0, 100)):
            image = site.image(f"t{number}")
            os.truncate(site.blob(image.layers[0]), size)
        for found in (self.probe(server), self.scan(server)):
            self.assertEqual(["size", "size"], [one["defect"] for one in found.broken], found)

    def test_over_damage_that_only_the_bytes_show(self):
        server = self.registry()
        due = damage.keys(damage.layer_bit_flipped(damage.Site(server, "flipped")))
        self.assertEqual(due, self.probe(server, "--deep").keys())
        self.assertEqual(due, self.scan(server, "--deep").keys())
        self.assertEqual(([], []), (self.probe(server).keys(), self.scan(server).keys()))

    def test_only_a_scan_sees_what_no_tag_leads_to(self):
        server = self.registry()
        due = damage.keys(damage.break_everything(server, damage.DISK_ONLY))
        scanned = self.scan(server)
        self.assertEqual(due, scanned.keys())
        self.assertIn("no probe sees these", scanned.log)
        self.assertEqual([], self.probe(server).keys())

    def test_only_a_scan_sees_past_a_warm_cache(self):
        server = self.registry(cache=True)
        hidden = {name: damage.CASES[name] for name in HIDDEN_BY_CACHE}
        seen = {name: function for name, function in damage.CASES.items()
                if name.startswith(("layer_", "config_", "shared_", "child_link", "child_data"))
                and name not in hidden}
        # What is pushed is in the cache.
        gone = damage.keys(damage.break_everything(server, seen))
        unseen = damage.keys(damage.break_everything(server, hidden))
        self.assertEqual(sorted(gone + unseen), self.scan(server).keys())
        self.assertEqual(gone, self.probe(server).keys())
        server.restart()
        self.assertEqual(sorted(gone + unseen), self.probe(server).keys())


class Verify(RegistryCase):
    def test_a_push_after_a_collection_without_a_restart_is_a_trap(self):
        """The registry's cache believes in a base layer that the collection swept."""
        server = self.registry(cache=True)
        base = images.layer("trap/base")
        first = server.push("app", "v1", images.image("trap/v1", [base]))
        server.expect(202, "DELETE", f"/v2/app/manifests/{first.digest}")
        self.assertEqual(0, server.collect()[0])
        layout = self.dir / "layout"
        second = images.image("trap/v2", [base, images.layer("trap/own")])
        images.write_layout(layout, second, "v2")
        done = skopeo("copy", "--dest-tls-verify=false", f"oci:{layout}:v2",
                      f"docker://{server.host}/app:v2")
        self.assertEqual(0, done.returncode, done.stderr)
        for blob in second.blobs:
            self.assertEqual(200, server.blob("app", blob.digest, "HEAD")[0])
        found = self.verify(server, "app:v2")
        self.assertEqual(11, found.code, found)
        self.assertIn(base.digest, [one["digest"] for one in found.broken])
        self.assertEqual([("app", "v2", second.digest, base.digest, "layer")],
                         self.scan(server).keys())


if __name__ == "__main__":
    unittest.main()
