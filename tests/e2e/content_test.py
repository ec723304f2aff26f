#!/usr/bin/env python3
"""The bytes of files: checksums that are missing or wrong, refusals, and damage on the way."""

import http.server
import os
import sqlite3
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402

MEDIA = {"label": "files.media"}


class ContentCase(SpecCase):
    def setUp(self):
        super().setUp()
        self.others = {f"other{n}": self.make(f"other{n}", f"other {n}") for n in range(3)}

    def with_others(self, **more):
        return {**self.others, **more}

    def of(self, made):
        return {**MEDIA, "path": made.id}

    def downloads(self, made=None):
        return [e for e in self.requests("files.media") if made is None or e["id"] == made.id]

    def unverified(self):
        with sqlite3.connect(self.dest / ".gdrive-sync" / "state.db") as database:
            rows = database.execute("SELECT name FROM entry WHERE unverified = 1").fetchall()
        database.close()
        return {name for (name,) in rows}

    def failed(self, result):
        return {a["path"]: a["error"] for a in result.report["actions"]
                if a["outcome"] == "failed"}


class Checksums(ContentCase):
    def test_each_alone_will_do(self):
        for kind in ("md5", "sha1", "sha256"):
            absent = {other: None for other in ("md5", "sha1", "sha256") if other != kind}
            self.others[f"only {kind}"] = self.make(f"only {kind}", f"only {kind}", **absent)
        self.sync()
        self.assert_mirror(self.others)
        self.assertEqual(self.unverified(), set())
        self.assert_settled()
        self.update(self.others["only sha1"], "ONLY SHA1")
        self.sync()
        self.assert_mirror(self.others)

    def test_a_checksum_that_appears_later_costs_no_download(self):
        made = self.make("a", "a", sha1=None, sha256=None)
        self.sync()
        self.edit("set", id=made.id, sha1=True, sha256=True)
        self.assertEqual(self.sync().report["actions"], [])

    def test_none_at_all_is_published_on_its_size_and_marked(self):
        made = self.make("bare", "bare", md5=None, sha1=None, sha256=None)
        self.sync()
        self.assert_mirror(self.with_others(bare=made))
        self.assertEqual(self.unverified(), {"bare"})
        self.assert_settled()
        self.update(made, "bare, edited")
        self.sync()
        self.assert_mirror(self.with_others(bare=made))
        self.assert_settled()

    def test_none_at_all_and_too_few_bytes(self):
        made = self.make("bare", "0123456789", md5=None, sha1=None, sha256=None)
        self.fault(self.of(made), {"truncate": 5})
        self.sync("--retries", "0", expect=5)
        self.assert_mirror(self.others)

    def test_none_at_all_and_an_edit_that_keeps_size(self):
        made = self.make("bare", "one", md5=None, sha1=None, sha256=None)
        self.sync()
        self.update(made, "two")
        self.sync()
        self.assert_mirror(self.with_others(bare=made))

    def test_a_wrong_one_never_replaces_a_file(self):
        made = self.make("a", "good")
        self.sync()
        good = made.state
        self.update(made, "unlike its checksum", md5="0" * 32, sha1="0" * 40, sha256="0" * 64)
        new = self.make("new", "new", md5="1" * 32, sha1="1" * 40, sha256="1" * 64)
        result = self.sync(expect=5)
        self.assertEqual(set(self.failed(result)), {"a", "new"})
        held = tree(self.dest)
        self.assertEqual(held.pop("a"), good)
        self.assertEqual(held, {name: made.state for name, made in self.others.items()})
        self.assertLessEqual(len(self.downloads(new)), 3)
        for item in (made, new):
            self.edit("set", id=item.id, md5=True, sha1=True, sha256=True)
        self.sync()
        self.assert_mirror(self.with_others(a=made, new=new))

    def test_a_flipped_byte_is_fetched_again(self):
        made = self.make("a", "0123456789")
        self.fault({**self.of(made), "nth": 1}, {"flip_at": 4})
        self.sync()
        self.assert_mirror(self.with_others(a=made))

    def test_bytes_that_flip_every_time(self):
        made = self.make("a", "0123456789")
        self.fault(self.of(made), {"flip_at": 4})
        result = self.sync(expect=5)
        self.assertEqual(set(self.failed(result)), {"a"})
        self.assert_mirror(self.others)
        self.clear_faults()
        self.sync()
        self.assert_mirror(self.with_others(a=made))

    def test_photos_whose_checksum_never_fits(self):
        made = self.make("photo.jpg", "a photo", photos=True)
        self.sync()
        self.assert_mirror({**self.others, "photo.jpg": made})
        self.assertEqual(self.unverified(), {"photo.jpg"})
        self.assertEqual(len(self.downloads(made)), 2)
        self.assert_settled()
        self.assertEqual(len(self.downloads(made)), 2)

    def test_photos_that_come_otherwise_each_time_are_not_published(self):
        made = self.make("photo.jpg", "a photo", photos=True)
        for n in range(1, 9):
            self.fault({**self.of(made), "nth": n}, {"flip_at": n % 7})
        self.sync(expect=5)
        self.assert_mirror(self.others)


