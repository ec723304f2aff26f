#!/usr/bin/env python3
"""On the wire: Google's own addresses through a proxy, extra trust, HTTP/2 and HTTP/1.1."""

import os
import pathlib
import socket
import socketserver
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402

MIB = 1 << 20
HOSTS = ("www.googleapis.com", "oauth2.googleapis.com", "localhost")


class Tunnel(socketserver.BaseRequestHandler):
    """One CONNECT: whatever host it names, the bytes go to the server's backend."""

    def handle(self):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (got := self.request.recv(4096)):
                return
            head += got
        self.server.asked.append(head.split(b"\r\n")[0].decode())
        self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        self.join_ends()

    def join_ends(self):
        with socket.create_connection(("127.0.0.1", self.server.backend)) as far:
            back = threading.Thread(target=self.copy, args=(far, self.request), daemon=True)
            back.start()
            self.copy(self.request, far)
            back.join()

    @staticmethod
    def copy(source, target):
        try:
            while block := source.recv(65536):
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Relay(Tunnel):
    """The same without a CONNECT: every connection leads to the backend."""

    def handle(self):
        self.server.asked.append(self.client_address)
        self.join_ends()


class Socks(Tunnel):
    """SOCKS 5 (RFC 1928), of which every connection leads to the backend. It takes Kerberos (method 1)
    where that is offered, and has none."""

    def handle(self):
        count = self.request.recv(2)[1]
        methods = self.request.recv(count)
        self.server.asked.append(methods)
        self.request.sendall(b"\x05\x01" if 1 in methods else b"\x05\x00")
        if self.request.recv(4096)[:2] != b"\x05\x01":
            return
        self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
        self.join_ends()


class Challenge(socketserver.BaseRequestHandler):
    """Wants Kerberos or NTLM of whoever asks."""

    def handle(self):
        self.server.asked.append(self.request.recv(65536).split(b"\r\n")[0].decode())
        self.request.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\n"
                             b"WWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    handler = Tunnel

    def __init__(self, backend):
        super().__init__(("127.0.0.1", 0), self.handler)
        self.backend = backend
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Counting(Proxy):
    handler = Relay


class SocksProxy(Proxy):
    handler = Socks


class Challenging(Proxy):
    handler = Challenge


def google(proxy, **more):
    """An environment in which nothing but Google's own addresses is known."""
    return {"GDRIVE_SYNC_DRIVE_ENDPOINT": "", "GDRIVE_SYNC_TOKEN_ENDPOINT": "",
            "HTTPS_PROXY": proxy, **more}


class TransportCase(SpecCase):
    def setUp(self):
        super().setUp()
        self.made = {f"sub{n % 7}/file{n}": self.make(f"sub{n % 7}/file{n}", f"content {n}")
                     for n in range(120)}


