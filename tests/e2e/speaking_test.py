#!/usr/bin/env python3
"""What a run says: progress, log, report, metrics to a file and to a Pushgateway."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from agent import MIB, AgentCase, lines_of, metric  # noqa: E402
from harness import BIN  # noqa: E402

# Every series of the contract, with the labels that it has beside source and destination.
SERIES = {
    "last_run_timestamp_seconds": [], "last_success_timestamp_seconds": [],
    "last_run_duration_seconds": [], "last_run_exit_code": [], "guard_tripped": ["guard"],
    "files": [], "bytes": [], "actions": ["action"], "failures": ["reason"],
    "api_requests": ["method"], "api_retries": ["reason"], "quota_units": [],
    "downloaded_bytes": [],
    "listing_full": [], "last_full_listing_timestamp_seconds": [], "feed_misses": [],
    "withheld_deletes": [], "parked_items": ["reason"], "trash_bytes": [], "free_bytes": [],
}
METHODS = ("about.get", "changes.getStartPageToken", "changes.list", "files.get", "files.list",
           "files.media", "token")


class Terminal(AgentCase):
    def on_a_terminal(self, *arguments, env=None):
        """What a person sees of a command whose standard error is a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([BIN / "gdrive-sync", *map(str, arguments)],
                                   stdout=subprocess.DEVNULL, stderr=theirs,
                                   env={**self.environment(), "TERM": "xterm", **(env or {})})
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        return process.wait(), seen.decode()

    def setUp(self):
        super().setUp()
        for i in range(6):
            self.write(f"f{i}", os.urandom(MIB // 2))
        self.control("rescan", {})
        self.where = ["sync", "--source", "claude/files", "--dest", self.dest]

    def test_a_line_that_is_redrawn_and_goes_away(self):
        self.strike({"rate": MIB // 2}, label="files.media")
        code, seen = self.on_a_terminal(*self.where)
        self.assertEqual(code, 0, seen)
        drawn = [part for part in seen.split("\r\x1b[K") if part.startswith("downloading:")]
        self.assertGreater(len(drawn), 3, seen)
        text = "\n".join(drawn)
        for pattern in (r"\d/6 files", r"/3\.0 MiB", r"(KiB|MiB)/s", r", [0-9.]+m?s? left"):
            self.assertRegex(text, pattern)
        last = seen.split("\r\x1b[K")[-1]
        self.assertRegex(last, r"^\d{4}-.* info  sync ok: 6 new.*\r\n$")

    def test_log_lines_keep_lines_of_their_own(self):
        self.strike({"flip_at": 3}, label="files.media")
        code, seen = self.on_a_terminal(*self.where, "--retries", "0")
        self.assertEqual(code, 5, seen)
        for line in re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", seen).split("\r\n"):
            line = line.split("\x1b[K")[-1]
            self.assertTrue(not line or re.match(r"\d{4}-\d\d-\d\dT", line), repr(line))

    def test_none_where_it_is_turned_off_or_the_terminal_is_dumb(self):
        code, seen = self.on_a_terminal(*self.where, "--progress", "off")
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", seen)
        self.write("another", "x")
        self.control("rescan", {})
        code, seen = self.on_a_terminal(*self.where, env={"TERM": "dumb"})
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", seen)

    def test_plain_lines_where_there_is_no_terminal(self):
        run = self.gds("sync")
        self.assertNotIn("\x1b", run.log)
        self.assertNotIn("\r", run.log)
        for line in run.log.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (info|warn|error|debug) ")


class Log(AgentCase):
    def setUp(self):
        super().setUp()
        self.fill(3)
        self.write('odd "name"\n\x1b\\.txt', "x")

    def test_every_line_is_json_with_the_run(self):
        where = ("--source", "claude/files", "--dest", self.dest)
        for command in (["sync", *where], ["resync", *where], ["diff", *where],
                        ["sync", "--source", "claude/none", "--dest", self.dest],
                        ["status", "--dest", self.dest], ["auth", "check"],
                        ["approve", "0" * 16, "--dest", self.dest]):
            self.control("rescan", {})
            process = self.run_command(*command, "--log-format", "json", "--log-level", "trace")
            for line in process.stderr.splitlines():
                entry = json.loads(line)
                self.assertLessEqual({"time", "level", "message"}, set(entry))
                self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                if command[0] in ("sync", "resync", "diff"):
                    self.assertIn("run_id", entry, line)

    def test_levels(self):
        run = self.sync("--log-level", "error")
        self.assertEqual(run.log, "")
        run = self.gds("sync", "--log-level", "error", "--source", "claude/none")
        self.assertEqual(len(run.log.splitlines()), 1)
        self.write("another", "x")
        self.assertIn("another", self.sync("--log-level", "debug").log)
        self.assertEqual(self.gds("sync", "--log-level", "off").log, "")

    def test_one_summary_line_a_run(self):
        for command, word in (("sync", "sync ok: 4 new"), ("sync", "sync ok: 0 new"),
                              ("resync", "resync ok: 0 new"), ("diff", "diff ok: 0 new")):
            run = self.gds(command)
            told = [x for x in lines_of(run.log, "info") if x.startswith(f"{command} ")]
            self.assertEqual(len(told), 1, run.log)
            self.assertTrue(told[0].startswith(word), told)

    def test_standard_output_carries_the_answer_only(self):
        self.assertEqual(self.sync("--log-level", "trace").out, "")
        self.assertNotIn("info", self.gds("diff", "--log-level", "trace").out)


class Report(AgentCase):
    def test_is_written_whole_or_not_at_all(self):
        self.fill(3)
        path = self.dir / "given.json"
        path.write_text("old")
        old = path.stat().st_ino
        process = self.run_command("sync", "--source", "claude/files", "--dest", self.dest,
                                   "--report", path)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertNotEqual(path.stat().st_ino, old)
        self.assertEqual(json.loads(path.read_text())["run"]["result"], "ok")
        self.assertEqual([p.name for p in self.dir.iterdir() if p.name.startswith("given")],
                         ["given.json"])

    def test_one_that_cannot_be_written_is_a_warning(self):
        self.fill(3)
        self.control("rescan", {})
        process = self.run_command("sync", "--source", "claude/files", "--dest", self.dest,
                                   "--report", self.dir / "none" / "report.json",
                                   "--metrics-file", self.dir / "none" / "m")
        self.assertEqual(process.returncode, 0, process.stderr)
        warnings = lines_of(process.stderr, "warn")
        self.assertEqual(len([w for w in warnings if str(self.dir / "none") in w]), 2, warnings)
        self.assert_equal_trees()


class Metrics(AgentCase):
    def setUp(self):
        super().setUp()
        self.fill(5)

    def text(self):
        text = self.metrics.read_text()
        promtool = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                  capture_output=True, check=False)
        self.assertEqual(promtool.returncode, 0, promtool.stdout + promtool.stderr)
        self.assertEqual(promtool.stderr, "")
        return text

    def value(self, name, **labels):
        return metric(self.metrics.read_text(), "gdrive_sync_" + name, **labels)

    def test_every_series_with_its_labels_from_the_first_run_on(self):
        self.sync("--metrics-file", self.metrics)
        text = self.text()
        labels = dict(source="claude/files", destination=str(self.dest))
        for name, more in SERIES.items():
            found = [x for x in text.splitlines() if x.startswith(f"gdrive_sync_{name}{{")]
            self.assertTrue(found, name)
            for line in found:
                for label, value in labels.items():
                    self.assertIn(f'{label}="{value}"', line)
                for label in more:
                    self.assertIn(f'{label}="', line)
        self.assertRegex(text, r'(?m)^gdrive_sync_build_info\{version="[\d.]+"\} 1$')
        names = set(re.findall(r"(?m)^gdrive_sync_(\w+?)(?:\{| )", text))
        self.assertEqual(names, {*SERIES, "build_info"})

    def test_the_numbers_of_a_run(self):
        self.sync("--metrics-file", self.metrics)
        self.assertEqual((self.value("files"), self.value("bytes")), (5, 50))
        self.assertEqual(self.value("downloaded_bytes"), 50)
        self.assertEqual(self.value("actions", action="download"), 5)
        self.assertEqual(self.value("api_requests", method="files.media"), 5)
        self.assertEqual(self.value("api_requests", method="token"), 1)
        prices = {"files.list": 100, "changes.list": 100, "files.media": 200, "token": 0}
        units = sum(prices.get(method, 5) * self.value("api_requests", method=method)
                    for method in METHODS)
        self.assertEqual(self.value("quota_units"), units)
        self.assertEqual(self.value("last_run_exit_code"), 0)
        self.assertEqual(self.value("listing_full"), 1)
        self.assertEqual(self.value("guard_tripped", guard="max-delete"), 0)
        self.assertGreater(self.value("last_success_timestamp_seconds"), 1.6e9)
        self.assertEqual(self.value("last_success_timestamp_seconds"),
                         self.value("last_run_timestamp_seconds"))
        self.write("file000.txt", "changed")
        (self.source / "file001.txt").unlink()
        self.strike({"status": 503}, count=2, label="files.media")
        self.sync("--metrics-file", self.metrics)
        self.assertEqual(self.value("actions", action="update"), 1)
        self.assertEqual(self.value("actions", action="delete"), 1)
        self.assertEqual(self.value("api_retries", reason="backendError"), 2)
        self.assertEqual(self.value("trash_bytes"), 20)

    def test_failing_runs_write_them_too_and_keep_the_last_success(self):
        self.sync("--metrics-file", self.metrics)
        good = self.value("last_success_timestamp_seconds")
        for code, arguments, env in (
                (3, [], {"GDRIVE_SYNC_REFRESH_TOKEN": "another"}),
                (6, ["--retries", "0"], {"GDRIVE_SYNC_DRIVE_ENDPOINT": "http://127.0.0.1:1"}),
                (2, ["--export-formats", "exe"], {}),
                (5, ["--max-size", "1G"], {})):
            if code == 5:
                self.write("file002.txt", "bad")
                self.strike({"flip_at": 1}, label="files.media")
            run = self.gds("sync", "--metrics-file", self.metrics, *arguments, env=env)
            self.assertEqual(run.code, code, run.log)
            self.text()
            self.assertEqual(self.value("last_run_exit_code"), code)
            self.assertEqual(self.value("last_success_timestamp_seconds"), good)
        self.assertEqual(self.value("failures", reason="mismatch"), 1)
        self.assertEqual(self.value("parked_items", reason="mismatch"), 1)
        self.assertEqual(self.value("files"), 5)

    def test_a_run_that_never_reached_the_volume_keeps_its_figures(self):
        self.sync("--metrics-file", self.metrics)
        good = self.value("last_success_timestamp_seconds")
        self.hold_lock()
        for code, arguments in ((8, []), (2, ["--export-formats", "exe"])):
            run = self.gds("sync", "--metrics-file", self.metrics, *arguments)
            self.assertEqual(run.code, code)
            self.text()
            self.assertEqual(self.value("last_run_exit_code"), code)
            self.assertEqual(self.value("last_success_timestamp_seconds"), good)
            self.assertEqual((self.value("files"), self.value("bytes")), (5, 50))
            self.assertGreater(self.value("free_bytes"), 0)

    def test_a_first_run_that_fails_claims_no_success(self):
        self.gds("sync", "--metrics-file", self.metrics,
                 env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"})
        self.text()
        self.assertIsNone(self.value("last_success_timestamp_seconds"))
        self.assertEqual(self.value("last_run_exit_code"), 3)

    def test_the_file_is_replaced_by_rename(self):
        self.sync("--metrics-file", self.metrics)
        old = self.dir / "old.prom"
        os.link(self.metrics, old)
        before = old.read_text()
        self.write("more", "more")
        self.sync("--metrics-file", self.metrics)
        self.assertEqual(old.read_text(), before)
        self.assertNotEqual(self.metrics.read_text(), before)
        self.assertEqual(self.metrics.stat().st_mode & 0o777, 0o644)
        self.assertEqual([p.name for p in self.dir.iterdir() if p.name.startswith("gdrive-sync")],
                         ["gdrive-sync.prom"])

    def test_diff_writes_none(self):
        run = self.gds("diff", env={"GDRIVE_SYNC_METRICS_FILE": str(self.metrics)})
        self.assertEqual(run.code, 0, run.log)
        self.assertFalse(self.metrics.exists())
        self.said(self.gds("diff", "--metrics-file", self.metrics), 2, "--metrics-file")


class Pushing(AgentCase):
    def setUp(self):
        super().setUp()
        self.fill(3)
        self.gateway = subprocess.Popen(
            ["prometheus-pushgateway", "--web.listen-address=127.0.0.1:0", "--persistence.file="],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.reap, self.gateway)
        for line in self.gateway.stderr:
            found = re.search(r'Listening on" address=(\S+)', line)
            if found:
                self.push = f"http://{found[1]}"
                return
        self.fail("the gateway did not start")

    def groups(self):
        with urllib.request.urlopen(self.push + "/api/v1/metrics") as answer:
            return {group["labels"]["instance"]: group
                    for group in json.loads(answer.read())["data"]}

    def exit_code(self, instance):
        metrics = self.groups()[instance]["gdrive_sync_last_run_exit_code"]["metrics"]
        return float(metrics[0]["value"])

    def test_is_grouped_by_the_source_and_replaced_by_the_next_run(self):
        self.sync("--metrics-push", self.push)
        folder = self.control("tree?path=claude/files")["id"]
        self.assertEqual(set(self.groups()), {folder})
        self.assertEqual(self.groups()[folder]["labels"]["job"], "gdrive-sync")
        self.assertEqual(self.exit_code(folder), 0)
        success = self.groups()[folder]["gdrive_sync_last_success_timestamp_seconds"]
        # A run that fails before it sees the folder still reports on the same mirror.
        run = self.gds("sync", "--metrics-push", self.push,
                       env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"})
        self.assertEqual(run.code, 3)
        self.assertEqual(set(self.groups()), {folder})
        self.assertEqual(self.exit_code(folder), 3)
        after = self.groups()[folder]["gdrive_sync_last_success_timestamp_seconds"]
        self.assertEqual(after["metrics"], success["metrics"])
        self.hold_lock()
        self.assertEqual(self.gds("sync", "--metrics-push", self.push).code, 8)
        self.assertEqual(set(self.groups()), {folder})
        self.assertEqual(self.exit_code(folder), 8)
        files = self.groups()[folder]["gdrive_sync_files"]["metrics"][0]["value"]
        self.assertEqual(float(files), 3)

    def test_under_a_name_of_ones_own(self):
        self.sync("--metrics-push", self.push, "--instance", "a/b c")
        self.assertEqual(self.exit_code("a/b c"), 0)

    def test_a_first_run_that_fails_leaves_nothing_behind(self):
        run = self.gds("sync", "--metrics-push", self.push,
                       env={"GDRIVE_SYNC_REFRESH_TOKEN": "another"})
        self.assertEqual(run.code, 3)
        self.assertEqual(self.exit_code("claude/files"), 3)
        self.sync("--metrics-push", self.push)
        folder = self.control("tree?path=claude/files")["id"]
        self.assertEqual(set(self.groups()), {folder})

    def test_a_dead_gateway_never_fails_the_run(self):
        self.gateway.kill()
        self.gateway.wait()
        run = self.sync("--metrics-push", self.push)
        self.assertEqual(len([w for w in lines_of(run.log, "warn") if "push" in w]), 1, run.log)
        self.assert_equal_trees()

    def test_a_gateway_that_never_answers(self):
        self.gateway.send_signal(signal.SIGSTOP)
        self.addCleanup(self.gateway.send_signal, signal.SIGCONT)
        run = self.sync("--metrics-push", self.push)
        self.assertIn("push", "".join(lines_of(run.log, "warn")))


class Tools(unittest.TestCase):
    def test_are_here(self):
        for tool in ("promtool", "prometheus-pushgateway"):
            self.assertIsNotNone(shutil.which(tool), tool)


if __name__ == "__main__":
    unittest.main(verbosity=1)
