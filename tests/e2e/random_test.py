#!/usr/bin/env python3
"""Random histories of a Drive with twins, shortcuts, documents and odd names, of a volume that is
meddled with, and of requests that fail: whatever came before, a clean run leaves what a first sync
into an empty directory would make."""

import json
import os
import random
import shutil
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402

ROUNDS = int(os.environ.get("GDS_ROUNDS", "12"))
NO_LIMITS = ["--max-delete", "-1", "--allow-empty-source"]
NAMES = ["a", "b", "A", "x.txt", "x.docx", "x", "..", "a/b", ".hidden", "é", "é", "n" * 260, "lost+found"]
FAILURES = [{"status": 500}, {"status": 403, "reason": "userRateLimitExceeded"}, {"html": True},
            {"truncate": 30}, {"cut_after": 20}, {"close": True}, {"expire_tokens": True},
            {"status": 429}, {"length": "chunked", "cut_after": 5}]
LIST_FAILURES = [*FAILURES, {"list": "empty"}, {"list": "half"}, {"list": "drop-token"},
                 {"list": "incomplete"}, {"refuse_page_token": True}]
FEED_FAILURES = [*FAILURES, {"refuse_page_token": True}, {"status": 410}]
FEED_SWITCHES = ["feed_noise", "feed_newest_first", "feed_repeats_entry", "short_pages",
                 "empty_middle_page"]
# Rows and numbers of one database say nothing to another; ids and paths do.
ITEMS = """SELECT i.id, p.id, i.kind, i.name, i.size, hex(i.md5), i.modified_ms, i.flags, t.id
    FROM item i LEFT JOIN item p ON p.n = i.parent LEFT JOIN item t ON t.n = i.target
    WHERE i.kind <> 0 AND i.flags & 20 = 0"""
ENTRIES = """WITH RECURSIVE below(n, path) AS (SELECT n, name FROM entry WHERE parent = 0 UNION ALL
        SELECT e.n, b.path || '/' || e.name FROM entry e JOIN below b ON e.parent = b.n)
    SELECT b.path, i.id, e.folder, e.size, hex(e.content), e.modified_ms
    FROM below b JOIN entry e ON e.n = b.n LEFT JOIN item i ON i.n = e.item"""


