#!/usr/bin/env python3
"""Lists that lag behind the change feed: what it told just before is not lost by a list that does
not show it yet, or shows it as it was."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import relays  # noqa: E402
from feed_test import NO_LIMITS, FeedCase  # noqa: E402
from harness import SpecCase, tree  # noqa: E402

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
            left = self.sync(*arguments).report["actions"]
            self.assertEqual([a for a in left if a["action"] != "skip"], [])


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


class BehindShortcuts(StaleCase):
    """What a shortcut leads to is asked for by id anyhow, and by a list as well where it is inside."""

    def link(self, name, target, parent="FILES"):
        self.edit("create", name=name, parent=parent, target=target)

    def once_told(self, item_id, change):
        """`change` happens right after the feed told of the item."""
        left = [change]

        def mend(entries):
            if left and any(entry.get("fileId") == item_id for entry in entries):
                left.pop()()
            return entries
        self.relay.mend_feed = mend

    def still_shown(self, item_id):
        """Lists go on showing it where it is now."""
        old = next(item for item in self.listed() if item["id"] == item_id)
        self.relay.mend_list = lambda items: (
            [*items, old] if any(item.get("parents") == old["parents"] for item in items)
            and item_id not in [item["id"] for item in items] else items)

    def test_a_target_that_is_deleted_and_still_shown(self):
        self.link("link.txt", self.a.id)
        self.sync()
        self.still_shown(self.a.id)
        self.edit("delete", id=self.a.id)
        self.sync("--full", *NO_LIMITS)
        self.settled({"sub/b.txt": self.b})

    def test_a_target_that_is_deleted_right_after_it_was_told_of(self):
        self.link("link.txt", self.a.id)
        self.sync()
        self.update(self.a, "changed")
        self.once_told(self.a.id, lambda: self.edit("delete", id=self.a.id))
        self.sync("--full", *NO_LIMITS)
        self.settled({"sub/b.txt": self.b})

    def test_a_target_that_moves_out_right_after_it_was_told_of(self):
        self.make_folder("/other", id="OTHER")
        self.link("link.txt", self.a.id)
        self.sync()
        self.update(self.a, "changed")
        self.once_told(self.a.id, lambda: self.edit("move", id=self.a.id, to="OTHER"))
        self.sync("--full", *NO_LIMITS)
        self.settled({"link.txt": self.a, "sub/b.txt": self.b})

    def test_a_target_that_moved_out_of_a_shortcut_behind_a_shortcut(self):
        self.make_folder("/far", id="FAR")
        self.make_folder("/other", id="OTHER")
        self.link("s.txt", self.a.id, parent="FAR")
        self.link("link", "FAR")
        self.sync()
        self.still_shown(self.a.id)
        self.edit("move", id=self.a.id, to="OTHER")
        self.sync("--full", *NO_LIMITS)
        self.settled({"link/s.txt": self.a, "sub/b.txt": self.b})

    def test_what_is_new_in_a_folder_behind_one(self):
        self.make_folder("/far", id="FAR")
        self.link("link", "FAR")
        self.sync()
        fresh = self.make("/far/fresh.txt", "fresh")
        self.keep_from_lists(fresh.id)
        self.sync("--full")
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link/fresh.txt": fresh})

    def test_what_was_asked_for_before_a_list_showed_it(self):
        self.make_folder("/far", id="FAR")
        far = self.make("/far/x.txt", "x")
        self.link("link", "FAR")
        self.link("l.txt", far.id)
        self.sync()
        self.as_they_are(far.id)
        self.edit("rename", id=far.id, name="y.txt")
        self.sync("--full")
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link/y.txt": far, "l.txt": far})


class WholeDrive(SpecCase):
    spec = {"drives": [{"id": "TEAM", "name": "The team", "items": [
        {"id": "TEAMDIR", "name": "sub", "folder": True}]}]}
    source_options = ["--drive-id", "TEAM"]

    def test_a_file_in_a_folder_that_is_new_too(self):
        relay = relays.Drive(self.url)
        self.addCleanup(relay.close)
        self.make("x", "x", parent="TEAMDIR")
        self.sync()
        folder = self.make_folder("new", parent="TEAMDIR")
        fresh = self.make("fresh.txt", "fresh", parent=folder)
        relay.mend_list = lambda items: [item for item in items if item["id"] != fresh.id]
        self.sync("--full", env={"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url})
        self.assert_mirror({"sub/x": "x", "sub/new/fresh.txt": fresh})


class TheRoot(SpecCase):
    source_options = ["--source-id", "FILES"]

    def test_what_a_list_lacks_while_the_root_changes(self):
        """A file that was there before, and that nothing but a question for its name explains."""
        relay = relays.Drive(self.url)
        self.addCleanup(relay.close)
        made = [self.make(f"{name}.txt", name) for name in "abc"]
        (self.dest / "a.txt").write_text("a")
        left = [lambda: self.edit("rename", id="FILES", name="other")]

        def mend(items):
            if left:
                left.pop()()
            return [item for item in items if item["id"] != made[0].id] if len(items) > 1 else items
        relay.mend_list = mend
        self.sync(expect=6, env={"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url})
        self.assertIn("a.txt", tree(self.dest))

    def test_the_trash_takes_the_root_before_its_list_is_read(self):
        """Then the list is empty, and each of its items is trashed when asked for by id."""
        relay = relays.Drive(self.url)
        self.addCleanup(relay.close)
        made = {f"{name}.txt": self.make(f"{name}.txt", name) for name in "abc"}
        self.sync()
        relay.mend_feed = lambda entries: (self.edit("trash", id="FILES"), entries)[1]
        self.sync("--full", *NO_LIMITS, "--allow-empty-source", expect=6,
                  env={"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url})
        self.assert_mirror(made)


if __name__ == "__main__":
    unittest.main()
