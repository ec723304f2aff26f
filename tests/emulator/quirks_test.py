"""What each switch of Drive's lists, feed, content and errors does, request by request."""

import hashlib
import io
import unittest
import zipfile

from harness import FOLDER, EmulatorCase

ALL_DRIVES = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

SPEC = {
    "items": [
        {"id": "ROOT", "name": "claude", "folder": True, "children": [
            {"id": "F1", "name": "one", "folder": True, "children": [
                {"id": "A", "name": "a.txt", "content": "aaaa"},
                {"id": "B", "name": "b.txt", "content": "bbbb"}]},
            {"id": "F2", "name": "two", "folder": True, "children": [
                {"id": "C", "name": "c.txt", "content": "cccc"},
                {"id": "D", "name": "d.txt", "content": "dddd"}]},
            {"id": "P", "name": "photo.jpg", "size": 5000, "photos": True},
            {"id": "G", "name": "Notes", "document": "document", "content": "notes"},
            {"id": "BIGDOC", "name": "Big", "document": "document", "exportPadding": 11000000},
            {"id": "LINK", "name": "link", "target": "A"},
            {"id": "KEY", "name": "key.txt", "content": "k", "owned": False,
             "resourceKey": "0-secret"},
            {"id": "THEIRS", "name": "theirs.txt", "content": "t", "owned": False}]}],
    "drives": [{"id": "0ADrive", "name": "Team",
                "items": [{"id": "TEAM", "name": "team.txt", "content": "t"}]}],
}


def md5(data):
    return hashlib.md5(data).hexdigest()


