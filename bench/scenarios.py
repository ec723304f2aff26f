"""What is mirrored: a source and the phases it goes through, once a round.

A scenario names its options, with default and meaning, and yields its phases. `prepare` of a phase
brings the source to where each contestant then finds it.
"""

import os
import random
import typing


class Phase(typing.NamedTuple):
    name: str
    prepare: typing.Callable[[], None]


def nothing():
    """The source stays as it is."""


class ManySmallFiles:
    """A site: small files in folders of twenty."""

    options = {"files": (400, "small files"), "file-bytes": (8000, "bytes of a small file"),
               "changes": (5, "files edited, added, renamed and removed between runs")}
    per_folder = 20

    def __init__(self, folder, arguments):
        self.folder = folder
        self.size = arguments.file_bytes
        self.changes = arguments.changes
        self.title = f"{arguments.files} files of {self.size} bytes"
        self.random = random.Random(1)
        self.added = 0
        for _ in range(arguments.files):
            self.add()

    def phases(self):
        yield Phase("first sync", nothing)
        yield Phase("nothing new", nothing)
        yield Phase(f"{self.changes} each edited, added, renamed, removed", self.change)

    def add(self):
        path = self.folder / f"folder {self.added // self.per_folder}" / f"file {self.added}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(self.random.randbytes(self.size))
        self.added += 1

    def change(self):
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        chosen = iter(self.random.sample(files, min(3 * self.changes, len(files))))
        for edited, renamed, removed in zip(chosen, chosen, chosen):
            edited.write_bytes(self.random.randbytes(self.size + 1))
            renamed.rename(renamed.with_name("again " + renamed.name))
            removed.unlink()
            self.add()


class OneBigFile:
    """The bytes alone."""

    options = {"big-mib": (256, "MiB of the big file")}

    def __init__(self, folder, arguments):
        self.title = f"one file of {arguments.big_mib} MiB"
        with open(folder / "big.bin", "wb") as file:
            for _ in range(arguments.big_mib):
                file.write(os.urandom(1024 * 1024))

    def phases(self):
        yield Phase("first sync", nothing)


ALL = {"small": ManySmallFiles, "big": OneBigFile}
