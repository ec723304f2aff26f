#!/usr/bin/env python3
"""Listing: complete or in doubt, and what a run does then; what a delete has to be confirmed by."""

import collections
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


def listing_of(folder):
    """Matches the requests that list this folder, though not searches by name in it."""
    return {"label": "files.list", "path": f"%27{folder}%27%20in%20parents.*false&"}


class Paging(SpecCase):
    every_run_lists = True

    spec = {"generate": [{"path": "/claude/files/many", "files": 1234, "size": 5}]}

    def names(self):
        many = self.control("tree?path=/claude/files/many")["children"]
        return {"many/" + item["name"] for item in many}

    def assert_all_there(self):
        held = tree(self.dest)
        self.assertEqual({path for path in held if path != "many"}, self.names())
        self.assertEqual({len(what[0]) for what in held.values() if what}, {5})

    def test_a_folder_of_several_pages(self):
        self.sync()
        many = self.control("tree?path=/claude/files/many")["id"]
        pages = [e for e in self.requests("files.list") if many in e["target"]]
        self.assertEqual(len(pages), 2)
        self.assert_all_there()
        self.assert_settled()

    def test_short_and_empty_pages(self):
        self.switch(short_pages=1, empty_middle_page=1)
        self.sync()
        self.assert_all_there()
        self.assert_settled()

    def test_entries_that_come_twice(self):
        self.fault({"label": "files.list"}, {"list": "twice"})
        self.sync()
        self.assert_all_there()
        self.assert_settled()

    def test_a_page_token_that_is_refused_once(self):
        for action in ({"refuse_page_token": True}, {"status": 410, "reason": "gone"},
                       {"status": 400, "reason": "invalid"}):
            with self.subTest(action=action):
                self.fault({"label": "files.list", "path": "pageToken=", "nth": 1}, action)
                self.sync("--retries", "0")
                self.assert_all_there()
                self.clear_faults()

    def test_a_page_token_that_is_refused_always(self):
        self.fault({"label": "files.list", "path": "pageToken="}, {"refuse_page_token": True})
        self.sync("--retries", "0", expect=6)
        self.clear_faults()
        self.sync()
        self.assert_all_there()

    def test_pages_that_circle(self):
        self.switch(short_pages=1)
        self.fault({"label": "files.list", "path": "pageToken="}, {"list": "repeat-token"})
        result = self.sync("--retries", "0", expect=6)
        self.assertIn("page token", result.log)


class Requests(SpecCase):
    spec = {"generate": [{"path": "/claude/files", "folders": 40, "files": 2, "size": 5}]}

    def test_a_full_listing_asks_for_each_folder_once_and_for_little_besides(self):
        self.sync()
        self.forget_requests()
        self.sync("--full")
        asked = collections.Counter(entry["label"] for entry in self.requests())
        # Two lists find the source, which is then asked for by id.
        self.assertEqual(asked, {"oauth.token": 1, "changes.list": 1, "files.get": 1,
                                 "files.list": 2 + 1 + 40})

    def test_a_first_listing_asks_where_the_feed_begins_while_it_looks_for_the_folder(self):
        self.fault({"label": "files.list"}, {"latency_ms": 100})
        self.sync()
        asked = [entry["label"] for entry in self.requests()]
        self.assertEqual(asked.count("changes.getStartPageToken"), 1)
        self.assertLess(asked.index("changes.getStartPageToken"), asked.index("files.get"))


