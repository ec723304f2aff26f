#!/usr/bin/env python3
"""Getting in: nobody, Basic, tokens, docker's config.json with its helpers, TLS."""

import base64
import json
import os
import unittest

import auth_server
import fake
import images
from harness import RegistryCase

PASSWORD = "correct horse"


def encoded(username, password):
    return base64.b64encode(f"{username}:{password}".encode()).decode()


class Getting(RegistryCase):
    def password_file(self, text=PASSWORD + "\n"):
        path = self.dir / "password"
        path.write_text(text)
        return path

    def config(self, content):
        path = self.dir / "config.json"
        path.write_text(json.dumps(content))
        return path

    def no_secret(self, found):
        told = found.out + found.log + json.dumps(found.report or {})
        self.assertNotIn(PASSWORD, told)
        self.assertNotIn(encoded("me", PASSWORD), told)
        self.assertNotIn("eyJ", told)  # how every token begins


class Basic(Getting):
    def setUp(self):
        super().setUp()
        auth_server.htpasswd(self.dir / "htpasswd", "me", PASSWORD)
        self.server = self.registry()
        self.server.push("app", "t", images.multi_arch("basic"))
        self.server.extra = auth_server.basic_auth(self.dir / "htpasswd")
        self.server.restart()

    def test_a_password_file(self):
        found = self.probe(self.server, "--username", "me", "--password-file",
                           self.password_file())
        self.assertEqual(0, found.code, found)
        self.no_secret(found)

    def test_a_password_from_the_environment(self):
        found = self.program("probe", self.server.host, "--plain-http", "--username", "me",
                             env={"REGISTRY_PROBE_PASSWORD": PASSWORD})
        self.assertEqual(0, found.code, found)
        self.assertNotIn("means nothing", found.log)

    def test_nobody_is_refused(self):
        found = self.probe(self.server)
        self.assertEqual(3, found.code, found)
        self.assertIn("--auth-file", found.log)
        self.assertEqual(3, self.verify(self.server, "app:t").code)

    def test_a_wrong_password_is_refused(self):
        found = self.probe(self.server, "--username", "me", "--password-file",
                           self.password_file("wrong"))
        self.assertEqual(3, found.code, found)

    def test_dockers_config(self):
        for key in (self.server.host, f"https://{self.server.host}",
                    f"https://{self.server.host}/v1/"):
            path = self.config({"auths": {"other.example": {"auth": encoded("x", "y")},
                                          key: {"auth": encoded("me", PASSWORD)}}})
            found = self.probe(self.server, "--auth-file", path)
            self.assertEqual(0, found.code, found)
            self.no_secret(found)

    def test_dockers_config_where_docker_looks(self):
        self.config({"auths": {self.server.host: {"username": "me", "password": PASSWORD}}})
        found = self.program("probe", self.server.host, "--plain-http",
                             env={"DOCKER_CONFIG": str(self.dir)})
        self.assertEqual(0, found.code, found)
        (self.dir / ".docker").mkdir()
        (self.dir / "config.json").rename(self.dir / ".docker" / "config.json")
        found = self.program("probe", self.server.host, "--plain-http",
                             env={"HOME": str(self.dir), "DOCKER_CONFIG": ""})
        self.assertEqual(0, found.code, found)

    def helper(self, script):
        path = self.dir / "docker-credential-test"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return {"PATH": f"{self.dir}:{os.environ['PATH']}"}

    def test_a_credential_helper(self):
        env = self.helper(f'read -r host; [ "$1" = get ] && [ "$host" = "{self.server.host}" ] '
                          f'''&& echo '{{"ServerURL":"x","Username":"me","Secret":"{PASSWORD}"}}\'''')
        for content in ({"credHelpers": {self.server.host: "test"}}, {"credsStore": "test"}):
            found = self.program("probe", self.server.host, "--plain-http", "--auth-file",
                                 self.config(content), env=env)
            self.assertEqual(0, found.code, found)
            self.no_secret(found)

    def test_a_helper_that_knows_nothing_leaves_it_to_the_file(self):
        env = self.helper("cat > /dev/null; echo credentials not found in native keychain; exit 1")
        path = self.config({"credsStore": "test", "auths": {
            self.server.host: {"auth": encoded("me", PASSWORD)}}})
        found = self.program("probe", self.server.host, "--plain-http", "--auth-file", path,
                             env=env)
        self.assertEqual(0, found.code, found)

    def test_what_cannot_be_used_is_a_usage_error(self):
        for content, word in (({"credsStore": "nosuchhelper"}, "docker-credential-nosuchhelper"),
                              ({"credsStore": "../evil"}, "no name of a credential helper"),
                              ({"auths": {self.server.host: {"auth": "%%%"}}}, "base64")):
            found = self.probe(self.server, "--auth-file", self.config(content))
            self.assertEqual(2, found.code, found)
            self.assertIn(word, found.log)
        self.assertEqual(2, self.probe(self.server, "--auth-file", self.dir / "none").code)
        self.assertEqual(2, self.probe(self.server, "--username", "me").code)
        (self.dir / "config.json").write_text("[]")
        self.assertEqual(2, self.probe(self.server, "--auth-file", self.dir / "config.json").code)