class ThroughTheProxy(TransportCase):
    emulator_options = ["--tls-port", "0", "--proxy-port", "0"]

    def start_emulator(self):
        self.emulator_options = [*self.emulator_options, "--ca-out", self.dir / "ca.pem"]
        super().start_emulator()
        lines = (self.dir / "ready").read_text().splitlines()
        _, self.tls, self.proxy = (line.split()[1] for line in lines)
        self.trust = ["--ca-cert", self.dir / "ca.pem"]

    def test_google_by_its_own_names(self):
        self.sync(*self.trust, env=google(self.proxy))
        self.assert_mirror(self.made)
        self.assertEqual({e["via"] for e in self.requests()}, {"proxy"})
        self.assertEqual({e["host"] for e in self.requests()},
                         {"www.googleapis.com", "oauth2.googleapis.com"})
        result = self.sync(*self.trust, env=google(self.proxy))
        self.assertEqual(result.report["actions"], [])

    def test_the_variable_in_small_letters(self):
        self.sync(*self.trust, env={**google(""), "https_proxy": self.proxy})
        self.assert_mirror(self.made)

    def test_large_documents_come_from_docs_google_com(self):
        self.edit("create", parent="FILES", name="large", document="document", content="x",
                  exportPadding=11 * MIB)
        self.sync(*self.trust, env=google(self.proxy))
        self.assertGreater(len(tree(self.dest)["large.docx"][0]), 11 * MIB)
        (link,) = self.requests("export.link")
        self.assertEqual(link["host"], "docs.google.com")
        self.assertEqual(link["headers"]["authorization"], "Bearer ***")

    def test_without_its_trust_nothing_is_said(self):
        result = self.sync("--retries", "0", expect=6, env=google(self.proxy))
        self.assertEqual(tree(self.dest), {})
        self.assertEqual(self.requests(), [])
        self.assertIn("--ca-cert", result.log)

    def test_an_authority_file_that_is_none(self):
        for content in (None, "", "no certificate"):
            path = self.dir / "none.pem"
            if content is not None:
                path.write_text(content)
            self.sync("--ca-cert", path, expect=2, env=google(self.proxy))

    def test_a_proxy_that_is_not_there(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        result = self.sync("--retries", "0", *self.trust, expect=6,
                           env=google(f"http://user:pass-word@127.0.0.1:{port}"))
        self.assertNotIn("pass-word", result.log)
        self.assertIn("proxy", result.log.lower())

    def test_no_proxy_goes_directly(self):
        env = {"GDRIVE_SYNC_DRIVE_ENDPOINT": self.tls, "HTTPS_PROXY": "http://127.0.0.1:1",
               "GDRIVE_SYNC_TOKEN_ENDPOINT": self.tls + "/token", "NO_PROXY": "127.0.0.1,localhost"}
        self.sync(*self.trust, env=env)
        self.assert_mirror(self.made)
        self.assertEqual({e["via"] for e in self.requests()}, {"tls"})

    def test_a_redirect_from_https_to_http_is_not_followed(self):
        bad = self.made["sub0/file0"]
        self.fault({"label": "files.media", "path": bad.id},
                   {"redirect": f"{self.url}/drive/v3/files/{bad.id}?alt=media"})
        self.sync("--retries", "0", *self.trust, expect=5, env=google(self.proxy))
        self.assertNotIn("http", {e["via"] for e in self.requests("files.media")})


class Versions(TransportCase):
    """nghttpx speaks TLS and HTTP/2 in front of the emulator."""

    def setUp(self):
        super().setUp()
        self.make_certificates()
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = listener.getsockname()[1]
        self.listener = listener
        self.log = self.dir / "access.log"

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def make_certificates(self):
        self.ca, self.key, self.certificate = (self.dir / n for n in ("ca.pem", "key", "cert"))
        ca_key = self.dir / "ca.key"
        common = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-days", "2"]
        self.openssl(*common, "-keyout", ca_key, "-out", self.ca, "-subj", "/CN=Test CA")
        names = ",".join(f"DNS:{host}" for host in HOSTS)
        self.openssl(*common, "-keyout", self.key, "-out", self.certificate, "-subj",
                     "/CN=localhost", "-addext", f"subjectAltName={names}", "-addext",
                     "basicConstraints=critical,CA:FALSE", "-CA", self.ca, "-CAkey", ca_key)

    def start_front(self, protocols):
        # The socket listens already and is handed over, so that nobody waits or guesses a port.
        handed = self.listener.fileno()
        backend = self.url.rsplit(":", 1)[1]
        front = subprocess.Popen(
            ["nghttpx", "--conf=/dev/null", "--workers=1", "--no-ocsp", f"--npn-list={protocols}",
             f"--frontend=127.0.0.1,{self.port}", f"--backend=127.0.0.1,{backend}",
             f"--accesslog-file={self.log}", "--accesslog-format=$alpn $remote_port $status $path",
             str(self.key), str(self.certificate)],
            pass_fds=[handed], env={**os.environ, "NGHTTPX_ACCEPT_1": f"tcp,{handed}"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(front.wait)
        self.addCleanup(front.terminate)
        self.listener.close()
        return front

    def mirror_through(self, protocols):
        self.start_front(protocols)
        proxy = Proxy(self.port)
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        self.sync("--ca-cert", self.ca, env=google(proxy.url))
        self.assert_mirror(self.made)
        lines = [line.split() for line in pathlib.Path(self.log).read_text().splitlines()]
        self.assertGreater(len(lines), len(self.made))
        return {alpn for alpn, *_ in lines}, {port for _, port, *_ in lines}

    def test_http2_on_few_connections(self):
        alpn, ports = self.mirror_through("h2,http/1.1")
        self.assertEqual(alpn, {"h2"})
        self.assertLessEqual(len(ports), 4)

    def test_http1_on_connections_that_are_used_again(self):
        alpn, ports = self.mirror_through("http/1.1")
        self.assertEqual(alpn, {"http/1.1"})
        self.assertLess(len(ports), 60)

    def test_changes_and_deletes_over_http2(self):
        self.start_front("h2")
        env = {"GDRIVE_SYNC_DRIVE_ENDPOINT": f"https://localhost:{self.port}",
               "GDRIVE_SYNC_TOKEN_ENDPOINT": f"https://localhost:{self.port}/token"}
        options = ["--ca-cert", self.ca]
        self.sync(*options, env=env)
        gone = self.made.pop("sub1/file1")
        self.edit("delete", id=gone.id)
        self.update(self.made["sub2/file2"], "edited")
        self.made["new"] = self.make("new", "new")
        self.sync(*options, env=env)
        self.assert_mirror(self.made)
        self.assertEqual(self.sync(*options, env=env).report["actions"], [])

    def test_cut_streams_over_http2_are_continued(self):
        self.start_front("h2")
        env = {"GDRIVE_SYNC_DRIVE_ENDPOINT": f"https://localhost:{self.port}",
               "GDRIVE_SYNC_TOKEN_ENDPOINT": f"https://localhost:{self.port}/token"}
        self.made["larger"] = self.make("larger", "0123456789" * 50_000)
        for n in (1, 3, 5):
            self.fault({"label": "files.media", "nth": n}, {"cut_after": 3})
        self.fault({"label": "files.media", "path": self.made["larger"].id, "nth": 1},
                   {"cut_after": 200_000})
        self.sync("--ca-cert", self.ca, env=env)
        self.assert_mirror(self.made)


class OnPlainConnections(TransportCase):
    def in_front(self, kind):
        proxy = kind(int(self.url.rsplit(":", 1)[1]))
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        return proxy

    def test_connections_are_used_again(self):
        proxy = self.in_front(Counting)
        env = {"GDRIVE_SYNC_DRIVE_ENDPOINT": proxy.url,
               "GDRIVE_SYNC_TOKEN_ENDPOINT": proxy.url + "/token"}
        self.sync(env=env)
        self.assert_mirror(self.made)
        self.assertLess(len(proxy.asked), len(self.made) // 2)

    def test_a_socks_proxy_is_not_offered_kerberos(self):
        proxy = self.in_front(SocksProxy)
        others = dict.fromkeys(("http_proxy", "all_proxy", "no_proxy", "NO_PROXY"), "")
        self.sync(env={**others, "ALL_PROXY": proxy.url.replace("http", "socks5h")})
        self.assert_mirror(self.made)
        self.assertEqual(set(proxy.asked), {b"\x00"})

    def test_a_server_that_wants_kerberos_is_told_of_as_any_other(self):
        proxy = self.in_front(Challenging)
        result = self.sync(env={"GDRIVE_SYNC_DRIVE_ENDPOINT": proxy.url}, expect=3)
        self.assertEqual(tree(self.dest), {})
        self.assertIn("401", result.log)

    def test_text_answers_may_be_compressed_and_bytes_may_not(self):
        self.sync()
        lists = self.requests("files.list")
        self.assertTrue(all(e["headers"].get("accept-encoding") == "gzip" for e in lists))
        self.assertTrue(all("gzip" in e["headers"]["user-agent"] for e in lists))
        for entry in self.requests("files.media"):
            self.assertNotIn("accept-encoding", entry["headers"])

    def test_nothing_but_get_reaches_drive(self):
        self.sync()
        self.edit("delete", id=self.made["sub1/file1"].id)
        self.sync()
        drive = [e for e in self.requests() if e["label"] != "oauth.token"]
        self.assertEqual({e["method"] for e in drive}, {"GET"})


if __name__ == "__main__":
    unittest.main()
