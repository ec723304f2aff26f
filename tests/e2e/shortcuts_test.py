#!/usr/bin/env python3
"""Shortcuts: followed to files and folders wherever they lie, never in circles."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


class ShortcutCase(SpecCase):
    def setUp(self):
        super().setUp()
        self.make_folder("/outside", id="OUTSIDE")
        self.file = self.make("/outside/target.txt", "target")
        self.plain = self.make("plain", "plain")

    def shortcut(self, path, target, **more):
        place = {"name": path} if "parent" in more else {"path": self.in_drive(path)}
        return self.edit("create", **place, target=target, **more)

    def skipped(self, result):
        return {a["path"]: a["reason"] for a in result.actions("skip")}


class ToFiles(ShortcutCase):
    def setUp(self):
        super().setUp()
        self.link = self.shortcut("link.txt", self.file.id)
        self.sync()

    def test_the_targets_bytes_and_time_under_the_shortcuts_name(self):
        self.assert_mirror({"plain": self.plain, "link.txt": self.file})
        self.assert_settled()

    def test_a_change_of_the_target_comes_through(self):
        self.update(self.file, "target, edited")
        self.sync()
        self.assert_mirror({"plain": self.plain, "link.txt": self.file})

    def test_the_targets_name_and_place_do_not_matter(self):
        self.edit("rename", id=self.file.id, name="other name")
        self.make_folder("/elsewhere", id="ELSEWHERE")
        self.edit("move", id=self.file.id, to="ELSEWHERE")
        self.assertEqual(self.sync().report["actions"], [])

    def test_a_renamed_shortcut_is_a_rename(self):
        self.edit("rename", id=self.link, name="new name.txt")
        result = self.sync()
        self.assertEqual(result.counts["rename"], 1)
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assert_mirror({"plain": self.plain, "new name.txt": self.file})

    def test_a_removed_shortcut_takes_its_copy_with_it(self):
        self.edit("delete", id=self.link)
        self.sync()
        self.assert_mirror({"plain": self.plain})

    def test_two_shortcuts_to_one_file_are_two_copies(self):
        self.shortcut("sub/again.txt", self.file.id)
        self.sync()
        self.assert_mirror({"plain": self.plain, "link.txt": self.file,
                            "sub/again.txt": self.file})
        self.update(self.file, "target, edited")
        self.sync()
        self.assert_mirror({"plain": self.plain, "link.txt": self.file,
                            "sub/again.txt": self.file})
        self.assert_settled()

    def test_beside_its_target(self):
        self.shortcut("second", self.plain.id)
        self.sync()
        self.assert_mirror({"plain": self.plain, "second": self.plain, "link.txt": self.file})
        self.assert_settled()

    def test_of_the_same_name_as_a_file(self):
        other = self.shortcut("twin", self.file.id)
        self.edit("rename", id=other, name="plain")
        self.sync()
        held = tree(self.dest)
        names = sorted(name for name in held if name.startswith("plain"))
        self.assertEqual(len(names), 2, names)
        self.assertEqual({held[name] for name in names}, {self.plain.state, self.file.state})
        self.assert_settled()

    def test_to_a_document(self):
        document = self.edit("create", path="/outside/report", document="document", content="text")
        self.shortcut("my report", document)
        self.sync()
        self.assertTrue((self.dest / "my report.docx").read_bytes().startswith(b"PK"))
        self.assert_settled()

    def test_that_says_another_type_than_its_target_has(self):
        self.shortcut("odd", self.file.id, targetMime="application/vnd.google-apps.folder")
        self.sync()
        self.assert_mirror({"plain": self.plain, "link.txt": self.file, "odd": self.file})
        self.assert_settled()


class ToNothing(ShortcutCase):
    def assert_skipped(self, path="link.txt"):
        result = self.sync()
        self.assertIn(path, self.skipped(result))
        self.assert_mirror({"plain": self.plain})
        self.assertEqual(self.sync().counts["skip"], 1)

    def test_deleted(self):
        self.shortcut("link.txt", self.file.id)
        self.edit("delete", id=self.file.id)
        self.assert_skipped()

    def test_trashed(self):
        self.shortcut("link.txt", self.file.id)
        self.edit("trash", id=self.file.id)
        self.assert_skipped()

    def test_in_a_trashed_folder(self):
        self.shortcut("link.txt", self.file.id)
        self.edit("trash", id="OUTSIDE")
        self.assert_skipped()

    def test_never_visible(self):
        self.shortcut("link.txt", "NOSUCHID")
        self.assert_skipped()

    def test_access_lost(self):
        self.shortcut("link.txt", self.file.id)
        self.edit("revoke", id=self.file.id)
        self.assert_skipped()

    def test_to_a_trashed_folder(self):
        self.shortcut("link", "OUTSIDE")
        self.edit("trash", id="OUTSIDE")
        self.assert_skipped("link")

    def test_to_a_shortcut(self):
        first = self.shortcut("/outside/first", self.file.id)
        self.shortcut("link.txt", first)
        self.assert_skipped()

    def test_to_itself(self):
        link = self.shortcut("link.txt", "NOSUCHID")
        self.edit("set", id=link, targetId=link)
        self.assert_skipped()

    def test_what_has_no_export(self):
        form = self.edit("create", path="/outside/form", document="form")
        self.shortcut("link.txt", form)
        self.assert_skipped()

    def test_a_target_that_comes_back(self):
        self.shortcut("link.txt", self.file.id)
        self.edit("trash", id=self.file.id)
        self.assert_skipped()
        self.edit("untrash", id=self.file.id)
        self.sync()
        self.assert_mirror({"plain": self.plain, "link.txt": self.file})

    def test_a_copy_goes_with_its_target_within_the_guards(self):
        self.shortcut("link.txt", self.file.id)
        self.sync()
        self.edit("trash", id=self.file.id)
        self.sync("--max-delete", "0", expect=4)
        self.assert_mirror({"plain": self.plain, "link.txt": self.file})
        self.assert_skipped()

    def test_a_target_that_cannot_be_asked_for_is_doubt(self):
        self.shortcut("link.txt", self.file.id)
        self.sync()
        for action in ({"status": 500}, {"html": True}, {"status": 403, "reason": "rateLimitExceeded"}):
            with self.subTest(action=action):
                self.fault({"label": "files.get", "path": self.file.id}, action)
                self.edit("delete", id=self.plain.id) if action == {"status": 500} else None
                self.sync("--full", "--retries", "0", expect=6)
                self.assert_mirror({"plain": self.plain, "link.txt": self.file})
                self.clear_faults()
        self.sync()
        self.assert_mirror({"link.txt": self.file})


class ToFolders(ShortcutCase):
    def setUp(self):
        super().setUp()
        self.deep = self.make("/outside/sub/deep", "deep")
        self.link = self.shortcut("linked", "OUTSIDE")
        self.sync()

    def expected(self, at="linked"):
        return {"plain": self.plain, f"{at}/target.txt": self.file, f"{at}/sub/deep": self.deep}

    def test_the_targets_tree_under_the_shortcuts_name(self):
        self.assert_mirror(self.expected())
        self.assert_settled()

    def test_changes_in_the_target_come_through(self):
        self.update(self.deep, "deep, edited")
        new = self.make("/outside/sub/new", "new")
        self.edit("delete", id=self.file.id)
        self.sync()
        self.assert_mirror({"plain": self.plain, "linked/sub/deep": self.deep,
                            "linked/sub/new": new})
        self.assert_settled()

    def test_renames_in_the_target_cost_no_download(self):
        self.edit("rename", id=self.deep.id, name="deeper")
        result = self.sync()
        self.assertEqual((result.counts["rename"], result.report["bytes"]["downloaded"]), (1, 0))

    def test_to_a_folder_that_a_filter_leaves_out(self):
        """Its own path is left out, the shortcut's is not."""
        self.make_folder("no", id="NO")
        inner, deep = self.make("no/in", "inner"), self.make("no/deep/in", "deep")
        self.shortcut("yes", "NO")
        for excluded in ("/no/**", "/no/deep/**"):
            with self.subTest(excluded):
                plain = {} if excluded == "/no/**" else {"no/in": inner}
                for options in ((), ("--full",), ("--full",)):
                    self.sync("--exclude", excluded, *options)
                    self.assert_mirror({**self.expected(), **plain, "yes/in": inner,
                                        "yes/deep/in": deep})

    def test_a_renamed_shortcut_renames_the_folder(self):
        self.edit("rename", id=self.link, name="by another name")
        result = self.sync()
        self.assertEqual((result.counts["rename"], result.report["bytes"]["downloaded"]), (1, 0))
        self.assert_mirror(self.expected("by another name"))
        self.assert_settled()

    def test_a_removed_shortcut_takes_the_tree_with_it(self):
        self.edit("delete", id=self.link)
        self.sync()
        self.assert_mirror({"plain": self.plain})

    def test_the_same_folder_at_two_places(self):
        self.shortcut("other/again", "OUTSIDE")
        self.sync()
        again = {"other/again/target.txt": self.file, "other/again/sub/deep": self.deep}
        self.assert_mirror({**self.expected(), **again})
        self.edit("delete", id=self.deep.id)
        self.sync()
        self.assert_mirror({"plain": self.plain, "linked/target.txt": self.file,
                            "other/again/target.txt": self.file, "linked/sub": None,
                            "other/again/sub": None})
        self.assert_settled()

    def test_a_folder_of_the_source_itself(self):
        inner = self.make("inner/file", "inner")
        self.shortcut("alias", self.control("tree?path=/claude/files/inner")["id"])
        self.sync()
        self.assert_mirror({**self.expected(), "inner/file": inner, "alias/file": inner})
        self.assert_settled()

    def test_a_chain_of_folders(self):
        self.make_folder("/third", id="THIRD")
        third = self.make("/third/third", "third")
        self.shortcut("on", "THIRD", parent="OUTSIDE")
        self.sync()
        self.assert_mirror({**self.expected(), "linked/on/third": third})
        self.assert_settled()

    def test_a_folder_in_doubt_there_is_doubt_here(self):
        self.fault({"label": "files.list", "path": "OUTSIDE"}, {"status": 500})
        self.edit("delete", id=self.plain.id)
        self.sync("--full", "--retries", "0", expect=6)
        self.assert_mirror(self.expected())


