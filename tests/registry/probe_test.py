#!/usr/bin/env python3
"""`probe` against a real registry: what it asks, what it finds, what it leaves behind."""

import http.server
import json
import re
import subprocess
import threading
import time
import unittest

import auth_server
import fake
import images
from harness import BIN, RegistryCase


def metric(text, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


class Probe(RegistryCase):
    def test_each_distinct_thing_is_asked_once(self):
        server = self.registry()
        shared = images.layer("shared")
        for name in ("app", "team/api"):
            for tag in ("1", "2"):
                server.push(name, tag, images.multi_arch(f"{name}-{tag}", [shared]))
            server.push(name, "latest", images.multi_arch(f"{name}-2", [shared]))
        found = self.probe(server)
        self.assertEqual(0, found.code, found)
        counts = found.report["counts"]
        # A repository: 2 indexes, 4 children; 4 configs, 4 layers of their own, 1 shared.
        self.assertEqual((2, 6, 12, 18), tuple(counts[name] for name in (
            "repositories", "tags", "manifests", "blobs")))
        # /v2/, the catalog twice, tags twice, each tag, each child, each blob of each repository.
        self.assertEqual(1 + 2 + 2 + 6 + 8 + 18, counts["requests"])
        self.assertEqual("registry-probe: 0/6 tags broken, 0 broken references, 30 checked",
                         found.summary)

    def test_broken_under_three_tags_is_three_entries(self):
        server = self.registry()
        image = images.multi_arch("three")
        for tag in ("1", "2", "3"):
            server.push("app", tag, image)
        server.tree.revision("app", image.children[0].digest).unlink()
        found = self.probe(server)
        self.assertEqual(11, found.code, found)
        self.assertEqual([("app", tag, image.digest, image.children[0].digest, "child")
                          for tag in ("1", "2", "3")], found.keys())
        self.assertEqual("registry-probe: 3/3 tags broken, 3 broken references, 5 checked",
                         found.summary)

    def test_a_warm_cache_hides_nothing(self):
        server = self.registry(cache=True)
        shared = images.layer("base")
        first = server.push("app", "t", images.image("cached", [shared]))
        server.push("other", "t", images.image("other", [shared]))
        self.assertEqual(0, self.probe(server).code)
        server.tree.blob(shared.digest).unlink()
        status, _, _ = server.blob("app", shared.digest, "HEAD")
        self.assertEqual(200, status)  # what the cache says
        found = self.probe(server)
        self.assertEqual(11, found.code, found)
        self.assertEqual({("app", "layer", "cache", "restart"), ("other", "layer", "cache",
                                                                 "restart")},
                         {(one["repository"], one["kind"], one["defect"], one["remedy"])
                          for one in found.broken})
        server.tree.blob(first.config.digest).write_bytes(b"")
        self.assertEqual(3, len(self.probe(server).broken))

    def test_what_another_repository_still_has_can_be_mounted(self):
        server = self.registry()
        shared = images.layer("shared")
        server.push("app", "t", images.image("app", [shared]))
        server.push("zoo", "t", images.image("zoo", [shared]))
        server.tree.layer("app", shared.digest).unlink()
        found = self.probe(server)
        self.assertEqual([("unlinked", "mount")],
                         [(one["defect"], one["remedy"]) for one in found.broken])

    def test_deep_reads_every_byte(self):
        server = self.registry()
        image = server.push("app", "t", images.image("flipped"))
        path = server.tree.blob(image.layers[0].digest)
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
        self.assertEqual(0, self.probe(server).code)
        found = self.probe(server, "--deep")
        self.assertEqual(11, found.code, found)
        self.assertEqual([("layer", "digest", image.layers[0].digest)],
                         [(one["kind"], one["defect"], one["digest"]) for one in found.broken])

    def test_platforms_that_nobody_asks_for_may_be_broken(self):
        server = self.registry()
        image = server.push("app", "t", images.multi_arch("platforms"))
        server.tree.revision("app", image.children[1].digest).unlink()
        self.assertEqual(0, self.probe(server, "--platform", "linux/amd64").code)
        for platform in ("linux/arm64", "linux/arm64/v8", "linux/amd64,linux/arm64"):
            self.assertEqual(11, self.probe(server, "--platform", platform).code)

    def test_globs_choose_repositories(self):
        server = self.registry()
        for name in ("app", "team/api", "team/web/front"):
            server.push(name, "t", images.image(name))

        def repositories(*arguments):
            return self.probe(server, *arguments).report["counts"]["repositories"]

        self.assertEqual(2, repositories("--include", "team/*"))
        self.assertEqual(1, repositories("--include", "team/*", "--exclude", "*/front"))
        self.assertEqual(2, repositories("--exclude", "app"))

    def test_no_repository_is_lost_between_pages(self):
        """distribution drops the Link where a nested name comes before its parent's own files."""
        server = self.registry(extra={"catalog": {"maxentries": 2}})
        names = sorted(["team", "team/3d", "team/api", "a", "b", "zoo", "zoo/1", "zoo/x"])
        one = images.image("same")
        for name in names:
            server.push(name, "t", one)
        found = self.probe(server)
        self.assertEqual(0, found.code, found)
        self.assertEqual(len(names), found.report["counts"]["repositories"])

    def test_no_request_asks_whether_something_changed(self):
        server = fake.FakeRegistry()
        self.addCleanup(server.stop)
        server.push("app", "t", images.multi_arch("headers"))
        self.assertEqual(0, self.probe(server).code)
        for _, path, headers in server.requests:
            self.assertNotIn("If-None-Match", headers)
            self.assertTrue(headers["User-Agent"].startswith("registry-probe/"))
            if "/manifests/" in path:
                for media_type in images.MANIFEST_TYPES:
                    self.assertIn(media_type, headers["Accept"])


class Unreachable(RegistryCase):
    def test_nobody_listens(self):
        found = self.program("probe", fake.free_port_that_refuses(), "--plain-http",
                             "--retries", "1", "--metrics-file", self.dir / "m")
        self.assertEqual(6, found.code, found)
        text = (self.dir / "m").read_text()
        self.assertEqual(0, metric(text, "registry_probe_up"))
        self.assertEqual(0, metric(text, 'registry_probe_catalog_up{reason="connect"}'))
        self.assertFalse(found.report["complete"])
        self.assertIn("registry-probe: 0/0 tags broken", found.summary)

    def test_an_empty_catalog_is_no_health(self):
        server = self.registry()
        found = self.probe(server, "--metrics-file", self.dir / "m")
        self.assertEqual(6, found.code, found)
        self.assertIn("--allow-empty", found.log)
        text = (self.dir / "m").read_text()
        self.assertEqual(1, metric(text, "registry_probe_up"))
        self.assertEqual(0, metric(text, 'registry_probe_catalog_up{reason="empty"}'))
        self.assertEqual(0, self.probe(server, "--allow-empty").code)

    def test_a_registry_without_a_catalog(self):
        server = fake.FakeRegistry()
        self.addCleanup(server.stop)
        for status, code, reason in ((503, 6, "5xx"), (401, 3, "auth"), (403, 3, "auth"),
                                     (404, 6, "invalid")):
            server.override = lambda handler, status=status: (
                fake.Answer(status) if "_catalog" in handler.path else None)
            found = self.probe(server, "--retries", "0", "--metrics-file", self.dir / "m")
            self.assertEqual(code, found.code, found)
            self.assertEqual(0, metric((self.dir / "m").read_text(),
                                       f'registry_probe_catalog_up{{reason="{reason}"}}'))

    def test_mistakes_on_the_command_line(self):
        for arguments in (["probe"], ["probe", "two words"], ["probe", "a/b"], [],
                          ["probe", "h:1", "--concurrency", "0"], ["verify", "UPPER/x:t", "--gate"],
                          ["verify", "Bad Name"], ["probe", "h:1", "--in-use", "/nowhere"],
                          ["frobnicate"]):
            found = self.program(*arguments)
            self.assertEqual(2, found.code, (arguments, found))


class SecondLook(RegistryCase):
    """Nothing is reported that does not look the same a second time."""

    def setUp(self):
        super().setUp()
        self.server = fake.FakeRegistry()
        self.addCleanup(self.server.stop)
        self.old = self.server.push("app", "t", images.multi_arch("old"))
        self.new = images.multi_arch("new")

    def after_first(self, pattern, change):
        """Run `change` once the pattern was asked for."""
        done = []

        def override(handler):
            if re.search(pattern, f"{handler.command} {handler.path}") and not done:
                done.append(True)
                change()
                return fake.error_answer(404, "UNKNOWN")
            return None
        self.server.override = override

    def test_what_was_missing_for_a_moment(self):
        layer = self.old.children[0].layers[0]
        self.after_first(f"blobs/{layer.digest}", lambda: None)
        self.assertEqual(0, self.probe(self.server).code)
        self.after_first(f"manifests/{self.old.children[0].digest}", lambda: None)
        self.assertEqual(0, self.probe(self.server).code)
        self.after_first("manifests/t", lambda: None)
        self.assertEqual(0, self.probe(self.server).code)

    def test_a_tag_that_moved_meanwhile(self):
        child = self.old.children[0].digest

        def move():
            del self.server.manifests[child]
            self.server.push("app", "t", self.new)
        self.after_first(f"manifests/{child}", move)
        found = self.probe(self.server)
        self.assertEqual(0, found.code, found)
        # What it leads to now was looked at too.
        self.assertEqual(1, len(self.server.asked(f"manifests/{self.new.children[0].digest}")))

    def test_a_tag_that_was_deleted_meanwhile(self):
        child = self.old.children[0].digest
        self.after_first(f"manifests/{child}", lambda: self.server.tags["app"].clear())
        self.assertEqual(0, self.probe(self.server).code)

    def test_what_is_broken_where_the_tag_leads_now(self):
        child = self.old.children[0].digest

        def move():
            self.server.push("app", "t", self.new)
            del self.server.manifests[self.new.children[1].digest]
        self.after_first(f"manifests/{child}", move)
        found = self.probe(self.server)
        self.assertEqual([("app", "t", self.new.digest, self.new.children[1].digest, "child")],
                         found.keys())

    def test_the_pause_is_kept(self):
        self.server.manifests.pop(self.old.children[0].digest)
        asked = []
        self.server.override = lambda handler: asked.append(
            (time.monotonic(), handler.path)) or None
        found = self.program("probe", self.server.host, "--plain-http", "--confirm-after", "700ms")
        self.assertEqual(11, found.code)
        looks = [at for at, path in asked if path.endswith(self.old.children[0].digest)]
        self.assertEqual(2, len(looks))
        self.assertGreaterEqual(looks[1] - looks[0], 0.7)

    def test_a_deadline_leaves_the_run_incomplete(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.server.override = lambda handler: (
            release.wait() and None if "/blobs/" in handler.path else None)
        found = self.probe(self.server, "--max-duration", "1s")
        self.assertEqual(9, found.code, found)
        self.assertFalse(found.report["complete"])
        self.assertEqual([], found.broken)


class Gateway(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.server.pushed.append((self.path, self.rfile.read(
            int(self.headers["Content-Length"])).decode()))
        self.send_response(200)
        self.end_headers()


class Output(RegistryCase):
    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.image = self.server.push("app", "t", images.multi_arch("output"))
        self.server.push("other", "sound", images.image("sound"))
        self.server.tree.revision("app", self.image.children[0].digest).unlink()
        self.metrics = self.dir / "probe.prom"

    def test_the_report_holds_every_field(self):
        report = self.probe(self.server).report
        for name in ("schema", "registry", "started", "finished", "complete", "counts", "broken",
                     "warnings"):
            self.assertIn(name, report)
        self.assertEqual((1, self.server.host, True),
                         (report["schema"], report["registry"], report["complete"]))
        self.assertLessEqual({"repositories", "tags", "manifests", "blobs", "requests",
                              "tags_broken"}, set(report["counts"]))
        self.assertEqual({"repository": "app", "tag": "t", "parent": self.image.digest,
                          "digest": self.image.children[0].digest, "kind": "child",
                          "defect": "missing", "status": 404, "remedy": "rebuild", "in_use": []},
                         {name: value for name, value in report["broken"][0].items()
                          if name != "detail"})

    def test_json_on_standard_output_is_the_report(self):
        found = self.probe(self.server, "--format", "json")
        self.assertEqual(found.report, json.loads(found.out))

    def test_text_names_what_is_broken(self):
        found = self.probe(self.server)
        lines = found.out.splitlines()
        self.assertEqual(2, len(lines))
        self.assertIn("app:t child sha256:", lines[0])
        self.assertIn("missing (404): MANIFEST_UNKNOWN", lines[0])
        self.assertEqual("registry-probe: 1/2 tags broken, 1 broken references, 9 checked",
                         lines[1])

    def test_every_metric_of_the_contract_is_there(self):
        self.probe(self.server, "--metrics-file", self.metrics)
        text = self.metrics.read_text()
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                 capture_output=True, check=False)
        self.assertNotIn("error", checked.stderr)
        names = set(re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE))
        self.assertEqual({"registry_probe_" + name for name in (
            "up", "last_run_timestamp_seconds", "last_complete_timestamp_seconds", "catalog_up",
            "repositories", "tags", "tags_broken", "broken_references", "broken_tag",
            "broken_tag_truncated", "in_use_broken", "duration_seconds", "requests")}, names)
        self.assertEqual(1, metric(text, "registry_probe_tags_broken"))
        self.assertEqual(1, metric(text, 'registry_probe_broken_tag{repository="app",tag="t"}'))
        self.assertEqual(1, metric(
            text, 'registry_probe_broken_references{kind="child",defect="missing"}'))
        self.assertEqual(0, metric(
            text, 'registry_probe_broken_references{kind="layer",defect="cache"}'))
        self.assertEqual(1, metric(text, 'registry_probe_catalog_up{reason="ok"}'))

    def test_a_registry_out_of_reach_has_not_healed(self):
        self.probe(self.server, "--metrics-file", self.metrics)
        before = self.metrics.read_text()
        self.server.stop()
        self.program("probe", self.server.host, "--plain-http", "--retries", "0",
                     "--metrics-file", self.metrics)
        text = self.metrics.read_text()
        self.assertEqual(0, metric(text, "registry_probe_up"))
        for name in ("registry_probe_tags_broken", "registry_probe_repositories",
                     'registry_probe_broken_tag{repository="app",tag="t"}',
                     "registry_probe_last_complete_timestamp_seconds"):
            self.assertEqual(metric(before, name), metric(text, name), name)

    def test_at_most_a_hundred_tags_are_named(self):
        child = self.image.children[0]
        self.server.put_manifest("app", child.digest, child.content)
        for n in range(104):
            self.server.put_manifest("app", f"t{n}", self.image.content)
        self.server.tree.revision("app", child.digest).unlink()
        self.probe(self.server, "--metrics-file", self.metrics)
        text = self.metrics.read_text()
        self.assertEqual(100, text.count("registry_probe_broken_tag{"))
        self.assertEqual(5, metric(text, "registry_probe_broken_tag_truncated"))

    def test_the_gateway_gets_a_post(self):
        gateway = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
        gateway.pushed = []
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        self.addCleanup(gateway.server_close)
        self.addCleanup(gateway.shutdown)
        self.probe(self.server, "--metrics-push", f"http://127.0.0.1:{gateway.server_port}",
                   "--instance", "main")
        (path, text), = gateway.pushed
        self.assertEqual("/metrics/job/registry-probe/instance/main", path)
        self.assertEqual(1, metric(text, "registry_probe_tags_broken"))

    def test_a_catalog_that_shrank_is_a_warning(self):
        server = fake.FakeRegistry()
        self.addCleanup(server.stop)
        for n in range(20):
            server.push(f"app{n}", "t", images.image(f"app{n}"))

        def run():
            return self.program("probe", server.host, "--plain-http", "--metrics-file",
                                self.metrics)
        self.assertEqual([], run().report["warnings"])
        del server.tags["app0"]
        self.assertEqual([], run().report["warnings"])
        for n in range(1, 8):
            del server.tags[f"app{n}"]
        found = run()
        self.assertEqual(0, found.code)
        self.assertEqual(["shrunk"], [one["defect"] for one in found.report["warnings"]])


POD = {"kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop"},
       "status": {"phase": "Running"}}


