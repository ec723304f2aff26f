#!/usr/bin/env python3
"""`auth login` with the test as the browser, and `auth check`."""

import base64
import hashlib
import json
import os
import re
import signal
import socket
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, ended, lines_of  # noqa: E402
from relays import TokenEndpoint  # noqa: E402


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def visit(url, method="GET"):
    """What a browser gets: status, where it is sent on to, and the page."""
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, method=method)) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers.get("Location", ""), answer.read().decode()


class Login(AgentCase):
    refresh_token = ""  # what the emulator hands out is good, not one that was set

    def setUp(self):
        super().setUp()
        self.write("a.txt", "a")
        self.control("rescan", {})
        self.output = self.dir / "token.json"
        self.endpoint = TokenEndpoint(self.url)
        self.addCleanup(self.endpoint.close)

    def environment(self):
        return {**super().environment(), "GDRIVE_SYNC_REFRESH_TOKEN": "",
                "GDRIVE_SYNC_TOKEN_ENDPOINT": self.endpoint.url,
                "GDRIVE_SYNC_AUTH_ENDPOINT": self.url + "/o/oauth2/v2/auth"}

    def begin(self, *arguments, **more):
        process = self.start("auth login", "--output", self.output, *arguments, **more)
        for line in process.stdout:
            if line.startswith("http"):
                return process, line.strip()
        self.fail(process.stderr.read())

    def query(self, url):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))

    def consent(self, url):
        status, back, _ = visit(url)
        self.assertEqual(status, 302)
        return back

    def test_a_login_from_end_to_end(self):
        process, url = self.begin()
        asked = self.query(url)
        self.assertEqual(asked["scope"], "https://www.googleapis.com/auth/drive.readonly")
        self.assertEqual(asked["code_challenge_method"], "S256")
        self.assertEqual((asked["access_type"], asked["prompt"]), ("offline", "consent"))
        self.assertRegex(asked["redirect_uri"], r"^http://127\.0\.0\.1:\d+$")
        status, _, page = visit(self.consent(url))
        self.assertEqual(status, 200)
        self.assertIn("close this window", page)
        done = ended(process)
        self.assertEqual(done.returncode, 0, done.stderr)
        form = self.endpoint.forms[0]
        self.assertEqual(form["grant_type"], "authorization_code")
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        self.assertEqual(base64.urlsafe_b64encode(proof).decode().rstrip("="),
                         asked["code_challenge"])
        self.assertEqual(self.output.stat().st_mode & 0o777, 0o600)
        saved = json.loads(self.output.read_text())
        self.assertEqual((saved["type"], saved["client_id"]), ("authorized_user", "cid"))
        for secret in (saved["refresh_token"], form["code"], form["code_verifier"]):
            self.assertNotIn(secret, done.stdout + done.stderr)
        self.assert_good(self.output)

    def assert_good(self, file):
        check = self.run_command("auth", "check", "--credentials", file, "--source",
                                 "claude/files")
        self.assertEqual(check.returncode, 0, check.stderr)
        run = self.gds("sync", "--credentials", file)
        self.assertEqual(run.code, 0, run.log)
        self.assert_equal_trees()

    def test_the_client_by_option_and_from_rclone(self):
        nobody = {"GDRIVE_SYNC_CLIENT_ID": ""}
        process, url = self.begin("--client-id", "cid", env=nobody)
        visit(self.consent(url))
        self.assertEqual(ended(process).returncode, 0)
        conf = self.dir / "rclone.conf"
        conf.write_text("[drive]\ntype = drive\nclient_id = cid\nclient_secret = sec\n")
        process, url = self.begin("--rclone-config", conf, "--force", env={
            **nobody, "GDRIVE_SYNC_CLIENT_SECRET": ""})
        visit(self.consent(url))
        self.assertEqual(ended(process).returncode, 0)
        self.assert_good(self.output)

    def test_an_answer_with_another_state_is_refused(self):
        process, url = self.begin()
        back = self.consent(url)
        wrong = re.sub(r"state=[^&]*", "state=forged", back)
        self.assertEqual(visit(wrong)[0], 400)
        self.assertEqual(visit(re.sub(r"&state=[^&]*", "", back))[0], 400)
        self.assertEqual(visit(back.split("?")[0] + "/favicon.ico")[0], 404)
        self.assertEqual(visit(back, "POST")[0], 405)
        self.assertEqual(self.endpoint.forms, [])
        self.assertIsNone(process.poll())
        self.assertEqual(visit(back)[0], 200)
        self.assertEqual(ended(process).returncode, 0)

    def test_a_browser_that_keeps_connections_open(self):
        process, url = self.begin()
        back = urllib.parse.urlsplit(self.consent(url))
        idle = socket.create_connection((back.hostname, back.port))
        self.addCleanup(idle.close)
        self.assertEqual(visit(back.geturl())[0], 200)
        self.assertEqual(ended(process).returncode, 0)

    def test_a_fixed_port(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process, url = self.begin("--port", port)
        self.assertEqual(self.query(url)["redirect_uri"], f"http://127.0.0.1:{port}")
        visit(self.consent(url))
        self.assertEqual(ended(process).returncode, 0)

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            process = self.run_command("auth", "login", "--output", self.output, "--port",
                                       taken.getsockname()[1])
        self.said(process, 2, "taken", "--port")

    def test_an_existing_file_stays_unless_forced(self):
        self.output.write_text("precious")
        process = self.run_command("auth", "login", "--output", self.output)
        self.said(process, 2, self.output, "exists", "--force")
        self.assertEqual(self.output.read_text(), "precious")
        self.output.chmod(0o644)
        process, url = self.begin("--force")
        visit(self.consent(url))
        self.assertEqual(ended(process).returncode, 0)
        self.assertEqual(self.output.stat().st_mode & 0o777, 0o600)

    def test_what_can_be_known_before_the_browser_opens(self):
        for arguments, part in ((["--output", self.dir / "none" / "x"], "none"), ([], "--output"),
                                (["--output", self.output, "--port", "70000"], "65535")):
            self.said(self.run_command("auth", "login", *arguments), 2, part)
        process = self.run_command("auth", "login", "--output", self.output,
                                   env={"GDRIVE_SYNC_CLIENT_ID": ""})
        self.said(process, 2, "GDRIVE_SYNC_CLIENT_ID")
        process = self.run_command("auth", "login", "--output", self.output, "--client-id", "cid",
                                   env={"GDRIVE_SYNC_CLIENT_SECRET": ""})
        self.said(process, 2, "GDRIVE_SYNC_CLIENT_SECRET")
        self.assertEqual(process.stdout, "")
        self.assertEqual(self.requests(), [])

    def test_access_that_was_denied(self):
        process, url = self.begin()
        back = self.consent(url)
        visit(re.sub(r"code=[^&]*", "error=access_denied", back))
        self.said(ended(process), 3, "access_denied", "auth login")
        self.assertFalse(self.output.exists())

    def test_a_code_that_is_refused(self):
        process, url = self.begin()
        visit(re.sub(r"code=[^&]*", "code=4/forged", self.consent(url)))
        self.said(ended(process), 3, "code", "auth login")
        self.assertFalse(self.output.exists())

    def test_the_box_for_drive_was_not_ticked(self):
        self.switch(scope_missing=1)
        process, url = self.begin()
        visit(self.consent(url))
        self.said(ended(process), 3, "drive.readonly", "ticked")
        self.assertFalse(self.output.exists())

    def test_no_refresh_token_in_the_answer(self):
        self.endpoint.scripted = [(200, json.dumps({
            "access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer",
            "scope": "https://www.googleapis.com/auth/drive.readonly"}))]
        process, url = self.begin()
        visit(self.consent(url))
        self.said(ended(process), 3, "no refresh token", "Desktop app")

    def test_the_token_endpoint_is_down(self):
        process, url = self.begin("--retries", "0")
        self.endpoint.scripted = [(503, "busy")]
        visit(self.consent(url))
        self.said(ended(process), 6, "no access token")

    def test_it_can_be_stopped(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process, _ = self.begin()
            process.send_signal(number)
            done = ended(process)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertFalse(self.output.exists())

    def test_the_seven_days_are_told_at_once(self):
        self.switch(refresh_token_expires_in_s=604799)
        process, url = self.begin()
        visit(self.consent(url))
        done = ended(process)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("7 days", done.stdout + done.stderr)


class Check(AgentCase):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "a")
        self.control("rescan", {})

    def check(self, *arguments, env=None):
        return self.run_command("auth", "check", *arguments, env=env)

    def test_who_what_and_where(self):
        process = self.check("--source", "claude/files")
        self.assertEqual(process.returncode, 0, process.stderr)
        folder = self.control("tree?path=claude/files")["id"]
        for part in ("works", "drive.readonly", "@", "files", folder):
            self.assertIn(part, process.stdout)
        self.assertEqual(lines_of(process.stderr, "error"), [])

    def test_without_a_source(self):
        process = self.check()
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertNotIn("folder:", process.stdout)

    def test_a_refresh_token_that_will_end(self):
        self.switch(refresh_token_expires_in_s=604799)
        process = self.check()
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("7 days", process.stdout)
        self.assertIn("production", process.stdout)

    def test_a_scope_that_is_wider(self):
        self.switch(scope_too_wide=1)
        process = self.check()
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("warning", process.stdout)

    def test_what_fails_and_its_code(self):
        self.said(self.check("--source", "claude/none"), 6, '"none"', "--source")
        self.said(self.check("--source-id", "nobody-has-this"), 6, "nobody-has-this")
        self.said(self.check("--source", "claude/files/a.txt"), 6, "a.txt")
        self.said(self.check(env={"GDRIVE_SYNC_REFRESH_TOKEN": "x"}), 3, "Testing", "auth login")
        self.said(self.check(env={"GDRIVE_SYNC_REFRESH_TOKEN": ""}), 2, "REFRESH_TOKEN")
        self.said(self.check("--retries", "0", env={
            "GDRIVE_SYNC_DRIVE_ENDPOINT": "http://127.0.0.1:1"}), 6, "127.0.0.1:1")
        self.switch(scope_missing=1)
        self.said(self.check(), 3, "drive.readonly")

    def test_an_ambiguous_path_lists_the_candidates(self):
        self.control("tree", {"op": "create", "path": "claude/files", "folder": True})
        process = self.check("--source", "claude/files")
        line = self.said(process, 6, "--source-id")
        self.assertGreaterEqual(len(re.findall(r"id [\w-]{10,}", line)), 2, line)

    def test_it_can_be_stopped(self):
        self.strike({"hang": True}, label="about.get")
        process = self.start("auth check")
        self.wait_until(lambda: self.requests("about.get") or self.requests("oauth.token"))
        process.send_signal(signal.SIGTERM)
        done = ended(process)
        self.assertEqual(done.returncode, 143, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
