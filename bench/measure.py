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
    """Key -> figure -> the median of that many rounds."""
    return {key: {figure: statistics.median(one[key][figure] for one in rounds)
                  for figure in rounds[0][key]}
            for key in rounds[0]}


def measure(contestant, server, *target):
    """Figure -> value; a run that fails ends the benchmark."""
    command = [str(word) for word in contestant.command(*target)]
    environment = {**server.environment(), **contestant.environment()}
    server.forget_requests()
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise SystemExit(f"bench: {contestant.name} exited {process.returncode}:\n"
                             + output.read().decode(errors="replace"))
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime,
            "rss": usage.ru_maxrss * 1024, "requests": server.requests()}
