#!/usr/bin/env python3
"""Runs that do not look at the volume (--scan-interval), on a volume that somebody changed: nothing
of his is carried off or called right, and the next run sees to it."""

import os
import shutil
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


class UnscannedCase(SpecCase):
    def sync(self, *options, **how):
        return super().sync("--scan-interval", "1h", *options, **how)

    def swap(self, one, other):
        self.edit("rename", id=one.id, name="between")
        self.edit("rename", id=other.id, name="a")
        self.edit("rename", id=one.id, name="b")

    def folder_in_place_of(self, name):
        (self.dest / name).unlink()
        (self.dest / name).mkdir()
        (self.dest / name / "mine").write_text("mine")

    def scan_is_due(self):
        """As if the last one was long ago."""
        with sqlite3.connect(self.dest / ".gdrive-sync" / "state.db") as database:
            database.execute("DELETE FROM meta WHERE key = 'last_scan_ms'")
            self.assertEqual(database.total_changes, 1)
        database.close()


class Renames(UnscannedCase):
    def setUp(self):
        super().setUp()
        self.a, self.b = self.make("a", "first"), self.make("b", "second")

    def test_a_folder_in_place_of_a_file_that_another_takes_over(self):
        self.sync()
        self.folder_in_place_of("a")
        self.swap(self.a, self.b)
        self.sync("--max-delete", "0", expect=5)
        self.assertEqual((self.dest / "a" / "mine").read_text(), "mine")
        self.sync("--max-delete", "0", expect=4)
        self.assertEqual((self.dest / "a" / "mine").read_text(), "mine")
        self.sync()
        self.assert_mirror({"a": self.b, "b": self.a})
        self.assert_settled()

    def test_a_folder_in_place_of_a_file_that_moves(self):
        self.sync()
        self.folder_in_place_of("a")
        self.edit("rename", id=self.a.id, name="c")
        self.sync("--max-delete", "0", expect=5)
        self.assertEqual((self.dest / "a" / "mine").read_text(), "mine")
        self.sync()
        self.assert_mirror({"c": self.a, "b": self.b})

    def test_a_file_in_place_of_a_folder_that_moves(self):
        folder = self.make_folder("d")
        inner = self.make("d/x", "x")
        self.sync()
        shutil.rmtree(self.dest / "d")
        (self.dest / "d").write_text("mine")
        self.edit("rename", id=folder, name="e")
        self.sync("--max-delete", "0", expect=5)
        self.assertEqual((self.dest / "d").read_text(), "mine")
        self.sync()
        self.assert_mirror({"a": self.a, "b": self.b, "e/x": inner})

    def test_what_is_gone_is_back_in_the_next_run(self):
        folder = self.make_folder("d")
        inner = self.make("d/x", "x")
        self.sync()
        (self.dest / "a").unlink()
        shutil.rmtree(self.dest / "d")
        self.edit("rename", id=self.a.id, name="c")
        self.edit("rename", id=folder, name="e")
        self.sync(expect=5)
        self.sync()
        self.assert_mirror({"c": self.a, "b": self.b, "e/x": inner})

    def test_what_waited_in_staging_and_is_gone(self):
        """As after a run that was killed in the middle of its moves."""
        self.sync()
        (self.dest / "a").unlink()
        with sqlite3.connect(self.dest / ".gdrive-sync" / "state.db") as database:
            database.execute("UPDATE entry SET parent = -n WHERE name = 'a'")
            self.assertEqual(database.total_changes, 1)
        database.close()
        self.sync()
        self.assert_mirror({"a": self.a, "b": self.b})


class Touches(UnscannedCase):
    def setUp(self):
        super().setUp()
        self.a = self.make("a", "abc")
        self.sync()

    def touch(self):
        self.a.modified_ms = self.tick()
        self.edit("update", id=self.a.id, content="abc", modified=self.as_time(self.a.modified_ms))

    def test_an_edit_of_the_same_size_is_not_called_right(self):
        (self.dest / "a").write_text("XYZ")
        self.touch()
        self.sync(expect=5)
        self.sync()
        self.assert_mirror({"a": self.a})

    def test_a_folder_in_its_place(self):
        self.folder_in_place_of("a")
        self.touch()
        self.sync("--max-delete", "0", expect=5)
        self.sync()
        self.assert_mirror({"a": self.a})


class WhatAScanFound(UnscannedCase):
    """It is not forgotten where it could not be put right at once."""

    def setUp(self):
        super().setUp()
        self.a, self.b = self.make("a", "first"), self.make("b", "second")
        self.sync()
        self.scan_is_due()

    def test_a_missing_file_whose_download_fails(self):
        (self.dest / "a").unlink()
        self.fault({"label": "files.media", "path": self.a.id}, {"status": 500})
        self.sync("--retries", "0", expect=5)
        self.clear_faults()
        self.sync()
        self.assert_mirror({"a": self.a, "b": self.b})

    def test_files_of_nobody_that_a_guard_keeps(self):
        for i in range(3):
            (self.dest / f"mine{i}").write_text("mine")
        plan = self.sync("--max-delete", "2", expect=4).report["plan"]
        self.assertEqual(self.sync("--max-delete", "2", expect=4).report["plan"], plan)
        self.assertEqual(self.run_command("approve", plan, "--dest", self.dest).returncode, 0)
        self.sync("--max-delete", "2")
        self.assert_mirror({"a": self.a, "b": self.b})

    def test_once_all_is_right_the_interval_holds_again(self):
        (self.dest / "mine").write_text("mine")
        self.sync()
        (self.dest / "later").write_text("mine")
        self.sync()
        self.assertIn("later", tree(self.dest))


if __name__ == "__main__":
    unittest.main()
