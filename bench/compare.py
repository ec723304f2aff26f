#!/usr/bin/env python3
"""Measure gdrive-sync beside Debian's rclone and what bounds both, in one run, against the emulator.

Every contestant mirrors the same folder through the same proxy, over TLS, into a directory of its
own, by turns: round by round, and within a round phase by phase, each time another one first. After
each phase its mirror is compared with the source. What is printed is the median.
"""

import argparse
import pathlib
import shutil
import tempfile

from drive import Drive
from measure import measure, medians, turns
from scenarios import ALL as SCENARIOS
from table import print_tables


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__.split("\n\n", maxsplit=1)[0])
    chosen = parser.add_subparsers(dest="scenario", required=True)
    for scenario in SCENARIOS.values():
        one = chosen.add_parser(scenario.name, description=scenario.__doc__)
        one.add_argument("--rounds", type=int, default=3, help="the median is of that many [3]")
        one.add_argument("--contestant", choices=[who.name for who in scenario.contestants],
                         action="append", help="only this one; repeatable")
        for option, (default, meaning) in scenario.options.items():
            one.add_argument(f"--{option}", type=int, default=default,
                             help=f"{meaning} [{default}]")
        one.add_argument("--dir", type=pathlib.Path, help="work below this directory [TMPDIR]")
    return parser.parse_args()


class Play:
    """A scenario with its Drive, its contestants and their mirrors."""

    def __init__(self, drive, arguments):
        self.drive, scenario = drive, SCENARIOS[arguments.scenario]
        self.scenario = scenario(drive, arguments)
        wanted = arguments.contestant or [who.name for who in scenario.contestants]
        self.contestants = [who(drive) for who in scenario.contestants if who.name in wanted]
        self.mirrors = drive.work / "mirrors"
        self.used = 0
        drive.rescan()
        if scenario.seeded:
            for contestant in self.contestants:
                contestant.seed(self.mirror(contestant))

    def mirror(self, contestant):
        path = self.mirrors / contestant.name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def round(self, number):
        """(phase, contestant) -> what each phase took."""
        results = {}
        for index, phase in enumerate(self.scenario.phases()):
            phase.prepare()
            self.drive.rescan()
            self.drive.set_latency(phase.latency)
            for contestant in turns(self.contestants, number + index):
                if number == 0 or not contestant.patient:
                    results[phase.name, contestant.name] = self.run(contestant, phase)
            self.drive.set_latency(0)
        return results

    def fresh(self):
        """An empty directory. What was there before stays: for some minutes ext4 makes files more
        slowly where many were removed, whoever makes them."""
        self.used += 1
        path = self.drive.work / "fresh" / str(self.used)
        path.mkdir(parents=True)
        return path

    def run(self, contestant, phase):
        fresh = phase.job in ("first", "preview")
        mirror = self.fresh() if fresh else self.mirror(contestant)
        figures = measure(contestant, self.drive, getattr(contestant, phase.job)(mirror))
        if not contestant.asks:
            del figures["requests"], figures["server"]
        if contestant.copies and phase.job != "preview":
            self.drive.check_equal(mirror)
        if phase.job == "first" and not self.scenario.large:
            figures["database"] = contestant.database(mirror) / len(self.drive.files)
        if fresh and self.scenario.large:
            shutil.rmtree(mirror)
        return figures


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="gds-bench-", dir=arguments.dir) as work:
        with Drive(pathlib.Path(work)) as drive:
            play = Play(drive, arguments)
            rounds = [play.round(number) for number in range(arguments.rounds)]
    print_tables(f"{play.scenario.title}, median of {arguments.rounds}", medians(rounds),
                 [contestant.name for contestant in play.contestants])


if __name__ == "__main__":
    main()
