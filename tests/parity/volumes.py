"""What lies on a volume, and one Drive that both programs mirror from."""

import collections
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parent.parent / "emulator"))
from harness import BIN  # noqa: E402
from rclone_client import CLIENT, ProxiedEmulator, Rclone  # noqa: E402

STATE = ".gdrive-sync"


class File(collections.namedtuple("File", "content modified")):
    @property
    def size(self):
        return len(self.content)

    def __repr__(self):
        return f"File({self.size} bytes, {self.modified})"


def read_tree(root):
    """Path in bytes -> File, or None for a folder. The state directory is left out."""
    found = {}
    top = os.fsencode(root)
    for directory, folders, files in os.walk(top):
        if directory == top and os.path.isfile(os.path.join(top, os.fsencode(STATE), b"lock")):
            folders.remove(os.fsencode(STATE))
        for name in folders:
            found[os.path.relpath(os.path.join(directory, name), top)] = None
        for name in files:
            path = os.path.join(directory, name)
            with open(path, "rb") as stream:
                content = stream.read()
            found[os.path.relpath(path, top)] = File(content, _time(os.stat(path).st_mtime_ns))
    return found


def _time(ns):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ns // 10**6)
    return moment.isoformat(timespec="milliseconds") + "Z"


def differences(one, other):
    """Path -> what lies there in each of two trees, where that is not the same."""
    return {path: (one.get(path, "absent"), other.get(path, "absent"))
            for path in one.keys() | other.keys()
            if one.get(path, "absent") != other.get(path, "absent")}


class Mirror:
    """One run of gdrive-sync: its exit code, its log and its report."""

    def __init__(self, process, report):
        self.code = process.returncode
        self.log = process.stderr
        self.report = json.loads(report.read_text()) if report.exists() else None

    def skipped(self):
        return [a["path"] for a in self.report["actions"]
                if a["action"] == "skip" or a["outcome"] == "skipped"]


class Drive:
    """An emulator behind its proxy, with whatever trees are put there."""

    def __init__(self, *arguments):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="parity-"))
        # The same document is to give the same bytes, whichever way and however often it is asked.
        self.emulator = ProxiedEmulator(self.dir, "--switch", "export-bytes-vary=0", *arguments)
        self.rclone = Rclone(self.dir, self.emulator)

    def close(self):
        self.emulator.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def plant(self, tree):
        self.emulator.control("tree", [{"op": "create", "parent": "root", **item}
                                       for item in tree.spec()])

    def volume(self, name):
        path = self.dir / name
        path.mkdir()
        return path

    def sync(self, source, destination, *options, command="sync"):
        report = self.dir / (destination.name + ".json")
        report.unlink(missing_ok=True)
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("GDRIVE_", "RCLONE_"))}
        secrets = {"GDRIVE_SYNC_" + name.upper(): value for name, value in CLIENT.items()}
        process = subprocess.run(
            [BIN / "gdrive-sync", command, "--source", source, "--dest", destination,
             "--ca-cert", self.emulator.ca, "--report", report, *options],
            env={**keep, **secrets, "HTTPS_PROXY": self.emulator.proxy},
            capture_output=True, text=True, timeout=300, check=False)
        return Mirror(process, report)
