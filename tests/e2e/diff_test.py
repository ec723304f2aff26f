#!/usr/bin/env python3
"""`diff`: what sync would do, by the same planner, without a trace."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, ended, everything_under, lines_of  # noqa: E402
from harness import BIN, tree  # noqa: E402

ACTION_MEMBERS = {"action", "path", "from", "size", "reason", "id", "outcome", "error"}


class DiffCase(AgentCase):
    def change_everything(self):
        """Of each kind of action one, at least."""
        self.write("new.txt", "new")
        self.write("new folder/x.txt", "x")
        self.write("file000.txt", "changed")
        (self.source / "file001.txt").rename(self.source / "renamed.txt")
        (self.source / "file002.txt").unlink()
        shutil.rmtree(self.source / "sub")
        (self.dest / "foreign.txt").write_text("?")
        (self.dest / "file004.txt").unlink()
        self.control("rescan", {})
        self.control("tree", {"op": "create", "path": "claude/files/form",
                              "mime": "application/vnd.google-apps.form"})

    def untouched(self, *roots):
        """Asserts, at the end of the with block, that nothing below these roots was touched."""
        return Untouched(self, roots or (self.dest,))


class Untouched:
    def __init__(self, case, roots):
        self.case = case
        self.roots = roots

    def __enter__(self):
        self.before = [everything_under(root) for root in self.roots]

    def __exit__(self, kind, *_):
        if kind is None:
            after = [everything_under(root) for root in self.roots]
            self.case.assertEqual(after, self.before)


class Text(DiffCase):
    def setUp(self):
        super().setUp()
        self.fill(6)
        self.write("sub/y.txt", "y")
        self.sync()
        self.change_everything()

    def test_one_line_an_action_and_a_summary(self):
        with self.untouched():
            run = self.gds("diff")
        self.assertEqual(run.code, 0, run.log)
        lines = run.out.splitlines()
        for line in ("+ new folder/", "+ new folder/x.txt", "+ new.txt", "~ file000.txt",
                     "> file001.txt -> renamed.txt", "- file002.txt", "- foreign.txt",
                     "- sub/y.txt", "- sub/", "+ file004.txt"):
            self.assertIn(line, lines)
        self.assertEqual(len([x for x in lines if re.match(r"! form: .+", x)]), 1, run.out)
        self.assertTrue(all(re.match(r"[-+~>!] ", line) for line in lines[:-1]), run.out)
        self.assertRegex(lines[-1], r"^diff ok: 3 new, 1 updated, 1 renamed, 3 deleted, ")
        self.assertEqual(lines_of(run.log, "error"), [])

    def test_json_is_the_report(self):
        with self.untouched():
            run = self.gds("diff", "--format", "json")
        shown = json.loads(run.out)
        self.assertEqual(shown, run.report)
        self.assertEqual(shown["schema"], 1)
        self.assertLessEqual({"id", "command", "listing", "dry_run", "started", "finished",
                              "result", "exit_code"}, set(shown["run"]))
        self.assertEqual((shown["run"]["command"], shown["run"]["dry_run"],
                          shown["run"]["listing"]), ("diff", True, "changes"))
        self.assertEqual(shown["source"]["path"], "claude/files")
        self.assertEqual(shown["source"]["id"], self.control("tree?path=claude/files")["id"])
        self.assertEqual(shown["destination"], str(self.dest))
        self.assertEqual(shown["counts"], {
            "unchanged": 2, "download": 3, "update": 1, "rename": 1, "delete": 3, "mkdir": 1,
            "rmdir": 1, "skip": 1, "fail": 0})
        self.assertEqual(shown["bytes"], {"downloaded": 0, "planned": 3 + 1 + 7 + 10})
        for action in shown["actions"]:
            self.assertLessEqual(set(action), ACTION_MEMBERS)
            self.assertIn(action["outcome"], ("planned", "skipped"))
        rename = [a for a in shown["actions"] if a["action"] == "rename"][0]
        self.assertEqual((rename["from"], rename["path"]), ("file001.txt", "renamed.txt"))

    def test_sync_does_what_diff_said(self):
        planned = self.gds("diff").report
        done = self.sync().report

        def essence(report):
            return sorted((a["action"], a["path"], a["reason"]) for a in report["actions"])

        self.assertEqual(essence(done), essence(planned))
        self.assertEqual(done["counts"], planned["counts"])
        self.assertEqual(self.gds("diff", "--exit-code").code, 0)
        self.assert_equal_trees()

    def test_exit_code_10_only_for_differences_that_sync_would_make(self):
        self.assertEqual(self.gds("diff", "--exit-code").code, 10)
        self.sync()
        run = self.gds("diff", "--exit-code")
        self.assertEqual(run.code, 0, run.log)
        self.assertEqual(run.counts["skip"], 1)

    def test_odd_names_stay_on_their_line(self):
        self.sync()
        self.write("two\nlines\x1b[31m", "x")
        run = self.gds("diff")
        self.assertEqual(len(run.out.splitlines()), 3, run.out)
        self.assertNotIn("\x1b", run.out)

    def test_a_report_to_standard_output(self):
        process = self.run_command("diff", "--source", "claude/files", "--dest", self.dest,
                                   "--report", "/dev/stdout")
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn('"schema"', process.stdout)


class WithoutATrace(DiffCase):
    def setUp(self):
        super().setUp()
        self.fill(6)
        self.write("sub/y.txt", "y")
        self.control("rescan", {})

    def scratch(self):
        path = self.dir / "scratch"
        path.mkdir(exist_ok=True)
        return {"TMPDIR": str(path)}

    def test_before_the_first_sync(self):
        (self.dest / "foreign").write_text("?")
        with self.untouched():
            run = self.gds("diff", env=self.scratch())
        self.assertEqual(run.code, 0, run.log)
        self.assertEqual((run.counts["download"], run.counts["delete"]), (7, 1))
        self.assertEqual(list((self.dir / "scratch").iterdir()), [])

    def test_of_a_volume_that_rclone_filled(self):
        shutil.rmtree(self.dest)
        shutil.copytree(self.source, self.dest)
        with self.untouched():
            run = self.gds("diff", "--exit-code")
        self.assertEqual(run.code, 0, run.out)
        self.assertEqual(run.counts["unchanged"], 7)

    def test_with_a_state_directory_elsewhere(self):
        state = self.dir / "state"
        state.mkdir()
        self.sync("--state-dir", state)
        self.change_everything()
        with self.untouched(self.dest, state):
            run = self.gds("diff", "--state-dir", state, env=self.scratch())
        self.assertEqual(run.counts["rename"], 1)
        self.assertEqual(list((self.dir / "scratch").iterdir()), [])

    def test_on_a_read_only_volume(self):
        self.sync()
        self.change_everything()
        bound = self.mount(self.dir / "bound", "-o", "bind", kind="none", device=self.dest)
        self.remount(bound, "bind,ro")
        with self.untouched():
            process = self.run_command("diff", "--source", "claude/files", "--dest", bound)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("> file001.txt -> renamed.txt", process.stdout)

    def test_on_a_read_only_volume_before_the_first_sync(self):
        self.dest = self.tmpfs(self.dest, "1m")
        self.remount(self.dest, "ro")
        run = self.gds("diff")
        self.assertEqual(run.code, 0, run.log)
        self.assertEqual(run.counts["download"], 7)

    def test_as_a_user_who_may_only_read(self):
        self.sync()
        self.change_everything()
        self.dir.chmod(0o755)
        shutil.chown(self.dest / ".gdrive-sync", 65534)
        for path in (self.dest / ".gdrive-sync").iterdir():
            shutil.chown(path, 65534)
            path.chmod(0o500 if path.is_dir() else 0o400)
        with self.untouched():
            process = subprocess.run(
                [BIN / "gdrive-sync", "diff", "--source", "claude/files", "--dest", self.dest],
                capture_output=True, text=True, check=False, user=65534, group=65534,
                env=self.environment())
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("> file001.txt -> renamed.txt", process.stdout)

    def test_while_a_sync_holds_the_lock(self):
        self.sync()
        self.change_everything()
        self.strike({"rate": 1, "stall_at": 1, "stall_ms": 600_000}, label="files.media")
        running = self.start_sync()
        self.wait_until(lambda: self.requests("files.media"))
        process = self.run_command("diff", "--source", "claude/files", "--dest", self.dest)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("+ new.txt", process.stdout)
        status = self.run_command("status", "--dest", self.dest)
        self.assertEqual(status.returncode, 0, status.stderr)
        self.assertIsNone(running.poll())
        self.clear_faults()
        running.send_signal(signal.SIGTERM)
        done = ended(running)
        self.assertEqual(done.returncode, 143, done.stderr)

    def test_disturbs_no_sync(self):
        for i in range(200):
            self.write(f"many/{i}", f"{i}")
        running = self.start_sync("--transfers", "1")
        looked = 0
        while running.poll() is None:
            for command in ("status", "diff"):
                source = [] if command == "status" else ["--source", "claude/files"]
                process = self.run_command(command, *source, "--dest", self.dest)
                self.assertEqual(process.returncode, 0, process.stderr)
            looked += 1
        done = ended(running)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(looked, 0)
        self.assert_equal_trees()

    def test_with_a_journal_left_by_a_killed_run(self):
        self.sync()
        self.change_everything()
        self.strike({"stall_at": 1, "stall_ms": 600_000}, label="files.media")
        running = self.start_sync()
        self.wait_until(lambda: self.requests("files.media"))
        running.kill()
        running.wait()
        with self.untouched():
            run = self.gds("diff")
        self.assertEqual(run.code, 0, run.log)

    def test_with_a_damaged_database(self):
        self.sync()
        (self.dest / ".gdrive-sync" / "state.db").write_bytes(b"no database" * 1000)
        with self.untouched():
            run = self.gds("diff", "--exit-code")
        self.assertEqual(run.code, 0, run.log)
        self.assertEqual(run.counts["unchanged"], 7)

    def test_what_is_missing_is_said(self):
        self.said(self.run_command("diff", "--source", "claude/files", "--dest",
                                   self.dir / "none"), 7, self.dir / "none")
        self.assertFalse((self.dir / "none").exists())
        self.said(self.gds("diff", env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"}), 3)
        self.said(self.gds("diff", "--source", "claude/none"), 2)

    def test_an_incomplete_listing(self):
        self.sync()
        (self.source / "file000.txt").unlink()
        self.control("rescan", {})
        sub = self.control("tree?path=claude/files/sub")["id"]
        self.strike({"list": "incomplete"}, label="files.list", path=sub)
        with self.untouched():
            run = self.gds("diff", "--full")
        self.said(run, 6, "incomplete", sub)
        self.assertEqual(run.counts["delete"], 0)

    def test_a_clock_that_went_back_lists_no_less(self):
        self.sync()
        self.assertEqual(tree(self.dest).keys(), tree(self.source).keys())


class EveryDelete(DiffCase):
    def test_is_listed_whatever_the_limit(self):
        self.fill(120)
        self.sync("--max-delete", "-1")
        for path in sorted(self.source.glob("file*"))[:100]:
            path.unlink()
        run = self.gds("diff", "--max-delete", "3")
        self.assertEqual(run.code, 0, run.log)
        self.assertEqual(len([x for x in run.out.splitlines() if x.startswith("- ")]), 100)
        self.assertEqual(len(run.actions("delete")), 100)
        self.assertEqual(self.gds("diff", "--exit-code", "--max-delete", "3").code, 10)


if __name__ == "__main__":
    unittest.main(verbosity=1)
