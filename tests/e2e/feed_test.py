#!/usr/bin/env python3
"""Ticks from the change feed: what they cost, what they follow, what makes a run list in full, and
that both roads lead to the same mirror and the same database."""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import relays  # noqa: E402
from harness import SpecCase, tree  # noqa: E402

NO_LIMITS = ["--max-delete", "-1"]


class FeedCase(SpecCase):
    def setUp(self):
        super().setUp()
        self.a = self.make("a.txt", "first")
        self.sub = self.make_folder("sub", id="SUB")
        self.b = self.make("sub/b.txt", "second")
        self.sync()

    def follow(self, *arguments, expect=0, env=None):
        """A run that has to come from the feed, and what it asked Drive for."""
        self.forget_requests()
        result = self.sync(*arguments, expect=expect, env=env)
        self.assertEqual(result.report["run"]["listing"], "changes", result.log)
        self.asked = [entry["label"] for entry in self.requests()]
        return result

    def assert_full(self, result, because):
        self.assertEqual(result.report["run"]["listing"], "full", result.log)
        self.assertIn(because, result.log)

    def database(self):
        return sqlite3.connect(f"file:{self.dest}/.gdrive-sync/state.db?mode=ro", uri=True)


class Costs(FeedCase):
    def test_nothing_new_costs_three_requests(self):
        result = self.follow()
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])
        self.assertEqual(result.counts["unchanged"], 2)
        self.assertEqual(result.report["actions"], [])

    def test_one_changed_file_costs_four(self):
        self.update(self.a, "changed")
        self.follow()
        self.assertEqual(sorted(self.asked),
                         ["changes.list", "files.get", "files.media", "oauth.token"])
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_the_rest_of_a_busy_account_costs_nothing(self):
        other = self.make_folder("/other")
        for i in range(20):
            self.make(f"file{i}", "x", parent=other)
        self.follow()
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])
        with self.database() as db:
            names = [name for name, in db.execute("SELECT name FROM item")]
        self.assertNotIn("file1", names)

    def test_viewed_files_write_nothing_but_the_run(self):
        self.switch(feed_noise=1)
        self.follow()
        with self.database() as db:
            before = db.execute("SELECT * FROM item ORDER BY n").fetchall()
        self.follow()
        with self.database() as db:
            self.assertEqual(db.execute("SELECT * FROM item ORDER BY n").fetchall(), before)

    def test_a_rename_costs_no_download_and_a_delete_no_look_up(self):
        self.edit("rename", id=self.sub, name="renamed")
        self.edit("trash", id=self.a.id)
        self.follow()
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])
        self.assert_mirror({"renamed/b.txt": self.b})


