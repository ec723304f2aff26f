#!/usr/bin/env python3
"""What can be asked of a mirror while a run is at work, after one was killed, and without a database."""

import json
import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import MirrorCase, tree  # noqa: E402


class Asked(MirrorCase):
    def setUp(self):
        super().setUp()
        self.fill(5)
        self.sync()
        self.state = self.dest / ".gdrive-sync"

    def status(self):
        text = self.run_command("status", "--dest", self.dest)
        self.assertEqual(text.returncode, 0, text.stderr)
        self.text = text.stdout
        process = self.run_command("status", "--dest", self.dest, "--format", "json")
        self.assertEqual(process.returncode, 0, process.stderr)
        return json.loads(process.stdout)

    def begin_a_slow_run(self):
        self.write("slow", "never comes")
        self.control("rescan", {})
        self.fault({"label": "files.media"}, {"hang": True})
        self.forget_requests()
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        self.wait_until(lambda: self.requests("files.media"))
        return run

    def test_a_run_at_work_is_shown_and_does_not_wait(self):
        run = self.begin_a_slow_run()
        view = self.status()
        self.assertEqual(view["running"]["result"], "running")
        self.assertIn("running now", self.text)
        self.assertEqual(view["files"], 5)
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=60)
        view = self.status()
        self.assertIsNone(view["running"])
        self.assertEqual(view["runs"][0]["result"], "interrupted")
        self.assertEqual(view["runs"][0]["downloaded"], 0)

    def test_diff_works_beside_a_run(self):
        self.begin_a_slow_run()
        result = self.gds("diff")
        self.assertEqual(result.code, 0, result.log)
        self.assertEqual([a["path"] for a in result.actions("download")], ["slow"])

    def test_a_killed_run_is_rolled_back_in_the_copy_only(self):
        run = self.begin_a_slow_run()
        run.kill()
        run.wait()
        before = {p.name: p.read_bytes() for p in self.state.glob("state.db*")}
        self.assertEqual(self.status()["files"], 5)
        self.assertEqual({p.name: p.read_bytes() for p in self.state.glob("state.db*")}, before)
        self.clear_faults()
        self.sync()
        self.assert_equal_trees()
        self.assertIsNone(self.status()["running"])

    def test_without_a_readable_database_the_last_words_are_told(self):
        (self.state / "state.db").unlink()
        (self.state / "state.db").mkdir()
        view = self.status()
        self.assertEqual(view["files"], 5)
        self.assertIn("could not be read", " ".join(view["warnings"]))
        self.assertEqual(view["runs"][0]["result"], "ok")

    def test_a_guard_of_the_last_run_is_told(self):
        for path in self.source.glob("file*"):
            path.unlink()
        self.write("stays", "s")
        self.sync("--max-delete", "2", expect=4)
        view = self.status()
        self.assertTrue([g for g in view["guards"] if g["name"] == "max-delete"][0]["tripped"])
        self.assertEqual(view["withheld"]["deletes"], 5)
        self.assertEqual(view["runs"][0]["deleted"], 0)
        self.assertEqual(view["runs"][0]["downloaded"], 1)

    def test_status_takes_no_lock_and_writes_nothing(self):
        def marks():
            return {p: (p.stat().st_mtime_ns, p.stat().st_ctime_ns) for p in self.state.rglob("*")}
        before = marks()
        self.status()
        self.assertEqual(marks(), before)
        self.hold_lock()
        self.status()


class Volumes(MirrorCase):
    def setUp(self):
        super().setUp()
        self.fill(3)
        self.state = self.dir / "state"
        self.state.mkdir()
        self.sync("--state-dir", self.state)

    def test_another_volume_in_the_place_of_the_known_one_is_left_alone(self):
        other = self.dir / "other"
        other.mkdir()
        (other / "of the other").write_text("precious")
        self.dest, known = other, self.dest
        self.sync("--unmanaged", "keep")
        before = tree(other)
        result = self.sync("--state-dir", self.state, expect=7)
        self.assertIn("another volume", result.log)
        self.assertEqual(self.gds("diff", "--state-dir", self.state).code, 7)
        self.assertEqual(tree(other), before)
        self.dest = known
        self.assertEqual(self.sync("--state-dir", self.state).report["actions"], [])

    def test_resync_takes_it(self):
        shutil.rmtree(self.dest)
        self.dest.mkdir()
        self.sync("--state-dir", self.state, expect=7)
        result = self.gds("resync", "--state-dir", self.state)
        self.assertEqual(result.code, 0, result.log)
        self.assert_equal_trees()

    def test_diff_looks_past_a_damaged_database(self):
        (self.state / "state.db").write_bytes(b"no database" * 1000)
        result = self.gds("diff", "--state-dir", self.state)
        self.assertEqual(result.code, 0, result.log)
        self.assertIn("damaged", result.log)
        self.assertEqual(result.report["actions"], [])
        self.assertEqual((self.state / "state.db").read_bytes(), b"no database" * 1000)


if __name__ == "__main__":
    unittest.main(verbosity=1)
