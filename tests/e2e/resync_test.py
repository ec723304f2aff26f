#!/usr/bin/env python3
"""resync: a full listing, every local file hashed, everything put right within the guards."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402


class Resync(SpecCase):
    def setUp(self):
        super().setUp()
        self.all = {f"sub{n % 3}/file{n}": self.make(f"sub{n % 3}/file{n}", f"content {n}")
                    for n in range(12)}
        self.all["bare"] = self.make("bare", "bare", md5=None, sha1=None, sha256=None)
        self.all["photo"] = self.make("photo", "photo", photos=True)
        self.document = self.edit("create", parent="FILES", name="doc", document="document",
                                  content="text")
        self.sync()
        self.exported = tree(self.dest)["doc.docx"][0]
        self.forget_requests()

    def resync(self, *options, expect=0):
        result = self.gds("resync", *options)
        self.assertEqual(result.code, expect, result.log)
        return result

    def assert_whole(self):
        exported = tree(self.dest)["doc.docx"][0]
        self.assert_mirror({**self.all, "doc.docx": exported})
        self.assertTrue(exported.startswith(b"PK"))

    def damage(self, name, content=None):
        """Other bytes; size and time as before."""
        path = self.dest / name
        stat = path.stat()
        path.write_bytes(content or b"#" * stat.st_size)
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))

    def test_a_sound_mirror_is_left_alone(self):
        before = {p: p.stat() for p in self.dest.rglob("*") if ".gdrive-sync" not in str(p)}
        result = self.resync()
        self.assertEqual(result.report["actions"], [])
        self.assertEqual(result.report["run"]["command"], "resync")
        self.assertEqual(result.report["run"]["listing"], "full")
        self.assertEqual(self.requests("files.media") + self.requests("files.export"), [])
        for path, stat in before.items():
            after = path.stat()
            self.assertEqual((after.st_ino, after.st_ctime_ns), (stat.st_ino, stat.st_ctime_ns))

    def test_damage_that_keeps_size_and_time(self):
        for name in ("sub0/file0", "bare", "photo", "doc.docx"):
            self.damage(name)
        self.assertEqual(self.sync().report["actions"], [])
        result = self.resync()
        self.assertEqual({a["path"] for a in result.actions("update")},
                         {"sub0/file0", "bare", "photo", "doc.docx"})
        self.assert_whole()
        self.assertEqual(self.resync().report["actions"], [])

    def test_missing_extra_edited_and_touched(self):
        (self.dest / "sub1" / "file1").unlink()
        shutil.rmtree(self.dest / "sub2")
        (self.dest / "extra").write_text("extra")
        (self.dest / "extra dir").mkdir()
        (self.dest / "sub0" / "file3").write_text("edited, with another size")
        os.utime(self.dest / "sub0" / "file6", ns=(1, 1))
        self.resync()
        self.assert_whole()
        self.assertEqual(self.resync().report["actions"], [])

    def test_the_guards_are_in_force(self):
        for n in range(4):
            (self.dest / f"extra{n}").write_text("extra")
        self.damage("sub0/file0")
        result = self.resync("--max-delete", "3", expect=4)
        self.assertEqual(result.counts["delete"], 4)
        self.assertTrue((self.dest / "extra0").exists())
        self.assertEqual(tree(self.dest)["sub0/file0"], self.all["sub0/file0"].state)
        approved = self.run_command("approve", result.report["plan"], "--dest", self.dest)
        self.assertEqual(approved.returncode, 0, approved.stderr)
        self.resync("--max-delete", "3")
        self.assert_whole()

    def test_an_empty_source_is_withheld(self):
        for item in self.control("tree?id=FILES")["children"]:
            self.edit("trash", id=item["id"])
        before = tree(self.dest)
        self.resync("--max-delete", "-1", expect=4)
        self.assertEqual(tree(self.dest), before)

    def test_doubt_is_doubt(self):
        self.damage("sub0/file0")
        gone = self.all["sub1/file1"]
        self.edit("delete", id=gone.id)
        bad = self.control("tree?path=/claude/files/sub2")["id"]
        self.fault({"label": "files.list", "path": bad}, {"status": 500})
        self.resync("--retries", "0", expect=6)
        self.assert_whole()

    def test_what_was_parked_is_tried_whether_due_or_not(self):
        bad = self.all["sub0/file0"]
        self.update(bad, "edited")
        self.fault({"label": "files.media", "path": bad.id}, {"status": 500})
        for _ in range(4):
            self.sync("--retries", "0", expect=5)
        self.clear_faults()
        # Not due for a while: still a failure, not asked for.
        self.forget_requests()
        self.sync(expect=5)
        self.assertEqual(self.requests("files.media"), [])
        self.resync()
        self.assert_whole()
        self.assert_settled()

    def test_what_was_refused_is_tried_too(self):
        bad = self.make("refused", "refused", abusive=True)
        self.sync()
        self.sync()
        self.edit("set", id=bad.id, abusive=False)
        self.resync()
        self.all["refused"] = bad
        self.assert_whole()

    def test_a_damaged_file_that_cannot_be_fetched_stays_and_is_named(self):
        bad = self.all["sub0/file0"]
        self.damage("sub0/file0")
        self.fault({"label": "files.media", "path": bad.id}, {"status": 500})
        result = self.resync("--retries", "0", expect=5)
        self.assertEqual([a["path"] for a in result.report["actions"]
                          if a["outcome"] == "failed"], ["sub0/file0"])
        self.assertEqual(tree(self.dest)["sub0/file0"][0], b"#" * 9)
        # The next sync knows of it, although its size and time are as they should be.
        self.clear_faults()
        self.sync()
        self.assert_whole()

    def test_a_lost_database_and_damage(self):
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.damage("sub0/file0")
        self.resync()
        self.assert_whole()

    def test_a_lost_state_directory_and_damage(self):
        shutil.rmtree(self.dest / ".gdrive-sync")
        self.damage("sub0/file0")
        (self.dest / "extra").write_text("extra")
        result = self.resync()
        self.assert_whole()
        self.assertLessEqual(len(result.actions("update")), 2)  # the damaged file and the photo

    def test_changes_at_the_source_come_along(self):
        self.update(self.all["sub1/file1"], "edited")
        self.edit("delete", id=self.all.pop("sub1/file4").id)
        self.edit("rename", id=self.all["sub1/file7"].id, name="renamed")
        self.all["sub1/renamed"] = self.all.pop("sub1/file7")
        self.all["new"] = self.make("new", "new")
        result = self.resync()
        self.assertEqual(result.counts["rename"], 1)
        self.assert_whole()


if __name__ == "__main__":
    unittest.main()
