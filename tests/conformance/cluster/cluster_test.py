#!/usr/bin/env python3
"""An API server takes every rendering, in a namespace that enforces the Pod Security Standard
"restricted"; its controllers make Jobs and Pods of the CronJobs, and follow the failure policy."""

import copy
import unittest

from cluster import RESTRICTED, Cluster
from control_plane import Refused
from manifests import documents, render
from waiting import wait_for

# The first comes with its own Namespace.
OVERLAYS = ("plain-secret", "stem95su", "registry-probe")
# Schedules that take no whole minute. Each time that passes while a Job is there is missed, and a
# hundred of them would be an event.
SOON, LATER = "@every 5s", "@every 10s"
# When the Pods ended: longer ago than the controller would wait before it makes another one.
ENDED = "2026-01-01T00:00:00Z"


def setUpModule():
    """One control plane for all tests."""
    global plane
    plane = Cluster()
    unittest.addModuleCleanup(plane.stop)


class Renderings(unittest.TestCase):

    def test_are_taken_and_every_cronjob_makes_its_job_and_pod(self):
        for overlay in OVERLAYS:
            namespace = f"rendering-{overlay}"
            objects = documents(render.rendered_path(overlay))
            if not any(o["kind"] == "Namespace" for o in objects):
                plane.restricted(namespace)
            plane.take(namespace, objects)
            labels = plane.get("v1", "Namespace", "", namespace)["metadata"]["labels"]
            self.assertLessEqual(RESTRICTED.items(), labels.items())
            for cronjob in plane.get("batch/v1", "CronJob", namespace)["items"]:
                name = cronjob["metadata"]["name"]
                with self.subTest(overlay=overlay, cronjob=name):
                    self.makes_job_and_pod(namespace, cronjob)
            self.assertEqual(plane.events(namespace), [])

    def makes_job_and_pod(self, namespace, cronjob):
        name, spec = cronjob["metadata"]["name"], cronjob["spec"]
        if spec["suspend"]:
            job = plane.job_of(namespace, name)
        else:
            plane.merge("batch/v1", "CronJob", namespace, name, {"spec": {"schedule": SOON}})
            job = wait_for(f"the Job of {name}", lambda: self.made_by(namespace, cronjob))
        self.assertEqual(job["spec"]["podReplacementPolicy"], "Failed")
        pod = plane.pod_of(namespace, job["metadata"]["name"])
        wanted = spec["jobTemplate"]["spec"]["template"]["spec"]
        self.assertEqual(pod["spec"]["securityContext"], wanted["securityContext"])
        self.assertEqual(pod["spec"]["volumes"], wanted["volumes"])
        self.assertEqual(pod["spec"]["containers"], wanted["containers"])

    def made_by(self, namespace, cronjob):
        for job in plane.get("batch/v1", "Job", namespace)["items"]:
            for owner in job["metadata"].get("ownerReferences", []):
                if owner["uid"] == cronjob["metadata"]["uid"]:
                    return job
        return None

    def test_that_are_suspended_make_none_by_themselves(self):
        namespace = "suspended"
        plane.restricted(namespace)
        base = [o for o in documents(render.rendered_path("base"))
                if o["metadata"]["labels"]["app.kubernetes.io/name"] == "gdrive-sync"]
        for made in base:
            if made["kind"] == "CronJob":
                tick = made["metadata"]["name"] == "gdrive-sync"
                made["spec"]["schedule"] = LATER if tick else SOON
        plane.take(namespace, base)
        tick = plane.get("batch/v1", "CronJob", namespace, "gdrive-sync")
        wait_for("the tick's Job", lambda: self.made_by(namespace, tick))
        owners = {o["name"] for j in plane.get("batch/v1", "Job", namespace)["items"]
                  for o in j["metadata"]["ownerReferences"]}
        self.assertEqual(owners, {"gdrive-sync"})