class Answers(SpecCase):
    """Answers that are no list at all."""

    every_run_lists = True

    def setUp(self):
        super().setUp()
        self.make_folder("sub", id="SUB")
        self.kept = self.make("sub/kept", "kept")
        self.top = self.make("top", "top")
        self.sync()
        self.edit("delete", id=self.kept.id)

    def test_nothing_is_concluded_from_them(self):
        for body in ("", "null", "[]", "5", '"files"', "{}", '{"files": null}', '{"files": {}}',
                     '{"files": [null]}', '{"files": [{}]}', '{"files": [{"id": "X"}]}',
                     '{"files": [], "nextPageToken": 5}', '{"files": [], "incompleteSearch": 1}',
                     '{"files": []', '{"error": {"code": 500}}', "<html></html>"):
            with self.subTest(body=body):
                self.fault(listing_of("SUB"), {"body": body})
                self.sync("--retries", "0", expect=6)
                self.assertTrue((self.dest / "sub" / "kept").exists())
                self.clear_faults()
        self.sync()
        self.assert_mirror({"sub": None, "top": self.top})

    def test_sign_in_pages_everywhere(self):
        self.switch(html_200=1)
        self.sync("--retries", "0", expect=6)
        self.assertTrue((self.dest / "sub" / "kept").exists())

    def test_an_answer_that_is_broken_once_is_asked_for_again(self):
        self.fault({**listing_of("SUB"), "nth": 1}, {"truncate": 20})
        self.sync()
        self.assert_mirror({"sub": None, "top": self.top})


class Doubt(SpecCase):
    """One folder cannot be listed; what lies in the others is brought up to date all the same, and
    nothing is deleted, renamed or removed anywhere."""

    every_run_lists = True

    def setUp(self):
        super().setUp()
        self.make_folder("bad", id="BAD")
        self.make_folder("good", id="GOOD")
        self.make_folder("good/inner", id="INNER")
        self.unseen = self.make("bad/unseen", "unseen")
        self.edited = self.make("good/edited", "before")
        self.gone = self.make("good/gone", "gone")
        self.moved = self.make("good/moved", "moved")
        self.inner = self.make("good/inner/file", "inner file")
        self.sync()
        self.fault(listing_of("BAD"), {"status": 500})

    def doubtful(self, *options):
        result = self.sync("--retries", "0", *options, expect=6)
        self.assertIn("BAD", result.log)
        self.assertIn("bad", result.log)
        for kind in ("delete", "rename", "rmdir"):
            self.assertEqual([a for a in result.actions(kind) if a["outcome"] == "done"], [])
        return result

    def clean(self):
        self.clear_faults()
        self.sync()

    def before(self):
        return {"bad/unseen": self.unseen, "good/edited": self.edited, "good/gone": self.gone,
                "good/moved": self.moved, "good/inner/file": self.inner}

    def test_new_and_changed_files_are_fetched(self):
        self.update(self.edited, "after")
        new = self.make("good/new", "new")
        deep = self.make("good/new folder/deep", "deep")
        self.doubtful()
        # The new folder was listed too.
        self.assert_mirror({**self.before(), "good/new": new, "good/new folder/deep": deep})
        self.clean()
        self.assert_mirror({**self.before(), "good/new": new, "good/new folder/deep": deep})

    def test_nothing_is_fetched_of_the_folder_in_doubt(self):
        later = self.make("bad/later", "later")
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        self.assert_mirror({**self.before(), "bad/later": later})

    def test_a_mirror_that_is_equal_but_for_the_doubt_still_ends_with_6(self):
        self.assertEqual(self.doubtful().report["actions"], [])

    def test_nothing_is_deleted(self):
        self.edit("delete", id=self.gone.id)
        self.edit("delete", id="INNER")
        (self.dest / "stray").write_text("stray")
        (self.dest / "empty").mkdir()
        self.doubtful()
        held = {path: what[0] for path, what in tree(self.dest).items() if what}
        self.assertEqual(held["good/gone"], b"gone")
        self.assertEqual(held["good/inner/file"], b"inner file")
        self.assertEqual(held["stray"], b"stray")
        self.assertTrue((self.dest / "empty").is_dir())
        self.clean()
        self.assert_mirror({"bad/unseen": self.unseen, "good/edited": self.edited,
                            "good/moved": self.moved})

    def test_nothing_is_renamed(self):
        self.edit("rename", id=self.moved.id, name="moved to here")
        self.edit("rename", id="INNER", name="inner by another name")
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        after = {**self.before(), "good/moved to here": self.moved,
                 "good/inner by another name/file": self.inner}
        del after["good/moved"], after["good/inner/file"]
        self.assert_mirror(after)
        self.assert_settled()

    def test_what_changes_in_a_renamed_folder_lands_where_the_folder_still_is(self):
        self.edit("rename", id="INNER", name="inner by another name")
        self.update(self.inner, "inner file, edited")
        new = self.make("good/inner by another name/new", "new")
        self.doubtful()
        self.assert_mirror({**self.before(), "good/inner/new": new})
        self.clean()
        after = {**self.before(), "good/inner by another name/file": self.inner,
                 "good/inner by another name/new": new}
        del after["good/inner/file"]
        self.assert_mirror(after)
        self.assert_settled()

    def test_a_new_file_does_not_push_out_one_that_waits_to_be_renamed(self):
        self.edit("rename", id=self.moved.id, name="moved to here")
        taking = self.make("good/moved", "another file by the old name")
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        self.assert_mirror({**self.before(), "good/moved to here": self.moved,
                            "good/moved": taking})
        self.assert_settled()

    def test_a_new_folder_does_not_swallow_one_that_waits_to_be_renamed(self):
        self.edit("rename", id="INNER", name="inner by another name")
        taking = self.make("good/inner/other", "in another folder by the old name")
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        after = {**self.before(), "good/inner by another name/file": self.inner,
                 "good/inner/other": taking}
        del after["good/inner/file"]
        self.assert_mirror(after)
        self.assert_settled()

    def test_what_moved_into_the_folder_in_doubt_stays_where_it_was(self):
        self.edit("move", id=self.moved.id, to="BAD")
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        after = {**self.before(), "bad/moved": self.moved}
        del after["good/moved"]
        self.assert_mirror(after)

    def test_what_moved_out_of_the_folder_in_doubt_stays_where_it_was(self):
        self.edit("move", id=self.unseen.id, to="GOOD")
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        after = {**self.before(), "good/unseen": self.unseen}
        del after["bad/unseen"]
        self.assert_mirror({**after, "bad": None})

    def test_guards_have_no_say(self):
        self.edit("delete", id=self.gone.id)
        result = self.doubtful("--max-delete", "0")
        self.assertEqual(result.report["plan"] or "", "")

    def test_a_dry_run_says_so_too(self):
        self.edit("delete", id=self.gone.id)
        new = self.make("good/new", "new")
        result = self.gds("diff", "--retries", "0")
        self.assertEqual(result.code, 6, result.log)
        self.assertIn("+ good/new", result.out)
        self.assertNotIn("- good/gone", result.out)
        self.assertNotIn("good/new", tree(self.dest))
        self.clean()
        self.assertEqual(tree(self.dest)["good/new"], new.state)

    def test_a_first_sync_fetches_what_it_can(self):
        other = self.dir / "other"
        other.mkdir()
        self.dest = other
        self.doubtful()
        after = self.before()
        del after["bad/unseen"]
        self.assert_mirror({**after, "bad": None})
        self.clean()
        self.assert_mirror(self.before())

    def test_a_lost_database_in_doubt(self):
        self.edit("delete", id=self.gone.id)
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.doubtful()
        self.assert_mirror(self.before())
        self.clean()
        after = self.before()
        del after["good/gone"]
        self.assert_mirror(after)


