"""Scripted faults: whom they strike, and what they do to an answer."""

import hashlib
import http.client
import time
import unittest

from harness import EmulatorCase

SIZE = 300_000
SPEC = {"items": [
    {"id": "F", "name": "folder", "folder": True, "children": [
        {"id": f"N{n}", "name": f"n{n}", "content": "x"} for n in range(6)]},
    {"id": "BIG", "name": "big.bin", "size": SIZE}]}
LIST = {"q": "'F' in parents", "pageSize": 2}


class Matching(EmulatorCase):
    spec = SPEC

    def statuses(self, count, path="files/BIG", **params):
        return [self.drive.get(path, **params).status for _ in range(count)]

    def test_by_label(self):
        self.drive.fault({"label": "files.media"}, {"status": 500})
        self.assertEqual(self.statuses(1), [200])
        self.assertEqual(self.statuses(1, alt="media"), [500])

    def test_by_path_and_method(self):
        self.drive.fault({"path": "files/N[34]", "method": "GET"}, {"status": 503})
        self.assertEqual([self.drive.get(f"files/N{n}").status for n in range(6)],
                         [200, 200, 200, 503, 503, 200])

    def test_only_the_nth(self):
        self.drive.fault({"nth": 3}, {"status": 500})
        self.assertEqual(self.statuses(5), [200, 200, 500, 200, 200])

    def test_skip_every_and_count(self):
        self.drive.fault({"skip": 1, "every": 2}, {"status": 500}, count=2)
        self.assertEqual(self.statuses(7), [200, 500, 200, 500, 200, 200, 200])

    def test_probability_repeats_with_its_seed(self):
        def run(seed):
            self.drive.control("faults", method="DELETE")
            self.drive.fault({"probability": 0.5}, {"status": 500}, seed=seed)
            return self.statuses(30)
        first = run(1)
        self.assertEqual(set(first), {200, 500})
        self.assertEqual(run(1), first)
        self.assertNotEqual(run(2), first)

    def test_control_is_never_struck_and_faults_can_be_cleared(self):
        one = self.drive.fault({}, {"status": 500})
        self.assertEqual(self.drive.control("health"), {"status": "ok"})
        self.statuses(2)
        listed = self.drive.control("faults")["faults"]
        self.assertEqual([(f["id"], f["met"], f["struck"]) for f in listed], [(one, 2, 2)])
        self.assertEqual(self.drive.control(f"faults?id={one}", method="DELETE"), {"cleared": 1})
        self.assertEqual(self.statuses(1), [200])

    def test_misspelt_faults_are_refused(self):
        for fault in ({"match": {"lable": "x"}}, {"action": {"staus": 500}}, {"count": "one"},
                      {"match": {"path": "("}}, {"action": {"list": "most"}}, {"actions": {}},
                      {"action": {"length": "none"}}):
            with self.subTest(fault=fault), self.assertRaises(RuntimeError):
                self.drive.control("faults", fault)

    def test_may_be_given_at_the_start(self):
        other = self.start("--open", "--fault", '{"action": {"status": 500}}')
        self.assertEqual(other.get("about", fields="kind").status, 500)


class Errors(EmulatorCase):
    spec = SPEC

    def struck(self, action, path="files/BIG", **params):
        self.drive.control("faults", method="DELETE")
        self.drive.fault({}, action)
        return self.drive.get(path, **params)

    def test_status_reason_and_retry_after(self):
        answer = self.struck({"status": 403, "reason": "downloadQuotaExceeded",
                              "message": "enough", "retry_after": "12"})
        self.assertEqual((answer.status, answer.reason), (403, "downloadQuotaExceeded"))
        self.assertEqual(answer.headers["retry-after"], "12")
        self.assertEqual(answer.json["error"]["message"], "enough")

    def test_pages_and_redirects(self):
        page = self.struck({"html": True})
        self.assertEqual((page.status, page.headers["content-type"]),
                         (200, "text/html; charset=utf-8"))
        other = self.struck({"body": '{"files": 5}'}, "files")
        self.assertEqual((other.status, other.json), (200, {"files": 5}))
        moved = self.struck({"redirect": "https://elsewhere.example/x"})
        self.assertEqual((moved.status, moved.headers["location"]),
                         (302, "https://elsewhere.example/x"))

    def test_items_and_tokens_that_are_refused(self):
        self.assertEqual(self.struck({"unknown_item": True}).reason, "notFound")
        self.assertEqual(self.struck({"refuse_page_token": True}, "files").status, 400)
        self.assertEqual(self.struck({"expire_tokens": True}).status, 401)

    def test_no_answer_at_all(self):
        self.drive.fault({}, {"close": True})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.drive.get("files/BIG")
        self.drive.control("faults", method="DELETE")
        self.drive.fault({}, {"close": True, "reset": True})
        with self.assertRaises(ConnectionResetError):
            self.drive.get("files/BIG")

    def test_hanging(self):
        self.drive.fault({"nth": 1}, {"hang": True})
        connection = http.client.HTTPConnection(self.drive.address, timeout=0.3)
        self.addCleanup(connection.close)
        connection.request("GET", "/drive/v3/files/BIG")
        with self.assertRaises(TimeoutError):
            connection.getresponse()
        self.assertEqual(self.drive.get("files/BIG").status, 200)

    def test_latency(self):
        self.drive.fault({}, {"latency_ms": 200})
        begin = time.monotonic()
        self.assertEqual(self.drive.get("files/BIG").status, 200)
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)


