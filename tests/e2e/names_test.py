#!/usr/bin/env python3
"""What Drive's names become on disk: one path for each item, the same in every run, none outside."""

import os
import sys
import unicodedata
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


class Encoding(SpecCase):
    def item(self, name, content=None, **more):
        return self.make(name, content or "of " + name, parent="FILES", **more)

    def test_names_that_a_path_cannot_hold(self):
        table = {"a/b": "a／b", "/": "／", "//x//": "／／x／／", ".": "．", "..": "．．", "...": "...",
                 "／": "‛／", "‛": "‛‛", "．": "‛．", "．．": "‛．‛．", "a‛b": "a‛‛b",
                 "nul\0l": "nul␀l", "../../escape": "..／..／escape", "x.": "x.", "x ": "x ", " x": " x"}
        items = {local: self.item(name) for name, local in table.items()}
        self.sync()
        self.assert_mirror(items)
        self.assert_settled()

    def test_names_that_stay_as_they_are(self):
        names = ["new\nline", "tab\tand\rreturn", "back\\slash", "co:lon", "-rf", "--help", "*?[x]",
                 "$(touch x)", "`id`", "'\"", "%s%n", "~", "a~b", ".hidden", "..twodots", "con", "nul",
                 "emoji 🙂", "ﬁ ligature", "مرحبا", "\u202etxt.exe", "x" * 255, "é" * 127,
                 "\x7f", "\x01\x02"]
        items = {name: self.item(name) for name in names}
        self.sync()
        self.assert_mirror(items)
        self.assert_settled()

    def test_nothing_lands_outside(self):
        before = sorted(path.name for path in self.dir.iterdir())
        for name in ("..", "../x", "../../x", "/etc/x", "./x", "x/../../y", "..\\x", "\0/../x"):
            folder = self.make_folder(name, parent="FILES")
            self.item(name + "/file", "hostile")
            self.make("../x", "hostile too", parent=folder)
        self.sync()
        after = sorted(path.name for path in self.dir.iterdir() if path.name != "report.json")
        self.assertEqual(after, before)
        self.assertFalse(os.path.exists("/etc/x"))
        self.assertEqual(sum(what is not None for what in tree(self.dest).values()), 16)
        self.assert_settled()

    def test_folders_too(self):
        folder = self.make_folder("a/b", parent="FILES")
        dots = self.make_folder("..", parent=folder)
        inner = self.make("c/d", "inner", parent=dots)
        self.sync()
        self.assert_mirror({"a／b/．．/c／d": inner})
        self.assert_settled()

    def test_twins_by_case(self):
        items = {name: self.item(name) for name in ("readme", "README", "ReadMe")}
        lower = self.make_folder("dir", parent="FILES")
        upper = self.make_folder("DIR", parent="FILES")
        items["dir/x"] = self.make("x", "lower", parent=lower)
        items["DIR/x"] = self.make("x", "upper", parent=upper)
        self.sync()
        self.assert_mirror(items)
        self.assert_settled()

    def test_twins_by_normal_form(self):
        names = {unicodedata.normalize(form, "Café Ångström") for form in ("NFC", "NFD")}
        self.assertEqual(len(names), 2)
        items = {name: self.item(name, name + str(len(name))) for name in names}
        self.sync()
        self.assert_mirror(items)
        self.assert_settled()

    def test_a_rename_between_normal_forms_is_a_rename(self):
        name = unicodedata.normalize("NFD", "Café")
        made = self.item(name)
        self.sync()
        self.edit("rename", id=made.id, name=unicodedata.normalize("NFC", name))
        self.assertEqual(self.sync().counts["rename"], 1)
        self.assert_mirror({unicodedata.normalize("NFC", name): made})


