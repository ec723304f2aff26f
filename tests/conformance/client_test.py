"""Google's own Python client, unmodified, against the emulator: led there by HTTPS_PROXY alone."""

import hashlib
import io
import os
import unittest

import google.auth.exceptions
import google_auth_httplib2
import httplib2
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import credentials, service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload

from support import ALL_DRIVES, CLIENT, DISCOVERY, DOCX, RecordedCase

SCOPES = ["https://www.googleapis.com/auth/drive.readonly"]
TOKEN_URI = "https://oauth2.googleapis.com/token"


class ClientCase(RecordedCase):
    def setUp(self):
        super().setUp()
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(self.environment)

    def user(self, **changes):
        return credentials.Credentials(None, token_uri=TOKEN_URI, scopes=SCOPES,
                                       **{**CLIENT, **changes})

    def account(self):
        return service_account.Credentials.from_service_account_file(self.service_account,
                                                                     scopes=SCOPES)

    def http(self):
        return httplib2.Http(ca_certs=str(self.emulator.ca))

    def drive(self, creds=None):
        http = google_auth_httplib2.AuthorizedHttp(creds or self.user(), self.http())
        return build("drive", "v3", http=http, static_discovery=True)

    def all(self, resource, key, **params):
        request, found = resource.list(**params), []
        while request is not None:
            answer = request.execute()
            found += answer.get(key, [])
            request = resource.list_next(request, answer)
        return found


class Lists(ClientCase):
    def test_paging_brings_each_item_once(self):
        files = self.drive().files()
        folder = self.all(files, "files", q="name = 'many' and 'root' in parents")[0]["id"]
        names = [f["name"] for f in self.all(
            files, "files", q=f"'{folder}' in parents and trashed = false", pageSize=500,
            fields="nextPageToken,incompleteSearch,files(id,name,size,md5Checksum,modifiedTime)")]
        self.assertEqual((len(names), len(set(names))), (1203, 1203))
        self.judge()

    def test_every_field(self):
        files = self.drive().files()
        found = self.all(files, "files", q="'ROOT' in parents", fields="*")
        kinds = {f["id"]: f for f in found}
        self.assertEqual(kinds["A"]["md5Checksum"], hashlib.md5(b"aaaa").hexdigest())
        self.assertEqual(kinds["A"]["modifiedTime"], "2024-05-06T07:08:09.010Z")
        self.assertEqual(kinds["LINK"]["shortcutDetails"]["targetId"], "A")
        self.assertIn(DOCX, kinds["DOC"]["exportLinks"])
        self.judge()

    def test_each_described_field_may_be_asked_for(self):
        files = self.drive().files()
        for name in DISCOVERY.schemas["File"]["properties"]:
            with self.subTest(field=name):
                files.get(fileId="A", fields=name).execute()
        self.judge()

    def test_orders_and_corpora(self):
        files = self.drive().files()
        listed = self.all(files, "files", q="'ROOT' in parents", orderBy="folder,name",
                          pageSize=5, corpora="user", spaces="drive")
        self.assertEqual(listed[0]["name"], "sub")
        in_drive = self.all(files, "files", corpora="drive", driveId="0ATeam", **ALL_DRIVES)
        self.assertEqual({f["id"] for f in in_drive}, {"TDIR", "T"})
        everywhere = self.all(files, "files", q="name = 'team.txt'", corpora="allDrives",
                              **ALL_DRIVES)
        self.assertEqual([f["id"] for f in everywhere], ["T"])
        self.judge()

    def test_shared_drives(self):
        drives = self.drive().drives()
        self.assertEqual([d["name"] for d in self.all(drives, "drives")], ["Team"])
        self.assertEqual(drives.get(driveId="0ATeam").execute()["name"], "Team")
        self.judge()

    def test_about(self):
        about = self.drive().about().get(fields="*").execute()
        self.assertIn(DOCX, about["exportFormats"]["application/vnd.google-apps.document"])
        self.assertIs(about["user"]["me"], True)
        self.judge()


