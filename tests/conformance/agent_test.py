"""What gdrive-sync sends: only what Drive's description knows. What it gets: the same."""

import json
import subprocess
import unittest

from support import CLIENT, RecordedCase
from harness import BIN

READS = {"drive.files.list", "drive.files.get", "drive.files.export", "drive.about.get",
         "drive.changes.getStartPageToken", "drive.changes.list"}


class AgentCase(RecordedCase):
    def setUp(self):
        super().setUp()
        self.dest = self.dir / "dest"
        self.dest.mkdir()
        self.secrets = {"GDRIVE_SYNC_" + name.upper(): value for name, value in CLIENT.items()}

    def agent(self, command, *options, expect=0):
        run = subprocess.run([BIN / "gdrive-sync", *command.split(), "--ca-cert", self.emulator.ca,
                              *options], env={**self.environment, **self.secrets},
                             capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(run.returncode, expect, run.stderr)
        return run.stdout

    def mirror(self, command="sync", *options, source=("--source", "claude"), expect=0):
        self.agent(command, "--dest", self.dest, *source, *options, expect=expect)


class TheAgent(AgentCase):
    def test_first_sync_and_one_with_nothing_new(self):
        self.mirror()
        self.assertTrue((self.dest / "Plan.docx").exists())
        self.assertTrue((self.dest / "to library" / "l.txt").exists())
        self.assertGreater((self.dest / "Large.docx").stat().st_size, 10 * 2**20)
        self.mirror()
        self.assertLessEqual(self.judge(), READS)

    def test_lists_of_more_than_a_page(self):
        self.mirror(source=("--source", "many"))
        self.assertEqual(len([p for p in self.dest.iterdir() if p.is_file()]), 1203)
        self.judge()

    def test_changes_and_confirmed_deletes(self):
        self.mirror()
        for edit in ({"op": "trash", "id": "A"}, {"op": "delete", "id": "B"},
                     {"op": "move", "id": "EMPTY", "to": "root"}, {"op": "revoke", "id": "BIG"},
                     {"op": "update", "id": "DOC", "content": "another plan"},
                     {"op": "rename", "id": "SHEET", "name": "Totals"}):
            self.emulator.control("tree", edit)
        self.mirror()
        self.assertFalse((self.dest / "a.txt").exists() or (self.dest / "sub" / "b").exists())
        self.judge()

    def test_a_download_that_is_resumed(self):
        self.emulator.fault({"label": "files.media", "path": "BIG", "nth": 1},
                            {"cut_after": 1_500_000})
        self.mirror()
        ranges = [e["headers"].get("range") for e in self.recorded() if "/BIG?" in e["target"]]
        self.assertIn("bytes=1500000-", ranges)
        self.judge()

    def test_resync_and_diff(self):
        self.mirror()
        (self.dest / "a.txt").write_text("spoilt")
        self.mirror("diff")
        self.mirror("resync")
        self.assertEqual((self.dest / "a.txt").read_text(), "aaaa")
        self.judge()

    def test_by_id_in_a_shared_drive_and_shared_with_me(self):
        for source in (("--source-id", "LIB"), ("--drive-id", "0ATeam", "--source", "dir"),
                       ("--shared-with-me", "--source", "from a friend")):
            self.dest = self.dir / source[-1].replace(" ", "-")
            self.dest.mkdir()
            self.mirror(source=source)
            self.assertEqual(len([p for p in self.dest.iterdir() if p.is_file()]), 1, source)
        self.judge()

    def test_auth_check(self):
        self.agent("auth check", "--source", "claude")
        self.judge()

    def test_a_service_account(self):
        self.secrets = {"GDRIVE_SYNC_CREDENTIALS": str(self.service_account)}
        self.mirror()
        self.judge()

    def test_sends_the_keys_of_items_that_have_one(self):
        self.mirror()
        keys = {e["headers"].get("x-goog-drive-resource-keys") for e in self.recorded()
                if "/KEY?" in e["target"]}
        self.assertEqual(keys, {"KEY/0-k"})

    def test_reads_and_nothing_else(self):
        self.mirror()
        self.assertEqual({e["method"] for e in self.recorded() if e["label"] != "oauth.token"},
                         {"GET"})
        self.assertEqual(self.emulator.control("counters")["writes"], 0)


if __name__ == "__main__":
    unittest.main()
