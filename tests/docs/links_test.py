#!/usr/bin/env python3
"""Links lead somewhere, alerts to their runbook, and nobody filled a gap with a guess."""

import re
import unittest

import yaml
from documents import LINK, ROOT, Document, documents, slug

URL = re.compile(r"^[a-z]+://")
CRONJOB = re.compile(r"--from=\"?cronjob/([\w$-]+)")


class Links(unittest.TestCase):

    def lead_somewhere(self, target, base, where):
        path, _, anchor = target.partition("#")
        file = (base / path).resolve() if path else where
        self.assertTrue(file.exists(), f"{where.relative_to(ROOT)}: {target}")
        if anchor:
            self.assertIn(anchor, Document(file).anchors(),
                          f"{where.relative_to(ROOT)}: {target}")

    def test_lead_to_a_file_and_a_heading(self):
        seen = 0
        for document in map(Document, documents()):
            for target in document.links():
                if not URL.match(target):
                    self.lead_somewhere(target, document.path.parent, document.path)
                    seen += 1
        self.assertGreater(seen, 30)

    def test_lead_from_each_alert_to_its_runbook(self):
        for rules in sorted((ROOT / "k8s").glob("*-rules.yaml")):
            for group in yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]:
                for rule in group["rules"]:
                    if "alert" in rule:
                        url = rule["annotations"]["runbook_url"]
                        self.lead_somewhere(url.split("/", 3)[3], ROOT, rules)


class Placeholders(unittest.TestCase):

    def test_are_listed_and_used(self):
        listed = set(yaml.safe_load((ROOT / "docs/placeholders.yaml").read_text(encoding="utf-8")))
        used = {name for path in documents() for name in Document(path).placeholders()}
        self.assertEqual(used, listed)


class Names(unittest.TestCase):

    def test_of_cronjobs_are_those_of_the_manifests(self):
        made = set()
        for path in (ROOT / "k8s" / "rendered").glob("*.yaml"):
            for item in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                if item["kind"] == "CronJob":
                    made.add(item["metadata"]["name"])
        seen = [name.replace("$CJ", "gdrive-sync")
                for path in documents() for name in CRONJOB.findall(Document(path).text)]
        self.assertGreater(len(seen), 5)
        self.assertLessEqual(set(seen), made)


class TheChecker(unittest.TestCase):

    def test_makes_anchors_as_the_forges_do(self):
        self.assertEqual(slug("An OAuth client and a person's account"),
                         "an-oauth-client-and-a-persons-account")
        self.assertEqual(slug("2. Change over"), "2-change-over")
        self.assertEqual(slug("The room `report`"), "the-room-report")

    def test_sees_every_link_of_a_line(self):
        self.assertEqual(LINK.findall("[a](b.md#c), [`d`](e.md)"), ["b.md#c", "e.md"])


if __name__ == "__main__":
    unittest.main()
