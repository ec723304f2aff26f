#!/usr/bin/env python3
"""What single options do, seen from outside: what is asked of Drive, what lies on the disk."""

import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import MIB, AgentCase  # noqa: E402
from harness import BIN, tree  # noqa: E402


class Modes(AgentCase):
    def modes(self):
        return {os.path.relpath(path, self.dest): path.stat().st_mode & 0o7777
                for path in self.dest.rglob("*") if ".gdrive-sync" not in path.parts}

    def run_with_umask(self, umask, *arguments):
        self.control("rescan", {})
        process = subprocess.run(
            [BIN / "gdrive-sync", "sync", "--source", "claude/files", "--dest", self.dest,
             *arguments], capture_output=True, text=True, env=self.environment(), check=False,
            preexec_fn=lambda: os.umask(umask))
        self.assertEqual(process.returncode, 0, process.stderr)

    def test_the_default_is_what_the_umask_leaves(self):
        self.write("sub/a", "a")
        self.run_with_umask(0o027)
        self.assertEqual(self.modes(), {"sub": 0o750, "sub/a": 0o640})

    def test_of_ones_own_less_the_umask(self):
        self.write("sub/a", "a")
        self.run_with_umask(0o002, "--file-mode", "0664", "--dir-mode", "0777")
        self.assertEqual(self.modes(), {"sub": 0o775, "sub/a": 0o664})

    def test_a_mode_changed_by_hand_is_no_drift(self):
        self.write("sub/a", "a")
        self.sync()
        (self.dest / "sub" / "a").chmod(0o600)
        self.assertEqual(self.sync().report["actions"], [])
        self.assertEqual((self.dest / "sub" / "a").stat().st_mode & 0o777, 0o600)

    def test_a_setgid_folder_keeps_its_group(self):
        self.dest.chmod(0o2775)
        os.chown(self.dest, -1, 12345)
        self.write("sub/a", "a")
        self.sync()
        self.assertEqual((self.dest / "sub" / "a").stat().st_gid, 12345)
        self.assertEqual((self.dest / "sub").stat().st_mode & 0o2000, 0o2000)


class Trash(AgentCase):
    def setUp(self):
        super().setUp()
        self.write("a", "first")
        self.write("b", "b")
        self.sync()

    def kept(self):
        trash = self.dest / ".gdrive-sync" / "trash"
        return sorted(path.read_bytes() for path in trash.rglob("*")
                      if path.is_file() and path.name != "manifest.jsonl")

    def change(self):
        self.write("a", "second")
        (self.source / "b").unlink()

    def test_keeps_what_was_removed_and_replaced(self):
        self.change()
        self.sync()
        self.assertEqual(self.kept(), [b"b", b"first"])

    def test_not_at_all(self):
        self.change()
        self.sync("--trash-keep", "0")
        self.assertEqual(self.kept(), [])

    def test_expires(self):
        self.change()
        self.sync()
        for run in (self.dest / ".gdrive-sync" / "trash").iterdir():
            self.assertTrue(run.is_dir())
        self.sync("--trash-keep", "7d")
        self.assertEqual(len(self.kept()), 2)
        time.sleep(1.1)  # older than the second that is kept
        self.sync("--trash-keep", "1s")
        self.assertEqual(self.kept(), [])

    def test_is_bounded(self):
        self.write("a", b"x" * 5000)
        self.sync()
        self.write("a", "third")
        self.sync()
        self.assertEqual(len(self.kept()), 2)
        self.sync("--trash-max-size", "5001")
        self.assertEqual(self.kept(), [b"x" * 5000])
        self.sync("--trash-max-size", "100")
        self.assertEqual(self.kept(), [])


