#!/usr/bin/env python3
"""The mirror's alerts and dashboard with the tick's CronJob, Pushgateway and Prometheus at work."""

import unittest

from monitoring import DashboardChecks, Monitoring, impatient_rules, rules_path
from workload import WorkloadCase

# Metrics of other programs, and whose.
FOREIGN = {"kube_cronjob_spec_suspend": "kube-state-metrics",
           "externalsecret_status_condition": "External Secrets Operator"}


class LiveCase(WorkloadCase):
    """The tick's CronJob pushes to a Pushgateway, which a Prometheus with the rules scrapes."""

    def setUp(self):
        super().setUp()
        self.monitoring = Monitoring(self, self.rules())
        self.pushgateway = self.monitoring.gateway.url

    def rules(self):
        return rules_path("gdrive-sync")

    def exit_code(self, code):
        """The series once Prometheus has that value."""
        return self.monitoring.wait_for(f"gdrive_sync_last_run_exit_code == {code}")


class Live(LiveCase, DashboardChecks):

    def test_every_metric_that_is_asked_for_is_written(self):
        self.fill(3)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.assert_written("gdrive-sync", FOREIGN)

    def test_every_panel_of_the_dashboard_shows_something(self):
        self.fill(3)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.assert_panels_show_something("gdrive-sync")

    def test_a_tripped_guard_raises_its_alert_and_no_other(self):
        self.fill(40)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.assertEqual(self.monitoring.all_firing(), set())
        for path in self.source.iterdir():
            if path.name != "file000.txt":
                path.unlink()
        self.cronjob_ends(4, "sync")
        labels = self.monitoring.firing("GDriveSyncGuardTripped")
        self.assertEqual([label["guard"] for label in labels], ["max-delete"])
        self.assertEqual(labels[0]["source"], "claude/files")
        self.assertEqual(self.monitoring.all_firing(), {"GDriveSyncGuardTripped"})

    def test_refused_credentials_raise_their_alert_in_the_series_of_the_runs_before(self):
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.write_secret("revoked")
        self.cronjob_ends(3, "sync")
        labels = self.monitoring.firing("GDriveSyncAuthFailed")
        self.assertEqual([label["instance"] for label in labels], ["stem95su"])
        query = self.monitoring.query
        self.assertEqual(len(query("gdrive_sync_last_run_exit_code")), 1)
        self.assertEqual(len(query("gdrive_sync_last_success_timestamp_seconds")), 1)


class Picture(LiveCase, DashboardChecks):
    """A mirror that grows until a guard holds back deletes."""

    def tick(self, code, expression):
        self.cronjob_ends(code, "sync")
        self.monitoring.seen_for_a_while(expression)

    def test_shows_each_panel_of_what_happened(self):
        self.fill(30)
        self.tick(0, "gdrive_sync_files == 30")
        self.fill(40)
        self.tick(0, "gdrive_sync_files == 40")
        for path in self.source.iterdir():
            if path.name != "file000.txt":
                path.unlink()
        self.tick(4, "gdrive_sync_withheld_deletes == 39")
        self.assertIn("39", self.assert_drawn("gdrive-sync"))


class WithoutWaiting(LiveCase):
    """By the same rules, with their waits (`for`) cut short."""

    def rules(self):
        return impatient_rules("gdrive-sync", self.dir / "rules.yaml")

    def test_a_folder_that_is_gone_raises_failing(self):
        self.fill(3)
        self.cronjob_ends(0, "sync")
        self.exit_code(0)
        self.source.rename(self.dir / "elsewhere")
        self.cronjob_ends(6, "sync")
        [alert] = self.monitoring.firing_alerts("GDriveSyncFailing")
        self.assertIn("exit code 6", alert["annotations"]["summary"])
        self.monitoring.wait_for_only("GDriveSyncFailing")


if __name__ == "__main__":
    unittest.main()