class Tokens(Getting):
    def begin(self, **settings):
        self.tokens = auth_server.TokenServer(self.dir, **settings)
        self.addCleanup(self.tokens.stop)
        self.server = self.registry()
        for name in ("app", "team/api"):
            for tag in ("1", "2"):
                self.server.push(name, tag, images.multi_arch(f"{name}-{tag}"))
        self.server.extra = self.tokens.configuration()
        self.server.restart()

    def login(self):
        return "--username", "me", "--password-file", self.password_file()

    def test_one_token_for_each_scope(self):
        self.begin(username="me", password=PASSWORD)
        found = self.probe(self.server, *self.login())
        self.assertEqual(0, found.code, found)
        self.assertEqual(["registry:catalog:*", "repository:app:pull", "repository:team/api:pull"],
                         sorted(self.tokens.scopes()))
        self.no_secret(found)

    def test_verify_needs_no_catalog(self):
        self.begin(username="me", password=PASSWORD)
        found = self.verify(self.server, "team/api:1", *self.login())
        self.assertEqual(0, found.code, found)
        self.assertEqual(["repository:team/api:pull"], self.tokens.scopes())

    def test_repair_asks_for_what_it_does_and_no_more(self):
        self.begin(username="me", password=PASSWORD)
        image, lost = images.image("mount"), images.image("lost")
        self.server.extra = {}
        self.server.restart()
        for repository, one in (("app", image), ("team/api", image), ("app", lost)):
            self.server.push(repository, one.digest[-8:], one)
        self.server.extra = self.tokens.configuration()
        self.server.restart()
        self.server.tree.layer("app", image.layers[0].digest).unlink()
        self.server.tree.blob(lost.layers[0].digest).unlink()
        probed = self.probe(self.server, *self.login())
        self.tokens.requests.clear()
        done = self.repair(self.server, probed.report_file, "--yes", *self.login())
        self.assertEqual((0, []), (done.code, done.broken), done)
        self.assertIn("from team/api", done.out)
        asked = {tuple(query.get("scope", [])) for _, query, _ in self.tokens.requests}
        self.assertEqual({("registry:catalog:*",), ("repository:app:pull",),
                          ("repository:team/api:pull",), ("repository:app:delete,pull",),
                          ("repository:app:pull,push", "repository:team/api:pull")}, asked)
        self.no_secret(done)

    def test_nobody_gets_an_anonymous_token(self):
        self.begin()
        found = self.probe(self.server)
        self.assertEqual(0, found.code, found)
        self.assertNotIn("Authorization", self.tokens.requests[0][2])

    def test_tokens_are_renewed_before_they_end(self):
        self.begin(username="me", password=PASSWORD, life=2)
        metrics = self.dir / "metrics.prom"
        found = self.probe(self.server, *self.login(), "--max-rps", "8", "--metrics-file", metrics)
        self.assertEqual(0, found.code, found)
        self.assertGreater(len(self.tokens.scopes()), 3)
        codes = {line.split('"')[1] for line in metrics.read_text().splitlines()
                 if line.startswith("registry_probe_requests{")}
        self.assertEqual({"200", "206", "401"}, codes)  # 401 of the first question alone
        self.assertIn('registry_probe_requests{code="401"} 1\n', metrics.read_text())

    def test_an_identity_token_is_exchanged(self):
        self.begin(username="me", password=PASSWORD, refresh="identity-of-me")
        path = self.config({"auths": {self.server.host: {"identitytoken": "identity-of-me"}}})
        found = self.probe(self.server, "--auth-file", path)
        self.assertEqual(0, found.code, found)
        self.assertEqual({"POST"}, {method for method, _, _ in self.tokens.requests})

    def test_a_refused_login_says_so(self):
        self.begin(username="me", password="another")
        found = self.probe(self.server, *self.login())
        self.assertEqual(3, found.code, found)
        self.no_secret(found)

    def test_a_token_server_that_is_down_is_no_refusal(self):
        self.begin(username="me", password=PASSWORD)
        self.tokens.stop()
        found = self.probe(self.server, *self.login(), "--retries", "0")
        self.assertEqual(6, found.code, found)