class Follows(FeedCase):
    """Each kind of change, by the feed alone."""

    def settled(self, expected):
        self.assert_mirror(expected)
        result = self.follow()
        self.assertEqual([a for a in result.report["actions"] if a["action"] != "skip"], [])
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])
        again = self.sync("--full")
        self.assertEqual([a for a in again.report["actions"] if a["action"] != "skip"], [])
        metrics = self.dir / "metrics"
        self.sync("--full", "--metrics-file", metrics)
        self.assertRegex(metrics.read_text(), r"gdrive_sync_feed_misses\{.*\} 0\n")

    def test_new_folders_with_what_is_in_them(self):
        self.make_folder("new", id="NEW")
        c = self.make("new/deep/er/c.txt", "third")
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "new/deep/er/c.txt": c})

    def test_a_folder_that_moves_in_and_out_again(self):
        self.make_folder("/outside", id="OUT")
        c = self.make("/outside/deep/c.txt", "third")
        self.follow()
        self.edit("move", id="OUT", to="FILES")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "outside/deep/c.txt": c})
        self.update(c, "third, changed inside")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "outside/deep/c.txt": c})
        self.edit("move", path="/claude/files/outside", to="/claude")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
        self.update(c, "third, changed outside")
        d = self.make("d.txt", "fourth", parent="OUT")
        self.follow()
        self.edit("move", id="OUT", to="FILES")
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "outside/deep/c.txt": c,
                      "outside/d.txt": d})

    def test_trash_and_untrash_of_a_folder(self):
        self.edit("trash", id="SUB")
        self.follow()
        self.assert_mirror({"a.txt": self.a})
        self.edit("untrash", id="SUB")
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b})

    def test_lost_access_is_confirmed_by_id(self):
        self.edit("revoke", id=self.b.id)
        self.follow()
        # The root before everything, then the file, and the root again before it goes.
        self.assertEqual(self.asked.count("files.get"), 3)
        self.assert_mirror({"a.txt": self.a, "sub": None})
        self.edit("grant", id=self.b.id)
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b})

    def test_what_is_called_removed_and_is_there_stays(self):
        """An item that moved between drives is removed from one log and is still there by id."""
        self.call_removed(self.b.id)
        self.follow(expect=6)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
        self.assertEqual(self.sync().report["actions"], [])
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def call_removed(self, *ids):
        body = {"newStartPageToken": "1000", "changes": [
            {"changeType": "file", "removed": True, "fileId": id} for id in ids]}
        self.fault({"label": "changes.list"}, {"body": json.dumps(body)}, count=1)

    def test_what_a_shortcut_leads_to_is_asked_for_where_it_is_called_removed(self):
        """No list of the source would show it, so that nothing but its id can tell."""
        targets = [self.make(f"/outside/{i}.txt", f"target {i}") for i in range(3)]
        for i, target in enumerate(targets):
            self.edit("create", parent="FILES", name=f"link{i}", target=target.id)
        self.follow()
        links = {f"link{i}": target for i, target in enumerate(targets)}
        for options in ([], ["--full"]):
            self.call_removed(*(target.id for target in targets))
            self.assertEqual(self.sync(*options).report["actions"], [])
            self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, **links})
        self.edit("revoke", id=targets[0].id)
        self.sync()
        del links["link0"]
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, **links})

    def test_what_a_shortcut_leads_to_is_asked_for_again_where_the_replay_calls_it_removed(self):
        target = self.make("/outside/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.dest = self.dir / "other"
        self.dest.mkdir()
        self.call_removed(target.id)
        self.sync()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_what_a_shortcut_leads_to_stays_where_a_proxy_knows_nothing(self):
        target = self.make("/outside/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.fault({"label": "files.get", "path": target.id},
                   {"status": 404, "body": "default backend - 404"}, count=1)
        self.sync("--full", expect=6)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})
        self.sync()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_what_a_shortcut_leads_to_is_back_together_with_the_shortcut(self):
        """In the meantime its changes were of no interest."""
        target = self.make("/outside/t.txt", "target")
        self.make_folder("/outside/folder", id="FOLDER")
        inner = self.make("/outside/folder/in.txt", "inner")
        for id, to in {"LINK": target.id, "DEEP": "FOLDER"}.items():
            self.edit("create", id=id, parent="FILES", name=id, target=to)
        self.follow()
        for verb, ids in (("trash", (target.id, "FOLDER")), ("trash", ("LINK", "DEEP")),
                          ("untrash", (target.id, "FOLDER")), ("untrash", ("LINK", "DEEP"))):
            for id in ids:
                self.edit(verb, id=id)
            self.sync()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "LINK": target,
                      "DEEP/in.txt": inner})

    def test_what_is_called_removed_and_cannot_be_asked_for_stays(self):
        self.edit("revoke", id=self.b.id)
        self.fault({"label": "files.get", "path": self.b.id}, {"status": 500})
        self.follow("--retries", "0", expect=6)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
        self.clear_faults()
        self.sync()
        self.assert_mirror({"a.txt": self.a, "sub": None})

    def test_past_a_limit_nothing_that_is_called_removed_is_asked_for(self):
        self.edit("revoke", id=self.b.id)
        self.follow("--max-delete", "0", expect=4)
        self.assertEqual(self.asked.count("files.get"), 1)

    def test_swapped_names(self):
        self.edit("rename", id=self.a.id, name="other")
        self.edit("move", id=self.b.id, to="FILES")
        self.edit("rename", id=self.b.id, name="a.txt")
        self.edit("move", id=self.a.id, to="SUB")
        self.edit("rename", id=self.a.id, name="b.txt")
        self.follow()
        self.assertNotIn("files.media", self.asked)
        self.settled({"a.txt": self.b, "sub/b.txt": self.a})

    def test_a_child_that_comes_before_its_parent(self):
        self.switch(feed_newest_first=1)
        self.make_folder("new", id="NEW")
        c = self.make("c.txt", "third", parent="NEW")
        self.edit("move", id=self.a.id, to="NEW")
        self.follow()
        self.settled({"sub/b.txt": self.b, "new/c.txt": c, "new/a.txt": self.a})

    def test_a_shortcut_and_its_target_outside(self):
        target = self.make("/outside/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})
        self.update(target, "target, changed")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})
        self.edit("trash", id=target.id)
        self.follow()
        self.assertFalse((self.dest / "link").exists() and
                         (self.dest / "link").read_text() != "target, changed")
        self.edit("untrash", id=target.id)
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_shortcut_to_a_folder_outside_is_followed_by_the_feed(self):
        self.make_folder("/outside", id="OUT")
        t = self.make("/outside/t.txt", "target")
        self.edit("create", id="LINK", parent="FILES", name="link", target="OUT")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link/t.txt": t})
        u = self.make("/outside/deep/u.txt", "another")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link/t.txt": t,
                            "link/deep/u.txt": u})
        self.edit("delete", id="LINK")
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_shortcut_to_nothing_is_asked_for_once_and_comes_to_life(self):
        target = self.make("/outside/t.txt", "target")
        self.edit("revoke", id=target.id)
        self.edit("create", parent="FILES", name="link", target=target.id)
        result = self.follow()
        self.assertEqual(len(result.actions("skip")), 1)
        for _ in range(2):
            result = self.follow()
            self.assertEqual(len(result.actions("skip")), 1, "a skipped item is in each report")
            self.assertEqual(len(self.asked), 3)
        self.update(self.a, "changed")
        self.follow()
        self.assertEqual(len(self.asked), 4)
        self.edit("grant", id=target.id)
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_shortcuts_that_stay_inside_have_nothing_listed(self):
        """Wherever else in the account folders come and go."""
        self.edit("create", parent="FILES", name="link", target=self.b.id)
        self.edit("create", parent="FILES", name="folder", target="SUB")
        self.follow()
        self.come_and_go()
        self.follow()
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": self.b, "folder/b.txt": self.b})

    def test_other_folders_have_nothing_listed_where_a_shortcut_leads_outside(self):
        self.make_folder("/top", id="TOP")
        target = self.make("/top/deep/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.come_and_go()
        self.follow()
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})
        self.come_and_go()
        self.follow()
        self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])

    def come_and_go(self):
        """Folders of no interest."""
        other = self.make_folder("/other/deep")
        gone = self.make_folder("/gone")
        self.edit("rename", id=other, name="renamed")
        self.edit("trash", id=other)
        self.edit("delete", id=gone)

    def test_a_target_whose_folder_moves_below_one_that_goes_to_the_trash(self):
        self.make_folder("/top/deep", id="DEEP")
        self.make_folder("/elsewhere", id="ELSEWHERE")
        target = self.make("t.txt", "target", parent="DEEP")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.follow()
        self.edit("move", id="DEEP", to="ELSEWHERE")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})
        self.edit("trash", id="ELSEWHERE")
        result = self.sync()
        self.assertIn("shortcuts may lead into it", result.log)
        self.assertEqual(len(result.actions("skip")), 1)

    def test_folders_above_a_target_that_cannot_be_looked_up(self):
        """Any folder may be above it, then; the run itself is none the worse."""
        self.make_folder("/top", id="TOP")
        target = self.make("/top/deep/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.fault({"label": "files.get", "path": "TOP"}, {"status": 500})
        self.follow("--retries", "0")
        self.come_and_go()
        result = self.sync("--retries", "0")
        self.assertIn("shortcuts may lead into it", result.log)
        self.clear_faults()
        self.update(self.a, "changed")
        self.follow()
        self.come_and_go()
        self.follow()
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_lost_target_comes_back_with_a_folder(self):
        """It is asked for whenever a folder comes into sight, and nothing is listed for it."""
        target = self.make("/top/deep/t.txt", "target")
        self.edit("revoke", id=target.id)
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.make_folder("/other")
        self.follow()
        self.assertEqual(sorted(self.asked),
                         ["changes.list", "files.get", "files.get", "oauth.token"])
        self.edit("grant", id=target.id)
        self.make_folder("/another")
        with self.relay() as relay:
            relay.mend_feed = lambda entries: [e for e in entries if e["fileId"] != target.id]
            self.follow(env=relay.env)
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_lost_target_comes_back_with_a_folder_of_a_name_on_the_sources_path(self):
        target = self.make("/top/t.txt", "target")
        self.edit("revoke", id=target.id)
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.edit("grant", id=target.id)
        self.make_folder("/other/files")
        with self.relay() as relay:
            relay.mend_feed = lambda entries: [e for e in entries if e["fileId"] != target.id]
            self.follow(env=relay.env)
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_lost_target_comes_back_in_a_run_that_was_stopped(self):
        """The folder was recorded by then, and is no news to the next run."""
        self.make_folder("/top", id="TOP")
        target = self.make("t.txt", "target", parent="TOP")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        for item in (target.id, "TOP"):
            self.edit("revoke", id=item)
        self.sync("--full")
        for item in (target.id, "TOP"):
            self.edit("grant", id=item)
        with self.relay() as relay:
            relay.mend_feed = lambda entries: [e for e in entries if e["fileId"] != target.id]
            relay.feed_goes_on = True
            self.fault({"label": "changes.list", "skip": 1}, {"status": 500})
            self.sync("--retries", "0", env=relay.env, expect=6)
            relay.feed_goes_on = False
            self.clear_faults()
            self.follow(env=relay.env)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_shortcut_that_is_gone_has_nothing_asked_for(self):
        targets = [self.make(f"/top/{name}", name) for name in ("there", "lost")]
        links = [self.edit("create", parent="FILES", name=f"link {i}", target=target.id)
                 for i, target in enumerate(targets)]
        self.edit("revoke", id=targets[1].id)
        self.follow()
        for link in links:
            self.edit("delete", id=link)
        self.follow()
        for _ in range(2):
            self.come_and_go()
            self.follow()
            self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])

    def test_a_lost_target_is_asked_for_with_another_shortcut(self):
        target = self.make("/top/t.txt", "target")
        self.edit("revoke", id=target.id)
        link = self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.edit("trash", id=link)
        self.follow()
        self.edit("grant", id=target.id)
        with self.relay() as relay:
            relay.mend_feed = lambda entries: [e for e in entries if e["fileId"] != target.id]
            self.follow(env=relay.env)
            self.edit("untrash", id=link)
            self.follow(env=relay.env)
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_target_that_moves_into_a_new_folder_has_nothing_listed(self):
        target = self.make("/top/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.make_folder("/new", id="NEW")
        self.make_folder("newer", id="NEWER", parent="NEW")
        self.edit("move", id=target.id, to="NEWER")
        self.follow()
        self.follow()
        self.edit("trash", id="NEW")
        result = self.sync()
        self.assertIn("shortcuts may lead into it", result.log)
        self.assertEqual(len(result.actions("skip")), 1)

    def test_a_shortcut_to_the_whole_drive_has_nothing_listed(self):
        self.edit("create", parent="FILES", name="everything", target="root")
        self.follow()
        for _ in range(2):
            self.come_and_go()
            self.follow()
            self.assertEqual(sorted(self.asked), ["changes.list", "files.get", "oauth.token"])

    def test_a_folder_goes_with_the_shortcuts_that_lead_into_it(self):
        self.switch(folder_move_emits_one_entry=1)
        for how in ("delete", "revoke"):
            with self.subTest(how):
                gone = self.make_folder("gone")
                inner = self.make_folder("inner", parent=gone)
                for name, target in (("down", inner), ("loop", gone)):
                    self.edit("create", parent=gone, name=name, target=target)
                self.sync()
                self.edit(how, id=gone)
                self.sync()
                new = self.make(how, "what makes a plan")
                self.follow()
                self.edit("trash", id=new.id)
                self.follow()
                self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_what_lies_in_a_folder_that_goes_during_the_first_listing(self):
        """Drive tells of the folder alone; a shortcut finds the file in the trash."""
        shutil.rmtree(self.dest / ".gdrive-sync")
        with self.relay() as relay:
            def mend(items):
                if any(item["id"] == self.b.id for item in items):
                    self.edit("trash", id="SUB")
                return items
            relay.mend_list = mend
            self.sync(env=relay.env)
        self.edit("create", parent="FILES", name="link", target=self.b.id)
        self.follow()
        self.assert_mirror({"a.txt": self.a})

    def test_a_folder_above_the_source_changes_during_a_full_listing(self):
        """It is no part of the mirror, and does not take along what lies in it."""
        above = self.control("tree?path=/claude")["id"]
        self.source_options = ["--source-id", "FILES"]
        self.sync()
        self.fault({"label": "changes.list"}, {"status": 410}, count=1)
        names = iter(("first", "second"))
        with self.relay() as relay:
            def mend(items):
                self.edit("rename", id=above, name=next(names, "last"))
                return items
            relay.mend_list = mend
            result = self.sync("--max-delete", "-1", "--allow-empty-source", env=relay.env)
        self.assert_full(result, "does not accept")
        self.assertEqual(result.actions("delete"), [])
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_folder_is_told_of_before_the_one_it_moved_into_during_a_full_listing(self):
        self.fault({"label": "changes.list"}, {"status": 410}, count=1)
        with self.relay() as relay:
            def mend(items):
                if any(item["id"] == self.b.id for item in items):
                    self.make_folder("new", id="NEW")
                    self.edit("move", id="SUB", to="NEW")
                return items
            relay.mend_list = mend
            relay.mend_feed = lambda entries: entries[::-1]
            result = self.sync(*NO_LIMITS, env=relay.env)
        self.assert_full(result, "does not accept")
        self.assertEqual(result.actions("delete"), [])
        self.assert_mirror({"a.txt": self.a, "new/sub/b.txt": self.b})

    def test_what_nobody_wants_is_no_miss(self):
        """It was shown and is not mirrored, so that its changes were not followed."""
        self.make_folder("/top", id="TOP")
        self.make("t.txt", "target", parent="TOP")
        self.edit("create", parent="FILES", name="no", target="TOP")
        metrics = self.dir / "metrics"
        options = ("--exclude", "/no/**", "--metrics-file", metrics)
        for more in ((), ("--full",), (), ("--full",)):
            self.make(f"{len(list(self.dest.iterdir()))}.txt", "what makes a plan")
            self.sync(*options, *more)
            self.assertRegex(metrics.read_text(), r"gdrive_sync_feed_misses\{.*\} 0\n")

    def change_once_asked(self, before, during, *options):
        """A shortcut leads to a file whose folder changes in between, once Drive has answered about
        the file. The folder is recorded as it is by then, and the feed tells nothing new of it."""
        top = self.make_folder("/top")
        target = self.make("/top/deep/t.txt", "target")
        self.edit(before, id=top)
        self.edit("create", parent="FILES", name="link", target=target.id)
        with self.relay() as relay:
            relay.once_asked(target.id, lambda: self.edit(during, id=top))
            self.sync(*options, env=relay.env)
            self.assertEqual(relay.after_item, {})
        self.sync()
        self.sync()
        return target

    def test_a_folder_goes_to_the_trash_once_the_target_below_it_was_asked_for(self):
        for options in ((), ("--full",)):
            with self.subTest(options):
                self.start_again()
                self.change_once_asked("untrash", "trash", *options)
                self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_folder_leaves_the_trash_once_the_target_below_it_was_asked_for(self):
        for options in ((), ("--full",)):
            with self.subTest(options):
                self.start_again()
                target = self.change_once_asked("trash", "untrash", *options)
                self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_known_folder_goes_out_of_sight_once_the_target_below_it_was_asked_for(self):
        top = self.make_folder("/top")
        target = self.make("/top/deep/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.follow()
        with self.relay() as relay:
            relay.once_asked(target.id, lambda: self.edit("revoke", id=top))
            self.sync("--full", env=relay.env)
            self.assertEqual(relay.after_item, {})
        self.sync()
        self.sync()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def start_again(self):
        self.doCleanups()
        self.setUp()

    @contextlib.contextmanager
    def relay(self):
        relay = relays.Drive(self.url)
        relay.env = {"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url}
        try:
            yield relay
        finally:
            relay.close()

    def test_a_lost_target_that_drive_gives_no_answer_about_is_not_forgotten(self):
        target = self.make("/top/t.txt", "target")
        self.edit("revoke", id=target.id)
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.fault({"label": "files.get", "path": target.id}, {"status": 500})
        self.make_folder("/other")
        self.follow("--retries", "0", expect=6)
        self.clear_faults()
        self.edit("grant", id=target.id)
        with self.relay() as relay:
            relay.mend_feed = lambda entries: []
            self.follow(env=relay.env)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_a_target_whose_folder_goes_to_the_trash(self):
        """Drive tells of that folder alone, wherever above the target it is."""
        self.make_folder("/top", id="TOP")
        target = self.make("/top/deep/t.txt", "target")
        self.edit("create", parent="FILES", name="link", target=target.id)
        self.follow()
        self.edit("trash", id="TOP")
        result = self.sync()
        self.assertIn("shortcuts may lead into it", result.log)
        self.assertEqual(len(result.actions("skip")), 1)
        self.edit("untrash", id="TOP")
        self.sync()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "link": target})

    def test_duplicates_come_and_go(self):
        twin = self.make("a.txt", "twin", id="TWIN0001")
        self.follow()
        self.assert_mirror({"a.txt": twin, f"a~{self.a.id[:8]}.txt": self.a,
                            "sub/b.txt": self.b})
        self.edit("trash", id="TWIN0001")
        self.follow()
        self.assertNotIn("files.media", self.asked)
        self.settled({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_rename_out_of_the_filter_and_into_it(self):
        keep = ["--exclude", "/no/**", *NO_LIMITS]
        self.sync(*keep)
        self.make_folder("no", id="NO")
        c = self.make("no/deep/c.txt", "third")
        self.follow(*keep)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
        self.edit("rename", id="NO", name="yes")
        self.follow(*keep)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, "yes/deep/c.txt": c})
        self.edit("rename", id="SUB", name="no")
        self.follow(*keep)
        again = self.sync("--full", *keep)
        self.assertEqual(again.report["actions"], [])

    def test_the_folder_above_what_a_shortcut_leads_to_is_deleted(self):
        """Drive may tell of the folder alone, of which nothing is known but its id."""
        self.make_folder("/far", id="FAR")
        far = self.make("/far/x.txt", "x")
        self.edit("create", path="/claude/files/link.txt", target=far.id)
        self.sync()
        self.edit("delete", id="FAR")
        relay = relays.Drive(self.url)
        self.addCleanup(relay.close)
        relay.mend_feed = lambda entries: [e for e in entries if e["fileId"] != far.id]
        self.sync(env={"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url})
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_feed_of_many_pages(self):
        self.switch(short_pages=1, empty_middle_page=1, feed_repeats_entry=1)
        made = {f"many/{i:04}": self.make(f"many/{i:04}", f"{i}") for i in range(1, 700)}
        self.follow()
        self.assertGreater(self.asked.count("changes.list"), 2)
        self.settled({"a.txt": self.a, "sub/b.txt": self.b, **made})


class Remembers(FeedCase):
    def test_a_failed_item_is_not_forgotten(self):
        self.update(self.a, "changed")
        self.fault({"label": "files.media", "path": self.a.id}, {"status": 500})
        self.follow("--retries", "0", expect=5)
        self.clear_faults()
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_withheld_deletes_are_not_forgotten(self):
        self.edit("trash", id=self.a.id)
        self.follow("--max-delete", "0", expect=4)
        self.follow("--max-delete", "0", expect=4)
        result = self.follow()
        self.assertEqual([a["path"] for a in result.actions("delete")], ["a.txt"])
        self.assert_mirror({"sub/b.txt": self.b})

    def test_a_run_that_was_stopped_after_the_feed(self):
        self.update(self.a, "changed")
        self.fault({"label": "files.media"}, {"hang": True})
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: self.requests("files.media"))
        run.kill()
        run.communicate()
        self.clear_faults()
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_feed_that_fails_changes_nothing_and_loses_nothing(self):
        self.edit("trash", id=self.a.id)
        for action in ({"status": 500}, {"html": True}, {"truncate": 20}, {"close": True},
                       {"list": "repeat-token"}, {"body": "{}"}, {"body": '{"changes": 7}'}):
            with self.subTest(action=action):
                self.fault({"label": "changes.list"}, action)
                before = tree(self.dest)
                result = self.gds("sync", "--retries", "0")
                self.assertEqual(result.code, 6, result.log)
                self.assertEqual(tree(self.dest), before)
                self.clear_faults()
        self.follow()
        self.assert_mirror({"sub/b.txt": self.b})

    def test_local_drift_is_seen_in_a_tick_that_finds_nothing_new(self):
        (self.dest / "a.txt").write_text("edited")
        (self.dest / "stray").write_text("stray")
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_scan_interval_leaves_drift_until_it_is_over(self):
        self.follow("--scan-interval", "1h")
        (self.dest / "a.txt").write_text("edited")
        self.follow("--scan-interval", "1h")
        self.assertEqual((self.dest / "a.txt").read_text(), "edited")
        self.update(self.b, "changed")
        self.follow("--scan-interval", "1h")
        self.assertEqual((self.dest / "sub" / "b.txt").read_text(), "changed")
        self.follow("--scan-interval", "0")
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_dry_run_comes_from_the_feed_and_takes_nothing_from_it(self):
        self.update(self.a, "changed")
        for _ in range(2):
            result = self.gds("diff")
            self.assertEqual(result.report["run"]["listing"], "changes", result.log)
            self.assertEqual([a["path"] for a in result.actions("update")], ["a.txt"])
        self.follow()
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})


