"""Images to fill a registry with: every form a manifest takes, as bytes and digests.

An image is its manifest and what has to be uploaded before it; nothing here talks to a registry.
"""

import gzip
import hashlib
import json
import pathlib

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
OCI_NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
MANIFEST_TYPES = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)

AMD64 = {"os": "linux", "architecture": "amd64"}
ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


class Content:
    """Bytes with their media type."""

    def __init__(self, data, media_type):
        self.data = data
        self.media_type = media_type
        self.digest = digest_of(data)

    def descriptor(self, **more):
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data),
                **more}


class Image:
    """A manifest, the blobs it needs, and the manifests it lists."""

    def __init__(self, manifest, media_type, blobs=(), children=()):
        data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        self.content = Content(data, media_type)
        self.blobs = list(blobs)
        self.children = list(children)

    @property
    def digest(self):
        return self.content.digest

    @property
    def config(self):
        return self.blobs[0]

    @property
    def layers(self):
        return self.blobs[1:]

    def tree(self):
        """This image and everything below it, children first."""
        for child in self.children:
            yield from child.tree()
        yield self


def layer(seed, size=2000, media_type=OCI_LAYER):
    """A layer of about `size` bytes that no other seed shares."""
    noise = hashlib.shake_256(seed.encode()).digest(size)
    return Content(gzip.compress(noise, 1, mtime=0), media_type)


def config(seed, platform=None, media_type=OCI_CONFIG):
    return Content(json.dumps({**(platform or AMD64), "seed": seed, "rootfs": {
        "type": "layers", "diff_ids": []}}).encode(), media_type)


def image(seed, layers=None, platform=None, **fields):
    """An OCI image of two layers, or of the given ones; `fields` go into its manifest."""
    conf = config(seed, platform)
    layers = [layer(f"{seed}/{n}") for n in range(2)] if layers is None else layers
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": conf.descriptor(),
                "layers": [one.descriptor() for one in layers], **fields}
    return Image(manifest, OCI_MANIFEST, [conf, *layers])


def index(*children, platforms=(AMD64, ARM64), **fields):
    """An OCI index of the given images, on the platforms in turn."""
    entries = [child.content.descriptor(platform=platforms[n % len(platforms)])
               for n, child in enumerate(children)]
    return Image({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, **fields},
                 OCI_INDEX, children=children)


def multi_arch(seed, shared=()):
    """What a build for two platforms pushes; `shared` layers come before each platform's own."""
    def one(platform):
        own = layer(f"{seed}/{platform['architecture']}")
        return image(f"{seed}/{platform['architecture']}", [*shared, own], platform)
    return index(one(AMD64), one(ARM64))


def attested(seed):
    """A single-platform build with its attestation, as buildx pushes it: an index."""
    build = image(seed)
    statement = Content(json.dumps({"_type": "in-toto", "subject": seed}).encode(), IN_TOTO)
    attestation = image(f"{seed}/attestation", [statement],
                        {"os": "unknown", "architecture": "unknown"})
    entries = [build.content.descriptor(platform=AMD64), attestation.content.descriptor(
        platform={"os": "unknown", "architecture": "unknown"}, annotations={
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": build.digest})]
    return Image({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, OCI_INDEX,
                 children=[build, attestation])


def docker_image(seed, extra_layers=()):
    """Docker's schema 2; `extra_layers` are descriptors of what is not uploaded."""
    conf = config(seed, media_type=DOCKER_CONFIG)
    layers = [layer(f"{seed}/{n}", media_type=DOCKER_LAYER) for n in range(2)]
    manifest = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": conf.descriptor(),
                "layers": [one.descriptor() for one in layers] + list(extra_layers)}
    return Image(manifest, DOCKER_MANIFEST, [conf, *layers])


def docker_list(*children):
    return Image({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [
        child.content.descriptor(platform=AMD64 if n == 0 else ARM64)
        for n, child in enumerate(children)]}, DOCKER_LIST, children=children)


def foreign_layer(seed):
    """The descriptor of a layer that lies elsewhere."""
    return layer(seed, media_type=DOCKER_FOREIGN).descriptor(
        urls=[f"https://layers.example/{seed}"])


def without_media_type(seed):
    """An index and an image that leave their own mediaType out, as OCI allows."""
    def strip(one):
        manifest = json.loads(one.content.data)
        del manifest["mediaType"]
        return Image(manifest, one.content.media_type, one.blobs, one.children)
    return strip(index(strip(image(seed))))


def artifact(seed, **fields):
    """An artifact whose config is the empty descriptor."""
    empty = Content(b"{}", OCI_EMPTY)
    payload = Content(f"payload of {seed}".encode(), "application/vnd.example.payload")
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST,
                "artifactType": "application/vnd.example", "config": empty.descriptor(),
                "layers": [payload.descriptor()], **fields}
    return Image(manifest, OCI_MANIFEST, [empty, payload])


def signature(seed, signed):
    """What cosign pushes beside an image, and the tag it goes under."""
    payload = Content(json.dumps({"critical": {"image": signed.digest}, "seed": seed}).encode(),
                      "application/vnd.dev.cosign.simplesigning.v1+json")
    return image(f"{seed}/sig", [payload]), signed.digest.replace(":", "-") + ".sig"


def write_layout(directory, one, tag):
    """The image as an OCI layout, for `skopeo copy oci:DIRECTORY:TAG`."""
    blobs = pathlib.Path(directory) / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for part in one.tree():
        for content in (*part.blobs, part.content):
            (blobs / content.digest.split(":")[1]).write_bytes(content.data)
    entry = one.content.descriptor(annotations={"org.opencontainers.image.ref.name": tag})
    (blobs.parent.parent / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (blobs.parent.parent / "index.json").write_text(
        json.dumps({"schemaVersion": 2, "manifests": [entry]}))
