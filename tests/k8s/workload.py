"""Runs what the CronJobs run, as a process on this machine: the rendered arguments, environment
and secrets, with directories in the place of the volumes."""

import json
import os
import pathlib
import subprocess
import sys

from manifests import ROOT, Rendering

sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from agent import AgentCase  # noqa: E402


class WorkloadCase(AgentCase):
    """A Drive with the rendering's folder in it, a volume, and the secret's files."""

    overlay = "stem95su"

    def setUp(self):
        self.rendering = Rendering(self.overlay)
        super().setUp()
        self.source = self.drive / self.folder()
        self.source.mkdir(parents=True, exist_ok=True)
        self.secrets = self.dir / "secrets"
        self.secrets.mkdir()
        self.tmp = self.dir / "tmp"
        self.tmp.mkdir()
        self.write_secret("rt")
        self.pushgateway = ""

    def folder(self):
        return self.rendering.cronjob("sync").environment()["GDRIVE_SYNC_SOURCE"]

    def write_secret(self, refresh_token):
        """Both forms in which the overlays hold the credentials."""
        token = json.dumps({"access_token": "", "refresh_token": refresh_token,
                            "token_type": "Bearer", "expiry": "2026-01-01T00:00:00Z"})
        environment = self.rendering.cronjob("sync").environment()
        (self.secrets / "rclone.conf").write_text(
            f"[{environment['GDRIVE_SYNC_RCLONE_REMOTE'] or 'drive'}]\ntype = drive\n"
            f"client_id = cid\nclient_secret = sec\nscope = drive.readonly\ntoken = {token}\n")
        (self.secrets / "credentials.json").write_text(json.dumps(
            {"type": "authorized_user", "client_id": "cid", "client_secret": "sec",
             "refresh_token": refresh_token}))
        for path in self.secrets.iterdir():
            path.chmod(0o440)

    def places(self, read_only_volume=None):
        return {"/data": read_only_volume or self.dest, "/secrets": self.secrets,
                "/tmp": self.tmp}

    def run_cronjob(self, component, volume=None, plus=()):
        """The CronJob's container, to its end; `plus` are further arguments."""
        self.control("rescan", {})
        workload = self.rendering.cronjob(component)
        places = self.places(volume)

        def here(text):
            for mount, place in places.items():
                if text == mount or text.startswith(mount + "/"):
                    return str(place) + text[len(mount):]
            return text
        environment = {k: here(v) for k, v in workload.environment().items()}
        environment["GDRIVE_SYNC_METRICS_PUSH"] = self.pushgateway
        environment.update({"PATH": os.environ["PATH"], "TMPDIR": here("/tmp"),
                            "GDRIVE_SYNC_DRIVE_ENDPOINT": self.url,
                            "GDRIVE_SYNC_TOKEN_ENDPOINT": self.url + "/token"})
        program = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve()
        return subprocess.run([program / workload.program(), *workload.arguments(), *plus],
                              env=environment, capture_output=True, text=True, timeout=120,
                              check=False)

    def cronjob_ends(self, code, component, **more):
        run = self.run_cronjob(component, **more)
        self.assertEqual(run.returncode, code, run.stderr)
        return run
