#!/usr/bin/env python3
"""The alerts fire when they should and not otherwise; they and the dashboard ask only for metrics
that are really written. First by promtool, then with Pushgateway and Prometheus at work."""

import json
import re
import subprocess
import unittest
import urllib.parse

import yaml
from manifests import K8S, ROOT
from workload import Server, WorkloadCase, wait_for

RULES = K8S / "gdrive-sync-rules.yaml"
CASES = ROOT / "tests" / "k8s" / "gdrive-sync-rules-test.yaml"
DASHBOARD = K8S / "components" / "dashboard" / "gdrive-sync.json"
CONTRACT = {"GDriveSyncFailing", "GDriveSyncStale", "GDriveSyncGuardTripped",
            "GDriveSyncAuthFailed"}
# Metrics of other programs, and whose.
FOREIGN = {"kube_cronjob_spec_suspend": "kube-state-metrics",
           "externalsecret_status_condition": "External Secrets Operator"}
METRIC = re.compile(r"\b(?:gdrive_sync|kube|externalsecret)_\w+")
# What only a mirror in trouble has: asked for without the condition, it has to be there.
ONLY_WHERE = re.compile(r" > 0$")
LEGEND_LABEL = re.compile(r"{{(\w+)}}")

PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{{targets: ["{pushgateway}"]}}]
"""


def alerts():
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard_targets():
    """(expression, legend) of each query, with all sources chosen."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [(target["expr"].replace("$source", ".*"), target["legendFormat"])
            for panel in panels for target in panel["targets"]]


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                          check=False)


class Rules(unittest.TestCase):

    def test_are_sound(self):
        checked = promtool("check", "rules", RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_fire_and_do_not_fire_as_the_cases_say(self):
        tested = promtool("test", "rules", CASES)
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_each_have_a_case_that_fires_and_one_that_does_not(self):
        cases = [case for test in yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
                 for case in test["alert_rule_test"]]
        fired = {(case["alertname"], alert["exp_labels"]["severity"])
                 for case in cases for alert in case["exp_alerts"]}
        quiet = {case["alertname"] for case in cases if not case["exp_alerts"]}
        self.assertEqual(fired, {(a["alert"], a["labels"]["severity"]) for a in alerts()})
        self.assertEqual(quiet, {a["alert"] for a in alerts()})

    def test_hold_the_alerts_of_the_contract(self):
        self.assertLessEqual(CONTRACT, {a["alert"] for a in alerts()})

    def test_each_say_what_to_read(self):
        for alert in alerts():
            with self.subTest(alert["alert"]):
                self.assertEqual(set(alert["annotations"]),
                                 {"summary", "description", "runbook_url"})
                self.assertIn(alert["labels"]["severity"], {"warning", "critical"})


class Live(WorkloadCase):
    """The tick's CronJob pushes to a Pushgateway, which a Prometheus with the rules scrapes."""

    def setUp(self):
        super().setUp()
        self.gateway = Server(self, "prometheus-pushgateway")
        self.pushgateway = self.gateway.url
        config = self.dir / "prometheus.yaml"
        host = self.gateway.url.removeprefix("http://")
        config.write_text(PROMETHEUS.format(rules=RULES, pushgateway=host))
        self.prometheus = Server(self, "prometheus", f"--config.file={config}",
                                 f"--storage.tsdb.path={self.dir / 'tsdb'}")

    def query(self, expression):
        answer = self.prometheus.get("/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}))
        self.assertEqual(answer["status"], "success", answer)
        return answer["data"]["result"]

    def exit_code(self, code):
        """The series once Prometheus has that value."""
        return wait_for(f"exit code {code}",
                        lambda: self.query(f"gdrive_sync_last_run_exit_code == {code}"))

    def firing(self, name):
        """The alert's labels once it fires."""
        def ask():
            return [a["labels"] for a in self.prometheus.get("/api/v1/alerts")["data"]["alerts"]
                    if a["labels"]["alertname"] == name and a["state"] == "firing"]
        return wait_for(name, ask)

    def all_firing(self):
        return {a["labels"]["alertname"]
                for a in self.prometheus.get("/api/v1/alerts")["data"]["alerts"]
                if a["state"] == "firing"}

    def test_every_metric_that_is_asked_for_is_written(self):
        self.fill(3)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        written = set(self.prometheus.get("/api/v1/label/__name__/values")["data"])
        expressions = [a["expr"] for a in alerts()] + [e for e, _ in dashboard_targets()]
        asked = {name for expression in expressions for name in METRIC.findall(expression)}
        self.assertGreater(len(asked), 10)
        self.assertLessEqual(asked, written | set(FOREIGN))
        self.assertLessEqual(set(FOREIGN), asked)

    def test_every_panel_of_the_dashboard_shows_something(self):
        self.fill(3)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        for expression, legend in dashboard_targets():
            with self.subTest(expression):
                result = self.query(ONLY_WHERE.sub("", expression))
                self.assertTrue(result)
                for label in LEGEND_LABEL.findall(legend):
                    self.assertIn(label, result[0]["metric"])

    def test_a_tripped_guard_raises_its_alert_and_no_other(self):
        self.fill(40)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.assertEqual(self.all_firing(), set())
        for path in self.source.iterdir():
            if path.name != "file000.txt":
                path.unlink()
        self.cronjob_ends(4, "sync")
        labels = self.firing("GDriveSyncGuardTripped")
        self.assertEqual([label["guard"] for label in labels], ["max-delete"])
        self.assertEqual(labels[0]["source"], "claude/files")
        self.assertEqual(self.all_firing(), {"GDriveSyncGuardTripped"})

    def test_refused_credentials_raise_their_alert_in_the_series_of_the_runs_before(self):
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.write_secret("revoked")
        self.cronjob_ends(3, "sync")
        labels = self.firing("GDriveSyncAuthFailed")
        self.assertEqual([label["instance"] for label in labels], ["stem95su"])
        self.assertEqual(len(self.query("gdrive_sync_last_run_exit_code")), 1)
        self.assertEqual(len(self.query("gdrive_sync_last_success_timestamp_seconds")), 1)


if __name__ == "__main__":
    unittest.main()
