#!/usr/bin/env python3
"""`scan` over trees of a real registry, sound and broken in every way."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import damage
import images
from harness import BIN, RegistryCase


EVERYTHING = {**damage.CASES, **damage.IN_THE_WAY, **damage.DISK_ONLY}


class Everything(RegistryCase):
    """One tree with every kind of damage, and everything that looks like it."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.server = self.registry()

    def test_finds_what_is_broken_and_nothing_else(self):
        due = damage.break_everything(self.server, EVERYTHING)
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
        due = damage.break_everything(self.server, EVERYTHING)
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

    def test_a_filter_that_leaves_nothing_is_no_health(self):
        self.server.push("a", "t", images.image("a"))
        self.assertEqual(0, self.scan(self.server, "--include", "a").code)
        self.assertEqual(6, self.scan(self.server, "--include", "b").code)
        self.assertEqual(0, self.scan(self.server, "--include", "b", "--allow-empty").code)
        self.assertEqual(6, self.probe(self.server, "--include", "b").code)
        self.assertEqual(0, self.probe(self.server, "--include", "b", "--allow-empty").code)

    def test_a_file_where_the_tags_should_be_breaks_the_repository(self):
        self.server.push("a", "t", images.image("a"))
        damage.replace_by_file(self.tree.tags("a"))
        for found in (self.scan(self.server), self.probe(self.server)):
            self.assertEqual([("a", "", "", "", "repository")], found.keys(), found)
            self.assertEqual("unreadable", found.broken[0]["defect"])

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


