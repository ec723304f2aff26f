"""Lists: the query language, masks of fields, order, pages, corpora."""

import unittest

from harness import FOLDER, EmulatorCase

SPEC = {
    "items": [
        {"id": "F1", "name": "Reports", "folder": True, "children": [
            {"id": "A", "name": "alpha.txt", "content": "a", "modified": "2024-01-01T00:00:00Z"},
            {"id": "B", "name": "Beta.TXT", "content": "bb", "modified": "2024-03-01T00:00:00Z"},
            {"id": "Q", "name": "it's a \\ name", "content": "c",
             "modified": "2024-02-01T00:00:00Z"},
            {"id": "T", "name": "gone.txt", "content": "d", "trashed": True}]},
        {"id": "F2", "name": "reports", "folder": True, "children": [
            {"id": "S", "name": "sheet", "document": "spreadsheet"},
            {"id": "O", "name": "other.txt", "content": "o", "owned": False,
             "sharedWithMe": True}]},
        {"id": "F3", "name": "Old", "folder": True, "trashed": True, "children": [
            {"id": "I", "name": "inside.txt", "content": "x"}]},
        {"id": "L", "name": "link", "target": "A"}],
    "drives": [{"id": "0ADrive", "name": "Team", "items": [{"id": "D", "name": "team.txt",
                                                             "content": "t"}]}],
}

QUERIES = [
    ("'F1' in parents", "A B Q T"),
    ("'F1' in parents and trashed = false", "A B Q"),
    ("trashed=false and ('F1' in parents)", "A B Q"),
    ("'F1' in parents and trashed=true", "T"),
    ("'F1' in parents and not trashed = true", "A B Q"),
    ("not ('F1' in parents) and trashed = false", "F1 F2 L O S"),
    ("trashed = true", "F3 I T"),
    ("'F1' in parents or 'F2' in parents", "A B O Q S T"),
    ("('F1' in parents or 'F2' in parents) and mimeType = 'text/plain'", "A O T"),
    ("'root' in parents and mimeType='application/vnd.google-apps.folder'", "F1 F2 F3"),
    ("'root' in parents and mimeType != 'application/vnd.google-apps.folder'", "L"),
    ("name = 'REPORTS'", "F1 F2"),
    ("name = 'beta.txt'", "B"),
    ("name = 'it\\'s a \\\\ name'", "Q"),
    ('name = "alpha.txt"', "A"),
    ("name != 'alpha.txt' and 'F1' in parents", "B Q T"),
    ("name contains 'al'", "A"),
    ("sharedWithMe", "O"),
    ("sharedWithMe = true", "O"),
    ("sharedWithMe=true and trashed=false", "O"),
    ("'me' in owners and 'F2' in parents", "S"),
    ("'F1' in parents and modifiedTime > '2024-01-15T00:00:00' and trashed = false", "B Q"),
    ("modifiedTime <= '2024-02-01T00:00:00Z'", "A Q"),
    ("'F1' in parents and trashed = false or name = 'sheet'", "A B Q S"),
    ("'F1' in parents and (trashed = true or name = 'alpha.txt')", "A T"),
    ("((('F3' in parents)))", "I"),
    ("'F3' in parents and trashed = false", ""),
    ("'nowhere' in parents", ""),
    ("mimeType = 'application/vnd.google-apps.shortcut'", "L"),
]

WRONG_QUERIES = [
    "'F1' in", "in parents", "name =", "name", "name = alpha", "name ~ 'a'", "(trashed = false",
    "trashed = false)", "trashed = 'false'", "and", "trashed = false and", "'F1' in children",
    "colour = 'red'", "name = 'open", "modifiedTime > 'yesterday'", "not",
    "trashed = false trashed = false",
]


