#!/usr/bin/env python3
"""The alerts fire when they should and not otherwise, by promtool."""

import unittest

import yaml
from manifests import ROOT, render
from monitoring import alerts, panels, promtool, rules_path, texts_of


def own_labels(alert, labels):
    """What tells the rules of one name apart."""
    return alert, labels["severity"], labels.get("in_use")


class Rules:
    """Of one program."""

    program = ""
    contract = set()

    def setUp(self):
        self.cases = ROOT / "tests" / "k8s" / f"{self.program}-rules-test.yaml"

    def test_are_sound(self):
        checked = promtool("check", "rules", rules_path(self.program))
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_fire_and_do_not_fire_as_the_cases_say(self):
        tested = promtool("test", "rules", self.cases)
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_each_have_a_case_that_fires_and_one_that_does_not(self):
        tests = yaml.safe_load(self.cases.read_text(encoding="utf-8"))["tests"]
        asked = [case for test in tests for case in test["alert_rule_test"]]
        fired = {own_labels(case["alertname"], alert["exp_labels"])
                 for case in asked for alert in case["exp_alerts"]}
        quiet = {case["alertname"] for case in asked if not case["exp_alerts"]}
        rules = alerts(self.program)
        self.assertEqual(fired, {own_labels(a["alert"], a["labels"]) for a in rules})
        self.assertEqual(quiet, {a["alert"] for a in rules})

    def test_hold_the_alerts_of_the_contract(self):
        self.assertLessEqual(self.contract, {(a["alert"], a["labels"]["severity"])
                                             for a in alerts(self.program)})

    def test_each_say_what_to_read(self):
        for alert in alerts(self.program):
            with self.subTest(alert["alert"]):
                self.assertEqual(set(alert["annotations"]),
                                 {"summary", "description", "runbook_url"})
                self.assertIn(alert["labels"]["severity"], {"warning", "critical"})


class OfTheMirror(Rules, unittest.TestCase):
    program = "gdrive-sync"
    contract = {("GDriveSyncFailing", "warning"), ("GDriveSyncStale", "warning"),
                ("GDriveSyncStale", "critical"), ("GDriveSyncGuardTripped", "critical"),
                ("GDriveSyncAuthFailed", "critical")}


class OfTheRegistry(Rules, unittest.TestCase):
    program = "registry-probe"
    contract = {("RegistryManifestIntegrityFailure", "critical"),
                ("RegistryIntegrityProbeStale", "critical"),
                ("RegistryCatalogInaccessible", "critical"),
                ("RegistryCatalogShrunk", "warning"), ("RegistryGCBlocked", "warning")}

    def test_are_all_there_are(self):
        self.assertEqual(self.contract, {(a["alert"], a["labels"]["severity"])
                                         for a in alerts(self.program)})


class All(unittest.TestCase):

    def test_files_of_rules_are_looked_at_here(self):
        self.assertEqual({render.program_of(path) for path in render.rules_files()},
                         {case.program for case in Rules.__subclasses__()})

    def test_pictures_in_the_documents_are_of_these_dashboards(self):
        for case in Rules.__subclasses__():
            picture = ROOT / "docs" / "images" / f"dashboard-{case.program}.svg"
            titles = {panel["title"] for panel in panels(case.program)}
            self.assertLessEqual(titles, set(texts_of(picture.read_text(encoding="utf-8"))),
                                 "run k8s.alerts, k8s.registry_alerts: GDS_PICTURES=docs/images")


if __name__ == "__main__":
    unittest.main()
