#!/usr/bin/env python3
"""What the renderings of k8s/ promise, judged without a cluster."""

import re
import unittest

import yaml
from manifests import K8S, RENDERINGS, ROOT, WORKLOADS, documents, render

# Volumes that Pod Security's "restricted" allows.
RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
                      "persistentVolumeClaim", "projected", "secret"}
# The exit codes after which another attempt would find the same (docs of both programs).
NOT_RETRIED = {"gdrive-sync": [2, 3, 4, 5, 7, 8], "registry-probe": [2, 3, 9, 11]}
SECRET_NAME = re.compile(r"SECRET|TOKEN$|PASSWORD|CLIENT_ID|PRIVATE", re.IGNORECASE)
# Durations as the programs take them.
DURATION = re.compile(r"(\d+)(h|m|s)")
# The hosts of addresses and of images.
HOST = re.compile(r"(?:://|image: )([^\s/:\"]+)")


def of_each(subjects):
    """Makes a test of one subject run for all of them, each under its own name."""
    def decorate(test):
        def run(self):
            chosen = subjects()
            self.assertGreater(len(chosen), 0)
            for subject in chosen:
                with self.subTest(str(subject)):
                    test(self, subject)
        run.__name__ = test.__name__
        return run
    return decorate


def mirrors():
    return [r for r in RENDERINGS if any(w.program() == "gdrive-sync" for w in r.cronjobs())]


each_cronjob = of_each(lambda: WORKLOADS)
each_mirror = of_each(mirrors)
each_rendering = of_each(lambda: RENDERINGS)


def seconds(text):
    unit = {"h": 3600, "m": 60, "s": 1}
    return sum(int(n) * unit[u] for n, u in DURATION.findall(text))


def option(workload, name):
    """The value of an option among the container's arguments."""
    for argument in workload.container["args"]:
        if argument.startswith(f"--{name}="):
            return argument.split("=", 1)[1]
    return None


