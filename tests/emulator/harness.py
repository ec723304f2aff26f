"""Starts the emulator as a process and talks to it."""

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

BIN = pathlib.Path(os.environ.get("GDS_BIN", "build/bin")).resolve()
FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @classmethod
    def partial(cls, status, body):
        """An answer whose connection ended too early; what had come of its body."""
        answer = cls.__new__(cls)
        answer.status, answer.headers, answer.body = status, {}, body
        return answer

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        """The reason of Google's error object."""
        return self.json["error"]["errors"][0]["reason"]


class Emulator:
    """One running emulator; addresses by what serves them."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [BIN / "drive-emulator", *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first.startswith("listening http://"):
            raise RuntimeError(f"the emulator did not start: {first!r}")
        self.address = first.split("http://")[1].strip()
        self.url = "http://" + self.address

    def request(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, target, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None, **params):
        query = "?" + urllib.parse.urlencode(params) if params else ""
        return self.request("GET", "/drive/v3/" + path + query, headers=headers)

    def token(self, headers=None, **form):
        return self.request("POST", "/token", urllib.parse.urlencode(form),
                            {"Content-Type": "application/x-www-form-urlencoded",
                             **(headers or {})})

    def control(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body)
        answer = self.request(method or ("GET" if body is None else "POST"),
                              "/_emulator/" + path, data)
        if answer.status != 200:
            raise RuntimeError(answer.body.decode())
        return answer.json

    def edit(self, op, **members):
        return self.control("tree", {"op": op, **members})["ids"][0]

    def switch(self, **values):
        self.control("switches", {name.replace("_", "-"): v for name, v in values.items()})

    def fault(self, match, action, **more):
        return self.control("faults", {"match": match, "action": action, **more})["ids"][0]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    # What a careful client does.

    def pages(self, path, key, **params):
        """Every page's entries, to the last page."""
        token = {}
        while True:
            answer = self.get(path, **params, **token).json
            yield answer.get(key, [])
            if "nextPageToken" not in answer:
                return
            token = {"pageToken": answer["nextPageToken"]}

    def list(self, q, **params):
        return [f for page in self.pages("files", "files", q=q, **params) for f in page]

    def names(self, q, **params):
        return sorted(f["name"] for f in self.list(q, **params))

    def start_token(self, **params):
        return self.get("changes/startPageToken", **params).json["startPageToken"]

    def changes(self, token, **params):
        found = []
        while True:
            answer = self.get("changes", pageToken=token, **params).json
            found += answer["changes"]
            if "newStartPageToken" in answer:
                return found
            token = answer["nextPageToken"]


class EmulatorCase(unittest.TestCase):
    """A fresh emulator for each test, answering without tokens unless `options` say otherwise."""

    options = ["--open"]
    spec = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="emulator-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.drive = self.start(*self.options, spec=self.spec)

    def start(self, *options, spec=None):
        arguments = list(options)
        if spec is not None:
            path = self.dir / "spec.json"
            path.write_text(json.dumps(spec))
            arguments += ["--spec", path]
        emulator = Emulator(*arguments)
        self.addCleanup(emulator.stop)
        return emulator
