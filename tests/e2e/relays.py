"""Servers between the program and the emulator: they pass requests on, remember what went through,
and may answer otherwise."""

import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

PASSED_ON = ("Authorization", "Content-Type", "Range", "X-Goog-Drive-Resource-Keys")


class Relay:
    """Passes on as it is what `answer` does not change."""

    path = ""

    def __init__(self, emulator_url):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)) or None
                status, answer = outer.answer(self, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self.emulator = emulator_url
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{self.path}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, asked, body):
        """Status and body for a request."""
        headers = {name: asked.headers[name] for name in PASSED_ON if asked.headers[name]}
        request = urllib.request.Request(self.emulator + asked.path, body, headers)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class TokenEndpoint(Relay):
    path = "/token"

    def __init__(self, emulator_url):
        self.forms = []
        self.bodies = []
        self.scripted = []  # (status, body) instead of the emulator's answer, first come first
        super().__init__(emulator_url)

    def answer(self, asked, body):
        self.forms.append(dict(urllib.parse.parse_qsl(body.decode())))
        if self.scripted:
            status, text = self.scripted.pop(0)
            answer = text.encode()
        else:
            status, answer = super().answer(asked, body)
        self.bodies.append(answer.decode(errors="replace"))
        return status, answer


class Drive(Relay):
    """`mend_list` may change the items of a list, `mend_feed` the entries of a page of the feed."""

    def __init__(self, emulator_url):
        self.mend_list = self.mend_feed = lambda entries: entries
        self.after_item = {}
        self.feed_goes_on = False  # the last page of the feed is passed on as if it were not
        super().__init__(emulator_url)

    def once_asked(self, item, do):
        """That happens once an item was asked for by its id, before the answer is passed on."""
        self.after_item[item] = do

    def answer(self, asked, body):
        status, answer = super().answer(asked, body)
        path = urllib.parse.urlsplit(asked.path).path
        self.after_item.pop(path.rpartition("/files/")[2], lambda: None)()
        for ending, member, mend in (("/files", "files", self.mend_list),
                                     ("/changes", "changes", self.mend_feed)):
            if path.endswith(ending) and status == 200:
                parsed = json.loads(answer)
                parsed[member] = mend(parsed[member])
                if self.feed_goes_on and "newStartPageToken" in parsed:
                    parsed["nextPageToken"] = parsed.pop("newStartPageToken")
                answer = json.dumps(parsed).encode()
        return status, answer
