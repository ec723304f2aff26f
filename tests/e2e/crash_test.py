#!/usr/bin/env python3
"""Runs are killed at any moment: every path holds a whole file, and the next run converges."""

import hashlib
import os
import random
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import MirrorCase, tree  # noqa: E402
from mirror_test import RandomChanges  # noqa: E402

ROUNDS = int(os.environ.get("GDS_ROUNDS", "40"))


def digest(content):
    return hashlib.sha256(content).digest()


class Killed(RandomChanges, MirrorCase):
    maxDiff = None

    def test_at_random_moments(self):
        rng = self.seeded()
        self.fault({"probability": 0.3}, {"latency_ms": 15})
        self.fill(30)
        self.remember()
        self.sync()
        for number in range(ROUNDS):
            for _ in range(rng.randrange(1, 12)):
                self.change(rng)
            self.remember()
            before = tree(self.dest)
            self.kill_a_run(rng.random() * 0.4)
            self.assert_whole_files(before)
            if number % 4 == 3:
                self.sync("--max-delete", "-1", "--allow-empty-source")
                self.assert_equal_trees()
                self.assertEqual(self.sync().report["actions"], [])

    def setUp(self):
        super().setUp()
        self.known = set()

    def remember(self):
        """What any file of the mirror may hold: contents that Drive had at some time."""
        self.known |= {digest(entry[0]) for entry in tree(self.source).values() if entry}

    def kill_a_run(self, seconds):
        self.control("rescan", {})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest,
                                 "--max-delete", "-1", "--allow-empty-source")
        # Not a wait for anything: the moment is what the test is about.
        time.sleep(seconds)
        run.kill()
        run.communicate()

    def assert_whole_files(self, before):
        wanted = tree(self.source)
        now = tree(self.dest)
        for path, entry in now.items():
            if entry is not None:
                self.assertIn(digest(entry[0]), self.known, f"{path} holds half a file")
        for path, entry in before.items():
            if entry is not None and wanted.get(path) is not None:
                self.assertIsNotNone(now.get(path), f"{path} is gone for a moment")


if __name__ == "__main__":
    unittest.main(verbosity=1)
