#!/usr/bin/env python3
"""Count the instructions that gdrive-sync takes, under valgrind: a figure that neither the machine's
speed nor its other work changes, so that two builds can be compared."""

import argparse
import json
import pathlib
import re
import tempfile

from contestants import GdriveSync, Unscanning
from drive import SOURCE, Drive
from measure import spawn
from table import NONE, print_rows


class Counted:
    """A mirror of small files, with runs of the program under valgrind."""

    def __init__(self, drive, keep):
        self.drive, self.keep = drive, keep
        self.mirror = drive.work / "mirror"
        self.mirror.mkdir()

    def count(self, work, program):
        """One thread at a time and a fixed number of downloads at once: fewer waits that differ."""
        profile = self.keep / f"callgrind.{work.replace(' ', '-')}"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}",
                   "--fair-sched=yes", *program.sync(self.mirror), "--transfers", "4"]
        spawn([str(word) for word in command],
              {**self.drive.environment(), **program.environment()}, work)
        return int(re.search(r"^(?:totals|summary): (\d+)", profile.read_text(), re.MULTILINE)[1])

    def play(self):
        program, unscanning = GdriveSync(self.drive), Unscanning(self.drive)
        counts = {work: self.count(work, program) for work in ("first sync", "nothing new")}
        unscanning.seed(self.mirror)
        counts["nothing new, no scan"] = self.count("nothing new, no scan", unscanning)
        return counts


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench instructions", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="small files [1000]")
    parser.add_argument("--file-bytes", type=int, default=4096, help="bytes of each [4096]")
    parser.add_argument("--save", type=pathlib.Path, help="write the counts to this file")
    parser.add_argument("--against", type=pathlib.Path, help="compare with such a file")
    parser.add_argument("--keep", type=pathlib.Path,
                        help="leave the profiles, for callgrind_annotate, in this directory")
    parser.add_argument("--dir", type=pathlib.Path, help="work below this directory [TMPDIR]")
    return parser.parse_args()


def rows(counts, files, before):
    yield ["work", "instructions", "a file", "before", "change"]
    for work, count in counts.items():
        old = before.get(work)
        yield [work, f"{count:,}", f"{count // files:,}",
               f"{old:,}" if old else NONE, f"{count / old - 1:+.2%}" if old else NONE]


def main():
    arguments = parse_arguments()
    per_folder = min(20, arguments.files)
    files = arguments.files // per_folder * per_folder
    generate = {"path": f"/{SOURCE}", "folders": files // per_folder, "files": per_folder,
                "size": [arguments.file_bytes]}
    before = json.loads(arguments.against.read_text()) if arguments.against else {}
    with tempfile.TemporaryDirectory(prefix="gds-bench-", dir=arguments.dir) as work:
        with Drive(pathlib.Path(work), generate) as drive:
            counts = Counted(drive, arguments.keep or drive.work).play()
    if arguments.save:
        arguments.save.write_text(json.dumps(counts, indent=1) + "\n")
    print(f"\ninstructions, {files:,} files of {arguments.file_bytes:,} bytes, {per_folder} in a folder\n")
    print_rows(list(rows(counts, files, before)))


if __name__ == "__main__":
    main()
