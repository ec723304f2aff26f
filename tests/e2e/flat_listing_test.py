#!/usr/bin/env python3
"""Full listings that take a flat listing of the account in place of the folders' own: what they
cost, what they must not lose, and when the folders are asked after all."""

import json
import os
import random
import shutil
import sqlite3
import sys
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402
from random_test import ENTRIES, ITEMS  # noqa: E402

FOLDERS = 120
BY_FOLDER = {"label": "files.list", "path": "%20in%20parents"}
FLAT = {"label": "files.list", "path": "corpora=user"}
NO_LIMITS = ["--max-delete", "-1"]


class FlatCase(SpecCase):
    spec = {"items": [{"id": "FILES", "path": "/claude/files", "folder": True, "children": [
        {"id": f"D{d:03}", "name": f"d{d:03}", "folder": True, "children": [
            {"id": f"F{d:03}{f}", "name": f"f{f}", "content": f"{d} {f}",
             "modified": f"2026-01-02T03:04:{f:02}.{d:03}Z"} for f in range(3)]}
        for d in range(FOLDERS)]}]}
    every_run_lists = True

    def setUp(self):
        super().setUp()
        self.slow(BY_FOLDER)

    def slow(self, match):
        """Let the others come first."""
        self.fault(match, {"latency_ms": 150})

    def lists(self):
        """Flat pages, and lists of folders, since the log was last emptied."""
        asked = self.requests("files.list")
        flat = sum("corpora=user" in entry["target"] for entry in asked)
        return flat, sum("in%20parents%20and%20trashed" in entry["target"] and
                         "name" not in urllib.parse.parse_qs(
                             urllib.parse.urlsplit(entry["target"]).query)["q"][0]
                         for entry in asked)

    def run_and_count(self, *arguments, expect=0, command="sync"):
        self.forget_requests()
        result = self.gds(command, *arguments)
        self.assertEqual(result.code, expect, result.log)
        self.flat, self.folders = self.lists()
        return result

    def assert_flat(self):
        """It came first, and folders were spared."""
        self.assertGreater(self.flat, 0)
        self.assertLess(self.folders, FOLDERS)

    def assert_by_folder(self, folders=FOLDERS + 1):
        self.assertGreaterEqual(self.folders, folders)

    def everything(self, **other):
        expected = {f"d{d:03}/f{f}": f"{d} {f}" for d in range(FOLDERS) for f in range(3)}
        return {**expected, **other}

    def database(self, dest=None):
        with sqlite3.connect(f"file:{dest or self.dest}/.gdrive-sync/state.db?mode=ro",
                             uri=True) as db:
            return {kind: sorted(db.execute(query), key=repr)
                    for kind, query in {"items": ITEMS, "entries": ENTRIES}.items()}

    def names(self):
        with sqlite3.connect(f"file:{self.dest}/.gdrive-sync/state.db?mode=ro", uri=True) as db:
            return {name for name, in db.execute("SELECT name FROM item WHERE kind <> 0")}

    def remember(self, **facts):
        with sqlite3.connect(self.dest / ".gdrive-sync" / "state.db") as db:
            for name, value in facts.items():
                db.execute("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", (name, value))

    def flat_answer(self, without):
        """What the flat listing answers, without the items of these ids."""
        form = urllib.parse.urlencode({
            "grant_type": "refresh_token", "client_id": "cid", "client_secret": "sec",
            "refresh_token": "rt"}).encode()
        with urllib.request.urlopen(self.url + "/token", form) as answer:
            token = json.loads(answer.read())["access_token"]
        query = urllib.parse.urlencode({"q": "trashed = false", "pageSize": 1000, "fields": "*"})
        request = urllib.request.Request(self.url + "/drive/v3/files?" + query,
                                         headers={"Authorization": "Bearer " + token})
        with urllib.request.urlopen(request) as answer:
            page = json.loads(answer.read())
        self.assertNotIn("nextPageToken", page)
        shown = [item for item in page["files"] if item["id"] not in without]
        self.assertEqual(len(shown), len(page["files"]) - len(without))
        return {"body": json.dumps({"files": shown})}


