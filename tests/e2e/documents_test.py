#!/usr/bin/env python3
"""Google documents: exported once for each change, checked to be what they should be."""

import io
import os
import sys
import unittest
import zipfile

sys.path.insert(0, os.path.dirname(__file__))
from harness import SpecCase, tree  # noqa: E402

MIB = 1 << 20


class DocumentCase(SpecCase):
    def document(self, name, kind="document", content="some text", **more):
        ms = self.tick()
        item = self.edit("create", path=self.in_drive(name), document=kind, content=content,
                         modified=self.as_time(ms), **more)
        self.times = {**getattr(self, "times", {}), item: ms}
        return item

    def change(self, item, content, **more):
        self.times[item] = self.tick()
        self.edit("update", id=item, content=content, modified=self.as_time(self.times[item]),
                  **more)

    def held(self, name):
        return tree(self.dest)[name]

    def exports(self):
        return [(e["id"], e["status"]) for e in self.requests("files.export")]

    def links(self):
        return [(e["id"], e["status"]) for e in self.requests("export.link")]


class Exports(DocumentCase):
    def test_each_type_by_the_default_preference(self):
        kinds = {"text": ("document", "docx", "word/document.xml"),
                 "table": ("spreadsheet", "xlsx", "xl/workbook.xml"),
                 "slides": ("presentation", "pptx", "ppt/presentation.xml")}
        items = {name: self.document(name, kind) for name, (kind, _, _) in kinds.items()}
        drawing = self.document("drawing", "drawing")
        self.sync()
        for name, (_, extension, part) in kinds.items():
            content, mtime = self.held(f"{name}.{extension}")
            self.assertIn(part, zipfile.ZipFile(io.BytesIO(content)).namelist())
            self.assertEqual(mtime, self.times[items[name]])
        content, mtime = self.held("drawing.svg")
        self.assertIn(b"<svg", content)
        self.assertEqual(mtime, self.times[drawing])
        self.assertEqual(len(tree(self.dest)), 4)

    def test_other_preferences(self):
        self.document("text")
        self.document("table", "spreadsheet")
        self.document("slides", "presentation")
        self.document("drawing", "drawing")
        self.sync("--export-formats", "odt,csv,pdf")
        self.assertEqual(set(tree(self.dest)), {"text.odt", "table.csv", "slides.pdf", "drawing.pdf"})
        self.assertEqual(self.sync("--export-formats", "odt,csv,pdf").report["actions"], [])

    def test_the_first_format_that_the_type_has_wins(self):
        self.document("text")
        self.document("table", "spreadsheet")
        self.sync("--export-formats", "xlsx,pdf")
        self.assertEqual(set(tree(self.dest)), {"text.pdf", "table.xlsx"})

    def test_another_preference_later_replaces_the_copies(self):
        self.document("text")
        self.sync()
        self.sync("--export-formats", "pdf")
        self.assertEqual(set(tree(self.dest)), {"text.pdf"})
        self.assertTrue(self.held("text.pdf")[0].startswith(b"%PDF"))

    def test_types_without_an_export_are_skipped_and_reported(self):
        for kind in ("form", "site", "map", "fusiontable", "vid"):
            self.document(f"a {kind}", kind)
        self.document("text")
        result = self.sync()
        self.assertEqual(set(tree(self.dest)), {"text.docx"})
        self.assertEqual(len(result.actions("skip")), 5)
        self.assertTrue(all(a["reason"] and a["outcome"] == "skipped"
                            for a in result.actions("skip")))
        self.assertEqual(self.gds("diff", "--exit-code").code, 0)

    def test_a_type_without_a_wanted_format_is_skipped_and_reported(self):
        self.document("drawing", "drawing")
        self.document("text")
        result = self.sync("--export-formats", "docx")
        self.assertEqual(set(tree(self.dest)), {"text.docx"})
        self.assertEqual(len(result.actions("skip")), 1)

    def test_a_file_and_a_document_of_one_name(self):
        plain = self.make("x.docx", "no document at all")
        self.document("x")
        self.sync()
        held = tree(self.dest)
        self.assertEqual(len(held), 2, list(held))
        self.assertIn(plain.state, held.values())
        self.assertEqual({path.rsplit(".", 1)[1] for path in held}, {"docx"})
        self.assert_settled()

    def test_a_forbidden_export_is_skipped(self):
        self.document("secret", canDownload=False)
        self.document("text")
        result = self.sync()
        self.assertEqual(set(tree(self.dest)), {"text.docx"})
        self.assertEqual([a["path"] for a in result.actions("skip")], ["secret.docx"])


