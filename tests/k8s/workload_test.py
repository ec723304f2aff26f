#!/usr/bin/env python3
"""The rendered CronJobs do their work: each command, environment and secret with the program."""

import os
import unittest

from workload import WorkloadCase


class Stem95su(WorkloadCase):
    overlay = "stem95su"

    def test_the_tick_mirrors_the_folder(self):
        self.fill(3, "deep")
        self.cronjob_ends(0, "sync")
        self.assert_equal_trees()

    def test_the_tick_logs_json(self):
        run = self.cronjob_ends(0, "sync")
        for line in run.stderr.splitlines():
            self.assertTrue(line.startswith("{"), line)

    def test_the_diff_tells_what_a_tick_would_do_on_a_volume_it_cannot_write(self):
        self.fill(2)
        self.cronjob_ends(0, "sync")
        self.write("new.txt", "new")
        volume = self.mount(self.dir / "read-only", "-o", "bind", device=self.dest)
        self.remount(volume, "bind,ro")
        run = self.cronjob_ends(0, "diff", volume=volume)
        self.assertIn("+ new.txt\n", run.stdout)
        self.assertFalse((self.dest / "new.txt").exists())

    def test_the_resync_repairs_what_looks_unchanged(self):
        target = self.write("file.txt", "right")
        self.cronjob_ends(0, "sync")
        copy = self.dest / "file.txt"
        times = os.stat(copy)
        copy.write_text("wrong")
        os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.cronjob_ends(0, "resync")
        self.assertEqual(copy.read_bytes(), target.read_bytes())

    def test_more_deletes_than_the_limit_are_withheld(self):
        self.fill(40)
        self.cronjob_ends(0, "sync")
        for path in self.source.iterdir():
            if path.name != "file000.txt":
                path.unlink()
        self.cronjob_ends(4, "sync")
        self.assertEqual(len([p for p in self.dest.iterdir() if p.is_file()]), 40)


class PlainSecret(WorkloadCase):
    overlay = "plain-secret"

    def test_the_tick_mirrors_the_folder(self):
        self.fill(3)
        self.cronjob_ends(0, "sync")
        self.assert_equal_trees()

    def test_each_template_parses_and_runs(self):
        self.fill(1)
        self.cronjob_ends(0, "diff")
        self.cronjob_ends(0, "resync")
        self.assert_equal_trees()


if __name__ == "__main__":
    unittest.main()
