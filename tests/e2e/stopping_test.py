#!/usr/bin/env python3
"""Runs that are stopped, killed, out of time, or find another one at work."""

import os
import random
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import MIB, AgentCase, ended, lines_of, metric  # noqa: E402
from harness import BIN, tree  # noqa: E402

STOPS = ((signal.SIGTERM, 143), (signal.SIGINT, 130))


class StopCase(AgentCase):
    def stopped(self, process, number, code):
        process.send_signal(number)
        done = ended(process)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(lines_of(done.stderr, "error"), [])
        said = [line for line in lines_of(done.stderr, "warn") if "what was finished is kept" in line]
        self.assertEqual(len(said), 1, done.stderr)
        return done

    def converges(self):
        self.clear_faults()
        run = self.sync()
        self.assert_equal_trees()
        self.assertEqual(self.sync().report["actions"], [])
        staging = self.dest / ".gdrive-sync" / "staging"
        self.assertEqual(list(staging.iterdir()), [])
        return run


class Signals(StopCase):
    def test_while_listing(self):
        self.fill(5)
        for number, code in STOPS:
            self.forget_requests()
            self.strike({"hang": True}, label="files.list")
            process = self.start_sync()
            self.wait_until(lambda: self.waits_for_drive(process))
            self.stopped(process, number, code)
            self.assertEqual(tree(self.dest), {})
        self.converges()

    def waits_for_drive(self, process):
        """It has its token; the next thing that it does is to ask for a listing."""
        return self.requests("oauth.token") and process.poll() is None

    def test_while_waiting_to_try_again(self):
        self.fill(5)
        self.strike({"status": 429, "reason": "rateLimitExceeded", "retry_after": "90"},
                    label="files.list")
        process = self.start_sync()
        self.wait_until(lambda: self.requests("files.list"))
        self.stopped(process, signal.SIGTERM, 143)
        self.converges()

    def test_while_downloading_keeps_what_is_finished(self):
        self.fill(20)
        self.write("zz-large", os.urandom(MIB))
        self.control("rescan", {})
        large = self.control("tree?path=claude/files/zz-large")["id"]
        self.strike({"stall_at": MIB // 2, "stall_ms": 600_000}, label="files.media", path=large)
        process = self.start_sync("--transfers", "4")
        self.wait_until(lambda: len(list(self.dest.glob("file*"))) == 20)
        self.stopped(process, signal.SIGTERM, 143)
        self.assertFalse((self.dest / "zz-large").exists())
        self.forget_requests()
        self.converges()
        asked = [r for r in self.requests("files.media")]
        self.assertEqual({r["id"] for r in asked}, {large})
        self.assertTrue(asked[0]["headers"].get("range", "").startswith("bytes="), asked)

    def test_at_any_moment_of_a_run(self):
        rng = random.Random(5)
        for i in range(60):
            self.write(f"d{i % 7}/f{i}", os.urandom(rng.randrange(30_000)))
        (self.dest / "adopted").mkdir()
        codes = set()
        for attempt in range(12):
            self.write("changes", f"{attempt}")
            process = self.start_sync("--unmanaged", "keep")
            try:
                process.wait(timeout=0.02 * attempt)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
            codes.add(ended(process).returncode)
        # A signal before the program listens for it ends the process as signals do.
        self.assertLessEqual(codes, {0, 143, -signal.SIGTERM})
        (self.dest / "adopted").rmdir()
        self.converges()

    def test_while_reading_every_file(self):
        self.write("large", bytes(200 * MIB))
        self.sync()
        codes = set()
        for attempt in range(1, 40):
            process = self.start("resync", "--source", "claude/files", "--dest", self.dest)
            try:
                process.wait(timeout=0.02 * attempt)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            done = ended(process)
            codes.add(done.returncode)
            self.assertIn(done.returncode, (0, 130, -signal.SIGINT), done.stderr)
            if done.returncode == 0:
                break
        self.assertIn(130, codes)
        self.converges()

    def test_a_second_signal_changes_nothing(self):
        self.fill(3)
        self.strike({"stall_at": 2, "stall_ms": 600_000}, label="files.media")
        process = self.start_sync()
        self.wait_until(lambda: self.requests("files.media"))
        process.send_signal(signal.SIGTERM)
        self.stopped(process, signal.SIGTERM, 143)
        self.converges()

    def test_the_report_and_the_metrics_tell_of_it(self):
        self.fill(3)
        self.strike({"stall_at": 2, "stall_ms": 600_000}, label="files.media")
        process = self.start_sync("--metrics-file", self.metrics)
        self.wait_until(lambda: self.requests("files.media"))
        self.stopped(process, signal.SIGTERM, 143)
        self.assertEqual(metric(self.metrics.read_text(), "gdrive_sync_last_run_exit_code"), 143)
        status = self.run_command("status", "--dest", self.dest)
        self.assertIn("interrupted", status.stdout)

    def test_kill_nine_leaves_old_or_new_files_whole(self):
        rng = random.Random(7)
        written = {}

        def change(i):
            content = os.urandom(rng.randrange(30_000))
            self.write(f"d{i % 7}/f{i}", content)
            written.setdefault(f"d{i % 7}/f{i}", set()).add(content)

        for i in range(60):
            change(i)
        self.sync()
        self.strike({"rate": 2 * MIB}, label="files.media")
        for attempt in range(12):
            for i in rng.sample(range(60), 10):
                change(i)
            process = self.start_sync()
            try:
                process.wait(timeout=0.03 * attempt)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            held = {p: state[0] for p, state in tree(self.dest).items() if state is not None}
            self.assertEqual(set(held), set(written))
            self.assertEqual([p for p in held if held[p] not in written[p]], [])
        self.converges()

    def test_killed_in_the_middle_of_one_file(self):
        self.write("large", os.urandom(4 * MIB))
        self.sync()
        old = (self.dest / "large").read_bytes()
        self.write("large", os.urandom(4 * MIB))
        self.strike({"stall_at": 3 * MIB, "stall_ms": 600_000}, label="files.media")
        process = self.start_sync()
        self.wait_until(lambda: any(p.stat().st_size >= 2 * MIB for p in
                                    (self.dest / ".gdrive-sync" / "staging").iterdir()))
        process.kill()
        process.wait()
        self.assertEqual((self.dest / "large").read_bytes(), old)
        self.forget_requests()
        self.converges()
        self.assertRegex(self.requests("files.media")[0]["headers"].get("range", ""), r"^bytes=\d")


class OutOfTime(StopCase):
    def test_ends_5_and_keeps_what_is_finished(self):
        self.fill(3)
        self.write("zz-large", os.urandom(MIB))
        self.control("rescan", {})
        large = self.control("tree?path=claude/files/zz-large")["id"]
        self.strike({"stall_at": 10, "stall_ms": 600_000}, label="files.media", path=large)
        run = self.sync_with_outputs("--max-duration", "2s", code=5, result="partial")
        self.said(run, 5, "--max-duration is over", "what was finished is kept", "next run")
        self.assertEqual(len(list(self.dest.glob("file*"))), 3)
        self.converges()

    def test_while_listing(self):
        self.fill(3)
        self.strike({"hang": True}, label="files.list")
        self.said(self.gds("sync", "--max-duration", "1s"), 5, "--max-duration is over")
        self.converges()

    def test_a_run_in_time_is_none_the_wiser(self):
        self.fill(3)
        self.sync("--max-duration", "10m")


class OneAtATime(StopCase):
    def setUp(self):
        super().setUp()
        self.fill(3)
        self.sync()

    def has_the_lock_open(self, process):
        directory = f"/proc/{process.pid}/fd"
        try:
            links = [os.readlink(os.path.join(directory, fd)) for fd in os.listdir(directory)]
        except OSError:
            return False
        return any(link.endswith("/.gdrive-sync/lock") for link in links)

    def test_waits_and_then_runs(self):
        self.write("new", "new")
        lock = self.hold_lock()
        process = self.start_sync("--lock-wait", "10m")
        self.wait_until(lambda: self.has_the_lock_open(process))
        self.assertFalse((self.dest / "new").exists())
        lock.close()
        done = ended(process)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_equal_trees()

    def test_does_not_wait_for_ever(self):
        self.hold_lock()
        self.said(self.gds("sync", "--lock-wait", "1s"), 8, "--lock-wait")

    def test_a_signal_ends_the_waiting(self):
        self.hold_lock()
        process = self.start_sync("--lock-wait", "10m")
        self.wait_until(lambda: self.has_the_lock_open(process))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(ended(process).returncode, 143)

    def test_of_two_at_once_one_works_and_the_other_names_it(self):
        self.write("new", "new")
        self.strike({"stall_at": 1, "stall_ms": 600_000}, count=1, label="files.media")
        first = self.start_sync()
        self.wait_until(lambda: self.requests("files.media")[3:])
        second = self.gds("sync", "--metrics-file", self.metrics)
        self.said(second, 8, self.dest, f"pid {first.pid}", os.uname().nodename)
        self.assertEqual(self.gds("resync").code, 8)
        self.stopped(first, signal.SIGTERM, 143)
        self.converges()

    def test_the_lock_of_a_dead_run_is_free(self):
        self.write("new", "new")
        self.strike({"stall_at": 1, "stall_ms": 600_000}, count=1, label="files.media")
        first = self.start_sync()
        self.wait_until(lambda: self.requests("files.media")[3:])
        first.kill()
        first.wait()
        self.converges()


class Streams(StopCase):
    """Standard streams that are closed, or whose reader is gone."""

    def setUp(self):
        super().setUp()
        self.fill(200)
        self.control("rescan", {})
        self.where = f'--source claude/files --dest "{self.dest}"'

    def shell(self, script):
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False,
                              env={**self.environment(), "GDS": str(BIN / "gdrive-sync")})

    def test_a_reader_that_has_seen_enough(self):
        done = self.shell(f'"$GDS" diff {self.where} | head -n 1; exit "${{PIPESTATUS[0]}}"')
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_standard_output_is_closed(self):
        done = self.shell(f'"$GDS" diff {self.where} >&-')
        self.said(done, 1, "standard output")
        done = self.shell(f'"$GDS" sync {self.where} >&- <&-')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_equal_trees()

    def test_standard_error_is_closed_or_full(self):
        for redirect in ("2>&-", "2>/dev/full", "2>&- >&- <&-"):
            self.write("changes", redirect)
            self.control("rescan", {})
            done = self.shell(f'"$GDS" sync {self.where} {redirect}')
            self.assertEqual(done.returncode, 0, redirect)
            self.assert_equal_trees()

    def test_the_reader_of_the_log_is_gone(self):
        done = self.shell(f'"$GDS" sync {self.where} --log-level trace 2> >(head -c 10 >/dev/null)')
        self.assertEqual(done.returncode, 0)
        self.assert_equal_trees()


if __name__ == "__main__":
    unittest.main(verbosity=1)
