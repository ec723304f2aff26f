#!/usr/bin/env python3
"""The README's commands are commands of this program, and the demo shows what it says."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import BIN  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Readme(unittest.TestCase):
    def commands(self):
        text = (ROOT / "README.md").read_text()
        for block in re.findall(r"```console\n(.*?)```", text, re.S):
            for line in block.replace("\\\n", "").splitlines():
                found = re.match(r"\$ build/bin/(gdrive-sync|registry-probe) (.*)", line)
                if found:
                    yield found.groups()

    def test_its_commands_parse(self):
        commands = list(self.commands())
        self.assertGreaterEqual(len([c for c in commands if c[0] == "gdrive-sync"]), 6)
        for program, arguments in commands:
            process = subprocess.run(["sh", "-c", f'"$PROGRAM" --help {arguments}'],
                                     capture_output=True, text=True, check=False,
                                     env={"PROGRAM": str(BIN / program)})
            self.assertEqual(process.returncode, 0, f"{program} {arguments}: {process.stderr}")

    def test_its_exit_codes_are_the_helps(self):
        told = subprocess.run([BIN / "gdrive-sync", "--help"], capture_output=True, text=True,
                              check=True).stdout.split("Exit codes:")[1]
        rows = re.findall(r"(?m)^\| ([\d, ]+) \| \w+ \|", (ROOT / "README.md").read_text())
        codes = {int(code) for row in rows for code in row.split(",")}
        self.assertEqual(codes, {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 130, 143})
        for code in codes:
            self.assertRegex(told, rf"\b{code}\b")


class Demo(unittest.TestCase):
    def test_runs_and_shows_every_step(self):
        keep = {k: v for k, v in os.environ.items() if not k.startswith("GDRIVE_SYNC_")}
        process = subprocess.run(["bash", ROOT / "tools" / "demo.sh"], capture_output=True,
                                 text=True, check=False, env={**keep, "GDS_BIN": str(BIN)})
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        at = 0
        for step in ("reports/march.txt", "sync ok: 5 new", "The mirror:", "in Drive: mv site web",
                     "> site -> web", "~ index.md", "+ reports/may.txt", "- reports/march.txt",
                     "$ gdrive-sync sync", "  web/photo.jpg", "(exit code 4)",
                     "The mirror still holds everything:", "  reports/may.txt", "equal",
                     "last success"):
            found = (process.stdout + process.stderr if step.startswith("sync ok")
                     else process.stdout).find(step, 0 if step.startswith("sync ok") else at)
            self.assertGreaterEqual(found, 0, f"{step} after {at}: {process.stdout}")
            at = at if step.startswith("sync ok") else found
        self.assertNotIn("\x1b", process.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