class Long(SpecCase):
    def test_longer_than_a_file_system_takes(self):
        names = ["x" * 256, "y" * 1000, "z" * 300 + ".txt", "é" * 200 + ".jpeg", "🙂" * 70]
        items = [self.make(name, "of " + name, parent="FILES") for name in names]
        folder = self.make_folder("d" * 400, parent="FILES")
        inner = self.make("i" * 300, "inner", parent=folder)
        self.sync()
        held = tree(self.dest)
        self.assertEqual(len(held), 7)
        for path in held:
            for part in path.split("/"):
                self.assertLessEqual(len(part.encode()), 255)
                part.encode().decode()
        for made in [*items, inner]:
            self.assertIn(made.state, held.values())
        self.assertEqual({os.path.splitext(path)[1] for path in held if path[0] in "zé"},
                         {".txt", ".jpeg"})
        self.assert_settled()

    def test_that_differ_only_behind_the_limit(self):
        first = self.make("x" * 300 + "1", "first", parent="FILES")
        second = self.make("x" * 300 + "2", "second", parent="FILES")
        self.sync()
        held = tree(self.dest)
        self.assertEqual(sorted(held.values()), sorted([first.state, second.state]))
        self.edit("delete", id=first.id)
        self.sync()
        self.assertEqual(list(tree(self.dest).values()), [second.state])
        self.assertLess(set(tree(self.dest)), set(held))

    def test_that_are_the_same(self):
        for _ in range(2):
            self.make("x" * 300, "twin", parent="FILES")
        self.sync()
        self.assertEqual(len(tree(self.dest)), 2)
        self.assert_settled()

    def test_a_renamed_one(self):
        made = self.make("x" * 300, "long", parent="FILES")
        self.sync()
        self.edit("rename", id=made.id, name="short")
        result = self.sync()
        self.assertEqual((result.counts["rename"], result.report["bytes"]["downloaded"]), (1, 0))
        self.assert_mirror({"short": made})

    def test_a_long_document(self):
        self.edit("create", parent="FILES", name="r" * 300, document="document", content="x")
        self.sync()
        (name,) = tree(self.dest)
        self.assertTrue(name.endswith(".docx"))
        self.assertEqual(len(name), 255)
        self.assert_settled()


class Reserved(SpecCase):
    def test_names_of_our_own_and_of_the_file_system(self):
        root = [".gdrive-sync", "lost+found", ".nfs0001", ".snapshot", ".zfs"]
        made = {name: self.make(name, "of " + name, parent="FILES") for name in root}
        folder = self.make_folder("sub", parent="FILES")
        for name in (".nfs0001", ".zfs"):
            made["sub/" + name] = self.make(name, "sub of " + name, parent=folder)
        plain = {name: self.make(name, "sub of " + name, parent=folder)
                 for name in (".gdrive-sync", "lost+found")}
        self.sync()
        held = tree(self.dest)
        contents = [what for what in held.values() if what]
        # tree() leaves out whatever is called like the state directory.
        self.assertEqual(len(contents), len(made) + len(plain))
        for item in [*made.values(), *plain.values()]:
            self.assertIn(item.state, contents)
        for path in held:
            if "/" not in path:
                self.assertNotIn(path, root)
        self.assertTrue((self.dest / ".gdrive-sync").is_dir())
        self.assert_settled()
        for item in made.values():
            self.edit("delete", id=item.id)
        self.sync()
        self.assert_mirror({"sub/" + name: item for name, item in plain.items()})

    def test_folders(self):
        for name in (".gdrive-sync", "lost+found", ".snapshot"):
            folder = self.make_folder(name, parent="FILES")
            self.make("inner", "in " + name, parent=folder)
        self.sync()
        self.assertEqual(sum(p.endswith("/inner") for p in tree(self.dest)), 3)
        self.assert_settled()


