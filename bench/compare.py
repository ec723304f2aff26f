#!/usr/bin/env python3
"""Measure gdrive-sync and Debian's rclone side by side, in one run, against the emulator.

Every contestant mirrors the same folder through the same proxy, over TLS, into an empty directory
of its own, by turns: round by round, and within a round phase by phase, each time another one
first. After each phase its mirror is compared with the source. What is printed is the median.
"""

import argparse
import pathlib
import shutil
import tempfile

from contestants import ALL as CONTESTANTS
from drive import Drive
from measure import measure, medians, turns
from scenarios import ALL as SCENARIOS
from table import print_tables


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3, help="the median is of that many [3]")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), action="append",
                        help="only this one; repeatable")
    parser.add_argument("--contestant", choices=sorted(CONTESTANTS), action="append",
                        help="only this one; repeatable")
    for scenario in SCENARIOS.values():
        for option, (default, meaning) in scenario.options.items():
            parser.add_argument(f"--{option}", type=int, default=default,
                                help=f"{meaning} [{default}]")
    parser.add_argument("--dir", type=pathlib.Path, help="work below this directory [TMPDIR]")
    return parser.parse_args()


def play_round(scenario, contestants, drive, work, number):
    """(phase, contestant) -> what each phase took."""
    results = {}
    for index, phase in enumerate(scenario.phases()):
        phase.prepare()
        drive.rescan()
        for contestant in turns(contestants, number + index):
            mirror = work / "mirrors" / contestant.name
            mirror.mkdir(parents=True, exist_ok=True)
            results[phase.name, contestant.name] = measure(contestant, drive, mirror)
            drive.check_equal(mirror)
    shutil.rmtree(work / "mirrors")
    return results


def play(scenario_type, contestant_types, arguments, work):
    """(phase, contestant) -> the medians over all rounds, of one scenario."""
    rounds = []
    with Drive(work) as drive:
        contestants = [contestant(drive) for contestant in contestant_types]
        scenario = scenario_type(drive.folder, arguments)
        for number in range(arguments.rounds):
            rounds.append(play_round(scenario, contestants, drive, work, number))
    return scenario, medians(rounds)


def main():
    arguments = parse_arguments()
    contestants = [CONTESTANTS[name] for name in arguments.contestant or CONTESTANTS]
    for name in arguments.scenario or SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="gds-bench-", dir=arguments.dir) as work:
            scenario, figures = play(SCENARIOS[name], contestants, arguments, pathlib.Path(work))
        print_tables(scenario, figures, [contestant.name for contestant in contestants],
                     arguments.rounds)


if __name__ == "__main__":
    main()
