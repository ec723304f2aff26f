#!/usr/bin/env python3
"""Fifty trees from fifty seeds, each mirrored by Debian's rclone and by gdrive-sync: equal in names,
bytes and times but for the rules of rules.py. `--seed N` runs one of them, or any other."""

import argparse
import concurrent.futures
import pathlib
import re
import sys
import unittest

from rules import RULES
from trees import Tree
from volumes import Drive, differences, read_tree

SEEDS = list(range(1, 51))
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "rclone-differences.md"


def grow(seed):
    """The tree of a seed with its planted differences. A filter hides some of those, so trees
    with a filter have none."""
    tree = Tree(seed)
    if not tree.filter:
        names = list(RULES)
        chosen = {names[seed % len(names)], *tree.random.sample(names, 3)}
        tree.plants = [RULES[name](tree) for name in sorted(chosen)]
    return tree


class Comparison:
    """Both mirrors of one tree."""

    def __init__(self, drive, seed):
        self.tree = grow(seed)
        drive.plant(self.tree)
        options = self._filter(drive)
        depth = [p.max_depth for p in self.tree.plants if p.max_depth]
        limit = ["--max-depth", max(depth)] if depth else []
        theirs, ours = drive.volume(f"rclone-{seed}"), drive.volume(f"ours-{seed}")
        self.rclone = drive.rclone.mirror(self.tree.name, theirs, "--retries", "1", *options,
                                          *limit)
        self.ours = drive.sync(self.tree.name, ours, *options)
        self.rclone_tree, self.our_tree = read_tree(theirs), read_tree(ours)

    def _filter(self, drive):
        options = []
        for part in self.tree.filter:
            if isinstance(part, list):
                rules = drive.dir / f"filter-{self.tree.seed}"
                rules.write_text("\n".join(part) + "\n")
                part = rules
            options.append(part)
        return options

    def judge(self, check):
        plants = self.tree.plants
        check.assertEqual(self.ours.code, max([p.ours_code for p in plants], default=0),
                          self.ours.log)
        check.assertEqual(self.rclone.returncode != 0, any(p.rclone_fails for p in plants),
                          self.rclone.stderr)
        skipped = self.ours.skipped()
        check.assertEqual(bool(skipped), any(p.skipped for p in plants), skipped)
        for plant in plants:
            plant.settle(check, self.rclone_tree, self.our_tree)
        check.assertEqual(differences(self.our_tree, self.rclone_tree), {})


class FiftyTrees(unittest.TestCase):
    seeds = SEEDS

    def test_are_equal_but_for_the_rules(self):
        drive = Drive()
        self.addCleanup(drive.close)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            comparisons = pool.map(lambda seed: Comparison(drive, seed), self.seeds)
            for seed, comparison in zip(self.seeds, comparisons):
                plants = ", ".join(p.name for p in comparison.tree.plants)
                print(f"seed {seed}: {len(comparison.our_tree)} entries; "
                      f"{comparison.tree.filter or plants}", flush=True)
                with self.subTest(seed=seed):
                    comparison.judge(self)
        self.assertEqual(drive.emulator.control("counters")["writes"], 0)


class TheRules(unittest.TestCase):
    def test_each_is_exercised_by_some_seed(self):
        planted = {plant.name for seed in SEEDS for plant in grow(seed).plants}
        self.assertEqual(planted, set(RULES))

    def test_each_is_written_down_and_no_other(self):
        rows = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
        self.assertEqual(sorted(rows), sorted(RULES))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--seed", type=int)
    chosen, rest = parser.parse_known_args()
    if chosen.seed is not None:
        FiftyTrees.seeds = [chosen.seed]
    unittest.main(argv=[sys.argv[0], *rest])