class Costs(FlatCase):
    def test_a_small_account_costs_few_requests(self):
        self.clear_faults()
        self.fault(BY_FOLDER, {"latency_ms": 400})
        self.run_and_count()
        self.assertEqual(self.flat, 1)
        self.assertLess(self.folders, FOLDERS / 2)
        self.assert_mirror(self.everything())

    def test_ticks_after_it_follow_the_feed(self):
        self.every_run_lists = False
        self.run_and_count()
        self.assert_flat()
        self.forget_requests()
        self.sync()
        self.assertEqual(sorted(entry["label"] for entry in self.requests()),
                         ["changes.list", "files.get", "oauth.token"])
        new = self.make("d119/new", "new")
        self.edit("trash", id="F1180")
        result = self.run_and_count()
        self.assertEqual(result.report["run"]["listing"], "changes")
        self.assertEqual((self.flat, self.folders), (0, 0))
        expected = self.everything(**{"d119/new": new})
        del expected["d118/f0"]
        self.assert_mirror(expected)

    def test_a_large_account_around_it_costs_few_pages(self):
        self.edit("create", path="/elsewhere", folder=True)
        self.switch(short_pages=1)
        self.control("tree", [{"op": "create", "path": f"/elsewhere/{n}", "content": ""}
                              for n in range(4000)])
        self.run_and_count()
        self.assertGreater(self.flat, 0)
        self.assertLessEqual(self.flat, 1 + FOLDERS // 32)
        self.assertEqual(self.folders, FOLDERS + 1)
        self.assert_mirror(self.everything())
        self.assertNotIn("17", self.names())
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))

    def test_what_is_elsewhere_in_the_account_is_not_kept(self):
        self.make("/elsewhere/deep/other", "other")
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror(self.everything())
        self.assertEqual(self.names() & {"elsewhere", "deep", "other"}, set())

    def test_a_flat_listing_that_hangs_is_not_waited_for(self):
        self.run_and_count()
        self.clear_faults()
        self.fault(FLAT, {"hang": True})
        self.edit("delete", id="F0000")
        self.run_and_count("--timeout", "3s")
        self.assertEqual(self.folders, FOLDERS + 1)
        expected = self.everything()
        del expected["d000/f0"]
        self.assert_mirror(expected)

    def test_a_filter_holds_for_it_too(self):
        self.run_and_count("--exclude", "/d1*/**", "--exclude", "f2")
        self.assert_flat()
        self.assert_mirror({path: content for path, content in self.everything().items()
                            if not path.startswith("d1") and not path.endswith("f2")})
        rows = {row[0] for row in self.database()["items"]}
        self.assertIn("F0990", rows)
        self.assertEqual({row for row in rows if row.startswith("F1")}, set())

    def test_shortcuts_lead_out_of_it(self):
        out = self.make("/outside/deep/er", "out")
        key = self.make("/locked", "locked", owned=False, resourceKey="0-key")
        self.edit("create", parent="D119", name="folder", target="/outside")
        self.edit("create", parent="D118", name="file", target=out.id)
        self.edit("create", parent="D117", name="locked", target=key.id,
                  targetResourceKey="0-key")
        self.edit("create", parent="D116", name="above", target="/claude")
        result = self.run_and_count()
        self.assert_flat()
        self.assertEqual([a["path"] for a in result.actions("skip")], ["d116/above"])
        self.assert_mirror(self.everything(**{"d119/folder/deep/er": out, "d118/file": out,
                                              "d117/locked": key}))

    def test_a_dry_run_sees_the_same(self):
        result = self.run_and_count(command="diff")
        self.assert_flat()
        self.assertEqual(len(result.actions("download")), FOLDERS * 3)