class EachCronJob(unittest.TestCase):

    @each_cronjob
    def test_fits_the_restricted_profile(self, workload):
        pod = workload.pod
        for key in ("hostNetwork", "hostPID", "hostIPC", "hostUsers", "initContainers"):
            self.assertNotIn(key, pod)
        security = pod["securityContext"]
        self.assertIs(security["runAsNonRoot"], True)
        self.assertGreater(security["runAsUser"], 0)
        self.assertGreater(security["runAsGroup"], 0)
        self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
        for volume in pod["volumes"]:
            kinds = set(volume) - {"name"}
            self.assertLessEqual(kinds, RESTRICTED_VOLUMES, volume["name"])
        self.assertEqual(len(workload.containers), 1)
        own = workload.container["securityContext"]
        self.assertIs(own["runAsNonRoot"], True)
        self.assertIs(own["allowPrivilegeEscalation"], False)
        self.assertEqual(own["capabilities"], {"drop": ["ALL"]})
        self.assertNotIn("privileged", own)
        self.assertNotIn("runAsUser", own)
        for port in workload.container.get("ports", []):
            self.assertNotIn("hostPort", port)

    @each_cronjob
    def test_writes_only_where_a_volume_is(self, workload):
        self.assertIs(workload.container["securityContext"]["readOnlyRootFilesystem"], True)
        names = {v["name"] for v in workload.pod["volumes"]}
        self.assertEqual({m["name"] for m in workload.container["volumeMounts"]}, names)
        tmp = workload.volume(workload.mount("/tmp")["name"])["emptyDir"]
        self.assertEqual(tmp["medium"], "Memory")
        self.assertIn("sizeLimit", tmp)
        group = workload.pod["securityContext"]
        self.assertIn("fsGroup", group)
        self.assertEqual(group["fsGroupChangePolicy"], "OnRootMismatch")

    @each_cronjob
    def test_gets_no_token_that_nobody_asked_for(self, workload):
        self.assertIs(workload.pod["automountServiceAccountToken"], False)
        self.assertIs(workload.pod["enableServiceLinks"], False)
        account = workload.rendering.one("ServiceAccount", workload.pod["serviceAccountName"])
        self.assertIs(account["automountServiceAccountToken"], False)

    @each_cronjob
    def test_runs_one_at_a_time_and_not_for_ever(self, workload):
        spec = workload.spec
        self.assertEqual(spec["concurrencyPolicy"], "Forbid")
        self.assertEqual(spec["timeZone"], "Etc/UTC")
        self.assertGreaterEqual(spec["startingDeadlineSeconds"], 10)
        self.assertIn("successfulJobsHistoryLimit", spec)
        self.assertIn("failedJobsHistoryLimit", spec)
        self.assertGreater(workload.job["activeDeadlineSeconds"], 0)
        self.assertGreaterEqual(workload.pod["terminationGracePeriodSeconds"], 60)
        self.assertLessEqual(len(workload.name), 52)

    @each_cronjob
    def test_stops_by_itself_before_its_deadline(self, workload):
        if workload.label("component") == "diff":
            return  # to be killed costs it nothing
        own = seconds(option(workload, "max-duration"))
        own += seconds(option(workload, "lock-wait") or "")
        spare = workload.job["activeDeadlineSeconds"] - own
        self.assertGreaterEqual(spare, workload.pod["terminationGracePeriodSeconds"])

    @each_cronjob
    def test_retries_only_what_may_pass(self, workload):
        job = workload.job
        self.assertEqual(workload.pod["restartPolicy"], "Never")
        self.assertEqual(job["podReplacementPolicy"], "Failed")
        disruption, codes = job["podFailurePolicy"]["rules"]
        self.assertEqual(disruption["action"], "Ignore")
        self.assertEqual(disruption["onPodConditions"],
                         [{"type": "DisruptionTarget", "status": "True"}])
        self.assertEqual(codes["action"], "FailJob")
        self.assertEqual(codes["onExitCodes"],
                         {"containerName": workload.container["name"], "operator": "In",
                          "values": NOT_RETRIED[workload.program()]})
        self.assertGreaterEqual(job["backoffLimit"], 0)

    @each_cronjob
    def test_gets_secrets_as_files_that_only_its_group_reads(self, workload):
        for name in workload.environment():
            self.assertIsNone(SECRET_NAME.search(name), name)
        for variable in workload.container.get("env", []):
            # What the pod knows of itself is no secret; a Secret's key would be.
            self.assertLessEqual(set(variable.get("valueFrom", {})), {"fieldRef"})
        for source in workload.container.get("envFrom", []):
            self.assertEqual(list(source), ["configMapRef"])
        secrets = [v for v in workload.pod["volumes"] if "secret" in v]
        self.assertEqual(len(secrets), 1)
        self.assertEqual(secrets[0]["secret"]["defaultMode"], 0o440)
        self.assertIs(workload.mount("/secrets")["readOnly"], True)

    @each_cronjob
    def test_is_bounded_in_what_it_takes(self, workload):
        resources = workload.container["resources"]
        for kind in ("requests", "limits"):
            self.assertIn("memory", resources[kind])
            self.assertIn("ephemeral-storage", resources[kind])
        self.assertIn("cpu", resources["requests"])
        self.assertEqual(workload.container["imagePullPolicy"], "IfNotPresent")

    @each_cronjob
    def test_has_the_labels_by_which_it_is_found(self, workload):
        cronjob = workload.cronjob["metadata"]["labels"]
        for name in ("name", "part-of", "component"):
            self.assertIn("app.kubernetes.io/" + name, cronjob)
        self.assertEqual(workload.spec["jobTemplate"]["metadata"]["labels"], cronjob)
        self.assertEqual(workload.template["metadata"]["labels"], cronjob)

    @each_cronjob
    def test_is_under_a_network_policy_that_denies_by_default(self, workload):
        labels = workload.template["metadata"]["labels"]
        policies = [p["spec"] for p in workload.rendering.of_kind("NetworkPolicy")
                    if p["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
        self.assertEqual(len(policies), 1)
        self.assertEqual(policies[0]["policyTypes"], ["Ingress", "Egress"])
        self.assertEqual(policies[0]["ingress"], [])
        for rule in policies[0]["egress"]:
            self.assertTrue(rule["to"])
            self.assertTrue(rule["ports"])


class TheMirror(unittest.TestCase):

    @each_mirror
    def test_cannot_ask_the_cluster_for_anything(self, rendering):
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"):
            self.assertEqual(rendering.of_kind(kind), [])
        for workload in rendering.cronjobs():
            self.assertNotIn("projected", {k for v in workload.pod["volumes"] for k in v})

    @each_mirror
    def test_ticks_every_ten_minutes(self, rendering):
        sync = rendering.cronjob("sync")
        self.assertEqual(sync.spec["schedule"], "*/10 * * * *")
        self.assertIs(sync.spec["suspend"], False)
        self.assertEqual(sync.arguments()[0], "sync")

    @each_mirror
    def test_has_templates_that_never_run_by_themselves(self, rendering):
        for component in ("resync", "diff"):
            template = rendering.cronjob(component)
            self.assertIs(template.spec["suspend"], True)
            self.assertEqual(template.arguments()[0], component)
            self.assertIn("ttlSecondsAfterFinished", template.job)

    @each_mirror
    def test_waits_for_a_running_tick_before_a_resync(self, rendering):
        tick = rendering.cronjob("sync")
        wait = seconds(option(rendering.cronjob("resync"), "lock-wait"))
        self.assertGreaterEqual(wait, tick.job["activeDeadlineSeconds"])

    @each_mirror
    def test_mounts_the_volume_read_only_where_it_only_looks(self, rendering):
        for workload in rendering.cronjobs():
            read_only = workload.mount("/data").get("readOnly", False)
            self.assertEqual(read_only, workload.label("component") == "diff")

    @each_mirror
    def test_names_its_instance_wherever_it_pushes(self, rendering):
        environment = rendering.cronjob("sync").environment()
        self.assertTrue(environment["GDRIVE_SYNC_INSTANCE"])

    @each_mirror
    def test_reads_credentials_that_the_secret_holds(self, rendering):
        workload = rendering.cronjob("sync")
        environment = workload.environment()
        paths = [p for p in (environment["GDRIVE_SYNC_CREDENTIALS"],
                             environment["GDRIVE_SYNC_RCLONE_CONFIG"]) if p]
        self.assertEqual(len(paths), 1)
        secret = workload.volume("credentials")["secret"]["secretName"]
        self.assertIn(paths[0], [f"/secrets/{key}" for key in keys_of(rendering, secret)])


def keys_of(rendering, name):
    """The files that a Secret, or the ExternalSecret that makes it, holds."""
    keys = []
    for secret in rendering.of_kind("Secret"):
        if secret["metadata"]["name"] == name:
            keys += list(secret.get("stringData", {})) + list(secret.get("data", {}))
    for external in rendering.of_kind("ExternalSecret"):
        if external["spec"]["target"]["name"] == name:
            keys += [entry["secretKey"] for entry in external["spec"]["data"]]
    return keys


class TheOverlayStem95su(unittest.TestCase):
    """The set-up that is replaced, under its own names."""

    def setUp(self):
        self.rendering = next(r for r in RENDERINGS if r.overlay == "stem95su")

    def test_keeps_the_names_of_the_job_and_its_secret(self):
        sync = self.rendering.cronjob("sync")
        self.assertEqual(sync.name, "stem95su-gdrive-sync")
        self.assertEqual(sync.volume("credentials")["secret"]["secretName"], "stem95su-rclone")
        external = self.rendering.one("ExternalSecret", "stem95su-rclone")
        self.assertEqual(external["apiVersion"], "external-secrets.io/v1")
        self.assertEqual(external["spec"]["data"][0]["remoteRef"]["key"], "secret/stem95su")

    def test_keeps_the_source_and_the_limit(self):
        environment = self.rendering.cronjob("sync").environment()
        self.assertEqual(environment["GDRIVE_SYNC_SOURCE"], "claude/files")
        self.assertEqual(environment["GDRIVE_SYNC_MAX_DELETE"], "25")

    def test_stays_on_the_node_that_has_the_volume(self):
        for workload in self.rendering.cronjobs():
            terms = workload.pod["affinity"]["podAffinity"]
            required = terms["requiredDuringSchedulingIgnoredDuringExecution"]
            self.assertEqual(required[0]["topologyKey"], "kubernetes.io/hostname")


class TheProbe(unittest.TestCase):

    def setUp(self):
        self.rendering = next(r for r in RENDERINGS if r.overlay == "registry-probe")
        self.probe = self.rendering.cronjob("probe")

    def test_looks_every_fifteen_minutes(self):
        self.assertEqual(self.probe.spec["schedule"], "*/15 * * * *")
        self.assertIs(self.probe.spec["suspend"], False)
        self.assertEqual(self.probe.arguments()[:2], ["probe", "placeholder-registry.invalid"])

    def test_may_list_workloads_and_nothing_else(self):
        role = self.rendering.one("ClusterRole", "registry-probe")
        for rule in role["rules"]:
            self.assertEqual(rule["verbs"], ["list"])
            self.assertNotIn("*", rule["resources"] + rule["apiGroups"])
            self.assertNotIn("secrets", rule["resources"])
        binding = self.rendering.one("ClusterRoleBinding", "registry-probe")
        self.assertEqual(binding["roleRef"]["name"], role["metadata"]["name"])
        namespace = self.probe.cronjob["metadata"]["namespace"]
        self.assertEqual(binding["subjects"], [
            {"kind": "ServiceAccount", "name": self.probe.pod["serviceAccountName"],
             "namespace": namespace}])
        for kind in ("Role", "RoleBinding"):
            self.assertEqual(self.rendering.of_kind(kind), [])

    def test_has_a_token_that_ends_where_the_program_looks_for_it(self):
        mount = self.probe.mount("/var/run/secrets/kubernetes.io/serviceaccount")
        self.assertIs(mount["readOnly"], True)
        projected = self.probe.volume(mount["name"])["projected"]
        self.assertEqual(projected["defaultMode"], 0o440)
        token, certificate = projected["sources"]
        self.assertEqual(token["serviceAccountToken"], {"path": "token", "expirationSeconds": 3600})
        self.assertEqual(certificate["configMap"]["items"], [{"key": "ca.crt", "path": "ca.crt"}])

    def test_reaches_names_registry_pushgateway_and_api_server(self):
        [policy] = self.rendering.of_kind("NetworkPolicy")
        ports = [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]
        self.assertEqual(ports, [[53, 53], [443], [9091], [6443]])


class WhatNobodyKnew(unittest.TestCase):
    """Names, hosts and digests that nobody gave are placeholders, in one file an overlay."""

    @each_rendering
    def test_is_marked_in_the_values_file(self, rendering):
        path = K8S / "overlays" / rendering.overlay / "values.yaml"
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if "placeholder" in line and not line.lstrip().startswith("#"):
                above = "\n".join(lines[max(0, number - 3):number])
                self.assertIn("PLACEHOLDER", above, line)

    @each_rendering
    def test_is_no_host_that_looks_like_a_real_one(self, rendering):
        text = render.rendered_path(rendering.overlay).read_text(encoding="utf-8")
        hosts = set(HOST.findall(text))
        self.assertTrue(hosts)
        self.assertEqual({h for h in hosts if "placeholder" not in h}, set())

    @each_rendering
    def test_comes_into_the_renderings_from_the_overlay_only(self, rendering):
        folder = K8S / "overlays" / rendering.overlay
        own = "".join(p.read_text(encoding="utf-8") for p in folder.glob("*.yaml"))
        text = render.rendered_path(rendering.overlay).read_text(encoding="utf-8")
        for word in set(re.findall(r"placeholder[a-z.-]*[a-z]", text)):
            self.assertIn(word, own)


class TheRenderings(unittest.TestCase):

    def test_are_of_these_sources(self):
        digest = render.sources_digest()
        for name in render.folders():
            with self.subTest(name):
                text = render.rendered_path(name).read_text(encoding="utf-8")
                self.assertIn(f"# sources sha256:{digest}\n", text, "run k8s/render.py")

    def test_are_one_an_overlay_and_one_of_the_base(self):
        rendered = {path.stem for path in (K8S / "rendered").glob("*.yaml")}
        self.assertEqual(rendered, set(render.folders()))

    def test_hold_the_rules_as_they_are(self):
        for rules in render.rules_files():
            with self.subTest(rules.name):
                wrapped = render.wrapped_path(rules)
                self.assertTrue(wrapped.exists(), "run k8s/render.py")
                self.assertEqual(wrapped.read_text(encoding="utf-8"), render.wrapped(rules))
                spec = documents(wrapped)[0]["spec"]
                self.assertEqual(spec, yaml.safe_load(rules.read_text(encoding="utf-8")))
                listed = documents(wrapped.parent / "kustomization.yaml")[0]["resources"]
                self.assertIn(wrapped.name, listed)
                name = render.program_of(rules)
                holders = [r for r in RENDERINGS
                           if name in [o["metadata"]["name"] for o in r.of_kind("PrometheusRule")]]
                self.assertEqual(len(holders), 1, name)

    def test_lead_from_each_alert_to_a_runbook(self):
        seen = 0
        for rendering in RENDERINGS:
            for rule in rendering.of_kind("PrometheusRule"):
                for group in rule["spec"]["groups"]:
                    for alert in group["rules"]:
                        url = alert["annotations"]["runbook_url"]
                        path = url.removeprefix("https://placeholder.invalid/").split("#")[0]
                        self.assertTrue((ROOT / path).is_file(), url)
                        seen += 1
        self.assertGreater(seen, 10)

    def test_of_alerts_and_dashboards_lie_where_their_workload_does(self):
        for rendering in RENDERINGS:
            namespace = rendering.cronjobs()[0].cronjob["metadata"]["namespace"]
            for kind in ("PrometheusRule", "ConfigMap"):
                for found in rendering.of_kind(kind):
                    self.assertEqual(found["metadata"]["namespace"], namespace)


if __name__ == "__main__":
    unittest.main()
