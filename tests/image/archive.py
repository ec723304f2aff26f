"""The image that the tests are about: its OCI archive, read without any tool that made it."""

import gzip
import io
import json
import os
import pathlib
import tarfile

OUTPUT = pathlib.Path(os.environ.get("GDS_IMAGE", "build/tests/image/out")).resolve()
ARCHIVE = OUTPUT / "gdrive-sync.oci.tar"
SBOM = OUTPUT / "gdrive-sync.spdx.json"


class Archive:
    """Manifest, configuration, and the entries of the root directory by path."""

    def __init__(self, path=ARCHIVE):
        with tarfile.open(path) as tar:
            self.blobs = {member.name: tar.extractfile(member).read()
                          for member in tar if member.isfile()}
        [self.descriptor] = json.loads(self.blobs["index.json"])["manifests"]
        self.manifest = json.loads(self.blob(self.descriptor))
        self.configuration = json.loads(self.blob(self.manifest["config"]))
        self.config = self.configuration["config"]
        self.entries, self.contents = {}, {}
        for layer in self.manifest["layers"]:
            self.read_layer(gzip.decompress(self.blob(layer)))

    def blob(self, descriptor):
        return self.blobs["blobs/" + descriptor["digest"].replace(":", "/")]

    def read_layer(self, data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                name = member.name.rstrip("/")
                self.entries[name] = member
                if member.isfile() or member.islnk():
                    self.contents[name] = tar.extractfile(member).read()

    def links(self):
        return {name: entry.linkname for name, entry in self.entries.items() if entry.issym()}

    def resolve(self, path):
        """Where a path of the image leads, links followed."""
        done, rest = [], [part for part in path.split("/") if part]
        for _ in range(100):
            if not rest:
                return "/".join(done)
            part = rest.pop(0)
            if part == "..":
                done = done[:-1]
            elif part != ".":
                entry = self.entries.get("/".join([*done, part]))
                if entry is not None and entry.issym():
                    if entry.linkname.startswith("/"):
                        done = []
                    rest = [p for p in entry.linkname.split("/") if p] + rest
                else:
                    done.append(part)
        raise AssertionError(f"{path} leads round in a circle")
