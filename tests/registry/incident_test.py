#!/usr/bin/env python3
"""The incident that registry-probe was built for, from the push to the healed registry."""

import unittest

import images
from harness import RegistryCase


class DeleteUntagged(RegistryCase):
    """`garbage-collect --delete-untagged` takes the children of every tagged index: the index goes
    on resolving, its children answer 404, and their bytes stay on disk until the next collection."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.first = self.server.push("infra/ci", "latest", images.multi_arch("ci"))
        self.second = self.server.push("team/app", "1.0", images.multi_arch("app"))
        self.server.push("team/app", "single", images.image("single"))
        self.due = sorted((repository, tag, index.digest, child.digest, "child")
                          for repository, tag, index in (("infra/ci", "latest", self.first),
                                                         ("team/app", "1.0", self.second))
                          for child in index.children)

    def collect(self, **options):
        self.server.stop()
        self.assertEqual(0, self.server.collect(**options)[0])
        self.server.start()

    def test_from_the_push_to_the_healed_registry(self):
        self.assertIn("registry-probe: 0/3 tags broken", self.probe(self.server).summary)
        self.collect(delete_untagged=True)

        # The index resolves, the blob of each child is there: a scan for blobs would find nothing.
        self.assertEqual(200, self.server.manifest("infra/ci", "latest")[0])
        for child in self.first.children + self.second.children:
            self.assertTrue(self.server.tree.blob(child.digest).exists())
            self.assertEqual(404, self.server.manifest("infra/ci", child.digest)[0])

        probed, scanned = self.probe(self.server), self.scan(self.server)
        self.assertEqual((11, 11), (probed.code, scanned.code))
        self.assertEqual(self.due, probed.keys())
        self.assertEqual(self.due, scanned.keys())
        self.assertIn("registry-probe: 2/3 tags broken, 4 broken references", probed.summary)

        # A push brings one back.
        self.server.push("infra/ci", "latest", self.first)
        probed = self.probe(self.server)
        self.assertEqual([key for key in self.due if key[0] == "team/app"], probed.keys())

        # What nothing brings back is deleted: the index; its children answer 404 already.
        planned = self.repair(self.server, probed.report_file)
        self.assertEqual(11, planned.code, planned)
        self.assertEqual(200, self.server.manifest("team/app", "1.0")[0])
        backup = self.dir / "backup"
        done = self.repair(self.server, probed.report_file, "--yes", "--backup-dir", backup)
        self.assertEqual((0, []), (done.code, done.broken), done)
        self.assertIn("rebuild team/app:1.0", done.report["plan"])
        self.assertIn("garbage collection", done.out)
        self.assertEqual(404, self.server.manifest("team/app", "1.0")[0])
        self.assertEqual(200, self.server.manifest("team/app", "single")[0])
        kept = backup / "team/app" / f"sha256-{self.second.digest.split(':')[1]}.json"
        self.assertEqual(self.second.content.data, kept.read_bytes())

        self.collect()
        probed = self.probe(self.server)
        self.assertEqual(0, probed.code, probed)
        self.assertIn("registry-probe: 0/2 tags broken", probed.summary)
        self.assertEqual(0, self.scan(self.server).code)
        self.assertFalse(self.server.tree.blob(self.second.digest).exists())


class Recoverable(RegistryCase):
    """One child's link gone: all bytes are there, until the next collection sweeps them."""

    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.index = self.server.push("app", "v1", images.multi_arch("recoverable"))
        self.child = self.index.children[1]
        self.server.tree.revision("app", self.child.digest).unlink()

    def assert_whole(self):
        for part in self.index.tree():
            self.assertEqual(part.content.data, self.server.manifest("app", part.digest)[2])
            for blob in part.blobs:
                self.assertEqual(blob.data, self.server.blob("app", blob.digest)[2])

    def test_repair_heals_it_before_the_collection(self):
        scanned = self.scan(self.server, "--gate")
        self.assertEqual(11, scanned.code, scanned)
        self.assertEqual([(self.child.digest, "relink")],
                         [(one["digest"], one["remedy"]) for one in scanned.broken])
        done = self.repair(self.server, scanned.report_file, "--yes")
        self.assertEqual((0, []), (done.code, done.broken), done)
        self.assertEqual(0, self.scan(self.server, "--gate").code)
        self.server.stop()
        self.assertEqual(0, self.server.collect()[0])
        self.server.start()
        self.assert_whole()

    def test_a_probes_report_and_the_disk_heal_it_too(self):
        probed = self.probe(self.server)
        self.assertEqual(["rebuild"], [one["remedy"] for one in probed.broken])
        done = self.repair(self.server, probed.report_file, "--yes", "--root",
                           self.server.tree.root)
        self.assertEqual((0, []), (done.code, done.broken), done)
        self.assert_whole()

    def test_without_a_repair_the_collection_loses_it(self):
        before = self.scan(self.server)
        self.server.stop()
        self.assertEqual(0, self.server.collect()[0])
        self.server.start()
        after = self.scan(self.server)
        self.assertEqual(before.keys(), after.keys())
        self.assertEqual(["rebuild"], [one["remedy"] for one in after.broken])
        for blob in self.child.blobs:
            self.assertFalse(self.server.tree.blob(blob.digest).exists())
        # The old report still says how to heal it; the bytes do not follow.
        for more, word in ((), "--root DIR"), (("--root", self.server.tree.root), "rebuild app:v1"):
            done = self.repair(self.server, before.report_file, *more)
            self.assertNotIn("put ", done.out)
            self.assertIn(word, done.out)
        self.assertIn("rebuild app:v1", self.repair(self.server, after.report_file).out)


if __name__ == "__main__":
    unittest.main()
