#!/usr/bin/env python3
"""Measure gdrive-sync over trees each ten times as large as the one before, in one run. In brackets is
the factor from the size before: 10 is as the tree grows, 1 is not at all."""

import argparse
import os
import pathlib
import tempfile

from contestants import GdriveSync, Unscanning
from drive import SOURCE, Drive
from measure import measure, medians
from table import UNITS, cell, print_rows

FIGURES = ("requests", "wall", "cpu", "server", "rss", "database")
PHASES = ("first sync", "nothing new", "nothing new, no scan", "one file changed")


class Size:
    """A tree of that many files that the emulator makes up, and its mirror."""

    def __init__(self, work, files, arguments):
        self.files, self.bytes = files, arguments.file_bytes
        self.per_folder = min(files, arguments.per_folder)
        self.folders = files // self.per_folder
        self.files = self.folders * self.per_folder
        self.mirror = work / "mirror"
        self.mirror.mkdir()
        self.drive = Drive(work, {"path": f"/{SOURCE}", "folders": self.folders, "fanout": 100,
                                  "files": self.per_folder, "size": [self.bytes]})
        self.program, self.unscanning = GdriveSync(self.drive), Unscanning(self.drive)
        self.changes = 0

    def run(self, phase, program=None):
        program = program or self.program
        figures = measure(program, self.drive, program.sync(self.mirror))
        figures["database"] = self.program.database(self.mirror) / self.files
        self.check(phase)
        return {(phase, self.files): figures}

    def play(self, rounds):
        """Everything once, what comes every few minutes as often as asked."""
        results = [self.run("first sync")]
        self.unscanning.seed(self.mirror)
        for _ in range(rounds):
            results.append(self.run("nothing new"))
            results.append(self.run("nothing new, no scan", self.unscanning))
            self.change()
            results.append(self.run("one file changed"))
        return results

    def change(self):
        self.changes += 1
        self.drive.emulator.edit("update", path=f"/{SOURCE}/folder-0/file-000000.bin",
                                 content="x" * (self.bytes + self.changes))

    def check(self, phase):
        """Sizes and checksums are gdrive-sync's own task; that no file is missing is checked here."""
        found = sum(len(files) for directory, _, files in os.walk(self.mirror)
                    if ".gdrive-sync" not in directory)
        if found != self.files:
            raise SystemExit(f"bench: {phase}: {found} files instead of {self.files}")
        changed = (self.mirror / "folder-0" / "file-000000.bin").stat().st_size
        if changed != self.bytes + self.changes:
            raise SystemExit(f"bench: {phase}: the changed file was not fetched")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of the runs after the first [3]")
    parser.add_argument("--smallest", type=int, default=1000, help="files [1000]")
    parser.add_argument("--largest", type=int, default=10000, help="files [10000]")
    parser.add_argument("--per-folder", type=int, default=10, help="files in a folder [10]")
    parser.add_argument("--file-bytes", type=int, default=512, help="bytes of a file [512]")
    parser.add_argument("--dir", type=pathlib.Path, help="work below this directory [TMPDIR]")
    return parser.parse_args()


def sizes(arguments):
    files = arguments.smallest
    while files <= arguments.largest:
        yield files
        files *= 10


def play(work, arguments):
    """No tree goes before the last is done: ext4 is slower for minutes where many files went."""
    figures = {}
    for files in sizes(arguments):
        place = work / str(files)
        place.mkdir()
        size = Size(place, files, arguments)
        with size.drive:
            figures.update(medians(size.play(arguments.rounds)))
    return figures


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="gds-bench-", dir=arguments.dir) as work:
        figures = play(pathlib.Path(work), arguments)
    print(f"\nfiles of {arguments.file_bytes} bytes, {arguments.per_folder} in a folder; "
          f"first sync once, then median of {arguments.rounds}\n")
    rows = [["phase", "files", *(UNITS[figure][0] for figure in FIGURES)]]
    for phase in PHASES:
        before = {}
        for files in (size for one, size in figures if one == phase):
            now = figures[phase, files]
            rows.append([phase, f"{files:,}",
                         *(cell(figure, now[figure], before.get(figure)) for figure in FIGURES)])
            before = now
    print_rows(rows)


if __name__ == "__main__":
    main()
