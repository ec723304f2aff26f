#!/usr/bin/env python3
"""A destination that is not there, not writable, or full: old files stay, exit code 7, and the run
after it is put right converges."""

import os
import shutil
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import MIB, AgentCase, ended, metric  # noqa: E402
from harness import tree  # noqa: E402


class NotThere(AgentCase):
    def setUp(self):
        super().setUp()
        self.write("a", "a")
        self.control("rescan", {})

    def sync_into(self, dest):
        return self.run_command("sync", "--source", "claude/files", "--dest", dest)

    def test_a_missing_directory_is_not_made(self):
        missing = self.dir / "none"
        self.said(self.sync_into(missing), 7, missing, "No such file", "--dest")
        self.assertFalse(missing.exists())
        self.assertEqual(self.requests(), [])

    def test_a_file_in_its_place(self):
        file = self.dir / "file"
        file.write_text("precious")
        self.said(self.sync_into(file), 7, file, "not a directory")
        self.assertEqual(file.read_text(), "precious")

    def test_the_state_directory_is_a_link(self):
        outside = self.dir / "outside"
        outside.mkdir()
        (self.dest / ".gdrive-sync").symlink_to(outside)
        self.said(self.sync_into(self.dest), 7, ".gdrive-sync", "move it away")
        self.assertEqual(list(outside.iterdir()), [])

    def test_a_state_directory_that_is_missing(self):
        process = self.run_command("sync", "--source", "claude/files", "--dest", self.dest,
                                   "--state-dir", self.dir / "none")
        self.said(process, 7, self.dir / "none", "No such file")
        self.assertEqual(tree(self.dest), {})

    def test_a_database_of_a_newer_version(self):
        self.sync()
        self.sqlite("PRAGMA user_version=99")
        self.said(self.gds("sync"), 7, "state.db", "newer version")
        self.sqlite("PRAGMA user_version=1")

    def sqlite(self, statement):
        with sqlite3.connect(self.dest / ".gdrive-sync" / "state.db") as database:
            database.execute(statement)

    def test_a_volume_that_is_not_mounted(self):
        state = self.dir / "state"
        state.mkdir()
        self.sync("--state-dir", state)
        shutil.rmtree(self.dest)
        self.dest.mkdir()
        self.said(self.gds("sync", "--state-dir", state), 7, "volume.json", "mounted", "resync")
        self.assertEqual(list(self.dest.rglob("a")), [])
        self.assertEqual(self.gds("resync", "--state-dir", state).code, 0)
        self.assert_equal_trees()


    def test_a_first_run_that_failed_is_no_sign_of_another_volume(self):
        self.said(self.gds("sync", env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"}), 3)
        self.said(self.gds("sync", "--source-id", "nobody-has-this"), 6)
        self.sync()
        self.assert_equal_trees()


class Outputs(AgentCase):
    def test_metrics_for_a_pipe(self):
        self.write("a", "a")
        pipe = self.dir / "pipe"
        os.mkfifo(pipe)
        for option in ("--metrics-file", "--report"):
            result = self.run_command("sync", *self.source_options, "--dest", self.dest, option,
                                      pipe, timeout=30)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("could not be written", result.stderr)  # nobody reads it
        result = self.run_command("sync", *self.source_options, "--dest", self.dest,
                                  "--metrics-file", "/dev/stdout", timeout=30)
        self.assertIn("gdrive_sync_files{", result.stdout)

    def test_metrics_for_what_a_link_leads_to(self):
        self.write("a", "a")
        link, real = self.dir / "link", self.dir / "real"
        link.symlink_to(real)
        for _ in range(2):
            self.sync("--metrics-file", link)
            self.assertTrue(link.is_symlink())
            self.assertEqual(metric(real.read_text(), "gdrive_sync_files"), 1)


class ReadOnly(AgentCase):
    def setUp(self):
        super().setUp()
        self.dest = self.tmpfs(self.dest, "8m")
        self.write("a", "a")
        self.sync()
        self.remount(self.dest, "ro")
        self.write("a", "another")
        self.write("b", "b")

    def test_keeps_what_is_there_and_says_so(self):
        run = self.sync_with_outputs(code=7, result="destination")
        self.said(run, 7, self.dest, "Read-only file system", "writable")
        self.assertEqual((self.dest / "a").read_text(), "a")
        self.remount(self.dest, "rw")
        self.sync()
        self.assert_equal_trees()

    def test_a_run_that_has_nothing_to_do_fails_too(self):
        self.write("a", "a")
        (self.source / "b").unlink()
        self.said(self.gds("sync"), 7, "Read-only")

    def test_status_still_answers(self):
        process = self.run_command("status", "--dest", self.dest)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("1 file", process.stdout)


class Full(AgentCase):
    def setUp(self):
        super().setUp()
        self.dest = self.tmpfs(self.dest, "12m")
        self.write("old", os.urandom(4 * MIB))
        self.write("small", "small")
        self.sync("--trash-keep", "0")

    def test_a_plan_that_does_not_fit_downloads_nothing(self):
        self.write("large", os.urandom(11 * MIB))
        self.write("small", "changed")
        before = tree(self.dest)
        run = self.sync_with_outputs("--trash-keep", "0", code=7, result="destination")
        self.said(run, 7, "11.0 MiB", "free", "nothing was downloaded", "Enlarge")
        self.assertEqual(tree(self.dest), before)
        self.assertEqual(self.requests("files.media")[2:], [])
        self.assertGreater(metric(self.metrics.read_text(), "gdrive_sync_free_bytes"), 0)
        (self.source / "large").unlink()
        self.sync()
        self.assert_equal_trees()

    def stop_midway(self):
        """A partial lies in staging then, for all of which there was room."""
        staging = self.dest / ".gdrive-sync" / "staging"
        self.write("large", os.urandom(5 * MIB))
        self.control("rescan", {})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest, "--bwlimit",
                                 "2M")
        self.wait_until(lambda: any(f.stat().st_size > 2 * MIB for f in staging.glob("*.part")))
        run.terminate()
        run.communicate()
        self.assertEqual(run.returncode, 143)

    def test_what_a_stopped_run_holds_already_needs_no_more_room(self):
        self.stop_midway()
        result = self.sync()
        self.assertEqual(result.counts["download"], 1)
        self.assert_equal_trees()

    def test_what_a_stopped_run_left_for_nothing_makes_room(self):
        self.stop_midway()
        self.write("large", os.urandom(5 * MIB + 1))
        self.sync()
        self.assert_equal_trees()

    def test_deletes_make_room_for_the_next_run(self):
        self.write("large", os.urandom(9 * MIB))
        (self.source / "old").unlink()
        self.said(self.gds("sync", "--trash-keep", "0"), 7, "free")
        self.assertFalse((self.dest / "old").exists())
        self.sync("--trash-keep", "0")
        self.assert_equal_trees()

    def test_the_trash_is_emptied_early(self):
        self.write("old", os.urandom(3 * MIB))
        self.sync()
        self.assertEqual(len(list((self.dest / ".gdrive-sync" / "trash").iterdir())), 1)
        self.write("large", os.urandom(6 * MIB))
        run = self.sync()
        self.assertIn("dropped from the trash early", run.log)
        self.assert_equal_trees()

    def test_a_volume_that_fills_up_in_the_middle(self):
        # Someone else's file takes the room after it was measured.
        self.write("large", os.urandom(5 * MIB))
        self.write("old", os.urandom(100))
        entry = self.control("tree?path=claude/files")
        self.assertTrue(entry["id"])
        self.strike({"rate": 2 * MIB}, label="files.media")
        before = (self.dest / "old").read_bytes()
        process = self.start_sync("--trash-keep", "0", "--unmanaged", "keep", "--transfers", "1")
        self.wait_until(lambda: self.requests("files.media"))
        with open(self.dest / "hog", "wb") as hog:
            try:
                while True:
                    hog.write(bytes(1 << 16))
                    hog.flush()
            except OSError:
                pass
        done = ended(process)
        self.said(done, 7, self.dest, "make room")
        self.assertIn((self.dest / "old").read_bytes(),
                      (before, (self.source / "old").read_bytes()))
        self.assertFalse((self.dest / "large").exists())
        (self.dest / "hog").unlink()
        self.clear_faults()
        self.sync("--trash-keep", "0")
        self.assert_equal_trees()


if __name__ == "__main__":
    unittest.main(verbosity=1)
