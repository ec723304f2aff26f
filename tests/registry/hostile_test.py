#!/usr/bin/env python3
"""Answers that no registry should give: bounded, reported, no crash."""

import json
import threading
import unittest

import fake
import images
from fake import Answer, FakeRegistry
from harness import RegistryCase


class Hostile(RegistryCase):
    def setUp(self):
        super().setUp()
        self.server = FakeRegistry()
        self.addCleanup(self.server.stop)

    def manifest_of(self, tag, answer):
        """Let every request for this tag's manifest get this answer."""
        self.server.tags.setdefault("app", {}).setdefault(tag, "")
        self.server.override = lambda handler: (
            answer if handler.path == f"/v2/app/manifests/{tag}" else None)

    def only_broken(self, found):
        self.assertEqual(11, found.code, found)
        self.assertEqual(1, len(found.broken), found)
        return found.broken[0]

    def test_a_manifest_of_100_megabytes(self):
        sent = []

        def endless(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", images.OCI_MANIFEST)
            handler.send_header("Content-Length", str(100 << 20))
            handler.end_headers()
            block = b" " * (1 << 16)
            for n in range(1600):
                handler.wfile.write(block)
                sent.append(n)

        self.manifest_of("big", Answer(send=endless))
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("tag", "unreadable"), (broken["kind"], broken["defect"]))
        self.assertIn("4.0 MiB", broken["detail"])
        self.assertLess(len(sent), 1600)

    def test_a_body_that_never_ends(self):
        def endless(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                handler.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")

        self.manifest_of("endless", Answer(send=endless))
        self.assertEqual("unreadable", self.only_broken(self.probe(self.server))["defect"])

    def test_a_body_that_stops_without_an_end(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def silent(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            handler.wfile.flush()
            release.wait()

        self.manifest_of("silent", Answer(send=silent))
        found = self.probe(self.server, "--timeout", "1s", "--retries", "0")
        self.assertEqual(9, found.code, found)
        self.assertEqual([], found.broken)
        self.assertFalse(found.report["complete"])

    def test_a_header_that_never_ends(self):
        def endless(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                handler.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

        self.manifest_of("endless", Answer(send=endless))
        self.assertEqual("unreadable", self.only_broken(self.probe(self.server))["defect"])

    def test_html_with_200(self):
        self.manifest_of("page", Answer(200, "<html>Welcome</html>", {"Content-Type": "text/html"}))
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("tag", "unreadable", 200),
                         (broken["kind"], broken["defect"], broken["status"]))
        self.assertIn("text/html", broken["detail"])

    def test_html_in_place_of_everything(self):
        self.server.override = lambda _: Answer(200, "<html>", {"Content-Type": "text/html"})
        found = self.probe(self.server)
        self.assertEqual(6, found.code, found)

    def test_json_that_is_no_manifest(self):
        for body in ("[]", "{}", '{"schemaVersion":2}', '{"manifests":[{}]}', "[" * 100000,
                     '{"config":{"digest":"sha256:1","size":1},"layers":[]}',
                     json.dumps({"layers": [], "config": {"digest": fake.sha256(b""), "size": -1}}),
                     json.dumps({"layers": [], "config": {"digest": fake.sha256(b""),
                                                          "size": 1 << 64}})):
            with self.subTest(body=body[:60]):
                self.manifest_of("odd", Answer(200, body, {"Content-Type": images.OCI_MANIFEST}))
                self.assertEqual("unreadable", self.only_broken(self.probe(self.server))["defect"])

    def test_an_index_that_contains_itself(self):
        """A digest cannot be its own hash: whoever serves such a thing lies about its digest."""
        digest = "sha256:" + "ab" * 32
        body = json.dumps({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [
            {"mediaType": images.OCI_INDEX, "digest": digest, "size": 100}]}).encode()
        content = images.Content(body, images.OCI_INDEX)
        self.server.tags["app"] = {"circle": digest}
        self.server.manifests[digest] = content
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("manifest", "digest", digest),
                         (broken["kind"], broken["defect"], broken["digest"]))

    def test_a_thousand_nested_indexes(self):
        self.server.push("app", "deep", fake.nested(1000))
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("child", "unreadable"), (broken["kind"], broken["defect"]))
        self.assertIn("nested deeper", broken["detail"])
        self.assertLess(len(self.server.asked("manifests")), 50)

    def test_eight_nested_indexes_are_followed(self):
        self.server.push("app", "deep", fake.nested(8))
        self.assertEqual(0, self.probe(self.server).code)

    def test_a_wrong_docker_content_digest(self):
        image = self.server.push("app", "t", images.image("wrong"))
        lie = "sha256:" + "00" * 32
        self.server.override = lambda handler: (
            fake.manifest_answer(image.content, lie) if "/manifests/" in handler.path else None)
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("manifest", "digest", lie),
                         (broken["kind"], broken["defect"], broken["digest"]))

    def test_a_docker_content_digest_that_is_none(self):
        image = self.server.push("app", "t", images.image("wrong"))
        self.server.override = lambda handler: (
            fake.manifest_answer(image.content, "\x1b[31mred") if "/manifests/t" in handler.path
            else None)
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("tag", "unreadable"), (broken["kind"], broken["defect"]))
        self.assertNotIn("\x1b", broken["detail"])

    def test_without_docker_content_digest_the_content_decides(self):
        image = self.server.push("app", "t", images.image("plain"))
        self.server.override = lambda handler: (
            Answer(200, image.content.data, {"Content-Type": image.content.media_type})
            if "/manifests/" in handler.path else None)
        self.assertEqual(0, self.probe(self.server).code)

    def test_a_redirect_to_another_host_gets_no_credentials(self):
        other = FakeRegistry("127.0.0.2")
        self.addCleanup(other.stop)
        image = self.server.push("app", "t", images.image("elsewhere"))
        other.push("app", "t", image)
        (self.dir / "password").write_text("secret")

        def redirect(handler):
            if "/blobs/" in handler.path:
                return Answer(307, b"", {"Location": f"http://{other.host}{handler.path}"})
            if not handler.headers.get("Authorization"):
                return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="r"'})
            return None

        self.server.override = redirect
        found = self.probe(self.server, "--username", "me", "--password-file",
                           self.dir / "password")
        self.assertEqual(0, found.code, found)
        self.assertEqual(3, len(other.requests))
        for _, _, headers in other.requests:
            self.assertNotIn("Authorization", headers)
            self.assertEqual("bytes=-1", headers["Range"])

    def test_a_redirect_in_a_circle(self):
        self.manifest_of("circle", Answer(302, b"", {"Location": "/v2/app/manifests/circle"}))
        self.assertEqual("unreadable", self.only_broken(self.probe(self.server))["defect"])

    def test_a_redirect_to_a_file(self):
        self.manifest_of("file", Answer(302, b"", {"Location": "file:///etc/passwd"}))
        self.assertEqual("unreadable", self.only_broken(self.probe(self.server))["defect"])

    def test_tags_that_are_no_text_and_names_that_steer_terminals(self):
        image = images.image("names")
        self.server.push("app", "\x1b[2Jclear", image)
        self.server.override = lambda handler: (
            fake.error_answer(404, "MANIFEST_UNKNOWN") if "/manifests/" in handler.path else None)
        found = self.probe(self.server)
        self.assertEqual(11, found.code, found)
        self.assertNotIn("\x1b", found.out)
        self.server.override = lambda handler: (
            Answer(200, '{"tags":[1,2]}') if handler.path.endswith("/tags/list") else None)
        self.assertEqual("repository", self.only_broken(self.probe(self.server))["kind"])

    def test_tags_come_in_pages(self):
        """Not from distribution 2.8, but from many others."""
        for n in range(5):
            self.server.push("app", f"t{n}", images.image(f"pages-{n}"))
        lost = self.server.push("app", "t5", images.image("pages-lost"))
        del self.server.blobs[lost.layers[0].digest]
        for link in ("</v2/app/tags/list?last={}&n=2>", "<?last={}&n=2>", "<list?last={}&n=2>",
                     f"<http://{self.server.host}/v2/app/tags/list?last={{}}>",
                     "<https://internal.example/v2/app/tags/list?last={}>"):
            def page(handler, link=link):
                if "/tags/list" not in handler.path:
                    return None
                start = int(handler.path.split("last=t")[1][0]) + 1 if "?" in handler.path else 0
                names = [f"t{n}" for n in range(start, min(start + 2, 6))]
                more = {"Link": link.format(names[-1]) + '; rel="next"'} if start < 4 else {}
                return Answer(200, json.dumps({"tags": names}), more)

            with self.subTest(link=link):
                self.server.override = page
                found = self.probe(self.server)
                self.assertEqual(6, found.report["counts"]["tags"], found)
                self.assertEqual("t5", self.only_broken(found)["tag"])

    def test_tags_in_a_circle(self):
        self.server.push("app", "t", images.image("circle"))
        self.server.override = lambda handler: (
            Answer(200, '{"tags":["t"]}', {"Link": '</v2/app/tags/list?last=t>; rel="next"'})
            if "/tags/list" in handler.path else None)
        broken = self.only_broken(self.probe(self.server))
        self.assertEqual(("repository", "unreadable"), (broken["kind"], broken["defect"]))

    def test_a_tag_that_is_listed_twice_is_one(self):
        self.server.push("app", "t", images.image("twice"))
        self.server.override = lambda handler: (
            Answer(200, '{"tags":["t","t"]}') if "/tags/list" in handler.path else None)
        found = self.probe(self.server)
        self.assertEqual((0, 1), (found.code, found.report["counts"]["tags"]))

    def test_a_catalog_in_a_circle(self):
        self.server.push("app", "t", images.image("circle"))
        self.server.override = lambda handler: (
            Answer(200, '{"repositories":["app"]}',
                   {"Link": '</v2/_catalog?last=app&n=1000>; rel="next"'})
            if handler.path.startswith("/v2/_catalog") else None)
        found = self.probe(self.server)
        self.assertEqual(9, found.code, found)
        self.assertIn("circle", " ".join(found.report["problems"]))

    def test_a_catalog_that_leads_elsewhere_stays_here(self):
        other = FakeRegistry("127.0.0.2")
        self.addCleanup(other.stop)
        self.server.push("app", "t", images.image("here"))

        def page(handler):
            if not handler.path.startswith("/v2/_catalog"):
                return None
            return Answer(200, '{"repositories":["app"]}' if "last" not in handler.path
                          else '{"repositories":[]}',
                          {} if "last" in handler.path else
                          {"Link": f'<http://{other.host}/v2/_catalog?last=app>; rel="next"'})

        self.server.override = page
        self.assertEqual(0, self.probe(self.server).code)
        self.assertEqual([], other.requests)

    def test_a_server_that_ignores_ranges(self):
        self.server.push("app", "t", images.image("whole"))
        self.server.override = lambda handler: (
            Answer(200, self.server.blobs[handler.path.rsplit("/", 1)[1]])
            if "/blobs/" in handler.path else None)
        self.assertEqual(0, self.probe(self.server).code)
        self.assertEqual(0, self.probe(self.server, "--deep").code)

    def chunked(self, handler, status, body):
        handler.wfile.write(b"HTTP/1.1 %d OK\r\nContent-Type: text/html\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n" % status)
        if handler.command != "HEAD":
            for at in range(0, len(body), 1000):
                part = body[at:at + 1000]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            handler.wfile.write(b"0\r\n\r\n")

    def test_a_page_of_unknown_length_is_no_blob(self):
        self.server.push("app", "t", images.image("page"))
        for length in (10, 100_000):
            self.server.override = lambda handler, length=length: (
                Answer(send=lambda one: self.chunked(one, 200, b"<" * length))
                if "/blobs/" in handler.path else None)
            found = self.probe(self.server)
            self.assertEqual(11, found.code, found)
            self.assertEqual([("config", "size"), ("layer", "size"), ("layer", "size")],
                             [(one["kind"], one["defect"]) for one in found.broken])

    def test_a_blob_of_unknown_length_is_read_to_its_end(self):
        self.server.push("app", "t", images.image("chunked"))
        self.server.override = lambda handler: (
            Answer(send=lambda one: self.chunked(
                one, 200, self.server.blobs[handler.path.rsplit("/", 1)[1]]))
            if "/blobs/" in handler.path else None)
        self.assertEqual(0, self.probe(self.server).code)

    def test_the_registry_stops_answering(self):
        for n in range(200):
            self.server.push("app", f"t{n}", images.image(f"gone-{n}"))

        def close(handler):
            if "/manifests/" not in handler.path:
                return None
            return Answer(send=lambda one: one.connection.close())

        self.server.override = close
        found = self.probe(self.server, "--retries", "0")
        self.assertEqual(9, found.code, found)
        self.assertEqual([], found.broken)
        self.assertLess(len(self.server.asked("manifests")), 150)