class Requests(AgentCase):
    def setUp(self):
        super().setUp()
        self.fill(3)

    def test_retries_are_counted(self):
        self.strike({"status": 503}, label="files.list")
        self.said(self.gds("sync", "--retries", "2", "--retry-max-wait", "5s"), 6, "503",
                  "3 attempts")
        self.assertEqual(len(self.requests("files.list")), 3)
        self.forget_requests()
        self.said(self.gds("sync", "--retries", "0"), 6, "503")
        self.assertEqual(len(self.requests("files.list")), 1)

    def test_a_longer_wait_than_allowed_ends_the_run_or_parks_the_file(self):
        self.strike({"status": 429, "reason": "rateLimitExceeded", "retry_after": "300"}, count=1,
                    label="files.list")
        self.said(self.gds("sync", "--retry-max-wait", "2s"), 6, "429", "5m", "--retry-max-wait")
        self.assertEqual(len(self.requests("files.list")), 1)
        self.sync()
        self.write("file000.txt", "changed")
        self.write("file001.txt", "changed too")
        self.control("rescan", {})
        bad = self.control("tree?path=claude/files/file000.txt")["id"]
        self.strike({"status": 429, "reason": "rateLimitExceeded", "retry_after": "300"},
                    label="files.media", path=bad)
        run = self.gds("sync", "--retry-max-wait", "2s")
        self.said(run, 5, "1 item")
        self.assertEqual((self.dest / "file001.txt").read_text(), "changed too")
        self.assertEqual((self.dest / "file000.txt").read_text(), "content 0\n")

    def test_a_request_without_a_byte_is_given_up_and_tried_again(self):
        self.strike({"stall_at": 3, "stall_ms": 600_000}, count=1, label="files.media")
        self.strike({"hang": True}, count=1, label="files.list")
        self.sync("--timeout", "1s")
        self.assert_equal_trees()

    def test_rates_are_bounded(self):
        self.write("large", os.urandom(3 * MIB))
        begun = time.monotonic()
        self.sync("--bwlimit", "2M")
        # Nothing can be faster than its bound; how much slower it is, is the machine's affair.
        self.assertGreater(time.monotonic() - begun, 0.7)
        begun = time.monotonic()
        self.forget_requests()
        self.gds("sync", "--tpslimit", "2")
        asked = len([r for r in self.requests() if r["label"].startswith("files.")])
        self.assertGreaterEqual(time.monotonic() - begun, (asked - 2) / 2)

    def test_no_more_is_spent_than_drive_allows(self):
        for i in range(30):
            self.write(f"many/{i}", os.urandom(100))
        self.control("rescan", {})
        self.switch(quota_units_per_min=3000)
        # The minute's units are gone at once, and nothing of the next one's is taken.
        run = self.sync_with_outputs("--quota", "2500", "--max-duration", "3s", code=5,
                                     result="partial")
        self.assertLess(run.report["quota_units"], 2500 + 200)
        self.assertGreater(run.report["quota_units"], 2000)
        self.assertEqual([r for r in self.requests() if r["status"] in (403, 429)], [])
        self.assertIn("quota is spent", run.log)
        self.switch(quota_units_per_min=0)
        self.sync()
        self.assert_equal_trees()

    def test_another_endpoint_than_googles_has_no_quota(self):
        for i in range(30):
            self.write(f"many/{i}", os.urandom(100))
        self.sync()
        self.assertNotIn("quota", self.gds("sync", "--full").log)

    def test_downloads_at_once(self):
        for i in range(12):
            self.write(f"many/{i}", os.urandom(1000))
        self.control("rescan", {})
        self.strike({"stall_at": 1, "stall_ms": 600_000}, label="files.media")
        process = self.start_sync("--transfers", "3")
        self.wait_until(lambda: len(self.requests("files.media")) >= 3)
        # The three that are under way wait for ever, so that no fourth can begin.
        time.sleep(0.5)
        self.assertEqual(len(self.requests("files.media")), 3)
        process.kill()

    def test_full_lists_everything(self):
        self.sync("--full")
        self.forget_requests()
        self.sync("--full")
        self.assertGreaterEqual(len(self.requests("files.list")), 1)

    def test_diff_full_sees_what_resync_would_see(self):
        self.sync()
        damaged = self.dest / "file001.txt"
        stat = damaged.stat()
        damaged.write_text("CONTENT 1\n")
        os.utime(damaged, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        self.assertEqual(self.gds("diff").report["actions"], [])
        planned = self.gds("diff", "--full", "--exit-code")
        self.assertEqual(planned.code, 10, planned.log)
        self.assertEqual([a["path"] for a in planned.actions("update")], ["file001.txt"])
        done = self.gds("resync")
        self.assertEqual([a["path"] for a in done.actions("update")], ["file001.txt"])
        self.assert_equal_trees()


class Filters(AgentCase):
    def test_rules_from_a_file(self):
        for name in ("keep.txt", "drop.tmp", "sub/keep.txt", "sub/deep/drop.tmp", "private/x.txt"):
            self.write(name, name)
        rules = self.dir / "rules"
        rules.write_text("# what is not for everybody\n- private/**\n\n- *.tmp\n+ *.txt\n- *\n")
        self.sync("--filter-from", rules)
        self.assertEqual({p for p, state in tree(self.dest).items() if state is not None},
                         {"keep.txt", "sub/keep.txt"})

    def test_a_file_of_rules_that_is_wrong(self):
        rules = self.dir / "rules"
        rules.write_text("+ *.txt\nexclude *.tmp\n")
        self.said(self.gds("sync", "--filter-from", rules), 2, f"{rules}", "2")

    def test_sizes(self):
        self.write("small", b"x" * 1000)
        self.write("large", b"x" * 1025)
        self.sync("--max-size", "1K")
        self.assertEqual(set(tree(self.dest)), {"small"})


class Network(AgentCase):
    """Over TLS, directly and through a proxy, as one's own names and as Google's."""

    def start_emulator(self):
        self.ca = self.dir / "ca.pem"
        self.emulator_options = ["--tls-port", "0", "--proxy-port", "0", "--ca-out", self.ca]
        super().start_emulator()
        self.tls = self.emulator.stdout.readline().split()[1]
        self.proxy = self.emulator.stdout.readline().split()[1]

    def environment(self):
        keep = super().environment()
        for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "HTTP_PROXY",
                     "http_proxy", "ALL_PROXY", "all_proxy"):
            keep.pop(name, None)
        return keep

    google = {"GDRIVE_SYNC_DRIVE_ENDPOINT": "", "GDRIVE_SYNC_TOKEN_ENDPOINT": ""}

    def setUp(self):
        super().setUp()
        self.fill(3)

    def over_tls(self):
        return {"GDRIVE_SYNC_DRIVE_ENDPOINT": self.tls,
                "GDRIVE_SYNC_TOKEN_ENDPOINT": self.tls + "/token"}

    def test_extra_trust(self):
        self.sync("--ca-cert", self.ca, env=self.over_tls())
        self.assert_equal_trees()

    def test_no_trust(self):
        run = self.gds("sync", "--retries", "1", env=self.over_tls())
        self.said(run, 6, "certificate", "--ca-cert")
        self.assertEqual(self.requests(), [])

    def test_google_through_a_proxy(self):
        self.sync("--ca-cert", self.ca, env={**self.google, "HTTPS_PROXY": self.proxy})
        self.assert_equal_trees()
        self.assertEqual({(r["via"], r["host"]) for r in self.requests()},
                         {("proxy", "www.googleapis.com"), ("proxy", "oauth2.googleapis.com")})

    def test_a_proxy_that_is_down(self):
        run = self.gds("sync", "--retries", "0", "--ca-cert", self.ca,
                       env={**self.google, "HTTPS_PROXY": "http://user:proxy-pass@127.0.0.1:1"})
        line = self.said(run, 6, "127.0.0.1 port 1")
        self.assertNotIn("proxy-pass", line)

    def test_hosts_without_the_proxy(self):
        self.sync("--ca-cert", self.ca, env={**self.over_tls(), "NO_PROXY": "127.0.0.1",
                                             "HTTPS_PROXY": "http://127.0.0.1:1"})
        self.assert_equal_trees()

    def test_a_bad_certificate_file(self):
        bad = self.dir / "bad.pem"
        bad.write_text("no certificate")
        self.said(self.gds("sync", "--ca-cert", bad), 2, bad, "--ca-cert")


if __name__ == "__main__":
    unittest.main(verbosity=1)
