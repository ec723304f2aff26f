#!/usr/bin/env python3
"""Every exit code of gdrive-sync, what it says then, and which code wins where several apply."""

import os
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import MIB, AgentCase, ended, lines_of, metric  # noqa: E402
from harness import BIN, tree  # noqa: E402


class ExitCodes(AgentCase):
    def setUp(self):
        super().setUp()
        self.fill(30)

    def remove(self, count):
        for path in sorted(self.source.glob("file*"))[:count]:
            path.unlink()

    def test_0_is_one_summary_line(self):
        run = self.sync_with_outputs(code=0, result="ok")
        self.assertEqual(lines_of(run.log, "error"), [])
        summaries = [line for line in lines_of(run.log, "info") if line.startswith("sync ok: ")]
        self.assertEqual(len(summaries), 1, run.log)
        self.assertIn("30 new", summaries[0])

    def test_1_an_answer_that_cannot_be_written(self):
        for command in (["diff", "--source", "claude/files", "--dest", self.dest],
                        ["status", "--dest", self.dest], ["--help"], ["--version"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                process = subprocess.run([BIN / "gdrive-sync", *command], stdout=full,
                                         stderr=subprocess.PIPE, text=True, check=False,
                                         env=self.environment())
            self.said(process, 1, "standard output")

    def test_2_bad_credentials_file(self):
        bad = self.dir / "token.json"
        bad.write_text("{")
        run = self.sync_with_outputs("--credentials", bad, code=2, result="usage")
        self.said(run, 2, bad, "auth login")
        self.assertEqual(self.drive_requests(), [])

    def test_2_no_credentials(self):
        nothing = {f"GDRIVE_SYNC_{n}": "" for n in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")}
        run = self.sync_with_outputs(code=2, result="usage", env=nothing)
        self.said(run, 2, "GDRIVE_SYNC_CLIENT_ID", "--rclone-config", "--credentials")

    def test_2_no_source(self):
        process = self.run_command("sync", "--dest", self.dest)
        self.said(process, 2, "--source")

    def test_3_refused(self):
        run = self.sync_with_outputs(code=3, result="auth",
                                     env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"})
        self.said(run, 3, "invalid_grant", "Testing", "7 days", "auth login")
        self.assertEqual(self.drive_requests(), [])

    def test_4_withheld(self):
        self.sync()
        self.remove(26)
        run = self.sync_with_outputs(code=4, result="guard")
        self.said(run, 4, "max-delete", "26", "25", "file000.txt", "file001.txt",
                  f"approve {run.report['plan']}")
        text = self.metrics.read_text()
        self.assertEqual(metric(text, "gdrive_sync_guard_tripped", guard="max-delete"), 1)
        self.assertEqual(metric(text, "gdrive_sync_withheld_deletes"), 26)

    def test_5_one_bad_file(self):
        self.sync()
        before = (self.dest / "file003.txt").read_bytes()
        self.write("file003.txt", "another content")
        self.write("file004.txt", "and another")
        entry = self.control("tree?path=claude/files/file003.txt")
        self.strike({"flip_at": 2}, label="files.media", path=entry["id"])
        run = self.sync_with_outputs(code=5, result="partial")
        self.said(run, 5, "1 item", "gdrive-sync status")
        warnings = [w for w in lines_of(run.log, "warn") if "file003.txt" in w]
        self.assertEqual(len(warnings), 1, run.log)
        self.assertEqual((self.dest / "file003.txt").read_bytes(), before)
        self.assertEqual((self.dest / "file004.txt").read_text(), "and another")
        text = self.metrics.read_text()
        self.assertEqual(metric(text, "gdrive_sync_parked_items", reason="mismatch"), 1)
        self.clear_faults()
        self.sync()
        self.assert_equal_trees()

    def test_6_the_folder_is_missing(self):
        self.sync()
        self.source.rename(self.drive / "elsewhere")
        run = self.sync_with_outputs(code=6, result="source")
        self.said(run, 6, '"files"', '"claude"', "--source")
        self.assertEqual(self.gds("sync").code, 6, "once is not enough to be believed")
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)

    def test_6_the_listing_is_incomplete(self):
        self.sync()
        (self.source / "file000.txt").unlink()
        self.write("new.txt", "new")
        self.control("rescan", {})
        folder = self.control("tree?path=claude/files")["id"]
        self.strike({"list": "incomplete"}, label="files.list", path=folder)
        run = self.sync_with_outputs("--full", code=6, result="source")
        self.said(run, 6, "incomplete", f"id {folder}", "next run")
        self.assertTrue((self.dest / "file000.txt").exists())

    def test_6_the_path_cannot_be_looked_up(self):
        self.sync()
        self.switch(incomplete_search=1)
        run = self.sync_with_outputs("--full", code=6, result="source")
        self.said(run, 6, '"claude"', "incompleteSearch", "next run")

    def test_6_nobody_answers(self):
        self.strike({"close": True}, label="files.list")
        run = self.sync_with_outputs("--retries", "0", code=6, result="source")
        self.said(run, 6)

    def test_6_the_token_endpoint_is_down(self):
        run = self.sync_with_outputs(
            "--retries", "0", code=6, result="source",
            env={"GDRIVE_SYNC_TOKEN_ENDPOINT": "http://127.0.0.1:1/token"})
        self.said(run, 6, "http://127.0.0.1:1/token", "no access token")
        self.assertEqual(self.drive_requests(), [])

    def test_7_no_such_directory(self):
        process = self.run_command("sync", "--source", "claude/files", "--dest", self.dir / "none",
                                   "--metrics-file", self.metrics)
        self.said(process, 7, self.dir / "none", "--dest", "mounted")
        text = self.metrics.read_text()
        self.assertEqual(metric(text, "gdrive_sync_last_run_exit_code"), 7)

    def test_8_names_the_holder(self):
        self.sync()
        holder = self.hold_lock()
        holder.seek(0)
        who = holder.read().split()[1]
        run = self.gds("sync")
        self.said(run, 8, self.dest, who, "--lock-wait")
        self.assertEqual(run.report["run"]["result"], "busy")

    def test_10_only_where_asked(self):
        run = self.gds("diff", "--exit-code")
        self.assertEqual(run.code, 10, run.log)
        self.assertEqual(run.report["run"]["result"], "differs")
        self.assertEqual(lines_of(run.log, "error"), [])
        self.assertEqual(self.gds("diff").code, 0)
        self.sync()
        self.assertEqual(self.gds("diff", "--exit-code").code, 0)

    def test_130_and_143(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.strike({"stall_at": 3, "stall_ms": 600_000}, label="files.media")
            process = self.start_sync("--metrics-file", self.metrics, "--report",
                                      self.dir / "report.json")
            self.wait_until(lambda: self.requests("files.media"))
            process.send_signal(number)
            done = ended(process)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual(lines_of(done.stderr, "error"), [])
            self.assertIn("sync interrupted", done.stderr)
            text = self.metrics.read_text()
            self.assertEqual(metric(text, "gdrive_sync_last_run_exit_code"), code)
            self.clear_faults()
            self.forget_requests()
        self.sync()
        self.assert_equal_trees()


class Precedence(AgentCase):
    """3, 7, 6, 4, 5: the most serious of what applies."""

    def setUp(self):
        super().setUp()
        self.dest = self.tmpfs(self.dest, "8m")
        self.fill(30)
        self.sync()
        self.bad = self.write("bad.txt", "never arrives whole")
        self.control("rescan", {})
        self.bad_id = self.control("tree?path=claude/files/bad.txt")["id"]

    def fail_one(self):
        self.strike({"flip_at": 2}, label="files.media", path=self.bad_id)

    def trip_a_guard(self):
        for path in sorted(self.source.glob("file*"))[:26]:
            path.unlink()

    def doubt(self):
        self.switch(incomplete_search=1)

    def want_too_much(self):
        self.write("large", os.urandom(9 * MIB))

    def refuse_the_token(self):
        self.switch(invalid_grant=1)
        self.strike({"expire_tokens": True}, label="files.media")

    def test_guard_over_partial(self):
        self.fail_one()
        self.trip_a_guard()
        run = self.gds("sync")
        self.said(run, 4, "approve")
        self.assertEqual(run.counts["fail"], 1)

    def test_source_over_partial(self):
        self.fail_one()
        self.doubt()
        self.said(self.gds("sync", "--full"), 6, "incomplete")

    def test_source_over_guard(self):
        self.trip_a_guard()
        self.doubt()
        self.said(self.gds("sync", "--full"), 6, "incomplete")
        self.assertTrue((self.dest / "file000.txt").exists())

    def test_destination_over_guard(self):
        self.trip_a_guard()
        self.want_too_much()
        run = self.gds("sync")
        self.said(run, 7, "free", f"approve {run.report['plan']}")
        self.assertTrue((self.dest / "file000.txt").exists())

    def test_destination_over_source(self):
        self.want_too_much()
        (self.source / "sub").mkdir()
        self.control("rescan", {})
        sub = self.control("tree?path=claude/files/sub")["id"]
        self.strike({"list": "incomplete"}, label="files.list", path=sub)
        self.said(self.gds("sync", "--full"), 7, "free")

    def test_auth_over_guard_and_partial(self):
        self.fail_one()
        self.trip_a_guard()
        self.refuse_the_token()
        run = self.gds("sync")
        self.said(run, 3, "auth login")
        self.assertTrue((self.dest / "file000.txt").exists())

    def test_nothing_of_it_loses_anything(self):
        before = tree(self.dest)
        for trouble in (self.fail_one, self.doubt, self.trip_a_guard, self.want_too_much,
                        self.refuse_the_token):
            trouble()
            self.assertNotEqual(self.gds("sync").code, 0)
            after = tree(self.dest)
            self.assertEqual({p: after.get(p) for p in before}, before)


if __name__ == "__main__":
    unittest.main(verbosity=1)