class Meeting(SpecCase):
    """Several items of one name in one folder."""

    def twin(self, item_id, content, **more):
        return self.make("report.pdf", content, parent="FILES", id=item_id, **more)

    def test_the_newest_keeps_the_name(self):
        middle = self.twin("AAAAAAAAAA", "middle")
        newest = self.twin("BBBBBBBBBB", "newest")
        oldest = self.twin("CCCCCCCCCC", "oldest", modified_ms=1_600_000_000_123)
        self.sync()
        self.assert_mirror({"report.pdf": newest, "report~AAAAAAAA.pdf": middle,
                            "report~CCCCCCCC.pdf": oldest})
        self.assert_settled()

    def test_of_one_time_the_greater_id_keeps_it(self):
        lesser = self.twin("AAAAAAAAAA", "lesser", modified_ms=1_600_000_000_123)
        greater = self.twin("BBBBBBBBBB", "greater", modified_ms=1_600_000_000_123)
        self.sync()
        self.assert_mirror({"report.pdf": greater, "report~AAAAAAAA.pdf": lesser})

    def test_an_id_is_shown_as_long_as_it_takes(self):
        first = self.twin("SAMEBEGINNING-1", "first")
        second = self.twin("SAMEBEGINNING-2", "second")
        third = self.twin("OTHERWISE", "third")
        self.sync()
        held = tree(self.dest)
        self.assertEqual(held["report.pdf"], third.state)
        self.assertEqual({held[p] for p in held if p != "report.pdf"}, {first.state, second.state})
        self.assertIn("report~SAMEBEGI.pdf", held)
        self.assert_settled()

    def test_a_name_that_looks_like_a_suffixed_one(self):
        real = self.make("report~AAAAAAAA.pdf", "really called so", parent="FILES")
        loser = self.twin("AAAAAAAAAA", "loser")
        keeper = self.twin("BBBBBBBBBB", "keeper")
        self.sync()
        self.assert_mirror({"report~AAAAAAAA.pdf": real, "report.pdf": keeper,
                            "report~AAAAAAAAA.pdf": loser})
        self.assert_settled()

    def test_names_without_or_with_only_a_leading_dot(self):
        made = {}
        for n, name in enumerate(("plain", ".bashrc", "a.tar.gz")):
            made[name, "old"] = self.make(name, f"old {n}", parent="FILES", id=f"{n}AAAAAAAAA")
            made[name, "new"] = self.make(name, f"new {n}", parent="FILES", id=f"{n}BBBBBBBBB")
        self.sync()
        self.assert_mirror({
            "plain": made["plain", "new"], "plain~0AAAAAAA": made["plain", "old"],
            ".bashrc": made[".bashrc", "new"], ".bashrc~1AAAAAAA": made[".bashrc", "old"],
            "a.tar.gz": made["a.tar.gz", "new"], "a.tar~2AAAAAAA.gz": made["a.tar.gz", "old"]})

    def test_a_folder_comes_before_a_file(self):
        folder = self.make_folder("thing", parent="FILES", id="FFFFFFFFFF")
        inner = self.make("inner", "inner", parent=folder)
        file = self.make("thing", "a newer file", parent="FILES", id="GGGGGGGGGG")
        self.sync()
        self.assert_mirror({"thing/inner": inner, "thing~GGGGGGGG": file})
        self.assert_settled()

    def test_folders_of_one_name_are_not_merged(self):
        old = self.make_folder("thing", parent="FILES", id="AAAAAAAAAA",
                               modified="2024-01-01T00:00:00Z")
        new = self.make_folder("thing", parent="FILES", id="BBBBBBBBBB",
                               modified="2024-01-02T00:00:00Z")
        in_old = self.make("x", "in the old one", parent=old)
        in_new = self.make("x", "in the new one", parent=new)
        self.sync()
        self.assert_mirror({"thing/x": in_new, "thing~AAAAAAAA/x": in_old})
        self.assert_settled()

    def test_a_twin_of_a_folder_renames_it_with_all_below(self):
        old = self.make_folder("thing", parent="FILES", id="AAAAAAAAAA",
                               modified="2024-01-01T00:00:00Z")
        deep = self.make_folder("deep", parent=old)
        files = {f"deep/{n}": self.make(str(n), f"file {n}", parent=deep) for n in range(5)}
        self.sync()
        new = self.make_folder("thing", parent="FILES", id="BBBBBBBBBB",
                               modified="2024-01-02T00:00:00Z")
        x = self.make("x", "in the new one", parent=new)
        # Where the old one has to go, somebody left a folder, with a file that is already right.
        taken = self.dest / "thing~AAAAAAAA" / "deep"
        taken.mkdir(parents=True)
        (taken / "1").write_text("file 1")
        (taken / "foreign").write_text("of nobody")
        self.sync()
        self.assert_mirror({"thing/x": x,
                            **{f"thing~AAAAAAAA/{path}": file for path, file in files.items()}})
        self.assert_settled()

    def test_names_that_meet_only_once_encoded(self):
        plain = self.make("a／b", "wide slash", parent="FILES", id="AAAAAAAAAA")
        slash = self.make("a/b", "slash", parent="FILES", id="BBBBBBBBBB")
        self.sync()
        self.assert_mirror({"a‛／b": plain, "a／b": slash})

    def test_a_twin_that_appears_renames_the_older_without_a_download(self):
        old = self.twin("AAAAAAAAAA", "old" * 1000)
        self.sync()
        new = self.twin("BBBBBBBBBB", "new")
        result = self.sync()
        self.assert_mirror({"report.pdf": new, "report~AAAAAAAA.pdf": old})
        self.assertEqual(result.counts["rename"], 1)
        self.assertEqual(result.report["bytes"]["downloaded"], 3)
        self.assert_settled()

    def test_a_twin_that_disappears_gives_the_name_back_without_a_download(self):
        old = self.twin("AAAAAAAAAA", "old")
        new = self.twin("BBBBBBBBBB", "new")
        self.sync()
        self.edit("delete", id=new.id)
        result = self.sync()
        self.assert_mirror({"report.pdf": old})
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assert_settled()

    def test_a_twin_that_moves_away_gives_the_name_back(self):
        old = self.twin("AAAAAAAAAA", "old")
        new = self.twin("BBBBBBBBBB", "new")
        self.sync()
        self.make_folder("sub", id="SUB")
        self.edit("move", id=new.id, to="SUB")
        result = self.sync()
        self.assert_mirror({"report.pdf": old, "sub/report.pdf": new})
        self.assertEqual(result.report["bytes"]["downloaded"], 0)

    def test_the_older_one_edited_exchanges_the_names(self):
        first = self.twin("AAAAAAAAAA", "first")
        second = self.twin("BBBBBBBBBB", "second")
        self.sync()
        self.update(first, "first, edited")
        self.sync()
        self.assert_mirror({"report.pdf": first, "report~BBBBBBBB.pdf": second})
        self.assert_settled()

    def test_many_of_one_name_stay_apart_in_every_run(self):
        twins = [self.twin(f"{n:02}XXXXXXXX", f"twin {n}") for n in range(30)]
        self.sync()
        held = tree(self.dest)
        self.assertEqual(sorted(held.values()), sorted(made.state for made in twins))
        for n in (3, 17, 29):
            self.edit("delete", id=twins[n].id)
        result = self.sync()
        rest = [made for n, made in enumerate(twins) if n not in (3, 17, 29)]
        self.assertEqual(sorted(tree(self.dest).values()), sorted(made.state for made in rest))
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assert_settled()

    def test_a_lost_database_finds_the_same_names(self):
        for n in range(5):
            self.twin(f"{n:02}XXXXXXXX", f"twin {n}")
        self.sync()
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.assertEqual(self.sync().report["actions"], [])

    def test_a_file_becomes_a_folder_beside_its_twin(self):
        old = self.twin("AAAAAAAAAA", "old")
        new = self.twin("BBBBBBBBBB", "new")
        self.sync()
        self.edit("delete", id=new.id)
        folder = self.make_folder("report.pdf", parent="FILES", id="CCCCCCCCCC")
        inner = self.make("inner", "inner", parent=folder)
        self.sync()
        self.assert_mirror({"report.pdf/inner": inner, "report~AAAAAAAA.pdf": old})
        self.assert_settled()


