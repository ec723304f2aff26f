#!/usr/bin/env python3
"""`scan` over trees of a real registry, sound and broken in every way."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import unittest

import damage
import images
from harness import BIN, RegistryCase


class Everything(RegistryCase):
    """One tree with every kind of damage, and everything that looks like it."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.server = self.registry()

    def test_finds_what_is_broken_and_nothing_else(self):
        due = damage.break_everything(self.server, {**damage.CASES, **damage.DISK_ONLY})
        damage.break_everything(self.server, damage.SOUND)
        found = self.scan(self.server)
        self.assertEqual(11, found.code, found)
        self.assertEqual(damage.verdicts(due), damage.verdicts(found.broken))

    def test_what_is_sound_is_no_finding(self):
        damage.break_everything(self.server, damage.SOUND)
        found = self.scan(self.server)
        self.assertEqual([], found.broken)
        self.assertEqual([], found.report["warnings"])
        self.assertEqual(0, found.code, found)
        self.assertEqual(0, self.scan(self.server, "--gate").code)
        self.assertEqual(0, self.scan(self.server, "--deep").code)

    def test_names_what_blocks_a_collection(self):
        due = damage.break_everything(self.server, {**damage.CASES, **damage.DISK_ONLY})
        blockers = sorted((one["repository"], one["digest"] if one["blocks"] is True
                           else one["blocks"]) for one in due if one.get("blocks"))
        found = self.scan(self.server)
        self.assertEqual(blockers, sorted((one["repository"], one["digest"])
                                          for one in found.warned("gc_blocker")))

    def test_relinkable_manifests_come_with_their_bytes(self):
        damage.break_everything(self.server, damage.CASES)
        relinkable = [one for one in self.scan(self.server).broken
                      if one["remedy"] in ("relink", "retag")]
        self.assertGreater(len(relinkable), 10)
        for one in relinkable:
            body = base64.b64decode(one["content"])
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            self.assertIn(one["digest"], (digest, ""), one)
            self.assertIn(one["media_type"], images.MANIFEST_TYPES)
            json.loads(body)


class Scan(RegistryCase):
    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.tree = self.server.tree

    def test_takes_the_root_or_the_directory_of_the_registry(self):
        self.server.push("a", "t", images.image("a"))
        for directory in (self.tree.root, self.tree.v2):
            found = self.program("scan", directory)
            self.assertEqual((0, 1), (found.code, found.report["counts"]["tags"]), found)

    def test_an_empty_tree_is_no_health(self):
        empty = self.dir / "unmounted"
        empty.mkdir()
        self.assertEqual(6, self.program("scan", empty).code)
        self.assertEqual(6, self.program("scan", self.dir / "nowhere").code)
        self.assertEqual(6, self.program("scan", empty, "--gate").code)
        self.assertEqual(0, self.program("scan", empty, "--allow-empty").code)

    def test_writes_nothing_into_the_tree(self):
        damage.break_everything(self.server, damage.CASES)
        self.server.stop()
        before = self.snapshot()
        self.scan(self.server, "--deep")
        self.assertEqual(before, self.snapshot())

    def snapshot(self):
        """Every path with its times, the access time too."""
        found = {}
        for directory, folders, files in os.walk(self.tree.root):
            for name in folders + files:
                path = os.path.join(directory, name)
                info = os.lstat(path)
                found[path] = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_mode,
                               info.st_atime_ns if name in files else 0)
        return found

    def test_a_disk_that_does_not_answer_is_incomplete(self):
        image = self.server.push("a", "t", images.image("a"))
        link = self.tree.layer("a", image.config.digest)
        link.unlink()
        link.symlink_to(link.name)  # ELOOP, which is neither there nor absent
        found = self.scan(self.server)
        self.assertEqual((9, False), (found.code, found.report["complete"]), found)
        self.assertEqual(9, self.scan(self.server, "--gate").code)

    def test_a_child_under_layers_alone_is_a_risk(self):
        index = self.server.push("a", "t", images.multi_arch("a"))
        child = index.children[0]
        self.server.put_blob("a", child.content)
        self.tree.revision("a", child.digest).unlink()
        self.assertEqual(200, self.server.manifest("a", child.digest)[0])
        found = self.scan(self.server)
        self.assertEqual((0, []), (found.code, found.broken))
        self.assertEqual([(child.digest, "t")], [(one["digest"], one["tag"])
                                                 for one in found.warned("gc_risk")])
        self.assertEqual(11, self.scan(self.server, "--gate").code)
        self.assertEqual(0, self.server.collect()[0])
        self.assertEqual(11, self.scan(self.server).code, "the collection took its layers")

    def test_a_deep_scan_hashes(self):
        site = damage.Site(self.server, "flipped")
        due = damage.layer_bit_flipped(site)
        self.assertEqual(0, self.scan(self.server).code)
        found = self.scan(self.server, "--deep")
        self.assertEqual(damage.verdicts(due), damage.verdicts(found.broken))

    def test_an_image_of_schema_1_is_named(self):
        body = json.dumps({"schemaVersion": 1, "name": "a", "tag": "old", "architecture": "amd64",
                           "fsLayers": [], "history": []}).encode()
        site = damage.Site(self.server, "schema1")
        damage.plant(site, body, "old")
        found = self.scan(self.server)
        self.assertEqual(0, found.code, found)
        self.assertEqual([("old", images.digest_of(body))], [
            (one["tag"], one["digest"]) for one in found.warned("schema1")])