class Queries(EmulatorCase):
    spec = SPEC

    def ids(self, q, **params):
        return " ".join(sorted(f["id"] for f in self.drive.list(q, **params)))

    def test_find_what_they_say(self):
        for q, expected in QUERIES:
            with self.subTest(q=q):
                self.assertEqual(self.ids(q), expected)

    def test_wrong_ones_are_invalid(self):
        for q in WRONG_QUERIES:
            with self.subTest(q=q):
                answer = self.drive.get("files", q=q)
                self.assertEqual((answer.status, answer.reason), (400, "invalid"))
                self.assertEqual(answer.json["error"]["errors"][0]["location"], "q")

    def test_pages_of_every_size_hold_the_same(self):
        for size in (1, 2, 3, 100):
            with self.subTest(size=size):
                q = "'F1' in parents or 'F2' in parents"
                self.assertEqual(self.ids(q, pageSize=size), "A B O Q S T")
                self.assertEqual(self.ids("", pageSize=size), self.ids("", pageSize=1000))

    def test_order(self):
        table = [("name", "A B T Q"), ("name desc", "Q T B A"),
                 ("modifiedTime,name", "A Q B T"), ("modifiedTime desc", "T B Q A")]
        names = {"A": "alpha.txt", "B": "Beta.TXT", "Q": "it's a \\ name", "T": "gone.txt"}
        for order, expected in table:
            with self.subTest(order=order):
                found = [f["id"] for f in self.drive.list("'F1' in parents", orderBy=order,
                                                          pageSize=2)]
                if order.startswith("name"):
                    expected = " ".join(sorted(names, key=names.get,
                                               reverse=order.endswith("desc")))
                self.assertEqual(" ".join(found), expected)

    def test_parameters_out_of_range_are_refused(self):
        for params in ({"pageSize": 0}, {"pageSize": "many"}, {"pageToken": "nonsense"},
                       {"orderBy": "colour"}, {"corpora": "everything"}, {"corpora": "drive"},
                       {"driveId": "0ADrive"}):
            with self.subTest(params=params):
                self.assertEqual(self.drive.get("files", **params).status, 400)

    def test_a_token_fits_its_own_list_only(self):
        token = self.drive.get("files", q="'F1' in parents", pageSize=1).json["nextPageToken"]
        answer = self.drive.get("files", q="'F2' in parents", pageSize=1, pageToken=token)
        self.assertEqual(answer.status, 400)

    def test_shared_drives_need_the_flags(self):
        flags = {"includeItemsFromAllDrives": "true", "supportsAllDrives": "true"}
        self.assertEqual(self.ids("name = 'team.txt'"), "")
        self.assertEqual(self.ids("name = 'team.txt'", **flags), "D")
        self.assertEqual(self.ids("", corpora="drive", driveId="0ADrive", **flags), "D")
        self.assertEqual(self.drive.get("files/D").status, 404)
        self.assertEqual(self.drive.get("files/D", supportsAllDrives="true").status, 200)
        self.assertEqual(self.drive.get("drives").json["drives"][0]["name"], "Team")
        self.assertEqual(self.drive.get("drives/0ADrive").json["id"], "0ADrive")
        self.assertEqual(self.drive.get("drives/0ANone").status, 404)


class Masks(EmulatorCase):
    spec = SPEC

    def test_select_what_they_say(self):
        table = [
            ("files(id)", {"files": [{"id": "A"}]}),
            ("files/id", {"files": [{"id": "A"}]}),
            ("files/id,files/name", {"files": [{"id": "A", "name": "alpha.txt"}]}),
            ("files(id, name)", {"files": [{"id": "A", "name": "alpha.txt"}]}),
            ("incompleteSearch,nextPageToken", {"incompleteSearch": False}),
            ("kind", {"kind": "drive#fileList"}),
            ("files(capabilities/canDownload)", {"files": [{"capabilities": {"canDownload": True}}]}),
            ("files(capabilities(canDownload),id)",
             {"files": [{"capabilities": {"canDownload": True}, "id": "A"}]}),
            ("files(owners(emailAddress))", {"files": [{"owners": [
                {"emailAddress": "demo@example.com"}]}]}),
        ]
        for fields, expected in table:
            with self.subTest(fields=fields):
                answer = self.drive.get("files", q="name = 'alpha.txt'", fields=fields)
                self.assertEqual(answer.json, expected)

    def test_of_one_file(self):
        item = self.drive.get("files/L", fields="shortcutDetails(targetId),name").json
        self.assertEqual(item, {"name": "link", "shortcutDetails": {"targetId": "A"}})
        self.assertEqual(set(self.drive.get("files/A").json), {"kind", "id", "name", "mimeType"})
        everything = self.drive.get("files/A", fields="*").json
        self.assertEqual((everything["size"], everything["parents"]), ("1", ["F1"]))

    def test_unknown_fields_are_refused(self):
        for path, fields in (("files", "files(id,colour)"), ("files", "id"), ("files/A", "files"),
                             ("files/A", "id,"), ("files/A", "id)"), ("about", "users"),
                             ("files/L", "shortcutDetails(colour)")):
            with self.subTest(path=path, fields=fields):
                answer = self.drive.get(path, fields=fields)
                self.assertEqual((answer.status, answer.reason), (400, "invalidParameter"))

    def test_about_insists_on_fields(self):
        self.assertEqual(self.drive.get("about").status, 400)
        user = self.drive.get("about", fields="user(emailAddress)").json
        self.assertEqual(user, {"user": {"emailAddress": "demo@example.com"}})

    def test_root_is_an_alias(self):
        root = self.drive.get("files/root", fields="*").json
        self.assertEqual((root["name"], root["mimeType"]), ("My Drive", FOLDER))
        self.assertNotIn("parents", root)


if __name__ == "__main__":
    unittest.main()
