#!/usr/bin/env python3
"""The whole of gdrive-sync, from the command line to the tree on disk."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import BIN, MirrorCase, tree  # noqa: E402


class FirstSyncAndChanges(MirrorCase):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "one")
        self.write("empty", "")
        self.write("sub/b.bin", os.urandom(300_000))
        self.write("sub/deeper/c.txt", "three")
        (self.source / "nothing in here").mkdir()
        self.sync()

    def test_first_sync_makes_the_whole_tree(self):
        self.assert_equal_trees()

    def test_a_second_run_plans_nothing_and_changes_nothing(self):
        before = {p: s.stat() for p, s in ((p, p) for p in self.dest.rglob("*.txt"))}
        result = self.sync()
        self.assertEqual(result.report["actions"], [])
        self.assertEqual(result.counts["unchanged"], 4)
        for path, stat in before.items():
            self.assertEqual(path.stat().st_ino, stat.st_ino)
            self.assertEqual(path.stat().st_ctime_ns, stat.st_ctime_ns)

    def test_a_second_run_waits_for_no_writes_but_its_own(self):
        trace = self.dir / "trace"
        # The leak sanitizer cannot work beside strace.
        process = subprocess.run(
            ["strace", "-f", "-e", "trace=sync,syncfs", "-o", trace, BIN / "gdrive-sync", "sync",
             *self.source_options, "--dest", self.dest], capture_output=True, text=True,
            env={**self.environment(), "ASAN_OPTIONS": "detect_leaks=0"}, check=False)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertNotIn("sync", trace.read_text())

    def test_edited_new_and_removed(self):
        self.write("a.txt", "one more")
        self.write("sub/new.txt", "new")
        (self.source / "empty").unlink()
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual([a["path"] for a in result.actions("update")], ["a.txt"])
        self.assertEqual([a["path"] for a in result.actions("download")], ["sub/new.txt"])
        self.assertEqual([a["path"] for a in result.actions("delete")], ["empty"])

    def test_an_edit_that_keeps_size_and_time_is_seen(self):
        path = self.source / "a.txt"
        stat = path.stat()
        path.unlink()
        path.write_text("eno")
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        self.sync()
        self.assert_equal_trees()

    def test_renames_cost_no_download(self):
        (self.source / "a.txt").rename(self.source / "sub" / "moved.txt")
        (self.source / "sub").rename(self.source / "other")
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual(result.counts["rename"], 2)
        self.assertEqual(result.counts["download"] + result.counts["delete"], 0)
        self.assertEqual(result.report["bytes"]["downloaded"], 0)

    def test_swapped_files(self):
        self.write("x", "is x")
        self.write("y", "is y")
        self.sync()
        self.swap("x", "y")
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assertEqual(self.sync().report["actions"], [])

    def test_swapped_folders(self):
        self.write("p/one", "1")
        self.write("q/two", "2")
        self.sync()
        self.swap("p", "q")
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual(result.report["bytes"]["downloaded"], 0)

    def test_a_cycle_of_three(self):
        for name in "xyz":
            self.write(name, "is " + name)
            self.write(f"d{name}/inner", "in " + name)
        self.sync()
        for prefix in ("", "d"):
            hold = self.source / "hold"
            (self.source / f"{prefix}x").rename(hold)
            (self.source / f"{prefix}y").rename(self.source / f"{prefix}x")
            (self.source / f"{prefix}z").rename(self.source / f"{prefix}y")
            hold.rename(self.source / f"{prefix}z")
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assertEqual(list((self.dest / ".gdrive-sync" / "staging").iterdir()), [])

    def test_a_folder_and_its_child_change_places(self):
        self.write("outer/inner/file", "f")
        self.sync()
        (self.source / "outer" / "inner").rename(self.source / "moved")
        (self.source / "outer").rename(self.source / "moved" / "outer")
        (self.source / "moved").rename(self.source / "inner")
        self.sync()
        self.assert_equal_trees()

    def test_a_file_becomes_a_folder_and_back(self):
        (self.source / "a.txt").unlink()
        self.write("a.txt/inside", "now a folder")
        self.sync()
        self.assert_equal_trees()
        shutil.rmtree(self.source / "a.txt")
        self.write("a.txt", "a file again")
        self.sync()
        self.assert_equal_trees()

    def test_deleted_and_made_again_with_the_same_name(self):
        (self.source / "a.txt").unlink()
        self.write("keep inode busy", "x")
        self.write("a.txt", "another file")
        result = self.sync()
        self.assert_equal_trees()
        self.assertEqual(result.counts["delete"], 0)

    def test_a_removed_folder_goes_with_its_files(self):
        shutil.rmtree(self.source / "sub")
        self.sync()
        self.assert_equal_trees()
        trashed = list((self.dest / ".gdrive-sync" / "trash").glob("*/manifest.jsonl"))
        self.assertEqual(len(trashed), 1)

    def test_deletes_follow_a_folder_that_is_renamed_in_the_same_run(self):
        self.write("p/x", "of p")
        self.write("q/x", "of q")
        self.write("p/keeps it", "1")
        self.sync()
        (self.source / "p" / "x").unlink()
        self.swap("p", "q")
        self.sync()
        self.assert_equal_trees()
        self.assertEqual(self.sync().report["actions"], [])

    def test_what_a_filter_begins_to_exclude_stays(self):
        result = self.sync("--exclude", "sub/**")
        self.assertEqual(result.report["actions"], [])
        self.assertTrue((self.dest / "sub" / "deeper" / "c.txt").exists())

    def swap(self, a, b):
        hold = self.source / "hold"
        (self.source / a).rename(hold)
        (self.source / b).rename(self.source / a)
        hold.rename(self.source / b)


class LocalDrift(MirrorCase):
    def setUp(self):
        super().setUp()
        self.fill(5)
        self.write("sub/deep/x", "x")
        self.sync()

    def test_edited_missing_touched_and_foreign_files_are_put_right(self):
        (self.dest / "file000.txt").write_text("edited here\n")
        (self.dest / "file001.txt").unlink()
        os.utime(self.dest / "file002.txt", ns=(1, 1))
        (self.dest / "foreign").write_text("?")
        (self.dest / "foreign dir" / "in").mkdir(parents=True)
        shutil.rmtree(self.dest / "sub")
        result = self.sync()
        self.assert_equal_trees()
        reasons = {a["path"]: a["reason"] for a in result.report["actions"]}
        self.assertEqual(reasons["file000.txt"], "local")
        self.assertEqual(reasons["file001.txt"], "missing")
        self.assertEqual(reasons["file002.txt"], "mtime")
        self.assertEqual(reasons["foreign"], "unmanaged")
        self.assertEqual(self.sync().report["actions"], [])

    def test_what_is_missing_here_and_renamed_there_is_fetched_by_its_new_name(self):
        (self.dest / "file000.txt").unlink()
        (self.source / "file000.txt").rename(self.source / "renamed.txt")
        shutil.rmtree(self.dest / "sub")
        (self.source / "sub").rename(self.source / "other")
        (self.source / "other" / "deep" / "x").rename(self.source / "other" / "y")
        self.sync()
        self.assert_equal_trees()
        self.assertEqual(self.sync().report["actions"], [])

    def test_unmanaged_files_can_be_kept(self):
        (self.dest / "foreign").write_text("?")
        (self.dest / "fd").mkdir()
        (self.dest / "fd" / "f").write_text("?")
        result = self.sync("--unmanaged", "keep")
        self.assertEqual(result.report["actions"], [])
        self.assertTrue((self.dest / "fd" / "f").exists())

    def test_no_symlink_is_followed(self):
        outside = self.dir / "outside"
        outside.mkdir()
        (outside / "precious").write_text("precious")
        shutil.rmtree(self.dest / "sub")
        (self.dest / "sub").symlink_to(outside)
        self.sync()
        self.assert_equal_trees()
        self.assertEqual((outside / "precious").read_text(), "precious")
        self.assertEqual(os.listdir(outside), ["precious"])

    def test_resync_finds_damage_that_keeps_size_and_time(self):
        path = self.dest / "file003.txt"
        stat = path.stat()
        path.write_text("CONTENT 3\n")
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        self.assertEqual(self.sync().report["actions"], [])
        result = self.gds("resync")
        self.assertEqual(result.code, 0, result.log)
        self.assertEqual([a["path"] for a in result.actions("update")], ["file003.txt"])
        self.assert_equal_trees()


class State(MirrorCase):
    def setUp(self):
        super().setUp()
        self.fill(6)
        self.write("sub/x", "x")
        self.sync()
        self.database = self.dest / ".gdrive-sync" / "state.db"

    def test_a_lost_database_is_rebuilt_without_downloads(self):
        self.database.unlink()
        result = self.sync()
        self.assertEqual(result.counts["download"] + result.counts["update"], 0)
        self.assert_equal_trees()

    def test_a_damaged_database_is_set_aside(self):
        self.database.write_bytes(b"this is no database" * 1000)
        result = self.sync()
        self.assertEqual(result.counts["download"] + result.counts["update"], 0)
        self.assertTrue(list(self.database.parent.glob("state.db.damaged-*")))

    def damage_table(self, table):
        """The first page of that table's rows is overwritten."""
        connection = sqlite3.connect(self.database)
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?",
                                     (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.close()
        with open(self.database, "r+b") as stream:
            stream.seek((page - 1) * size)
            stream.write(b"z" * size)

    def test_damage_that_a_run_meets_costs_that_run_only(self):
        self.write("new", "new")
        self.damage_table("item")
        met = self.gds("sync")
        self.assertEqual(met.code, 7, met.log)
        self.assertIn("sets the state database aside", met.log)
        self.assertEqual(self.run_command("status", "--dest", self.dest).returncode, 0)
        result = self.sync()
        self.assertEqual((result.counts["download"], result.counts["update"]), (1, 0))
        self.assertTrue(list(self.database.parent.glob("state.db.damaged-*")))
        self.assert_equal_trees()

    def test_resync_looks_at_the_whole_database_first(self):
        self.damage_table("item")
        result = self.gds("resync")
        self.assertEqual(result.code, 0, result.log)
        self.assertTrue(list(self.database.parent.glob("state.db.damaged-*")))

    def test_a_lost_database_does_not_lift_the_guard(self):
        for path in self.source.glob("file*"):
            path.unlink()
        self.database.unlink()
        result = self.sync("--max-delete", "2", expect=4)
        self.assertEqual(result.counts["delete"], 6)
        self.assertTrue((self.dest / "file000.txt").exists())

    def test_a_volume_that_is_not_mounted_is_not_filled(self):
        state = self.dir / "state"
        state.mkdir()
        other = self.dir / "other"
        other.mkdir()
        self.control("rescan", {})
        first = self.run_command("sync", "--source", "claude/files", "--dest", other,
                                 "--state-dir", state)
        self.assertEqual(first.returncode, 0, first.stderr)
        shutil.rmtree(other)
        other.mkdir()
        second = self.run_command("sync", "--source", "claude/files", "--dest", other,
                                  "--state-dir", state)
        self.assertEqual(second.returncode, 7, second.stderr)
        self.assertIn("volume.json", second.stderr)
        self.assertEqual(tree(other), {})

    def test_adopts_a_tree_that_another_program_made(self):
        shutil.rmtree(self.dest)
        shutil.copytree(self.source, self.dest)
        result = self.sync()
        self.assertEqual(result.report["actions"], [])
        self.assertEqual(result.report["bytes"]["downloaded"], 0)
        self.assertEqual(self.sync().counts["unchanged"], 7)

    def test_status_tells_what_it_holds(self):
        process = self.run_command("status", "--dest", self.dest, "--format", "json")
        self.assertEqual(process.returncode, 0, process.stderr)
        view = json.loads(process.stdout)
        self.assertIn("7", json.dumps(view))
        self.assertEqual(self.run_command("status", "--dest", self.dest).returncode, 0)


class Guards(MirrorCase):
    def setUp(self):
        super().setUp()
        self.fill(30)
        self.sync()

    def remove(self, count):
        for path in sorted(self.source.glob("file*"))[:count]:
            path.unlink()

    def test_at_the_limit_deletes_go_through(self):
        self.remove(25)
        self.sync()
        self.assert_equal_trees()

    def test_past_the_limit_none_goes_and_downloads_still_happen(self):
        self.remove(26)
        self.write("new", "new")
        result = self.sync(expect=4)
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)
        self.assertTrue((self.dest / "new").exists())
        guard = [g for g in result.report["guards"] if g["name"] == "max-delete"][0]
        self.assertEqual((guard["limit"], guard["planned"], guard["tripped"]), (25, 26, True))
        self.assertIn(result.report["plan"], result.log)
        again = self.sync(expect=4)
        self.assertEqual(again.report["plan"], result.report["plan"])
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)

    def test_an_approved_plan_goes_through_once(self):
        self.remove(26)
        plan = self.sync(expect=4).report["plan"]
        self.assertEqual(self.gds("diff").report["plan"], plan)
        wrong = self.run_command("approve", "0" * 16, "--dest", self.dest)
        self.assertEqual(wrong.returncode, 2)
        right = self.run_command("approve", plan, "--dest", self.dest)
        self.assertEqual(right.returncode, 0, right.stderr)
        self.sync()
        self.assert_equal_trees()

    def test_an_approval_of_another_set_is_void(self):
        self.remove(26)
        plan = self.sync(expect=4).report["plan"]
        self.run_command("approve", plan, "--dest", self.dest)
        self.remove(1)
        result = self.sync(expect=4)
        self.assertNotEqual(result.report["plan"], plan)
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)

    def test_an_empty_source_withholds_everything(self):
        self.remove(30)
        result = self.sync("--max-delete", "-1", expect=4)
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)
        names = [g["name"] for g in result.report["guards"] if g["tripped"]]
        self.assertEqual(names, ["empty-source"])
        self.sync("--max-delete", "-1", "--allow-empty-source")
        self.assertEqual(tree(self.dest), {})

    def test_a_percentage(self):
        self.remove(4)
        self.sync("--max-delete-percent", "10", expect=4)
        self.sync("--max-delete-percent", "14")

    def test_diff_lists_every_delete_and_touches_nothing(self):
        self.remove(28)
        before = tree(self.dest)
        state = (self.dest / ".gdrive-sync" / "state.db").read_bytes()
        result = self.gds("diff", "--exit-code")
        self.assertEqual(result.code, 10, result.log)
        self.assertEqual(result.out.count("\n- "), 28 - (1 if result.out.startswith("- ") else 0))
        self.assertEqual(tree(self.dest), before)
        self.assertEqual((self.dest / ".gdrive-sync" / "state.db").read_bytes(), state)

    def test_a_missing_source_changes_nothing(self):
        shutil.rmtree(self.source)
        self.sync(expect=6)
        self.assertEqual(len(list(self.dest.glob("file*"))), 30)

    def test_a_path_that_leads_to_another_folder_changes_nothing(self):
        self.source.rename(self.drive / "claude" / "elsewhere")
        self.source.mkdir()
        self.write("other", "other")
        self.sync(expect=6)
        self.assertFalse((self.dest / "other").exists())


