#!/usr/bin/env python3
"""Every request of a run that lists, confirms and deletes is spoilt once in every way that is known:
nothing that is alive may be lost, and the next run without a fault has to converge."""

import os
import shutil
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(__file__))
from harness import MirrorCase, tree  # noqa: E402

DRIVE = {"path": "^/drive/v3/"}
LISTS = {"label": "files.list"}
# What a request can meet that says nothing about the source; the ways of one row take turns.
FAILURES = {
    "5xx": [{"status": 500}, {"status": 502, "html": True}, {"status": 503}, {"status": 504}],
    "429": [{"status": 429, "reason": "rateLimitExceeded"}, {"status": 429, "html": True}],
    "403": [{"status": 403, "reason": "userRateLimitExceeded"}, {"status": 403, "html": True},
            {"status": 403, "reason": "dailyLimitExceeded"}],
    "400": [{"status": 400, "reason": "badRequest"}, {"status": 410, "reason": "gone"}],
    "200 page": [{"html": True}],
    "truncated": [{"truncate": 25}, {"truncate": 0}],
    "cut": [{"cut_after": 10}, {"cut_after": 10, "length": "chunked"}],
    "closed": [{"close": True}, {"close": True, "reset": True}],
}
SILENCE = {"silence": [{"hang": True}, {"stall_at": 5, "stall_ms": -1}]}
# What a list can hold that it should not.
LIES = {
    "404": [{"unknown_item": True}],
    "page token refused": [{"refuse_page_token": True}],
    "empty": [{"list": "empty"}],
    "half": [{"list": "half"}],
    "same token again": [{"list": "repeat-token"}],
    "last page too early": [{"list": "drop-token"}],
    "incompleteSearch": [{"list": "incomplete"}],
}


class EveryRequest(MirrorCase):
    every_run_lists = True

    def setUp(self):
        super().setUp()
        self.step = 0
        self.write("top/plain.txt", "plain")
        self.write("top/below/deep.txt", "deep")
        self.write("edited.txt", "edited 0")
        self.write("renamed0", "renamed")
        self.write("folder0/in it", "in a renamed folder")
        self.write("a", "first of two that swap")
        self.write("b", "second of two that swap")
        self.write("doomed0", "doomed 0")
        self.write("top/doomed0", "doomed below 0")
        self.sync()

    def change(self):
        """One of each kind of change, at the source and on the volume."""
        old, self.step = self.step, self.step + 1
        new = self.step
        (self.source / f"renamed{old}").rename(self.source / f"renamed{new}")
        (self.source / f"folder{old}").rename(self.source / f"folder{new}")
        (self.source / "a").rename(self.source / "hold")
        (self.source / "b").rename(self.source / "a")
        (self.source / "hold").rename(self.source / "b")
        self.write("edited.txt", f"edited {new}")
        for folder in ("", "top/"):
            (self.source / f"{folder}doomed{old}").unlink()
            self.write(f"{folder}doomed{new}", f"doomed {folder}{new}")
        if new % 2 == 1:
            self.write("comes and goes/inner/file", f"comes {new}")
        else:
            shutil.rmtree(self.source / "comes and goes")
        (self.dest / f"stray{new}").write_text("stray")
        (self.dest / "top" / f"stray{new}").write_text("stray")

    def alive(self):
        """Contents that the source and the volume both hold before the run."""
        def contents(root):
            return {what[0] for what in tree(root).values() if what}
        return contents(self.source) & contents(self.dest)

    def spoil(self, name, match, action, k, *options):
        before = self.alive()
        self.fault({**match, "nth": k}, action)
        result = self.gds("sync", *options)
        met = self.control("faults")["faults"][0]["met"]
        self.clear_faults()
        held = {what[0] for what in tree(self.dest).values() if what}
        self.assertLessEqual(before, held, f"{name} at request {k}: {result.log}")
        # 4: the root's list was empty, which the guard for an empty source withholds by itself.
        allowed = (0, 4, 5, 6) if name == "empty" else (0, 5, 6)
        self.assertIn(result.code, allowed, f"{name} at request {k}: {result.log}")
        again = self.gds("sync")
        self.assertEqual(again.code, 0, f"after {name} at request {k}: {again.log}")
        self.assertEqual(tree(self.dest), tree(self.source),
                         f"after {name} at request {k}\n{result.log}\n{again.log}")
        return met

    def spoil_each(self, match, faults, *options):
        for name, ways in faults.items():
            k, met = 0, 0
            while met >= k:  # the request was still one of the run's
                k += 1
                with self.subTest(fault=name, request=k):
                    self.change()
                    met = self.spoil(name, match, ways[k % len(ways)], k, *options)
            self.assertGreater(k, 8)
        self.assertEqual(self.sync().report["actions"], [])

    def test_failures(self):
        self.spoil_each(DRIVE, FAILURES, "--retries", "0")

    def test_silence(self):
        self.spoil_each(LISTS, SILENCE, "--retries", "0", "--timeout", "1s")

    def test_lies_in_lists(self):
        self.spoil_each(LISTS, LIES, "--retries", "0")

    def test_lies_in_lists_of_many_pages(self):
        self.switch(empty_middle_page=1)
        self.spoil_each(LISTS, LIES, "--retries", "0")

    def test_a_refused_access_token(self):
        self.spoil_each(DRIVE, {"401": [{"expire_tokens": True}]}, "--retries", "0")

    def test_lists_that_lose_items_in_every_run(self):
        # Half of each list is missing, time and again, and says nothing of it.
        self.change()
        before = self.alive()
        self.fault(LISTS, {"list": "half"})
        self.source_options = ["--source-id", self.control("tree?path=/claude/files")["id"]]
        for _ in range(3):
            result = self.gds("sync")
            self.assertEqual(result.code, 6, result.log)
            held = {what[0] for what in tree(self.dest).values() if what}
            self.assertLessEqual(before, held)

    def test_no_query_names_two_parents(self):
        self.change()
        self.sync()
        lists = self.requests("files.list")
        self.assertGreater(len(lists), 10)
        for entry in lists:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(entry["target"]).query)["q"][0]
            self.assertEqual(query.count(" in parents"), 1, query)
            self.assertNotIn(" or ", query)


if __name__ == "__main__":
    unittest.main()
