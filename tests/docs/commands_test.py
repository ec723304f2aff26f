#!/usr/bin/env python3
"""Every command of ours that a document shows is one that the programs take."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from documents import PATCHED_ARGUMENTS, PROGRAMS, ROOT, Document, commands_in, documents

sys.path.insert(0, str(ROOT / "tests"))
from layers_test import ALLOWED  # noqa: E402

BIN = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve()
# Words that stand for a command or for what follows it.
OPEN = {"COMMAND"}


def run(program, *arguments, cwd=None):
    return subprocess.run([BIN / program, *arguments], capture_output=True, text=True, cwd=cwd,
                          env={}, timeout=60, check=False)


def options_of(arguments):
    return [a.split("=", 1)[0] for a in arguments if a.startswith("--") and a != "--help"]


def complaint(program, arguments):
    """Why the program does not take these arguments, or None."""
    helped = run(program, *arguments, "--help")
    if helped.returncode != 0:
        return helped.stderr
    for option in options_of(arguments):
        if option != "--version" and f"  {option}" not in helped.stdout:
            return f"this command does not take {option}"
    # Where it needs neither browser nor network to find a wrong value, it is asked.
    if program == "gdrive-sync" and "login" not in arguments and "--help" not in arguments:
        with tempfile.TemporaryDirectory() as empty:
            real = run(program, *arguments, cwd=empty)
        if "cannot be used" in real.stderr or " needs " in real.stderr.split("\n")[0]:
            return real.stderr
    return None


class Commands(unittest.TestCase):

    def test_are_taken_by_the_programs(self):
        shown = {program: 0 for program in PROGRAMS}
        for document in map(Document, documents()):
            for program, arguments in document.commands():
                if OPEN & set(arguments):
                    continue
                with self.subTest(f"{document}: {program} {' '.join(arguments)}"):
                    self.assertIsNone(complaint(program, arguments))
                shown[program] += 1
        self.assertGreater(shown["gdrive-sync"], 20)
        self.assertGreater(shown["registry-probe"], 5)

    def test_that_a_patch_puts_in_are_taken(self):
        seen = 0
        for document in map(Document, documents()):
            for value in PATCHED_ARGUMENTS.findall(document.text):
                arguments = json.loads(value.replace("""'"$PLAN"'""", "8e12b9b2097ba67e"))
                with self.subTest(f"{document}: {value}"):
                    self.assertIsNone(complaint("gdrive-sync", [*arguments, "--dest", "data"]))
                seen += 1
        self.assertGreaterEqual(seen, 2)


class TheCheck(unittest.TestCase):

    def test_finds_what_is_wrong(self):
        for line in ("gdrive-sync mirror", "gdrive-sync sync --no-such-option",
                     "gdrive-sync status --max-delete 3", "gdrive-sync sync --max-delete many",
                     "registry-probe verify --no-such-option", "registry-probe look"):
            with self.subTest(line):
                [(program, arguments)] = commands_in(line)
                self.assertIsNotNone(complaint(program, arguments))

    def test_finds_commands_wherever_they_stand(self):
        self.assertEqual(
            list(commands_in("a | X=1 build/bin/gdrive-sync status --dest 'b c' && "
                             "registry-probe probe h > out  # note")),
            [("gdrive-sync", ["status", "--dest", "b c"]), ("registry-probe", ["probe", "h"])])


class Architecture(unittest.TestCase):

    def test_lists_the_rooms_and_arrows_of_the_layers(self):
        text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        rows = {}
        for line in text.splitlines():
            if line.startswith("| `"):
                _, room, _, arrows, _ = line.split("|")
                rows[room.strip(" `")] = {name.strip() for name in arrows.split(",")} - {""}
        self.assertEqual(set(rows), set(ALLOWED))
        for room, arrows in rows.items():
            if room not in ("run", "cli"):
                self.assertEqual(arrows, ALLOWED[room])


if __name__ == "__main__":
    unittest.main()
