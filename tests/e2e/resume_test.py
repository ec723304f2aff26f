#!/usr/bin/env python3
"""A large file whose download was stopped goes on where it stopped, if it is still the same file."""

import hashlib
import os
import signal
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase  # noqa: E402

MIB = 1 << 20
SIZE = 72 * MIB


class Resume(SpecCase):
    emulator_options = ["--access-token", "look"]

    def setUp(self):
        super().setUp()
        self.big = self.edit("create", path="/claude/files/big", size=SIZE, seed=5,
                             modified="2024-05-06T07:08:09.123Z")
        self.small = self.make("small", "small")

    def digest_at_source(self):
        request = urllib.request.Request(f"{self.url}/drive/v3/files/{self.big}?alt=media",
                                         headers={"Authorization": "Bearer look"})
        digest = hashlib.sha256()
        with urllib.request.urlopen(request) as answer:
            while block := answer.read(MIB):
                digest.update(block)
        return digest.hexdigest()

    def digest_at_destination(self):
        with open(self.dest / "big", "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def staged(self):
        staging = self.dest / ".gdrive-sync" / "staging"
        return sum(path.stat().st_size for path in staging.glob("*")) if staging.exists() else 0

    def stop_in_the_middle(self, by=signal.SIGKILL):
        """Let a run fetch about a third of the file, then end it."""
        self.fault({"label": "files.media", "path": self.big},
                   {"stall_at": SIZE // 3, "stall_ms": -1})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: self.staged() >= SIZE // 4)
        run.send_signal(by)
        run.communicate(timeout=60)
        self.assertFalse((self.dest / "big").exists())
        self.clear_faults()
        self.forget_requests()
        return run.returncode

    def media(self):
        return [e for e in self.requests("files.media") if e["id"] == self.big]

    def assert_whole(self):
        self.assertEqual(self.digest_at_destination(), self.digest_at_source())

    def test_after_kill_9(self):
        self.stop_in_the_middle()
        self.sync()
        asked = self.media()
        self.assertEqual([e["status"] for e in asked], [206])
        self.assertLessEqual(asked[0]["bytes"], SIZE * 3 // 4)
        self.assert_whole()
        self.assertEqual((self.dest / "big").stat().st_mtime_ns, 1714979289_123_000_000)
        self.assertEqual(self.staged(), 0)
        self.assert_settled()

    def test_after_sigterm(self):
        self.assertEqual(self.stop_in_the_middle(signal.SIGTERM), 143)
        self.sync()
        self.assertEqual([e["status"] for e in self.media()], [206])
        self.assert_whole()

    def test_not_when_the_content_is_another(self):
        self.stop_in_the_middle()
        self.edit("update", id=self.big, size=SIZE, seed=6)
        self.sync()
        self.assertEqual([e["status"] for e in self.media()], [200])
        self.assert_whole()
        self.assertEqual(self.staged(), 0)

    def test_not_when_the_file_is_another(self):
        self.stop_in_the_middle()
        self.edit("delete", id=self.big)
        self.big = self.edit("create", path="/claude/files/big", size=SIZE, seed=5,
                             modified="2024-05-06T07:08:09.123Z")
        self.sync()
        self.assertEqual([e["status"] for e in self.media()], [200])
        self.assert_whole()
        self.assertEqual(self.staged(), 0)

    def test_also_after_a_rename(self):
        self.stop_in_the_middle()
        self.edit("rename", id=self.big, name="larger")
        self.sync()
        self.assertEqual([e["status"] for e in self.media()], [206])
        (self.dest / "larger").rename(self.dest / "big")
        self.assert_whole()

    def test_where_range_is_ignored(self):
        self.stop_in_the_middle()
        self.switch(range_ignored=1)
        self.sync()
        self.assertEqual([e["status"] for e in self.media()], [200])
        self.assert_whole()

    def test_where_another_part_comes(self):
        self.stop_in_the_middle()
        self.fault({"label": "files.media", "path": self.big},
                   {"content_range": f"bytes 0-{SIZE - 1}/{SIZE}"}, count=1)
        self.sync()
        self.assert_whole()

    def test_where_what_was_fetched_is_damaged(self):
        self.stop_in_the_middle()
        staging = self.dest / ".gdrive-sync" / "staging"
        largest = max(staging.glob("*"), key=lambda path: path.stat().st_size)
        with open(largest, "r+b") as stream:
            stream.seek(MIB)
            stream.write(b"damage")
        self.sync()
        self.assert_whole()
        self.assertEqual(self.media()[-1]["status"], 200)

    def test_an_old_file_stays_until_the_new_one_is_whole(self):
        self.sync()
        before = self.digest_at_destination()
        self.edit("update", id=self.big, size=SIZE, seed=6)
        self.fault({"label": "files.media", "path": self.big},
                   {"stall_at": SIZE // 3, "stall_ms": -1})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: self.staged() >= SIZE // 4)
        run.kill()
        run.communicate(timeout=60)
        self.assertEqual(self.digest_at_destination(), before)
        self.clear_faults()
        self.sync()
        self.assert_whole()


if __name__ == "__main__":
    unittest.main()