class TheNamespace(unittest.TestCase):

    def test_refuses_a_pod_that_is_not_restricted(self):
        plane.restricted("refusing")
        plane.take("refusing", [o for o in documents(render.rendered_path("base"))
                          if o["metadata"]["name"] == "gdrive-sync"])
        job = plane.get("batch/v1", "CronJob", "refusing", "gdrive-sync")["spec"]["jobTemplate"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"},
               "spec": job["spec"]["template"]["spec"]}
        plane.create(pod, "refusing")
        for change in ({"allowPrivilegeEscalation": True}, {"runAsUser": 0},
                       {"capabilities": {"add": ["NET_ADMIN"]}}):
            with self.subTest(change):
                other = copy.deepcopy(pod)
                other["metadata"]["name"] = "other"
                other["spec"]["containers"][0]["securityContext"].update(change)
                with self.assertRaisesRegex(Refused, "violates PodSecurity \"restricted"):
                    plane.create(other, "refusing")

    def test_tells_of_a_job_why_it_has_no_pod(self):
        plane.restricted("telling")
        plane.take("telling", documents(render.rendered_path("base")))
        job = plane.get("batch/v1", "CronJob", "telling", "gdrive-sync")["spec"]["jobTemplate"]
        job["spec"]["template"]["spec"]["containers"][0]["securityContext"]["runAsUser"] = 0
        plane.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "refused"},
                      "spec": job["spec"]}, "telling")
        with self.assertRaisesRegex(AssertionError, "violates PodSecurity \"restricted"):
            plane.pod_of("telling", "refused")

    def test_refuses_a_member_that_there_is_not(self):
        plane.restricted("strict")
        for made in documents(render.rendered_path("base")):
            made["spec"] = {**made.get("spec", {}), "unheardOf": 1}
            with self.subTest(made["kind"]), self.assertRaisesRegex(Refused, "unknown field"):
                plane.create(made, "strict")


class TheFailurePolicy(unittest.TestCase):
    """What follows when a Pod ends: said to the API server in the place of a kubelet."""

    @classmethod
    def setUpClass(cls):
        plane.restricted("failing")
        plane.take("failing", documents(render.rendered_path("base")))

    def end(self, pod, code, disrupted=False):
        """The Pod ends with an exit code, by itself or because its node is drained."""
        container = pod["spec"]["containers"][0]["name"]
        status = {"phase": "Failed", "conditions": [], "containerStatuses": [{
            "name": container, "image": "", "imageID": "", "ready": False, "restartCount": 0,
            "state": {"terminated": {"exitCode": code, "finishedAt": ENDED}}}]}
        if disrupted:
            status["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
        plane.merge("v1", "Pod", "failing", pod["metadata"]["name"], {"status": status}, "/status")

    def failed(self, job):
        """Why the Job failed, if it did."""
        status = plane.get("batch/v1", "Job", "failing", job)["status"]
        for condition in status.get("conditions", []):
            if condition["type"] == "Failed" and condition["status"] == "True":
                return condition["reason"]
        return None

    def new_job(self, cronjob, name):
        job = plane.get("batch/v1", "CronJob", "failing", cronjob)["spec"]["jobTemplate"]
        plane.create({"apiVersion": "batch/v1", "kind": "Job",
                      "metadata": {"name": name, "labels": job["metadata"]["labels"]},
                      "spec": job["spec"]}, "failing")
        return plane.pod_of("failing", name)

    def another_pod(self, job, than):
        def ask():
            self.assertIsNone(self.failed(job))
            return [p for p in plane.pods_of("failing", job)
                    if p["metadata"]["name"] not in than]
        return wait_for(f"another Pod of {job}", ask)[0]

    def test_ends_the_job_where_another_attempt_would_find_the_same(self):
        codes = {"gdrive-sync": (2, 3, 4, 5, 7, 8), "registry-probe": (2, 3, 9, 11)}
        for cronjob, numbers in codes.items():
            for code in numbers:
                with self.subTest(cronjob, exit=code):
                    name = f"{cronjob}-{code}"
                    self.end(self.new_job(cronjob, name), code)
                    reason = wait_for("the end of the Job", lambda: self.failed(name))
                    self.assertEqual(reason, "PodFailurePolicy")

    def test_tries_again_where_it_may_pass_and_gives_up_in_the_end(self):
        pod, seen = self.new_job("gdrive-sync", "transient"), []
        for _ in range(2):
            self.end(pod, 6)
            seen.append(pod["metadata"]["name"])
            pod = self.another_pod("transient", seen)
        self.end(pod, 6)
        reason = wait_for("the end of the Job", lambda: self.failed("transient"))
        self.assertEqual(reason, "BackoffLimitExceeded")

    def test_does_not_count_a_drained_node(self):
        # Of all Jobs the one that a single failure would end.
        pod, seen = self.new_job("gdrive-sync-diff", "drained"), []
        for _ in range(2):
            self.end(pod, 143, disrupted=True)
            seen.append(pod["metadata"]["name"])
            pod = self.another_pod("drained", seen)


if __name__ == "__main__":
    unittest.main()