class Changes(DocumentCase):
    def setUp(self):
        super().setUp()
        self.item = self.document("text", content="first")
        self.sync()
        self.first = self.held("text.docx")
        self.forget_requests()

    def test_unchanged_is_not_exported_again(self):
        for command in ("sync", "sync", "resync"):
            result = self.gds(command)
            self.assertEqual((result.code, result.report["actions"]), (0, []), result.log)
        self.assertEqual(self.exports(), [])
        self.assertEqual(self.held("text.docx"), self.first)

    def test_changed_is_exported_again_once(self):
        self.change(self.item, "second")
        self.sync()
        self.assertEqual(self.exports(), [(self.item, 200)])
        self.assertNotEqual(self.held("text.docx")[0], self.first[0])
        self.assertEqual(self.held("text.docx")[1], self.times[self.item])
        self.assert_settled()
        self.assertEqual(len(self.exports()), 1)

    def test_renamed_is_renamed_without_an_export(self):
        self.edit("rename", id=self.item, name="by another name")
        result = self.sync()
        self.assertEqual(result.counts["rename"], 1)
        self.assertEqual(self.exports(), [])
        self.assertEqual(self.held("by another name.docx"), self.first)

    def test_local_damage_is_exported_again(self):
        path = self.dest / "text.docx"
        stat = path.stat()
        path.write_bytes(b"x" * stat.st_size)
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        result = self.gds("resync")
        self.assertEqual(result.code, 0, result.log)
        self.assertEqual(self.exports(), [(self.item, 200)])
        self.assertTrue(self.held("text.docx")[0].startswith(b"PK"))

    def test_a_lost_database_exports_nothing_again(self):
        (self.dest / ".gdrive-sync" / "state.db").unlink()
        self.assertEqual(self.sync().report["actions"], [])
        self.assertEqual(self.exports(), [])

    def assert_parked(self, action, *options):
        self.change(self.item, "second")
        self.fault({"label": "files.export"}, action)
        other = self.make("other", "other")
        result = self.sync("--retries", "0", *options, expect=5)
        self.assertEqual(self.held("text.docx"), self.first)
        self.assertEqual(self.held("other"), other.state)
        failed = [a for a in result.report["actions"] if a["outcome"] == "failed"]
        self.assertEqual([a["path"] for a in failed], ["text.docx"])
        self.assertTrue(failed[0]["error"])
        self.clear_faults()
        self.sync()
        self.assertNotEqual(self.held("text.docx")[0], self.first[0])
        self.assertEqual(self.held("text.docx")[1], self.times[self.item])

    def test_a_sign_in_page_is_no_document(self):
        self.assert_parked({"html": True})

    def test_another_type_is_no_document(self):
        self.assert_parked({"body": "{}"})

    def test_what_begins_wrong_is_no_document(self):
        self.assert_parked({"flip_at": 0})

    def test_what_ends_early_is_no_document(self):
        self.assert_parked({"truncate": 200})

    def test_nothing_at_all_is_no_document(self):
        self.assert_parked({"truncate": 0})

    def test_a_chunked_export_that_is_cut(self):
        self.assert_parked({"length": "chunked", "cut_after": 300})

    def test_a_server_that_fails(self):
        self.assert_parked({"status": 500})

    def test_a_chunked_export_that_is_whole(self):
        self.change(self.item, "second")
        self.fault({"label": "files.export"}, {"length": "chunked"})
        self.sync()
        self.assertNotEqual(self.held("text.docx")[0], self.first[0])

    def test_a_document_that_turns_into_one_that_may_not_be_exported(self):
        self.change(self.item, "second", canDownload=False)
        self.make("other", "other")
        result = self.sync()
        self.assertEqual(len(result.actions("skip")), 1)
        self.assertEqual(self.held("text.docx"), self.first)


    def test_the_only_one_that_may_no_longer_be_exported_is_an_empty_source(self):
        self.edit("set", id=self.item, canDownload=False)
        result = self.sync(expect=4)
        self.assertIn("--allow-empty-source", result.log)
        self.assertNotIn("approve", result.log)
        self.assertEqual(self.held("text.docx"), self.first)
        self.sync("--allow-empty-source")
        self.assertEqual(self.held("text.docx"), self.first)


class Large(DocumentCase):
    """Past ten megabytes files.export refuses, and the item's exportLinks lead to the bytes."""

    def test_by_its_link(self):
        item = self.document("large", exportPadding=11 * MIB)
        self.sync()
        content, mtime = self.held("large.docx")
        self.assertGreater(len(content), 11 * MIB)
        self.assertEqual(mtime, self.times[item])
        self.assertEqual(self.exports(), [(item, 403)])
        self.assertEqual(self.links(), [(item, 200)])
        self.assert_settled()
        self.assertEqual(len(self.links()), 1)

    def test_a_link_that_leads_to_a_sign_in_page(self):
        item = self.document("large", exportPadding=11 * MIB)
        self.sync()
        before = self.held("large.docx")
        self.change(item, "second")
        self.switch(export_link_login_page=1)
        self.sync("--retries", "0", expect=5)
        self.assertEqual(self.held("large.docx"), before)
        self.switch(export_link_login_page=0)
        self.sync()
        self.assertEqual(self.held("large.docx")[1], self.times[item])

    def test_a_drawing(self):
        self.document("large", "drawing", exportPadding=11 * MIB)
        self.sync()
        self.assertTrue(self.held("large.svg")[0].rstrip().endswith(b"</svg>"))

    def test_a_link_for_one_does_not_disturb_the_others(self):
        self.document("large", exportPadding=11 * MIB)
        small = [self.document(f"small{n}") for n in range(5)]
        self.sync()
        self.assertEqual(len(tree(self.dest)), 1 + len(small))
        self.assertEqual(len(self.links()), 1)


if __name__ == "__main__":
    unittest.main()
