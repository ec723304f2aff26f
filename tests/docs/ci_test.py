#!/usr/bin/env python3
"""The steps of docs/ci fail when what was pushed cannot be pulled: they are run as the two systems
run them, against a registry with a broken image."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import yaml
from commands_test import complaint
from documents import ROOT

sys.path.insert(0, str(ROOT / "tests" / "registry"))
import auth_server  # noqa: E402
import images  # noqa: E402
from harness import BIN, RegistryCase  # noqa: E402

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "team/app"
HOST = "placeholder.invalid"
LOGIN = {"username": "builder", "password": "pw-" + COMMIT[:8]}
EXPRESSION = re.compile(r"\${{ *([^}]+?) *}}")

# A container is the program with the variables that are handed on, and no others.
DOCKER = """#!/usr/bin/env python3
import json, os, sys
words, passed, program = sys.argv[1:], {{}}, None
assert words.pop(0) == "run"
while words[0].startswith("--"):
    option = words.pop(0)
    if option == "--env":
        passed[words[0]] = os.environ[words[0]]
        words.pop(0)
    elif option == "--entrypoint":
        program = words.pop(0)
    else:
        assert option == "--rm", option
image, *arguments = words
with open({log!r}, "a") as log:
    print(json.dumps([program, image, *arguments]), file=log)
os.execve({bin!r} + "/" + os.path.basename(program), [program, *arguments],
          {{**passed, "REGISTRY_PROBE_PLAIN_HTTP": "true", "REGISTRY_PROBE_CONFIRM_AFTER": "0",
            "REGISTRY_PROBE_RETRIES": "0"}})
"""


class Step(RegistryCase):
    """A registry that asks for a password, with an image under the two tags that are pushed."""

    def setUp(self):
        super().setUp()
        self.server = self.registry()
        self.image = images.multi_arch("pushed")
        for tag in (COMMIT, "latest"):
            self.server.push(REPOSITORY, tag, self.image)
        auth_server.htpasswd(self.dir / "htpasswd", **LOGIN)
        self.server.extra = auth_server.basic_auth(self.dir / "htpasswd")
        self.server.restart()

    def damages(self):
        """Each way to break what was pushed, one after the other."""
        child = self.image.children[1]
        tree = self.server.tree
        for what, path in (("child", tree.revision(REPOSITORY, child.digest)),
                           ("config", tree.blob(child.config.digest)),
                           ("layer", tree.blob(child.layers[0].digest)),
                           ("commit's tag", tree.tag(REPOSITORY, COMMIT)),
                           ("latest", tree.tag(REPOSITORY, "latest"))):
            kept = path.read_bytes()
            path.unlink()
            with self.subTest(what):
                yield
            path.write_bytes(kept)


class ThatTestsAStep:
    """What holds for both systems. run() is the step's exit code, as the system would see it."""

    def test_succeeds_where_all_is_served(self):
        self.assertEqual(self.run_step(), 0)

    def test_fails_whatever_is_broken(self):
        for _ in self.damages():
            self.assertNotEqual(self.run_step(), 0)
        self.assertEqual(self.run_step(), 0)

    def test_fails_where_the_registry_does_not_answer(self):
        self.server.stop()
        self.assertNotEqual(self.run_step(), 0)

    def test_fails_with_another_password(self):
        self.assertNotEqual(self.run_step(password="wrong"), 0)


