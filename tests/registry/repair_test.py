#!/usr/bin/env python3
"""`repair`: what it heals, what it removes, and what it leaves alone."""

import json
import os
import shutil
import unittest

import damage
import fake
import images
from harness import RegistryCase


class Repair(RegistryCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.server = self.registry()

    def site(self, name):
        return damage.Site(self.server, name)

    def heal(self, *arguments):
        """Repair by a scan's report, then look again."""
        scanned = self.scan(self.server)
        self.assertEqual(11, scanned.code, scanned)
        return self.repair(self.server, scanned.report_file, "--yes", *arguments)

    def assert_healed(self, done):
        self.assertEqual((0, []), (done.code, done.broken), done)
        self.assertEqual([], self.probe(self.server).broken)
        self.assertEqual(0, self.scan(self.server).code)

    def assert_tag(self, site, status, tag="t"):
        self.assertEqual(status, self.server.manifest(site.repository, tag)[0])


class Healing(Repair):
    def test_every_relinkable_manifest_comes_back(self):
        for name, function in damage.CASES.items():
            due = function(self.site(name))
            if any(one["remedy"] not in ("relink", "retag") for one in due):
                shutil.rmtree(self.server.tree.repository(f"broken/{name.replace('_', '-')}"))
        relinkable = self.scan(self.server).keys()
        self.assertGreater(len(relinkable), 10)
        done = self.heal()
        self.assert_healed(done)
        self.assertNotIn("delete", done.out)
        self.assertEqual(0, self.server.collect()[0])
        self.server.restart()
        self.assertEqual(0, self.probe(self.server).code)

    def test_a_layer_is_mounted_from_a_sibling(self):
        site = self.site("mount")
        image = site.image()
        self.server.push("elsewhere", "t", image)
        for content in image.blobs:
            shutil.rmtree(site.layer(content).parent)
        done = self.heal()
        self.assert_healed(done)
        self.assertIn("from elsewhere", done.out)

    def test_a_layer_whose_link_names_another_is_linked_again(self):
        """Over the API it only looks like a layer of the wrong size."""
        site = self.site("names-another")
        damage.layer_link_names_another(site)
        scanned = self.scan(self.server)
        self.assertEqual(["size"], [one["defect"] for one in self.probe(self.server).broken])
        without = self.repair(self.server, scanned.report_file, "--yes")
        self.assertNotIn("delete ", without.out)
        self.assert_tag(site, 200)
        self.assert_healed(self.repair(self.server, scanned.report_file, "--yes", "--root",
                                       self.server.tree.root))

    def test_a_manifest_whose_layers_lost_their_links_too(self):
        site = self.site("all-links")
        index = site.index()
        child = index.children[0]
        for path in (site.revision(child), *(site.layer(blob) for blob in child.blobs)):
            shutil.rmtree(path.parent)
        scanned = self.scan(self.server)
        without = self.repair(self.server, scanned.report_file, "--yes")
        self.assertEqual(11, without.code)
        self.assertIn("--root DIR", without.out)
        self.assert_tag(site, 200)
        self.assert_healed(self.repair(self.server, scanned.report_file, "--yes", "--root",
                                       self.server.tree.root))

    def test_a_layer_is_uploaded_from_the_disk(self):
        site = self.site("upload")
        image = site.push("t", images.image("upload", [images.layer("big", 20 << 20)]))
        for content in image.blobs:
            shutil.rmtree(site.layer(content).parent)
        scanned = self.scan(self.server)
        # Without that disk it says what to do, and gives nothing up that is there.
        without = self.repair(self.server, scanned.report_file, "--yes")
        self.assertEqual(11, without.code)
        self.assertIn("--root DIR", without.out)
        self.assertNotIn("delete ", without.out)
        self.assert_tag(site, 200)
        self.assert_healed(self.repair(self.server, scanned.report_file, "--yes", "--root",
                                       self.server.tree.root))
        self.assertEqual(image.layers[0].data,
                         self.server.blob(site.repository, image.layers[0].digest)[2])

    def test_a_repository_without_layers_is_listed_again(self):
        damage.layers_directory_gone(self.site("unlisted"))
        done = self.heal("--root", self.server.tree.root)
        self.assertEqual(0, done.code, done)
        self.assertEqual(0, self.scan(self.server).code)
        catalog = json.loads(self.server.request("GET", "/v2/_catalog")[2])
        self.assertIn("broken/unlisted", catalog["repositories"])

    def test_a_child_comes_from_a_sibling_by_a_probes_report(self):
        site = self.site("sibling")
        index = site.index()
        self.server.push("elsewhere", "t", index)
        shutil.rmtree(site.revision(index.children[0]).parent)
        self.assert_healed(self.repair(self.server, self.probe(self.server).report_file, "--yes"))

    def test_what_is_at_risk_is_put_again(self):
        site = self.site("risk")
        index = site.index()
        child = index.children[0]
        self.server.put_blob(site.repository, child.content)
        site.revision(child).unlink()
        scanned = self.scan(self.server, "--gate")
        self.assertEqual(11, scanned.code)
        done = self.repair(self.server, scanned.report_file, "--yes")
        self.assertEqual(0, done.code, done)
        self.assertEqual(0, self.scan(self.server, "--gate").code)


class Removing(Repair):
    def test_an_index_goes_with_the_children_that_nothing_else_uses(self):
        site = self.site("remove")
        shared, own, lost = (images.image(f"remove/{n}") for n in ("shared", "own", "lost"))
        broken = site.push("t", images.index(shared, own, lost))
        site.push("also", broken)
        kept = site.push("kept", images.index(shared, images.image("remove/other")))
        site.blob(lost.layers[0]).unlink()
        done = self.heal()
        self.assertEqual((0, []), (done.code, done.broken), done)
        for gone in (broken, own, lost):
            self.assertEqual(404, self.server.manifest(site.repository, gone.digest)[0])
        for whole in (kept, shared):
            self.assertEqual(200, self.server.manifest(site.repository, whole.digest)[0])
        for tag, status in (("t", 404), ("also", 404), ("kept", 200), ("sound", 200)):
            self.assert_tag(site, status, tag)
        self.assertEqual({f"rebuild {site.repository}:t", f"rebuild {site.repository}:also"},
                         {line for line in done.report["plan"] if line.startswith("rebuild")})

    def test_a_child_with_a_sound_tag_of_its_own_stays(self):
        site = self.site("tagged-child")
        index = site.index()
        site.push("amd64", index.children[0])
        site.blob(index.children[1].layers[0]).unlink()
        self.assertEqual(0, self.heal().code)
        self.assert_tag(site, 404)
        self.assert_tag(site, 200, "amd64")

    def test_tags_that_lead_nowhere_are_removed(self):
        site = self.site("dangling")
        for tag in ("one", "two"):
            image = site.image(tag)
            shutil.rmtree(site.revision(image).parent)
            shutil.rmtree(site.blob(image).parent)
        empty = site.image("empty")
        damage.write(site.tag("empty"), "")
        shutil.rmtree(site.tag("empty").parent.parent / "index")
        done = self.heal()
        self.assertEqual((0, []), (done.code, done.broken), done)
        tags = json.loads(self.server.request("GET", f"/v2/{site.repository}/tags/list")[2])
        self.assertEqual(["sound"], tags["tags"])
        self.assertEqual(200, self.server.manifest(site.repository, empty.digest)[0])

    def test_what_blocks_collections_is_removed(self):
        site = self.site("blocker")
        damage.child_file_empty(site)
        damage.plant(site, b'{"schemaVersion": 2, "mediaType": "x/y"}', "unknown")
        self.assertEqual(1, self.server.collect()[0])
        self.assertEqual(0, self.heal().code)
        self.server.stop()
        self.assertEqual(0, self.server.collect()[0])

    def test_everything_at_once(self):
        """Whatever the API can mend is mended; what it cannot is named."""
        damage.break_everything(self.server, damage.CASES)
        sound = damage.break_everything(self.server, damage.SOUND)
        self.assertEqual([], sound)
        done = self.heal("--root", self.server.tree.root, "--max-delete", "-1")
        left = {one["repository"] for one in done.broken}
        self.assertEqual({"broken/stray-file-among-tags"}, left, done)
        self.assertEqual(11, done.code)
        self.assertIn("can only be removed on the registry's disk", done.out)
        self.assertEqual(left, {one["repository"] for one in self.probe(self.server).broken})


class Caution(Repair):
    def lose(self, site, tag="t"):
        index = site.index(tag)
        site.blob(index.children[0].layers[0]).unlink()
        return index

    def test_a_plan_changes_nothing(self):
        site = self.site("plan")
        self.lose(site)
        damage.child_link_file_gone(self.site("plan-heal"))
        scanned = self.scan(self.server)
        before = self.listing()
        planned = self.repair(self.server, scanned.report_file)
        self.assertEqual(11, planned.code, planned)
        self.assertIn("delete  broken/plan ", planned.out)
        self.assertIn("put     broken/plan-heal ", planned.out)
        self.assertEqual(before, self.listing())

    def listing(self):
        return sorted(os.path.join(folder, name)
                      for folder, _, names in os.walk(self.server.tree.root) for name in names)

    def test_more_deletes_than_allowed_are_none(self):
        site = self.site("many")
        self.lose(site)
        damage.child_link_file_gone(self.site("many-heal"))
        scanned = self.scan(self.server)
        before = self.listing()
        for yes in ((), ("--yes",)):
            done = self.repair(self.server, scanned.report_file, "--max-delete", "1", *yes)
            self.assertEqual(4, done.code, done)
            self.assertEqual(before, self.listing())
        self.assertEqual(0, self.repair(self.server, scanned.report_file, "--max-delete", "3",
                                        "--yes").code)

    def test_a_tag_the_registry_cannot_read_holds_deletes_back(self):
        site = self.site("trap")
        index = self.lose(site)
        damage.write(self.server.tree.tags(site.repository) / "stray", "not a tag")
        done = self.heal()
        self.assertEqual(11, done.code)
        self.assertIn("can only be removed on the registry's disk", done.out)
        self.assertEqual(200, self.server.manifest(site.repository, index.digest)[0])
        self.assertTrue(site.revision(index).exists())

    def test_a_name_no_tag_can_have_holds_deletes_back(self):
        """It answers 404, and the registry stumbles over it in every delete all the same."""
        for name in ("t old", ".DS_Store"):
            site = self.site(f"name{name.count(' ')}")
            index = self.lose(site)
            damage.write(self.server.tree.tags(site.repository) / name, "")
            done = self.heal()
            self.assertEqual(11, done.code)
            self.assertIn("can only be removed on the registry's disk", done.out)
            self.assertTrue(site.revision(index).exists())
            (self.server.tree.tags(site.repository) / name).unlink()
            self.assertEqual(0, self.heal().code)

    def test_nothing_is_deleted_without_the_copy_that_was_asked_for(self):
        site = self.site("backup")
        index = self.lose(site)
        dangling = site.image("dangling")
        for path in (site.revision(dangling), site.blob(dangling)):
            shutil.rmtree(path.parent)
        damage.child_link_file_gone(self.site("backup-heal"))
        (self.dir / "file").write_text("no directory")
        done = self.heal("--backup-dir", self.dir / "file")
        self.assertEqual(11, done.code, done)
        self.assertIn("nothing was deleted: --backup-dir: ", done.out)
        self.assert_tag(site, 200)
        self.assert_tag(site, 404, "dangling")
        for part in index.tree():
            self.assertTrue(site.revision(part).exists())
        # What heals needs no copy.
        self.assertEqual({site.repository}, {one["repository"] for one in done.broken})

        # Of one manifest alone there can be none: it stays.
        backup = self.dir / "backup"
        damage.write(backup / site.repository, "no directory")
        done = self.heal("--backup-dir", backup)
        self.assertEqual(11, done.code, done)
        self.assert_tag(site, 200)

        shutil.rmtree(backup)
        self.assertEqual(0, self.heal("--backup-dir", backup).code)
        kept = {path.name for path in (backup / site.repository).iterdir()}
        self.assertIn(f"sha256-{index.digest.split(':')[1]}.json", kept)

    def test_a_child_of_an_untagged_index_stays_where_the_disk_tells_of_it(self):
        """Whoever pulls that index by its digest still can."""
        site = self.site("untagged")
        shared, lost = images.image("untagged/shared"), images.image("untagged/lost")
        by_digest = site.push(None, images.index(shared))
        site.push("t", images.index(shared, lost))
        site.blob(lost.layers[0]).unlink()
        done = self.heal("--root", self.server.tree.root)
        self.assertEqual(0, done.code, done)
        self.assert_tag(site, 404)
        for whole in (by_digest, shared):
            self.assertEqual(200, self.server.manifest(site.repository, whole.digest)[0])

    def test_a_tag_that_is_set_meanwhile_holds_deletes_back(self):
        server = fake.FakeRegistry()
        self.addCleanup(server.stop)
        shared, lost = images.image("meanwhile/shared"), images.image("meanwhile/lost")
        server.push("app", "t", images.index(shared, lost))
        del server.blobs[lost.layers[0].digest]
        probed = self.probe(server)

        def override(handler):
            if handler.command != "DELETE":
                return None
            server.push("app", "new", images.index(shared))  # once it asks whether it may
            return fake.Answer(404)
        server.override = override
        done = self.repair(server, probed.report_file, "--yes")
        self.assertEqual(11, done.code, done)
        self.assertIn("the tag new was set meanwhile", done.out)
        self.assertEqual(1, len(server.asked("^DELETE")))  # whether deletes are on at all
        self.assertEqual(1, len(server.asked("^DELETE .*/sha256:0{64}$")))

    def test_disabled_deletes_get_a_clear_word(self):
        site = self.site("disabled")
        index = self.lose(site)
        dangling = site.image("dangling")
        for path in (site.revision(dangling), site.blob(dangling)):
            shutil.rmtree(path.parent)
        self.server.restart(delete=False)
        done = self.heal()
        self.assertEqual(11, done.code)
        self.assertIn("storage.delete.enabled", done.out)
        self.assertEqual(200, self.server.manifest(site.repository, index.digest)[0])
        self.assert_tag(site, 404, "dangling")

    def test_a_read_only_registry_gets_a_clear_word(self):
        damage.child_link_file_gone(self.site("read-only"))
        self.server.restart(read_only=True)
        done = self.heal()
        self.assertEqual(11, done.code)
        self.assertIn("read-only", done.out)

    def test_a_tag_that_was_pushed_again_is_left_alone(self):
        site = self.site("pushed")
        self.lose(site)
        scanned = self.scan(self.server)
        site.push("t", images.multi_arch("pushed/new"))
        done = self.repair(self.server, scanned.report_file, "--yes")
        self.assert_tag(site, 200)
        self.assertEqual(0, done.code, done)
        self.assertNotIn("delete ", done.out)

    def test_a_report_is_needed(self):
        self.assertEqual(2, self.program("repair", self.server.host, "--plain-http").code)
        self.assertEqual(2, self.repair(self.server, self.dir / "none.json").code)
        wrong = self.dir / "wrong.json"
        wrong.write_text('{"schema": 7}')
        self.assertEqual(2, self.repair(self.server, wrong).code)

    def test_a_healthy_registry_needs_nothing(self):
        self.site("healthy")
        probed = self.probe(self.server)
        done = self.repair(self.server, probed.report_file, "--yes")
        self.assertEqual(0, done.code, done)
        self.assertEqual([], done.broken)


if __name__ == "__main__":
    unittest.main()
