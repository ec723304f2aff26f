"""Sockets, TLS, the proxy, the control API, and trees too large to store."""

import hashlib
import http.client
import json
import signal
import ssl
import subprocess
import threading
import unittest
import urllib.parse

from harness import BIN, EmulatorCase

SPEC = {"items": [{"id": "A", "name": "a.bin", "size": 500_000, "seed": 3}]}


class Http(EmulatorCase):
    spec = SPEC

    def test_one_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection(self.drive.address, timeout=60)
        self.addCleanup(connection.close)
        for _ in range(200):
            connection.request("GET", "/drive/v3/files/A")
            socket = connection.sock
            self.assertEqual(json.loads(connection.getresponse().read())["id"], "A")
            self.assertIs(connection.sock, socket)

    def test_many_connections_at_once(self):
        results = []

        def download():
            body = self.drive.get("files/A", alt="media").body
            results.append(hashlib.md5(body).hexdigest())
        threads = [threading.Thread(target=download) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told = self.drive.get("files/A", fields="md5Checksum").json["md5Checksum"]
        self.assertEqual(results, [told] * 64)

    def test_ranges(self):
        whole = self.drive.get("files/A", alt="media").body
        for header, expected in (("bytes=0-0", whole[:1]), ("bytes=10-19", whole[10:20]),
                                 ("bytes=499990-", whole[499990:]),
                                 ("bytes=499990-999999", whole[499990:]),
                                 ("bytes=-7", whole[-7:])):
            with self.subTest(header=header):
                answer = self.drive.get("files/A", {"Range": header}, alt="media")
                self.assertEqual((answer.status, answer.body), (206, expected))
                self.assertTrue(answer.headers["content-range"].endswith("/500000"))
        past = self.drive.get("files/A", {"Range": "bytes=500000-"}, alt="media")
        self.assertEqual((past.status, past.headers["content-range"]), (416, "bytes */500000"))

    def test_empty_files(self):
        empty = self.drive.edit("create", name="empty", content="")
        answer = self.drive.get("files/" + empty, alt="media")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["content-length"], "0")
        ranged = self.drive.get("files/" + empty, {"Range": "bytes=0-"}, alt="media")
        self.assertEqual(ranged.status, 416)

    def test_a_post_without_body_does_not_wait_for_one(self):
        self.assertEqual(self.drive.request("POST", "/drive/v3/files").status, 403)

    def test_unknown_paths(self):
        for path in ("/", "/drive/v2/files", "/drive/v3/files/A/permissions"):
            self.assertEqual(self.drive.request("GET", path).status, 404)


class Control(EmulatorCase):
    spec = SPEC

    def test_log_and_counters(self):
        self.drive.get("files/A", {"Range": "bytes=0-99", "User-Agent": "t/1"}, alt="media")
        self.drive.get("files/NOWHERE")
        self.drive.get("about", fields="kind")
        counters = self.drive.control("counters")
        self.assertEqual(counters["by_label"], {"files.media": 1, "files.get": 1, "about.get": 1})
        self.assertEqual(counters["by_status"], {"206": 1, "404": 1, "200": 1})
        entry = self.drive.control("log?label=files.media")["entries"][0]
        self.assertEqual((entry["id"], entry["status"], entry["bytes"]), ("A", 206, 100))
        self.assertEqual((entry["headers"]["range"], entry["headers"]["user-agent"]),
                         ("bytes=0-99", "t/1"))
        since = self.drive.control("log?since=2&limit=1")["entries"]
        self.assertEqual([e["number"] for e in since], [2])
        self.drive.control("log", method="DELETE")
        self.assertEqual(self.drive.control("counters")["requests"], 0)

    def test_edits(self):
        folder = self.drive.edit("create", path="/docs/deep", folder=True)
        file = self.drive.edit("create", path="/docs/deep/x.txt", content="one")
        self.assertEqual(self.drive.control("tree?path=/docs/deep")["children"][0]["id"], file)
        before = self.drive.get("files/" + file, fields="*").json
        self.drive.edit("update", path="/docs/deep/x.txt", content="two")
        after = self.drive.get("files/" + file, fields="*").json
        self.assertNotEqual(after["headRevisionId"], before["headRevisionId"])
        self.assertGreater(after["modifiedTime"], before["modifiedTime"])
        self.drive.edit("update", id=file, content="2wo", modified=after["modifiedTime"])
        again = self.drive.get("files/" + file, fields="*").json
        # Same size, same time, other bytes: only the checksum tells.
        self.assertEqual((again["size"], again["modifiedTime"]),
                         (after["size"], after["modifiedTime"]))
        self.assertNotEqual(again["md5Checksum"], after["md5Checksum"])
        self.drive.edit("delete", id=folder)
        self.assertEqual(self.drive.get("files/" + file).status, 404)

    def test_wrong_edits_are_refused(self):
        for edit in ({"op": "paint", "id": "A"}, {"op": "rename", "id": "NOWHERE", "name": "x"},
                     {"op": "create", "colour": "red"}, {"op": "create", "name": 7},
                     {"op": "move", "id": "A", "to": "/nowhere"}, ["x"]):
            with self.subTest(edit=edit), self.assertRaises(RuntimeError):
                self.drive.control("tree", edit)

    def test_recording(self):
        record = self.dir / "record.jsonl"
        drive = self.start("--open", "--record", record, spec=SPEC)
        drive.get("files/A")
        drive.get("files/A", alt="media")
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        self.assertEqual([line["label"] for line in lines], ["files.get", "files.media"])
        self.assertEqual(json.loads(lines[0]["body"])["id"], "A")
        self.assertNotIn("body", lines[1])


