"""The programs that are compared, and how each is told to mirror the folder."""

import json
import os
import pathlib

from drive import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SOURCE


class GdriveSync:
    """As it comes; the quota of Google's aside, which the emulator has not."""

    name = "gdrive-sync"

    def __init__(self, drive):
        self.program = pathlib.Path(os.environ["GDS_BIN"]) / "gdrive-sync"
        self.ca = drive.ca

    def command(self, mirror):
        return [self.program, "sync", "--source", SOURCE, "--dest", mirror, "--ca-cert", self.ca,
                "--log-level", "warn", "--quota", "1000000000"]

    def environment(self):
        return {"GDRIVE_SYNC_CLIENT_ID": CLIENT_ID, "GDRIVE_SYNC_CLIENT_SECRET": CLIENT_SECRET,
                "GDRIVE_SYNC_REFRESH_TOKEN": REFRESH_TOKEN}


class Rclone:
    """As it comes; the options that make the mirrors comparable aside."""

    name = "rclone"
    options = []

    def __init__(self, drive):
        self.home = drive.ca.parent / self.name.replace(" ", "-")
        self.home.mkdir()
        token = {"access_token": "expired", "token_type": "Bearer",
                 "refresh_token": REFRESH_TOKEN, "expiry": "2020-01-01T00:00:00Z"}
        self.config = self.home / "rclone.conf"
        self.config.write_text(
            f"[drive]\ntype = drive\nclient_id = {CLIENT_ID}\nclient_secret = {CLIENT_SECRET}\n"
            f"scope = drive.readonly\ntoken = {json.dumps(token)}\n")
        self.fresh_config = self.config.read_text()
        self.ca = drive.ca

    def command(self, mirror):
        self.config.write_text(self.fresh_config)  # it keeps its token there: each run gets its own
        return ["rclone", "sync", f"drive:{SOURCE}", mirror, "--ca-cert", self.ca,
                "--create-empty-src-dirs", *self.options]

    def environment(self):
        return {"HOME": str(self.home), "RCLONE_CONFIG": str(self.config),
                "RCLONE_CACHE_DIR": str(self.home)}


class UnpacedRclone(Rclone):
    """Without the ten requests a second that it allows itself, and more at once."""

    name = "rclone unpaced"
    options = ["--drive-pacer-min-sleep", "1ms", "--drive-pacer-burst", "1000",
               "--checkers", "16", "--transfers", "16"]


ALL = {one.name: one for one in (GdriveSync, Rclone, UnpacedRclone)}