class Others(FlatCase):
    """What belongs to somebody else may be missing from the account's corpus."""

    def test_in_a_shared_folder(self):
        self.edit("set", id="D119", shared=True)
        theirs = self.make("d119/theirs", "theirs", owned=False)
        deep = self.make("d119/deep/theirs", "deep", owned=False)
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror(self.everything(**{"d119/theirs": theirs, "d119/deep/theirs": deep}))

    def test_in_a_folder_that_is_theirs(self):
        self.make_folder("d119/theirs", id="THEIRS", owned=False, sharedWithMe=True)
        theirs = self.make("d119/theirs/file", "theirs", owned=False)
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror(self.everything(**{"d119/theirs/file": theirs}))

    def test_one_that_is_shown_tells_of_others_beside_it(self):
        seen = self.make("d119/seen", "seen", owned=False, sharedWithMe=True)
        unseen = self.make("d119/unseen", "unseen", owned=False)
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror(self.everything(**{"d119/seen": seen, "d119/unseen": unseen}))

    def test_a_mirror_of_a_shared_folder_asks_each_folder(self):
        self.edit("set", id="FILES", shared=True)
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))

    def test_a_mirror_of_a_folder_of_theirs_asks_each_folder(self):
        self.edit("set", id="FILES", owned=False)
        self.run_and_count()
        self.assertEqual(self.flat, 0)
        self.assert_mirror(self.everything())

    def test_left_behind_in_a_folder_that_is_private_by_now(self):
        """Nothing tells of it but its folder: it is found when all folders are asked, which a
        resync does, and a listing once a week; from then on it is known."""
        left = self.make("d119/left", "left", owned=False)
        self.run_and_count()
        self.assert_mirror(self.everything())
        self.run_and_count(command="resync")
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))
        self.assert_mirror(self.everything(**{"d119/left": left}))
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror(self.everything(**{"d119/left": left}))

    def test_left_behind_and_found_within_a_week(self):
        left = self.make("d119/left", "left", owned=False)
        self.run_and_count()
        self.run_and_count()
        self.assert_flat()
        self.remember(flat_since_ms="1700000000000")
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))
        self.assert_mirror(self.everything(**{"d119/left": left}))
        self.run_and_count()
        self.assert_flat()

    def test_an_item_given_away(self):
        self.run_and_count()
        self.edit("set", id="F1190", owned=False)
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror(self.everything())


class Short(FlatCase):
    """The flat listing fails, or lacks what is there."""

    def test_whatever_fails_in_it(self):
        for action in ({"status": 400, "reason": "invalid"}, {"status": 403, "reason": "forbidden"},
                       {"status": 404, "reason": "notFound"}, {"status": 500}, {"html": True},
                       {"truncate": 40}, {"close": True}, {"list": "incomplete"},
                       {"list": "repeat-token"}, {"list": "twice"}, {"list": "half"},
                       {"list": "empty"}, {"body": "{}"}, {"body": '{"files": []}'}):
            with self.subTest(action=action):
                self.dest = self.dir / f"dest {action}".replace("/", "")
                self.dest.mkdir()
                self.switch(empty_middle_page=int("repeat-token" in action.values()))
                self.clear_faults()
                self.fault(FLAT, action)
                self.fault(BY_FOLDER, {"latency_ms": 50})
                result = self.run_and_count("--retries", "0")
                self.assertGreater(self.flat, 0)
                if action != {"list": "twice"}:
                    self.assert_by_folder()
                self.assertEqual(len(result.actions("download")), FOLDERS * 3)
                self.assert_mirror(self.everything())

    def test_one_that_proves_short_is_not_made_again(self):
        self.fault(FLAT, {"list": "half"})
        result = self.run_and_count()
        self.assert_by_folder()
        self.assertIn("for 30 days none is made", result.log)
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))
        self.remember(flat_not_before_ms="1700000000000")
        self.clear_faults()
        self.slow(BY_FOLDER)
        self.run_and_count()
        self.assert_flat()
        self.assert_settled()

    def test_a_known_item_that_it_lacks_is_asked_for(self):
        self.run_and_count()
        self.fault(FLAT, self.flat_answer(["F1191"]))
        result = self.run_and_count()
        self.assertEqual(result.report["actions"], [])
        self.assertIn("for 30 days none is made", result.log)
        self.assert_mirror(self.everything())
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))

    def test_a_known_folder_that_it_lacks_is_asked_for(self):
        self.make("d119/inner/file", "inner", id="INNER")
        self.run_and_count()
        inner = self.control("tree?path=/claude/files/d119/inner")["id"]
        self.fault(FLAT, self.flat_answer([inner]))
        result = self.run_and_count()
        self.assertEqual(result.report["actions"], [])
        self.assert_mirror(self.everything(**{"d119/inner/file": "inner"}))

    def test_a_known_item_that_is_gone_is_deleted(self):
        self.run_and_count()
        self.edit("delete", id="F1191")
        self.edit("trash", id="D118")
        self.run_and_count()
        self.assert_flat()
        self.assert_mirror({path: content for path, content in self.everything().items()
                            if path != "d119/f1" and not path.startswith("d118/")})

    def test_without_a_database_a_file_that_it_lacks_is_in_doubt_once(self):
        self.run_and_count()
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.fault(FLAT, self.flat_answer(["F1191"]))
        before = tree(self.dest)
        self.run_and_count(expect=6)
        self.assertEqual(tree(self.dest), before)
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))
        self.assertEqual(tree(self.dest), before)

    def test_without_a_database_many_that_it_lacks_trip_the_guard_once(self):
        self.run_and_count()
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        lost = [f"F{d}{f}" for d in range(110, 120) for f in range(3)]
        self.fault(FLAT, self.flat_answer(lost))
        before = tree(self.dest)
        self.every_run_lists = False
        self.run_and_count(expect=4)
        self.assertEqual(tree(self.dest), before)
        self.run_and_count()
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))
        self.assertEqual(tree(self.dest), before)

    def test_items_in_several_folders_are_left_to_the_folders(self):
        answer = json.loads(self.flat_answer([])["body"])
        for item in answer["files"]:
            if item["id"] == "F1191":
                item["parents"] = ["ELSEWHERE", *item["parents"]]
        self.fault(FLAT, {"body": json.dumps(answer)})
        self.run_and_count()
        self.assert_by_folder()
        self.assert_mirror(self.everything())

    def shown_again(self, **other):
        """A flat listing in which F1191 comes a second time, changed."""
        answer = json.loads(self.flat_answer([])["body"])
        again = next(item for item in answer["files"] if item["id"] == "F1191")
        answer["files"].append({**again, **other})
        return {"body": json.dumps(answer)}

    def test_an_item_that_is_shown_in_two_folders_is_left_to_the_folders(self):
        self.fault(FLAT, self.shown_again(parents=["D118"]))
        self.run_and_count()
        self.assert_by_folder()
        self.assert_mirror(self.everything())

    def test_of_an_item_that_is_shown_twice_the_later_state_counts(self):
        self.fault(FLAT, self.shown_again(name="renamed"))
        self.run_and_count()
        self.assert_flat()
        expected = self.everything(**{"d119/renamed": "119 1"})
        del expected["d119/f1"]
        self.assert_mirror(expected)

    def test_a_server_that_says_nothing_of_sharing(self):
        """Whether others have put something into a folder cannot be told then."""
        children = self.control("tree?id=FILES")["children"]
        shown = [{"id": item["id"], "name": item["name"], "mimeType": item["mimeType"],
                  "parents": ["FILES"], "ownedByMe": True} for item in children]
        self.clear_faults()
        self.fault({"label": "files.list", "path": "%27FILES%27%20in%20parents%20and%20trash"},
                   {"body": json.dumps({"files": shown})})
        self.run_and_count()
        self.assertEqual(self.flat, 0)
        self.assert_mirror(self.everything())


