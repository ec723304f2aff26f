#!/usr/bin/env python3
"""What a run has done stays known, however it ends, and also where a later run looks at the volume
only now and then (--scan-interval)."""

import os
import shutil
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import MIB, AgentCase  # noqa: E402
from harness import SpecCase  # noqa: E402

RARELY = ("--scan-interval", "1h")
COMMITTED = 3  # s, after which what is published is recorded, though nothing else happens


class Recording(AgentCase):

    def start_rarely(self):
        return self.start_command("sync", *self.source_options, "--dest", self.dest,
                                  "--transfers", "4", *RARELY)

    def stall(self):
        """A large file whose bytes never all come."""
        self.write("zz-large", os.urandom(MIB))
        self.control("rescan", {})
        large = self.control("tree?path=claude/files/zz-large")["id"]
        self.fault({"label": "files.media", "path": large},
                   {"stall_at": MIB // 2, "stall_ms": 600_000})

    def refuse(self, name):
        """Drive's answer for this file's bytes ends any run."""
        self.write(name, "refused")
        self.control("rescan", {})
        item = self.control(f"tree?path=claude/files/{name}")["id"]
        self.fault({"label": "files.media", "path": item},
                   {"status": 401, "reason": "authError", "message": "Invalid Credentials",
                    "latency_ms": 1200})

    def fetched(self, *options):
        """How many files the next run fetches; it ends well."""
        self.clear_faults()
        self.forget_requests()
        self.sync(*options)
        return len(self.requests("files.media"))

    def assert_equal_and_settled(self):
        self.assert_equal_trees()
        self.assertEqual(self.sync().report["actions"], [])

    def folder_that_becomes_a_file(self):
        for name in "abc":
            self.write(f"x/{name}", name)
        self.write("keep", "kept")
        self.sync(*RARELY)
        shutil.rmtree(self.source / "x")
        self.write("x", "now a file")

    def killed_once(self, condition, later=0):
        """A run that is killed so many seconds after the condition holds, and never ends by itself."""
        self.stall()
        process = self.start_rarely()
        self.wait_until(condition)
        time.sleep(later)
        process.kill()
        process.communicate()

    def test_of_files_published_before_a_kill(self):
        self.write("first", "1")
        self.sync(*RARELY)
        for later in (COMMITTED, 0):
            with self.subTest(later=later):
                self.fill(50, f"after {later}")
                there = self.dest / f"after {later}"
                self.killed_once(lambda: len(list(there.glob("file*"))) == 50, later)
                self.assertEqual(self.fetched(*RARELY), 1)
                self.assert_equal_and_settled()

    def test_of_files_published_before_another_was_refused(self):
        self.write("first", "1")
        self.sync(*RARELY)
        self.fill(300)
        self.refuse("zz")
        self.gds_ends(3)
        self.assertEqual(len(list(self.dest.glob("file*"))), 300)
        self.assertEqual(self.fetched(*RARELY), 1)
        self.assert_equal_and_settled()

    def gds_ends(self, code):
        self.assertEqual(self.gds("sync", *RARELY).code, code)

    def test_of_a_folder_that_made_room_before_a_kill(self):
        self.folder_that_becomes_a_file()
        self.killed_once((self.dest / "x").is_file)
        self.fetched(*RARELY)
        self.assert_equal_and_settled()

    def test_of_a_folder_that_made_room_before_another_file_was_refused(self):
        self.folder_that_becomes_a_file()
        self.refuse("zz")
        self.gds_ends(3)
        self.fetched(*RARELY)
        self.assert_equal_and_settled()

    def test_of_a_folder_that_somebody_removed_and_that_becomes_a_file(self):
        self.folder_that_becomes_a_file()
        shutil.rmtree(self.dest / "x")
        self.fetched(*RARELY)
        self.assert_equal_and_settled()


class Numbers(SpecCase):

    def test_of_a_file_that_takes_the_place_of_one_that_somebody_removed(self):
        """The last record gives way to a new one of the same number."""
        self.make("first", "1")
        last = self.make("last", "2")
        self.sync(*RARELY)
        (self.dest / "last").unlink()
        self.edit("delete", id=last.id)
        self.make("last", "another")
        self.sync()
        self.assertEqual(self.recorded(), ["first", "last"])

    def one_that_moved_gives_way(self, *options):
        """The last record gives way, though it is that of a file which is still to be fetched."""
        self.make("first", "1")
        below = self.make_folder("below")
        last = self.make("last", "2")
        self.sync(*RARELY)
        (self.dest / "last").unlink()
        self.edit("move", id=last.id, to=below)
        self.make("last", "another")
        for n in range(100):
            self.make(f"new{n}", f"{n}")
        self.sync(*options)
        new = [f"new{n}" for n in range(100)]
        self.assertEqual(self.recorded(), sorted(["first", "below", "last", "last", *new]))
        self.assertEqual((self.dest / "below" / "last").read_text(), "2")
        self.assertEqual((self.dest / "last").read_text(), "another")

    def test_of_a_file_that_takes_the_place_of_one_that_moved(self):
        self.one_that_moved_gives_way()

    def test_of_a_file_that_took_the_place_of_one_that_moved(self):
        self.one_that_moved_gives_way("--transfers", "1")

    def recorded(self):
        with sqlite3.connect(f"file:{self.dest}/.gdrive-sync/state.db?mode=ro", uri=True) as db:
            return sorted(name for name, in db.execute("SELECT name FROM entry"))


if __name__ == "__main__":
    unittest.main()
