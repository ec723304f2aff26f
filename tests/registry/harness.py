"""Debian's docker-registry as a process over a tree of its own, and the program beside it."""

import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import images

BIN = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve()
LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")
START_SECONDS = 60


class Tree:
    """Where distribution keeps what it serves."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.v2 = self.root / "docker" / "registry" / "v2"

    @staticmethod
    def _split(digest):
        return digest.split(":", 1)

    def blob(self, digest):
        algorithm, hexa = self._split(digest)
        return self.v2 / "blobs" / algorithm / hexa[:2] / hexa / "data"

    def repository(self, name):
        return self.v2 / "repositories" / name

    def revision(self, repository, digest):
        algorithm, hexa = self._split(digest)
        return self.repository(repository) / "_manifests/revisions" / algorithm / hexa / "link"

    def layer(self, repository, digest):
        algorithm, hexa = self._split(digest)
        return self.repository(repository) / "_layers" / algorithm / hexa / "link"

    def tags(self, repository):
        return self.repository(repository) / "_manifests" / "tags"

    def tag(self, repository, tag):
        return self.tags(repository) / tag / "current" / "link"


class Registry:
    """One registry on a port of the kernel's choice; use as a context manager."""

    def __init__(self, root, cache=False, delete=True, read_only=False, extra=None,
                 access_log=None):
        self.tree = Tree(root)
        self.access_log = access_log  # a file that gets a line for each request
        self.settings = {"cache": cache, "delete": delete, "read_only": read_only}
        self.extra = extra or {}
        self.process = None
        self.tree.root.mkdir(parents=True, exist_ok=True)
        self.config = pathlib.Path(f"{self.tree.root}.yml")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _write_config(self):
        storage = {"filesystem": {"rootdirectory": str(self.tree.root)},
                   "delete": {"enabled": self.settings["delete"]},
                   "maintenance": {"uploadpurging": {"enabled": False},
                                   "readonly": {"enabled": self.settings["read_only"]}}}
        if self.settings["cache"]:
            storage["cache"] = {"blobdescriptor": "inmemory"}
        # JSON is YAML.
        self.config.write_text(json.dumps({
            "version": "0.1", "log": {"level": "info",
                                      "accesslog": {"disabled": self.access_log is None}},
            "storage": storage, "http": {"addr": "127.0.0.1:0"},
            "validation": {"manifests": {"urls": {"allow": ["^https://layers.example/"]}}},
            **self.extra}))

    def start(self, **settings):
        self.settings.update(settings)
        self._write_config()
        with open(self.access_log or os.devnull, "ab") as out:
            self.process = subprocess.Popen(["docker-registry", "serve", str(self.config)],
                                            stdout=out, stderr=subprocess.PIPE,
                                            text=True, errors="replace")
        self.log, self.host, up = [], None, threading.Event()
        threading.Thread(target=self._follow, args=(self.process.stderr, up), daemon=True).start()
        if not up.wait(START_SECONDS) or self.host is None:
            raise RuntimeError("the registry did not start:\n" + "".join(self.log))
        self._wait_until_it_answers()

    def _follow(self, stream, up):
        with stream:
            for line in stream:
                self.log.append(line)
                found = LISTENING.search(line)
                if found:
                    self.host = found.group(1)
                    up.set()
        up.set()

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.request("GET", "/v2/")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self, **settings):
        """Stop and start: the descriptor cache is empty, the port another one."""
        self.stop()
        self.start(**settings)

    def collect(self, delete_untagged=False):
        """Run the registry's own garbage collection; its exit code and output."""
        command = ["docker-registry", "garbage-collect", str(self.config)]
        command += ["--delete-untagged"] if delete_untagged else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    # --- the HTTP API ---

    @property
    def url(self):
        return f"http://{self.host}"

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body); a body that ends early is what did arrive."""
        connection = http.client.HTTPConnection(self.host, timeout=START_SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            try:
                data = answer.read()
            except http.client.IncompleteRead as partial:
                data = partial.partial
            return answer.status, answer.headers, data
        finally:
            connection.close()

    def expect(self, status, method, path, body=None, headers=None):
        got, head, data = self.request(method, path, body, headers)
        if got != status:
            raise AssertionError(f"{method} {path}: {got}, not {status}: {data[:500]!r}")
        return head

    def manifest(self, repository, reference, method="GET"):
        return self.request(method, f"/v2/{repository}/manifests/{reference}",
                            headers={"Accept": ", ".join(images.MANIFEST_TYPES)})

    def blob(self, repository, digest, method="GET"):
        return self.request(method, f"/v2/{repository}/blobs/{digest}")

    def put_blob(self, repository, content):
        head = self.expect(202, "POST", f"/v2/{repository}/blobs/uploads/", b"")
        place = urllib.parse.urlsplit(head["Location"])
        path = f"{place.path}?{place.query}&digest={urllib.parse.quote(content.digest)}"
        self.expect(201, "PUT", path, content.data,
                    {"Content-Type": "application/octet-stream"})

    def put_manifest(self, repository, reference, content):
        self.expect(201, "PUT", f"/v2/{repository}/manifests/{reference}", content.data,
                    {"Content-Type": content.media_type})

    def push(self, repository, tag, image):
        """Blobs, then children by digest, then the manifest under the tag, or by digest."""
        for part in image.tree():
            for content in part.blobs:
                self.put_blob(repository, content)
            reference = tag if part is image and tag else part.digest
            self.put_manifest(repository, reference, part.content)
        return image


def skopeo(*arguments):
    return subprocess.run(["skopeo", "--insecure-policy", *map(str, arguments)],
                          capture_output=True, text=True, check=False)


class Outcome:
    """What a run of registry-probe left."""

    def __init__(self, process, report):
        self.code = process.returncode
        self.out = process.stdout
        self.log = process.stderr
        self.report = report

    @property
    def summary(self):
        return self.out.rstrip("\n").rsplit("\n", 1)[-1]

    @property
    def broken(self):
        return self.report["broken"]

    def keys(self, which="broken"):
        """What a scan and a probe have to agree on."""
        return sorted((one["repository"], one["tag"], one["parent"], one["digest"], one["kind"])
                      for one in self.report[which])

    def warned(self, defect):
        return [one for one in self.report["warnings"] if one["defect"] == defect]

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.log}"


class RegistryCase(unittest.TestCase):
    """Directories for a registry and for reports, gone at the end."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="gds-registry-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.runs = 0

    def registry(self, name="registry", **settings):
        one = Registry(self.dir / name, **settings)
        one.start()
        self.addCleanup(one.stop)
        return one

    def program(self, *arguments, env=None):
        """registry-probe as a process, with a report."""
        self.runs += 1
        path = self.dir / f"report-{self.runs}.json"
        done = subprocess.run([BIN / "registry-probe", *map(str, arguments), "--report", path],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, **(env or {})})
        outcome = Outcome(done, json.loads(path.read_text()) if path.exists() else None)
        outcome.report_file = path
        return outcome

    def probe(self, registry, *arguments):
        return self.program("probe", registry.host, "--plain-http", "--confirm-after", "0",
                            *arguments)

    def scan(self, registry, *arguments):
        return self.program("scan", registry.tree.root, "--confirm-after", "0", *arguments)

    def verify(self, registry, image, *arguments):
        return self.program("verify", f"{registry.host}/{image}", "--plain-http",
                            "--confirm-after", "0", *arguments)

    def repair(self, registry, report, *arguments):
        return self.program("repair", registry.host, "--from", report, "--plain-http",
                            "--confirm-after", "0", *arguments)