class TokensElsewhere(Getting):
    def test_a_token_revoked_on_the_way_is_fetched_anew(self):
        server, given = fake.FakeRegistry(), []
        self.addCleanup(server.stop)
        server.push("app", "t", images.multi_arch("revoked"))
        asked = []

        def override(handler):
            if handler.path.startswith("/token"):
                given.append(f"token-{len(given)}")
                return fake.Answer(200, json.dumps({"access_token": given[-1]}))
            asked.append(handler.path)
            revoked = len(asked) == 7
            if revoked or handler.headers.get("Authorization") not in (
                    [f"Bearer {one}" for one in given]):
                return fake.Answer(401, b"", {
                    "WWW-Authenticate": f'Bearer realm="http://{server.host}/token",'
                                        'service="s",error="invalid_token"'})
            return None

        server.override = override
        found = self.probe(server)
        self.assertEqual(0, found.code, found)
        self.assertEqual(3, len(given))

    def test_no_password_goes_to_a_token_server_without_tls(self):
        cert, key = auth_server.certificate(self.dir)
        server = fake.FakeRegistry().use_tls(auth_server.tls_context(cert, key))
        other = fake.FakeRegistry("127.0.0.2")
        self.addCleanup(server.stop)
        self.addCleanup(other.stop)
        server.override = lambda _: fake.Answer(401, b"", {
            "WWW-Authenticate": f'Bearer realm="http://{other.host}/token",service="s"'})
        found = self.program("probe", server.host, "--ca-cert", cert, "--username", "me",
                             "--password-file", self.password_file())
        self.assertEqual(3, found.code, found)
        self.assertEqual([], other.requests)


class Tls(Getting):
    def setUp(self):
        super().setUp()
        self.cert, key = auth_server.certificate(self.dir)
        self.server = fake.FakeRegistry().use_tls(auth_server.tls_context(self.cert, key))
        self.addCleanup(self.server.stop)
        self.server.push("app", "t", images.multi_arch("tls"))

    def test_a_certificate_of_ones_own(self):
        found = self.program("probe", self.server.host, "--ca-cert", self.cert)
        self.assertEqual(0, found.code, found)

    def test_an_unknown_certificate_is_not_trusted(self):
        found = self.program("probe", self.server.host, "--retries", "0")
        self.assertEqual(6, found.code, found)
        self.assertIn("--ca-cert", found.log)

    def test_http_without_tls_is_hinted_at(self):
        plain = fake.FakeRegistry()
        self.addCleanup(plain.stop)
        found = self.program("probe", plain.host, "--retries", "0")
        self.assertEqual(6, found.code, found)
        self.assertIn("--plain-http", found.log)


if __name__ == "__main__":
    unittest.main()