class Confirmation(RegistryCase):
    """A registry writes its links in place: for an instant they are empty."""

    def test_damage_that_passes_is_no_finding(self):
        server = self.registry()
        site = damage.Site(server, "passing")
        image = site.image()
        damage.write(site.tag(), "")
        report = self.dir / "report.json"
        with subprocess.Popen([BIN / "registry-probe", "scan", server.tree.root, "--report", report,
                               "--confirm-after", "5s"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if "looking again" in line:
                    damage.write(site.tag(), image.digest)
        self.assertEqual(0, process.returncode)
        self.assertEqual([], json.loads(report.read_text())["broken"])


class Gate(RegistryCase):
    """What `--gate` says, and what the collection then does."""

    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.site = damage.Site(self.server, "gate")

    def assert_gate(self, code):
        found = self.scan(self.server, "--gate")
        self.assertEqual(code, found.code, found)
        return found

    def test_every_blocker_ends_a_collection(self):
        blockers = {
            "a file among the algorithms": lambda tree: tree.v2 / "blobs" / "data",
            "a file among the prefixes": lambda tree: tree.v2 / "blobs/sha256/data",
            "a file among the blobs": lambda tree: tree.v2 / "blobs/sha256/ab/data",
            "a blob without a digest": lambda tree: tree.v2 / "blobs/sha256/ab/xyz/data",
            "a name in capitals": lambda tree: tree.v2 / "repositories/Bad/_layers/x",
            "the file system's directory": lambda tree: tree.v2 / "repositories/lost+found/_layers/x",
        }
        for what, place in blockers.items():
            with self.subTest(what):
                path = place(self.server.tree)
                damage.write(path, "stray")
                self.assertEqual(1, len(self.assert_gate(11).warned("gc_blocker")))
                self.assertEqual(1, self.server.collect()[0])
                path.unlink()
                if path.parent.name == "_layers":
                    shutil.rmtree(path.parent)
                self.assert_gate(0)
                self.assertEqual(0, self.server.collect()[0])

    def test_blocking_manifests_end_a_collection(self):
        for name, function in {**damage.CASES, **damage.DISK_ONLY}.items():
            with self.subTest(name):
                root = self.dir / name
                server = self.registry(name)
                due = function(damage.Site(server, name))
                blocks = any(one.get("blocks") for one in due)
                found = self.program("scan", root, "--gate", "--confirm-after", "0")
                self.assertEqual(blocks, bool(found.warned("gc_blocker")), found)
                server.stop()
                self.assertEqual(1 if blocks else 0, server.collect()[0])

    def test_what_is_lost_for_good_does_not_hold_it_back(self):
        due = damage.layer_data_gone(self.site)
        self.assertEqual(damage.keys(due), self.assert_gate(0).keys())

    def test_what_a_collection_would_lose_holds_it_back(self):
        damage.child_link_file_gone(self.site)
        found = self.assert_gate(11)
        self.assertEqual(["relink"], [one["remedy"] for one in found.broken])
        self.assertEqual(0, self.server.collect()[0])
        found = self.assert_gate(0)
        self.assertEqual(["rebuild"], [one["remedy"] for one in found.broken])


if __name__ == "__main__":
    unittest.main()