class Refusals(ContentCase):
    def assert_skipped(self, made, name):
        for _ in range(2):
            result = self.sync()
            self.assertEqual([a["path"] for a in result.actions("skip")], [name])
            self.assertTrue(result.actions("skip")[0]["reason"])
            self.assert_mirror(self.others)
        self.assertEqual(self.gds("diff", "--exit-code").code, 0)
        self.assertLessEqual(len(self.downloads(made)), 1)

    def test_download_forbidden(self):
        made = self.make("a", "a", canDownload=False)
        self.assert_skipped(made, "a")
        self.assertEqual(self.downloads(made), [])
        self.edit("set", id=made.id, canDownload=True)
        self.sync()
        self.assert_mirror(self.with_others(a=made))

    def test_flagged_as_malware(self):
        made = self.make("a", "a", abusive=True)
        self.sync()
        self.assert_mirror(self.others)
        self.assert_skipped(made, "a")
        self.edit("set", id=made.id, abusive=False)
        result = self.gds("resync")
        self.assertEqual(result.code, 0, result.log)
        self.assert_mirror(self.with_others(a=made))

    def test_a_file_that_may_no_longer_be_fetched_keeps_its_copy(self):
        made = self.make("a", "first")
        self.sync()
        first = made.state
        self.update(made, "second", canDownload=False)
        self.sync()
        self.assertEqual(tree(self.dest)["a"], first)
        self.edit("set", id=made.id, canDownload=True, abusive=True)
        self.sync()
        self.assertEqual(tree(self.dest)["a"], first)

    def test_the_copy_of_a_file_that_may_no_longer_be_fetched_moves_along(self):
        self.make_folder("gone", id="GONE")
        first, second = self.make("first", "1"), self.make("gone/second", "2")
        self.sync()
        for made, name in ((first, "second"), (second, "first")):
            self.edit("set", id=made.id, canDownload=False)
            self.edit("move", id=made.id, to="FILES")
            self.edit("rename", id=made.id, name=name)
        self.edit("delete", id="GONE")
        result = self.sync()
        self.assertEqual({(a["from"], a["path"]) for a in result.actions("rename")},
                         {("first", "second"), ("gone/second", "first")})
        self.assert_mirror(self.with_others(first=second, second=first))
        self.assert_settled()

    def test_download_quota_exceeded(self):
        made = self.make("a", "a")
        self.fault(self.of(made), {"status": 403, "reason": "downloadQuotaExceeded"})
        result = self.sync(expect=5)
        self.assertIn("downloadQuotaExceeded", self.failed(result)["a"])
        self.assertEqual(len(self.downloads(made)), 1)
        self.assert_mirror(self.others)
        self.clear_faults()
        self.sync()
        self.assert_mirror(self.with_others(a=made))


class Changing(ContentCase):
    def test_a_file_that_changes_between_its_metadata_and_its_bytes(self):
        made = self.make("a", "before")
        for later in ("after!", "after, and longer", "short"):
            with self.subTest(later=later):
                self.fault({**self.of(made), "nth": 1}, {"change_content": later})
                self.sync()
                self.assertEqual(tree(self.dest)["a"][0], later.encode())
                self.clear_faults()
                self.assert_settled()
                self.update(made, "before " + later)

    def test_a_file_that_is_gone_before_its_bytes_come(self):
        made = self.make("a", "a")
        self.fault(self.of(made), {"unknown_item": True})
        result = self.sync(expect=5)
        self.assertEqual(set(self.failed(result)), {"a"})
        self.clear_faults()
        self.edit("delete", id=made.id)
        self.sync()
        self.assert_mirror(self.others)

    def test_empty_files(self):
        empty = self.make("empty", "")
        emptied = self.make("emptied", "something")
        self.sync()
        self.update(emptied, "")
        self.update(self.others["other0"], "")
        self.sync()
        self.assert_mirror(self.with_others(empty=empty, emptied=emptied))
        self.assert_settled()
        self.update(empty, "no longer")
        self.sync()
        self.assert_mirror(self.with_others(empty=empty, emptied=emptied))
        self.assertEqual([e for e in self.downloads(empty) if "range" in e["headers"]], [])


