#!/usr/bin/env python3
"""Measure registry-probe's scan over registries on disk, each ten times as large as the one before:
time has to grow with the tree, memory has not."""

import argparse
import os
import pathlib
import sys
import tempfile

from measure import measure, medians
from registry_tree import keep, write
from table import UNITS, cell, print_rows

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "registry"))
import harness
import images


class Disk:
    """A registry's tree of images that share nothing, 200 to a repository."""

    layers, images_a_repository = 8, 200

    def __init__(self, root, count):
        self.tree, self.count = harness.Tree(root), count
        for n in range(count):
            self.push(f"team/app{n // self.images_a_repository}", f"v{n}")

    def push(self, name, tag):
        image = images.image(f"{name}/{tag}", [images.layer(f"{name}/{tag}/{n}", 10)
                                               for n in range(self.layers)], images.AMD64)
        keep(self.tree, name, image)
        write(self.tree.tag(name, tag), image.digest.encode())

    @property
    def name(self):
        return f"{self.count * (self.layers + 2):,} blobs"

    # What measure() asks of a contestant and of a server.

    def command(self):
        return [harness.BIN / "registry-probe", "scan", self.tree.root, "--confirm-after", "0",
                "--log-level", "warn"]

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}

    def begin(self):
        """There is no server."""

    def figures(self):
        return {}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench scan", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="the median is of that many [3]")
    parser.add_argument("--images", type=int, default=10000, help="of the largest tree [10000]")
    parser.add_argument("--dir", type=pathlib.Path, help="work below this directory [TMPDIR]")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="gds-bench-", dir=arguments.dir) as work:
        disks = [Disk(pathlib.Path(work) / str(count), count)
                 for count in (arguments.images // 100, arguments.images // 10, arguments.images)]
        figures = medians([{disk.name: measure(disk, disk, disk.command()) for disk in disks}
                           for _ in range(arguments.rounds)])
    print(f"\nscan, median of {arguments.rounds}\n")
    kinds = ("wall", "cpu", "rss")
    print_rows([["registry", *(UNITS[kind][0] for kind in kinds)],
                *([name, *(cell(kind, figure[kind]) for kind in kinds)]
                  for name, figure in figures.items())])


if __name__ == "__main__":
    main()