class Quirks(EmulatorCase):
    spec = SPEC

    def on(self, name, value=1):
        self.drive.control("switches", {name: value})

    def children(self, folder, **params):
        return sorted(f["id"] for f in self.drive.list(
            f"'{folder}' in parents and trashed = false", **params))

    def changed(self, token, **params):
        return [c["fileId"] for c in self.drive.changes(token, **params)]

    def media(self, item, headers=None, **params):
        return self.drive.get("files/" + item, headers, alt="media", **params)

    # The feed of changes.

    def test_folder_move_emits_one_entry(self):
        token = self.drive.start_token()
        self.drive.edit("move", id="F1", to="F2")
        # Who waits for an entry of each file below never learns that A and B moved.
        self.assertEqual(self.changed(token), ["F1"])
        self.on("folder-move-emits-one-entry", 0)
        self.drive.edit("move", id="F1", to="ROOT")
        self.assertEqual(sorted(self.changed(token)), ["A", "B", "F1"])

    def test_folder_trash_emits_one_entry_and_children_are_trashed_too(self):
        token = self.drive.start_token()
        self.drive.edit("trash", id="F1")
        self.assertEqual(self.changed(token), ["F1"])
        below = self.drive.get("files/A", fields="trashed,explicitlyTrashed").json
        self.assertEqual(below, {"trashed": True, "explicitlyTrashed": False})

    def test_removed_on_lost_access(self):
        token = self.drive.start_token()
        self.drive.edit("revoke", id="A")
        self.drive.edit("delete", id="B")
        entries = {c["fileId"]: c for c in self.drive.changes(token)}
        # Lost access and deletion cannot be told apart: who deletes on "removed" alone loses A.
        self.assertTrue(entries["A"]["removed"] and entries["B"]["removed"])
        self.assertNotIn("file", entries["A"])
        self.drive.edit("grant", id="A")
        self.assertEqual(self.drive.get("files/A").status, 200)
        self.assertEqual(self.drive.get("files/B").status, 404)
        self.on("removed-on-lost-access", 0)
        token = self.drive.start_token()
        self.drive.edit("revoke", id="A")
        self.assertEqual(self.changed(token), [])

    def test_feed_noise(self):
        self.on("feed-noise")
        token = self.drive.start_token()
        version = self.drive.get("files/A", fields="version").json["version"]
        self.media("A")
        # Who takes every entry, or a higher version, for new content downloads again for ever.
        self.assertEqual(self.changed(token), ["A"])
        after = self.drive.get("files/A", fields="version,md5Checksum").json
        self.assertGreater(int(after["version"]), int(version))
        self.assertEqual(after["md5Checksum"], md5(b"aaaa"))

    def test_feed_repeats_entry(self):
        self.on("feed-repeats-entry")
        token = self.drive.start_token()
        for item in "ABCD":
            self.drive.edit("update", id=item, content="new")
        seen = self.changed(token, pageSize=2)
        # Who counts entries, or inserts each blindly, has some twice.
        self.assertGreater(len(seen), 4)
        self.assertEqual(set(seen), set("ABCD"))

    def test_feed_newest_first(self):
        self.on("feed-newest-first")
        token = self.drive.start_token()
        folder = self.drive.edit("create", name="new", folder=True, parent="ROOT")
        child = self.drive.edit("create", name="child.txt", content="x", parent=folder)
        # Who looks the parent up while reading does not find it yet.
        self.assertEqual(self.changed(token), [child, folder])

    def test_feed_drops_percent(self):
        self.on("feed-drops-percent", 50)
        token = self.drive.start_token()
        made = [self.drive.edit("create", name=f"n{n}", content="x", parent="F1")
                for n in range(40)]
        seen = set(self.changed(token))
        # Who trusts the feed alone never has them all; a full listing does.
        self.assertTrue(set() < seen < set(made))
        self.assertLessEqual(set(made), set(self.children("F1")))

    def test_user_feed_misses_shared_drives(self):
        mine, theirs = (self.drive.start_token(),
                        self.drive.start_token(driveId="0ADrive", **ALL_DRIVES))
        self.drive.edit("update", id="TEAM", content="new")
        # Who reads the user's feed for a shared drive sees nothing.
        self.assertEqual(self.changed(mine, **ALL_DRIVES), [])
        self.assertEqual(self.changed(theirs, driveId="0ADrive", **ALL_DRIVES), ["TEAM"])
        self.on("user-feed-misses-shared-drives", 0)
        self.assertEqual(self.changed(mine, **ALL_DRIVES), ["TEAM"])

    def test_a_move_to_a_shared_drive_looks_like_a_deletion(self):
        token = self.drive.start_token()
        self.drive.edit("move", id="A", to="0ADrive")
        entry = self.drive.changes(token)[0]
        self.assertEqual((entry["fileId"], entry["removed"]), ("A", True))
        self.assertEqual(self.drive.get("files/A", **ALL_DRIVES).status, 200)

    # Lists.

    def test_or_parents_loses_items(self):
        self.on("or-parents-loses-items")
        q = "('F1' in parents or 'F2' in parents) and trashed = false"
        answer = self.drive.get("files", q=q).json
        # Who trusts the grouped list deletes c.txt and d.txt; nothing in the answer warns.
        self.assertEqual(sorted(f["id"] for f in answer["files"]), ["A", "B"])
        self.assertFalse(answer["incompleteSearch"])
        self.assertNotIn("nextPageToken", answer)
        self.assertEqual(self.children("F1") + self.children("F2"), ["A", "B", "C", "D"])

    def test_empty_middle_page(self):
        self.on("empty-middle-page")
        pages = list(self.drive.pages("files", "files", q="'F1' in parents"))
        self.assertEqual([len(page) for page in pages], [1, 0, 1])
        token = self.drive.start_token()
        for item in "ABC":
            self.drive.edit("update", id=item, content="new")
        first = self.drive.get("changes", pageToken=token).json
        second = self.drive.get("changes", pageToken=first["nextPageToken"]).json
        # Who takes an empty page for the end misses B and C.
        self.assertEqual((len(first["changes"]), second["changes"]), (1, []))
        self.assertEqual(self.changed(token), ["A", "B", "C"])

    def test_short_pages(self):
        self.on("short-pages")
        first = self.drive.get("files", q="'F1' in parents", pageSize=2).json
        # Who takes a page shorter than pageSize for the last misses b.txt.
        self.assertEqual(len(first["files"]), 1)
        self.assertIn("nextPageToken", first)

    def test_list_lag_ms(self):
        self.on("list-lag-ms", 3600_000)
        token = self.drive.start_token()
        fresh = self.drive.edit("create", name="fresh.txt", content="x", parent="F1")
        # Who takes a missing item for a deleted one deletes it right after the feed brought it.
        self.assertEqual(self.changed(token), [fresh])
        self.assertNotIn(fresh, self.children("F1"))
        self.assertEqual(self.drive.get("files/" + fresh).status, 200)
        self.drive.control("tokens", {"advance_s": 3601})
        self.assertIn(fresh, self.children("F1"))

    def test_list_token_life_ms(self):
        self.on("list-token-life-ms", 60_000)
        page = self.drive.get("files", q="'F1' in parents", pageSize=1).json
        self.drive.control("tokens", {"advance_s": 61})
        late = self.drive.get("files", q="'F1' in parents", pageSize=1,
                              pageToken=page["nextPageToken"])
        self.assertEqual((late.status, late.json["error"]["errors"][0]["location"]),
                         (400, "pageToken"))

    def test_incomplete_search(self):
        self.on("incomplete-search")
        answer = self.drive.get("files", q="'F1' in parents").json
        # Who does not look at incompleteSearch deletes b.txt.
        self.assertEqual([f["id"] for f in answer["files"]], ["A"])
        self.assertTrue(answer["incompleteSearch"])

    def test_root_trashed_lists_empty(self):
        self.drive.edit("trash", id="ROOT")
        # Who does not look at the root itself sees a folder that is simply empty.
        self.assertEqual(self.children("ROOT"), [])
        self.assertTrue(self.drive.get("files/ROOT", fields="trashed").json["trashed"])
        self.on("root-trashed-lists-empty", 0)
        self.assertIn("F1", self.children("ROOT"))

    def test_missing_parent_lists_empty(self):
        self.assertEqual(self.children("NOWHERE"), [])
        self.assertEqual(self.drive.get("files/NOWHERE").status, 404)
        self.on("missing-parent-lists-empty", 0)
        self.assertEqual(self.drive.get("files", q="'NOWHERE' in parents").status, 404)

    def test_trashed_hidden_from_non_owner(self):
        self.drive.edit("trash", id="THEIRS")
        q = "'ROOT' in parents and trashed = true"
        # Who looks for trashed items in lists does not find those of others; files.get does.
        self.assertEqual(self.drive.list(q), [])
        self.assertTrue(self.drive.get("files/THEIRS", fields="trashed").json["trashed"])
        self.on("trashed-hidden-from-non-owner", 0)
        self.assertEqual([f["id"] for f in self.drive.list(q)], ["THEIRS"])

    def test_name_query_ignores_case(self):
        q = "'root' in parents and name = 'CLAUDE'"
        # Who takes the first hit without looking at its name mirrors another folder.
        self.assertEqual(self.drive.names(q), ["claude"])
        self.on("name-query-ignores-case", 0)
        self.assertEqual(self.drive.names(q), [])

    def test_resource_key_404(self):
        self.assertEqual(self.drive.get("files/KEY").status, 404)
        self.assertEqual(self.media("KEY").status, 404)
        keys = {"X-Goog-Drive-Resource-Keys": "OTHER/1,KEY/0-secret"}
        self.assertEqual(self.media("KEY", keys).body, b"k")
        # Who confirms a delete by 404 without sending the key takes it for deleted.
        self.assertIn("KEY", self.children("ROOT"))
        self.on("resource-key-404", 0)
        self.assertEqual(self.drive.get("files/KEY").status, 200)

    def test_shortcut_target_stale(self):
        self.drive.edit("set", id="A", mime="image/png")
        details = self.drive.get("files/LINK", fields="shortcutDetails").json["shortcutDetails"]
        self.assertEqual(details["targetMimeType"], "text/plain")
        self.on("shortcut-target-stale", 0)
        details = self.drive.get("files/LINK", fields="shortcutDetails").json["shortcutDetails"]
        self.assertEqual(details["targetMimeType"], "image/png")

    # Content.

    def test_doc_has_size(self):
        # Who takes "has a size" for "can be downloaded" gets a 403.
        self.assertIn("size", self.drive.get("files/G", fields="size").json)
        refused = self.media("G")
        self.assertEqual((refused.status, refused.reason), (403, "fileNotDownloadable"))
        self.on("doc-has-size", 0)
        self.assertEqual(self.drive.get("files/G", fields="size").json, {})

    def test_sha_missing(self):
        self.assertIn("sha256Checksum", self.drive.get("files/A", fields="*").json)
        self.on("sha-missing")
        item = self.drive.get("files/A", fields="*").json
        self.assertFalse({"sha1Checksum", "sha256Checksum"} & set(item))
        self.assertEqual(item["md5Checksum"], md5(b"aaaa"))

    def test_md5_missing(self):
        self.on("md5-missing")
        # Who takes a file without md5 for a document drops it from the mirror.
        item = self.drive.get("files/A", fields="*").json
        self.assertNotIn("md5Checksum", item)
        self.assertEqual(item["mimeType"], "text/plain")

    def test_md5_wrong_for_photos(self):
        told = self.drive.get("files/P", fields="md5Checksum,spaces").json
        self.assertIn("photos", told["spaces"])
        # Who retries until the checksum fits never ends.
        for _ in range(2):
            self.assertNotEqual(md5(self.media("P").body), told["md5Checksum"])
        self.on("md5-wrong-for-photos", 0)
        told = self.drive.get("files/P", fields="md5Checksum").json
        self.assertEqual(md5(self.media("P").body), told["md5Checksum"])

    def test_range_ignored(self):
        part = self.media("P", {"Range": "bytes=4000-"})
        self.assertEqual((part.status, len(part.body)), (206, 1000))
        self.assertEqual(part.headers["content-range"], "bytes 4000-4999/5000")
        whole = self.media("P").body
        self.on("range-ignored")
        answer = self.media("P", {"Range": "bytes=4000-"})
        self.assertEqual(answer.status, 200)
        # Who appends whatever comes has 9000 bytes.
        self.assertEqual(len(whole[:4000] + answer.body), 9000)
        self.assertEqual(answer.body, whole)

    def test_exports_have_no_range(self):
        def export():
            return self.drive.get("files/G/export", {"Range": "bytes=10-"}, mimeType=DOCX)
        answer = export()
        self.assertEqual((answer.status, answer.body[:2]), (200, b"PK"))
        self.on("exports-have-no-range", 0)
        self.assertEqual(export().status, 206)

    def test_export_bytes_vary(self):
        def export():
            return self.drive.get("files/G/export", mimeType=DOCX).body
        first, second = export(), export()
        # Who compares exports by checksum finds a change each time.
        self.assertNotEqual(first, second)
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            self.assertIsNone(archive.testzip())
            self.assertIn(b"notes", archive.read("word/document.xml"))
        self.on("export-bytes-vary", 0)
        self.assertEqual(export(), export())

    def test_export_limit_bytes(self):
        refused = self.drive.get("files/BIGDOC/export", mimeType=DOCX)
        self.assertEqual((refused.status, refused.reason), (403, "exportSizeLimitExceeded"))
        links = self.drive.get("files/BIGDOC", fields="exportLinks").json["exportLinks"]
        path = links[DOCX].removeprefix(self.drive.url)
        self.assertGreater(len(self.drive.request("GET", path).body), 11000000)
        self.on("export-limit-bytes", 20000000)
        self.assertEqual(self.drive.get("files/BIGDOC/export", mimeType=DOCX).status, 200)

    def test_export_link_login_page(self):
        self.on("export-link-login-page")
        links = self.drive.get("files/G", fields="exportLinks").json["exportLinks"]
        answer = self.drive.request("GET", links[DOCX].removeprefix(self.drive.url))
        # Who looks at the status alone saves a login page as a .docx.
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/html"))
        self.assertNotEqual(answer.body[:2], b"PK")

    # Errors and quotas.

    def refused_by_rate(self):
        while True:
            answer = self.drive.get("files/A")
            if answer.status != 200:
                return answer

    def test_rate_limit_per_s(self):
        self.on("rate-limit-per-s", 1)
        self.assertEqual(self.refused_by_rate().reason, "userRateLimitExceeded")

    def test_rate_as_403(self):
        self.on("rate-limit-per-s", 1)
        # Who takes each 403 for a refusal of this file gives it up.
        self.assertEqual(self.refused_by_rate().status, 403)
        self.on("rate-as-403", 0)
        self.assertEqual(self.refused_by_rate().status, 429)

    def test_retry_after_s(self):
        self.on("rate-limit-per-s", 1)
        self.assertNotIn("retry-after", self.refused_by_rate().headers)
        self.on("retry-after-s", 7)
        self.assertEqual(self.refused_by_rate().headers["retry-after"], "7")

    def test_html_errors(self):
        self.on("html-errors")
        answer = self.drive.get("files/NOWHERE")
        self.assertEqual(answer.status, 404)
        # Who parses the body of every error fails on this one.
        with self.assertRaises(ValueError):
            _ = answer.json

    def test_html_200(self):
        self.on("html-200")
        answer = self.drive.get("files", q="'F1' in parents")
        # Who takes 200 for a list, and a missing "files" for an empty one, deletes everything.
        self.assertEqual(answer.status, 200)
        with self.assertRaises(ValueError):
            _ = answer.json


