#!/usr/bin/env python3
"""kustomize makes what is committed of k8s/, and Kubernetes' own description allows every object of
it, strictly: no unknown member, no wrong type. (Which words a member may be is not in it.)"""

import copy
import json
import os
import pathlib
import subprocess
import sys
import unittest

import schemas
import tools
import yaml

sys.path.append(str(tools.ROOT / "tests" / "k8s"))
from manifests import documents, render  # noqa: E402


class Kustomize(unittest.TestCase):

    def test_makes_what_is_committed(self):
        renderer = tools.ROOT / "k8s" / "render.py"
        done = subprocess.run(
            [sys.executable, renderer, "--check"], capture_output=True, text=True, check=False,
            env={**os.environ, "KUSTOMIZE": f"{tools.go_tool(tools.KUSTOMIZE)} build"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Judge:
    """kubeconform with the schemas of one Kubernetes."""

    def __init__(self, module):
        kinds = {(d["apiVersion"], d["kind"]) for name in render.folders()
                 for d in documents(render.rendered_path(name))}
        self.location = schemas.location(schemas.directory(module, kinds))

    def verdict(self, *paths, text=None):
        """The summary, and a line for each object that is not valid."""
        done = subprocess.run(
            [tools.go_tool(tools.KUBECONFORM), "-strict", "-summary", "-output=json",
             f"-schema-location={self.location}", *map(str, paths)],
            input=text, capture_output=True, text=True, check=False)
        answer = json.loads(done.stdout)
        return answer["summary"], [f"{r['kind']}/{r['name']}: {r['msg']}"
                                   for r in answer.get("resources") or []]


def broken(change):
    """The tick's CronJob with something wrong in it, and a name for that."""
    cronjob = copy.deepcopy(next(
        d for d in documents(render.rendered_path("base"))
        if d["kind"] == "CronJob" and d["metadata"]["name"] == "gdrive-sync"))
    change(cronjob, cronjob["spec"]["jobTemplate"]["spec"],
           cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"])
    return yaml.safe_dump(cronjob)


WRONG = {
    "a member of the CronJob that there is not":
        lambda cronjob, job, pod: cronjob["spec"].update(timezone="Etc/UTC"),
    "a member of the Job that there is not":
        lambda cronjob, job, pod: job.update(activeDeadline=1),
    "a misspelt member of the container":
        lambda cronjob, job, pod: pod["containers"][0].update(imagePullPolice="Always"),
    "a text where a number belongs":
        lambda cronjob, job, pod: pod["securityContext"].update(runAsUser="65532"),
    "a volume of no kind":
        lambda cronjob, job, pod: pod["volumes"][0].update(claim={"claimName": "content"}),
    "a container without a name":
        lambda cronjob, job, pod: pod["containers"][0].pop("name"),
}


class Descriptions(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.judges = {module: Judge(module) for module in tools.KUBERNETES}

    def test_allow_every_object(self):
        for module, judge in self.judges.items():
            for name in render.folders():
                with self.subTest(rendering=name, kubernetes=module):
                    path = render.rendered_path(name)
                    summary, found = judge.verdict(path)
                    self.assertEqual(found, [])
                    self.assertEqual(summary, {"valid": len(documents(path)), "invalid": 0,
                                               "errors": 0, "skipped": 0})

    def test_refuse_what_is_wrong(self):
        for module, judge in self.judges.items():
            self.assertEqual(judge.verdict(text=broken(lambda *_: None))[1], [])
            for what, change in WRONG.items():
                with self.subTest(what, kubernetes=module):
                    summary, found = judge.verdict(text=broken(change))
                    self.assertEqual(summary["invalid"], 1, found)

    def test_refuse_what_is_wrong_in_an_operator_s_object(self):
        external, rule = (next(d for d in documents(render.rendered_path("stem95su"))
                               if d["kind"] == kind) for kind in ("ExternalSecret", "PrometheusRule"))
        external["spec"]["target"]["deletionPolicy"] = "Never"
        rule["spec"]["groups"][0]["rules"][0]["fore"] = "25m"
        for module, judge in self.judges.items():
            for wrong in (external, rule):
                with self.subTest(wrong["kind"], kubernetes=module):
                    summary, found = judge.verdict(text=yaml.safe_dump(wrong))
                    self.assertEqual(summary["invalid"], 1, found)


if __name__ == "__main__":
    unittest.main()
