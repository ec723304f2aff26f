#!/usr/bin/env python3
"""The probe's CronJob does its work as it is rendered, and asks the cluster for no more than it may."""

import unittest

from probe_workload import ProbeCase, images


class Probe(ProbeCase):

    def setUp(self):
        super().setUp()
        self.image = self.server.push("team/app", "1.0", images.multi_arch("app"))
        self.uses("team/app:1.0")

    def break_it(self):
        self.server.tree.revision("team/app", self.image.children[0].digest).unlink()

    def test_ends_with_0_where_all_can_be_served(self):
        run = self.cronjob_ends(0)
        self.assertIn("registry-probe: 0/1 tags broken", run.stdout)

    def test_names_the_workloads_that_use_what_is_broken(self):
        self.break_it()
        run = self.cronjob_ends(11)
        self.assertIn("[in use: Pod shop/web]", run.stdout)

    def test_lists_what_its_role_allows(self):
        self.cronjob_ends(0)
        rules = self.rendering.one("ClusterRole", "registry-probe")["rules"]
        allowed = {(verb, group, resource) for rule in rules for verb in rule["verbs"]
                   for group in rule["apiGroups"] for resource in rule["resources"]}
        self.assertEqual(self.cluster.asked(), allowed)

    def test_logs_json(self):
        self.break_it()
        run = self.cronjob_ends(11)
        self.assertTrue(run.stderr)
        for line in run.stderr.splitlines():
            self.assertTrue(line.startswith("{"), line)


if __name__ == "__main__":
    unittest.main()
