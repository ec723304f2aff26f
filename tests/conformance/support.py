"""An emulator that records, behind its proxy, and a judge of what it recorded."""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from discovery import Discovery

for room in ("emulator", "parity"):
    sys.path.append(str(pathlib.Path(__file__).parent.parent / room))
from rclone_client import CLIENT, ProxiedEmulator  # noqa: E402

DISCOVERY = Discovery()
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ALL_DRIVES = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}

SPEC = {
    "generate": [{"path": "/many", "files": 1203, "size": [0, 10, 200]}],
    "items": [
        {"id": "ROOT", "name": "claude", "folder": True, "children": [
            {"id": "A", "name": "a.txt", "content": "aaaa", "modified": "2024-05-06T07:08:09.010Z"},
            {"id": "EMPTY", "name": "empty", "size": 0},
            {"id": "BIG", "name": "big.bin", "size": 3_000_000, "seed": 5},
            {"id": "DOC", "name": "Plan", "document": "document", "content": "the plan"},
            {"id": "SHEET", "name": "Sums", "document": "spreadsheet"},
            {"id": "SLIDES", "name": "Talk", "document": "presentation"},
            {"id": "DRAWING", "name": "Sketch", "document": "drawing"},
            {"id": "FORM", "name": "Form", "document": "form"},
            {"id": "LARGEDOC", "name": "Large", "document": "document", "exportPadding": 11000000},
            {"id": "KEY", "name": "key.txt", "content": "k", "owned": False, "resourceKey": "0-k"},
            {"id": "NO", "name": "no.txt", "content": "x", "canDownload": False},
            {"id": "PHOTO", "name": "photo.jpg", "size": 900, "photos": True},
            {"id": "LINK", "name": "link", "target": "A"},
            {"id": "NOWHERE", "name": "nowhere", "target": "GONE", "targetMime": "text/plain"},
            {"id": "SUB", "name": "sub", "folder": True, "children": [
                {"id": "B", "name": "b", "content": "bb"},
                {"id": "OLD", "name": "old", "content": "o", "trashed": True}]}]},
        {"id": "LIB", "name": "library", "folder": True, "children": [
            {"id": "L", "name": "l.txt", "content": "ll"}]},
        {"id": "LINKDIR", "name": "to library", "target": "LIB", "parent": "ROOT"},
        {"id": "SHARED", "name": "from a friend", "folder": True, "owned": False,
         "sharedWithMe": True, "parent": "NOBODY",
         "children": [{"id": "S", "name": "s.txt", "content": "s", "owned": False}]}],
    "drives": [{"id": "0ATeam", "name": "Team",
                "items": [{"id": "TDIR", "name": "dir", "folder": True, "children": [
                    {"id": "T", "name": "team.txt", "content": "t"}]}]}],
}


class RecordedCase(unittest.TestCase):
    """Whatever a test makes go over the wire is judged when it ends."""

    emulator_options = []

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="conformance-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        spec = self.dir / "spec.json"
        spec.write_text(json.dumps(SPEC))
        self.record = self.dir / "record"
        self.service_account = self.dir / "service-account.json"
        self.emulator = ProxiedEmulator(
            self.dir, "--spec", spec, "--record", self.record, "--make-service-account",
            self.service_account, *self.emulator_options)
        self.addCleanup(self.emulator.stop)
        # All that an unmodified client is told: where the proxy is, and whom to trust.
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GDRIVE_", "RCLONE_"))},
            "HTTPS_PROXY": self.emulator.proxy, "REQUESTS_CA_BUNDLE": str(self.emulator.ca)}

    def recorded(self):
        return [json.loads(line) for line in self.record.read_text().splitlines()]

    def judge(self):
        """No request and no answer is other than described; gives the methods that were called."""
        links, called, problems = set(), set(), []
        for entry in self.recorded():
            if entry["label"].startswith("oauth."):
                continue
            if entry["label"] == "export.link":
                if entry["target"] not in links:
                    problems.append(f"no answer held the link {entry['target']}")
                continue
            method, target = entry["method"], entry["target"]
            called.add(getattr(DISCOVERY.find(method, target), "id", None))
            if entry["status"] < 400:
                problems += [f"{method} {target}: {problem}" for problem in
                             DISCOVERY.request_problems(method, target)]
            if "body" in entry:
                problems += DISCOVERY.answer_problems(method, target, entry["status"],
                                                      entry["body"])
                links |= export_links(json.loads(entry["body"]))
        self.assertEqual(problems, [])
        return called


def export_links(answer):
    files = answer.get("files", []) + [c.get("file", {}) for c in answer.get("changes", [])]
    return {url.split("docs.google.com", 1)[1] for file in files + [answer]
            for url in file.get("exportLinks", {}).values()}


__all__ = ["ALL_DRIVES", "CLIENT", "DISCOVERY", "DOCX", "RecordedCase"]
