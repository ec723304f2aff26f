#!/usr/bin/env python3
"""Options as flags, variables and in a file; what is refused, and how it is said."""

import json
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, lines_of  # noqa: E402
from harness import BIN, tree  # noqa: E402

COMMANDS = ("sync", "resync", "diff", "status", "approve", "auth login", "auth check")
# What later versions bring, and no option or command until then.
LATER = ("verify", "explain", "restore", "doctor", "config")

# Every option of a mirror run with a value that it takes.
RUN_OPTIONS = {
    "full-interval": "12h", "scan-interval": "1h",
    "retries": "3", "retry-max-wait": "30s", "timeout": "20s", "max-duration": "1h",
    "bwlimit": "100M", "tpslimit": "500", "quota": "300000", "max-delete": "7",
    "max-delete-percent": "50",
    "allow-empty-source": "true", "unmanaged": "keep", "include": "*.txt", "exclude": "*.tmp",
    "max-size": "1G", "export-formats": "docx,pdf", "transfers": "3", "lock-wait": "1s",
    "file-mode": "0640", "dir-mode": "0750", "trash-keep": "1d", "full": "true", "trash-max-size": "1G",
    "log-format": "text", "log-level": "debug", "progress": "off", "instance": "one",
}
BAD_VALUES = [
    ("lock-wait", "soon"), ("lock-wait", "-1s"), ("lock-wait", "5x"), ("timeout", "0"),
    ("trash-keep", "7 days"), ("max-duration", "1d2"), ("retry-max-wait", ""),
    ("max-size", "big"), ("max-size", "-5"), ("trash-max-size", "1Q"), ("bwlimit", "0"),
    ("bwlimit", "fast"), ("tpslimit", "0"), ("tpslimit", "nan"), ("quota", "0"), ("max-delete", "many"),
    ("max-delete", "-2"), ("max-delete", "1.5"), ("max-delete-percent", "101"),
    ("max-delete-percent", "-1"), ("max-delete-percent", "half"), ("transfers", "0"),
    ("transfers", "10000"), ("retries", "-1"), ("file-mode", "0888"), ("file-mode", "u+rw"),
    ("dir-mode", "07777"), ("unmanaged", "ask"), ("log-level", "loud"), ("log-format", "xml"),
    ("progress", "maybe"), ("drive-endpoint", "ftp://x"), ("drive-endpoint", "googleapis.com"),
    ("token-endpoint", ""), ("metrics-push", "gateway:9091"), ("include", "a[b"),
    ("exclude", "{a,b"), ("export-formats", "docx,exe"), ("filter-from", "/nowhere/rules"),
    ("ca-cert", "/nowhere/ca.pem"), ("allow-empty-source", "perhaps"),
]