class ExitCodes(MirrorCase):
    def setUp(self):
        super().setUp()
        self.write("a", "a")

    def test_usage(self):
        for arguments in (["sync"], ["sync", "--no-such-option"], ["nonsense"], [],
                          ["sync", "--dest", self.dest, "--source", "x", "--max-delete", "many"],
                          ["verify", "--dest", self.dest]):
            process = self.run_command(*arguments)
            self.assertEqual(process.returncode, 2, f"{arguments}: {process.stderr}")
            self.assertTrue(process.stderr.strip())

    def test_refused_credentials_ask_drive_nothing(self):
        result = self.gds("sync", env={"GDRIVE_SYNC_REFRESH_TOKEN": "1//hidden-token"})
        self.assertEqual(result.code, 3, result.log)
        self.assertIn("Testing", result.log)
        self.assertNotIn("hidden-token", result.log)

    def test_an_unreachable_drive(self):
        result = self.gds("sync", "--retries", "0",
                          env={"GDRIVE_SYNC_TOKEN_ENDPOINT": "http://127.0.0.1:1/token"})
        self.assertEqual(result.code, 6, result.log)

    def test_a_missing_destination(self):
        process = self.run_command("sync", "--source", "claude/files", "--dest", self.dir / "none")
        self.assertEqual(process.returncode, 7, process.stderr)

    def test_another_run_holds_the_destination(self):
        self.sync()
        self.hold_lock()
        self.sync(expect=8)

    def test_help_and_version(self):
        for arguments in (["--help"], ["sync", "--help"], ["auth", "login", "--help"], ["--version"]):
            process = self.run_command(*arguments)
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertTrue(process.stdout)

    def test_metrics_are_written_whole(self):
        metrics = self.dir / "m.prom"
        self.sync("--metrics-file", metrics)
        text = metrics.read_text()
        for name in ("last_success_timestamp_seconds", "guard_tripped", "files", "build_info"):
            self.assertIn("gdrive_sync_" + name, text)


