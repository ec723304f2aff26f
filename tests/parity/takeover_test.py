#!/usr/bin/env python3
"""A volume changes hands: rclone filled it, gdrive-sync takes it over, rclone takes it back."""

import json
import shutil
import unittest

from rules import RULES
from trees import DOCUMENTS, Tree
from volumes import STATE, Drive, differences, read_tree

# What rclone logs when it touches a destination.
TOUCHES = ("Copied", "Multi-thread Copied", "Deleted", "Removing directory", "Updated modification",
           "Moved", "Making directory", "Set directory")
# Cases that rclone mirrors without an error, if not all of them.
LOSSY = ["duplicate-files", "document-meets-file", "duplicate-folders", "normalization-twins",
         "no-checksum"]


def touches(run):
    lines = [json.loads(line) for line in run.stderr.splitlines() if line.startswith("{")]
    return [f"{line['msg']}: {line.get('object', '')}" for line in lines
            if line["msg"].startswith(TOUCHES)]


def walk(folder):
    for child in folder["children"]:
        yield folder, child
        yield from walk(child) if "children" in child else ()


class Changes:
    """Edits of a tree, drawn from its own seed, that leave nothing which only one program sees."""

    def __init__(self, tree):
        self.tree = tree
        targets = {child.get("target") for _, child in walk(tree.root)}
        self.files = [child for _, child in walk(tree.root)
                      if "size" in child and "trashed" not in child and child["id"] not in targets]
        self.documents = [child for _, child in walk(tree.root) if "document" in child]
        self.folders = [child for _, child in walk(tree.root)
                        if "children" in child and child["name"] != "kept"]

    def draw(self):
        tree = self.tree
        picked = iter(tree.random.sample(self.files, min(len(self.files), 7)))
        edits = []
        for make in (self.update, self.touch, self.rename, self.move, self.trash, self.delete):
            edits += make(next(picked, tree.root))
        for document in self.documents[:1]:
            edits.append({"op": "update", "id": document["id"], "content": "other text",
                          "modified": tree.time()})
        folder = tree.random.choice(self.folders)
        edits.append({"op": "rename", "id": folder["id"], "name": tree.fresh_name(tree.root)})
        edits.append({"op": "move", "id": folder["id"], "to": tree.root["id"]})
        edits.append({"op": "create", "parent": tree.root["id"],
                      **tree.folder(tree.fresh_name(tree.root))})
        edits.append({"op": "create", "parent": folder["id"],
                      **tree.file(tree.fresh_name(folder))})
        return [edit for edit in edits if edit["id"] != tree.root["id"]]

    def update(self, item):
        content = self.tree.file(item["name"])
        item["modified"] = content["modified"]
        return [{"op": "update", "id": item["id"], "size": content["size"],
                 "seed": content["seed"], "modified": content["modified"]}]

    def touch(self, item):
        return [{"op": "set", "id": item["id"], "modified": self.tree.time()}]

    def rename(self, item):
        return [{"op": "rename", "id": item["id"], "name": self.tree.fresh_name(self.tree.root)},
                {"op": "move", "id": item["id"], "to": self.tree.root["id"]}]

    def move(self, item):
        folder = self.tree.random.choice(self.folders)
        return [{"op": "rename", "id": item["id"], "name": self.tree.fresh_name(folder)},
                {"op": "move", "id": item["id"], "to": folder["id"]}]

    def trash(self, item):
        return self.gone(item, "trash")

    def delete(self, item):
        return self.gone(item, "delete")

    def gone(self, item, op):
        self.files = [file for file in self.files if file is not item]
        return [{"op": op, "id": item["id"]}]


