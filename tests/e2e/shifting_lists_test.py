#!/usr/bin/env python3
"""What leaves a page of a list that was shown moves the first item of the next page there, where
nobody shows it. The list is read once more then."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import relays  # noqa: E402
from harness import SpecCase  # noqa: E402

COUNT = 1500  # more than a page


class ShiftingCase(SpecCase):
    """`self.big`: a folder of several pages; `self.seventh` lies on the first of them."""

    def fill(self, folder):
        self.switch(list_shifts=1)
        self.big = folder
        self.control("tree", [{"op": "create", "parent": folder, "name": f"n{i:04}",
                               "content": f"{i}"} for i in range(COUNT)])
        self.seventh = next(item["id"] for item in self.control("tree?id=" + folder)["children"]
                            if item["name"] == "n0007")

    def while_it_lists(self, change, *slow, env=None):
        """Sync; `change` happens when the second page of a list was asked for."""
        for path in ("pageToken=", *slow):
            self.fault({"label": "files.list", "path": path}, {"latency_ms": 1000}, count=1)
        faults = self.control("faults")["faults"]
        page = faults[len(faults) - 1 - len(slow)]["id"]
        run = self.start_command("sync", *self.source_options, "--dest", self.dest,
                                 env=env)
        self.wait_until(lambda: any(fault["id"] == page and fault["met"] > 0
                                    for fault in self.control("faults")["faults"]))
        change()
        _, log = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, log)

    def assert_all_but_the_seventh(self, folder):
        held = {path.name for path in (self.dest / folder).iterdir()}
        self.assertEqual({name for name in held if name.startswith("n")},
                         {f"n{i:04}" for i in range(COUNT) if i != 7})


class Folders(ShiftingCase):
    def setUp(self):
        super().setUp()
        self.make_folder("sub", id="SUB")

    def trash_the_seventh(self):
        self.edit("trash", id=self.seventh)

    def test_in_a_first_listing(self):
        self.fill("SUB")
        self.while_it_lists(self.trash_the_seventh)
        self.assert_all_but_the_seventh("sub")

    def test_in_a_later_one(self):
        self.sync()
        self.fill("SUB")
        self.source_options = [*self.source_options, "--full"]
        self.while_it_lists(self.trash_the_seventh)
        self.assert_all_but_the_seventh("sub")

    def test_in_a_folder_that_the_feed_brought(self):
        self.make_folder("/outside", id="OUT")
        self.fill("OUT")
        self.sync()
        self.edit("move", id="OUT", to="FILES")
        self.while_it_lists(self.trash_the_seventh)
        self.assert_all_but_the_seventh("outside")

    def test_by_a_move_that_another_list_showed_already(self):
        self.make_folder("sub/other", id="OTHER")
        self.fill("SUB")
        self.while_it_lists(lambda: self.edit("move", id=self.seventh, to="OTHER"), "OTHER")
        self.assert_all_but_the_seventh("sub")
        self.assertEqual((self.dest / "sub" / "other" / "n0007").read_text(), "7")


    def through_relay(self, mend):
        relay = relays.Drive(self.url)
        self.addCleanup(relay.close)
        relay.mend_list = mend
        return {"GDRIVE_SYNC_DRIVE_ENDPOINT": relay.url}

    def test_the_list_that_is_read_once_more_lags(self):
        self.fill("SUB")
        shown = {}

        def mend(items):
            shown.update({item["id"]: item for item in items})
            first_page = any(item["name"] == "n0006" for item in items)
            lacks = self.seventh not in [item["id"] for item in items]
            return [*items, shown[self.seventh]] if first_page and lacks else items
        self.while_it_lists(self.trash_the_seventh, env=self.through_relay(mend))
        self.assert_all_but_the_seventh("sub")

    def test_in_the_second_long_list_of_a_tick(self):
        self.make_folder("/outside", id="OUT")
        self.control("tree", [{"op": "create", "parent": "OUT", "name": f"o{i:04}",
                               "content": f"{i}"} for i in range(1100)])
        self.make_folder("/far", id="FAR")
        self.fill("FAR")
        self.edit("create", name="link", parent="OUT", target="FAR")
        self.sync()
        self.edit("move", id="OUT", to="FILES")
        left = [self.trash_the_seventh]

        def mend(items):
            if left and len(items) == 1000 and items[0]["name"].startswith("n"):
                left.pop()()
            return items
        self.sync(env=self.through_relay(mend))
        self.assert_all_but_the_seventh("outside/link")


class WholeDrive(ShiftingCase):
    spec = {"drives": [{"id": "TEAM", "name": "The team", "items": [
        {"id": "TEAMDIR", "name": "sub", "folder": True}]}]}
    source_options = ["--drive-id", "TEAM"]

    def test_in_a_flat_listing(self):
        self.fill("TEAMDIR")
        self.while_it_lists(lambda: self.edit("trash", id=self.seventh))
        self.assert_all_but_the_seventh("sub")


if __name__ == "__main__":
    unittest.main()
