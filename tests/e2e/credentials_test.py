#!/usr/bin/env python3
"""Where credentials come from, what becomes of tokens, and that no secret is seen anywhere."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from agent import AgentCase, lines_of  # noqa: E402
from relays import TokenEndpoint  # noqa: E402

NOTHING = {f"GDRIVE_SYNC_{n}": "" for n in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")}
TOKEN = json.dumps({"access_token": "ya29.stale", "token_type": "Bearer", "refresh_token": "rt",
                    "expiry": "2020-01-01T00:00:00.000000000+01:00"})
SECTION = f"""[other]
type = local

[gdrive]
type = drive
client_id = cid
client_secret = sec
scope = drive.readonly
token = {TOKEN}
team_drive =
"""


class CredentialsCase(AgentCase):
    emulator_options = ["--make-service-account"]

    def start_emulator(self):
        self.key_file = self.dir / "service-account.json"
        self.emulator_options = ["--make-service-account", self.key_file]
        super().start_emulator()

    def setUp(self):
        super().setUp()
        self.write("a.txt", "a")
        self.control("rescan", {})

    def secret_file(self, name, text, mode=0o600):
        path = self.dir / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def mirrors(self, *arguments, env=None, source="claude/files"):
        """A diff with these credentials only, which sees the file of the source."""
        process = self.run_command("diff", "--source", source, "--dest", self.dest, *arguments,
                                   env={**NOTHING, **(env or {})})
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("+ a.txt", process.stdout)
        return process

    def refused(self, *parts, arguments=(), env=None, code=2):
        process = self.run_command("sync", "--source", "claude/files", "--dest", self.dest,
                                   *arguments, env={**NOTHING, **(env or {})})
        line = self.said(process, code, *parts)
        self.assertEqual(self.drive_requests(), [])
        return line


class Environment(CredentialsCase):
    def files(self, **values):
        return {f"GDRIVE_SYNC_{name}_FILE": str(self.secret_file(name, value))
                for name, value in values.items()}

    def test_plain_variables(self):
        self.mirrors(env={"GDRIVE_SYNC_CLIENT_ID": "cid", "GDRIVE_SYNC_CLIENT_SECRET": "sec",
                          "GDRIVE_SYNC_REFRESH_TOKEN": "rt"})

    def test_files_with_a_newline_behind(self):
        self.mirrors(env=self.files(CLIENT_ID="cid\n", CLIENT_SECRET="sec\r\n",
                                    REFRESH_TOKEN="rt"))

    def test_mixed(self):
        self.mirrors(env={"GDRIVE_SYNC_CLIENT_ID": "cid",
                          **self.files(CLIENT_SECRET="sec", REFRESH_TOKEN="rt\n")})

    def test_both_of_one(self):
        self.refused("GDRIVE_SYNC_CLIENT_ID_FILE", "both",
                     env={"GDRIVE_SYNC_CLIENT_ID": "cid", **self.files(CLIENT_ID="cid")})

    def test_incomplete(self):
        self.refused("GDRIVE_SYNC_CLIENT_SECRET and GDRIVE_SYNC_REFRESH_TOKEN",
                     env={"GDRIVE_SYNC_CLIENT_ID": "cid"})

    def test_a_file_that_is_missing_or_empty(self):
        self.refused("GDRIVE_SYNC_CLIENT_ID_FILE", "/nowhere/id",
                     env={"GDRIVE_SYNC_CLIENT_ID_FILE": "/nowhere/id"})
        self.refused("GDRIVE_SYNC_CLIENT_ID_FILE", "empty", env=self.files(CLIENT_ID="\n"))

    def test_read_only_files_of_a_secret_volume(self):
        for mode in (0o400, 0o440, 0o444):
            files = self.files(CLIENT_ID="cid", CLIENT_SECRET="sec", REFRESH_TOKEN="rt")
            for path in files.values():
                os.chmod(path, mode)
            self.mirrors(env=files)
            for path in files.values():
                os.chmod(path, 0o600)


class RcloneConf(CredentialsCase):
    def conf(self, text, mode=0o600):
        return "--rclone-config", str(self.secret_file("rclone.conf", text, mode))

    def test_a_section_as_it_is(self):
        conf = self.conf(SECTION, 0o444)
        before = (self.dir / "rclone.conf").stat()
        self.mirrors(*conf, "--rclone-remote", "gdrive")
        self.mirrors(*conf, "--rclone-remote", "gdrive:")
        self.mirrors(*conf)
        self.mirrors(env={"GDRIVE_SYNC_RCLONE_CONFIG": conf[1],
                          "GDRIVE_SYNC_RCLONE_REMOTE": "gdrive"})
        after = (self.dir / "rclone.conf").stat()
        self.assertEqual((before.st_mtime_ns, before.st_ino), (after.st_mtime_ns, after.st_ino))

    def test_variables_override_the_section(self):
        conf = self.conf(SECTION.replace("client_secret = sec", "client_secret = old"))
        self.mirrors(*conf, env={"RCLONE_CONFIG_GDRIVE_CLIENT_SECRET": "sec"})

    def test_a_remote_from_variables_alone(self):
        self.mirrors("--rclone-remote", "drv", env={
            "RCLONE_CONFIG_DRV_TYPE": "drive", "RCLONE_CONFIG_DRV_CLIENT_ID": "cid",
            "RCLONE_CONFIG_DRV_CLIENT_SECRET": "sec", "RCLONE_CONFIG_DRV_TOKEN": TOKEN})

    def test_root_folder_id(self):
        folder = self.control("tree?path=claude")["id"]
        conf = self.conf(SECTION + f"root_folder_id = {folder}\n")
        self.mirrors(*conf, source="files")
        folder = self.control("tree?path=claude/files")["id"]
        conf = self.conf(SECTION + f"root_folder_id = {folder}\n")
        process = self.run_command("diff", "--dest", self.dest, *conf, env=NOTHING)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("+ a.txt", process.stdout)

    def test_service_account_by_file_and_in_line(self):
        key = self.key_file.read_text()
        section = "[sa]\ntype = drive\nservice_account_file = {}\n"
        self.refused("service_account_file", "/nowhere.json",
                     arguments=self.conf(section.format("/nowhere.json")))
        self.mirrors(*self.conf(section.format(self.key_file)))
        one_line = json.dumps(json.loads(key))
        self.mirrors(*self.conf(f"[sa]\ntype = drive\nservice_account_credentials = {one_line}\n"))

    def test_impersonate_becomes_the_subject(self):
        endpoint = self.endpoint()
        conf = self.conf(f"[sa]\ntype = drive\nservice_account_file = {self.key_file}\n"
                         "impersonate = someone@example.com\n")
        self.run_command("sync", "--source", "claude/files", "--dest", self.dest, *conf,
                         env={**NOTHING, "GDRIVE_SYNC_TOKEN_ENDPOINT": endpoint.url})
        self.assertEqual(claims(endpoint.forms[0]["assertion"])["sub"], "someone@example.com")

    def endpoint(self):
        endpoint = TokenEndpoint(self.url)
        self.addCleanup(endpoint.close)
        return endpoint

    def test_a_wider_scope_is_a_warning(self):
        conf = self.conf(SECTION.replace("drive.readonly", "drive"))
        process = self.mirrors(*conf)
        self.assertEqual(len([w for w in lines_of(process.stderr, "warn") if "scope" in w]), 1)

    def test_a_blank_client(self):
        conf = self.conf(SECTION.replace("client_id = cid", "client_id ="))
        self.refused("[gdrive]", "client_id is blank", "auth login", arguments=conf)

    def test_an_encrypted_file(self):
        for head in ("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabc\n",
                     "RCLONE_ENCRYPT_V0:\nabc\n"):
            self.refused("encrypted", "rclone config", arguments=self.conf(head))

    def test_a_wrong_name_lists_the_right_ones(self):
        self.refused("[gdrvie]", "[other], [gdrive]",
                     arguments=[*self.conf(SECTION), "--rclone-remote", "gdrvie"])
        self.refused("type", "local", arguments=[*self.conf(SECTION), "--rclone-remote", "other"])

    def test_what_is_missing_or_broken(self):
        self.refused("/nowhere.conf", arguments=["--rclone-config", "/nowhere.conf"])
        self.refused("--rclone-config", arguments=["--rclone-remote", "gdrive"])
        for old, new, part in ((f"token = {TOKEN}", "", "token"),
                               (f"token = {TOKEN}", "token = {", "JSON"),
                               ('"refresh_token": "rt", ', "", "refresh_token"),
                               ("client_secret = sec", "", "client_secret"),
                               ("[gdrive]", "[gdrive", "line 4")):
            self.refused(part, arguments=self.conf(SECTION.replace(old, new)))


class GoogleJson(CredentialsCase):
    USER = {"type": "authorized_user", "client_id": "cid", "client_secret": "sec",
            "refresh_token": "rt"}

    def given(self, content):
        text = content if isinstance(content, str) else json.dumps(content)
        return "--credentials", str(self.secret_file("given.json", text))

    def test_authorized_user(self):
        self.mirrors(*self.given(self.USER))

    def test_service_account(self):
        self.mirrors("--credentials", self.key_file)

    def test_what_is_wrong_with_it(self):
        for content, part in ((json.dumps(self.USER)[:-1], "not a JSON object"),
                              ({**self.USER, "type": "external_account"}, "authorized_user"),
                              ({**self.USER, "refresh_token": ""}, "refresh_token"),
                              ({"installed": {"client_id": "cid"}}, "auth login"),
                              ({"type": "service_account", "client_email": "a@b",
                                "private_key": "-----BEGIN"}, "private_key")):
            self.refused(part, arguments=self.given(content))
        self.refused("/nowhere.json", arguments=["--credentials", "/nowhere.json"])
        self.refused("both", arguments=["--credentials", "/a", "--rclone-config", "/b"])

    def test_a_service_account_whose_clock_is_wrong(self):
        self.control("tokens", {"advance_s": 7200})
        process = self.mirrors("--credentials", self.key_file)
        self.assertIn("the local clock is wrong", process.stderr)
        self.assertEqual(len(self.requests("oauth.token")), 2)

    def test_a_service_account_that_is_unknown(self):
        key = json.loads(self.key_file.read_text())
        key["client_email"] = "gone@emulated-project.iam.gserviceaccount.com"
        self.refused("service account", "account not found", code=3, arguments=self.given(key))


def claims(assertion):
    import base64
    part = assertion.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Tokens(CredentialsCase):
    def token_requests(self):
        return len(self.requests("oauth.token"))

    def test_a_401_brings_a_new_token_once(self):
        self.strike({"expire_tokens": True}, count=1, label="files.list")
        self.sync()
        self.assertEqual(self.token_requests(), 2)
        self.strike({"expire_tokens": True}, count=1, label="files.media")
        self.write("b.txt", "b")
        self.sync()
        self.assert_equal_trees()
        self.assertEqual(self.token_requests(), 4)

    def test_a_401_that_stays_ends_the_run(self):
        self.strike({"status": 401, "reason": "authError", "message": "Invalid Credentials"},
                   label="files.list")
        run = self.gds("sync")
        self.said(run, 3, "auth check")
        self.assertLessEqual(self.token_requests(), 2)
        self.assertLessEqual(len(self.requests("files.list")), 4)

    def test_a_token_is_renewed_before_it_ends(self):
        # Twenty files that take longer, together, than a token of two seconds lives.
        self.switch(expires_in_s=2)
        for i in range(12):
            self.write(f"f{i}", os.urandom(40_000))
        self.strike({"rate": 100_000}, label="files.media")
        self.sync("--transfers", "1")
        self.assert_equal_trees()
        self.assertGreater(self.token_requests(), 1)

    def test_what_the_endpoint_refuses(self):
        for name, status, parts in (
                ("invalid_grant", 400, ("Testing", "7 days", "publish", "auth login")),
                ("invalid_client", 401, ("client id", "client secret", "console")),
                ("deleted_client", 401, ("deleted", "auth login")),
                ("unauthorized_client", 401, ("client", "auth login")),
                ("admin_policy_enforced", 400, ("administrator", "drive.readonly")),
                ("org_internal", 403, ("organisation",)),
                ("something_new", 400, ("something_new", "auth check"))):
            with self.subTest(error=name):
                self.strike({"oauth_error": name, "status": status}, label="oauth.token")
                self.forget_requests()
                run = self.sync_with_outputs(code=3, result="auth")
                self.said(run, 3, name, *parts)
                self.assertEqual(self.drive_requests(), [])
                self.assertEqual(self.token_requests(), 1)
                self.clear_faults()

    def test_a_workspace_that_wants_users_to_sign_in_again(self):
        self.switch(invalid_rapt=1)
        run = self.gds("sync")
        self.said(run, 3, "invalid_rapt", "service account")
        self.assertEqual(self.drive_requests(), [])

    def test_a_token_revoked_in_the_middle(self):
        self.sync()
        self.write("a.txt", "changed")
        self.write("b.txt", "new")
        self.control("rescan", {})
        self.strike({"oauth_error": "invalid_grant"}, label="oauth.token", skip=1)
        self.strike({"expire_tokens": True}, label="files.media")
        run = self.gds("sync")
        self.said(run, 3, "invalid_grant", "auth login")
        self.assertEqual((self.dest / "a.txt").read_text(), "a")
        self.clear_faults()
        self.sync()
        self.assert_equal_trees()

    def test_a_wider_scope_is_a_warning_and_a_missing_one_ends_it(self):
        self.switch(scope_too_wide=1)
        run = self.sync()
        warned = [w for w in lines_of(run.log, "warn") if "auth/drive" in w]
        self.assertEqual(len(warned), 1, run.log)
        self.switch(scope_too_wide=0, scope_missing=1)
        self.forget_requests()
        run = self.gds("sync")
        self.said(run, 3, "drive.readonly", "auth login")
        self.assertEqual(self.drive_requests(), [])

    def test_an_endpoint_that_is_down_or_something_else(self):
        for action in ({"status": 503}, {"close": True}, {"html": True},
                       {"status": 404, "html": True}):
            self.strike(action, label="oauth.token")
            run = self.gds("sync", "--retries", "1", "--retry-max-wait", "1s")
            self.said(run, 6, "no access token", "/token")
            self.clear_faults()
        self.assertEqual(self.drive_requests(), [])

    def test_a_redirect_of_the_endpoint_tells_nobody_else(self):
        elsewhere = TokenEndpoint(self.url)
        self.addCleanup(elsewhere.close)
        self.strike({"redirect": elsewhere.url, "status": 307}, label="oauth.token")
        run = self.gds("sync", "--retries", "1", "--retry-max-wait", "1s")
        self.said(run, 6, "no access token", "307")
        self.assertEqual(elsewhere.forms, [])

    def test_one_bad_answer_of_the_endpoint_is_retried(self):
        self.strike({"status": 503}, count=1, label="oauth.token")
        self.sync()
        self.assert_equal_trees()


class Secrets(CredentialsCase):
    SECRETS = {"GDRIVE_SYNC_CLIENT_ID": "cid", "GDRIVE_SYNC_CLIENT_SECRET": "sec-ret-client",
               "GDRIVE_SYNC_REFRESH_TOKEN": "1//refresh-secret"}

    client_secret = SECRETS["GDRIVE_SYNC_CLIENT_SECRET"]
    refresh_token = SECRETS["GDRIVE_SYNC_REFRESH_TOKEN"]

    def test_no_output_and_no_file_holds_one(self):
        endpoint = TokenEndpoint(self.url)
        self.addCleanup(endpoint.close)
        env = {**self.SECRETS, "GDRIVE_SYNC_TOKEN_ENDPOINT": endpoint.url,
               "GDRIVE_SYNC_METRICS_PUSH": "http://user:push-pass@127.0.0.1:1/"}
        seen = ""
        self.strike({"expire_tokens": True}, count=1, label="files.list")
        for arguments in self.commands():
            process = self.run_command(*arguments, "--log-level", "trace", env=env)
            seen += process.stdout + process.stderr
        for wrong in ({**self.SECRETS, "GDRIVE_SYNC_REFRESH_TOKEN": "1//wrong-secret"},
                      {**self.SECRETS, "GDRIVE_SYNC_CLIENT_SECRET": "wrong-client-secret"}):
            process = self.run_command("auth", "check", "--log-level", "trace",
                                       env={**env, **wrong})
            self.assertEqual(process.returncode, 3, process.stderr)
            seen += process.stdout + process.stderr
        for root in (self.dest, self.dir / "outputs"):
            for path in root.rglob("*"):
                if path.is_file():
                    seen += path.read_bytes().decode(errors="replace")
        self.assertGreater(len(endpoint.bodies), 5)
        secrets = ["sec-ret-client", "1//refresh-secret", "wrong-secret", "wrong-client-secret",
                   "push-pass", "PRIVATE KEY"]
        secrets += [json.loads(b)["access_token"] for b in endpoint.bodies if "access_token" in b]
        secrets += [f["assertion"] for f in endpoint.forms if "assertion" in f]
        secrets += json.loads(self.key_file.read_text())["private_key"].split("\n")[1:-2]
        self.assertGreater(len(secrets), 12)
        for secret in secrets:
            self.assertNotIn(secret, seen)
        self.assertNotIn("Bearer", seen)

    def commands(self):
        outputs = self.dir / "outputs"
        outputs.mkdir()
        where = ("--source", "claude/files", "--dest", self.dest)
        files = ("--report", outputs / "report", "--metrics-file", outputs / "metrics")
        yield "sync", *where, *files
        yield "diff", *where, "--format", "json"
        yield "resync", *where, *files, "--log-format", "json"
        yield "status", "--dest", self.dest
        yield "status", "--dest", self.dest, "--format", "json"
        yield "approve", "0" * 16, "--dest", self.dest
        yield "auth", "check", "--source", "claude/files"
        yield "sync", *where, *files, "--credentials", self.key_file
        yield "auth", "check", "--credentials", self.key_file


if __name__ == "__main__":
    unittest.main(verbosity=1)