class RandomHistory(SpecCase):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("GDS_SEED", "2026"))
        print(f"seed {seed} (GDS_SEED sets another, GDS_ROUNDS more rounds)", file=sys.stderr)
        self.rng = random.Random(seed)
        self.count = 0
        self.switch(export_bytes_vary=0)
        self.outside = self.make_folder("/outside", id="OUTSIDE")
        self.files, self.folders, self.links = [], ["FILES", "OUTSIDE"], []
        self.documents = set()
        self.away = []  # trashed or revoked, by what brings them back
        for _ in range(40):
            self.add_item()

    # What happens at the source.

    def name(self):
        return self.rng.choice(NAMES)

    def add_item(self):
        self.count += 1
        rng = self.rng
        parent = rng.choice(self.folders)
        kind = rng.choice(["file"] * 6 + ["folder"] * 3 + ["document", "shortcut"])
        more = {"parent": parent, "name": self.name(), "modified": self.as_time(self.some_time())}
        if kind == "file":
            self.files.append(self.edit("create", content=f"content {self.count}", **more))
        elif kind == "folder":
            self.folders.append(self.edit("create", folder=True, **more))
        elif kind == "document":
            self.documents.add(self.edit("create", document="document",
                                         content=f"text {self.count}", **more))
            self.files += self.documents - set(self.files)
        elif len(self.links) < 6:
            target = rng.choice(self.files + self.folders)
            self.links.append(self.edit("create", target=target, **more))

    def some_time(self):
        return self.tick() if self.rng.random() < 0.7 else 1_600_000_000_123

    def everything(self):
        return self.files + [f for f in self.folders if f not in ("FILES", "OUTSIDE")] + self.links

    def try_edit(self, op, item=None, **members):
        try:
            self.edit(op, **({"id": item} if item else {}), **members)
        except OSError:
            pass  # the item is gone, or would hold itself

    def change(self):
        rng = self.rng
        kind = rng.choice(["add"] * 8 + ["edit", "rename", "move"] * 3 +
                          ["trash", "revoke", "back", "back", "delete", "swap"])
        items = self.everything()
        if kind == "add" or not items:
            self.add_item()
            return
        item = rng.choice(items)
        if kind == "edit":
            self.count += 1
            item = rng.choice(self.files)
            # Only its time tells that a document changed.
            time = self.tick() if item in self.documents else self.some_time()
            self.try_edit("update", item, content=f"edited {self.count}",
                          modified=self.as_time(time))
        elif kind == "rename":
            self.try_edit("rename", id=item, name=self.name())
        elif kind == "move":
            self.move(item, rng.choice(self.folders))
        elif kind == "swap":
            self.swap(item, rng.choice(items))
        elif kind == "delete":
            self.try_edit("delete", id=item)
        elif kind == "back" and self.away:
            self.try_edit(*self.away.pop(rng.randrange(len(self.away))))
        elif kind in ("trash", "revoke"):
            self.try_edit(kind, item)
            self.away.append(({"trash": "untrash", "revoke": "grant"}[kind], item))

    def find(self, item):
        try:
            return self.control(f"tree?id={item}")
        except OSError:
            return None

    def move(self, item, to):
        at = to
        while at and at != item:
            found = self.find(at)
            at = found and found["parent"]
        if at != item:
            self.try_edit("move", id=item, to=to)

    def swap(self, a, b):
        one, two = self.find(a), self.find(b)
        if one and two:
            self.try_edit("rename", id=a, name=two["name"])
            self.try_edit("rename", id=b, name=one["name"])

    # What happens on the volume.

    def meddle(self):
        rng = self.rng
        paths = [p for p in self.dest.rglob("*") if ".gdrive-sync" not in p.parts]
        kind = rng.choice(["edit", "remove", "touch", "add", "replace", "move"])
        folders = [self.dest] + [p for p in paths if p.is_dir()]
        files = [p for p in paths if p.is_file()]
        if kind == "add" or not files:
            (rng.choice(folders) / f"stray{rng.randrange(5)}").write_text("stray")
        elif kind == "edit":
            rng.choice(files).write_text(f"meddled {rng.randrange(100)}")
        elif kind == "touch":
            os.utime(rng.choice(files), ns=(rng.randrange(10**18),) * 2)
        elif kind == "move":
            rng.choice(files).rename(rng.choice(folders) / f"moved{rng.randrange(5)}")
        else:
            path = rng.choice(paths)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            if kind == "replace" and path.parent.is_dir():
                path.write_text("other") if rng.random() < 0.5 else path.mkdir()

    # What is asked of a run.

    def fresh(self):
        """A first sync into an empty directory."""
        other = self.dir / "fresh"
        shutil.rmtree(other, ignore_errors=True)
        other.mkdir()
        process = self.run_command("sync", *self.source_options, "--dest", other, *NO_LIMITS)
        self.assertEqual(process.returncode, 0, process.stderr)
        return tree(other)

    def contents(self):
        return {what[0] for what in tree(self.dest).values() if what}

    def faulty_run(self, expected):
        """What the source and the volume both hold stays, whatever fails."""
        alive = {what[0] for what in expected.values() if what} & self.contents()
        for _ in range(self.rng.randrange(1, 4)):
            label = self.rng.choice(["files.list", "files.list", "changes.list", "changes.list",
                                     "files.get", "files.media", "files.export"])
            faults = {"files.list": LIST_FAILURES, "changes.list": FEED_FAILURES}.get(label, FAILURES)
            self.fault({"label": label, "skip": self.rng.randrange(12)}, self.rng.choice(faults),
                       count=self.rng.randrange(1, 4))
        result = self.gds("sync", "--retries", "0", *NO_LIMITS)
        self.clear_faults()
        self.assertIn(result.code, (0, 3, 4, 5, 6), result.log)
        self.assertEqual(alive - self.contents(), set(), result.log)

    def killed_run(self):
        self.fault({"label": "files.media", "skip": self.rng.randrange(3)}, {"hang": True})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest, *NO_LIMITS)
        try:
            run.communicate(timeout=self.rng.random() / 4)
        except Exception:  # noqa: BLE001 - whatever it was doing
            pass
        run.kill()
        run.communicate()
        self.clear_faults()

    def test_rounds(self):
        for round_number in range(ROUNDS):
            with self.subTest(round=round_number):
                self.control("switches", method="DELETE")
                self.switch(export_bytes_vary=0,
                            **{name: self.rng.randrange(2) for name in FEED_SWITCHES})
                for _ in range(self.rng.randrange(1, 14)):
                    self.change()
                for _ in range(self.rng.choice([0, 0, 1, 3])):
                    self.meddle()
                expected = self.fresh()
                for _ in range(self.rng.choice([0, 1, 2])):
                    self.faulty_run(expected)
                if self.rng.random() < 0.3:
                    self.killed_run()
                if self.rng.random() < 0.15:
                    (self.dest / ".gdrive-sync" / "state.db").unlink(missing_ok=True)
                result = self.gds("resync", *NO_LIMITS) if self.rng.random() < 0.3 else \
                    self.gds("sync", *NO_LIMITS)
                self.settle(result, expected)

    def settle(self, result, expected):
        self.assertIn(result.code, (0, 5), result.log)
        if result.code == 5:
            # What failed in an earlier run of the round may not be due yet.
            result = self.gds("resync", *NO_LIMITS)
        self.assertEqual(result.code, 0, result.log)
        # What is skipped, such as a shortcut to nothing, explains an old copy without a record.
        explained = {a["path"] for a in result.actions("skip")} - set(expected)
        held = {path: what for path, what in tree(self.dest).items() if path not in explained}
        differing = {path: (held.get(path, "absent"), expected.get(path, "absent"))
                     for path in {**held, **expected}
                     if held.get(path, "absent") != expected.get(path, "absent")}
        self.assertEqual(differing, {}, result.log)
        again = self.sync(*NO_LIMITS)
        self.assertEqual([a for a in again.report["actions"] if a["action"] != "skip"], [])
        self.assert_same_by_full_listing()

    def database(self, dest):
        with sqlite3.connect(f"file:{dest}/.gdrive-sync/state.db?mode=ro", uri=True) as db:
            return {kind: sorted(db.execute(query), key=repr)
                    for kind, query in {"items": ITEMS, "entries": ENTRIES}.items()}

    def assert_same_by_full_listing(self):
        """A copy of the volume that lists everything again finds nothing to do, and knows the same."""
        copy = self.dir / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.dest, copy, symlinks=True)
        report = self.dir / "full.json"
        process = self.run_command("sync", "--full", *self.source_options, "--dest", copy,
                                   "--report", report, *NO_LIMITS)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertNotIn("had not told", process.stderr)
        actions = json.loads(report.read_text())["actions"]
        self.assertEqual([a for a in actions if a["action"] != "skip"], [])
        by_feed, by_listing = self.database(self.dest), self.database(copy)
        for kind, rows in by_listing.items():
            self.assertEqual(sorted({*by_feed[kind]} ^ {*rows}, key=repr), [], kind)


if __name__ == "__main__":
    unittest.main()
