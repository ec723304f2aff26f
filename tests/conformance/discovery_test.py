"""The judge finds what is wrong: else it could not say that all is well."""

import unittest

from discovery import Discovery, error_problems, parse_mask

LIST = "/drive/v3/files?"


class Requests(unittest.TestCase):
    discovery = Discovery()

    def problems(self, target, method="GET"):
        return self.discovery.request_problems(method, target)

    def test_that_fit(self):
        for target in (LIST + "q=x&pageSize=1000&supportsAllDrives=true&fields=files(id,owners/me)",
                       "/drive/v3/files/ID?alt=media", "/drive/v3/files/ID/export?mimeType=a%2Fb",
                       "/drive/v3/changes/startPageToken", "/drive/v3/about?fields=user%2Ckind"):
            self.assertEqual(self.problems(target), [])

    def test_that_do_not(self):
        for target in ("/drive/v3/filez", "/drive/v2/files", LIST + "query=x", LIST + "pageSize=0",
                       LIST + "pageSize=1001", LIST + "pageSize=many", LIST + "alt=xml",
                       LIST + "supportsAllDrives=1", LIST + "corpus=all", LIST + "q=a&q=b",
                       LIST + "alt=media", "/drive/v3/changes", "/drive/v3/files/ID/export",
                       LIST + "fields=files(id,nam)", LIST + "fields=files(shortcutDetails(id))"):
            with self.subTest(target=target):
                self.assertNotEqual(self.problems(target), [])
        self.assertNotEqual(self.problems("/drive/v3/files/ID/export?mimeType=a", "POST"), [])

    def test_methods_by_path(self):
        for target, wanted in (("/drive/v3/files/ID", "drive.files.get"),
                               ("/drive/v3/files/generateIds", "drive.files.generateIds"),
                               ("/drive/v3/changes", "drive.changes.list")):
            self.assertEqual(self.discovery.find("GET", target).id, wanted)


class Answers(unittest.TestCase):
    discovery = Discovery()

    def problems(self, file):
        return self.discovery.value_problems(file, {"$ref": "File"}, "file")

    def test_that_fit(self):
        self.assertEqual(self.problems({
            "kind": "drive#file", "size": "12", "trashed": False, "spaces": ["drive"],
            "modifiedTime": "2024-01-02T03:04:05.678Z", "exportLinks": {"a/b": "https://x"},
            "owners": [{"me": True}]}), [])

    def test_that_do_not(self):
        for file in ({"size": 12}, {"size": "12.0"}, {"trashed": "false"}, {"trashed": 0},
                     {"modifiedTime": "2024-01-02T03:04:05Z"}, {"title": "x"}, {"id": 1},
                     {"modifiedTime": 1700000000}, {"spaces": "drive"}, {"kind": "drive#fill"},
                     {"owners": [{"my": True}]}, {"exportLinks": {"a/b": 1}}, {"name": None},
                     {"shortcutDetails": {"target": "x"}}, []):
            with self.subTest(file=file):
                self.assertNotEqual(self.problems(file), [])

    def test_errors(self):
        good = {"error": {"code": 404, "message": "m", "status": "NOT_FOUND",
                          "errors": [{"domain": "global", "reason": "notFound", "message": "m"}]}}
        self.assertEqual(error_problems(404, good), [])
        self.assertNotEqual(error_problems(403, good), [])
        self.assertNotEqual(error_problems(404, {"error": "not_found"}), [])
        self.assertNotEqual(error_problems(404, {"error": {**good["error"], "errors": []}}), [])


class Masks(unittest.TestCase):
    def test_are_read(self):
        self.assertEqual(parse_mask("a,b(c,d/e),f/g(h)"),
                         {"a": {}, "b": {"c": {}, "d": {"e": {}}}, "f": {"g": {"h": {}}}})
        for bad in ("a b", "a)", "a;b"):
            with self.assertRaises(ValueError):
                parse_mask(bad)


if __name__ == "__main__":
    unittest.main()