class Meanwhile(FlatCase):
    """The account changes while it is listed."""

    def change(self, act):
        self.fault(FLAT, {"latency_ms": 1000}, count=1)
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: self.lists()[0] > 0)
        act()
        out, log = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, log)
        self.flat, self.folders = self.lists()
        self.assertGreater(self.flat, 0)
        return log

    def setUp(self):
        super().setUp()
        self.clear_faults()
        self.fault(BY_FOLDER, {"latency_ms": 600})

    def test_something_is_new(self):
        made = []
        log = self.change(lambda: made.append(self.make("d119/new", "new")))
        self.assertIn("changed while it was listed", log)
        self.assert_mirror(self.everything(**{"d119/new": made[0]}))

    def test_a_folder_moves(self):
        self.make("d000/inner/file", "inner")
        inner = self.control("tree?path=/claude/files/d000/inner")["id"]
        self.change(lambda: self.edit("move", id=inner, to="D119"))
        self.assert_mirror(self.everything(**{"d119/inner/file": "inner"}))

    def test_something_goes_and_the_pages_shift(self):
        """Between the first page and the second, so that the second one begins too late."""
        self.switch(list_shifts=1, short_pages=1)
        late = {f"d119/late{n}": self.make(f"d119/late{n}", f"late {n}") for n in range(40)}
        self.fault({"label": "files.list", "path": "corpora=user.*pageToken"},
                   {"latency_ms": 1000})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: self.control("faults")["faults"][-1]["met"] > 0)
        self.edit("delete", id="D000")
        out, log = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, log)
        self.assertIn("changed while it was listed", log)
        expected = {path: content for path, content in self.everything().items()
                    if not path.startswith("d000/")}
        self.assert_mirror({**expected, **late})

    def test_the_feed_fails(self):
        self.clear_faults()
        self.slow(BY_FOLDER)
        self.fault({"label": "changes.list"}, {"status": 500}, count=1)
        self.run_and_count("--retries", "0")
        self.assert_by_folder(FOLDERS)
        self.assert_mirror(self.everything())

    def test_no_feed_no_flat_listing(self):
        self.clear_faults()
        self.fault({"label": "changes.getStartPageToken"}, {"status": 500})
        self.run_and_count("--retries", "0")
        self.assertEqual((self.flat, self.folders), (0, FOLDERS + 1))


