"""The token endpoint, the authorization page, and what Drive does without a good token."""

import base64
import hashlib
import json
import subprocess
import time
import unittest
import urllib.parse

from harness import EmulatorCase

READONLY = "https://www.googleapis.com/auth/drive.readonly"
CLIENT = {"client_id": "cid", "client_secret": "sec"}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "rt", **CLIENT}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tokens(EmulatorCase):
    options = ["--client-id", "cid", "--client-secret", "sec", "--refresh-token", "rt"]
    spec = {"items": [{"id": "A", "name": "a.txt", "content": "a"}]}

    def status(self, token):
        headers = {"Authorization": "Bearer " + token} if token else {}
        return self.drive.get("files/A", headers).status

    def fresh(self):
        return self.drive.token(**REFRESH).json["access_token"]

    def test_refresh(self):
        answer = self.drive.token(**REFRESH).json
        self.assertEqual((answer["token_type"], answer["scope"], answer["expires_in"]),
                         ("Bearer", READONLY, 3599))
        self.assertNotIn("refresh_token", answer)
        self.assertEqual(self.status(answer["access_token"]), 200)

    def test_client_in_the_header(self):
        basic = base64.b64encode(b"cid:sec").decode()
        answer = self.drive.token({"Authorization": "Basic " + basic},
                                  grant_type="refresh_token", refresh_token="rt")
        self.assertEqual(answer.status, 200)

    def test_what_is_refused(self):
        for change, status, error in (
                ({"refresh_token": "other"}, 400, "invalid_grant"),
                ({"refresh_token": ""}, 400, "invalid_request"),
                ({"client_id": "other"}, 401, "invalid_client"),
                ({"client_secret": "other"}, 401, "invalid_client"),
                ({"client_id": ""}, 400, "invalid_request"),
                ({"grant_type": "password"}, 400, "unsupported_grant_type")):
            with self.subTest(change=change):
                answer = self.drive.token(**{**REFRESH, **change})
                self.assertEqual((answer.status, answer.json["error"]), (status, error))

    def test_drive_wants_a_good_token(self):
        for token in ("", "nonsense"):
            answer = self.drive.get("files/A", {"Authorization": "Bearer " + token})
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.json["error"]["status"], "UNAUTHENTICATED")
        self.assertEqual(self.status(""), 401)

    def test_tokens_end(self):
        token = self.fresh()
        self.drive.control("tokens", {"advance_s": 3600})
        self.assertEqual(self.status(token), 401)
        token = self.fresh()
        self.drive.control("tokens", {"expire": "access"})
        self.assertEqual(self.status(token), 401)
        self.assertEqual(self.status(self.fresh()), 200)

    def test_refresh_tokens_end(self):
        self.drive.control("tokens", {"revoke": "refresh"})
        answer = self.drive.token(**REFRESH)
        self.assertEqual((answer.status, answer.json["error"]), (400, "invalid_grant"))

    def test_switches(self):
        self.drive.switch(expires_in_s=60)
        token = self.drive.token(**REFRESH).json
        self.assertEqual(token["expires_in"], 60)
        self.drive.control("tokens", {"advance_s": 61})
        self.assertEqual(self.status(token["access_token"]), 401)
        for switch, error in (("invalid-grant", "invalid_grant"),
                              ("invalid-rapt", "invalid_grant"),
                              ("deleted-client", "deleted_client")):
            with self.subTest(switch=switch):
                self.drive.control("switches", method="DELETE")
                self.drive.control("switches", {switch: 1})
                answer = self.drive.token(**REFRESH).json
                self.assertEqual(answer["error"], error)
                self.assertEqual(answer.get("error_subtype"),
                                 "invalid_rapt" if switch == "invalid-rapt" else None)

    def test_scopes_and_hints(self):
        self.drive.switch(scope_too_wide=1, refresh_token_expires_in_s=604800)
        answer = self.drive.token(**REFRESH).json
        self.assertIn("https://www.googleapis.com/auth/drive", answer["scope"].split())
        self.assertEqual(answer["refresh_token_expires_in"], 604800)
        self.drive.switch(scope_too_wide=0, scope_missing=1)
        answer = self.drive.get("files/A", {"Authorization": "Bearer " + self.fresh()})
        self.assertEqual((answer.status, answer.reason), (403, "insufficientPermissions"))

    def test_a_fixed_access_token(self):
        self.drive = self.start("--access-token", "always", spec=self.spec)
        self.assertEqual(self.status("always"), 200)
        self.assertEqual(self.status("other"), 401)

    def test_export_links_want_a_token_too(self):
        self.assertEqual(self.drive.request(
            "GET", "/feeds/download/documents/export/Export?id=A&exportFormat=docx").status, 401)

    def test_secrets_are_not_logged(self):
        token = self.fresh()
        self.status(token)
        log = json.dumps(self.drive.control("log"))
        self.assertIn("Bearer ***", log)
        for secret in (token, '"sec"', '"rt"'):
            self.assertNotIn(secret, log)