class RandomChanges:
    """Random changes of a MirrorCase's source."""

    @staticmethod
    def seeded():
        seed = int(os.environ.get("GDS_SEED", random.SystemRandom().randrange(10**6)))
        print(f"seed {seed} (GDS_SEED repeats it)", file=sys.stderr)
        return random.Random(seed)

    def change(self, rng):
        everything = sorted(self.source.rglob("*"))
        files = [p for p in everything if p.is_file()]
        folders = [self.source] + [p for p in everything if p.is_dir()]
        kind = rng.choice(["new", "new", "edit", "remove", "rename", "move", "swap", "folder"])
        if kind == "new":
            folder = rng.choice(folders)
            self.write(folder / f"n{rng.randrange(40)}", rng.randbytes(rng.randrange(2000)))
        elif kind == "edit" and files:
            self.write(rng.choice(files), rng.randbytes(rng.randrange(2000)))
        elif kind == "remove" and files:
            rng.choice(files).unlink()
        elif kind == "folder":
            (rng.choice(folders) / f"d{rng.randrange(10)}").mkdir(exist_ok=True)
        elif kind in ("rename", "move") and everything:
            old = rng.choice(everything)
            new = rng.choice(folders) / f"m{rng.randrange(40)}"
            if not new.exists() and old not in [new, *new.parents]:
                old.rename(new)
        elif kind == "swap" and len(files) > 1:
            a, b = rng.sample(files, 2)
            hold = self.drive / "hold"
            a.rename(hold)
            b.rename(a)
            hold.rename(b)

    def write(self, path, content, root=None):
        path = self.source / path
        if path.is_dir():
            return path
        return super().write(path, content, root)


class RandomRounds(RandomChanges, MirrorCase):
    def test_twenty_rounds_of_random_changes(self):
        rng = self.seeded()
        self.fill(20)
        for _ in range(20):
            for _ in range(rng.randrange(1, 8)):
                self.change(rng)
            result = self.sync("--max-delete", "-1", "--allow-empty-source")
            self.assert_equal_trees()
            self.assertEqual(self.sync().report["actions"], [], result.log)


if __name__ == "__main__":
    unittest.main(verbosity=1)
