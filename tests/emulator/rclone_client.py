"""Debian's rclone, as it is: it believes in Google and is led to the emulator by the proxy."""

import json
import os
import subprocess

from harness import Emulator

CLIENT = {"client_id": "cid", "client_secret": "sec", "refresh_token": "rt"}


class ProxiedEmulator(Emulator):
    """An emulator that answers for Google's hosts to whoever uses its proxy and trusts its CA."""

    def __init__(self, directory, *arguments):
        self.ca = directory / "ca.pem"
        ready = directory / "ready"
        secrets = [part for name, value in CLIENT.items()
                   for part in ("--" + name.replace("_", "-"), value)]
        super().__init__("--proxy-port", "0", "--ca-out", self.ca, "--ready-file", ready,
                         *secrets, *arguments)
        self.proxy = ready.read_text().splitlines()[1].split()[1]


class Rclone:
    """rclone with one remote, `gdrive:`, and nothing of the machine's own configuration."""

    def __init__(self, directory, emulator, **section):
        config = directory / "rclone.conf"
        token = {"access_token": "old", "token_type": "Bearer",
                 "refresh_token": CLIENT["refresh_token"], "expiry": "2020-01-01T00:00:00Z"}
        section = {"type": "drive", "client_id": CLIENT["client_id"],
                   "client_secret": CLIENT["client_secret"], "scope": "drive.readonly",
                   "token": json.dumps(token), **section}
        config.write_text("[gdrive]\n" + "".join(f"{k} = {v}\n" for k, v in section.items()))
        self.config = config
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(directory),
                            "HTTPS_PROXY": emulator.proxy, "SSL_CERT_FILE": str(emulator.ca),
                            "RCLONE_CONFIG": str(config), "RCLONE_CACHE_DIR": str(directory)}

    def run(self, *arguments):
        """The finished process; rclone's pacer is made for the real Drive, so it is loosened."""
        return subprocess.run(
            ["rclone", *map(str, arguments), "--drive-pacer-min-sleep", "1ms",
             "--drive-pacer-burst", "1000", "--ca-cert", self.environment["SSL_CERT_FILE"]],
            env=self.environment, timeout=300, capture_output=True, text=True, check=False,
            errors="surrogateescape")

    def mirror(self, source, destination, *options):
        return self.run("sync", "gdrive:" + source, destination, "--create-empty-src-dirs",
                        *options)
