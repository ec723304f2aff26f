"""Starts the emulator over a directory and runs gdrive-sync against it as a process."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

BIN = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve()
DAY_NS = 24 * 3600 * 10**9


class Result:
    def __init__(self, process, report):
        self.code = process.returncode
        self.out = process.stdout
        self.log = process.stderr
        self.report = report

    @property
    def counts(self):
        return self.report["counts"]

    def actions(self, kind):
        return [a for a in self.report["actions"] if a["action"] == kind]


def tree(root):
    """Relative path -> (bytes, mtime in ms); None for folders. The state directory is left out."""
    found = {}
    for directory, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f != ".gdrive-sync"]
        for name in folders:
            found[os.path.relpath(os.path.join(directory, name), root)] = None
        for name in files:
            path = os.path.join(directory, name)
            with open(path, "rb") as stream:
                content = stream.read()
            found[os.path.relpath(path, root)] = (content, os.stat(path).st_mtime_ns // 10**6)
    return found


class MirrorCase(unittest.TestCase):
    """A Drive (a directory behind the emulator) and a volume."""

    emulator_options = []
    client_secret = "sec"
    refresh_token = "rt"

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gds-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.drive = self.dir / "drive"
        self.source = self.drive / "claude" / "files"
        self.source.mkdir(parents=True)
        self.dest = self.dir / "dest"
        self.dest.mkdir()
        self.clock = 1_700_000_000_000_000_000
        self.start_emulator()

    def start_emulator(self):
        ready = self.dir / "ready"
        self.emulator = subprocess.Popen(
            [BIN / "drive-emulator", "--root", self.drive, "--client-id", "cid",
             "--client-secret", self.client_secret, "--refresh-token", self.refresh_token,
             "--ready-file", ready,
             *self.emulator_options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.stop_emulator)
        line = self.emulator.stdout.readline()
        self.assertIn("listening http://", line)
        self.url = line.split()[1]

    def stop_emulator(self):
        self.emulator.kill()
        self.emulator.wait()
        self.emulator.stdout.close()

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/_emulator/" + path, data)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def control_method(self, method, path):
        request = urllib.request.Request(self.url + "/_emulator/" + path, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def write(self, path, content, root=None):
        """Write a file of the source with an mtime of its own, later than any before."""
        target = (root or self.source) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.clock += 7_001_000_000
        os.utime(target, ns=(self.clock, self.clock))
        return target

    def fill(self, count, folder=""):
        for i in range(count):
            self.write(os.path.join(folder, f"file{i:03}.txt"), f"content {i}\n")

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("GDRIVE_", "RCLONE_"))}
        return {**keep, "GDRIVE_SYNC_CLIENT_ID": "cid",
                "GDRIVE_SYNC_CLIENT_SECRET": self.client_secret,
                "GDRIVE_SYNC_REFRESH_TOKEN": self.refresh_token, "GDRIVE_SYNC_DRIVE_ENDPOINT": self.url,
                "GDRIVE_SYNC_TOKEN_ENDPOINT": self.url + "/token"}

    def run_command(self, *arguments, env=None, timeout=120):
        return subprocess.run([BIN / "gdrive-sync", *map(str, arguments)], capture_output=True,
                              text=True, env={**self.environment(), **(env or {})},
                              timeout=timeout, check=False)

    def gds(self, command, *arguments, env=None):
        report = self.dir / "report.json"
        report.unlink(missing_ok=True)
        self.control("rescan", {})  # see what the test did to the source, now
        process = self.run_command(command, "--source", "claude/files", "--dest", self.dest,
                                   "--report", report, *arguments, env=env)
        parsed = json.loads(report.read_text()) if report.exists() else None
        return Result(process, parsed)

    def sync(self, *arguments, expect=0, **more):
        result = self.gds("sync", *arguments, **more)
        self.assertEqual(result.code, expect, result.log)
        return result

    def assert_equal_trees(self):
        self.assertEqual(tree(self.dest), tree(self.source))

    def hold_lock(self):
        stream = open(self.dest / ".gdrive-sync" / "lock", "r+", encoding="utf-8")
        fcntl.flock(stream, fcntl.LOCK_EX)
        self.addCleanup(stream.close)
        return stream