class AVolume(unittest.TestCase):
    """One volume and one tree; each method is a change of hands."""

    def setUp(self):
        self.drive = Drive()
        self.addCleanup(self.drive.close)

    def begin(self, seed, rules=()):
        self.tree = Tree(seed)
        self.tree.filter = []
        for name in rules:
            RULES[name](self.tree)
        self.drive.plant(self.tree)
        self.changes = Changes(self.tree)
        self.volume = self.drive.volume(f"volume-{seed}")
        self.by_rclone()
        self.filled = read_tree(self.volume)

    def by_rclone(self, *options, into=None):
        run = self.drive.rclone.mirror(self.tree.name, into or self.volume, "--retries", "1", "-v",
                                       "--use-json-log", *options)
        self.assertEqual(run.returncode, 0, run.stderr)
        return touches(run)

    def by_gdrive_sync(self, *options, command="sync"):
        run = self.drive.sync(self.tree.name, self.volume, "--max-delete", "-1", *options,
                              command=command)
        self.assertEqual(run.code, 0, run.log)
        return run.report

    def change(self):
        self.drive.emulator.control("tree", self.changes.draw())

    def assert_is_what_rclone_would_make(self):
        fresh = self.drive.volume("fresh")
        self.by_rclone(into=fresh)
        self.assertEqual(differences(read_tree(self.volume), read_tree(fresh)), {})
        shutil.rmtree(fresh)


class ThereAndBack(AVolume):
    def test_nothing_is_fetched_twice_and_nothing_is_lost(self):
        for seed in range(101, 109):
            with self.subTest(seed=seed):
                self.begin(seed)
                self.taken_over()
                self.given_back()
                self.and_taken_over_again()

    def taken_over(self):
        report = self.by_gdrive_sync()
        self.assertEqual(report["actions"], [])
        self.assertEqual(report["bytes"]["downloaded"], 0)
        self.assertEqual(differences(read_tree(self.volume), self.filled), {})
        self.change()
        report = self.by_gdrive_sync()
        self.assertGreaterEqual(report["counts"]["delete"], 1)
        self.assertEqual(self.by_gdrive_sync()["actions"], [])
        self.assert_is_what_rclone_would_make()

    def given_back(self):
        state = self.volume / STATE
        before = read_tree(self.volume)
        self.assertEqual(self.by_rclone("--exclude", f"/{STATE}/**"), [])
        self.assertTrue((state / "volume.json").exists())
        # And with the state left as it was, to one who does not know of rclone's work.
        self.change()
        self.assertNotEqual(self.by_rclone("--exclude", f"/{STATE}/**"), [])
        report = self.by_gdrive_sync()
        self.assertEqual(report["bytes"]["downloaded"], 0, report["actions"])
        self.assertEqual(report["counts"]["delete"], 0)
        self.assertEqual(self.by_rclone("--exclude", f"/{STATE}/**"), [])
        self.assertNotEqual(read_tree(self.volume), before)
        self.assert_is_what_rclone_would_make()

    def and_taken_over_again(self):
        shutil.rmtree(self.volume / STATE)
        self.assertEqual(self.by_rclone(), [])
        report = self.by_gdrive_sync(command="resync")
        self.assertEqual((report["actions"], report["bytes"]["downloaded"]), ([], 0))


class WhereRcloneLosesSomething(AVolume):
    def test_it_comes_with_the_takeover_and_goes_with_the_return(self):
        self.begin(201, LOSSY)
        report = self.by_gdrive_sync()
        # Nothing of rclone's is removed. A name may go to the item that has the better right to it.
        self.assertEqual(report["counts"]["delete"], 0)
        ours = read_tree(self.volume)
        self.assertLess(self.filled.keys(), ours.keys())
        self.assertEqual(self.by_gdrive_sync()["actions"], [])
        self.by_rclone("--exclude", f"/{STATE}/**")
        back = read_tree(self.volume)
        # What rclone takes away is what it has no name for; of names that are equal to it, it
        # removes none.
        twins = {path for path in ours if b"normalization-twins" in path}
        self.assertEqual(back.keys(), self.filled.keys() | twins)
        self.assertEqual(self.by_gdrive_sync()["counts"]["delete"], 0)
        self.assertEqual(read_tree(self.volume), ours)


if __name__ == "__main__":
    unittest.main()
