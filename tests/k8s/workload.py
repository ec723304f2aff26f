"""Runs what the CronJobs run, as a process on this machine: the rendered arguments, environment
and secrets, with directories in the place of the volumes."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

from manifests import ROOT, Rendering

sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from agent import AgentCase  # noqa: E402

LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
START_SECONDS = 60


class Server:
    """A server of Debian's on a port of the kernel's choice, which it logs."""

    def __init__(self, case, *command):
        self.log = case.dir / (command[0] + ".log")
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*map(str, command), "--web.listen-address=127.0.0.1:0"], stderr=log)
        case.addCleanup(self.stop)
        self.url = "http://" + wait_for(f"{command[0]} listens", self.address)

    def address(self):
        log = self.log.read_text(encoding="utf-8")
        if self.process.poll() is not None:
            raise AssertionError(f"{self.log.stem} ended: {log}")
        found = LISTENING.search(log)
        return found and found.group(1)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.loads(answer.read())


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


def wait_for(what, question, seconds=START_SECONDS):
    """Asks until the answer is one."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.1)
