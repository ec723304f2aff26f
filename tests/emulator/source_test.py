"""A directory on disk shown as My Drive."""

import hashlib
import os
import pathlib
import time
import unittest

from harness import FOLDER, SHORTCUT, EmulatorCase


class Directory(EmulatorCase):
    def setUp(self):
        super().setUp()
        self.root = self.dir / "root"
        self.files = self.root / "claude" / "files"
        self.files.mkdir(parents=True)
        self.write("a.txt", "hello")
        self.write("sub/b.bin", os.urandom(200_000))
        self.drive = self.start("--open", "--root", self.root)

    def write(self, name, content):
        path = self.files / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def item(self, path, fields="*"):
        """The item at a path, found as a client does, name by name."""
        item = {"id": "root"}
        for name in pathlib.PurePath(path).parts:
            found = self.drive.list(f"'{item['id']}' in parents and name = '{name}'",
                                    fields=f"files({fields})" if fields != "*" else "files")
            self.assertEqual(len(found), 1, path)
            item = found[0]
        return item

    def changes(self, since):
        self.drive.control("rescan", {})
        return {c["fileId"]: c for c in self.drive.changes(since)}

    def test_files_are_as_on_disk(self):
        path = self.files / "sub" / "b.bin"
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))
        self.drive.control("rescan", {})
        item = self.item("claude/files/sub/b.bin")
        content = path.read_bytes()
        self.assertEqual(item["modifiedTime"], "2023-11-14T22:13:20.123Z")
        self.assertEqual(item["size"], "200000")
        for algorithm in ("md5", "sha1", "sha256"):
            self.assertEqual(item[algorithm + "Checksum"],
                             hashlib.new(algorithm, content).hexdigest())
        self.assertEqual(self.drive.get("files/" + item["id"], alt="media").body, content)

    def test_changes_on_disk_are_changes_in_the_feed(self):
        token = self.drive.start_token()
        a, sub = self.item("claude/files/a.txt"), self.item("claude/files/sub")
        self.write("a.txt", "changed")
        new = self.write("new.txt", "new")
        (self.files / "sub").rename(self.files / "renamed")
        changes = self.changes(token)
        self.assertEqual(set(changes), {a["id"], sub["id"], self.item("claude/files/new.txt")["id"]})
        self.assertEqual(changes[sub["id"]]["file"]["name"], "renamed")
        moved = self.item("claude/files/renamed/b.bin")
        self.assertEqual(len(self.drive.get("files/" + moved["id"], alt="media").body), 200_000)
        token = self.drive.start_token()
        new.unlink()
        self.assertTrue(all(c["removed"] for c in self.changes(token).values()))

    def test_changes_are_noticed_without_being_told(self):
        self.write("soon.txt", "x")
        while "soon.txt" not in self.drive.names("name = 'soon.txt'"):
            pass  # each request looks, at most every 200 ms; the test's timeout is the bound

    def test_ids_survive_renames_and_restarts(self):
        before = self.item("claude/files/a.txt")["id"]
        (self.files / "a.txt").rename(self.files / "sub" / "moved.txt")
        token = self.drive.start_token()
        self.assertEqual(set(self.changes(token)), {before})
        self.assertEqual(self.item("claude/files/sub/moved.txt")["id"], before)
        self.drive.stop()
        self.drive = self.start("--open", "--root", self.root)
        self.assertEqual(self.item("claude/files/sub/moved.txt")["id"], before)

    def test_swapped_names(self):
        a, b = self.write("x", "1"), self.write("y", "2")
        self.drive.control("rescan", {})
        ids = [self.item("claude/files/" + n)["id"] for n in "xy"]
        a.rename(self.files / "t")
        b.rename(a)
        (self.files / "t").rename(b)
        self.drive.control("rescan", {})
        self.assertEqual([self.item("claude/files/" + n)["id"] for n in "yx"], ids)

    def test_an_unchanged_tree_makes_no_entries(self):
        token = self.drive.start_token()
        for _ in range(3):
            self.assertEqual(self.changes(token), {})

    def test_changes_wait_for_a_rescan_where_nobody_looks(self):
        self.drive.stop()
        self.drive = self.start("--open", "--root", self.root, "--no-rescan")
        folder = self.item("claude/files")["id"]
        self.write("new.txt", "new")
        time.sleep(0.3)  # longer than a directory that is looked at is left alone
        self.assertNotIn("new.txt", self.drive.names(f"'{folder}' in parents"))
        self.drive.control("rescan", {})
        self.assertIn("new.txt", self.drive.names(f"'{folder}' in parents"))

    def test_stands_for_what_has_no_bytes(self):
        for name in ("Notes.gdoc", "Sums.gsheet", "Talk.gslides", "Plan.gdraw", "Ask.gform"):
            self.write(name, "text of " + name)
        self.write("to-a.gshortcut", "/claude/files/a.txt\n")
        self.write("to-sub.gshortcut", self.item("claude/files/sub")["id"])
        self.write("to-nothing.gshortcut", "/no/such/file")
        self.drive.control("rescan", {})
        google = "application/vnd.google-apps."
        for name, kind in (("Notes", "document"), ("Sums", "spreadsheet"), ("Talk", "presentation"),
                           ("Plan", "drawing"), ("Ask", "form")):
            item = self.item("claude/files/" + name)
            self.assertEqual(item["mimeType"], google + kind)
            self.assertNotIn("md5Checksum", item)
        notes = self.item("claude/files/Notes")
        text = self.drive.get(f"files/{notes['id']}/export", mimeType="text/plain")
        self.assertEqual(text.body, b"text of Notes.gdoc")
        link = self.item("claude/files/to-a")
        self.assertEqual(link["mimeType"], SHORTCUT)
        self.assertEqual(link["shortcutDetails"]["targetId"], self.item("claude/files/a.txt")["id"])
        self.assertEqual(self.item("claude/files/to-sub")["shortcutDetails"]["targetMimeType"],
                         FOLDER)
        self.assertEqual(self.item("claude/files/to-nothing")["shortcutDetails"]["targetId"],
                         "/no/such/file")

    def test_links_and_pipes_are_left_out(self):
        (self.files / "link").symlink_to("a.txt")
        os.mkfifo(self.files / "pipe")
        self.drive.control("rescan", {})
        folder = self.item("claude/files")
        self.assertEqual(self.drive.names(f"'{folder['id']}' in parents"), ["a.txt", "sub"])

    def test_odd_names(self):
        names = ["it's", "back\\slash", "new\nline", "ümlaut", "日本", " spaces ", "%41"]
        for name in names:
            self.write(name, name)
        self.drive.control("rescan", {})
        folder = self.item("claude/files")
        self.assertEqual(self.drive.names(f"'{folder['id']}' in parents"),
                         sorted([*names, "a.txt", "sub"]))

    def test_edits_lie_over_the_directory(self):
        item = self.item("claude/files/a.txt")
        self.drive.edit("trash", id=item["id"])
        self.drive.control("rescan", {})
        self.assertTrue(self.drive.get("files/" + item["id"], fields="trashed").json["trashed"])
        self.assertEqual((self.files / "a.txt").read_text(), "hello")


if __name__ == "__main__":
    unittest.main()