class InUse(RegistryCase):
    def setUp(self):
        super().setUp()
        self.server = fake.FakeRegistry()
        self.addCleanup(self.server.stop)
        for name in ("used", "a-unused", "by-digest"):
            image = self.server.push(name, "t", images.multi_arch(name))
            del self.server.blobs[image.children[0].layers[0].digest]
        self.by_digest = self.server.tags["by-digest"]["t"]

    def image(self, text):
        return {"name": "c", "image": f"{self.server.host}/{text}"}

    def items(self):
        template = {"spec": {"initContainers": [self.image("used:t")], "containers": []}}
        return [
            {**POD, "spec": {"containers": [{"name": "c", "image": "nginx"}],
                             "ephemeralContainers": [self.image("used:t")]}},
            {**POD, "metadata": {"name": "ended", "namespace": "shop"},
             "spec": {"containers": [self.image("a-unused:t")]}, "status": {"phase": "Succeeded"}},
            {"kind": "CronJob", "metadata": {"name": "nightly", "namespace": "backup"},
             "spec": {"jobTemplate": {"spec": {"template": template}}}},
            {"kind": "Job", "metadata": {"name": "done", "namespace": "backup"},
             "spec": {"template": {"spec": {"containers": [self.image("a-unused:t")]}}},
             "status": {"conditions": [{"type": "Complete", "status": "True"}]}},
            {"kind": "Deployment", "metadata": {"name": "api", "namespace": "shop"},
             "spec": {"template": template}},
            {"kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop"},
             "spec": {"template": template}},
            {"kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "ops"},
             "spec": {"template": {"spec": {"containers": [
                 self.image(f"by-digest@{self.by_digest}")]}}}},
            {**POD, "metadata": {"name": "pulled", "namespace": "ops"},
             "spec": {"containers": [{"name": "c", "image": "mirror.example/by-digest:old"}]},
             "status": {"phase": "Running", "containerStatuses": [{
                 "imageID": f"docker-pullable://{self.server.host}/by-digest@{self.by_digest}"}]}},
        ]

    def kubectl(self):
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": self.items()})

    def check(self, found):
        self.assertEqual(11, found.code, found)
        users = {one["repository"]: one["in_use"] for one in found.broken}
        self.assertEqual({
            "used": ["CronJob backup/nightly", "Deployment shop/api", "Pod shop/web-1",
                     "StatefulSet shop/db"],
            "by-digest": ["DaemonSet ops/agent", "Pod ops/pulled"], "a-unused": []}, users)
        self.assertEqual("a-unused", found.broken[-1]["repository"])

    def test_what_kubectl_prints(self):
        path = self.dir / "workloads.json"
        path.write_text(self.kubectl())
        found = self.probe(self.server, "--in-use", path, "--metrics-file", self.dir / "m")
        self.check(found)
        self.assertEqual(2, metric((self.dir / "m").read_text(), "registry_probe_in_use_broken"))
        self.assertIn("CronJob backup/nightly", found.out)

    def test_standard_input(self):
        done = subprocess.run(
            [BIN / "registry-probe", "probe", self.server.host, "--plain-http", "--confirm-after", "0",
             "--in-use", "-", "--format", "json"], input=self.kubectl(), capture_output=True,
            text=True, check=False)
        self.assertEqual(2, sum(bool(one["in_use"]) for one in json.loads(done.stdout)["broken"]))

    def test_another_name_of_the_registry(self):
        path = self.dir / "workloads.json"
        path.write_text(self.kubectl().replace(self.server.host, "registry.example:5000"))
        found = self.probe(self.server, "--in-use", path)
        self.assertEqual(0, sum(bool(one["in_use"]) for one in found.broken))
        self.check(self.probe(self.server, "--in-use", path, "--alias", "registry.example:5000"))

    def cluster(self):
        cert, key = auth_server.certificate(self.dir, "api")
        (self.dir / "account").mkdir()
        (self.dir / "account" / "token").write_text("pod-token\n")
        (self.dir / "account" / "ca.crt").write_text(cert.read_text())
        api = fake.FakeRegistry().use_tls(auth_server.tls_context(cert, key))
        self.addCleanup(api.stop)
        kinds = {"pods": "Pod", "deployments": "Deployment", "statefulsets": "StatefulSet",
                 "daemonsets": "DaemonSet", "jobs": "Job", "cronjobs": "CronJob"}

        def answer(handler):
            if handler.headers.get("Authorization") != "Bearer pod-token":
                return fake.Answer(401)
            path, query = handler.path.split("?")
            kind = kinds[path.rsplit("/", 1)[1]]
            items = [{key: value for key, value in item.items() if key != "kind"}
                     for item in self.items() if item["kind"] == kind]
            if kind == "Pod" and "continue" not in query:
                return fake.Answer(200, json.dumps({
                    "kind": "PodList", "metadata": {"continue": "more"}, "items": items[:1]}))
            return fake.Answer(200, json.dumps({"kind": kind + "List", "metadata": {},
                                                "items": items}))
        api.override = answer
        host, port = api.host.split(":")
        return api, {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}

    def ask_cluster(self, env):
        return self.program("probe", self.server.host, "--plain-http", "--confirm-after", "0",
                            "--in-use", "kubernetes", "--service-account-dir",
                            self.dir / "account", env=env)

    def test_the_cluster_itself(self):
        api, env = self.cluster()
        self.check(self.ask_cluster(env))
        self.assertEqual({"GET"}, {method for method, _, _ in api.requests})

    def test_a_cluster_that_does_not_tell_leaves_the_run_incomplete(self):
        api, env = self.cluster()
        api.override = lambda _: fake.Answer(403)
        for one in list(self.server.tags):
            self.server.push(one, "t", images.multi_arch(one))
        found = self.ask_cluster(env)
        self.assertEqual(9, found.code, found)

    def test_a_repair_deletes_nothing_where_the_cluster_does_not_tell(self):
        probed = self.probe(self.server)
        api, env = self.cluster()
        api.override = lambda _: fake.Answer(403)
        done = self.program("repair", self.server.host, "--from", probed.report_file, "--yes",
                            "--plain-http", "--confirm-after", "0", "--in-use", "kubernetes",
                            "--service-account-dir", self.dir / "account", env=env)
        self.assertEqual((11, False), (done.code, done.report["complete"]), done)
        self.assertIn("nothing was deleted", done.out)
        self.assertEqual([], self.server.asked("^DELETE"))

    def test_outside_a_cluster_it_is_a_usage_error(self):
        found = self.program("probe", self.server.host, "--plain-http", "--in-use", "kubernetes",
                             env={"KUBERNETES_SERVICE_HOST": ""})
        self.assertEqual(2, found.code, found)


if __name__ == "__main__":
    unittest.main()
