"""Starts the emulator over a directory and runs gdrive-sync against it as a process."""

import datetime
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
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
    #: For tests about listings: later runs list the whole folder too, as the first one does.
    every_run_lists = False

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
            [BIN / "drive-emulator", *self.drive_options(), "--client-id", "cid",
             "--client-secret", self.client_secret, "--refresh-token", self.refresh_token,
             "--ready-file", ready, *self.emulator_options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.stop_emulator)
        line = self.emulator.stdout.readline()
        self.assertIn("listening http://", line)
        self.url = line.split()[1]

    def drive_options(self):
        return ["--root", self.drive]

    def stop_emulator(self):
        ended = self.emulator.poll()
        self.emulator.kill()
        self.emulator.wait()
        with self.emulator.stdout as output:
            self.assertIsNone(ended, "the emulator ended by itself: " + output.read())

    def control(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/_emulator/" + path, data,
                                         {"Content-Type": "application/json"}, method=method)
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
        if self.every_run_lists:
            keep["GDRIVE_SYNC_FULL_INTERVAL"] = "0"
        return {**keep, "GDRIVE_SYNC_CLIENT_ID": "cid",
                "GDRIVE_SYNC_CLIENT_SECRET": self.client_secret,
                "GDRIVE_SYNC_REFRESH_TOKEN": self.refresh_token,
                "GDRIVE_SYNC_DRIVE_ENDPOINT": self.url,
                "GDRIVE_SYNC_TOKEN_ENDPOINT": self.url + "/token"}

    def run_command(self, *arguments, env=None, timeout=120):
        return subprocess.run([BIN / "gdrive-sync", *map(str, arguments)], capture_output=True,
                              text=True, env={**self.environment(), **(env or {})},
                              timeout=timeout, check=False)

    def start_command(self, *arguments, env=None):
        """The same without waiting for its end."""
        return subprocess.Popen([BIN / "gdrive-sync", *map(str, arguments)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**self.environment(), **(env or {})})

    def wait_until(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, "it never came to that")
            time.sleep(0.02)

    source_options = ["--source", "claude/files"]

    def gds(self, command, *arguments, env=None):
        report = self.dir / "report.json"
        report.unlink(missing_ok=True)
        self.control("rescan", {})  # see what the test did to the source, now
        process = self.run_command(command, *self.source_options, "--dest", self.dest,
                                   "--report", report, *arguments, env=env)
        parsed = json.loads(report.read_text()) if report.exists() else None
        return Result(process, parsed)

    def sync(self, *arguments, expect=0, **more):
        result = self.gds("sync", *arguments, **more)
        self.assertEqual(result.code, expect, result.log)
        return result

    def assert_equal_trees(self):
        mirror, source = tree(self.dest), tree(self.source)
        # What differs alone: whole trees would be a page of text.
        differing = {path for path in {*mirror, *source}
                     if (path in mirror, mirror.get(path)) != (path in source, source.get(path))}
        self.assertEqual({path: mirror.get(path, "nothing") for path in differing},
                         {path: source.get(path, "nothing") for path in differing})

    # What the emulator is told, and what it saw.

    def fault(self, match, action, **more):
        return self.control("faults", {"match": match, "action": action, **more})["ids"][0]

    def clear_faults(self):
        self.control("faults", method="DELETE")

    def switch(self, **values):
        self.control("switches", {name.replace("_", "-"): v for name, v in values.items()})

    def forget_requests(self):
        self.control("log", method="DELETE")

    def requests(self, label=""):
        """What was asked since the log was last emptied, oldest first."""
        return self.control(f"log?limit=50000&label={label}")["entries"]

    def hold_lock(self):
        stream = open(self.dest / ".gdrive-sync" / "lock", "r+", encoding="utf-8")
        fcntl.flock(stream, fcntl.LOCK_EX)
        self.addCleanup(stream.close)
        return stream


class Made:
    """A file of a SpecCase's Drive, with what a mirror of it has to hold."""

    def __init__(self, item_id, content, modified_ms):
        self.id = item_id
        self.content = content
        self.modified_ms = modified_ms

    @property
    def state(self):
        return (self.content, self.modified_ms)


def pattern(seed, size):
    """The emulator's generated content: 64-bit words of a mixing function, little end first."""
    mask = (1 << 64) - 1

    def mix(x):
        x = (x + 0x9e3779b97f4a7c15) & mask
        x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & mask
        x = ((x ^ x >> 27) * 0x94d049bb133111eb) & mask
        return x ^ x >> 31
    words = (mix(seed ^ mix(n)).to_bytes(8, "little") for n in range((size + 7) // 8))
    return b"".join(words)[:size]


class SpecCase(MirrorCase):
    """A Drive without a directory behind it, made and changed through the control API. Paths are
    relative to the mirrored folder unless they begin with a slash."""

    spec = {"items": [{"id": "FILES", "path": "/claude/files", "folder": True}]}

    def drive_options(self):
        path = self.dir / "spec.json"
        path.write_text(json.dumps(self.spec))
        return ["--spec", path]

    def edit(self, op, **members):
        return self.control("tree", {"op": op, **members})["ids"][0]

    def tick(self):
        """A modification time of its own, later than any before; milliseconds."""
        self.clock += 7_001_000_000
        return self.clock // 10**6

    @staticmethod
    def in_drive(path):
        return path if path.startswith("/") else "/claude/files/" + path

    @staticmethod
    def as_time(ms):
        moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"

    def make(self, path, content="", **more):
        """A new file; with `parent` (an id), `path` is its name."""
        ms = more.pop("modified_ms", None) or self.tick()
        place = {"name": path} if "parent" in more else {"path": self.in_drive(path)}
        item = self.edit("create", **place, content=content, modified=self.as_time(ms), **more)
        return Made(item, content.encode(), ms)

    def make_folder(self, path, **more):
        place = {"name": path} if "parent" in more else {"path": self.in_drive(path)}
        return self.edit("create", **place, folder=True, **more)

    def update(self, made, content, **more):
        made.modified_ms = more.pop("modified_ms", None) or self.tick()
        made.content = content.encode()
        self.edit("update", id=made.id, content=content, modified=self.as_time(made.modified_ms),
                  **more)

    def assert_mirror(self, expected):
        """`expected`: path -> Made; bytes or text where the time is not known; None for folders.
        Folders that only hold what is listed need no mention."""
        actual = tree(self.dest)
        wanted = {}
        for path, what in expected.items():
            if isinstance(what, Made):
                wanted[path] = what.state
            elif what is None:
                wanted[path] = None
            else:
                content = what.encode() if isinstance(what, str) else what
                wanted[path] = (content, (actual.get(path) or (None, None))[1])
            for parent in pathlib.PurePath(path).parents:
                if str(parent) != ".":
                    wanted.setdefault(str(parent), None)
        self.assertEqual(actual, wanted)

    def assert_settled(self):
        """A run straight after has nothing to do."""
        result = self.sync()
        real = [a for a in result.report["actions"] if a["action"] != "skip"]
        self.assertEqual(real, [])
        return result
