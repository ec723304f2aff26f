"""The rules and dashboards of k8s/, and Debian's Pushgateway and Prometheus at work with them."""

import http
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import yaml
from manifests import K8S, ROOT
from waiting import SECONDS, wait_for

LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
METRIC = re.compile(r"\b(?:gdrive_sync|registry_probe|registry_scan|kube|externalsecret)_\w+")
# What only something in trouble has: asked for without the condition, it has to be there.
ONLY_WHERE = re.compile(r" > 0$")
LEGEND_LABEL = re.compile(r"{{(\w+)}}")
VARIABLE = re.compile(r"\$\w+")

PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{{targets: ["{pushgateway}"]}}]
"""


def rules_path(program):
    return K8S / f"{program}-rules.yaml"


def load_rules(program):
    return yaml.safe_load(rules_path(program).read_text(encoding="utf-8"))


def alerts(program):
    return [rule for group in load_rules(program)["groups"] for rule in group["rules"]]


def impatient_rules(program, path):
    """Writes the rules to `path` with every `for` cut to a second; returns it."""
    rules = load_rules(program)
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    path.write_text(yaml.safe_dump(rules), encoding="utf-8")
    return path


def dashboard_path(program):
    return K8S / "components" / "dashboard" / program / f"{program}.json"


def panels(program):
    return json.loads(dashboard_path(program).read_text(encoding="utf-8"))["panels"]


def dashboard_targets(program):
    """(expression, legend) of each query, with everything chosen."""
    return [(VARIABLE.sub(".*", target["expr"]), target["legendFormat"])
            for panel in panels(program) for target in panel.get("targets", [])]


def texts_of(svg):
    """What can be read in a picture."""
    root = xml.etree.ElementTree.fromstring(svg)
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


def metrics_asked_for(program):
    expressions = [a["expr"] for a in alerts(program)]
    expressions += [e for e, _ in dashboard_targets(program)]
    return {name for expression in expressions for name in METRIC.findall(expression)}


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                          check=False)


class Server:
    """A server of Debian's on a port of the kernel's choice, which it logs."""

    def __init__(self, case, *command):
        self.log = case.dir / (command[0] + ".log")
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*map(str, command), "--web.listen-address=127.0.0.1:0"], stderr=log)
        case.addCleanup(self.stop)
        self.url = "http://" + wait_for(f"{command[0]} listens", self.address)
        # Prometheus listens before its storage is open, and answers 503 until then.
        wait_for(f"{command[0]} is ready", self.is_ready)

    def address(self):
        log = self.log.read_text(encoding="utf-8")
        if self.process.poll() is not None:
            raise AssertionError(f"{self.log.stem} ended: {log}")
        found = LISTENING.search(log)
        return found and found.group(1)

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url + "/-/ready"):
                return True
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.loads(answer.read())


class Monitoring:
    """A Pushgateway, and a Prometheus that scrapes it and judges by a file of rules."""

    def __init__(self, case, rules):
        # Debian's would keep what was pushed, and begin the next test with it.
        self.gateway = Server(case, "prometheus-pushgateway", "--persistence.file=")
        self.began = time.time()
        config = case.dir / "prometheus.yaml"
        host = self.gateway.url.removeprefix("http://")
        config.write_text(PROMETHEUS.format(rules=rules, pushgateway=host))
        self.prometheus = Server(case, "prometheus", f"--config.file={config}",
                                 f"--storage.tsdb.path={case.dir / 'tsdb'}")

    def query(self, expression):
        answer = self.prometheus.get("/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}))
        if answer["status"] != "success":
            raise AssertionError(answer)
        return answer["data"]["result"]

    def wait_for(self, expression):
        """What Prometheus answers once it is something."""
        return wait_for(expression, lambda: self.query(expression))

    def names(self):
        return set(self.prometheus.get("/api/v1/label/__name__/values")["data"])

    def alerts(self):
        return [a for a in self.prometheus.get("/api/v1/alerts")["data"]["alerts"]
                if a["state"] == "firing"]

    def firing(self, name, seconds=SECONDS):
        """The labels of that alert, wherever it fires, once it does."""
        return [a["labels"] for a in self.firing_alerts(name, seconds)]

    def firing_alerts(self, name, seconds=SECONDS):
        """The same with its annotations."""
        def ask():
            return [a for a in self.alerts() if a["labels"]["alertname"] == name]
        return wait_for(name, ask, seconds)

    def all_firing(self):
        return {a["labels"]["alertname"] for a in self.alerts()}

    def wait_for_only(self, *names):
        """Until these alerts fire and no others."""
        wait_for(f"only {names}", lambda: self.all_firing() == set(names))

    def seen_for_a_while(self, expression):
        """Once Prometheus has answered it for some scrapes, so that a picture shows it."""
        self.wait_for(f"count_over_time(({expression})[1m:1s]) >= 6")

    def draw(self, program):
        """The dashboard since the beginning, as an SVG; kept where GDS_PICTURES says."""
        drawn = subprocess.run(
            [sys.executable, ROOT / "tools" / "dashboard_svg.py", dashboard_path(program),
             self.prometheus.url, f"{time.time() - self.began:.0f}"],
            capture_output=True, text=True, check=True).stdout
        if "GDS_PICTURES" in os.environ:
            place = pathlib.Path(os.environ["GDS_PICTURES"]) / f"dashboard-{program}.svg"
            place.write_text(drawn, encoding="utf-8")
        return drawn


class DashboardChecks:
    """Mixed into a case whose `monitoring` has seen everything that the program writes."""

    def assert_written(self, program, foreign=()):
        """Every metric that rules and dashboard ask for is there, or another program's."""
        asked = metrics_asked_for(program)
        self.assertGreater(len(asked), 10)
        self.assertLessEqual(asked, self.monitoring.names() | set(foreign))
        self.assertLessEqual(set(foreign), asked)

    def assert_panels_show_something(self, program):
        for expression, legend in dashboard_targets(program):
            with self.subTest(expression):
                result = self.monitoring.query(ONLY_WHERE.sub("", expression))
                self.assertTrue(result)
                for label in LEGEND_LABEL.findall(legend):
                    self.assertIn(label, result[0]["metric"])

    def assert_drawn(self, program):
        """A picture with every panel in it, and a line at least in each that has lines."""
        drawn = self.monitoring.draw(program)
        self.assertLessEqual({panel["title"] for panel in panels(program)}, set(texts_of(drawn)))
        charts = [p for p in panels(program) if p["type"] == "timeseries"]
        self.assertGreaterEqual(drawn.count("stroke-width"), len(charts))
        return texts_of(drawn)
