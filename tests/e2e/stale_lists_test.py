#!/usr/bin/env python3
"""Lists that lag behind the change feed: what it told just before is not lost by a list that does
not show it yet, or shows it as it was."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import relays  # noqa: E402
from feed_test import NO_LIMITS, FeedCase  # noqa: E402
from harness import tree  # noqa: E402

class StaleCase(FeedCase):
    def setUp(self):
        super().setUp()
        self.relay = relays.Drive(self.url)
        self.addCleanup(self.relay.close)

    def environment(self):
        url = self.relay.url if hasattr(self, "relay") else self.url
        return {**super().environment(), "GDRIVE_SYNC_DRIVE_ENDPOINT": url}

    def keep_from_lists(self, *ids):
        self.relay.mend_list = lambda items: [item for item in items if item["id"] not in ids]

    def as_they_are(self, *ids):
        """Lists go on showing these as they are now."""
        seen = {item["id"]: item for item in self.listed() if item["id"] in ids}
        self.assertEqual(set(seen), set(ids))
        self.relay.mend_list = lambda items: [seen.get(item["id"], item) for item in items]

    def listed(self):
        shown = []
        self.relay.mend_list = lambda items: shown.extend(items) or items
        self.sync("--full")
        return shown

    def settled(self, expected):
        """Nothing is left to be done once the lists have caught up."""
        self.assert_mirror(expected)
        self.relay.mend_list = lambda items: items
        for arguments in ([], ["--full"]):
            self.assertEqual(self.sync(*arguments).report["actions"], [])


class WhatIsNew(StaleCase):
    def test_a_file(self):
        fresh = self.make("fresh.txt", "fresh")
        self.keep_from_lists(fresh.id)
        self.sync("--full")
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "fresh.txt": fresh})

    def test_a_folder_with_all_below_it(self):
        self.make_folder("fresh", id="FRESH")
        one = self.make("fresh/one.txt", "1")
        two = self.make("fresh/deep/two.txt", "2")
        self.keep_from_lists("FRESH")
        self.sync("--full")
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "fresh/one.txt": one,
                      "fresh/deep/two.txt": two})

    def test_a_file_in_a_folder_that_is_new_too(self):
        for arguments in ([], ["--full"]):
            with self.subTest(arguments=arguments):
                name = "new" + "".join(arguments)
                self.make_folder(name)
                fresh = self.make(name + "/fresh.txt", "fresh")
                self.keep_from_lists(fresh.id)
                self.sync(*arguments)
                self.assertIn(name + "/fresh.txt", tree(self.dest))
                self.settled({**self.mirror(), "a.txt": self.a})

    def test_a_file_that_came_along_with_a_folder_that_moved_in(self):
        self.make_folder("/outside", id="OUT")
        inner = self.make("/outside/inner.txt", "inner")
        self.sync()
        self.edit("move", id="OUT", to="FILES")
        self.edit("move", id=self.a.id, to="OUT")
        self.keep_from_lists(self.a.id)
        self.sync()
        self.settled({"outside/a.txt": self.a, "outside/inner.txt": inner, "sub/b.txt": self.b})

    def mirror(self):
        return {path: what[0] for path, what in tree(self.dest).items() if what}


class WhatWasAnother(StaleCase):
    def test_name_and_content(self):
        self.as_they_are(self.a.id)
        self.update(self.a, "changed")
        self.edit("rename", id=self.a.id, name="other.txt")
        self.sync("--full")
        self.settled({"other.txt": self.a, "sub/b.txt": self.b})

    def test_a_place(self):
        self.as_they_are(self.a.id)
        self.edit("move", id=self.a.id, to="SUB")
        self.relay.mend_list = self.both_places(self.relay.mend_list)
        self.sync("--full")
        self.settled({"sub/a.txt": self.a, "sub/b.txt": self.b})

    def test_what_went_to_the_trash(self):
        old = next(item for item in self.listed() if item["id"] == self.a.id)
        self.edit("trash", id=self.a.id)
        files = self.control("tree?path=/claude/files")["id"]
        self.relay.mend_list = lambda items: (
            [*items, old] if any(item.get("parents") == [files] for item in items) else items)
        self.sync("--full", *NO_LIMITS)
        self.settled({"sub/b.txt": self.b})

    def both_places(self, stale):
        files = self.control("tree?path=/claude/files")["id"]
        old = dict(next(iter(stale([{"id": self.a.id}]))), parents=[files])
        return lambda items: (
            [*items, old] if any(item.get("parents") == [files] for item in items)
            else [item for item in items if item["id"] != self.a.id])


if __name__ == "__main__":
    unittest.main()
