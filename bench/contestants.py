"""The programs that are compared: those that mirror the folder, and those that do only what whoever
mirrors it cannot do without.

A contestant has a method for each job that it can do, which makes its command:
  first    a first sync, into an empty directory
  sync     another one; what the mirror holds is what the contestant's seed() left there
  full     the same, with everything listed
  preview  say what a first sync would do
"""

import json
import os
import pathlib
import subprocess

from drive import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SOURCE
from measure import run


class Contestant:
    name = ""
    asks = True    # the emulator, so that its requests are worth a figure
    copies = True  # so that its mirror has to be equal to the source
    patient = False  # kept slow by a clock of its own, so that one round tells enough

    def __init__(self, drive):
        self.drive = drive

    def environment(self):
        return {}

    def seed(self, mirror):
        """Make the mirror equal to the source."""
        subprocess.run(["cp", "--archive", f"{self.drive.folder}/.", mirror], check=True)

    def database(self, mirror):
        """Bytes of what it remembers of the mirror."""
        return 0


class GdriveSync(Contestant):
    """As it comes."""

    name = "gdrive-sync"
    options = []

    def command(self, mirror, verb, *options):
        return [pathlib.Path(os.environ["GDS_BIN"]) / "gdrive-sync", verb, "--source", SOURCE,
                "--dest", mirror, "--ca-cert", self.drive.ca, "--log-level", "warn",
                *self.options, *options]

    def sync(self, mirror):
        return self.command(mirror, "sync")

    first = sync

    def full(self, mirror):
        return self.command(mirror, "sync", "--full")

    def preview(self, mirror):
        return self.command(mirror, "diff")

    def environment(self):
        return {"GDRIVE_SYNC_CLIENT_ID": CLIENT_ID, "GDRIVE_SYNC_CLIENT_SECRET": CLIENT_SECRET,
                "GDRIVE_SYNC_REFRESH_TOKEN": REFRESH_TOKEN}

    def seed(self, mirror):
        environment = {**self.drive.environment(), **self.environment()}
        run(self.sync(mirror), environment, self.name)

    def database(self, mirror):
        return sum(path.stat().st_size for path in (mirror / ".gdrive-sync").glob("state.db*"))


class Unscanning(GdriveSync):
    """It trusts that nobody but itself has changed the mirror within a day."""

    name = "gdrive-sync, scan a day"
    options = ["--scan-interval", "24h"]

    def seed(self, mirror):
        """Twice: the first scan that has an interval begins it."""
        for _ in range(2):
            super().seed(mirror)


class Rclone(Contestant):
    """As it comes, at its ten requests a second; the options that make the mirrors comparable aside."""

    name = "rclone"
    options = []
    patient = True

    def __init__(self, drive):
        super().__init__(drive)
        self.home = drive.work / self.name.replace(" ", "-")
        self.home.mkdir()
        token = {"access_token": "expired", "token_type": "Bearer",
                 "refresh_token": REFRESH_TOKEN, "expiry": "2020-01-01T00:00:00Z"}
        self.config = self.home / "rclone.conf"
        self.fresh_config = (
            f"[drive]\ntype = drive\nclient_id = {CLIENT_ID}\nclient_secret = {CLIENT_SECRET}\n"
            f"scope = drive.readonly\ntoken = {json.dumps(token)}\n")

    def sync(self, mirror, *options):
        self.config.write_text(self.fresh_config)  # it keeps its token there: each run gets its own
        return ["rclone", "sync", f"drive:{SOURCE}", mirror, "--ca-cert", self.drive.ca,
                "--create-empty-src-dirs", *self.options, *options]

    first = full = sync

    def preview(self, mirror):
        return self.sync(mirror, "--dry-run")

    def environment(self):
        return {"HOME": str(self.home), "RCLONE_CONFIG": str(self.config),
                "RCLONE_CACHE_DIR": str(self.home)}


class UnpacedRclone(Rclone):
    """Without the ten requests a second that it allows itself, and more at once."""

    name = "rclone unpaced"
    options = ["--drive-pacer-min-sleep", "1ms", "--drive-pacer-burst", "1000",
               "--checkers", "16", "--transfers", "16"]
    patient = False


class CurlToDisk(Contestant):
    """Every file's bytes, from a list made beforehand, over the same proxy and TLS, made durable in the
    end: no listing, no checksums, no state."""

    name = "curl to disk, sync"

    def first(self, mirror):
        config = self.drive.work / "curl.conf"
        with config.open("w", encoding="utf-8") as file:
            for path, url in self.drive.media_urls().items():
                file.write(f'url = "{url}"\noutput = "{self.output(mirror, path)}"\n')
        return ["bash", "-c", f'{self.fetch} && {self.after}', "curl", config, mirror]

    def output(self, mirror, path):
        return mirror / path

    fetch = ("curl --silent --show-error --fail --parallel --parallel-max 16 --parallel-immediate "
             '--create-dirs --cacert "$SSL_CERT_FILE" '
             f'--header "Authorization: Bearer {ACCESS_TOKEN}" --config "$1"')
    after = 'sync --file-system "$2"'


class CurlToNowhere(CurlToDisk):
    """The bytes alone: as fast as the emulator answers."""

    name = "curl to /dev/null"
    copies = False
    after = "true"

    def output(self, mirror, path):
        return "/dev/null"


class Local(Contestant):
    """What needs no Drive: it works on the files that the emulator shows."""

    asks = False
    copies = False

    def files(self):
        return sorted(path for path in self.drive.folder.rglob("*") if path.is_file())


class Find(Local):
    """The bare walk: a statx a file, of the mirror that gdrive-sync keeps."""

    name = "find"

    def seed(self, mirror):
        """It walks another one's."""

    def sync(self, mirror):
        return ["find", mirror.with_name(GdriveSync.name), "-fprintf", "/dev/null", "%s %T@\n"]


class Dd(Local):
    """The same bytes to the same disk, made durable."""

    name = "dd conv=fsync"
    copies = True

    def first(self, mirror):
        return ["bash", "-c", 'mirror=$1; shift; for file; do dd if="$file" '
                'of="$mirror/${file##*/}" bs=1M conv=fsync status=none || exit; done',
                "dd", mirror, *self.files()]


class Sha256(Local):
    """One core's rate."""

    name = "openssl sha256"
    algorithm = "-sha256"

    def first(self, mirror):
        return ["openssl", "dgst", self.algorithm, *self.files()]


class Md5(Sha256):
    """One core's rate."""

    name = "openssl md5"
    algorithm = "-md5"
