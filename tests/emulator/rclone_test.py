"""Debian's rclone, as it is, mirrors from the emulator: through the proxy, believing in Google."""

import os
import pathlib
import unittest
import urllib.parse

from harness import EmulatorCase
from rclone_client import ProxiedEmulator, Rclone


class Mirroring(EmulatorCase):
    def setUp(self):
        super().setUp()
        self.root = self.dir / "root"
        files = self.root / "claude" / "files"
        (files / "deep" / "er").mkdir(parents=True)
        (files / "empty").mkdir()
        for n in range(30):
            (files / f"file {n}.txt").write_text(f"content {n}\n" * n)
        (files / "deep" / "er" / "big.bin").write_bytes(os.urandom(3_000_000))
        (files / "deep" / "it's.txt").write_text("quoted")
        (files / "Notes.gdoc").write_text("notes")
        (files / "link.gshortcut").write_text("/claude/files/deep/it's.txt")
        self.files = files
        self.drive = ProxiedEmulator(self.dir, "--root", self.root)
        self.addCleanup(self.drive.stop)
        self.rclone = Rclone(self.dir, self.drive)
        self.mirror = self.dir / "mirror"

    def sync(self, *options):
        run = self.rclone.mirror("claude/files", self.mirror, *options)
        self.assertEqual(run.returncode, 0, run.stderr)

    def tree(self, root):
        return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
                for path in pathlib.Path(root).rglob("*")}

    def expected(self):
        tree = self.tree(self.files)
        del tree["Notes.gdoc"], tree["link.gshortcut"]
        tree["link"] = b"quoted"
        return tree

    def check(self):
        found = self.tree(self.mirror)
        document = found.pop("Notes.docx")
        self.assertEqual(document[:4], b"PK\x03\x04")
        self.assertEqual(found, self.expected())

    def test_mirrors(self):
        self.sync()
        self.check()
        self.assertEqual(self.drive.control("counters")["writes"], 0)

    def test_mirrors_with_grouped_lists(self):
        self.sync("--fast-list")
        self.check()
        queries = [urllib.parse.unquote_plus(entry["target"]) for entry in
                   self.drive.control("log?label=files.list")["entries"]]
        self.assertTrue(any(" or " in q for q in queries))

    def test_follows_changes(self):
        self.sync()
        (self.files / "file 3.txt").unlink()
        (self.files / "file 4.txt").write_text("something else")
        (self.files / "deep").rename(self.files / "deeper")
        (self.files / "link.gshortcut").unlink()
        self.drive.control("rescan", {})
        self.sync()
        found = self.tree(self.mirror)
        del found["Notes.docx"]
        expected = self.tree(self.files)
        del expected["Notes.gdoc"]
        self.assertEqual(found, expected)

    def test_loses_files_when_drive_loses_them(self):
        self.sync()
        for folder in ("one", "two", "three", "four"):
            (self.files / folder).mkdir()
            (self.files / folder / "x").write_text(folder)
        self.drive.control("rescan", {})
        self.sync("--fast-list")
        self.drive.switch(incomplete_search=1)
        self.sync()
        # rclone only logs incompleteSearch, and deletes what the short lists did not hold.
        self.assertLess(len(self.tree(self.mirror)), len(self.expected()) - 5)


if __name__ == "__main__":
    unittest.main()
