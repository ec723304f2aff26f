#!/usr/bin/env python3
"""The pods of the rendered CronJobs run from the image: everything that is asked of them as
processes, and that they run as confined as their template says."""

import os
import pathlib
import re
import sys
import unittest

from archive import Archive
from podman import NONROOT, Pod, Podman, documents, give_to_group

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "k8s"))
import workload_test  # noqa: E402
from workload import WorkloadCase  # noqa: E402

AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
UNITS = {"Mi": 1 << 20, "Gi": 1 << 30}


class PodCase(WorkloadCase):
    """Where WorkloadCase starts a process, a pod of the image runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.podman = Podman()
        cls.addClassCleanup(cls.podman.close)

    def setUp(self):
        super().setUp()
        give_to_group(self.dest, 0o2775)
        self.tmpfs(self.tmp, "64m").chmod(0o1777)

    def write_secret(self, refresh_token):
        super().write_secret(refresh_token)
        for path in self.secrets.iterdir():
            give_to_group(path, 0o440)

    def servers(self):
        """Where Drive is."""
        return {"GDRIVE_SYNC_DRIVE_ENDPOINT": self.url,
                "GDRIVE_SYNC_TOKEN_ENDPOINT": self.url + "/token"}

    def start_cronjob(self, component, volume=None):
        self.control("rescan", {})
        environment = {"GDRIVE_SYNC_METRICS_PUSH": self.pushgateway, **self.servers()}
        return Pod(self.podman, documents(self.rendering.cronjob(component), self.places(volume),
                                          environment))

    def run_cronjob(self, component, volume=None):
        with self.start_cronjob(component, volume) as pod:
            return pod.ended()

class Stem95su(PodCase, workload_test.Stem95su):
    """What workload_test asks, of the pods."""


class PlainSecret(PodCase, workload_test.PlainSecret):
    """What workload_test asks, of the pods."""


class ByGooglesNames(PodCase):
    """Nothing says where Drive is: the emulator answers for Google's hosts, behind a proxy."""

    emulator_options = ["--proxy-port", "0"]

    def start_emulator(self):
        self.emulator_options = [*self.emulator_options, "--ca-out", self.dir / "ca.pem"]
        super().start_emulator()
        *_, self.proxy = (self.dir / "ready").read_text().split()

    def servers(self):
        return {"HTTPS_PROXY": self.proxy}

    def places(self, read_only_volume=None):
        return {**super().places(read_only_volume), **self.authorities}

    def test_over_https_by_the_authorities_that_the_image_holds(self):
        self.fill(3)
        self.authorities = {}
        self.cronjob_ends(6, "sync")
        self.assertEqual(self.requests(), [])
        bundle = self.dir / "bundle.pem"
        bundle.write_bytes(Archive().contents[AUTHORITIES] + (self.dir / "ca.pem").read_bytes())
        self.authorities = {f"/{AUTHORITIES}": bundle}
        self.cronjob_ends(0, "sync")
        self.assert_equal_trees()


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


def memory_limit(pid):
    """In bytes, by either version of cgroups."""
    groups = dict(line.split(":")[1:]
                  for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    if "memory" in groups:
        file = f"/sys/fs/cgroup/memory{groups['memory']}/memory.limit_in_bytes"
    else:
        file = f"/sys/fs/cgroup{groups['']}/memory.max"
    return int(pathlib.Path(file).read_text())


def root_mount(pid):
    """The options of the mount at the root, as a set."""
    for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        if line.split()[4] == "/":
            return set(line.split()[5].split(","))
    raise AssertionError("nothing is mounted at the root")


class Confined(PodCase):
    """A tick that waits within a download."""

    def setUp(self):
        super().setUp()
        self.fill(5)
        self.write("late.bin", os.urandom(1 << 16))
        self.control("rescan", {})
        late = self.control("tree?path=claude/files/late.bin")["id"]
        self.strike({"stall_at": 1 << 15, "stall_ms": 600_000}, label="files.media", path=late)
        self.pod = self.start_cronjob("sync")
        self.addCleanup(self.pod.__exit__)
        self.wait_until(lambda: len(list(self.dest.glob("file*"))) == 5)

    def test_as_the_template_says(self):
        workload = self.rendering.cronjob("sync")
        pid = self.pod.state()["Pid"]
        status = status_of(pid)
        self.assertEqual(status["Name"], ["gdrive-sync"])
        self.assertEqual(status["Uid"], [str(workload.pod["securityContext"]["runAsUser"])] * 4)
        self.assertEqual(status["Gid"], [str(workload.pod["securityContext"]["runAsGroup"])] * 4)
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[capabilities][0], 16), 0, capabilities)
        self.assertEqual(status["NoNewPrivs"], ["1"])
        self.assertEqual(status["Seccomp"], ["2"])
        self.assertIn("ro", root_mount(pid))
        number, unit = re.fullmatch(r"(\d+)(\w+)",
                                    workload.container["resources"]["limits"]["memory"]).groups()
        self.assertEqual(memory_limit(pid), int(number) * UNITS[unit])

    def test_a_stop_is_a_clean_one(self):
        self.pod.stop()
        done = self.pod.ended()
        self.assertEqual(done.returncode, 143, done.stderr)
        self.assertIn("what was finished is kept", done.stderr)
        self.assertFalse((self.dest / "late.bin").exists())
        self.clear_faults()
        self.cronjob_ends(0, "sync")
        self.assert_equal_trees()

    def test_what_it_writes_is_for_its_group(self):
        for path in self.dest.glob("file*"):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (NONROOT, NONROOT))
        self.assertEqual((self.dest / ".gdrive-sync").stat().st_mode & 0o777, 0o700)


if __name__ == "__main__":
    unittest.main()
