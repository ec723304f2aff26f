#!/usr/bin/env python3
"""What a filter leaves out is invisible on both sides: not fetched, not deleted, not counted."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


class FilterCase(SpecCase):
    def setUp(self):
        super().setUp()
        self.all = {path: self.make(path, "of " + path) for path in (
            "a.txt", "b.tmp", "sub/c.txt", "sub/d.tmp", "sub/deep/e.txt", "keep/f.bin", "big.bin")}
        self.update(self.all["big.bin"], "x" * 5000)

    def only(self, *paths):
        return {path: self.all[path] for path in paths}

    def without(self, *paths):
        return {path: made for path, made in self.all.items() if path not in paths}


class Shapes(FilterCase):
    def test_exclude(self):
        self.sync("--exclude", "*.tmp")
        self.assert_mirror(self.without("b.tmp", "sub/d.tmp"))
        self.assertEqual(self.sync("--exclude", "*.tmp").report["actions"], [])

    def test_include(self):
        self.sync("--include", "*.txt")
        held = {path for path, what in tree(self.dest).items() if what}
        self.assertEqual(held, {"a.txt", "sub/c.txt", "sub/deep/e.txt"})
        self.assertEqual(self.sync("--include", "*.txt").report["actions"], [])

    def test_a_folder(self):
        self.sync("--exclude", "/sub/**")
        self.assert_mirror(self.without("sub/c.txt", "sub/d.tmp", "sub/deep/e.txt"))
        lists = " ".join(e["target"] for e in self.requests("files.list"))
        self.assertNotIn(self.control("tree?path=/claude/files/sub/deep")["id"], lists)

    def test_a_file_of_rules(self):
        rules = self.dir / "rules"
        rules.write_text("# the first match decides\n- *.tmp\n+ /sub/**\n+ /*.txt\n- *\n")
        self.sync("--filter-from", rules)
        self.assert_mirror(self.only("a.txt", "sub/c.txt", "sub/deep/e.txt"))

    def test_a_size(self):
        self.sync("--max-size", "1Ki")
        self.assert_mirror(self.without("big.bin"))
        self.assertEqual(self.sync("--max-size", "1Ki").report["actions"], [])

    def test_a_size_leaves_documents_alone(self):
        self.edit("create", parent="FILES", name="doc", document="document", content="x" * 3000)
        self.sync("--max-size", "1Ki")
        self.assertIn("doc.docx", tree(self.dest))

    def test_names_as_they_are_on_disk(self):
        self.make("odd/name.txt", "odd", parent="FILES")
        self.sync("--exclude", "odd／*")
        self.assert_mirror(self.all)

    def test_several(self):
        self.sync("--exclude", "*.tmp", "--exclude", "*.bin")
        self.assert_mirror(self.only("a.txt", "sub/c.txt", "sub/deep/e.txt") | {"keep": None})

    def test_a_wrong_one_is_a_usage_error(self):
        result = self.sync("--exclude", "[", expect=2)
        self.assertIn("[", result.log)
        self.sync("--filter-from", self.dir / "nowhere", expect=2)

    def test_what_is_excluded_is_no_mirrorable_file(self):
        self.sync("--exclude", "*", "--exclude", "*/**")
        self.assertEqual({path: what for path, what in tree(self.dest).items() if what}, {})


class Later(FilterCase):
    """The filter comes, goes and changes on a mirror that is there."""

    def setUp(self):
        super().setUp()
        self.sync()

    def lose_database(self):
        (self.dest / ".gdrive-sync" / "state.db").unlink()

    def test_what_it_begins_to_exclude_stays_and_is_not_counted(self):
        result = self.sync("--exclude", "*.txt", "--max-delete", "0")
        self.assertEqual(result.report["actions"], [])
        self.assert_mirror(self.all)

    def test_also_for_a_whole_folder(self):
        result = self.sync("--exclude", "/sub/**", "--max-delete", "0")
        self.assertEqual(result.report["actions"], [])
        self.assert_mirror(self.all)

    def test_what_is_excluded_and_deleted_at_the_source_stays(self):
        self.edit("delete", id=self.all["sub/c.txt"].id)
        self.assertEqual(self.sync("--exclude", "*.txt").report["actions"], [])
        self.assertIn("sub/c.txt", tree(self.dest))
        self.sync()
        self.assert_mirror(self.without("sub/c.txt"))

    def test_what_is_excluded_and_changed_stays_as_it_was(self):
        before = self.all["a.txt"].state
        self.update(self.all["a.txt"], "changed")
        self.assertEqual(self.sync("--exclude", "*.txt").report["actions"], [])
        self.assertEqual(tree(self.dest)["a.txt"], before)
        self.sync()
        self.assert_mirror(self.all)

    def test_strays_that_are_excluded_stay(self):
        (self.dest / "mine.tmp").write_text("mine")
        (self.dest / "own").mkdir()
        (self.dest / "own" / "mine.tmp").write_text("mine")
        self.assertEqual(self.sync("--exclude", "*.tmp", "--max-delete", "0").report["actions"], [])
        self.assertTrue((self.dest / "own" / "mine.tmp").exists())
        self.sync()
        self.assert_mirror(self.all)

    def test_a_folder_that_goes_leaves_what_is_excluded_in_it(self):
        self.edit("trash", path="/claude/files/sub")
        self.sync("--exclude", "*.tmp")
        self.assert_mirror(self.without("sub/c.txt", "sub/deep/e.txt"))
        self.sync()
        self.assert_mirror(self.without("sub/c.txt", "sub/deep/e.txt", "sub/d.tmp"))

    def test_a_file_that_outgrows_the_size_stays_as_it_was(self):
        before = self.all["a.txt"].state
        self.update(self.all["a.txt"], "y" * 4000)
        self.assertEqual(self.sync("--max-size", "1Ki", "--max-delete", "0").report["actions"], [])
        self.assertEqual(tree(self.dest)["a.txt"], before)

    def test_a_lost_database_leaves_what_is_excluded_alone(self):
        self.lose_database()
        result = self.sync("--exclude", "*.tmp", "--max-delete", "0")
        self.assertEqual(result.report["actions"], [])
        self.assert_mirror(self.all)

    def test_moved_from_what_is_excluded_to_what_is_not(self):
        self.sync("--exclude", "/sub/**")
        made = self.all.pop("sub/c.txt")
        self.edit("move", id=made.id, to="FILES")
        self.sync("--exclude", "/sub/**")
        self.assertEqual(tree(self.dest)["c.txt"], made.state)
        self.sync()
        self.all["c.txt"] = made
        self.assert_mirror(self.all)
        self.assert_settled()

    def test_moved_from_what_is_not_excluded_to_what_is(self):
        made = self.all["a.txt"]
        self.edit("move", id=made.id, to=self.control("tree?path=/claude/files/sub")["id"])
        self.sync("--exclude", "/sub/**")
        self.sync()
        self.all["sub/a.txt"] = self.all.pop("a.txt")
        self.assert_mirror(self.all)
        self.assert_settled()

    def test_renamed_folders_with_a_filter(self):
        self.edit("rename", path="/claude/files/sub", name="other")
        self.sync("--exclude", "*.tmp")
        moved = {path.replace("sub/", "other/"): made for path, made in self.all.items()}
        held = tree(self.dest)
        for path, made in moved.items():
            if not path.endswith(".tmp"):
                self.assertEqual(held[path], made.state)
        self.assertTrue({"sub/d.tmp", "other/d.tmp"} & set(held))
        self.sync()
        self.assert_mirror(moved)
        self.assert_settled()

    def test_renamed_to_what_is_excluded(self):
        """Nothing of the source is at the old path any more, and that path is not excluded."""
        keep = ("--exclude", "*.tmp", "--exclude", "/none/**")
        self.edit("rename", id=self.all["a.txt"].id, name="a.tmp")
        self.edit("rename", path="/claude/files/keep", name="none")
        result = self.sync(*keep, "--max-delete", "1", expect=4)
        self.assertEqual(sorted(a["path"] for a in result.actions("delete")),
                         ["a.txt", "keep/f.bin"])
        self.sync(*keep)
        self.assert_mirror(self.without("a.txt", "keep/f.bin"))
        self.assertEqual(self.sync("--full", *keep).report["actions"], [])

    def test_renamed_to_what_is_excluded_and_the_database_lost(self):
        self.edit("rename", id=self.all["a.txt"].id, name="a.tmp")
        self.lose_database()
        self.sync("--exclude", "*.tmp")
        self.assert_mirror(self.without("a.txt"))

    def test_an_old_copy_of_what_outgrew_the_size_goes_with_its_item(self):
        grown = self.all["sub/c.txt"]
        self.update(grown, "y" * 4000)
        self.sync("--max-size", "1Ki")
        self.edit("rename", id=grown.id, name="z.txt")
        result = self.sync("--max-size", "1Ki")
        self.assertEqual([a["path"] for a in result.actions("delete")], ["sub/c.txt"])

    def test_an_old_copy_of_what_outgrew_the_size_moves_with_its_folder(self):
        before = self.all["sub/c.txt"].state
        self.update(self.all["sub/c.txt"], "y" * 4000)
        self.sync("--max-size", "1Ki")
        self.edit("rename", path="/claude/files/sub", name="other")
        result = self.sync("--max-size", "1Ki")
        self.assertEqual(result.actions("delete"), [])
        self.assertEqual(tree(self.dest)["other/c.txt"], before)

    def test_a_lost_database_leaves_what_outgrew_the_size_alone(self):
        before = self.all["sub/c.txt"].state
        self.update(self.all["sub/c.txt"], "y" * 4000)
        self.lose_database()
        self.assertEqual(self.sync("--max-size", "1Ki", "--max-delete", "0").report["actions"], [])
        self.assertEqual(tree(self.dest)["sub/c.txt"], before)

    def test_the_second_of_two_twins_is_excluded_by_its_plain_name(self):
        for letter in "AB":
            self.make("twin.txt", letter, parent="FILES", id=letter * 10)
            folder = self.make_folder("both", parent="FILES", id=letter * 12)
            self.make("in.txt", letter, parent=folder)
        self.sync()
        held = tree(self.dest)
        self.assertTrue({"twin~AAAAAAAA.txt", "both~AAAAAAAA/in.txt"} <= set(held))
        result = self.sync("--exclude", "twin.txt", "--exclude", "/both/**", "--max-delete", "0")
        self.assertEqual((result.report["actions"], tree(self.dest)), ([], held))

    def test_a_lost_database_leaves_the_second_of_two_twins_alone(self):
        self.make_twins()
        for left_out in (("--exclude", "/twin.txt"), ("--max-size", "1Ki")):
            with self.subTest(left_out):
                self.lose_database()
                self.sync(*left_out)
                self.assertEqual(tree(self.dest)["twin~AAAAAAAA.txt"][0], b"A")
                self.update(self.twins["A"], "L" * 4000,
                            modified_ms=self.twins["A"].modified_ms)

    def test_what_takes_the_place_of_what_outgrew_the_size(self):
        self.make_twins()
        self.update(self.all["a.txt"], "L" * 4000)
        self.update(self.twins["B"], "L" * 4000)
        self.sync("--max-size", "1Ki")
        self.assertEqual(tree(self.dest)["twin.txt"][0], b"A")
        folder = self.make_folder("a.txt", parent="FILES")
        self.make("in.txt", "in", parent=folder)
        result = self.sync("--max-size", "1Ki")
        self.assertEqual([a["path"] for a in result.actions("delete")], ["a.txt"])
        self.assertEqual(tree(self.dest)["a.txt/in.txt"][0], b"in")
        self.assertEqual(self.sync("--max-size", "1Ki").report["actions"], [])

    def test_own_files_in_an_excluded_folder_that_is_renamed(self):
        keep = ("--exclude", "/sub/**")
        self.sync(*keep)
        (self.dest / "sub" / "mine.txt").write_text("mine")
        self.edit("rename", path="/claude/files/sub", name="seen")
        self.sync(*keep)
        self.assertEqual(self.sync(*keep).report["actions"], [])
        self.assertEqual((self.dest / "sub" / "mine.txt").read_text(), "mine")
        self.assertEqual(tree(self.dest)["seen/c.txt"], self.all["sub/c.txt"].state)

    def make_twins(self):
        self.twins = {letter: self.make("twin.txt", letter, parent="FILES", id=letter * 10)
                      for letter in "AB"}
        self.sync()
        self.assertEqual(tree(self.dest)["twin.txt"][0], b"B")

    def test_twins_of_which_one_is_excluded(self):
        self.make("twin.txt", "small", parent="FILES", id="AAAAAAAAAA")
        self.make("twin.txt", "L" * 4000, parent="FILES", id="BBBBBBBBBB")
        self.sync("--max-size", "1Ki")
        self.assertEqual(tree(self.dest)["twin.txt"][0], b"small")
        self.sync()
        self.assertEqual(tree(self.dest)["twin.txt"][0], b"L" * 4000)
        self.assertEqual(tree(self.dest)["twin~AAAAAAAA.txt"][0], b"small")
        self.assert_settled()

    def test_resync_keeps_to_it(self):
        (self.dest / "mine.tmp").write_text("mine")
        result = self.gds("resync", "--exclude", "*.tmp")
        self.assertEqual((result.code, result.report["actions"]), (0, []), result.log)

    def test_diff_keeps_to_it(self):
        self.edit("delete", id=self.all["b.tmp"].id)
        self.assertEqual(self.gds("diff", "--exit-code", "--exclude", "*.tmp").code, 0)
        self.assertEqual(self.gds("diff", "--exit-code").code, 10)

    def test_a_file_of_the_destination_that_an_option_names(self):
        rules = self.dest / "rules"
        rules.write_text("- *.tmp\n")
        metrics = self.dest / "metrics.prom"
        for _ in range(2):
            self.sync("--metrics-file", metrics, "--filter-from", rules)
            self.assertTrue(metrics.exists() and rules.exists())
        self.sync()
        self.assertFalse(metrics.exists() or rules.exists())


class Unscanned(Later):
    """The same where the volume itself is not looked at."""

    def sync(self, *options, **how):
        return super().sync("--scan-interval", "1h", *options, **how)

    def test_strays_that_are_excluded_stay(self):
        (self.dest / "sub" / "deep" / "mine.tmp").write_text("mine")
        self.edit("trash", path="/claude/files/sub/deep")
        self.sync("--exclude", "*.tmp")
        self.assertTrue((self.dest / "sub" / "deep" / "mine.tmp").exists())
        self.assertFalse((self.dest / "sub" / "deep" / "e.txt").exists())

    test_a_file_of_the_destination_that_an_option_names = None  # only a scan comes upon it


class Linked(FilterCase):
    def test_a_filter_reaches_behind_shortcuts(self):
        self.make_folder("/outside", id="OUTSIDE")
        self.make("/outside/x.tmp", "x")
        wanted = self.make("/outside/x.txt", "x")
        self.edit("create", path="/claude/files/link", target="OUTSIDE")
        self.sync("--exclude", "*.tmp")
        self.assert_mirror({**self.without("b.tmp", "sub/d.tmp"), "link/x.txt": wanted})

    def test_a_shortcut_into_what_is_excluded(self):
        deep = self.control("tree?path=/claude/files/sub/deep")["id"]
        self.edit("create", path="/claude/files/link", target=deep)
        self.edit("create", path="/claude/files/file", target=self.all["sub/d.tmp"].id)
        self.sync("--exclude", "/sub/**")
        self.assert_mirror({**self.without("sub/c.txt", "sub/d.tmp", "sub/deep/e.txt"),
                            "link/e.txt": self.all["sub/deep/e.txt"],
                            "file": self.all["sub/d.tmp"]})
        self.assertEqual(self.sync("--exclude", "/sub/**").report["actions"], [])


if __name__ == "__main__":
    unittest.main()
