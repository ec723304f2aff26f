"""A registry that answers as it is told to: for what no real one would do on request."""

import hashlib
import http.server
import json
import re
import socket
import threading

import images

ROUTE = re.compile(r"^/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<reference>[^/]+)$")


class Answer:
    """What to say: status, headers, body; `send` for what is not a whole answer."""

    def __init__(self, status=200, body=b"", headers=None, send=None):
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = headers or {}
        self.send = send


def manifest_answer(content, digest=None, status=200):
    return Answer(status, content.data, {"Content-Type": content.media_type,
                                         "Docker-Content-Digest": digest or content.digest})


def error_answer(status, code):
    return Answer(status, json.dumps({"errors": [{"code": code, "message": code.lower()}]}),
                  {"Content-Type": "application/json"})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _serve(self):
        owner = self.server.owner
        length = int(self.headers.get("Content-Length", 0))
        self.sent = self.rfile.read(length) if length else b""
        with owner.lock:
            owner.requests.append((self.command, self.path, dict(self.headers)))
        answer = owner.answer(self)
        if answer.send:
            self.close_connection = True
            try:
                answer.send(self)
            except OSError:
                pass  # the client had enough of it
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients go away as they like


class FakeRegistry:
    """Repositories of images; `override` may answer first, with an Answer or None."""

    def __init__(self, address="127.0.0.1"):
        self.tags = {}       # repository -> {tag: digest}
        self.manifests = {}  # digest -> Content
        self.blobs = {}      # digest -> bytes
        self.override = lambda handler: None
        self.requests = []
        self.lock = threading.Lock()
        self.server = _Server((address, 0), _Handler)
        self.server.owner = self
        self.host = f"{address}:{self.server.server_port}"
        self.scheme = "http"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def use_tls(self, context):
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https"
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def push(self, repository, tag, image):
        parts = [image]
        while parts:  # not by recursion: an index may be nested a thousand deep
            part = parts.pop()
            parts += part.children
            self.blobs.update((content.digest, content.data) for content in part.blobs)
            self.manifests[part.digest] = part.content
        self.tags.setdefault(repository, {})[tag] = image.digest
        return image

    def asked(self, pattern):
        with self.lock:
            return [request for request in self.requests
                    if re.search(pattern, f"{request[0]} {request[1]}")]

    # --- what it says of itself ---

    def answer(self, handler):
        special = self.override(handler)
        if special is not None:
            return special
        path = handler.path.split("?")[0]
        if path == "/v2/":
            return Answer(200, "{}")
        if path == "/v2/_catalog":
            return Answer(200, json.dumps({"repositories": sorted(self.tags)}))
        route = ROUTE.match(path)
        if not route:
            return error_answer(404, "NOT_FOUND")
        return getattr(self, "_" + route["kind"])(handler, route["name"], route["reference"])

    def _tags(self, _, name, __):
        if name not in self.tags:
            return error_answer(404, "NAME_UNKNOWN")
        return Answer(200, json.dumps({"name": name, "tags": list(self.tags[name])}))

    def _manifests(self, _, name, reference):
        digest = self.tags.get(name, {}).get(reference, reference)
        content = self.manifests.get(digest)
        return manifest_answer(content, digest) if content else error_answer(404,
                                                                             "MANIFEST_UNKNOWN")

    def _blobs(self, handler, _, digest):
        data = self.blobs.get(digest)
        if data is None:
            return error_answer(404, "BLOB_UNKNOWN")
        if handler.headers.get("Range") == "bytes=-1":
            return Answer(206, data[-1:], {"Content-Range":
                                           f"bytes {len(data) - 1}-{len(data) - 1}/{len(data)}"})
        return Answer(200, data)


def nested(depth, seed="nested"):
    """An image within `depth` indexes."""
    one = images.image(seed)
    for _ in range(depth):
        one = images.index(one)
    return one


def free_port_that_refuses():
    """An address nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
