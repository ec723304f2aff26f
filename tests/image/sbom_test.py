#!/usr/bin/env python3
"""The list beside the image is SPDX, and accounts for every file in it."""

import copy
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

from archive import SBOM, Archive
from spdx import complaints

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "image"))
import debian  # noqa: E402

BUILD = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve().parent
INSIDE = "usr/share/sbom/gdrive-sync.spdx.json"
# Of these only declarations are compiled in; the libraries are in the image themselves.
SHARED = {"libc6-dev", "linux-libc-dev"}


def ninja(tool, *arguments):
    return subprocess.run(["ninja", "-C", BUILD, "-t", tool, *arguments], stdout=subprocess.PIPE,
                          text=True, check=True).stdout


def compiled_in():
    """The packages whose headers the programs' sources include, as the compiler noted them, and whose
    archives the programs are linked with."""
    used, ours = set(), False
    for line in ninja("deps").splitlines():
        if line.startswith("    "):
            if ours and line.startswith("    /usr/"):
                used.add(pathlib.Path(line.strip()))
        else:
            ours = line.startswith("src/")
    commands = ninja("commands", "bin/gdrive-sync", "bin/registry-probe")
    used.update(map(pathlib.Path, re.findall(r"/usr/\S+\.a(?=\s)", commands)))
    return set(debian.owners(used).values())


class Case(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.image = Archive()
        cls.document = json.loads(SBOM.read_bytes())
        cls.packages = {one["SPDXID"]: one for one in cls.document["packages"]}
        cls.files = {one["SPDXID"]: one for one in cls.document["files"]}

    def related(self, kind):
        return [(one["spdxElementId"], one["relatedSpdxElement"])
                for one in self.document["relationships"] if one["relationshipType"] == kind]


class Sbom(Case):

    def test_is_spdx(self):
        self.assertEqual(complaints(self.document), [])

    def test_is_also_in_the_image(self):
        self.assertTrue(self.image.contents[INSIDE] == SBOM.read_bytes())

    def test_lists_every_file_with_its_sum_and_no_other(self):
        listed = {one["fileName"].removeprefix("./"):
                  {c["algorithm"]: c["checksumValue"] for c in one["checksums"]}
                  for one in self.files.values()}
        there = {name: {"SHA1": hashlib.sha1(data).hexdigest(),
                        "SHA256": hashlib.sha256(data).hexdigest()}
                 for name, data in self.image.contents.items() if name != INSIDE}
        self.assertEqual(listed, there)

    def test_says_of_each_file_where_it_came_from(self):
        own = [file for package, file in self.related("CONTAINS") if file in self.files]
        taken = self.related("EXPANDED_FROM_ARCHIVE") + self.related("GENERATED_FROM")
        self.assertEqual(sorted(own + [file for file, _ in taken]), sorted(self.files))
        names = {self.packages[package]["name"] for _, package in taken}
        self.assertLessEqual({"libc6", "tzdata", "ca-certificates"}, names)
        for name in ("usr/bin/gdrive-sync", "usr/bin/registry-probe"):
            self.assertIn(name, {self.files[file]["fileName"].removeprefix("./") for file in own})

    def test_names_what_is_inside_the_programs(self):
        inside = {self.packages[other]["name"] for _, other in self.related("STATIC_LINK")}
        self.assertEqual(inside, compiled_in() - SHARED)

    def test_names_of_each_package_the_version_and_the_source(self):
        debian = [one for one in self.document["packages"] if "supplier" in one]
        self.assertGreater(len(debian), 20)
        for package in debian:
            with self.subTest(package["name"]):
                self.assertRegex(package["versionInfo"], r"^[\w.+:~-]+$")
                self.assertRegex(package["sourceInfo"], r"^built from \S+ \S+$")
                [reference] = package["externalRefs"]
                self.assertIn(f"pkg:deb/debian/{package['name'].replace('+', '%2B')}@",
                              reference["referenceLocator"])
                notice = f"usr/share/doc/{package['name']}/copyright"
                self.assertTrue(self.image.contents.get(notice), notice)

    def test_bears_the_time_and_the_version_of_the_image(self):
        self.assertEqual(self.document["creationInfo"]["created"],
                         self.image.configuration["created"])
        version = self.image.config["Labels"]["org.opencontainers.image.version"]
        self.assertEqual(self.packages["SPDXRef-Package-gdrive-sync"]["versionInfo"], version)


class TheJudge(Case):

    def broken(self, change):
        document = copy.deepcopy(self.document)
        change(document)
        return complaints(document)

    def test_finds_what_is_wrong(self):
        own = next(n for n, one in enumerate(self.document["packages"]) if one["filesAnalyzed"])
        for name, change in {
                "version": lambda d: d.update(spdxVersion="SPDX-2.9"),
                "a field nobody knows": lambda d: d["packages"][0].update(licence="MIT"),
                "no download location": lambda d: d["packages"][0].pop("downloadLocation"),
                "an id with a plus": lambda d: d["packages"][0].update(SPDXID="SPDXRef-g++"),
                "one id twice": lambda d: d["files"].append(d["files"][0]),
                "a relation into nothing":
                    lambda d: d["relationships"][0].update(relatedSpdxElement="SPDXRef-none"),
                "an unknown relation":
                    lambda d: d["relationships"][0].update(relationshipType="KNOWS"),
                "a file without SHA1": lambda d: d["files"][0]["checksums"].pop(0),
                "a verification code that is not the files'":
                    lambda d: d["packages"][own]["packageVerificationCode"].update(
                        packageVerificationCodeValue="0" * 40),
                "no time": lambda d: d["creationInfo"].update(created="today"),
                "a namespace that is no URI": lambda d: d.update(documentNamespace="image"),
                "nothing described": lambda d: d["relationships"].pop(0)}.items():
            with self.subTest(name):
                self.assertNotEqual(self.broken(change), [])


if __name__ == "__main__":
    unittest.main()