class BothRoads(FlatCase):
    """Random trees: whichever road, the same plan, the same mirror, the same rows."""

    NAMES = ["a", "b", "x.txt", "x", "..", "a/b", "n" * 260, "lost+found"]

    def grow(self, rng):
        parents, files = [f"D{d:03}" for d in range(FOLDERS)] + ["OUT"], ["F0000", "F0601"]
        edits = [{"op": "create", "id": "OUT", "path": "/out", "folder": True}]
        shared = set()
        for n in range(220):
            parent = rng.choice(parents)
            item = {"op": "create", "id": f"R{n:03}", "name": rng.choice(self.NAMES),
                    "parent": parent, "modified": f"2026-02-03T04:05:06.{n:03}Z"}
            kind = rng.choice(["file"] * 5 + ["folder"] * 4 + ["document", "shortcut", "trashed",
                                                               "theirs", "shared"])
            if kind in ("folder", "shared"):
                edits.append({**item, "folder": True, "shared": kind == "shared"})
                parents.append(item["id"])
                if kind == "shared" or parent in shared:
                    shared.add(item["id"])
            elif kind == "document":
                edits.append({**item, "document": "document", "content": f"text {n}"})
            elif kind == "shortcut":
                edits.append({**item, "target": rng.choice(files + parents[-9:])})
            elif kind == "theirs":
                # Shared with the account itself, or only by the folder it lies in.
                edits.append({**item, "content": f"theirs {n}", "owned": False,
                              "sharedWithMe": parent not in shared})
            else:
                edits.append({**item, "content": f"content {n}", "trashed": kind == "trashed"})
                files.append(item["id"])
        self.control("tree", edits)

    def listed(self, name, command, *arguments):
        self.dest = self.dir / name
        shutil.rmtree(self.dest, ignore_errors=True)
        self.dest.mkdir()
        result = self.run_and_count(*arguments, *NO_LIMITS, command=command)
        plan = sorted((a["action"], a["path"], a["id"], a["size"]) for a in result.report["actions"])
        return plan, tree(self.dest), self.database()

    def test_the_same_comes_of_both(self):
        seed = int(os.environ.get("GDS_SEED", "2026"))
        self.switch(export_bytes_vary=0)
        for n in range(int(os.environ.get("GDS_ROUNDS", "4"))):
            with self.subTest(seed=seed + n):
                if n > 0:
                    self.stop_and_start()
                self.grow(random.Random(seed + n))
                filters = ["--exclude", "x", "--exclude", "/d1*/**"] if n % 2 else []
                flat = self.listed("flat", "sync", *filters)
                self.assertGreater(self.flat, 0)
                self.assertLess(self.folders, FOLDERS)
                by_folder = self.listed("by folder", "resync", *filters)
                self.assertEqual(self.flat, 0)
                for one, other in zip(flat, by_folder):
                    self.assertEqual(one, other)
                self.dest = self.dir / "flat"
                self.assert_settled_with(filters)

    def stop_and_start(self):
        self.emulator.kill()
        self.emulator.wait()
        self.emulator.stdout.close()
        self._cleanups = [c for c in self._cleanups if c[0] != self.stop_emulator]
        (self.dir / "ready").unlink(missing_ok=True)
        self.start_emulator()
        self.slow(BY_FOLDER)
        self.switch(export_bytes_vary=0)

    def assert_settled_with(self, filters):
        self.every_run_lists = False
        result = self.sync(*filters, *NO_LIMITS)
        self.assertEqual(result.report["run"]["listing"], "changes")
        self.assertEqual([a for a in result.report["actions"] if a["action"] != "skip"], [])
        self.every_run_lists = True


if __name__ == "__main__":
    unittest.main()
