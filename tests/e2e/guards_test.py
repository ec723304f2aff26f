#!/usr/bin/env python3
"""The guards: at and past each limit, what they say, and how one exact set is let through."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, lines_of, metric  # noqa: E402
from harness import tree  # noqa: E402


class GuardCase(AgentCase):
    files = 30

    def setUp(self):
        super().setUp()
        self.fill(self.files)
        self.sync()

    def remove(self, count, first=0):
        for path in sorted(self.source.glob("file*"))[first:first + count]:
            path.unlink()

    def move_out(self, count, first=0):
        """The same as a removal, but the items keep their ids and can come back."""
        aside = self.drive / "aside"
        aside.mkdir(exist_ok=True)
        for path in sorted(self.source.glob("file*"))[first:first + count]:
            path.rename(aside / path.name)

    def move_back(self):
        for path in (self.drive / "aside").iterdir():
            path.rename(self.source / path.name)

    def kept(self):
        return len(list(self.dest.glob("file*")))

    def withheld(self, *arguments, command="sync"):
        run = self.gds(command, *arguments)
        self.assertEqual(run.code, 4, run.log)
        self.assertRegex(run.report["plan"], "^[0-9a-f]{16}$")
        return run

    def verdict(self, run, name):
        return [g for g in run.report["guards"] if g["name"] == name][0]

    def approve(self, plan, *arguments):
        return self.run_command("approve", plan, "--dest", self.dest, *arguments)


class Limits(GuardCase):
    def test_at_the_default_limit(self):
        self.remove(25)
        run = self.sync()
        self.assertEqual(self.kept(), 5)
        self.assertEqual(self.verdict(run, "max-delete"),
                         {"name": "max-delete", "limit": 25, "planned": 25, "tripped": False})

    def test_past_it_everything_is_withheld_run_after_run(self):
        self.remove(26)
        before = tree(self.dest)
        for _ in range(3):
            run = self.withheld("--trash-keep", "0")
            self.assertEqual(tree(self.dest), before)
            self.assertEqual(self.verdict(run, "max-delete"),
                             {"name": "max-delete", "limit": 25, "planned": 26, "tripped": True})
            outcomes = {a["outcome"] for a in run.actions("delete")}
            self.assertEqual(outcomes, {"withheld"})

    def test_downloads_renames_and_folders_go_on(self):
        self.remove(26)
        self.write("file028.txt", "changed")
        self.write("new folder/new.txt", "new")
        (self.source / "file029.txt").rename(self.source / "renamed.txt")
        run = self.withheld()
        self.assertEqual((self.dest / "file028.txt").read_text(), "changed")
        self.assertEqual((self.dest / "new folder" / "new.txt").read_text(), "new")
        self.assertTrue((self.dest / "renamed.txt").exists())
        self.assertEqual(run.counts["rename"], 1)
        self.assertTrue((self.dest / "file000.txt").exists())

    def test_folders_of_withheld_files_stay_and_count_nothing(self):
        self.write("folder/one", "1")
        self.sync()
        shutil.rmtree(self.source / "folder")
        self.withheld("--max-delete", "0")
        self.assertTrue((self.dest / "folder" / "one").exists())
        (self.source / "empty").mkdir()
        self.write("folder/one", "1")
        self.sync("--max-delete", "0")
        (self.source / "empty").rmdir()
        self.sync("--max-delete", "0")
        self.assertFalse((self.dest / "empty").exists())

    def test_none_and_no_limit(self):
        self.remove(1)
        self.withheld("--max-delete", "0")
        self.assertEqual(self.kept(), 30)
        self.remove(28)
        self.sync("--max-delete", "-1")
        self.assertEqual(self.kept(), 1)

    def test_updates_and_renames_never_count(self):
        for i in range(30):
            self.write(f"file{i:03}.txt", "changed")
        self.sync("--max-delete", "0")
        for path in list(self.source.glob("file*")):
            path.rename(self.source / ("moved-" + path.name))
        self.sync("--max-delete", "0")
        self.assert_equal_trees()

    def test_unmanaged_files_and_links_count(self):
        for i in range(3):
            (self.dest / f"foreign{i}").write_text("?")
        (self.dest / "link").symlink_to("nowhere")
        run = self.withheld("--max-delete", "3")
        self.assertEqual(self.verdict(run, "max-delete")["planned"], 4)
        self.assertTrue((self.dest / "link").is_symlink())
        self.sync("--max-delete", "4")
        self.assert_equal_trees()

    def test_a_share_of_the_mirror(self):
        self.remove(3)
        run = self.sync("--max-delete-percent", "10")
        self.assertFalse(self.verdict(run, "max-delete-percent")["tripped"])
        self.remove(3)
        run = self.withheld("--max-delete-percent", "10")
        self.assertTrue(self.verdict(run, "max-delete-percent")["tripped"])
        self.assertFalse(self.verdict(run, "max-delete")["tripped"])
        self.said(run, 4, "max-delete-percent", "10")
        self.assertEqual(self.kept(), 27)
        text = self.dir / "m"
        self.gds("sync", "--max-delete-percent", "10", "--metrics-file", text)
        self.assertEqual(metric(text.read_text(), "gdrive_sync_guard_tripped",
                                guard="max-delete-percent"), 1)

    def test_the_guards_hold_in_resync_too(self):
        self.remove(26)
        self.withheld(command="resync")
        self.assertEqual(self.kept(), 30)


class EmptySource(GuardCase):
    files = 3

    def test_withholds_everything_even_where_the_limit_is_wide(self):
        self.remove(3)
        (self.source / "a folder only").mkdir()
        run = self.withheld("--max-delete", "-1")
        self.said(run, 4, "empty-source", "3 deletes", f"approve {run.report['plan']}")
        self.assertEqual(self.kept(), 3)
        self.assertFalse((self.dest / "a folder only").exists())

    def test_a_filter_that_leaves_nothing_hides_the_mirror_too(self):
        run = self.sync("--include", "*.none")
        self.assertEqual(run.report["actions"], [])
        self.assertEqual(self.kept(), 3)

    def test_not_on_a_new_and_empty_volume(self):
        self.remove(3)
        shutil.rmtree(self.dest)
        self.dest.mkdir()
        self.sync()

    def test_on_a_volume_that_holds_foreign_files_only(self):
        self.remove(3)
        shutil.rmtree(self.dest)
        self.dest.mkdir()
        (self.dest / "precious").write_text("x")
        self.withheld()
        self.assertTrue((self.dest / "precious").exists())

    def test_allowed_it_is_still_within_the_other_guards(self):
        self.remove(3)
        run = self.withheld("--allow-empty-source", "--max-delete", "2")
        tripped = [g["name"] for g in run.report["guards"] if g["tripped"]]
        self.assertEqual(tripped, ["max-delete"])
        self.sync("--allow-empty-source", "--max-delete", "3")
        self.assertEqual(tree(self.dest), {})

    def test_an_approval_lifts_it(self):
        self.remove(3)
        plan = self.withheld().report["plan"]
        self.assertEqual(self.approve(plan).returncode, 0)
        self.sync()
        self.assertEqual(tree(self.dest), {})

    def test_recovers_by_itself_when_the_source_does(self):
        self.move_out(3)
        self.withheld()
        self.move_back()
        run = self.sync()
        self.assertEqual(run.report["actions"], [])
        view = json.loads(self.run_command("status", "--dest", self.dest, "--format",
                                           "json").stdout)
        self.assertIsNone(view["withheld"])


class Approval(GuardCase):
    def test_the_right_plan_once(self):
        self.move_out(26)
        plan = self.withheld().report["plan"]
        done = self.approve(plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(plan, done.stdout)
        run = self.sync()
        self.assertEqual(run.counts["delete"], 26)
        self.assertEqual(self.kept(), 4)

    def test_the_same_set_another_time_needs_another_approval(self):
        self.test_the_right_plan_once()
        self.move_back()
        self.sync()
        self.assertEqual(self.kept(), 30)
        self.move_out(26)
        plan = self.withheld().report["plan"]
        self.assertEqual(self.kept(), 30)
        self.assertEqual(self.approve(plan).returncode, 0)
        self.sync()
        self.assertEqual(self.kept(), 4)

    def test_a_wrong_one_names_the_right_one(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        self.said(self.approve("0" * 16), 2, plan)
        self.withheld()
        self.assertEqual(self.kept(), 30)

    def test_nothing_is_withheld(self):
        self.said(self.approve("0" * 16), 2, "no plan is withheld")
        self.said(self.run_command("approve", "0" * 16, "--dest", self.dir / "none"), 7,
                  self.dir / "none")

    def test_a_plan_that_is_gone_cannot_be_approved(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        self.fill(30)
        self.sync()
        self.said(self.approve(plan), 2, "no plan is withheld")

    def test_void_where_the_set_has_changed(self):
        self.move_out(27)
        (self.drive / "aside" / "file026.txt").rename(self.source / "file026.txt")
        first = self.withheld().report["plan"]
        self.approve(first)
        self.move_out(1)
        run = self.withheld()
        self.assertNotEqual(run.report["plan"], first)
        self.said(run, 4, f"approve {run.report['plan']}")
        (self.drive / "aside" / "file026.txt").rename(self.source / "file026.txt")
        self.assertEqual(self.withheld().report["plan"], first)
        self.assertEqual(self.kept(), 30)

    def test_an_approval_survives_a_run_that_could_not_confirm_it(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        self.approve(plan)
        self.strike({"status": 500}, label="files.get", nth=3)
        self.assertEqual(self.gds("sync", "--full", "--retries", "0").code, 6)
        self.assertEqual(self.kept(), 30)
        self.clear_faults()
        self.sync()
        self.assertEqual(self.kept(), 4)

    def test_a_folder_is_renamed_in_the_same_change(self):
        for i in range(30):
            self.write(f"old/f{i:02}", f"{i}")
        self.sync()
        for i in range(26):
            (self.source / "old" / f"f{i:02}").unlink()
        (self.source / "old").rename(self.source / "new")
        plan = self.withheld().report["plan"]
        self.assertEqual(self.approve(plan).returncode, 0)
        self.sync()
        self.assertEqual(len(list((self.dest / "new").iterdir())), 4)

    def test_what_is_left_of_it_stays_approved(self):
        for i in range(3000):
            (self.source / f"many{i:04}").write_text("")
        self.sync()
        for i in range(3000):
            (self.source / f"many{i:04}").unlink()
        self.approve(self.withheld().report["plan"])

        def left():
            return len(list(self.dest.glob("many*")))
        run = self.start_command("sync", *self.source_options, "--dest", self.dest)
        self.wait_until(lambda: left() < 3000)
        run.terminate()
        run.communicate()
        self.assertEqual(run.returncode, 143)
        self.assertGreater(left(), 0)
        self.sync()
        self.assertEqual(left(), 0)

    def test_an_approval_survives_a_run_that_could_not_use_it(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        self.approve(plan)
        self.strike({"close": True}, label="files.list")
        self.assertEqual(self.gds("sync", "--full", "--retries", "0").code, 6)
        self.clear_faults()
        self.sync()
        self.assertEqual(self.kept(), 4)

    def test_waits_for_a_run(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        self.hold_lock()
        self.said(self.approve(plan), 8, self.dest)

    def test_status_shows_the_plan(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        text = self.run_command("status", "--dest", self.dest).stdout
        for part in (plan, "26 deletes", "file000.txt", "and 21 more", f"approve {plan}"):
            self.assertIn(part, text)
        view = json.loads(self.run_command("status", "--dest", self.dest, "--format",
                                           "json").stdout)
        self.assertEqual((view["withheld"]["plan"], view["withheld"]["deletes"],
                          view["withheld"]["approved"]), (plan, 26, False))
        self.approve(plan)
        view = json.loads(self.run_command("status", "--dest", self.dest, "--format",
                                           "json").stdout)
        self.assertTrue(view["withheld"]["approved"])
        self.assertIn("approved", self.run_command("status", "--dest", self.dest).stdout)

    def test_approving_works_with_no_network_and_no_credentials(self):
        self.remove(26)
        plan = self.withheld().report["plan"]
        self.forget_requests()
        done = self.run_command("approve", plan, "--dest", self.dest, env={
            "GDRIVE_SYNC_CLIENT_ID": "", "GDRIVE_SYNC_REFRESH_TOKEN": "",
            "GDRIVE_SYNC_CLIENT_SECRET": ""})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.requests(), [])


class SourceInDoubt(GuardCase):
    files = 4

    def test_never_lifted_by_an_approval_or_a_switch(self):
        self.remove(3)
        plan = self.withheld("--max-delete", "1").report["plan"]
        self.approve(plan)
        self.source.rename(self.drive / "claude" / "elsewhere")
        self.source.mkdir()
        run = self.gds("sync", "--allow-empty-source", "--max-delete", "-1")
        self.said(run, 6, "another folder", "--source-id")
        self.assertEqual(self.kept(), 4)


class Diff(GuardCase):
    def test_shows_the_verdicts_and_the_same_plan(self):
        self.remove(27)
        shown = self.gds("diff")
        self.assertEqual(shown.code, 0, shown.log)
        deletes = [line for line in shown.out.splitlines() if line.startswith("- ")]
        self.assertEqual(len(deletes), 27)
        guards = [line for line in shown.out.splitlines() if line.startswith("guard ")]
        self.assertEqual(len(guards), 1)
        for part in ("max-delete", "27", "25"):
            self.assertIn(part, guards[0])
        self.assertEqual(lines_of(shown.log, "error"), [])
        run = self.withheld()
        self.assertEqual(shown.report["plan"], run.report["plan"])
        self.assertIn(run.report["plan"], shown.out)
        self.assertEqual(self.gds("diff").report["guards"], run.report["guards"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
