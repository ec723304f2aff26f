"""Whatever is sent to it, the emulator answers as HTTP has it, or hangs up, and goes on serving."""

import concurrent.futures
import json
import re
import contextlib
import socket
import unittest

from harness import EmulatorCase

HOST = b"Host: x\r\n"
KIND = b"/drive/v3/about?fields=kind"
SPEC = {"items": [{"id": "A", "name": "a.txt", "content": "0123456789"}]}


def request(line, *headers, body=b""):
    return line + b" HTTP/1.1\r\n" + HOST + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body


def control(path, value):
    body = json.dumps(value).encode()
    return request(b"POST /_emulator/" + path, b"Content-Length: %d" % len(body), body=body)


class RawCase(EmulatorCase):
    spec = SPEC

    def connect(self, address=None):
        host, port = (address or self.drive.address).split(":")
        connection = socket.create_connection((host, int(port)), timeout=60)
        self.addCleanup(connection.close)
        return connection

    def exchange(self, data, address=None, end=False):
        """Everything that comes back until the emulator hangs up; `end` says that no more comes."""
        connection = self.connect(address)
        received = b""
        try:
            connection.sendall(data)
            if end:
                with contextlib.suppress(OSError):  # the emulator may have hung up already
                    connection.shutdown(socket.SHUT_WR)
            while block := connection.recv(65536):
                received += block
        except (BrokenPipeError, ConnectionResetError):
            pass
        return received

    def statuses(self, data, **more):
        return [int(s) for s in re.findall(rb"HTTP/1\.1 (\d+) ", self.exchange(data, **more))]

    def assert_serves(self):
        self.assertEqual(self.drive.get("about", fields="kind").json, {"kind": "drive#about"})


class HostileRequests(RawCase):
    def test_what_is_no_request_ends_the_connection(self):
        for name, data in {
                "bytes": bytes(range(256)) + b"\r\n\r\n",
                "no version": b"GET /\r\n\r\n",
                "another version": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
                "unknown method": request(b"BREW /drive/v3/about"),
                "a NUL": request(b"GET /drive/v3/files/a\0b"),
                "a header without end": b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
                "no chunk": request(b"POST /token", b"Transfer-Encoding: chunked",
                                    body=b"zz\r\nabc\r\n"),
                "a tunnel": request(b"CONNECT www.googleapis.com:443")}.items():
            with self.subTest(name):
                # And whatever follows on it is not taken for another request.
                self.assertEqual(self.statuses(data + request(b"GET " + KIND)), [400])
        self.assertIn(self.statuses(request(b"GET /" + b"a" * 100_000)), ([414], []))
        self.assert_serves()

    def test_lengths_that_lie(self):
        for length in (b"99999999999999999999", b"-5", b"1000", b"x"):
            with self.subTest(length):
                data = request(b"POST /token", b"Content-Length: " + length, body=b"abc")
                self.assertIn(self.statuses(data, end=True), ([], [400]))
        for chunk in (b"fffffffffffffff\r\nabc\r\n", b"10\r\nabc"):
            data = request(b"POST /token", b"Transfer-Encoding: chunked", body=chunk)
            self.assertIn(self.statuses(data, end=True), ([], [400]))
        self.assert_serves()

    def test_paths_and_parameters(self):
        for target, status in ((b"/drive/v3/files/../../../etc/passwd", 404), (b"//", 404),
                               (b"/drive/v3/files/%zz%?q=%&%00=%ff", 404),
                               (b"/drive/v3/files?q=" + b"(" * 5000, 400),
                               (b"/drive/v3/files?q=" + b"not%20" * 1300, 400),
                               (b"/drive/v3/files?fields=" + b"a(" * 3000, 400),
                               (b"/drive/v3/files?pageSize=99999999999999999999", 400),
                               (b"/drive/v3/changes?pageToken=-1", 400)):
            with self.subTest(target[:40]):
                self.assertEqual(self.statuses(request(b"GET " + target), end=True), [status])
        self.assert_serves()

    def test_ranges(self):
        for value, status in ((b"bytes=99999999999999999999-", 416), (b"bytes=10-", 416),
                              (b"bytes=-0", 416), (b"bytes=5-2", 416), (b"bytes=2-5", 206)):
            with self.subTest(value):
                data = request(b"GET /drive/v3/files/A?alt=media", b"Range: " + value)
                self.assertEqual(self.statuses(data, end=True), [status])

    def test_control_bodies_of_the_wrong_shape(self):
        for path, value in ((b"tree", {"op": 1, "id": [], "children": 3}), (b"tree", [1, None]),
                            (b"tree", {"op": "create", "name": "d", "children": [1, "x", None]}),
                            (b"faults", {"match": 3, "action": [1]}), (b"faults", [[]]),
                            (b"switches", []), (b"switches", {"short-pages": "yes"}),
                            (b"tokens", 5)):
            with self.subTest(value=value):
                self.assertEqual(self.statuses(control(path, value), end=True), [400])
        deep = request(b"POST /_emulator/tree", b"Content-Length: 200000", body=b"[" * 200_000)
        self.assertEqual(self.statuses(deep, end=True), [400])
        self.assert_serves()

    def test_folders_in_a_circle(self):
        one = self.drive.edit("create", name="one", folder=True, parent="root")
        two = self.drive.edit("create", name="two", folder=True, parent=one)
        self.drive.edit("move", id=one, to=two)
        self.drive.switch(folder_move_emits_one_entry=0)
        token = self.drive.start_token()
        self.drive.edit("rename", id=one, name="other")
        self.assertEqual(len(self.drive.changes(token, restrictToMyDrive="false")), 2)
        self.assertEqual(self.drive.changes(token, restrictToMyDrive="true"), [])
        self.assertEqual(self.drive.names(f"'{two}' in parents and trashed = false"), ["other"])
        self.drive.edit("delete", id=one)
        self.assert_serves()

    def test_garbage_instead_of_tls_and_of_a_tunnel(self):
        ready = self.dir / "ready"
        other = self.start("--open", "--tls-port", "0", "--proxy-port", "0", "--ready-file", ready)
        _, tls, proxy = (line.split("//")[1] for line in ready.read_text().splitlines())
        self.exchange(b"GET / HTTP/1.1\r\n\r\n", address=tls, end=True)
        self.exchange(b"\x16\x03\x01\xff\xff" + bytes(1000), address=tls, end=True)
        self.assertIn(b" 502 ", self.exchange(request(b"GET http://x/"), address=proxy, end=True))
        self.assertIn(b" 502 ", self.exchange(b"a" * 100_000, address=proxy, end=True))
        self.exchange(b"CONNECT www.googleapis.com:443 HTTP/1.1\r\n\r\nno TLS", address=proxy,
                      end=True)
        self.assertEqual(other.control("health"), {"status": "ok"})