class Authorization(EmulatorCase):
    options = ["--client-id", "cid", "--client-secret", "sec", "--refresh-token", "rt"]
    redirect = "http://127.0.0.1:9/done"

    def agree(self, **more):
        query = {"client_id": "cid", "redirect_uri": self.redirect, "response_type": "code",
                 "scope": READONLY, "state": "s t", **more}
        return self.drive.request("GET", "/o/oauth2/v2/auth?" + urllib.parse.urlencode(query))

    def code(self, **more):
        location = self.agree(**more).headers["location"]
        self.assertTrue(location.startswith(self.redirect + "?"))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)
        self.assertEqual(query["state"], ["s t"])
        return query["code"][0]

    def exchange(self, code, **more):
        return self.drive.token(**{"grant_type": "authorization_code", "code": code,
                                   "redirect_uri": self.redirect, **CLIENT, **more})

    def test_gives_a_refresh_token_that_works(self):
        answer = self.exchange(self.code()).json
        refreshed = self.drive.token(**{**REFRESH, "refresh_token": answer["refresh_token"]})
        self.assertEqual(refreshed.status, 200)

    def test_a_code_is_good_once_and_for_its_redirect(self):
        code = self.code()
        self.assertEqual(self.exchange(code).status, 200)
        self.assertEqual(self.exchange(code).json["error"], "invalid_grant")
        other = self.exchange(self.code(), redirect_uri="http://127.0.0.1:9/other")
        self.assertEqual(other.json["error"], "redirect_uri_mismatch")

    def test_pkce(self):
        verifier = "v" * 43
        pkce = {"code_challenge": base64url(hashlib.sha256(verifier.encode()).digest()),
                "code_challenge_method": "S256"}
        self.assertEqual(self.exchange(self.code(**pkce), code_verifier=verifier).status, 200)
        for wrong in ({"code_verifier": "w" * 43}, {}):
            answer = self.exchange(self.code(**pkce), **wrong)
            self.assertEqual((answer.status, answer.json["error"]), (400, "invalid_grant"))

    def test_requests_that_cannot_be(self):
        self.assertEqual(self.agree(client_id="other").status, 401)
        self.assertEqual(self.agree(response_type="token").status, 400)


class ServiceAccounts(EmulatorCase):
    def setUp(self):
        super().setUp()
        self.file = self.dir / "account.json"
        self.drive = self.start("--make-service-account", self.file)
        self.key = json.loads(self.file.read_text())
        self.pem = self.dir / "key.pem"
        self.pem.write_text(self.key["private_key"])

    def assertion(self, **change):
        now = int(time.time())
        claims = {"iss": self.key["client_email"], "scope": READONLY,
                  "aud": "https://oauth2.googleapis.com/token", "iat": now, "exp": now + 3600,
                  **change}
        parts = [{"alg": "RS256", "typ": "JWT"}, claims]
        text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.pem], input=text.encode(),
            capture_output=True, check=True).stdout
        return text + "." + base64url(signature)

    def grant(self, assertion):
        return self.drive.token(grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer",
                                assertion=assertion)

    def test_good_assertions_work(self):
        for change in ({}, {"aud": self.drive.url + "/token"}, {"sub": "user@example.com"}):
            with self.subTest(change=change):
                token = self.grant(self.assertion(**change)).json["access_token"]
                about = self.drive.get("about", {"Authorization": "Bearer " + token},
                                       fields="kind")
                self.assertEqual(about.status, 200)

    def test_others_do_not(self):
        now = int(time.time())
        for change, error, words in (
                ({"iss": "other@example.com"}, "invalid_grant", "account not found"),
                ({"aud": "https://example.com"}, "invalid_grant", "audience"),
                ({"iat": now + 7200, "exp": now + 9000}, "invalid_grant", "reasonable timeframe"),
                ({"iat": now - 9000, "exp": now - 7200}, "invalid_grant", "reasonable timeframe"),
                ({"exp": now + 7200}, "invalid_grant", "short-lived"),
                ({"scope": "openid"}, "invalid_scope", "scope")):
            with self.subTest(change=change):
                answer = self.grant(self.assertion(**change))
                self.assertEqual((answer.status, answer.json["error"]), (400, error))
                self.assertIn(words, answer.json["error_description"])
        forged = self.assertion()[:-8] + "AAAAAAAA"
        self.assertIn("Signature", self.grant(forged).json["error_description"])
        self.assertEqual(self.grant("nonsense").status, 400)

    def test_the_date_header_tells_the_emulators_time(self):
        self.drive.control("tokens", {"advance_s": 86400})
        refused = self.grant(self.assertion())
        self.assertEqual(refused.json["error"], "invalid_grant")
        ahead = time.mktime(time.strptime(refused.headers["date"], "%a, %d %b %Y %H:%M:%S GMT"))
        self.assertGreater(ahead - time.mktime(time.gmtime()), 80000)

    def test_an_account_of_ones_own(self):
        self.drive = self.start("--service-account", self.file)
        self.assertEqual(self.grant(self.assertion()).status, 200)


if __name__ == "__main__":
    unittest.main()
