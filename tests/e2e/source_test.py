#!/usr/bin/env python3
"""Finding the mirrored folder, and what happens when it is no longer what it was."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


class SourceCase(SpecCase):
    def assert_refused(self, *words, options=()):
        """The run ends with 6, says these words, and changes nothing."""
        before = tree(self.dest)
        result = self.sync(*options, expect=6)
        for word in words:
            self.assertIn(word, result.log)
        self.assertEqual(tree(self.dest), before)
        return result


class Ways(SourceCase):
    """Each way to name a folder."""

    spec = {
        "items": [{"id": "FILES", "path": "/claude/files", "folder": True},
                  {"id": "OTHER", "path": "/other/place", "folder": True},
                  {"id": "LENT", "path": "/nowhere/lent", "folder": True, "owned": False,
                   "sharedWithMe": True}],
        "drives": [{"id": "TEAM", "name": "The team", "items": [
            {"id": "TEAMTOP", "name": "top.txt", "content": "in the team's drive"},
            {"id": "TEAMDIR", "name": "sub", "children": [
                {"id": "TEAMSUB", "name": "deep.txt", "content": "deeper"}]}]}]}

    def setUp(self):
        super().setUp()
        self.file = self.make("a.txt", "one")
        self.make("in other.txt", "other", parent="OTHER")
        self.make("in lent.txt", "lent", parent="LENT")

    def mirror_of(self, *options, env=None):
        self.source_options = list(options)
        result = self.sync(env=env)
        return result

    def test_by_path(self):
        self.sync()
        self.assert_mirror({"a.txt": self.file})

    def test_by_path_with_slashes_all_over(self):
        self.mirror_of("--source", "/claude//files/")
        self.assert_mirror({"a.txt": self.file})

    def test_by_id(self):
        result = self.mirror_of("--source-id", "FILES")
        self.assert_mirror({"a.txt": self.file})
        self.assertEqual(result.report["source"]["id"], "FILES")

    def test_a_whole_shared_drive(self):
        self.mirror_of("--drive-id", "TEAM")
        self.assert_mirror({"top.txt": "in the team's drive", "sub/deep.txt": "deeper"})
        self.assert_settled()

    def test_a_whole_shared_drive_is_listed_flat_and_only_it(self):
        self.mirror_of("--drive-id", "TEAM")
        lists = self.requests("files.list")
        self.assertEqual(len(lists), 1)
        self.assertIn("corpora=drive&driveId=TEAM", lists[0]["target"])

    def test_a_folder_in_a_shared_drive(self):
        self.mirror_of("--drive-id", "TEAM", "--source", "sub")
        self.assert_mirror({"deep.txt": "deeper"})
        self.assert_settled()

    def test_a_folder_in_a_shared_drive_by_id(self):
        self.mirror_of("--drive-id", "TEAM", "--source-id", "TEAMDIR")
        self.assert_mirror({"deep.txt": "deeper"})

    def test_a_folder_in_a_shared_drive_by_id_alone(self):
        self.mirror_of("--source-id", "TEAMDIR")
        self.assert_mirror({"deep.txt": "deeper"})

    def test_shared_with_me(self):
        self.mirror_of("--shared-with-me", "--source", "lent")
        self.assert_mirror({"in lent.txt": "lent"})

    def test_below_what_is_shared_with_me(self):
        self.make_folder("inner", parent="LENT", id="INNER", owned=False)
        self.make("deep.txt", "deep", parent="INNER")
        self.mirror_of("--shared-with-me", "--source", "lent/inner")
        self.assert_mirror({"deep.txt": "deep"})

    def rclone_config(self, **more):
        lines = ["[gdrive]", "type = drive", "client_id = cid", "client_secret = sec",
                 'token = {"access_token":"x","refresh_token":"rt","expiry":"2020-01-01T00:00:00Z"}']
        lines += [f"{name} = {value}" for name, value in more.items()]
        path = self.dir / "rclone.conf"
        path.write_text("\n".join(lines) + "\n")
        # The credentials of the environment stand back.
        return {"GDRIVE_SYNC_CLIENT_ID": "", "GDRIVE_SYNC_CLIENT_SECRET": "",
                "GDRIVE_SYNC_REFRESH_TOKEN": "", "GDRIVE_SYNC_RCLONE_CONFIG": str(path),
                "GDRIVE_SYNC_RCLONE_REMOTE": "gdrive"}

    def test_an_rclone_section(self):
        self.mirror_of("--source", "claude/files", env=self.rclone_config())
        self.assert_mirror({"a.txt": self.file})

    def test_root_folder_id_alone(self):
        self.mirror_of(env=self.rclone_config(root_folder_id="OTHER"))
        self.assert_mirror({"in other.txt": "other"})

    def test_a_path_below_root_folder_id(self):
        self.make_folder("below", parent="OTHER", id="BELOW")
        self.make("x", "x", parent="BELOW")
        self.mirror_of("--source", "below", env=self.rclone_config(root_folder_id="OTHER"))
        self.assert_mirror({"x": "x"})

    def test_team_drive_alone_and_with_a_path(self):
        env = self.rclone_config(team_drive="TEAM")
        self.mirror_of(env=env)
        self.assert_mirror({"top.txt": "in the team's drive", "sub/deep.txt": "deeper"})
        self.mirror_of("--source", "sub", env=env)
        self.assert_mirror({"deep.txt": "deeper"})

    def test_no_source_at_all_is_a_usage_error(self):
        self.source_options = []
        self.sync(expect=2)

    def test_a_shortcut_on_the_way_is_followed(self):
        self.edit("create", path="/way", target="/other")
        self.mirror_of("--source", "way/place")
        self.assert_mirror({"in other.txt": "other"})

    def test_a_folder_whose_name_holds_quotes_and_backslashes(self):
        self.make_folder("it's \\ odd", parent="OTHER", id="ODD")
        self.make("x", "x", parent="ODD")
        self.mirror_of("--source", "other/place/it's \\ odd")
        self.assert_mirror({"x": "x"})


class Refusals(SourceCase):
    def setUp(self):
        super().setUp()
        self.file = self.make("a.txt", "one")

    def test_two_folders_of_one_name_are_listed_with_their_ids(self):
        twin = self.make_folder("/claude/other", id="TWIN")
        self.edit("rename", id=twin, name="files")
        self.assert_refused("FILES", "TWIN", "--source-id")

    def test_two_folders_of_one_name_on_the_way(self):
        first = self.control("tree?path=/claude")["id"]
        twin = self.make_folder("/other", id="TWINTOP")
        self.edit("rename", id=twin, name="claude")
        self.assert_refused(first, "TWINTOP")

    def test_a_twin_appearing_later_changes_nothing(self):
        self.sync()
        twin = self.make_folder("/claude/other", id="TWIN")
        self.edit("rename", id=twin, name="files")
        self.assert_refused("FILES", "TWIN")
        self.source_options = ["--source-id", "FILES"]
        self.sync()
        self.assert_mirror({"a.txt": self.file})

    def test_a_file_of_that_name_beside_the_folder_is_no_rival(self):
        self.make("files", "a file", parent=self.control("tree?path=/claude")["id"])
        self.sync()
        self.assert_mirror({"a.txt": self.file})

    def test_only_a_file_of_that_name(self):
        self.make("/claude/lone", "a file")
        self.source_options = ["--source", "claude/lone"]
        self.assert_refused("not a folder")

    def test_a_file_by_id(self):
        self.source_options = ["--source-id", self.file.id]
        self.assert_refused("not a folder")

    def test_a_path_is_matched_by_its_exact_letters(self):
        self.source_options = ["--source", "Claude/Files"]
        self.assert_refused("Claude")
        other = self.make_folder("/claude/Files", id="CAPITAL")
        self.make("other.txt", "other", parent=other)
        self.source_options = ["--source", "claude/files"]
        self.sync()
        self.assert_mirror({"a.txt": self.file})

    def test_a_path_that_leads_nowhere(self):
        self.source_options = ["--source", "claude/nowhere"]
        self.assert_refused("nowhere")

    def test_an_id_that_does_not_exist(self):
        self.source_options = ["--source-id", "NOSUCHID"]
        self.assert_refused("NOSUCHID")


class Pinned(SourceCase):
    def start_emulator(self):
        self.key_file = self.dir / "key.json"
        self.emulator_options = ["--make-service-account", self.key_file]
        super().start_emulator()

    def other_credentials(self):
        return {"GDRIVE_SYNC_CREDENTIALS": str(self.key_file)}

    """A folder that was mirrored before."""

    def setUp(self):
        super().setUp()
        self.file = self.make("a.txt", "one")
        self.inner = self.make("sub/b.txt", "two")
        self.sync()

    def by_id(self):
        self.source_options = ["--source-id", "FILES"]
        self.sync()

    def test_trashed(self):
        self.edit("trash", id="FILES")
        self.assert_refused()
        self.by_id_after_trash()

    def by_id_after_trash(self):
        self.source_options = ["--source-id", "FILES"]
        self.assert_refused("trash")

    def test_trashed_with_the_folder_above(self):
        self.by_id()
        self.edit("trash", path="/claude")
        self.assert_refused("trash")

    def test_restored_again(self):
        self.edit("trash", id="FILES")
        self.assert_refused()
        self.edit("untrash", id="FILES")
        self.sync()
        self.assert_mirror({"a.txt": self.file, "sub/b.txt": self.inner})

    def test_deleted(self):
        self.edit("delete", id="FILES")
        self.assert_refused()
        self.source_options = ["--source-id", "FILES"]
        self.assert_refused("FILES")

    def test_access_lost(self):
        self.by_id()
        self.edit("revoke", id="FILES")
        self.assert_refused("FILES")

    def test_replaced_by_a_shortcut(self):
        self.make_folder("/elsewhere", id="ELSEWHERE")
        self.make("/elsewhere/other.txt", "other")
        self.edit("delete", id="FILES")
        self.edit("create", path="/claude/files", target="ELSEWHERE")
        self.assert_refused("ELSEWHERE", "FILES")

    def test_replaced_by_another_folder(self):
        self.edit("rename", id="FILES", name="old files")
        new = self.make_folder("/claude/files", id="NEW")
        self.make("other.txt", "other", parent=new)
        self.assert_refused("NEW", "FILES", "--source-id")

    def test_replaced_by_a_file(self):
        self.edit("rename", id="FILES", name="old files")
        self.make("/claude/files", "now a file")
        self.assert_refused("not a folder")

    def test_moved_away_by_path(self):
        self.make_folder("/elsewhere", id="ELSEWHERE")
        self.edit("move", id="FILES", to="ELSEWHERE")
        self.assert_refused()

    def test_moved_away_by_id_goes_on(self):
        self.by_id()
        self.make_folder("/elsewhere", id="ELSEWHERE")
        self.edit("move", id="FILES", to="ELSEWHERE")
        self.edit("rename", id="FILES", name="another name")
        more = self.make("c.txt", "three", parent="FILES")
        self.sync()
        self.assert_mirror({"a.txt": self.file, "sub/b.txt": self.inner, "c.txt": more})

    def test_another_source_text_is_mirrored_with_the_guards_on(self):
        other = self.make_folder("/elsewhere", id="ELSEWHERE")
        wanted = self.make("other.txt", "other", parent=other)
        self.source_options = ["--source", "elsewhere"]
        result = self.sync("--max-delete", "1", expect=4)
        self.assertEqual(result.counts["delete"], 2)
        self.assertEqual(result.report["run"]["listing"], "full")
        self.assert_mirror({"a.txt": self.file, "sub/b.txt": self.inner, "other.txt": wanted})
        self.sync("--max-delete", "2")
        self.assert_mirror({"other.txt": wanted})

    def test_another_text_for_the_same_folder_changes_nothing(self):
        self.source_options = ["--source-id", "FILES"]
        self.assertEqual(self.sync().report["actions"], [])
        self.source_options = ["--source", "claude/files"]
        self.assertEqual(self.sync().report["actions"], [])

    def test_another_account_may_reach_another_folder_by_the_same_path(self):
        self.edit("rename", id="FILES", name="old files")
        new = self.make_folder("/claude/files", id="NEW")
        wanted = self.make("other.txt", "other", parent=new)
        marker = self.dest / ".gdrive-sync" / "volume.json"
        view = json.loads(marker.read_text())
        self.assertTrue(view["account"])
        marker.write_text(json.dumps({**view, "account": "0123"}))
        self.sync("--max-delete", "1", expect=4)
        marker.write_text(json.dumps({**view, "account": "0123"}))
        self.sync()
        self.assert_mirror({"other.txt": wanted})
        self.assertEqual(json.loads(marker.read_text())["account"], view["account"])

    def account(self):
        marker = self.dest / ".gdrive-sync" / "volume.json"
        return json.loads(marker.read_text())["account"]

    def test_whose_it_is_is_told_anew_where_the_credentials_change(self):
        before = self.account()
        self.fault({"label": "about.get"}, {"body": '{"user": {"permissionId": "another"}}'})
        self.sync("--full")
        self.assertEqual(self.account(), before, "the same credentials are the same account's")
        result = self.sync(env=self.other_credentials())
        self.assertEqual(result.report["run"]["listing"], "full")
        self.assertEqual(self.account(), "another")
        self.forget_requests()
        self.sync(env=self.other_credentials())
        self.assertEqual(self.requests("about.get"), [])

    def test_whose_it_is_is_asked_again_where_it_could_not_be_told(self):
        self.fault({"label": "about.get"}, {"status": 403, "reason": "forbidden"})
        self.sync(env=self.other_credentials())
        self.assertEqual(self.account(), "")
        self.clear_faults()
        self.sync(env=self.other_credentials())
        self.assertNotEqual(self.account(), "")

    def test_a_source_that_cannot_be_asked_for(self):
        for status, reason in ((500, "backendError"), (503, ""), (403, "userRateLimitExceeded"),
                               (429, "rateLimitExceeded")):
            with self.subTest(status=status):
                self.fault({"label": "files.list"}, {"status": status, "reason": reason})
                self.assert_refused(options=["--full", "--retries", "0"])
                self.clear_faults()
        self.sync()

    def test_diff_says_the_same(self):
        self.edit("trash", id="FILES")
        result = self.gds("diff")
        self.assertEqual(result.code, 6, result.log)

    def test_resync_does_not_lift_the_pin(self):
        self.edit("rename", id="FILES", name="old files")
        new = self.make_folder("/claude/files", id="NEW")
        self.make("other.txt", "other", parent=new)
        before = tree(self.dest)
        result = self.gds("resync")
        self.assertEqual(result.code, 6, result.log)
        self.assertEqual(tree(self.dest), before)


if __name__ == "__main__":
    unittest.main()