class Above(ShortcutCase):
    """The folders above the source cannot be looked up: a shortcut may lead to one of them."""

    def look_up_in_vain(self, *options):
        new, gone = self.make("new", "new"), self.make("gone", "gone")
        self.sync()
        self.edit("delete", id=gone.id)
        self.update(new, "changed")
        self.shortcut("everything", "root")
        self.fault({"label": "files.get", "path": "files/" + self.above()}, {"status": 500})
        result = self.sync(*options, "--retries", "0", expect=6)
        self.assertIn("looking up a folder above", result.log)
        self.assertIn("everything", self.skipped(result))
        self.assert_mirror({"plain": self.plain, "new": new, "gone": gone})
        self.clear_faults()
        result = self.sync()
        self.assertIn("everything", self.skipped(result))
        self.assert_mirror({"plain": self.plain, "new": new})
        self.assert_settled()

    def above(self):
        return self.control("tree?path=/claude")["id"]

    def test_in_a_full_listing(self):
        self.look_up_in_vain("--full")

    def test_by_the_feed(self):
        self.look_up_in_vain()


class Circles(ShortcutCase):
    def test_to_the_source_itself(self):
        self.shortcut("sub/up", "FILES")
        self.assertIn("sub/up", self.skipped(self.sync()))
        self.assert_mirror({"plain": self.plain, "sub": None})
        self.assert_settled()

    def test_to_a_folder_above_in_the_source(self):
        self.make_folder("a", id="A")
        inner = self.make("a/b/file", "inner")
        self.shortcut("a/b/up", "A")
        self.assertIn("a/b/up", self.skipped(self.sync()))
        self.assert_mirror({"plain": self.plain, "a/b/file": inner})

    def test_one_that_moves_into_its_target_leaves_no_copy_behind(self):
        self.make_folder("a", id="A")
        inner = self.make("a/b/file", "inner")
        link = self.shortcut("alias", "A")
        self.sync()
        self.assert_mirror({"plain": self.plain, "a/b/file": inner, "alias/b/file": inner})
        self.edit("move", id=link, to="A")
        self.sync()
        self.assert_mirror({"plain": self.plain, "a/b/file": inner})
        self.assert_settled()

    def test_to_the_folder_above_the_source(self):
        above = self.control("tree?path=/claude")["id"]
        self.make("/claude/beside", "beside")
        self.shortcut("up", above)
        self.shortcut("top", "root")
        self.assertEqual(set(self.skipped(self.sync())), {"up", "top"})
        self.assert_mirror({"plain": self.plain})
        self.assert_settled()

    def test_two_folders_that_lead_to_each_other(self):
        self.make_folder("a", id="A")
        self.make_folder("b", id="B")
        one = self.make("a/one", "one")
        two = self.make("b/two", "two")
        self.shortcut("to b", "B", parent="A")
        self.shortcut("to a", "A", parent="B")
        result = self.sync()
        self.assert_mirror({"plain": self.plain, "a/one": one, "a/to b/two": two,
                            "b/two": two, "b/to a/one": one})
        self.assertEqual(set(self.skipped(result)), {"a/to b/to a", "b/to a/to b"})
        self.assert_settled()

    def test_outside_folders_that_lie_in_each_other(self):
        """Drive forbids it; what it shows all the same has an end."""
        self.make_folder("B", id="B", parent="OUTSIDE")
        inner = self.make("in.txt", "inner", parent="B")
        self.edit("move", id="OUTSIDE", to="B")
        self.shortcut("link", "OUTSIDE")
        for options in ((), ("--full",)):
            result = self.sync(*options)
            self.assertEqual([(a["path"], a["reason"]) for a in result.actions("skip")],
                             [("link/B/outside", "this folder lies in itself")])
            self.assertEqual((self.dest / "link/B/in.txt").read_bytes(), inner.content)

    def test_outside_folders_that_lead_to_each_other(self):
        self.make_folder("/b", id="B")
        self.shortcut("to b", "B", parent="OUTSIDE")
        self.shortcut("to outside", "OUTSIDE", parent="B")
        self.shortcut("link", "OUTSIDE")
        result = self.sync()
        self.assert_mirror({"plain": self.plain, "link/target.txt": self.file, "link/to b": None})
        self.assertEqual(set(self.skipped(result)), {"link/to b/to outside"})

    def test_one_folder_is_expanded_sixteen_times(self):
        for n in range(18):
            self.shortcut(f"link{n:02}", "OUTSIDE")
        result = self.sync()
        self.assertEqual(len(self.skipped(result)), 2)
        copies = [p for p in tree(self.dest) if p.endswith("/target.txt")]
        self.assertEqual(len(copies), 16)
        self.assert_settled()

    def test_sixty_four_levels_behind_a_shortcut(self):
        # Each folder leads to the next; every one is a folder of its own, so this is no circle.
        for n in range(70):
            self.make_folder(f"/chain{n}", id=f"CHAIN{n}")
            if n > 0:
                self.shortcut("next", f"CHAIN{n}", parent=f"CHAIN{n - 1}")
        self.shortcut("chain", "CHAIN0")
        result = self.sync()
        self.assertEqual(len(self.skipped(result)), 1)
        deepest = max((p for p, what in tree(self.dest).items() if what is None),
                      key=lambda p: p.count("/"))
        self.assertEqual(deepest.count("/") + 1, 64)
        self.assert_settled()


