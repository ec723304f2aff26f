#!/usr/bin/env python3
"""Measure what it takes to start each program and to end it again: what a run costs before it does
anything. `true` is what starting any program takes, here and from this benchmark."""

import argparse
import os
import pathlib

from measure import median, spawn, turns
from table import cell, print_rows

FIGURES = {"short wall": "wall", "short cpu": "cpu"}


def commands():
    programs = pathlib.Path(os.environ["GDS_BIN"])
    return [("gdrive-sync --version", [programs / "gdrive-sync", "--version"]),
            ("registry-probe --version", [programs / "registry-probe", "--version"]),
            ("rclone version", ["rclone", "version"]),
            ("skopeo --version", ["skopeo", "--version"]),
            ("curl --version", ["curl", "--version"]),
            ("true", ["/bin/true"])]


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="the median is of that many [100]")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    runs = {name: [] for name, _ in commands()}
    for number in range(arguments.rounds):
        for name, command in turns(commands(), number):
            runs[name].append(spawn(command, environment, name))
    print(f"\nstart, median of {arguments.rounds}\n")
    medians = {name: median(several) for name, several in runs.items()}
    base = next(iter(medians.values()))
    print_rows([["program", "wall", "user+sys CPU"],
                *([name, *(cell(unit, figures[kind], None if figures is base else base[kind])
                           for unit, kind in FIGURES.items())]
                  for name, figures in medians.items())])


if __name__ == "__main__":
    main()