class SharedDrive(SpecCase):
    """A whole shared drive is listed flat: folders may come after what lies in them."""

    spec = {"drives": [{"id": "TEAM", "name": "The team", "items": [
        {"id": "TWINTWIN1", "name": "twin.txt", "content": "1", "modified": "2024-01-01T00:00:00Z"},
        {"id": "TWINTWIN2", "name": "twin.txt", "content": "2", "modified": "2024-01-02T00:00:00Z"},
        {"id": "A", "name": "a/b", "children": [
            {"id": "B", "name": "..", "children": [{"id": "C", "name": "deep", "content": "3"}]}]}]}]}
    source_options = ["--drive-id", "TEAM"]

    def test_names_in_a_flat_listing(self):
        self.switch(short_pages=1, empty_middle_page=1)
        self.sync()
        expected = {"twin.txt": "2", "twin~TWINTWIN.txt": "1", "a／b/．．/deep": "3"}
        self.assert_mirror(expected)
        self.assert_settled()
        self.edit("move", id="C", to="TEAM")
        self.edit("delete", id="TWINTWIN2")
        result = self.sync()
        self.assert_mirror({"twin.txt": "1", "deep": "3", "a／b/．．": None})
        self.assertEqual(result.report["bytes"]["downloaded"], 0)

    def test_a_trashed_folder_takes_its_files_along(self):
        self.sync()
        self.edit("trash", id="A")
        self.sync()
        self.assert_mirror({"twin.txt": "2", "twin~TWINTWIN.txt": "1"})

    def test_a_flat_listing_cut_short_deletes_nothing(self):
        self.sync()
        before = tree(self.dest)
        for how in ("half", "empty", "incomplete"):
            with self.subTest(how=how):
                self.fault({"label": "files.list"}, {"list": how})
                result = self.gds("sync", "--full")
                self.assertIn(result.code, (4, 6), result.log)
                self.assertEqual(tree(self.dest), before)
                self.clear_faults()
        self.assert_settled()


if __name__ == "__main__":
    unittest.main()