class OtherSurprises(EmulatorCase):
    """What Drive does without any switch."""

    spec = SPEC

    def test_old_entries_vanish_behind_newer_ones(self):
        token = self.drive.start_token()
        self.drive.edit("rename", id="A", name="x.txt")
        self.drive.edit("rename", id="B", name="a.txt")
        self.drive.edit("rename", id="A", name="b.txt")
        names = {c["fileId"]: c["file"]["name"] for c in self.drive.changes(token)}
        self.assertEqual(names, {"A": "b.txt", "B": "a.txt"})

    def test_restoring_a_folder_makes_one_entry(self):
        self.drive.edit("trash", id="F1")
        token = self.drive.start_token()
        self.drive.edit("untrash", id="F1")
        self.assertEqual([c["fileId"] for c in self.drive.changes(token)], ["F1"])
        self.assertFalse(self.drive.get("files/A", fields="trashed").json["trashed"])

    def test_an_item_whose_parent_is_out_of_sight_has_no_parents(self):
        self.drive.edit("set", id="F1", revoked=True)
        self.assertEqual(self.drive.get("files/A").status, 404)
        orphan = self.drive.edit("create", name="orphan", content="x", parent="NOWHERE")
        self.assertNotIn("parents", self.drive.get("files/" + orphan, fields="*").json)

    def test_downloads_that_are_refused(self):
        self.drive.edit("set", id="A", canDownload=False)
        self.drive.edit("set", id="B", abusive=True)
        self.drive.edit("set", id="THEIRS", abusive=True)
        media = {"alt": "media"}
        self.assertEqual(self.drive.get("files/A", **media).reason, "cannotDownloadFile")
        self.assertEqual(self.drive.get("files/B", **media).reason, "cannotDownloadAbusiveFile")
        accepted = {"alt": "media", "acknowledgeAbuse": "true"}
        self.assertEqual(self.drive.get("files/B", **accepted).body, b"bbbb")
        self.assertEqual(self.drive.get("files/THEIRS", **accepted).status, 403)
        form = self.drive.edit("create", name="form", document="form", parent="ROOT")
        export = self.drive.get(f"files/{form}/export", mimeType="application/pdf")
        self.assertEqual((export.status, export.reason), (403, "fileNotExportable"))
        export = self.drive.get("files/G/export", mimeType="image/gif")
        self.assertEqual((export.status, export.reason), (400, "badRequest"))
        self.assertEqual(self.drive.get("files/C/export", mimeType=DOCX).reason,
                         "fileNotExportable")

    def test_checksums_can_be_wrong_or_missing_for_one_item(self):
        self.drive.edit("set", id="A", md5="0" * 32)
        self.drive.edit("set", id="B", md5=None, sha1=None, sha256=None)
        self.assertEqual(self.drive.get("files/A", fields="md5Checksum").json["md5Checksum"],
                         "0" * 32)
        self.assertNotIn("md5Checksum", self.drive.get("files/B", fields="*").json)

    def test_writes_are_refused_and_counted(self):
        for method, path in (("POST", "/drive/v3/files"), ("PATCH", "/drive/v3/files/A"),
                             ("DELETE", "/drive/v3/files/A"), ("PUT", "/upload/drive/v3/files/A"),
                             ("POST", "/batch/drive/v3")):
            with self.subTest(method=method, path=path):
                self.assertEqual(self.drive.request(method, path, "{}").status, 403)
        self.assertEqual(self.drive.control("counters")["writes"], 5)
        self.assertEqual(self.drive.get("files/A").status, 200)

    def test_a_folder_may_be_its_own_ancestor_by_shortcut(self):
        link = self.drive.edit("create", name="up", target="ROOT", parent="F1")
        details = self.drive.get("files/" + link, fields="shortcutDetails").json["shortcutDetails"]
        self.assertEqual(details, {"targetId": "ROOT", "targetMimeType": FOLDER})


class Switches(EmulatorCase):
    def test_unknown_ones_are_refused(self):
        with self.assertRaisesRegex(RuntimeError, "no switch colour"):
            self.drive.control("switches", {"colour": 1})


if __name__ == "__main__":
    unittest.main()