class FullListings(FeedCase):
    """Each reason to list everything."""

    def start_emulator(self):
        self.refresh_token = ""  # any will do
        super().start_emulator()
        self.refresh_token = "rt"

    def test_first_run_begins_with_the_token_and_ends_with_a_replay(self):
        self.forget_requests()
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.assert_full(self.sync(), "no change token is known")
        asked = [entry["label"] for entry in self.requests()]
        token = asked.index("changes.getStartPageToken")
        self.assertLess(token, asked.index("files.list", token))
        # Whose credentials the lost database knew cannot be told: the account is asked for again.
        self.assertEqual(asked[-2:], ["changes.list", "about.get"])

    def test_what_changes_during_the_first_listing_is_in_the_mirror(self):
        dest = self.dir / "other"
        dest.mkdir()
        self.fault({"label": "files.list", "path": "SUB"}, {"latency_ms": 1500}, count=1)
        run = self.start_command("sync", *self.source_options, "--dest", dest)
        self.wait_until(lambda: any("SUB" in e["target"] for e in self.requests("files.list")))
        late = self.make("late/l.txt", "late")
        self.edit("trash", id=self.a.id)
        out, log = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, log)
        self.dest = dest
        self.assert_mirror({"late/l.txt": late, "sub/b.txt": self.b})

    def test_rejected_token(self):
        for action in ({"refuse_page_token": True}, {"status": 410}, {"status": 404}):
            with self.subTest(action=action):
                self.update(self.a, f"changed {action}")
                self.fault({"label": "changes.list"}, action, count=1)
                self.assert_full(self.sync(), "does not accept the change token")
                self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
                self.follow()

    def test_an_entry_that_makes_no_sense(self):
        relay = relays.Drive(self.url)
        self.addCleanup(relay.close)
        item = {"id": "X", "name": "x", "mimeType": "text/plain", "parents": ["elsewhere"],
                "modifiedTime": "2024-01-01T00:00:00Z"}
        for entry in ({"changeType": "news", "removed": False},
                      {"changeType": "file", "fileId": "X", "file": {**item, "mimeType": None}},
                      {"changeType": "file", "fileId": "X", "file": {**item, "id": "Y"}}):
            with self.subTest(entry=entry):
                self.update(self.a, f"changed {entry}")
                relay.mend_feed = lambda entries, entry=entry: [entry, *entries]
                result = self.sync(env={"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url})
                self.assert_full(result, "makes no sense")
                self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
                self.follow()

    def test_token_rejected_on_a_later_page(self):
        self.switch(short_pages=1)
        made = {f"many/{i:04}": self.make(f"many/{i:04}", f"{i}") for i in range(1, 700)}
        self.fault({"label": "changes.list", "nth": 2}, {"refuse_page_token": True}, count=1)
        self.assert_full(self.sync(), "does not accept the change token")
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b, **made})
        self.follow()

    def test_another_source(self):
        self.make_folder("/claude/more")
        self.source_options = ["--source", "claude/more"]
        self.assert_full(self.sync(expect=4), "another source folder")

    def test_other_credentials(self):
        self.refresh_token = "another"
        self.assert_full(self.sync(), "other credentials")
        self.follow()
        with self.database() as db:
            self.assertNotIn("another", "".join(v for v, in db.execute("SELECT value FROM meta")))

    def test_other_filters(self):
        self.assert_full(self.sync("--exclude", "*.tmp"), "other filters")
        self.follow("--exclude", "*.tmp")
        self.assert_full(self.sync(), "other filters")

    def test_other_export_formats(self):
        self.assert_full(self.sync("--export-formats", "odt"), "other export formats")

    def test_rebuilt_database(self):
        (self.dest / ".gdrive-sync" / "state.db").write_bytes(b"no database" * 1000)
        self.assert_full(self.sync(), "no change token is known")
        self.follow()

    def test_full_interval(self):
        self.assert_full(self.sync("--full-interval", "0"), "--full-interval")
        self.follow("--full-interval", "1h")

    def test_on_demand(self):
        self.assert_full(self.sync("--full"), "asked for")
        self.follow()

    def test_a_source_that_leads_elsewhere_is_noticed_by_the_feed(self):
        self.edit("rename", path="/claude", name="old")
        self.make_folder("/claude/files", id="IMPOSTOR")
        result = self.gds("sync")
        self.assertEqual(result.code, 6, result.log)
        self.assertIn("another folder", result.log)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_second_folder_of_that_name_is_noticed_by_the_feed(self):
        self.edit("create", parent="/claude", name="files", folder=True)
        result = self.gds("sync")
        self.assertEqual(result.code, 6, result.log)
        self.assertIn("are called", result.log)

    def test_what_the_feed_did_not_tell_is_found_counted_and_logged(self):
        self.switch(feed_drops_percent=100)
        self.edit("trash", id=self.a.id)
        c = self.make("c.txt", "third")
        self.follow()
        metrics = self.dir / "metrics"
        result = self.sync("--full", "--metrics-file", metrics)
        self.assertIn("had not told", result.log)
        self.assertRegex(metrics.read_text(), r"gdrive_sync_feed_misses\{.*\} 2\n")
        self.assert_mirror({"c.txt": c, "sub/b.txt": self.b})

    def test_a_deletion_that_the_listing_proves_short_makes_the_next_run_list(self):
        stray = self.dest / "x.txt"
        stray.write_text("stray")
        self.switch(feed_drops_percent=100)
        self.make("x.txt", "it is there after all")
        result = self.gds("sync")
        self.assertEqual(result.code, 6, result.log)
        self.assertTrue(stray.exists())
        self.assert_full(self.sync(), "no change token is known")