class Protocol(RawCase):
    def test_head_has_no_body(self):
        for path in (KIND, b"/drive/v3/files/A?alt=media", b"/drive/v3/files/NOTHING"):
            answer = self.exchange(request(b"HEAD " + path, b"Connection: close"))
            head, body = answer.split(b"\r\n\r\n", 1)
            self.assertEqual(body, b"")
            self.assertRegex(head, rb"Content-Length: [1-9]")

    def test_an_old_client_gets_one_answer_and_the_end(self):
        answer = self.exchange(b"GET " + KIND + b" HTTP/1.0\r\n\r\n")
        self.assertTrue(answer.endswith(b'{"kind":"drive#about"}'))

    def test_an_old_client_gets_no_chunks(self):
        self.drive.switch(media_chunked=1)
        answer = self.exchange(b"GET /drive/v3/files/A?alt=media HTTP/1.0\r\n\r\n")
        self.assertTrue(answer.endswith(b"\r\n\r\n0123456789"))
        self.assertNotIn(b"chunked", answer)

    def test_requests_that_do_not_wait_for_answers(self):
        last = request(b"GET " + KIND, b"Connection: close")
        self.assertEqual(self.statuses(request(b"GET " + KIND) * 50 + last), [200] * 51)

    def test_a_target_with_scheme_and_host(self):
        line = b"GET http://www.googleapis.com" + KIND
        self.assertEqual(self.statuses(request(line), end=True), [200])

    def test_a_body_that_waits_to_be_asked_for(self):
        data = request(b"POST /token", b"Expect: 100-continue", b"Content-Length: 3", body=b"a=b")
        self.assertEqual(self.statuses(data, end=True), [100, 400])

    def test_a_request_in_pieces(self):
        connection = self.connect()
        for byte in request(b"GET " + KIND, b"Connection: close"):
            connection.sendall(bytes([byte]))
        self.assertIn(b" 200 ", connection.recv(100))


class ManyClients(RawCase):
    def test_idle_ones_keep_nobody_waiting(self):
        idle = [self.connect() for _ in range(400)]
        half = [self.connect() for _ in range(100)]
        for connection in half:
            connection.sendall(b"GET /drive")
        self.assert_serves()
        self.assertEqual(len(idle), 400)

    def test_many_at_once_get_what_is_theirs(self):
        ids = [self.drive.edit("create", name=f"n{n}", content=f"content {n}", parent="root")
               for n in range(40)]

        def read(number):
            answer = self.drive.get(f"files/{ids[number % 40]}", alt="media")
            return answer.body == b"content %d" % (number % 40)
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            self.assertTrue(all(pool.map(read, range(1000))))

    def test_edits_beside_readers(self):
        def edit(number):
            return self.drive.edit("update", id="A", content=str(number) * 10)

        def read(_):
            body = self.drive.get("files/A", alt="media").body
            return len(set(body)) == 1 or body == b"0123456789"
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            edits = pool.map(edit, [n % 10 for n in range(200)])
            self.assertTrue(all(pool.map(read, range(400))))
            self.assertEqual(set(edits), {"A"})


if __name__ == "__main__":
    unittest.main()