class Confirmation(SpecCase):
    """A delete goes through only when Drive says by id that the item is out of the folder."""

    every_run_lists = True

    def setUp(self):
        super().setUp()
        self.make_folder("sub", id="SUB")
        self.make_folder("/outside", id="OUTSIDE")
        self.kept = self.make("kept", "kept")
        self.file = self.make("sub/file", "file")
        self.other = self.make("sub/other", "other")
        self.sync()
        self.forget_requests()

    def gets(self):
        return [e["id"] for e in self.requests("files.get")]

    def test_deleted(self):
        self.edit("delete", id=self.file.id)
        self.sync()
        self.assertIn(self.file.id, self.gets())
        self.assert_mirror({"kept": self.kept, "sub/other": self.other})

    def test_trashed(self):
        self.edit("trash", id=self.file.id)
        self.sync()
        self.assertIn(self.file.id, self.gets())
        self.assert_mirror({"kept": self.kept, "sub/other": self.other})

    def test_moved_out(self):
        self.edit("move", id=self.file.id, to="OUTSIDE")
        self.sync()
        self.assertIn(self.file.id, self.gets())
        self.assert_mirror({"kept": self.kept, "sub/other": self.other})

    def test_access_lost(self):
        self.edit("revoke", id=self.file.id)
        self.sync()
        self.assert_mirror({"kept": self.kept, "sub/other": self.other})

    def test_a_folder_trashed_moved_out_or_deleted(self):
        for op, more in (("trash", {}), ("move", {"to": "OUTSIDE"}), ("delete", {})):
            with self.subTest(op=op):
                folder = self.make_folder("folder")
                self.make("folder/in it", "in it")
                self.sync()
                self.edit(op, id=folder, **more)
                self.sync()
                self.assert_mirror({"kept": self.kept, "sub/other": self.other,
                                    "sub/file": self.file})

    def lose(self, name):
        """The folder's list no longer holds this file, and says nothing of it."""
        children = self.control("tree?id=SUB")["children"]
        shown = [self.listed(item) for item in children if item["name"] != name]
        self.fault(listing_of("SUB"), {"body": json.dumps({"files": shown})})

    @staticmethod
    def listed(item):
        return {"id": item["id"], "name": item["name"], "mimeType": item["mimeType"],
                "modifiedTime": item["modified"], "size": str(item["size"]),
                "parents": [item["parent"]]}

    def test_a_candidate_that_is_alive_holds_back_every_delete(self):
        self.edit("delete", id=self.kept.id)
        self.lose("file")
        before = tree(self.dest)
        result = self.sync(expect=6)
        self.assertIn(self.file.id, result.log)
        self.assertEqual(tree(self.dest), before)
        for action in result.actions("delete"):
            self.assertNotEqual(action["outcome"], "done")
        self.clear_faults()
        self.sync()
        self.assert_mirror({"sub/file": self.file, "sub/other": self.other})

    def lose_item(self, item):
        children = self.control("tree?id=SUB")["children"]
        shown = [self.listed(child) for child in children if child["id"] != item.id]
        self.fault(listing_of("SUB"), {"body": json.dumps({"files": shown})})

    def test_a_rename_does_not_take_the_path_of_a_file_that_is_alive(self):
        twin = self.make("file", "a twin of file", parent="SUB", id="AAAAAAAAAA",
                         modified_ms=1_600_000_000_123)
        self.sync()
        before = {"kept": self.kept, "sub/file": self.file, "sub/other": self.other,
                  "sub/file~AAAAAAAA": twin}
        self.assert_mirror(before)
        self.lose_item(self.file)
        for options in ([], ["--max-delete", "0"]):
            result = self.sync(*options, expect=6)
            self.assertIn(self.file.id, result.log)
            self.assert_mirror(before)
        self.clear_faults()
        self.sync()  # the spoilt lists gave no checksums
        self.assert_mirror(before)
        self.assert_settled()

    def test_a_download_does_not_take_the_path_of_a_file_that_is_alive(self):
        twin = self.make("file", "a newer twin of file", parent="SUB", id="AAAAAAAAAA")
        before = tree(self.dest)
        self.lose_item(self.file)
        result = self.sync(expect=6)
        self.assertIn(self.file.id, result.log)
        self.assertEqual(tree(self.dest), before)
        self.clear_faults()
        self.sync()
        self.assertEqual(tree(self.dest)["sub/file"], twin.state)
        self.assertIn(self.file.state, tree(self.dest).values())
        self.assert_settled()

    def test_renames_are_held_back_too_and_downloads_are_not(self):
        self.edit("rename", id=self.kept.id, name="renamed")
        new = self.make("new", "new")
        self.lose("file")
        self.sync(expect=6)
        self.assert_mirror({"kept": self.kept, "new": new, "sub/file": self.file,
                            "sub/other": self.other})

    def test_one_that_cannot_be_asked_for_holds_back_every_delete(self):
        self.edit("delete", id=self.kept.id)
        self.edit("delete", id=self.file.id)
        for action in ({"status": 500}, {"status": 403, "reason": "userRateLimitExceeded"},
                       {"status": 403, "reason": "forbidden"}, {"html": True},
                       {"status": 404, "html": True}, {"close": True}):
            with self.subTest(action=action):
                self.fault({"label": "files.get", "path": self.file.id}, action)
                self.sync("--retries", "0", expect=6)
                self.assert_mirror({"kept": self.kept, "sub/file": self.file,
                                    "sub/other": self.other})
                self.clear_faults()
        self.sync()
        self.assert_mirror({"sub/other": self.other})

    def test_past_a_limit_nothing_is_asked_for(self):
        self.edit("delete", id=self.file.id)
        self.edit("delete", id=self.other.id)
        result = self.sync("--max-delete", "1", expect=4)
        self.assertEqual(result.report["guards"][1]["planned"], 2)
        self.assertNotIn(self.file.id, self.gets())

    def test_a_file_without_a_record_is_looked_for_by_name(self):
        (self.dest / "sub" / "stray.txt").write_text("stray")
        self.sync()
        searches = [e["target"] for e in self.requests("files.list") if "stray.txt" in e["target"]]
        self.assertEqual(len(searches), 1)
        self.assertIn("%27SUB%27%20in%20parents", searches[0])
        self.assert_mirror({"kept": self.kept, "sub/file": self.file, "sub/other": self.other})

    def test_a_file_without_a_record_that_drive_has_by_name_stays(self):
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.edit("delete", id=self.kept.id)
        self.lose("file")
        self.sync(expect=6)
        self.assertIn("sub/file", tree(self.dest))
        self.assertIn("kept", tree(self.dest))
        self.clear_faults()
        self.sync()
        self.assert_mirror({"sub/file": self.file, "sub/other": self.other})

    def test_a_name_that_drive_spells_another_way_is_looked_for_as_drive_spells_it(self):
        odd = self.make("x", "odd")
        self.edit("rename", id=odd.id, name="a/b")
        document = self.edit("create", parent="SUB", name="report", document="document")
        self.sync()
        self.assertTrue((self.dest / "a／b").exists())
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.lose_everything_but_folders()
        self.sync("--max-delete", "-1", expect=6)
        self.assertTrue((self.dest / "a／b").exists())
        self.assertTrue((self.dest / "sub" / "report.docx").exists(), document)

    def test_a_name_that_was_made_up_is_looked_for_in_its_whole_folder(self):
        """Of a duplicate and of a name that is too long Drive knows another name."""
        self.make("file", "a newer twin of file", parent="SUB", id="AAAAAAAAAA")
        long = self.make("long", "long", parent="SUB")
        self.edit("rename", id=long.id, name="long " * 60)
        self.sync()
        before = tree(self.dest)
        self.assertEqual(sum("~" in path for path in before), 2, before)
        for lost in (self.file.id, long.id):
            (self.dest / ".gdrive-sync" / "state.db").unlink()
            children = self.control("tree?id=SUB")["children"]
            shown = [self.listed(item) for item in children if item["id"] != lost]
            self.fault(listing_of("SUB"), {"body": json.dumps({"files": shown})}, count=1)
            result = self.sync(expect=6)
            self.assertIn(lost, result.log)
            self.assertLessEqual(set(before), set(tree(self.dest)))
            self.sync()
            self.assertEqual(set(tree(self.dest)), set(before))
        (self.dest / "sub" / "stray~.txt").write_text("nobody's")
        self.sync()
        self.assertEqual(set(tree(self.dest)), set(before))
        self.assert_settled()

    def lose_everything_but_folders(self):
        self.fault(listing_of("SUB"), {"body": json.dumps({"files": []})})
        children = self.control("tree?id=FILES")["children"]
        shown = [self.listed(item) for item in children if item["name"] == "kept"]
        shown += [{"id": "SUB", "name": "sub", "mimeType": "application/vnd.google-apps.folder",
                   "parents": ["FILES"]}]
        self.fault(listing_of("FILES"), {"body": json.dumps({"files": shown})})

    def test_a_folder_without_a_record_is_removed_with_what_it_holds(self):
        (self.dest / "stray" / "deep").mkdir(parents=True)
        (self.dest / "stray" / "deep" / "file").write_text("stray")
        self.sync()
        self.assert_mirror({"kept": self.kept, "sub/file": self.file, "sub/other": self.other})


if __name__ == "__main__":
    unittest.main()