class Overload(RegistryCase):
    def setUp(self):
        super().setUp()
        self.server = FakeRegistry()
        self.addCleanup(self.server.stop)
        self.server.push("app", "t", images.image("busy"))

    def failing(self, times, answer):
        left = {}

        def override(handler):
            if "/blobs/" not in handler.path:
                return None
            with self.server.lock:
                left.setdefault(handler.path, times)
                left[handler.path] -= 1
                return answer if left[handler.path] >= 0 else None
        return override

    def test_what_fails_for_a_while_is_tried_again(self):
        for answer in (Answer(429, b"", {"Retry-After": "0"}), Answer(503), Answer(502),
                       Answer(send=lambda handler: handler.connection.close())):
            self.server.override = self.failing(2, answer)
            found = self.probe(self.server)
            self.assertEqual(0, found.code, found)

    def test_what_cannot_be_asked_is_incomplete_not_broken(self):
        self.server.override = self.failing(1000, Answer(503))
        found = self.probe(self.server, "--retries", "1")
        self.assertEqual(9, found.code, found)
        self.assertEqual([], found.broken)
        self.assertFalse(found.report["complete"])
        self.assertEqual(3, len(found.report["problems"]))

    def test_500_once_is_no_finding(self):
        self.server.override = self.failing(1, Answer(500))
        found = self.probe(self.server)
        self.assertEqual(0, found.code, found)

    def test_500_twice_is_one(self):
        self.server.override = self.failing(1000, Answer(500))
        found = self.probe(self.server)
        self.assertEqual(11, found.code, found)
        self.assertEqual({"unreadable"}, {one["defect"] for one in found.broken})


if __name__ == "__main__":
    unittest.main()
