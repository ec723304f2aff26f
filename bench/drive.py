"""The Drive that is mirrored: the emulator, standing in for Google's hosts, over a directory or over a
tree that it makes up."""

import filecmp
import json
import os
import pathlib
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "emulator"))
from harness import FOLDER, Emulator

CLIENT_ID, CLIENT_SECRET = "bench-client", "bench-secret"
REFRESH_TOKEN, ACCESS_TOKEN = "bench-token", "bench-access"
SOURCE = "bench/files"
HOST = "https://www.googleapis.com"


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
    """With `generate` (docs/emulator.md) the tree is made up, and nothing of it lies on disk."""

    def __init__(self, work, generate=None):
        self.work, self.ca = work, work / "ca.pem"
        self.folder = work / "drive" / SOURCE
        self.folder.mkdir(parents=True)
        content = ["--root", work / "drive", "--no-rescan"]
        if generate is not None:
            (work / "spec.json").write_text(json.dumps({"generate": [generate]}))
            content = ["--spec", work / "spec.json"]
        ready = work / "ready"
        self.emulator = Emulator(
            *content, "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET,
            "--refresh-token", REFRESH_TOKEN, "--access-token", ACCESS_TOKEN, "--log-limit", "0",
            "--proxy-port", "0", "--ca-out", self.ca, "--ready-file", ready)
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

    def set_latency(self, ms):
        self.emulator.control(f"latency?ms={ms}", {})

    def rescan(self):
        """Take up what is on disk, and have each checksum at hand as Drive does: the emulator reads
        the files for it at the first listing."""
        self.emulator.control("rescan", {})
        self.files = {path: item["id"] for path, item in self.listing().items()}

    def listing(self):
        """Path below the source -> item, of the files."""
        items = {item["id"]: item for item in self.items()}
        found = {}
        for item in items.values():
            names, above = [item["name"]], items.get(item["parents"][0])
            while above and above["name"] != SOURCE.rsplit("/", 1)[-1]:
                names.append(above["name"])
                above = items.get(above["parents"][0])
            if above and item["mimeType"] != FOLDER:
                found["/".join(reversed(names))] = item
        return found

    def items(self):
        query = {"q": "trashed = false", "pageSize": 1000,
                 "fields": "nextPageToken,files(id,name,parents,mimeType,md5Checksum,"
                           "sha1Checksum,sha256Checksum)"}
        while True:
            page = self.emulator.request(
                "GET", "/drive/v3/files?" + urllib.parse.urlencode(query),
                headers={"Authorization": "Bearer " + ACCESS_TOKEN}).json
            yield from page["files"]
            if "nextPageToken" not in page:
                return
            query["pageToken"] = page["nextPageToken"]

    def media_urls(self):
        """Path below the source -> where its bytes are, for whoever need not list anything."""
        return {path: f"{HOST}/drive/v3/files/{identifier}?alt=media"
                for path, identifier in self.files.items()}

    # What measure() asks of a server.

    def begin(self):
        self.emulator.control("counters", method="DELETE")
        self.used = self.cpu()

    def figures(self):
        """How many requests came since, for the Drive API and for tokens, and the emulator's CPU."""
        return {"requests": self.emulator.control("counters")["requests"],
                "server": self.cpu() - self.used}

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.emulator.process.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def check_equal(self, mirror):
        """A mirror that differs from the source makes the figures worthless."""
        source, copy = entries(self.folder), entries(mirror)
        if set(source) != set(copy):
            raise SystemExit(f"bench: {mirror.name} differs: {sorted(set(source) ^ set(copy))[:5]}")
        for name, path in source.items():
            if path.is_file() and not filecmp.cmp(path, copy[name], shallow=False):
                raise SystemExit(f"bench: {mirror.name} holds another {name}")
