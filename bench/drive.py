"""The Drive that is mirrored: the emulator over a directory, standing in for Google's hosts."""

import filecmp
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "emulator"))
from harness import Emulator

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "bench-client", "bench-secret", "bench-token"
SOURCE = "bench/files"


def entries(root):
    """Relative paths of everything below, without what gdrive-sync keeps for itself."""
    found = {}
    for directory, folders, files in os.walk(root):
        folders[:] = [folder for folder in folders if folder != ".gdrive-sync"]
        for name in folders + files:
            path = pathlib.Path(directory, name)
            found[str(path.relative_to(root))] = path
    return found


class Drive:
    def __init__(self, work):
        self.folder = work / "drive" / SOURCE
        self.folder.mkdir(parents=True)
        self.ca = work / "ca.pem"
        ready = work / "ready"
        self.emulator = Emulator(
            "--root", work / "drive", "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET,
            "--refresh-token", REFRESH_TOKEN, "--proxy-port", "0", "--ca-out", self.ca,
            "--ready-file", ready)
        self.proxy = next(line.split()[1] for line in ready.read_text().splitlines()
                          if line.startswith("proxy "))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.emulator.stop()

    def environment(self):
        """What a contestant finds: nothing of the caller's own settings."""
        return {"PATH": os.environ["PATH"], "HTTPS_PROXY": self.proxy,
                "SSL_CERT_FILE": str(self.ca)}

    def rescan(self):
        self.emulator.control("rescan", {})

    def forget_requests(self):
        self.emulator.control("counters", method="DELETE")

    def requests(self):
        """How many requests came since, for the Drive API and for tokens."""
        return self.emulator.control("counters")["requests"]

    def check_equal(self, mirror):
        """A mirror that differs from the source makes the figures worthless."""
        source, copy = entries(self.folder), entries(mirror)
        if set(source) != set(copy):
            raise SystemExit(f"bench: {mirror.name} differs: {sorted(set(source) ^ set(copy))[:5]}")
        for name, path in source.items():
            if path.is_file() and not filecmp.cmp(path, copy[name], shallow=False):
                raise SystemExit(f"bench: {mirror.name} holds another {name}")
