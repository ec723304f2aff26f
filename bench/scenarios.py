"""What is mirrored, by whom, and through which phases.

A scenario names its options, with default and meaning. `prepare` of a phase brings the source to where
each contestant then finds it; its job is the method of the contestants that makes the command.
"""

import os
import random
import typing

import contestants


def nothing():
    """The source stays as it is."""


class Phase(typing.NamedTuple):
    name: str
    job: str
    prepare: typing.Callable[[], None] = nothing
    latency: int = 0  # ms a request


TREE = {"files": (2000, "small files"), "folders": (200, "folders they lie in"),
        "file-bytes": (4096, "bytes of a small file")}
LATENCY = {"latency-ms": (50, "ms before each answer, where there is a latency")}


class Folders:
    """A site: small files in folders."""

    large = False  # too large for the disk to hold a mirror of each contestant and round

    def __init__(self, drive, arguments):
        self.folder = drive.folder
        self.size, self.per_folder = arguments.file_bytes, -(-arguments.files // arguments.folders)
        self.title = (f"{arguments.files:,} files of {self.size:,} bytes in "
                      f"{arguments.folders:,} folders")
        self.random = random.Random(1)
        self.added = 0
        for _ in range(arguments.files):
            self.add()

    def add(self):
        path = self.folder / f"folder {self.added // self.per_folder}" / f"file {self.added}.bin"
        path.parent.mkdir(exist_ok=True)
        self.write(path)
        self.added += 1

    def write(self, path, more=0):
        path.write_bytes(self.random.randbytes(self.size + more))

    def files(self):
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


class Tick(Folders):
    """What a CronJob does every few minutes."""

    name = "tick"
    options = {**TREE, "changes": (5, "files edited, added, renamed and removed between runs")}
    seeded = True
    contestants = (contestants.GdriveSync, contestants.Unscanning, contestants.Rclone,
                   contestants.UnpacedRclone, contestants.Find)

    def __init__(self, drive, arguments):
        super().__init__(drive, arguments)
        self.changes = arguments.changes

    def phases(self):
        yield Phase("nothing new", "sync")
        yield Phase("one file changed", "sync", self.change_one)
        yield Phase(f"{self.changes} each edited, added, renamed, removed", "sync", self.change)

    def change_one(self):
        self.write(self.random.choice(self.files()), 1)

    def change(self):
        files = self.files()
        chosen = iter(self.random.sample(files, min(3 * self.changes, len(files))))
        for edited, renamed, removed in zip(chosen, chosen, chosen):
            self.write(edited, 2)
            renamed.rename(renamed.with_name("again " + renamed.name))
            removed.unlink()
            self.add()


class Listing(Folders):
    """Every folder has to be asked for."""

    name = "listing"
    options = {**TREE, **LATENCY}
    seeded = True
    contestants = (contestants.GdriveSync, contestants.Rclone, contestants.UnpacedRclone)

    def __init__(self, drive, arguments):
        super().__init__(drive, arguments)
        self.latency = arguments.latency_ms

    def phases(self):
        for latency in (0, self.latency):
            yield Phase(f"nothing new, all listed, {latency} ms", "full", latency=latency)
        yield Phase(f"a first listing, {self.latency} ms", "preview", latency=self.latency)


class First(Folders):
    """Small files into an empty directory."""

    name = "first"
    options = {**TREE, **LATENCY, "files": (500, "small files"),
               "folders": (25, "folders they lie in")}
    seeded = False
    contestants = (contestants.GdriveSync, contestants.Rclone, contestants.UnpacedRclone,
                   contestants.CurlToDisk, contestants.CurlToNowhere)

    def __init__(self, drive, arguments):
        super().__init__(drive, arguments)
        self.latency = arguments.latency_ms

    def phases(self):
        for latency in (0, self.latency):
            yield Phase(f"first sync, {latency} ms", "first", latency=latency)


class Big:
    """The bytes alone: as one file, and as eight."""

    name = "big"
    options = {"big-mib": (256, "MiB of the big file, and of eight others together")}
    parts = 8
    seeded = False
    large = True
    contestants = (contestants.GdriveSync, contestants.Rclone, contestants.UnpacedRclone,
                   contestants.CurlToDisk, contestants.CurlToNowhere, contestants.Dd,
                   contestants.Sha256, contestants.Md5)

    def __init__(self, drive, arguments):
        self.folder, self.mib = drive.folder, arguments.big_mib
        self.aside = drive.work / "aside"
        self.title = f"{self.mib:,} MiB"
        for count in (1, self.parts):
            (self.aside / str(count)).mkdir(parents=True)
            for number in range(count):
                self.write(self.aside / str(count) / f"part {number}.bin", self.mib / count)

    def write(self, path, mib):
        with path.open("wb") as file:
            while file.tell() < mib * 1024 * 1024:
                file.write(os.urandom(int(min(16, mib) * 1024 * 1024)))

    def phases(self):
        yield Phase(f"one file of {self.mib} MiB", "first", lambda: self.show(1))
        yield Phase(f"{self.parts} files of {self.mib / self.parts:g} MiB", "first",
                    lambda: self.show(self.parts))

    def show(self, count):
        """Only these files lie in the source."""
        for path in self.folder.iterdir():
            path.rename(self.aside / path.name.split()[0] / path.name.split(maxsplit=1)[1])
        for path in (self.aside / str(count)).iterdir():
            path.rename(self.folder / f"{count} {path.name}")


ALL = {one.name: one for one in (Tick, Listing, First, Big)}
