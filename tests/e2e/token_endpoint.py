"""A token endpoint between the program and the emulator: passes requests on and remembers what
went through, or answers as it is told."""

import http.server
import threading
import urllib.error
import urllib.parse
import urllib.request


class TokenEndpoint:
    def __init__(self, emulator_url):
        self.forms = []
        self.bodies = []
        self.scripted = []  # (status, body) instead of the emulator's answer, first come first
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.forms.append(dict(urllib.parse.parse_qsl(body.decode())))
                status, answer = outer.answer(body)
                outer.bodies.append(answer.decode(errors="replace"))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.emulator = emulator_url
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, body):
        if self.scripted:
            status, text = self.scripted.pop(0)
            return status, text.encode()
        request = urllib.request.Request(self.emulator + "/token", body)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
