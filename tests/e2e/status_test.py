#!/usr/bin/env python3
"""`status`, in every situation that a mirror can be in."""

import json
import os
import signal
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, ended, lines_of  # noqa: E402

NOBODY = {f"GDRIVE_SYNC_{n}": "" for n in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "SOURCE")}


class Status(AgentCase):
    def setUp(self):
        super().setUp()
        self.fill(3)

    def text(self):
        process = self.run_command("status", "--dest", self.dest, env=NOBODY)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual(lines_of(process.stderr, "error"), [])
        for line in process.stdout.splitlines():
            self.assertTrue(line.isprintable(), repr(line))
        return process.stdout

    def view(self):
        process = self.run_command("status", "--dest", self.dest, "--format", "json", env=NOBODY)
        self.assertEqual(process.returncode, 0, process.stderr)
        return json.loads(process.stdout)

    def test_before_any_run(self):
        before = list(self.dest.iterdir())
        view = self.view()
        self.assertEqual((view["schema"], view["runs"], view["files"]), (1, [], 0))
        self.assertIsNone(view["last_success"])
        self.assertEqual(len(view["warnings"]), 1)
        self.assertRegex(self.text(), r"(?m)^last success +never$")
        self.assertEqual(list(self.dest.iterdir()), before)

    def test_after_a_good_run(self):
        self.sync()
        view = self.view()
        self.assertEqual((view["files"], view["bytes"]), (3, 30))
        self.assertEqual(view["source"]["path"], "path:claude/files")
        self.assertEqual(view["source"]["id"], self.control("tree?path=claude/files")["id"])
        self.assertEqual((view["runs"][0]["result"], view["runs"][0]["exit_code"]), ("ok", 0))
        self.assertEqual(view["last_success"], view["runs"][0]["finished"])
        self.assertIsNotNone(view["last_full_listing"])
        self.assertIsNone(view["withheld"])
        self.assertIsNone(view["running"])
        self.assertGreater(view["free_bytes"], 0)
        text = self.text()
        for part in ("3 files", "30 B", "sync", "ok", str(self.dest), "claude/files"):
            self.assertIn(part, text)

    def test_after_failed_runs_the_last_success_stands(self):
        self.sync()
        good = self.view()["last_success"]
        self.assertEqual(self.gds("sync", env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"}).code, 3)
        self.strike({"close": True}, label="files.list")
        self.assertEqual(self.gds("sync", "--full", "--retries", "0").code, 6)
        view = self.view()
        self.assertEqual([r["result"] for r in view["runs"]], ["source", "auth", "ok"])
        self.assertEqual(view["last_success"], good)
        self.assertIn("auth login", view["runs"][1]["message"])
        self.assertIn("auth login", self.text())

    def test_a_first_run_that_failed(self):
        self.assertEqual(self.gds("sync", env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"}).code, 3)
        view = self.view()
        self.assertEqual([r["result"] for r in view["runs"]], ["auth"])
        self.assertIsNone(view["last_success"])
        self.assertRegex(self.text(), r"(?m)^last success +never$")

    def test_while_a_run_is_at_work(self):
        self.sync()
        self.write("new", "new")
        self.strike({"stall_at": 1, "stall_ms": 600_000}, label="files.media")
        process = self.start_sync()
        self.wait_until(lambda: len(self.requests("files.media")) > 3)
        view = self.view()
        self.assertIsNotNone(view["running"])
        self.assertEqual(view["running"]["command"], "sync")
        self.assertIn("running now", self.text())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(ended(process).returncode, 143)
        view = self.view()
        self.assertIsNone(view["running"])
        self.assertEqual(view["runs"][0]["result"], "interrupted")

    def test_with_withheld_deletes(self):
        self.sync()
        (self.source / "file000.txt").unlink()
        run = self.gds("sync", "--max-delete", "0")
        view = self.view()
        self.assertEqual(view["withheld"], {"plan": run.report["plan"], "deletes": 1,
                                            "approved": False, "first_paths": ["file000.txt"]})
        self.assertTrue([g for g in view["guards"] if g["name"] == "max-delete"][0]["tripped"])
        text = self.text()
        for part in ("withheld: 1 delete", "- file000.txt", f"approve {run.report['plan']}"):
            self.assertIn(part, text)
        self.sync()
        self.assertIsNone(self.view()["withheld"])
        self.assertNotIn("withheld:", self.text())

    def test_with_parked_items(self):
        self.sync()
        self.write("file001.txt", "changed")
        self.strike({"flip_at": 1}, label="files.media")
        self.assertEqual(self.gds("sync").code, 5)
        view = self.view()
        self.assertEqual(view["parked"]["counts"], {"mismatch": 1})
        item = view["parked"]["items"][0]
        self.assertEqual((item["path"], item["reason"], item["attempts"]),
                         ("file001.txt", "mismatch", 1))
        self.assertIsNotNone(item["next_try"])
        self.assertIn("! file001.txt: mismatch", self.text())
        self.clear_faults()
        self.sync()
        self.assertEqual(self.view()["parked"], {"counts": {}, "items": []})

    def test_odd_names_are_made_visible_in_text_and_kept_in_json(self):
        odd = "two\nlines \x1b[31m\t\u202e"
        self.write(odd, "x")
        self.write("a\nb/c", "x")
        self.sync()
        (self.source / odd).unlink()
        (self.source / "a\nb" / "c").unlink()
        (self.source / "a\nb").rmdir()
        self.gds("sync", "--max-delete", "0")
        view = self.view()
        self.assertEqual(set(view["withheld"]["first_paths"]), {odd, "a\nb/c"})
        self.assertEqual(len([x for x in self.text().splitlines() if x.startswith("  - ")]), 2)

    def test_with_a_damaged_database(self):
        self.sync()
        (self.dest / ".gdrive-sync" / "state.db").write_bytes(b"no database" * 999)
        view = self.view()
        self.assertEqual(view["source"]["path"], "path:claude/files")

    def test_without_the_right_to_write(self):
        self.sync()
        bound = self.mount(self.dir / "bound", "-o", "bind", kind="none", device=self.dest)
        self.remount(bound, "bind,ro")
        process = self.run_command("status", "--dest", bound, env=NOBODY)
        self.assertEqual(process.returncode, 0, process.stderr)

    def test_asks_nobody_and_waits_for_no_lock(self):
        self.sync()
        self.forget_requests()
        self.hold_lock()
        self.view()
        self.assertEqual(self.requests(), [])

    def test_of_no_destination(self):
        self.said(self.run_command("status", "--dest", self.dir / "none"), 7, self.dir / "none")
        file = self.dir / "file"
        file.write_text("")
        self.said(self.run_command("status", "--dest", file), 7, file)

    def test_with_a_marker_that_cannot_be_read(self):
        self.sync()
        marker = self.dest / ".gdrive-sync" / "volume.json"
        marker.write_text("{")
        for command in (["status", "--dest", self.dest], ["approve", "0" * 16, "--dest", self.dest]):
            self.said(self.run_command(*command), 7, "volume.json")
        self.said(self.gds("sync"), 7, "volume.json")
        self.said(self.gds("diff"), 7, "volume.json")

    def test_the_database_is_a_database(self):
        self.sync()
        path = self.dest / ".gdrive-sync" / "state.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            self.assertEqual(database.execute("PRAGMA journal_mode").fetchone(), ("delete",))


if __name__ == "__main__":
    unittest.main(verbosity=1)