class CommandLine(AgentCase):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "a")
        self.write("b.bin", "b")
        self.control("rescan", {})

    def where(self):
        return ("--source", "claude/files", "--dest", self.dest)

    def test_options_before_and_after_the_command(self):
        options = [f"--{name}={value}" for name, value in RUN_OPTIONS.items()]
        for arguments in (["sync", *options], [*options, "sync"]):
            process = self.run_command(*arguments, *self.where())
            self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual(set(tree(self.dest)), {"a.txt"})
        self.assertEqual((self.dest / "a.txt").stat().st_mode & 0o777, 0o640)

    def test_every_option_as_a_variable(self):
        env = {"GDRIVE_SYNC_" + n.upper().replace("-", "_"): v for n, v in RUN_OPTIONS.items()}
        env |= {"GDRIVE_SYNC_SOURCE": "claude/files", "GDRIVE_SYNC_DEST": str(self.dest)}
        process = self.run_command("sync", env=env)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual(set(tree(self.dest)), {"a.txt"})
        self.assertEqual(lines_of(process.stderr, "warn"), [])

    def test_every_option_in_a_file(self):
        quoted = [f'{name} = "{value}"' for name, value in RUN_OPTIONS.items()]
        config = self.dir / "config.toml"
        config.write_text("\n".join([*quoted, 'source = "claude/files"', f'dest = "{self.dest}"']))
        process = self.run_command("sync", "--config", config)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual(set(tree(self.dest)), {"a.txt"})

    def test_flag_before_variable_before_file_before_default(self):
        config = self.dir / "config.toml"
        config.write_text('exclude = ["a.txt"]\nmax-delete = 3\n')
        (self.dest / "foreign").write_text("x")

        def limit(*arguments, **env):
            run = self.gds("diff", *arguments, env=env)
            self.assertEqual(run.code, 0, run.log)
            return [g["limit"] for g in run.report["guards"] if g["name"] == "max-delete"][0]

        self.assertEqual(limit(), 25)
        self.assertEqual(limit("--config", config), 3)
        self.assertEqual(limit(GDRIVE_SYNC_CONFIG=str(config)), 3)
        self.assertEqual(limit("--config", config, GDRIVE_SYNC_MAX_DELETE="4"), 4)
        self.assertEqual(limit("--config", config, "--max-delete", "5",
                               GDRIVE_SYNC_MAX_DELETE="4"), 5)

    def test_an_empty_variable_is_unset(self):
        run = self.gds("sync", env={"GDRIVE_SYNC_MAX_DELETE": "", "GDRIVE_SYNC_EXCLUDE": "",
                                    "GDRIVE_SYNC_STATE_DIR": "", "GDRIVE_SYNC_UNMANAGED": ""})
        self.assertEqual(run.code, 0, run.log)

    def test_lists_split_at_newlines_and_only_there(self):
        self.write("c,d.txt", "c")
        run = self.gds("sync", env={"GDRIVE_SYNC_EXCLUDE": "c,d.txt\n\n*.bin\n"})
        self.assertEqual(run.code, 0, run.log)
        self.assertEqual(set(tree(self.dest)), {"a.txt"})

    def test_repeated_flags_of_a_list(self):
        self.sync("--exclude", "a.txt", "--exclude", "*.bin")
        self.assertEqual(tree(self.dest), {})

    def test_switches_take_true_false_1_and_0(self):
        self.sync()
        for path in self.source.iterdir():
            path.unlink()
        for text, code in (("false", 4), ("0", 4), ("true", 0), ("1", 0)):
            env = {"GDRIVE_SYNC_ALLOW_EMPTY_SOURCE": text}
            run = self.gds("diff", env=env)
            self.assertEqual(run.code, 0, run.log)
            tripped = [g["name"] for g in run.report["guards"] if g["tripped"]]
            self.assertEqual(tripped, ["empty-source"] if code else [], text)
        run = self.gds("diff", "--allow-empty-source=false",
                       env={"GDRIVE_SYNC_ALLOW_EMPTY_SOURCE": "true"})
        self.assertTrue(run.report["guards"][0]["tripped"])

    def test_bad_values_are_named_with_what_is_allowed(self):
        for name, value in BAD_VALUES:
            with self.subTest(option=name, value=value):
                process = self.run_command("sync", *self.where(), f"--{name}={value}")
                line = self.said(process, 2)
                self.assertIn(name, line)
                self.assertGreater(len(line), len(name) + len(value) + 10)
        self.assertEqual(self.requests(), [])
        self.assertEqual(tree(self.dest), {})

    def test_bad_values_of_variables_and_files(self):
        process = self.run_command("sync", *self.where(), env={"GDRIVE_SYNC_TIMEOUT": "slow"})
        self.said(process, 2, "GDRIVE_SYNC_TIMEOUT", "slow", "90s")
        config = self.dir / "config.toml"
        for text, line, part in (("\n\nmax-delte = 3\n", 3, "max-delte"),
                                 ("max-delete = 'x'\n", 1, "x"),
                                 ("\nmax-delete = \n", 2, ""),
                                 ("[sync]\nmax-delete = 3\n", 1, "sync"),
                                 ("client-secret = 'x'\n", 1, "GDRIVE_SYNC_CLIENT_SECRET"),
                                 ("file-mode = 640\n", 1, "file-mode")):
            config.write_text(text)
            process = self.run_command("sync", *self.where(), "--config", config)
            self.said(process, 2, f"{config}:{line}", part)
        process = self.run_command("sync", *self.where(), "--config", self.dir / "none.toml")
        self.said(process, 2, self.dir / "none.toml")

    def test_what_is_no_command_or_option(self):
        for arguments, part in ((["synk"], "synk"), ([], "--help"), (["auth"], "auth"),
                                (["sync", "--max-delet", "3"], "--max-delet"),
                                (["sync", "extra"], "extra"), (["sync", "-x"], "-x"),
                                (["approve", "--dest", self.dest], "PLAN"),
                                (["status"], "--dest"), (["sync", "--source", "x"], "--dest"),
                                (["status", "--dest", self.dest, "--transfers", "3"], "transfers"),
                                (["sync", *self.where(), "--max-delete", "3", "--max-delete", "4"],
                                 "max-delete"),
                                (["diff", *self.where(), "--format", "html"], "text json")):
            process = self.run_command(*arguments)
            self.said(process, 2, part)

    def test_what_does_not_work_yet_is_absent(self):
        everything = self.run_command("--help").stdout
        for command in COMMANDS:
            everything += self.run_command(*command.split(), "--help").stdout
        for command in LATER:
            self.assertNotRegex(everything, rf"(?m)^  {command}\b")
            self.said(self.run_command(command, "--dest", self.dest), 2)

    def test_a_misspelt_variable_is_a_warning(self):
        run = self.gds("sync", env={"GDRIVE_SYNC_MAX_DELET": "3", "GDRIVE_SYNC_SERVICE_HOST": "x"})
        self.assertEqual(run.code, 0)
        warnings = lines_of(run.log, "warn")
        self.assertEqual(len(warnings), 1, run.log)
        self.assertIn("GDRIVE_SYNC_MAX_DELET", warnings[0])

    def test_help_of_each_command_has_usage_options_and_examples(self):
        for command in COMMANDS:
            for arguments in ([*command.split(), "--help"], ["--help", *command.split()],
                              [*command.split(), "-h"]):
                process = self.run_command(*arguments)
                self.assertEqual(process.returncode, 0, process.stderr)
                self.assertEqual(process.stderr, "")
                self.assertIn(f"Usage: gdrive-sync {command}", process.stdout)
                self.assertRegex(process.stdout, rf"Examples:\n  gdrive-sync {command}|Examples:")
                self.assertIn("Exit codes:", process.stdout)
                for line in process.stdout.splitlines():
                    self.assertLess(len(line), 140, line)
        self.assertIn("--max-delete N", self.run_command("sync", "--help").stdout)
        self.assertIn("GDRIVE_SYNC_MAX_DELETE", self.run_command("--help").stdout)

    def test_examples_of_the_help_parse(self):
        for command in COMMANDS:
            text = self.run_command(*command.split(), "--help").stdout
            examples = text.split("Examples:\n")[1].split("\n\n")[0].replace("\\\n", "")
            for line in re.findall(r"^ +gdrive-sync (.*)$", examples, re.M):
                script = f'"$GDS" --help {line}'
                process = subprocess.run(["sh", "-c", script], capture_output=True, text=True,
                                         check=False, env={"GDS": str(BIN / "gdrive-sync")})
                self.assertEqual(process.returncode, 0, f"{line}: {process.stderr}")

    def test_version(self):
        process = self.run_command("--version")
        self.assertRegex(process.stdout, r"^gdrive-sync \d+\.\d+\.\d+\n$")
        self.assertEqual(process.returncode, 0)

    def test_a_mistake_is_told_as_json_where_that_is_asked_for(self):
        for arguments, env in ((["--log-format", "json"], {}),
                               ([], {"GDRIVE_SYNC_LOG_FORMAT": "json"})):
            process = self.run_command("sync", *self.where(), "--max-delete", "x", *arguments,
                                       env=env)
            self.assertEqual(process.returncode, 2)
            line = json.loads(process.stderr)
            self.assertEqual(line["level"], "error")
            self.assertIn("--max-delete", line["message"])

    def test_state_lies_where_it_is_told(self):
        state = self.dir / "state"
        state.mkdir()
        self.sync("--state-dir", state)
        self.assertTrue((state / "state.db").exists())
        here = {p.name for p in (self.dest / ".gdrive-sync").iterdir()}
        self.assertNotIn("state.db", here)
        self.assertLessEqual({"lock", "volume.json"}, here)
        self.assertEqual((self.dest / ".gdrive-sync").stat().st_mode & 0o777, 0o700)
        self.assertEqual(self.sync("--state-dir", state).report["actions"], [])
        for arguments in (["--dest", self.dest, "--state-dir", state], ["--state-dir", state]):
            process = self.run_command("status", *arguments, "--format", "json")
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertEqual(json.loads(process.stdout)["files"], 2)

    def test_a_default_state_directory_names_its_volume(self):
        self.sync()
        process = self.run_command("status", "--state-dir", self.dest / ".gdrive-sync")
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn(str(self.dest), process.stdout)

    def test_files_that_options_name_are_not_part_of_the_mirror(self):
        names = {"report": "report.json", "metrics-file": "m.prom", "config": "c.toml",
                 "filter-from": "rules"}
        (self.dest / "c.toml").write_text("")
        (self.dest / "rules").write_text("- *.bin\n")
        options = [f"--{name}={self.dest / file}" for name, file in names.items()]
        for _ in range(2):
            process = self.run_command("sync", *self.where(), *options)
            self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual(set(tree(self.dest)), {"a.txt", *names.values()})


if __name__ == "__main__":
    unittest.main(verbosity=1)
