"""What the tests of the operator's side share: one line that says it, processes, small volumes."""

import os
import pathlib
import re
import subprocess

from harness import BIN, MirrorCase, Result

LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (trace|debug|info|warn|error) +(.*)$")
MIB = 1 << 20


def lines_of(log, level):
    """The messages of that level in a log of text lines."""
    found = (LINE.match(line) for line in log.splitlines())
    return [match.group(2) for match in found if match and match.group(1) == level]


def metric(text, name, **labels):
    """The value of one sample of a metrics file; None where there is none."""
    for line in text.splitlines():
        match = re.match(rf"{name}(?:{{(.*)}})? (\S+)$", line)
        if match and all(f'{k}="{v}"' in (match.group(1) or "") for k, v in labels.items()):
            return float(match.group(2))
    return None


def everything_under(root):
    """All that a run could have touched below `root`, times of the inodes included."""
    found = {}
    for directory, folders, files in os.walk(root):
        for name in [".", *folders, *files]:
            path = os.path.join(directory, name)
            stat = os.lstat(path)
            content = b""
            if name in files and not os.path.islink(path):
                with open(path, "rb") as stream:
                    content = stream.read()
            found[os.path.relpath(path, root)] = (
                stat.st_ino, stat.st_mode, stat.st_mtime_ns, stat.st_ctime_ns, content)
    return found


class AgentCase(MirrorCase):
    """A Drive, a volume, and what an operator sees of a run."""

    def setUp(self):
        super().setUp()
        self.metrics = self.dir / "gdrive-sync.prom"

    def strike(self, action, count=0, **match):
        """What happens to requests that match: to the first `count` of them, or to all."""
        return self.fault(match, action, count=count)

    def drive_requests(self):
        return [r for r in self.requests() if not r["label"].startswith("oauth")]

    def said(self, result, code, *parts):
        """The run ended with `code`, and one line of its log, no more, says why and what to do."""
        log = result.log if isinstance(result, Result) else result.stderr
        got = result.code if isinstance(result, Result) else result.returncode
        self.assertEqual(got, code, log)
        errors = lines_of(log, "error")
        self.assertEqual(len(errors), 1, log)
        for part in parts:
            self.assertIn(str(part), errors[0])
        return errors[0]

    def sync_with_outputs(self, *arguments, code, result, **more):
        """A sync whose report and metrics tell how it ended, too."""
        run = self.gds("sync", "--metrics-file", self.metrics, *arguments, **more)
        self.assertEqual(run.code, code, run.log)
        self.assertEqual(run.report["run"]["exit_code"], code)
        self.assertEqual(run.report["run"]["result"], result)
        text = self.metrics.read_text()
        self.assertEqual(metric(text, "gdrive_sync_last_run_exit_code"), code)
        return run

    def start(self, command, *arguments, env=None, **more):
        """The program in the background; killed at the end of the test where it still runs."""
        process = subprocess.Popen(
            [BIN / "gdrive-sync", *map(str, command.split()), *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**self.environment(), **(env or {})}, **more)
        self.addCleanup(self.reap, process)
        return process

    def reap(self, process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def start_sync(self, *arguments, **more):
        self.control("rescan", {})
        return self.start("sync", "--source", "claude/files", "--dest", self.dest, *arguments,
                          **more)

    def mount(self, path, *options, kind="tmpfs", device="none"):
        path = pathlib.Path(path)
        path.mkdir(exist_ok=True)
        arguments = ["mount", "-t", kind, *options, device, path]
        subprocess.run([*map(str, arguments)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(path)], check=True)
        return path

    def tmpfs(self, path, size):
        return self.mount(path, "-o", f"size={size}")

    def remount(self, path, how):
        subprocess.run(["mount", "-o", f"remount,{how}", str(path)], check=True)


def ended(process, timeout=120):
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
