"""Waiting for what comes sooner or later."""

import time

SECONDS = 60


def wait_for(what, question, seconds=SECONDS):
    """Asks until the answer is one."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.1)