class Process(EmulatorCase):
    def test_ends_at_once_on_sigterm_even_while_a_client_is_stalled(self):
        drive = self.start("--open", "--fault", '{"action": {"hang": true}}')
        connection = http.client.HTTPConnection(drive.address, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/drive/v3/about")
        drive.process.send_signal(signal.SIGTERM)
        self.assertEqual(drive.process.wait(timeout=30), 0)

    def test_ends_when_told_to(self):
        self.drive.request("POST", "/_emulator/stop")
        self.assertEqual(self.drive.process.wait(timeout=30), 0)

    def test_ready_file_has_all_addresses(self):
        ready = self.dir / "ready"
        drive = self.start("--tls-port", "0", "--proxy-port", "0", "--ready-file", ready)
        lines = [line.rsplit(":", 1)[0] for line in ready.read_text().splitlines()]
        self.assertEqual(lines, ["listening http://127.0.0.1", "listening https://127.0.0.1",
                                 "proxy http://127.0.0.1"])

    def test_wrong_options_are_usage_errors(self):
        bad = self.dir / "bad.json"
        bad.write_text('{"files": []}')
        for arguments in (["--switch", "colour"], ["--switch", "list-lag-ms=soon"],
                          ["--fault", "{"], ["--spec", bad], ["--spec", "/nowhere"],
                          ["--root", "/nowhere"], ["--colour"], ["--address", "1.2.3.4"]):
            with self.subTest(arguments=arguments):
                run = subprocess.run([BIN / "drive-emulator", *arguments], capture_output=True,
                                     text=True, timeout=60, check=False)
                self.assertEqual(run.returncode, 2)
                self.assertTrue(run.stderr)

    def test_lists_its_switches(self):
        run = subprocess.run([BIN / "drive-emulator", "--list-switches"], capture_output=True,
                             text=True, timeout=60, check=True)
        self.assertIn("list-lag-ms (0): ", run.stdout)


class Tls(EmulatorCase):
    spec = SPEC

    def setUp(self):
        super().setUp()
        ca, ready = self.dir / "ca.pem", self.dir / "ready"
        self.drive = self.start("--open", "--tls-port", "0", "--proxy-port", "0", "--ca-out", ca,
                                "--ready-file", ready, spec=SPEC)
        self.tls, self.proxy = (urllib.parse.urlsplit(line.split()[1]).port
                                for line in ready.read_text().splitlines()[1:])
        self.trust = ssl.create_default_context(cafile=str(ca))

    def through_proxy(self, host, path):
        connection = http.client.HTTPSConnection("127.0.0.1", self.proxy, timeout=60,
                                                 context=self.trust)
        self.addCleanup(connection.close)
        connection.set_tunnel(host, 443)
        connection.request("GET", path)
        return connection.getresponse()

    def test_direct(self):
        for host in ("localhost", "127.0.0.1"):
            connection = http.client.HTTPSConnection(host, self.tls, timeout=60,
                                                     context=self.trust)
            self.addCleanup(connection.close)
            for _ in range(2):
                connection.request("GET", "/drive/v3/files/A?alt=media")
                self.assertEqual(len(connection.getresponse().read()), 500_000)

    def test_google_by_name_through_the_proxy(self):
        for host in ("www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com",
                     "docs.google.com"):
            answer = self.through_proxy(host, "/drive/v3/about?fields=kind")
            self.assertEqual(json.loads(answer.read()), {"kind": "drive#about"})
        via = {entry["via"] for entry in self.drive.control("log")["entries"]}
        self.assertEqual(via, {"proxy"})

    def test_export_links_lead_to_docs_google_com(self):
        doc = self.drive.edit("create", name="doc", document="document", content="hello")
        answer = self.through_proxy("www.googleapis.com",
                                    f"/drive/v3/files/{doc}?fields=exportLinks")
        link = json.loads(answer.read())["exportLinks"]["text/plain"]
        parts = urllib.parse.urlsplit(link)
        self.assertEqual(parts.hostname, "docs.google.com")
        answer = self.through_proxy(parts.hostname, f"{parts.path}?{parts.query}")
        self.assertEqual(answer.read(), b"hello")

    def test_other_hosts_are_refused(self):
        with self.assertRaisesRegex(OSError, "502"):
            self.through_proxy("example.com", "/")

    def test_others_do_not_trust_it(self):
        self.trust = ssl.create_default_context()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.through_proxy("www.googleapis.com", "/")


class LargeTrees(EmulatorCase):
    spec = {"generate": [{"path": "/big", "folders": 1000, "files": 1000,
                          "size": [0, 10, 3000], "distinct": 30},
                         {"path": "/nested", "folders": 20, "fanout": 3, "files": 2}]}

    def memory_kib(self):
        with open(f"/proc/{self.drive.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def test_a_million_files_need_no_memory(self):
        big = self.drive.control("tree?path=/big&limit=1")
        self.assertEqual(big["items_in_all"], 1 + 1 + 1000 + 1_000_000 + 1 + 20 + 40)
        for folder in self.drive.control("tree?path=/big")["children"][:5]:
            files = self.drive.list(f"'{folder['id']}' in parents", pageSize=1000,
                                    fields="nextPageToken,files(id,md5Checksum)")
            self.assertEqual(len(files), 1000)
            self.assertEqual(len({f["md5Checksum"] for f in files}), 1 + 10 + 10)
        if "san" not in str(BIN):
            self.assertLess(self.memory_kib(), 100_000)

    def test_pages_cross_from_stored_to_generated_items(self):
        folder = self.drive.control("tree?path=/big/folder-7")
        for n in range(5):
            self.drive.edit("create", name=f"own-{n}", content="x", parent=folder["id"])
        q = f"'{folder['id']}' in parents"
        names = [f["name"] for f in self.drive.list(q, pageSize=3)]
        self.assertEqual(len(names), 1005)
        self.assertEqual(len(set(names)), 1005)

    def test_generated_files_can_be_changed_one_by_one(self):
        file = self.drive.control("tree?path=/big/folder-7")["children"][2]
        content = self.drive.get("files/" + file["id"], alt="media").body
        self.assertEqual(len(content), 3000)
        q = f"'{file['parent']}' in parents"
        self.drive.edit("rename", id=file["id"], name="renamed")
        self.assertIn("renamed", self.drive.names(q, pageSize=1000))
        self.assertEqual(self.drive.get("files/" + file["id"], alt="media").body, content)
        self.drive.edit("delete", id=file["id"])
        self.assertEqual(self.drive.get("files/" + file["id"]).status, 404)
        self.assertEqual(len(self.drive.list(q, pageSize=1000)), 999)

    def test_two_starts_give_the_same_tree(self):
        def ids(drive):
            return drive.names("name contains 'folder-1'"), [
                f["id"] for f in drive.control("tree?path=/nested")["children"]]
        self.assertEqual(ids(self.drive), ids(self.start("--open", spec=self.spec)))

    def test_folders_can_be_nested(self):
        nested = self.drive.control("tree?path=/nested")["children"]
        self.assertEqual(len(nested), 3)
        self.assertEqual(self.drive.control("tree?path=/nested/folder-0/folder-3")["name"],
                         "folder-3")


if __name__ == "__main__":
    unittest.main()
