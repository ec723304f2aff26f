"""One run of one program: what it took; and what is made of several."""

import os
import statistics
import subprocess
import tempfile
import time


def turns(contestants, number):
    """The same contestants, another one first each time."""
    start = number % len(contestants)
    return contestants[start:] + contestants[:start]


def medians(rounds):
    """Key -> figure -> the median of the rounds that have it."""
    keys = dict.fromkeys(key for one in rounds for key in one)
    return {key: median([one[key] for one in rounds if key in one]) for key in keys}


def median(runs):
    """Figure -> the median of several runs of one program."""
    return {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}


def spawn(command, environment, name):
    """Wall and CPU time of one run; a run that fails ends the benchmark."""
    with tempfile.TemporaryFile() as output:
        os.sync()  # what the one before it left to be written is no part of it
        started = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise SystemExit(f"bench: {name} exited {process.returncode}:\n"
                             + output.read().decode(errors="replace"))
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime}


def run(command, environment, name):
    """Figure -> value. The kernel counts the pages of whoever starts a program as the program's, until
    its own are more: so a small one starts it, which also reads the peak."""
    with tempfile.NamedTemporaryFile() as peak:
        wrapped = ["time", "--quiet", "--format", "%M", "--output", peak.name, *command]
        figures = spawn([str(word) for word in wrapped], environment, name)
        return {**figures, "rss": int(peak.read()) * 1024}


def measure(contestant, server, command):
    """What a contestant's command took, and what the server counted meanwhile."""
    server.begin()
    environment = {**server.environment(), **contestant.environment()}
    return {**run(command, environment, contestant.name), **server.figures()}
