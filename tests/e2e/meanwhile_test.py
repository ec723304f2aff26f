#!/usr/bin/env python3
"""A volume that changes under a run: it is read while Drive is asked what is new, and whoever changes it
then finds nothing deleted that was not judged, and nothing touched outside the mirror."""

import os
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, ended  # noqa: E402
from harness import tree  # noqa: E402

ANSWER_MS = 1_500  # Drive's; what was read before is taken to be fresh that long
ACT = 0.7          # s after the start: the volume is read, and the answer not there yet


class MeanwhileCase(AgentCase):
    def meanwhile(self, act, *options, label="changes.list"):
        self.strike({"latency_ms": ANSWER_MS}, label=label)
        process = self.start_sync(*options)
        time.sleep(ACT)
        self.assertIsNone(process.poll(), "it has ended already")
        act()
        done = ended(process)
        self.clear_faults()
        return done

    def converges(self):
        self.sync()
        self.assert_equal_trees()
        self.assertEqual(self.sync().report["actions"], [])

    def other_file_system(self, *files):
        """A file system of its own, and how to mount it over a folder of the mirror."""
        other = self.mount(self.dir / "other")
        for file in files:
            (other / file).parent.mkdir(exist_ok=True)
            (other / file).write_text("precious")

        def mount():
            subprocess.run(["mount", "--bind", other, self.dest / "zz"], check=True)
            self.addCleanup(subprocess.run, ["umount", "--lazy", self.dest / "zz"], check=True)
        return other, mount


class SmallTree(MeanwhileCase):
    """All of it is read before Drive has answered."""

    def setUp(self):
        super().setUp()
        self.write("keep/me", "kept")
        self.write("zz/below/file", "content")
        self.sync()

    def test_a_file_that_goes_comes_back(self):
        done = self.meanwhile(lambda: (self.dest / "zz/below/file").unlink())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.converges()

    def nothing_is_deleted_on_another_file_system(self, *options):
        (self.source / "zz/below/file").unlink()
        other, mount = self.other_file_system("below/file")
        before = tree(other)
        done = self.meanwhile(mount, *options)
        self.assertIn(done.returncode, (5, 7), done.stderr)
        self.assertEqual(tree(other), before)

    def test_nothing_is_trashed_from_another_file_system(self):
        self.nothing_is_deleted_on_another_file_system()

    def test_nothing_is_unlinked_on_another_file_system(self):
        self.nothing_is_deleted_on_another_file_system("--trash-keep", "0")

    def a_folder_in_a_files_place_does_not_go_as_that_file(self, *options):
        (self.source / "zz/below/file").unlink()
        file = self.dest / "zz/below/file"

        def act():
            file.unlink()
            file.mkdir()
            for number in range(100):
                (file / f"{number}").write_text("somebody's")
        done = self.meanwhile(act, *options)
        self.assertIn(done.returncode, (4, 5), done.stderr)
        self.assertEqual(len(list(file.iterdir())), 100)
        self.assertEqual(self.gds("sync", *options).code, 4)  # now it is seen, and judged
        self.assertEqual(len(list(file.iterdir())), 100)

    def test_a_folder_in_a_files_place_is_not_trashed_as_that_file(self):
        self.a_folder_in_a_files_place_does_not_go_as_that_file()

    def test_a_folder_in_a_files_place_is_not_removed_as_that_file(self):
        self.a_folder_in_a_files_place_does_not_go_as_that_file("--trash-keep", "0")

    def test_a_resync_sees_what_was_edited_before_its_turn(self):
        file = self.dest / "zz/below/file"
        stat = file.stat()

        def act():
            file.write_text("edited!")
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.strike({"latency_ms": ANSWER_MS}, label="changes.list")
        process = self.start("resync", *self.source_options, "--dest", self.dest)
        time.sleep(ACT)
        act()
        self.assertEqual(ended(process).returncode, 0)
        self.clear_faults()
        self.assert_equal_trees()


class WideTree(MeanwhileCase):
    """More than is held: what is below has its turn when Drive has answered."""

    def setUp(self):
        super().setUp()
        for number in range(3_000):
            (self.source / f"{number:05}").mkdir()
        self.write("zz/below/file", "content")
        self.sync()

    def test_a_folder_that_goes_comes_back(self):
        done = self.meanwhile(lambda: shutil.rmtree(self.dest / "zz"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.converges()

    def test_a_foreign_folder_that_goes_is_gone(self):
        (self.dest / "zzz/x").mkdir(parents=True)
        (self.dest / "zzz/x/file").write_text("foreign")
        done = self.meanwhile(lambda: shutil.rmtree(self.dest / "zzz"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.converges()

    def test_a_folder_that_becomes_a_file(self):
        def act():
            shutil.rmtree(self.dest / "zz")
            (self.dest / "zz").write_text("a file")
        self.assertIn(self.meanwhile(act).returncode, (0, 7))
        self.converges()

    def test_another_file_system_is_not_looked_into(self):
        other, mount = self.other_file_system("precious")
        before = tree(other)
        done = self.meanwhile(mount, "--trash-keep", "0")
        self.said(done, 7, "zz", "mount")
        self.assertEqual(tree(other), before)


class FirstSync(MeanwhileCase):
    def test_a_file_that_goes_before_it_is_adopted_is_fetched(self):
        for number in range(3):
            self.write(f"folder/{number}", "content")
        shutil.copytree(self.source, self.dest, dirs_exist_ok=True)
        done = self.meanwhile(lambda: (self.dest / "folder/1").unlink(), label="files.list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_equal_trees()


if __name__ == "__main__":
    unittest.main(verbosity=1)
