"""A server between the program and the emulator, which answers what no Drive should, or should have
by now."""

import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

HEADERS = ("Authorization", "Content-Type", "Range", "X-Goog-Drive-Resource-Keys")


class Between:
    """Passes requests on to the emulator. `mend_list` may change the items of a list, `mend_feed`
    the entries of a page of the feed."""

    def __init__(self, emulator):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                request = urllib.request.Request(
                    emulator + self.path,
                    headers={name: self.headers[name] for name in HEADERS if self.headers[name]})
                try:
                    with urllib.request.urlopen(request) as reply:
                        status, body = reply.status, reply.read()
                except urllib.error.HTTPError as refused:
                    status, body = refused.code, refused.read()
                if status == 200:
                    body = outer.mended(urllib.parse.urlsplit(self.path).path, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.mend_list = self.mend_feed = lambda entries: entries
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def mended(self, path, body):
        for ending, member, mend in (("/files", "files", self.mend_list),
                                     ("/changes", "changes", self.mend_feed)):
            if path.endswith(ending):
                answer = json.loads(body)
                answer[member] = mend(answer[member])
                return json.dumps(answer).encode()
        return body

    def close(self):
        self.server.shutdown()
        self.server.server_close()