class Woodpecker(ThatTestsAStep, Step):

    def setUp(self):
        super().setUp()
        text = (ROOT / "docs" / "ci" / "woodpecker.yaml").read_text(encoding="utf-8")
        # It puts its variables into the text before anything else.
        self.workflow = yaml.safe_load(text.replace("${CI_COMMIT_SHA}", COMMIT))
        self.pushing, self.step = self.workflow["steps"]

    def words(self):
        return [word.replace(HOST, self.server.host) for word in self.step["entrypoint"]]

    def run_step(self, password=LOGIN["password"]):
        secrets = {"registry_username": LOGIN["username"], "registry_password": password}
        environment = {name: secrets[value["from_secret"]]
                       for name, value in self.step["environment"].items()}
        program, *arguments = self.words()
        return subprocess.run(
            [BIN / pathlib.Path(program).name, *arguments], capture_output=True, check=False,
            env={**environment, "REGISTRY_PROBE_PLAIN_HTTP": "true",
                 "REGISTRY_PROBE_CONFIRM_AFTER": "0", "REGISTRY_PROBE_RETRIES": "0"}).returncode

    def test_is_taken_by_the_program(self):
        program, *arguments = self.words()
        self.assertIsNone(complaint(pathlib.Path(program).name, arguments))

    def test_looks_at_each_tag_that_was_pushed(self):
        settings = self.pushing["settings"]
        self.assertEqual({f"{settings['repo']}:{tag}" for tag in settings["tags"]},
                         set(self.step["entrypoint"][2:]))

    def test_can_be_started_by_hand(self):
        self.assertIn("manual", {condition["event"] for condition in self.workflow["when"]})

    def test_is_not_skipped_or_forgiven(self):
        self.assertFalse({"when", "failure", "detach", "depends_on"} & set(self.step))


class GitHubActions(ThatTestsAStep, Step):

    def setUp(self):
        super().setUp()
        text = (ROOT / "docs" / "ci" / "github-actions.yaml").read_text(encoding="utf-8")
        self.workflow = yaml.safe_load(text)
        self.job = self.workflow["jobs"]["image"]
        self.step = self.job["steps"][-1]
        self.log = self.dir / "docker.log"
        docker = self.dir / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(DOCKER.format(log=str(self.log), bin=str(BIN)))
        docker.chmod(0o755)

    def values(self, password):
        return {"github.sha": COMMIT, "steps.push.outputs.digest": self.image.digest,
                "secrets.REGISTRY_USERNAME": LOGIN["username"],
                "secrets.REGISTRY_PASSWORD": password}

    def run_step(self, password=LOGIN["password"]):
        values = self.values(password)
        environment = {
            name: EXPRESSION.sub(lambda found: values[found.group(1)], value)
            for name, value in {**self.workflow["env"], **self.step["env"]}.items()}
        environment["REGISTRY"] = self.server.host
        environment["PATH"] = f"{self.dir / 'bin'}:{os.environ['PATH']}"
        script = self.dir / "script.sh"
        script.write_text(self.step["run"])
        # The shell of a step that names none.
        return subprocess.run(["bash", "-e", script], env=environment, capture_output=True,
                              check=False).returncode

    def started(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def test_is_taken_by_the_program(self):
        self.run_step()
        for program, _, *arguments in self.started():
            self.assertIsNone(complaint(pathlib.Path(program).name, arguments))

    def test_looks_at_each_tag_that_was_pushed(self):
        self.run_step()
        pushed = self.job["steps"][-2]["with"]["tags"].split("\n")
        self.assertEqual(len([tag for tag in pushed if tag]), len(self.started()))
        self.assertEqual([f"{self.server.host}/{REPOSITORY}:{tag}" for tag in (COMMIT, "latest")],
                         [arguments[3] for arguments in self.started()])

    def test_fails_where_a_tag_is_another_image(self):
        self.server.extra = {}
        self.server.restart()
        self.server.push(REPOSITORY, "latest", images.image("older"))
        self.assertNotEqual(self.run_step(), 0)

    def test_tells_no_password_to_the_process_table(self):
        self.run_step()
        self.assertNotIn(LOGIN["password"], self.log.read_text())
        self.assertNotIn("secrets.", self.step["run"])

    def test_can_be_started_by_hand(self):
        self.assertIn("workflow_dispatch", self.workflow["on"])

    def test_is_not_skipped_or_forgiven(self):
        self.assertEqual({"name", "env", "run"}, set(self.step))
        self.assertNotIn("continue-on-error", self.job)


if __name__ == "__main__":
    unittest.main()