class Content(ClientCase):
    def download(self, request, chunk):
        out = io.BytesIO()
        loader, chunks, done = MediaIoBaseDownload(out, request, chunksize=chunk), 0, False
        while not done:
            _, done = loader.next_chunk()
            chunks += 1
        return out.getvalue(), chunks

    def test_media_in_ranges(self):
        files = self.drive().files()
        told = files.get(fileId="BIG", fields="md5Checksum,size").execute()
        content, chunks = self.download(files.get_media(fileId="BIG"), 700_000)
        self.assertEqual(chunks, 5)
        self.assertEqual(len(content), int(told["size"]))
        self.assertEqual(hashlib.md5(content).hexdigest(), told["md5Checksum"])
        self.assertEqual(files.get_media(fileId="BIG").execute(), content)
        self.judge()

    def test_media_of_no_bytes(self):
        self.assertEqual(self.download(self.drive().files().get_media(fileId="EMPTY"), 1000)[0],
                         b"")
        self.judge()

    def test_exports(self):
        files = self.drive().files()
        content = files.export(fileId="DOC", mimeType=DOCX).execute()
        self.assertEqual(content[:4], b"PK\x03\x04")
        by_chunks, _ = self.download(files.export_media(fileId="DOC", mimeType="application/pdf"),
                                     1 << 20)
        self.assertTrue(by_chunks.startswith(b"%PDF") and by_chunks.endswith(b"%%EOF\n"))
        self.judge()

    def test_refusals_carry_their_reason(self):
        files = self.drive().files()
        for request, status, reason in (
                (files.get(fileId="NOTHING"), 404, "notFound"),
                (files.get_media(fileId="NO"), 403, "cannotDownloadFile"),
                (files.get_media(fileId="DOC"), 403, "fileNotDownloadable"),
                (files.export(fileId="LARGEDOC", mimeType=DOCX), 403, "exportSizeLimitExceeded"),
                (files.export(fileId="A", mimeType=DOCX), 403, "fileNotExportable"),
                (files.list(pageToken="nonsense"), 400, "invalid"),
                (files.list(q="nonsense"), 400, "invalid")):
            with self.subTest(reason=reason), self.assertRaises(HttpError) as caught:
                request.execute()
            self.assertEqual(caught.exception.status_code, status)
            self.assertEqual(caught.exception.error_details[0]["reason"], reason)
        self.judge()

    def test_rate_errors_are_tried_again(self):
        for status, reason in ((403, "userRateLimitExceeded"), (429, "rateLimitExceeded"),
                               (503, "backendError")):
            self.emulator.fault({"nth": 1, "label": "files.get"},
                                {"status": status, "reason": reason})
            got = self.drive().files().get(fileId="A").execute(num_retries=2)
            self.assertEqual(got["name"], "a.txt")


class Changes(ClientCase):
    def test_the_feed(self):
        changes = self.drive().changes()
        token = changes.getStartPageToken().execute()["startPageToken"]
        for edit in ({"op": "rename", "id": "A", "name": "z.txt"}, {"op": "trash", "id": "SUB"},
                     {"op": "delete", "id": "BIG"}, {"op": "update", "id": "EMPTY"}):
            self.emulator.control("tree", edit)
        request, found = changes.list(pageToken=token, pageSize=2, fields="*"), {}
        while request is not None:
            answer = request.execute()
            found.update({c["fileId"]: c for c in answer["changes"]})
            request = changes.list_next(request, answer)
        self.assertEqual(set(found), {"A", "SUB", "BIG", "EMPTY"})
        self.assertEqual(found["A"]["file"]["name"], "z.txt")
        self.assertTrue(found["SUB"]["file"]["trashed"] and found["BIG"]["removed"])
        after = changes.list(pageToken=answer["newStartPageToken"]).execute()
        self.assertEqual(after["changes"], [])
        self.judge()

    def test_the_feed_of_a_shared_drive(self):
        changes = self.drive().changes()
        token = changes.getStartPageToken(driveId="0ATeam", supportsAllDrives=True).execute()
        self.emulator.control("tree", {"op": "update", "id": "T", "content": "new"})
        answer = changes.list(pageToken=token["startPageToken"], driveId="0ATeam",
                              **ALL_DRIVES).execute()
        self.assertEqual([c["fileId"] for c in answer["changes"]], ["T"])
        self.judge()


class Credentials(ClientCase):
    def test_a_refresh_token(self):
        creds = self.user()
        creds.refresh(Request())
        self.assertTrue(creds.valid)
        self.assertEqual(creds.granted_scopes, SCOPES)
        session = AuthorizedSession(creds)
        answer = session.get("https://www.googleapis.com/drive/v3/files/A")
        self.assertEqual(answer.json()["name"], "a.txt")

    def test_a_token_that_expires_is_refreshed(self):
        drive = self.drive()
        drive.files().get(fileId="A").execute()
        self.emulator.control("tokens", {"expire": "access"})
        self.assertEqual(drive.files().get(fileId="A").execute()["name"], "a.txt")
        self.assertEqual(self.emulator.control("counters")["by_label"]["oauth.token"], 2)

    def test_a_refused_refresh_token(self):
        for creds, message in ((self.user(refresh_token="other"), "invalid_grant"),
                               (self.user(client_secret="other"), "invalid_client")):
            with self.assertRaisesRegex(google.auth.exceptions.RefreshError, message):
                creds.refresh(Request())

    def test_a_service_account(self):
        drive = self.drive(self.account())
        self.assertEqual(drive.files().get(fileId="A").execute()["name"], "a.txt")

    def test_a_service_account_whose_key_is_another(self):
        foreign = self.dir / "foreign.json"
        other = self.service_account.read_text()
        self.emulator.stop()
        super().setUp()
        foreign.write_text(other)
        creds = service_account.Credentials.from_service_account_file(foreign, scopes=SCOPES)
        with self.assertRaisesRegex(google.auth.exceptions.RefreshError, "invalid_grant"):
            creds.refresh(Request())

    def test_no_token_at_all(self):
        status, _ = self.http().request("https://www.googleapis.com/drive/v3/files")
        self.assertEqual(status.status, 401)
        self.judge()


if __name__ == "__main__":
    unittest.main()