class Deep(RegistryCase):
    """Every byte once: in bounds, and over several runs."""

    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.state = self.dir / "state.json"
        # Layers whose digests begin in the first and in the second half of all.
        layers = [images.layer(f"deep/{n}") for n in range(16)]
        self.early = min(layers, key=lambda layer: layer.digest)
        self.late = max(layers, key=lambda layer: layer.digest)
        self.image = self.server.push("app", "t", images.image("deep", layers))
        for layer in (self.early, self.late):
            damage.flip(self.server.tree.blob(layer.digest))

    def place(self, layer):
        return f"sha256/{layer.digest.split(':')[1][:2]}"

    def deep(self, *arguments):
        return self.scan(self.server, "--deep", "--resume", self.state, *arguments)

    def found(self, outcome):
        self.assertEqual({"digest"} if outcome.broken else set(),
                         {one["defect"] for one in outcome.broken}, outcome)
        return {one["digest"] for one in outcome.broken}

    def remembered(self):
        return json.loads(self.state.read_text())

    def test_a_whole_pass_begins_anew_the_next_time(self):
        for _ in range(2):
            outcome = self.deep()
            self.assertEqual(11, outcome.code, outcome)
            self.assertEqual({self.early.digest, self.late.digest}, self.found(outcome))
            self.assertEqual("", self.remembered()["after"])

    def test_a_pass_goes_on_where_the_last_one_ended(self):
        self.state.write_text(json.dumps({"schema": 1, "after": self.place(self.early),
                                          "damaged": []}))
        self.assertEqual({self.late.digest}, self.found(self.deep()))

    def test_what_was_damaged_is_looked_at_again(self):
        after = {"schema": 1, "after": "sha256/ff", "damaged": [self.early.digest]}
        self.state.write_text(json.dumps(after))
        self.assertEqual({self.early.digest}, self.found(self.deep()))
        self.server.tree.blob(self.early.digest).write_bytes(self.early.data)
        self.state.write_text(json.dumps(after))
        self.assertEqual(set(), self.found(self.deep()))
        self.assertEqual([], self.remembered()["damaged"])

    def test_a_state_of_something_else_is_not_overwritten(self):
        self.state.write_text("something else")
        outcome = self.deep()
        self.assertEqual((9, False), (outcome.code, outcome.report["complete"]), outcome)
        self.assertIn("state.json", " ".join(outcome.report["problems"]))
        self.assertEqual("something else", self.state.read_text())

    def test_a_deadline_leaves_the_rest_for_the_next_run(self):
        # At this rate the large layer alone takes half a minute.
        self.server.push("app", "large", images.image("large", [images.layer("large", 300_000)]))
        outcome = self.deep("--max-mb-s", "0.01", "--max-duration", "1s")
        self.assertEqual(11 if outcome.broken else 9, outcome.code, outcome)
        self.assertFalse(outcome.report["complete"])
        for _ in range(2):
            outcome = self.deep()
        self.assertTrue(outcome.report["complete"])
        self.assertEqual({self.early.digest, self.late.digest}, self.found(outcome))

    def test_a_stop_keeps_what_was_done(self):
        self.server.push("app", "large", images.image("large", [images.layer("large", 300_000)]))
        with subprocess.Popen([BIN / "registry-probe", "scan", self.server.tree.root, "--deep",
                               "--resume", self.state, "--max-mb-s", "0.01"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while not self.state.exists():
                self.assertIsNone(process.poll())
            process.terminate()
        self.assertEqual(143, process.returncode)
        self.assertNotEqual("", self.remembered()["after"])

    def test_no_more_is_read_than_the_rate_allows(self):
        server = self.registry("rate")
        server.push("app", "t", images.image("rate", [images.layer("rate", 300_000)]))
        started = time.monotonic()
        self.assertEqual(0, self.scan(server, "--deep", "--max-mb-s", "0.2").code)
        self.assertGreaterEqual(time.monotonic() - started, 1.5)


class Metrics(RegistryCase):
    def test_every_series_of_the_contract_is_there(self):
        server = self.registry()
        damage.child_link_file_gone(damage.Site(server, "relinkable"))
        damage.child_file_empty(damage.Site(server, "blocker"))
        path = self.dir / "scan.prom"
        self.assertEqual(11, self.scan(server, "--metrics-file", path).code)
        text = path.read_text()
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                 capture_output=True, check=False)
        self.assertEqual((0, "", ""), (checked.returncode, checked.stdout, checked.stderr))
        self.assertEqual({"registry_scan_" + name for name in (
            "up", "last_run_timestamp_seconds", "last_complete_timestamp_seconds",
            "duration_seconds", "repositories", "tags", "tags_broken", "broken_references",
            "broken_tag", "broken_tag_truncated", "in_use_broken", "gc_blockers", "relinkable")},
            set(re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE)))
        for line in ("registry_scan_up 1", "registry_scan_repositories 2", "registry_scan_tags 4",
                     "registry_scan_tags_broken 2", "registry_scan_gc_blockers 1",
                     "registry_scan_relinkable 1",
                     'registry_scan_broken_references{kind="child",defect="unlinked"} 1',
                     'registry_scan_broken_references{kind="child",defect="unreadable"} 1',
                     'registry_scan_broken_references{kind="layer",defect="missing"} 0',
                     'registry_scan_broken_tag{repository="broken/relinkable",tag="t"} 1'):
            self.assertIn(line + "\n", text)

    def test_a_volume_that_is_not_there_has_not_healed(self):
        server = self.registry()
        damage.child_link_file_gone(damage.Site(server, "lost"))
        path = self.dir / "scan.prom"
        self.scan(server, "--metrics-file", path)
        before = path.read_text().splitlines()
        self.assertEqual(6, self.program("scan", self.dir / "nowhere", "--metrics-file",
                                         path).code)
        after = path.read_text().splitlines()
        self.assertIn("registry_scan_up 0", after)
        for line in before:
            if line.startswith(("registry_scan_tags", "registry_scan_broken",
                                "registry_scan_relinkable", "registry_scan_last_complete")):
                self.assertIn(line, after)


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
            "a file far below the blobs": lambda tree: tree.v2 / "blobs/sha256/ab/c/d/e/data",
            "a digest of no known kind": lambda tree: tree.v2 / "blobs/md6/ab/abc/data",
            "a link among the revisions": lambda tree: self.revisions(tree) / "link",
            "a link among the digests": lambda tree: self.revisions(tree) / "sha256/link",
            "a link of no digest": lambda tree: self.revisions(tree) / "a/b/c/link",
        }
        for what, place in blockers.items():
            with self.subTest(what):
                path = place(self.server.tree)
                damage.write(path, "stray")
                self.assertEqual(1, len(self.assert_gate(11).warned("gc_blocker")))
                self.assertIn(self.server.collect()[0], (1, 2))  # an error, or Go's panic
                path.unlink()
                if path.parent.name == "_layers":
                    shutil.rmtree(path.parent)
                self.assert_gate(0)
                self.assertEqual(0, self.server.collect()[0])

    def revisions(self, tree):
        return tree.repository(self.site.repository) / "_manifests/revisions"

    def test_links_in_a_circle_end_a_collection_and_the_catalog(self):
        tree = self.server.tree
        top, own = tree.v2 / "repositories", tree.repository(self.site.repository)
        for folder, target in ((top, "circle"), (top, "."), (own, "circle"), (own, "."),
                               (own, ".."), (tree.v2 / "blobs", "circle"),
                               (tree.v2 / "blobs/sha256", "circle"),
                               (self.revisions(tree) / "sha256", "circle")):
            with self.subTest(folder=folder.name, target=target):
                circle = folder / "circle"
                circle.symlink_to(target)
                found = self.assert_gate(11)
                self.assertEqual(1, len(found.warned("gc_blocker")), found)
                self.assertEqual(1, found.report["counts"]["tags"])
                self.assertEqual(1, self.server.collect()[0])
                circle.unlink()
        self.assert_gate(0)

    def test_a_link_whose_path_no_driver_takes_ends_a_collection(self):
        image = self.site.image("copied")
        revision = self.site.revision(image).parent
        shutil.copytree(revision, revision.with_name(revision.name + " old"))
        self.assertEqual(1, len(self.assert_gate(11).warned("gc_blocker")))
        self.assertEqual(1, self.server.collect()[0])

    def test_a_file_where_the_revisions_should_be_ends_a_collection(self):
        shutil.rmtree(self.revisions(self.server.tree))
        damage.write(self.revisions(self.server.tree), "in the way")
        self.assertEqual(1, len(self.assert_gate(11).warned("gc_blocker")))
        self.assertEqual(1, self.server.collect()[0])

    def test_without_blobs_every_collection_ends(self):
        shutil.rmtree(self.server.tree.v2 / "blobs")
        self.assertEqual(1, len(self.assert_gate(11).warned("gc_blocker")))
        self.assertEqual(1, self.server.collect()[0])

    def test_a_file_that_ends_the_registrys_walk_hides_what_follows(self):
        """The catalog leaves it out, and a collection sweeps all that it holds, without a word."""
        other = self.server.push("zoo/cats", "t", images.image("cats"))
        layer = self.server.tree.blob(other.layers[0].digest)
        stray = self.server.tree.v2 / "repositories" / "zoo" / "_note"
        damage.write(stray, "")
        found = self.assert_gate(11)
        self.assertEqual([("zoo/cats", "unlisted", "remove")],
                         [(one["repository"], one["defect"], one["remedy"])
                          for one in found.broken])
        self.assertIn("zoo/_note", found.broken[0]["detail"])
        self.assertEqual(["zoo/cats"], [one["repository"] for one in found.warned("gc_risk")])
        catalog = json.loads(self.server.request("GET", "/v2/_catalog")[2])
        self.assertEqual([self.site.repository], catalog["repositories"])
        self.assertTrue(layer.exists())
        self.assertEqual(0, self.server.collect()[0])
        self.assertFalse(layer.exists())

    def test_a_file_beside_layers_hides_the_repository_itself(self):
        folder = self.server.tree.repository(self.site.repository)
        damage.write(folder / "_zzz", "")  # comes after, and hides nothing
        self.assertEqual([], self.assert_gate(0).broken)
        damage.write(folder / "_a", "")
        self.assertEqual(["unlisted"], [one["defect"] for one in self.assert_gate(11).broken])
        self.assertEqual([], json.loads(
            self.server.request("GET", "/v2/_catalog")[2])["repositories"])

    def test_blocking_manifests_end_a_collection(self):
        for name, function in EVERYTHING.items():
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