class Lists(EmulatorCase):
    spec = SPEC

    def one_page(self, how, **params):
        self.drive.fault({"label": "files.list"}, {"list": how})
        return self.drive.get("files", **{**LIST, **params}).json

    def test_empty(self):
        page = self.one_page("empty")
        # A client that takes this for the whole deletes everything.
        self.assertEqual(page["files"], [])
        self.assertNotIn("nextPageToken", page)

    def test_half(self):
        page = self.one_page("half", pageSize=6)
        self.assertEqual(len(page["files"]), 3)
        self.assertFalse(page["incompleteSearch"])

    def test_twice(self):
        ids = [file["id"] for file in self.one_page("twice", pageSize=3)["files"]]
        self.assertEqual(len(ids), 6)
        self.assertEqual(ids[:3], ids[3:])

    def test_drop_token(self):
        self.assertNotIn("nextPageToken", self.one_page("drop-token"))

    def test_incomplete(self):
        self.assertTrue(self.one_page("incomplete")["incompleteSearch"])

    def test_repeat_token_makes_a_loop(self):
        token = self.drive.get("files", **LIST).json["nextPageToken"]
        seen = self.one_page("repeat-token", pageToken=token)
        # A client that never compares tokens reads this page for ever.
        self.assertEqual(seen["nextPageToken"], token)


class Bytes(EmulatorCase):
    spec = SPEC

    def setUp(self):
        super().setUp()
        self.whole = self.drive.get("files/BIG", alt="media").body

    def download(self, action, headers=None):
        """What arrived, and whether the client could tell that it is not all."""
        self.drive.fault({"label": "files.media"}, action)
        try:
            return self.drive.get("files/BIG", headers, alt="media").body, False
        except http.client.IncompleteRead as error:
            return error.partial, True
        except ConnectionResetError:
            return b"", True

    def test_cut_short_of_the_promised_length(self):
        body, noticed = self.download({"cut_after": 100_001})
        self.assertTrue(noticed)
        self.assertEqual(body, self.whole[:100_001])

    def test_cut_in_the_middle_of_a_chunked_body(self):
        body, noticed = self.download({"cut_after": 100_001, "length": "chunked"})
        self.assertTrue(noticed)
        self.assertTrue(self.whole.startswith(body))

    def test_cut_without_any_length(self):
        body, noticed = self.download({"cut_after": 1000, "length": "until-close"})
        # Nothing tells: a client that does not know the size keeps a broken file.
        self.assertEqual((len(body), noticed), (1000, False))

    def test_lengths_that_are_honest(self):
        for length in ("chunked", "until-close"):
            with self.subTest(length=length):
                self.drive.control("faults", method="DELETE")
                self.assertEqual(self.download({"length": length}), (self.whole, False))

    def test_reset(self):
        _, noticed = self.download({"cut_after": 1000, "reset": True})
        self.assertTrue(noticed)

    def test_one_byte_is_another(self):
        body, noticed = self.download({"flip_at": 200_000})
        different = [n for n, (a, b) in enumerate(zip(body, self.whole)) if a != b]
        # The length is right: only a checksum tells.
        self.assertEqual((different, noticed, len(body)), ([200_000], False, SIZE))

    def test_stall_and_rate(self):
        begin = time.monotonic()
        self.assertEqual(self.download({"stall_at": 1000, "stall_ms": 200}), (self.whole, False))
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)
        self.drive.control("faults", method="DELETE")
        begin = time.monotonic()
        self.assertEqual(self.download({"rate": 1_000_000}), (self.whole, False))
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_stall_for_ever(self):
        self.drive.fault({"label": "files.media"}, {"stall_at": 1000, "stall_ms": -1})
        connection = http.client.HTTPConnection(self.drive.address, timeout=0.3)
        self.addCleanup(connection.close)
        connection.request("GET", "/drive/v3/files/BIG?alt=media")
        answer = connection.getresponse()
        self.assertEqual(len(answer.read(1000)), 1000)
        with self.assertRaises(TimeoutError):
            answer.read(1)

    def test_ranges_that_lie(self):
        ranged = {"Range": "bytes=1000-1999"}
        self.drive.fault({"nth": 1}, {"content_range": f"bytes 0-999/{SIZE}"})
        answer = self.drive.get("files/BIG", ranged, alt="media")
        # Who does not compare Content-Range writes these bytes in the wrong place.
        self.assertEqual(answer.headers["content-range"], f"bytes 0-999/{SIZE}")
        self.assertEqual(answer.body, self.whole[1000:2000])
        self.drive.fault({"nth": 1}, {"ignore_range": True})
        answer = self.drive.get("files/BIG", ranged, alt="media")
        self.assertEqual((answer.status, answer.body), (200, self.whole))

    def test_content_that_changes_between_metadata_and_media(self):
        told = self.drive.get("files/BIG", fields="md5Checksum").json["md5Checksum"]
        body, _ = self.download({"change_content": "something else"})
        self.assertEqual(body, b"something else")
        self.assertNotEqual(hashlib.md5(body).hexdigest(), told)
        now = self.drive.get("files/BIG", fields="md5Checksum").json["md5Checksum"]
        self.assertEqual(hashlib.md5(body).hexdigest(), now)

    def test_truncated_json(self):
        self.drive.fault({"label": "files.list"}, {"truncate": 20})
        answer = self.drive.get("files", **LIST)
        self.assertEqual((answer.status, len(answer.body)), (200, 20))
        with self.assertRaises(ValueError):
            _ = answer.json


if __name__ == "__main__":
    unittest.main()
