#!/usr/bin/env python3
"""Measure registry-probe beside skopeo and curl, in one run, against Debian's docker-registry.

Each looks at the same registry, by turns: another one first each round. What is printed is the
median. `curl, 8 connections` asks for every distinct manifest and blob that the probe has to ask for,
and for nothing else, without looking at any answer: as fast as this registry answers.
"""

import argparse
import os
import pathlib
import re
import sys
import tempfile

from measure import measure, medians, turns
from registry_tree import keep, write
from table import print_tables

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "registry"))
import harness
import images

REQUEST = re.compile(r'"(?:GET|HEAD) /v2/')


class Content:
    """Repositories of indexes for two platforms: some layers are everybody's, some the
    repository's, and two each image's own."""

    per_image, shared_by_all, shared_in_repository = 8, 2, 4

    def __init__(self, tree, repositories, tags):
        self.tree, self.tags, self.urls = tree, {}, []
        self.asked = set()
        for n in range(repositories):
            name = f"team{n % 5}/app{n}"
            self.tags[name] = [f"v{m}" for m in range(tags // repositories)]
            for tag in self.tags[name]:
                self.push(name, tag)
        total = sum(len(names) for names in self.tags.values())
        self.title = (f"{total} tags in {repositories} repositories, each an index of 2 platforms "
                      f"of {self.per_image} layers: {len(self.urls)} distinct manifests and blobs "
                      "of a repository")

    def image(self, name, tag, platform):
        arch = platform["architecture"]
        seeds = [f"{arch}/{n}" for n in range(self.shared_by_all)]
        seeds += [f"{name}/{arch}/{n}" for n in range(self.shared_in_repository)]
        own = self.per_image - len(seeds)
        seeds += [f"{name}/{tag}/{arch}/{n}" for n in range(own)]
        return images.image(f"{name}/{tag}/{arch}", [images.layer(one, 200) for one in seeds],
                            platform)

    def push(self, name, tag):
        index = images.index(*(self.image(name, tag, one) for one in (images.AMD64, images.ARM64)))
        for part in index.tree():
            keep(self.tree, name, part)
            for blob in part.blobs:
                self.ask(f"/v2/{name}/blobs/{blob.digest}")
            if part is not index:
                self.ask(f"/v2/{name}/manifests/{part.digest}")
        write(self.tree.tag(name, tag), index.digest.encode())
        self.ask(f"/v2/{name}/manifests/{tag}")

    def ask(self, url):
        if url not in self.asked:
            self.asked.add(url)
            self.urls.append(url)


class Server:
    """The registry as its official configuration starts it: a descriptor cache, a line of log for
    each request."""

    def __init__(self, work, content):
        self.content = content
        self.log = work / "access.log"
        self.registry = harness.Registry(content.tree.root, cache=True, access_log=self.log)

    def __enter__(self):
        self.registry.start()
        return self

    def __exit__(self, *_):
        self.registry.stop()

    @property
    def host(self):
        return self.registry.host

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}

    def begin(self):
        self.counted = len(self.lines())

    def figures(self):
        return {"requests": len(self.lines()) - self.counted}

    def lines(self):
        return REQUEST.findall(self.log.read_text())


class Contestant:
    def __init__(self, server, work):
        self.server, self.work = server, work

    def environment(self):
        return {}


class Probe(Contestant):
    """As it comes."""

    name = "registry-probe"

    def command(self):
        return [harness.BIN / "registry-probe", "probe", self.server.host, "--plain-http",
                "--log-level", "warn"]


ACCEPT = "Accept: " + ", ".join(images.MANIFEST_TYPES)


class ParallelCurl(Contestant):
    """One process, eight connections, every URL known beforehand."""

    name = "curl, 8 connections"

    def command(self):
        config = self.work / "urls"
        config.write_text("".join(f'url = "http://{self.server.host}{url}"\noutput = "/dev/null"\n'
                                  for url in self.server.content.urls))
        return ["curl", "--silent", "--fail", "--parallel", "--parallel-max", "8", "--header", ACCEPT,
                "--range", "-1", "--config", config]


class CurlLoop(Contestant):
    """What a script does: a process a request."""

    name = "curl a request"

    def command(self):
        listing = self.work / "list"
        listing.write_text("".join(f"http://{self.server.host}{url}\n"
                                   for url in self.server.content.urls))
        return ["bash", "-c", 'while read -r url; do curl --silent --fail --head --header "$1" '
                '--output /dev/null "$url" || exit; done <"$2"', "loop", ACCEPT, listing]


class Skopeo(Contestant):
    """A process for each image that it is asked about."""

    arguments = ""

    def references(self):
        for name, tags in self.server.content.tags.items():
            yield from (f"{name}:{tag}" for tag in tags)

    def command(self):
        listing = self.work / "images"
        listing.write_text("".join(f"docker://{self.server.host}/{one}\n"
                                   for one in self.references()))
        return ["bash", "-c", f"while read -r image; do {self.arguments} "
                '>/dev/null || exit; done <"$1"', "loop", listing, self.work / "copy"]


class SkopeoInspect(Skopeo):
    """As it comes. It sees the index, one platform's manifest and config, the list of tags, and no
    layer."""

    name = "skopeo inspect a tag"
    arguments = 'skopeo inspect --tls-verify=false "$image"'


class SkopeoInspectAll(SkopeoInspect):
    """All that this command can see: every index, manifest and config. It sees no layer."""

    name = "skopeo inspect a manifest"

    def references(self):
        return (re.sub("/manifests/(sha256:)?", lambda found: "@sha256:" if found[1] else ":",
                       url.removeprefix("/v2/"))
                for url in self.server.content.urls if "/manifests/" in url)


class SkopeoCopy(Skopeo):
    """It sees everything, by fetching it; the layers here are a few hundred bytes."""

    name = "skopeo copy --all a tag"
    arguments = ("skopeo --insecure-policy copy --quiet --all --src-tls-verify=false "
                 '"$image" "dir:$2"')


def figures_of(contestant, server):
    figures = measure(contestant, server, contestant.command())
    del figures["rss"]  # a loop's is its shell's
    return figures


ALL = (Probe, ParallelCurl, CurlLoop, SkopeoInspect, SkopeoInspectAll, SkopeoCopy)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench registry",
                                     description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3, help="the median is of that many [3]")
    parser.add_argument("--tags", type=int, default=100, help="in all repositories [100]")
    parser.add_argument("--repositories", type=int, default=10, help="[10]")
    parser.add_argument("--dir", type=pathlib.Path, help="work below this directory [TMPDIR]")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="gds-bench-", dir=arguments.dir) as directory:
        work = pathlib.Path(directory)
        content = Content(harness.Tree(work / "registry"), arguments.repositories, arguments.tags)
        with Server(work, content) as server:
            contestants = [one(server, work) for one in ALL]
            rounds = [{("everything", one.name): figures_of(one, server)
                       for one in turns(contestants, number)}
                      for number in range(arguments.rounds)]
    print_tables(f"{content.title}, median of {arguments.rounds}", medians(rounds),
                 [one.name for one in contestants])


if __name__ == "__main__":
    main()
