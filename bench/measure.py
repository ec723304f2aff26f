"""One run of one program: what it took."""

import os
import subprocess
import tempfile
import time


def measure(contestant, drive, mirror):
    """Figure -> value; a run that fails ends the benchmark."""
    command = [str(word) for word in contestant.command(mirror)]
    environment = {**drive.environment(), **contestant.environment()}
    drive.forget_requests()
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
            "rss": usage.ru_maxrss * 1024, "requests": drive.requests()}