class ResourceKeys(ShortcutCase):
    """Items of others that are 404 without the key that the shortcut carries."""

    def keys(self, label, item):
        return [e["headers"].get("x-goog-drive-resource-keys") for e in self.requests(label)
                if item in (e["id"] or e["target"]) or item in e["target"]]

    def test_a_file(self):
        locked = self.make("/outside/locked", "locked", owned=False, resourceKey="k-1")
        self.shortcut("link", locked.id, targetResourceKey="k-1")
        self.sync()
        self.assert_mirror({"plain": self.plain, "link": locked})
        for label in ("files.get", "files.media"):
            self.assertIn(f"{locked.id}/k-1", self.keys(label, locked.id)[0])
        self.update(locked, "locked, edited")
        self.sync()
        self.assert_mirror({"plain": self.plain, "link": locked})
        self.assert_settled()

    def test_a_folder_and_what_lies_in_it(self):
        folder = self.make_folder("/locked", id="LOCKED", owned=False, resourceKey="k-2")
        inner = self.make("in it", "in it", parent=folder)
        locked = self.make("locked too", "locked too", parent=folder, owned=False,
                           resourceKey="k-3")
        self.shortcut("link", folder, targetResourceKey="k-2")
        self.sync()
        self.assert_mirror({"plain": self.plain, "link/in it": inner, "link/locked too": locked})
        self.assertIn("LOCKED/k-2", self.keys("files.list", "LOCKED")[0])
        self.assertIn(f"{locked.id}/k-3", self.keys("files.media", locked.id)[0])
        self.assert_settled()

    def test_a_wrong_key_leads_nowhere(self):
        locked = self.make("/outside/locked", "locked", owned=False, resourceKey="k-1")
        self.shortcut("link", locked.id, targetResourceKey="wrong")
        result = self.sync()
        self.assertIn("link", self.skipped(result))
        self.assert_mirror({"plain": self.plain})

    def test_a_deleted_one_is_confirmed_with_its_key(self):
        locked = self.make("/outside/locked", "locked", owned=False, resourceKey="k-1")
        link = self.shortcut("link", locked.id, targetResourceKey="k-1")
        self.sync()
        self.edit("delete", id=link)
        self.sync()
        self.assert_mirror({"plain": self.plain})


if __name__ == "__main__":
    unittest.main()
