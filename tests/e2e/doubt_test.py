#!/usr/bin/env python3
"""What a run does where it cannot trust the listing, or was stopped before its deletes."""

import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import MirrorCase, tree  # noqa: E402


class Doubt(MirrorCase):
    def setUp(self):
        super().setUp()
        self.write("good/old name", "first")
        self.write("good/stays", "same")
        self.write("bad/file", "in doubt")
        self.sync()

    def fail_listing_of(self, name):
        self.folder = self.control(f"tree?path=/claude/files/{name}")["id"]
        self.fault({"label": "files.list", "path": self.folder}, {"status": 500})

    def test_new_and_changed_files_come_and_nothing_goes_or_is_renamed(self):
        self.write("good/new", "new")
        self.write("good/stays", "changed")
        (self.source / "good" / "old name").rename(self.source / "good" / "new name")
        (self.source / "bad" / "file").unlink()
        self.fail_listing_of("bad")
        result = self.sync("--full", "--retries", "0", expect=6)
        self.assertIn(self.folder, result.log)
        self.assertIn("sync source: 1 new, 1 updated, 0 renamed, 0 deleted, ", result.log)
        self.assertEqual((self.dest / "good" / "new").read_text(), "new")
        self.assertEqual((self.dest / "good" / "stays").read_text(), "changed")
        self.assertTrue((self.dest / "good" / "old name").exists())
        self.assertTrue((self.dest / "bad" / "file").exists())
        self.clear_faults()
        self.sync()
        self.assert_equal_trees()

    def test_a_file_that_changed_its_name_and_its_bytes_waits_for_its_rename(self):
        (self.source / "good" / "old name").rename(self.source / "good" / "new name")
        self.write("good/new name", "second")
        self.fail_listing_of("bad")
        result = self.sync("--full", "--retries", "0", expect=6)
        self.assertEqual((self.dest / "good" / "old name").read_text(), "first")
        self.assertFalse((self.dest / "good" / "new name").exists())
        self.assertEqual([a["outcome"] for a in result.actions("update")], ["withheld"])
        self.clear_faults()
        self.assertEqual(self.sync().counts["delete"], 0)
        self.assert_equal_trees()

    def test_a_new_file_does_not_take_the_name_of_one_whose_rename_is_withheld(self):
        (self.source / "good" / "old name").rename(self.source / "good" / "new name")
        self.write("good/old name", "another file")
        self.fail_listing_of("bad")
        self.sync("--full", "--retries", "0", expect=6)
        self.assertEqual((self.dest / "good" / "old name").read_text(), "first")
        self.clear_faults()
        result = self.sync()
        self.assertEqual((result.counts["delete"], result.counts["rename"]), (0, 1))
        self.assert_equal_trees()


class Places(MirrorCase):
    def test_what_belongs_in_a_folder_that_is_in_the_way_of_nobody_any_more(self):
        """It failed for a reason of the volume's own: no wait for its next try."""
        keep = ("--unmanaged", "keep")
        self.write("d/f", "inside")
        self.sync(*keep)
        shutil.rmtree(self.dest / "d")
        (self.dest / "d").write_text("mine")
        before = len(self.requests("files.media"))
        for _ in range(3):
            self.sync(*keep, expect=5)
        self.assertEqual(len(self.requests("files.media")), before, "fetched for nothing")
        (self.dest / "d").unlink()
        self.sync(*keep)
        self.assert_equal_trees()

    def test_a_folder_that_cannot_be_made_is_no_success(self):
        keep = ("--unmanaged", "keep")
        self.write("other", "other")
        (self.dest / "d").write_text("mine")
        (self.source / "d").mkdir()
        self.sync(*keep, expect=5)
        self.sync(*keep, expect=5)

    def test_a_file_takes_the_place_of_the_folder_it_lay_in(self):
        self.write("thing/thing", "inside")
        self.write("thing/other", "goes")
        self.sync()
        (self.source / "thing" / "thing").rename(self.source / "hold")
        shutil.rmtree(self.source / "thing")
        (self.source / "hold").rename(self.source / "thing")
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assertEqual(self.sync().report["actions"], [])

    def test_it_stays_in_its_folder_where_the_folder_may_not_go(self):
        self.fill(30, "thing")
        self.write("thing/thing", "inside")
        self.sync()
        (self.source / "thing" / "thing").rename(self.source / "hold")
        shutil.rmtree(self.source / "thing")
        (self.source / "hold").rename(self.source / "thing")
        before = tree(self.dest)
        self.sync(expect=4)
        self.assertEqual(tree(self.dest), before)
        self.sync("--max-delete", "-1")
        self.assert_equal_trees()


class Approval(MirrorCase):
    def test_one_that_was_not_carried_out_still_stands(self):
        self.fill(30)
        self.sync()
        for path in self.source.glob("file*"):
            path.unlink()
        self.write("new", "slow to come")
        plan = self.sync("--max-delete", "2", expect=4).report["plan"]
        self.write("newer", "slower still")
        approved = self.run_command("approve", plan, "--dest", self.dest)
        self.assertEqual(approved.returncode, 0, approved.stderr)
        self.fault({"label": "files.media"}, {"hang": True})
        self.forget_requests()
        self.control("rescan", {})
        stopped = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: self.requests("files.media"))
        stopped.send_signal(signal.SIGTERM)
        stopped.communicate(timeout=60)
        self.assertEqual(stopped.returncode, 143)
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)
        self.clear_faults()
        self.sync()
        self.assert_equal_trees()
        (self.source / "newer").unlink()
        self.sync("--max-delete", "0", expect=4)


if __name__ == "__main__":
    unittest.main(verbosity=1)
