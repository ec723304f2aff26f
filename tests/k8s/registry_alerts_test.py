#!/usr/bin/env python3
"""The registry's alerts and dashboard with the probe's CronJob, a scan, Pushgateway and Prometheus
at work."""

import unittest

from monitoring import DashboardChecks, Monitoring, rules_path
from probe_workload import ProbeCase, images


class Metrics(ProbeCase, DashboardChecks):
    """What a probe and a scan of a registry with a broken image push."""

    def setUp(self):
        super().setUp()
        self.monitoring = Monitoring(self, rules_path("registry-probe"))
        self.pushgateway = self.monitoring.gateway.url
        image = self.server.push("infra/ci", "latest", images.multi_arch("ci"))
        self.server.tree.revision("infra/ci", image.children[0].digest).unlink()
        self.cronjob_ends(11)
        self.scan(self.server, "--metrics-push", self.pushgateway)
        self.monitoring.wait_for("registry_probe_tags_broken == 1")
        self.monitoring.wait_for("registry_scan_tags_broken == 1")

    def test_that_are_asked_for_are_written(self):
        self.assert_written("registry-probe")

    def test_make_every_panel_of_the_dashboard_show_something(self):
        self.assert_panels_show_something("registry-probe")


if __name__ == "__main__":
    unittest.main()
