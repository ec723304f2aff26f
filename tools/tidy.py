#!/usr/bin/env python3
"""Run clang-tidy over what a build directory compiles, skipping what has not changed.

A file is clean as long as its text, the texts of the project's headers it includes (from ninja's
own record of the last build), its command line, the .clang-tidy files and clang-tidy's version are
those of a run that found nothing. The keys of such runs are kept in BUILD/tidy-clean.
"""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="a directory with compile_commands.json")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("folders", nargs="+", help="only sources below these are looked at")
    return parser.parse_args()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def headers_by_object(build):
    """The project's headers that each object file was made from, as ninja recorded them."""
    headers, current = {}, None
    for line in run("ninja", "-C", str(build), "-t", "deps").splitlines():
        if line and not line.startswith(" "):
            current = headers.setdefault(line.split(":", 1)[0], set())
        elif line.strip():
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                current.add(path)
    return headers


def tidy_settings():
    version = run("clang-tidy", "--version")
    files = sorted(ROOT.glob("**/.clang-tidy"))
    return version.encode() + b"".join(path.read_bytes() for path in files)


def key_of(entry, headers, settings):
    digest = hashlib.sha256(settings)
    digest.update(entry["command"].encode())
    for path in [pathlib.Path(entry["file"]), *sorted(headers)]:
        content = path.read_bytes() if path.exists() else b"gone"
        digest.update(str(path).encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def object_of(entry):
    words = entry["command"].split()
    return words[words.index("-o") + 1]


def work_list(build, folders):
    """(file, key) of every source below the folders."""
    settings = tidy_settings()
    headers = headers_by_object(build)
    # CMake joins sources in files of its own below the build directory, in the same folders.
    wanted = tuple(f"{base / folder}/" for base in (ROOT, build) for folder in folders)
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].startswith(wanted):
            yield entry["file"], key_of(entry, headers.get(object_of(entry), ()), settings)


def tidy(build, file):
    """What clang-tidy says about one file; empty if it is content."""
    # Including sources is what CMake's files are for.
    done = subprocess.run(
        ["clang-tidy", "--quiet", "--checks=-bugprone-suspicious-include", "-p", str(build), file],
        check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout or done.stderr


def main():
    arguments = parse_arguments()
    build = (ROOT / arguments.build).resolve()
    record = build / "tidy-clean"
    clean = set(record.read_text().split()) if record.exists() else set()
    work = sorted(work_list(build, arguments.folders))
    if not work:
        sys.exit(f"tidy: {build} compiles nothing below {', '.join(arguments.folders)}")
    due = [(file, key) for file, key in work if key not in clean]
    kept = {key for _, key in work} & clean
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda item: tidy(build, item[0]), due)
        for (file, key), complaint in zip(due, results):
            if complaint:
                failed += 1
                print(complaint, flush=True)
                continue
            kept.add(key)
            record.write_text("\n".join(sorted(kept)))
    print(f"tidy: {len(work)} files, {len(due)} looked at, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
