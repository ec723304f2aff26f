#!/usr/bin/env python3
"""The rooms and the arrows between them: who may include whom, and who may see which library.

Without an argument the repository is checked; with --self-test, the check itself is, on sources
that break each rule.
"""

import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A room may include its own headers and those of the rooms named here.
ALLOWED = {
    "base": set(),
    "crypto": {"base"},
    "model": {"base"},
    "http": {"base"},
    "config": {"base"},
    "auth": {"base", "crypto", "http"},
    "drive": {"base", "http", "model"},
    "tree": {"base", "crypto", "model"},
    "state": {"base", "crypto", "model"},
    "plan": {"base", "crypto", "model"},
    "volume": {"base", "crypto"},
    "transfer": {"base", "crypto", "http", "model", "volume"},
    "report": {"base", "http", "model"},
    "registry": {"base", "crypto", "http", "model", "report"},
}
ALLOWED["run"] = set(ALLOWED) - {"registry"}
ALLOWED["cli"] = set(ALLOWED)

# The emulator answers as Drive does; sharing the code that asks would hide its mistakes.
EMULATOR = {"base", "crypto", "model"}

# Libraries that only the named rooms may include.
LIBRARIES = {
    "curl/": {"http"},
    "sqlite3.h": {"state"},
    "openssl/": {"crypto", "http"},
    "spdlog/": {"base"},
    "CLI/": {"cli"},
    "toml++/": {"config"},
    "nlohmann/": {"auth", "drive", "report", "config", "volume", "registry", "run", "cli"},
}

# Their handles are part of their room's own interface.
OPEN_LIBRARIES = {"sqlite3.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def rooms_of(root):
    """(room, file, whether it is a public header) of every source of the programs."""
    for base, public in (("src", False), ("include/gds", True)):
        for file in sorted((root / base).glob("*/**/*")):
            if file.suffix in (".cpp", ".h"):
                yield file.relative_to(root / base).parts[0], file, public


def room_included(path):
    match = re.match(r"gds/([^/]+)/", path)
    return match.group(1) if match else None


def judge_room(room, included, public):
    """Why a file of `room` may not include this, or None."""
    if room not in ALLOWED:
        return f"room {room} is not in the table of tests/layers_test.py"
    other = room_included(included)
    if other is not None and other != room and other not in ALLOWED[room]:
        return f"{room} may not use {other}"
    for library, rooms in LIBRARIES.items():
        if included.startswith(library):
            if room not in rooms:
                return f"<{library}> belongs to {', '.join(sorted(rooms))}"
            if public and library not in OPEN_LIBRARIES:
                return f"<{library}> stays out of public headers"
    return None


def judge_emulator(included):
    other = room_included(included)
    if other is not None and other not in EMULATOR:
        return f"the emulator may not use {other}"
    return None


def violations(root):
    """One line for each include that no arrow allows."""
    for room, file, public in rooms_of(root):
        for included in INCLUDE.findall(file.read_text()):
            why = judge_room(room, included, public)
            if why:
                yield f"{file.relative_to(root)}: includes {included}: {why}"
    for file in sorted((root / "emulator").glob("**/*")):
        if file.suffix in (".cpp", ".h"):
            for included in INCLUDE.findall(file.read_text()):
                why = judge_emulator(included)
                if why:
                    yield f"{file.relative_to(root)}: includes {included}: {why}"


def cycles():
    """Rooms from which an arrow leads back to themselves."""
    def reachable(room, seen):
        for other in ALLOWED[room] - seen:
            seen.add(other)
            reachable(other, seen)
        return seen
    return [room for room in ALLOWED if room in reachable(room, set())]


class SelfTest(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(violations(root))

    def test_allowed_arrows_pass(self):
        self.assertEqual([], self.check({
            "src/http/engine.cpp": '#include <curl/curl.h>\n#include "gds/base/fd.h"\n',
            "src/http/detail/x.h": '#include "gds/http/engine.h"\n',
            "emulator/main.cpp": '#include "gds/base/text.h"\n',
        }))

    def test_forbidden_arrow_is_found(self):
        found = self.check({"src/plan/diff.cpp": '#  include "gds/http/engine.h"\n'})
        self.assertEqual(
            ["src/plan/diff.cpp: includes gds/http/engine.h: plan may not use http"], found)

    def test_public_headers_are_checked_too(self):
        self.assertEqual(1, len(self.check({"include/gds/base/x.h": '#include <gds/model/run.h>'})))

    def test_library_outside_its_room_is_found(self):
        for library in ("curl/curl.h", "sqlite3.h", "nlohmann/json.hpp"):
            self.assertEqual(1, len(self.check({"src/tree/x.cpp": f"#include <{library}>\n"})))

    def test_library_in_a_public_header_is_found(self):
        self.assertEqual(
            1, len(self.check({"include/gds/http/x.h": "#include <curl/curl.h>\n"})))

    def test_unknown_room_is_found(self):
        self.assertEqual(1, len(self.check({"src/cellar/x.cpp": "#include <string>\n"})))

    def test_emulator_may_not_share_the_client(self):
        for room in ("auth", "drive", "tree", "http"):
            self.assertEqual(
                1, len(self.check({"emulator/x.cpp": f'#include "gds/{room}/x.h"\n'})))

    def test_table_has_no_cycle(self):
        self.assertEqual([], cycles())


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    found = list(violations(ROOT))
    print("\n".join(found) if found else "layers: every include follows an arrow")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