class ResyncOnce(FeedCase):
    def test_the_same_id_again_is_a_sync(self):
        damaged = self.dest / "a.txt"

        def damage():
            times = os.stat(damaged).st_mtime_ns
            damaged.write_text("FIRST")
            os.utime(damaged, ns=(times, times))

        damage()
        result = self.gds("resync", "--resync-id", "one")
        self.assertEqual((result.code, result.report["run"]["listing"]), (0, "full"), result.log)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})
        damage()
        result = self.gds("resync", "--resync-id", "one")
        self.assertEqual((result.code, result.report["run"]["listing"]), (0, "changes"), result.log)
        self.assertEqual(damaged.read_text(), "FIRST")
        result = self.gds("resync", "--resync-id", "two")
        self.assertEqual(result.code, 0, result.log)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_a_retried_one_goes_on_where_it_was_stopped(self):
        self.update(self.a, "changed")
        self.fault({"label": "files.media"}, {"status": 500})
        result = self.gds("resync", "--resync-id", "one", "--retries", "0")
        self.assertEqual(result.code, 5, result.log)
        self.clear_faults()
        result = self.gds("resync", "--resync-id", "one")
        self.assertEqual(result.code, 0, result.log)
        self.assertIn("carried out before", result.log)
        self.assert_mirror({"a.txt": self.a, "sub/b.txt": self.b})

    def test_one_that_could_not_list_is_carried_out_later(self):
        self.fault({"label": "files.list", "path": "SUB"}, {"status": 500})
        result = self.gds("resync", "--resync-id", "one", "--retries", "0")
        self.assertEqual(result.code, 6, result.log)
        self.clear_faults()
        result = self.gds("resync", "--resync-id", "one")
        self.assertEqual((result.code, result.report["run"]["listing"]), (0, "full"), result.log)


if __name__ == "__main__":
    unittest.main()
