#!/usr/bin/env python3
"""The image holds the two programs, what they load and read, and nothing that could be run besides."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from archive import Archive

BIN = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve()
PROGRAMS = {"usr/bin/gdrive-sync", "usr/bin/registry-probe"}
MAX_SIZE = 45_000_000
LABELS = {"title", "description", "licenses", "version", "revision", "base.name"}
NEEDED = re.compile(r"\(NEEDED\) .*\[(.+)\]")
INTERPRETER = re.compile(r"\[Requesting program interpreter: (.+)\]")
# A name for each place that may hold something.
PLACES = re.compile(
    r"usr/bin/[\w-]+"
    r"|usr/lib(64|/[\w-]+-linux-gnu)/[\w.+-]+\.so(\.[\w.]+)?"
    r"|etc/(passwd|group|nsswitch\.conf|ssl/certs/ca-certificates\.crt)"
    r"|usr/share/(zoneinfo/.+|common-licenses/.+|doc/[^/]+/copyright|sbom/[^/]+\.spdx\.json)")


class Contents(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.image = Archive()
        cls.elf = {name for name, data in cls.image.contents.items() if data[:4] == b"\x7fELF"}

    def readelf(self, name, option):
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.image.contents[name])
            file.flush()
            return subprocess.run(["readelf", option, "--wide", file.name], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout

    def test_are_small(self):
        self.assertLess(sum(map(len, self.image.contents.values())), MAX_SIZE)

    def test_are_files_folders_and_links_in_known_places(self):
        for name, entry in self.image.entries.items():
            with self.subTest(name):
                self.assertTrue(entry.isfile() or entry.isdir() or entry.issym())
                if not entry.isdir() and "/" in name:
                    self.assertRegex(name, f"^({PLACES.pattern})$")
        self.assertEqual({name for name in self.image.entries if "/" not in name} - {"lib64"},
                         {"etc", "lib", "tmp", "usr"})

    def test_can_run_nothing_but_the_programs(self):
        libraries = {name for name in self.elf if ".so" in name}
        self.assertEqual(self.elf - libraries, PROGRAMS)
        for name, data in self.image.contents.items():
            self.assertNotEqual(data[:2], b"#!", name)
            if self.image.entries[name].mode & 0o111:
                self.assertIn(name, self.elf)

    def test_hold_every_library_that_is_needed_and_no_other(self):
        places = {name.rsplit("/", 1)[-1]: name for name in self.elf}
        reached, todo = set(), set(PROGRAMS)
        while todo:
            name = todo.pop()
            reached.add(name)
            for library in NEEDED.findall(self.readelf(name, "--dynamic")):
                self.assertIn(library, places, f"{name} needs it")
                todo |= {places[library]} - reached
        loader = INTERPRETER.search(self.readelf("usr/bin/gdrive-sync", "--segments")).group(1)
        self.assertEqual(reached | {self.image.resolve(loader)}, self.elf)

    def test_hold_no_library_but_libc(self):
        names = {name.rsplit("/", 1)[-1].split(".so")[0] for name in self.elf if ".so" in name}
        self.assertEqual({name for name in names if not name.startswith("ld-linux")},
                         {"libc", "libm"})

    def test_belong_to_root_and_nobody_else_can_write_them(self):
        for name, entry in self.image.entries.items():
            with self.subTest(name):
                self.assertEqual((entry.uid, entry.gid), (0, 0))
                if name == "tmp":
                    self.assertEqual(entry.mode & 0o7777, 0o1777)
                elif not entry.issym():
                    self.assertEqual(entry.mode & 0o7022, 0)
                    self.assertEqual(entry.mode & 0o444, 0o444)

    def test_have_no_link_that_leads_nowhere(self):
        self.assertGreater(len(self.image.links()), 1)
        for name in self.image.links():
            self.assertIn(self.image.resolve(name), self.image.entries, name)

    def test_have_certificates_zones_and_names(self):
        certificates = self.image.contents["etc/ssl/certs/ca-certificates.crt"]
        self.assertGreater(certificates.count(b"BEGIN CERTIFICATE"), 100)
        zone = self.image.resolve("usr/share/zoneinfo/Europe/Berlin")
        self.assertEqual(self.image.contents[zone][:4], b"TZif")
        self.assertEqual(self.image.contents["etc/passwd"].count(b"\n"), 1)
        self.assertIn(b":65532:65532:", self.image.contents["etc/passwd"])

    def test_hold_no_trace_of_where_the_programs_were_built(self):
        root = f"{BIN.parent.parent}/"
        for name in PROGRAMS:
            for trace in (".debug_info", root):
                # Told by name: the contents would be pages of bytes.
                self.assertFalse(trace.encode() in self.image.contents[name], (name, trace))


class Configuration(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.config = Archive().config

    def test_starts_the_mirror_as_nobody_in_particular(self):
        self.assertEqual(self.config["User"], "65532:65532")
        self.assertEqual(self.config["Entrypoint"], ["/usr/bin/gdrive-sync"])
        self.assertFalse(self.config.get("Cmd"))
        self.assertEqual(self.config["Env"], ["PATH=/usr/bin"])
        self.assertNotIn("Volumes", self.config)

    def test_is_labelled_with_the_keys_of_oci(self):
        labels = self.config["Labels"]
        self.assertEqual(set(labels), {f"org.opencontainers.image.{key}" for key in LABELS})
        self.assertNotIn("", labels.values())
        said = subprocess.run([BIN / "gdrive-sync", "--version"], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.split()
        self.assertEqual([labels["org.opencontainers.image.title"],
                          labels["org.opencontainers.image.version"]], said)


if __name__ == "__main__":
    unittest.main()
