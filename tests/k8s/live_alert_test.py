#!/usr/bin/env python3
"""From the broken image to the firing alert: registry, probe's CronJob, scan, Pushgateway and
Prometheus at work, by the shipped rules. Only their waits (`for`) are cut short."""

import shutil
import unittest

from monitoring import Monitoring, impatient_rules, rules_path
from probe_workload import ProbeCase, images


class LiveCase(ProbeCase):

    def setUp(self):
        super().setUp()
        self.monitoring = Monitoring(self, self.rules())
        self.pushgateway = self.monitoring.gateway.url
        self.image = self.server.push("infra/ci", "latest", images.multi_arch("ci"))

    def rules(self):
        return impatient_rules("registry-probe", self.dir / "rules.yaml")

    def break_it(self):
        self.server.tree.revision("infra/ci", self.image.children[0].digest).unlink()

    def heal_it(self):
        child = self.image.children[0]
        self.server.put_manifest("infra/ci", child.digest, child.content)

    def seen_sound(self):
        """A tick that found nothing: no alert is left."""
        self.cronjob_ends(0)
        self.monitoring.wait_for("registry_probe_tags_broken == 0")
        self.monitoring.wait_for_only()


class Alerts(LiveCase):

    def test_of_a_probe_that_never_ran_ends_with_its_first_run(self):
        [alert] = self.monitoring.firing_alerts("RegistryIntegrityProbeStale")
        self.assertEqual(alert["annotations"]["summary"], "No registry is probed")
        self.seen_sound()

    def test_of_a_broken_image_names_it_until_it_is_healed(self):
        self.seen_sound()
        self.break_it()
        self.cronjob_ends(11)
        [alert] = self.monitoring.firing_alerts("RegistryManifestIntegrityFailure")
        self.assertEqual(alert["labels"]["instance"], self.server.host)
        self.assertEqual(alert["labels"]["severity"], "critical")
        self.assertIn(" infra/ci:latest ", alert["annotations"]["description"])
        self.monitoring.wait_for_only("RegistryManifestIntegrityFailure")
        self.heal_it()
        self.seen_sound()

    def test_of_a_broken_image_is_not_ended_by_the_verification_of_a_sound_one(self):
        self.server.push("other", "1", images.image("other"))
        self.break_it()
        self.cronjob_ends(11)
        self.monitoring.firing("RegistryManifestIntegrityFailure")
        self.verify(self.server, "other:1", "--metrics-push", self.pushgateway)
        self.monitoring.wait_for("registry_verify_tags_broken == 0")
        self.monitoring.wait_for_only("RegistryManifestIntegrityFailure")

    def test_of_a_catalog_out_of_reach_says_why(self):
        self.seen_sound()
        repositories = self.server.tree.v2 / "repositories"
        repositories.rename(self.dir / "not-mounted")
        self.cronjob_ends(6)
        [alert] = self.monitoring.firing_alerts("RegistryCatalogInaccessible")
        self.assertIn("(empty)", alert["annotations"]["description"])
        (self.dir / "not-mounted").rename(repositories)
        self.seen_sound()
        self.server.stop()
        self.cronjob_ends(6)
        [alert] = self.monitoring.firing_alerts("RegistryCatalogInaccessible")
        self.assertIn("(connect)", alert["annotations"]["description"])
        self.monitoring.wait_for_only("RegistryCatalogInaccessible")

    def test_of_a_catalog_that_shrank(self):
        for name in ("a", "b", "c"):
            self.server.push(name, "1", images.image(name))
        self.seen_sound()
        shutil.rmtree(self.server.tree.repository("b"))
        self.cronjob_ends(0)
        [alert] = self.monitoring.firing_alerts("RegistryCatalogShrunk")
        self.assertIn("75%", alert["annotations"]["summary"])
        self.assertEqual(alert["labels"]["severity"], "warning")
        self.monitoring.wait_for_only("RegistryCatalogShrunk")

    def test_of_a_collection_that_would_fail(self):
        self.seen_sound()
        self.server.tree.revision("infra/ci", self.image.children[1].digest).write_bytes(b"")
        self.scan(self.server, "--metrics-push", self.pushgateway, "--instance", "disk")
        [labels] = self.monitoring.firing("RegistryGCBlocked")
        self.assertEqual((labels["instance"], labels["severity"]), ("disk", "warning"))

    def test_that_nothing_raises_is_missed(self):
        self.seen_sound()
        with self.assertRaises(AssertionError):
            self.monitoring.firing("RegistryGCBlocked", seconds=3)


class InUse(LiveCase):
    """By the rules as they are: this one does not wait."""

    def rules(self):
        return rules_path("registry-probe")

    def test_of_what_a_workload_uses_comes_at_once(self):
        self.uses("infra/ci:latest")
        self.seen_sound()
        self.break_it()
        self.cronjob_ends(11)
        labels = self.monitoring.firing("RegistryManifestIntegrityFailure")
        self.assertEqual([label["in_use"] for label in labels], ["true"])


if __name__ == "__main__":
    unittest.main()