class OnTheWay(ContentCase):
    """Damage in transit that a retry heals."""

    def setUp(self):
        super().setUp()
        self.text = "0123456789" * 20_000
        self.made = self.make("a", self.text)

    def assert_healed(self, action, *options, requests=2):
        self.fault({**self.of(self.made), "nth": 1}, action)
        self.sync(*options)
        self.assert_mirror(self.with_others(a=self.made))
        self.assertEqual(len(self.downloads(self.made)), requests)
        return self.downloads(self.made)[-1]

    def test_a_cut_body_is_continued(self):
        last = self.assert_healed({"cut_after": 150_000})
        self.assertEqual(last["status"], 206)
        self.assertRegex(last["headers"]["range"], r"^bytes=[1-9]\d*-$")

    def test_a_chunked_body_that_is_cut(self):
        self.assert_healed({"length": "chunked", "cut_after": 150_000})

    def test_a_body_until_close_that_is_cut(self):
        self.assert_healed({"length": "until-close", "cut_after": 150_000})

    def test_a_body_until_close_that_is_whole(self):
        self.assert_healed({"length": "until-close"}, requests=1)

    def test_a_chunked_body_that_is_whole(self):
        self.assert_healed({"length": "chunked"}, requests=1)

    def test_a_reset(self):
        self.assert_healed({"cut_after": 150_000, "reset": True})

    def test_a_stall(self):
        self.assert_healed({"stall_at": 150_000, "stall_ms": -1}, "--timeout", "1s")

    def test_a_connection_closed_without_an_answer(self):
        self.assert_healed({"close": True})

    def test_statuses_that_pass(self):
        for action in ({"status": 500}, {"status": 503, "html": True},
                       {"status": 429, "reason": "rateLimitExceeded", "retry_after": "1"},
                       {"status": 403, "reason": "userRateLimitExceeded"}):
            with self.subTest(action=action):
                self.fault({**self.of(self.made), "nth": 1}, action)
                self.sync()
                self.assert_mirror(self.with_others(a=self.made))
                self.clear_faults()
                self.update(self.made, self.made.content.decode() + "more")

    def test_an_access_token_that_ends_in_the_middle(self):
        self.assert_healed({"expire_tokens": True})
        self.assertEqual(len(self.requests("oauth.token")), 2)

    def test_a_range_that_is_ignored(self):
        self.switch(range_ignored=1)
        last = self.assert_healed({"cut_after": 150_000})
        self.assertEqual(last["status"], 200)

    def test_a_part_that_was_not_asked_for(self):
        for content_range in ("bytes 0-199999/200000", "bytes 7-199999/200000", "nonsense",
                              "bytes 150000-199999/300000"):
            with self.subTest(content_range=content_range):
                self.fault({**self.of(self.made), "nth": 1}, {"cut_after": 150_000})
                self.fault({**self.of(self.made), "skip": 0}, {"content_range": content_range},
                           count=1)
                self.sync()
                self.assert_mirror(self.with_others(a=self.made))
                self.clear_faults()
                self.update(self.made, self.text[:150_000] + content_range.ljust(50_000, "."))

    def test_too_few_bytes_with_a_fitting_length(self):
        self.fault(self.of(self.made), {"truncate": 1000})
        self.sync(expect=5)
        self.assert_mirror(self.others)
        self.clear_faults()
        self.sync()
        self.assert_mirror(self.with_others(a=self.made))

    def test_a_page_instead_of_the_bytes(self):
        self.fault(self.of(self.made), {"html": True})
        self.sync("--retries", "0", expect=5)
        self.assert_mirror(self.others)

    def test_a_long_retry_after_parks_the_file_and_nothing_else(self):
        self.fault(self.of(self.made), {"status": 429, "reason": "rateLimitExceeded",
                                        "retry_after": "86400"})
        result = self.sync(expect=5)
        self.assertEqual(set(self.failed(result)), {"a"})
        self.assert_mirror(self.others)
        self.assertEqual(len(self.downloads(self.made)), 1)

    def test_a_long_retry_after_of_a_list_ends_the_run(self):
        self.fault({"label": "files.list"}, {"status": 429, "retry_after": "86400"})
        self.sync(expect=6)
        self.assertEqual(len(self.requests("files.list")), 1)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another host that redirects lead to."""

    def do_GET(self):  # noqa: N802
        self.server.seen.append(dict(self.headers))
        body = self.server.body
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Redirects(ContentCase):
    def setUp(self):
        super().setUp()
        self.made = self.make("a", "where it was moved to", owned=False, resourceKey="key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        self.server.seen = []
        self.server.body = self.made.content
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.elsewhere = f"http://127.0.0.1:{self.server.server_port}/bytes"

    def test_another_host_gets_no_token(self):
        for status in (302, 307):
            self.fault(self.of(self.made), {"redirect": self.elsewhere, "status": status})
            self.sync()
            self.assert_mirror(self.with_others(a=self.made))
            self.assertNotIn("Authorization", self.server.seen[-1])
            self.assertNotIn("X-Goog-Drive-Resource-Keys", self.server.seen[-1])
            self.clear_faults()
            self.update(self.made, f"changed {status}")
            self.server.body = self.made.content
        self.assertEqual(len(self.server.seen), 2)

    def test_wrong_bytes_from_there_are_not_published(self):
        self.server.body = b"something else at all"
        self.fault(self.of(self.made), {"redirect": self.elsewhere})
        self.sync("--retries", "0", expect=5)
        self.assert_mirror(self.others)

    def test_a_list_from_there_is_none(self):
        self.server.body = b'{"files": []}'
        self.sync()
        self.make("new", "new")
        self.fault({"label": "files.list", "path": "FILES"}, {"redirect": self.elsewhere})
        result = self.sync("--full", "--retries", "0", "--max-delete", "-1", "--allow-empty-source", expect=6)
        self.assertIn("is not Drive", result.log)
        self.assert_mirror(self.with_others(a=self.made))

    def test_a_circle_ends(self):
        self.fault(self.of(self.made),
                   {"redirect": f"{self.url}/drive/v3/files/{self.made.id}?alt=media"})
        self.sync("--retries", "0", expect=5)
        self.assert_mirror(self.others)


class OneBadFile(ContentCase):
    """Parked with its reason; everything else goes on, and the next run tries again."""

    def setUp(self):
        super().setUp()
        self.made = self.make("sub/bad", "first")
        self.doomed = self.make("doomed", "doomed")
        self.sync()
        self.first = self.made.state
        self.update(self.made, "second")
        self.update(self.others["other1"], "other 1, edited")
        self.edit("rename", id=self.others["other2"].id, name="renamed")
        self.edit("delete", id=self.doomed.id)
        self.others["new"] = self.make("new", "new")
        self.others["renamed"] = self.others.pop("other2")
        self.fault(self.of(self.made), {"status": 500})

    def assert_all_but_it(self):
        held = tree(self.dest)
        self.assertEqual(held.pop("sub/bad"), self.first)
        held.pop("sub")
        self.assertEqual(held, {name: made.state for name, made in self.others.items()})

    def test_the_rest_goes_on(self):
        result = self.sync("--retries", "0", expect=5)
        self.assert_all_but_it()
        self.assertEqual(set(self.failed(result)), {"sub/bad"})
        self.assertEqual(result.counts["fail"], 1)
        status = self.run_command("status", "--dest", self.dest)
        self.assertIn("sub/bad", status.stdout)

    def test_it_stays_a_failure_until_it_recovers(self):
        for _ in range(3):
            self.sync("--retries", "0", expect=5)
            self.assert_all_but_it()
        self.clear_faults()
        result = self.gds("resync")
        self.assertEqual(result.code, 0, result.log)
        self.assert_mirror({**self.others, "sub/bad": self.made})
        self.assert_settled()

    def test_the_next_run_tries_again(self):
        self.sync("--retries", "0", expect=5)
        self.clear_faults()
        self.sync()
        self.assert_mirror({**self.others, "sub/bad": self.made})
        self.assert_settled()

    def test_another_content_is_tried_at_once(self):
        for _ in range(3):
            self.sync("--retries", "0", expect=5)
        self.clear_faults()
        self.update(self.made, "third")
        self.sync()
        self.assert_mirror({**self.others, "sub/bad": self.made})

    def test_it_is_forgotten_with_its_item(self):
        self.sync("--retries", "0", expect=5)
        self.edit("delete", id=self.made.id)
        self.sync()
        self.assert_mirror({**self.others, "sub": None})
        self.assertNotIn("bad", self.run_command("status", "--dest", self.dest).stdout)


if __name__ == "__main__":
    unittest.main()
