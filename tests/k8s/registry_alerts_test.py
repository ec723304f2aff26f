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


class Picture(ProbeCase, DashboardChecks):
    """A registry whose images break, are healed, and break again."""

    instance = "registry"

    def setUp(self):
        super().setUp()
        self.monitoring = Monitoring(self, rules_path("registry-probe"))
        self.pushgateway = self.monitoring.gateway.url
        self.images = [self.server.push(f"team/app{n}", "1.0", images.multi_arch(f"app{n}"))
                       for n in range(6)]

    def look(self, code, broken):
        self.cronjob_ends(code)
        self.scan(self.server, "--metrics-push", self.pushgateway, "--instance", "disk")
        self.monitoring.seen_for_a_while(f"registry_probe_tags_broken == {broken}")

    def test_shows_each_panel_of_what_happened(self):
        self.look(0, 0)
        children = [image.children[0] for image in self.images]
        for number in range(3):
            self.server.tree.revision(f"team/app{number}", children[number].digest).unlink()
        self.uses("team/app0:1.0")
        self.look(11, 3)
        for number in range(2):
            self.server.put_manifest(f"team/app{number}", children[number].digest,
                                     children[number].content)
        self.server.tree.blob(children[4].layers[0].digest).unlink()
        self.look(11, 2)
        texts = self.assert_drawn("registry-probe")
        self.assertIn("team/app2:1.0   1", texts)
        self.assertIn("team/app4:1.0   1", texts)


if __name__ == "__main__":
    unittest.main()
