"""Every way in which a registry's images break, made on disk, and what has to be found of it.

Each case has a repository of its own, `broken/NAME`, in which the tag `sound` stays whole. What a
case returns are the findings it has to lead to, and no others.
"""

import os
import shutil

import images
from images import digest_of

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Site:
    """One case's repository."""

    def __init__(self, registry, name):
        self.registry = registry
        self.tree = registry.tree
        self.name = name
        self.repository = f"broken/{name.replace('_', '-')}"
        self.push("sound", images.multi_arch(f"{name}/sound"))

    def push(self, tag, image, repository=None):
        return self.registry.push(repository or self.repository, tag, image)

    def index(self, tag="t"):
        return self.push(tag, images.multi_arch(f"{self.name}/{tag}"))

    def image(self, tag="t"):
        return self.push(tag, images.image(f"{self.name}/{tag}"))

    # Paths.
    def revision(self, image):
        return self.tree.revision(self.repository, image.digest)

    def layer(self, content):
        return self.tree.layer(self.repository, content.digest)

    def blob(self, what):
        return self.tree.blob(what.digest)

    def tag(self, tag="t"):
        return self.tree.tag(self.repository, tag)

    # Expectations.
    def finding(self, kind, defect, remedy, digest="", parent="", tag="t", **more):
        return {"repository": self.repository, "tag": tag, "parent": parent, "digest": digest,
                "kind": kind, "defect": defect, "remedy": remedy, **more}

    def child(self, index, child, defect, remedy, **more):
        return [self.finding("child", defect, remedy, child.digest, index.digest, **more)]

    def tagged(self, defect, remedy, **more):
        return [self.finding("tag", defect, remedy, **more)]

    def part(self, kind, image, content, defect, remedy, **more):
        return [self.finding(kind, defect, remedy, content.digest, image.digest, **more)]

    def root(self, image, defect, remedy, **more):
        return [self.finding("manifest", defect, remedy, image.digest, **more)]


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def plant(site, body, tag="t", as_child_of=None):
    """Put a manifest on disk that no registry would take."""
    digest = digest_of(body)
    write(site.tree.blob(digest), body)
    write(site.tree.revision(site.repository, digest), digest)
    if tag:
        write(site.tag(tag), digest)
    return images.Image(body, images.OCI_INDEX)


# --- children ---

@case
def child_link_file_gone(site):
    index = site.index()
    site.revision(index.children[1]).unlink()
    return site.child(index, index.children[1], "unlinked", "relink")


@case
def child_link_directory_gone(site):
    index = site.index()
    shutil.rmtree(site.revision(index.children[0]).parent)
    return site.child(index, index.children[0], "unlinked", "relink")


@case
def every_child_link_gone_and_swept(site):
    """What a collection that deletes what is untagged leaves: the reported incident."""
    index = site.index()
    for child in index.children:
        shutil.rmtree(site.revision(child).parent)
        for blob in child.blobs:
            shutil.rmtree(site.blob(blob).parent)
    return [one for child in index.children
            for one in site.child(index, child, "unlinked", "rebuild")]


@case
def child_under_three_tags(site):
    index = site.index()
    for tag in ("u", "v"):
        site.push(tag, index)
    site.revision(index.children[0]).unlink()
    return [one for tag in ("t", "u", "v")
            for one in site.child(index, index.children[0], "unlinked", "relink", tag=tag)]


@case
def child_data_gone(site):
    index = site.index()
    site.blob(index.children[0]).unlink()
    return site.child(index, index.children[0], "missing", "rebuild")


@case
def child_link_and_data_gone(site):
    index = site.index()
    site.revision(index.children[0]).unlink()
    shutil.rmtree(site.blob(index.children[0]).parent)
    return site.child(index, index.children[0], "missing", "rebuild")


@case
def child_link_empty(site):
    index = site.index()
    write(site.revision(index.children[0]), "")
    return site.child(index, index.children[0], "unreadable", "relink", blocks=True)


@case
def child_link_with_newline(site):
    index = site.index()
    child = index.children[0]
    write(site.revision(child), child.digest + "\n")
    return site.child(index, child, "unreadable", "relink", blocks=True)


@case
def child_link_names_another(site):
    index = site.index()
    other = site.image("other")
    write(site.revision(index.children[0]), other.digest)
    return site.child(index, index.children[0], "digest", "relink")


@case
def child_file_empty(site):
    index = site.index()
    write(site.blob(index.children[0]), "")
    return site.child(index, index.children[0], "unreadable", "rebuild", blocks=True)


@case
def child_file_cut_off(site):
    index = site.index()
    child = index.children[0]
    write(site.blob(child), child.content.data[:-20])
    return site.child(index, child, "unreadable", "rebuild", blocks=True)


@case
def child_altered(site):
    index = site.index()
    child = index.children[0]
    write(site.blob(child), child.content.data.replace(b'"size": 1', b'"size": 2', 1) + b" ")
    return site.child(index, child, "digest", "rebuild")


@case
def child_size_differs(site):
    """The index promises a size that its child never had."""
    child = site.image("child")
    entry = {**child.content.descriptor(platform=images.AMD64), "size": 12345}
    index = site.push("t", images.Image(
        {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [entry]},
        images.OCI_INDEX))
    return site.child(index, child, "size", "rebuild")


@case
def child_of_unknown_type(site):
    body = b'{"schemaVersion": 2, "mediaType": "application/vnd.example.unknown+json"}'
    child = plant(site, body, tag=None)
    index = site.push("t", images.index(images.image("unknown/whole")))
    entry = {**child.content.descriptor(), "mediaType": images.OCI_MANIFEST}
    planted = plant(site, images.Image(
        {"schemaVersion": 2, "mediaType": images.OCI_INDEX,
         "manifests": [entry, index.children[0].content.descriptor()]},
        images.OCI_INDEX).content.data)
    return site.child(planted, child, "unreadable", "rebuild", blocks=True)


@case
def nested_index_child_gone(site):
    inner = images.multi_arch("nested/inner")
    site.push("t", images.index(inner))
    site.revision(inner.children[1]).unlink()
    return site.child(inner, inner.children[1], "unlinked", "relink")


@case
def nested_index_gone(site):
    """The inner index and one of its children: the inner comes back after its own child."""
    inner = images.multi_arch("nested-index/inner")
    outer = site.push("t", images.index(inner))
    site.revision(inner).unlink()
    site.revision(inner.children[0]).unlink()
    return [*site.child(outer, inner, "unlinked", "relink"),
            *site.child(inner, inner.children[0], "unlinked", "relink", tag="")]


@case
def attestation_gone(site):
    index = site.push("t", images.attested("attestation-gone"))
    site.revision(index.children[1]).unlink()
    return site.child(index, index.children[1], "unlinked", "relink")


@case
def docker_list_child_gone(site):
    index = site.push("t", images.docker_list(images.docker_image("dlc/a"),
                                              images.docker_image("dlc/b")))
    site.revision(index.children[0]).unlink()
    return site.child(index, index.children[0], "unlinked", "relink")


@case
def child_without_media_type_gone(site):
    index = site.push("t", images.without_media_type("nomt-gone"))
    site.revision(index.children[0]).unlink()
    return site.child(index, index.children[0], "unlinked", "relink")


# --- what a tag leads to ---

@case
def index_data_gone(site):
    index = site.index()
    site.blob(index).unlink()
    return site.tagged("missing", "rebuild")


@case
def index_link_empty(site):
    index = site.index()
    write(site.revision(index), "")
    return site.tagged("unreadable", "retag", blocks=index.digest)


@case
def index_cut_off(site):
    index = site.index()
    write(site.blob(index), index.content.data[:100])
    return site.tagged("unreadable", "rebuild", blocks=index.digest)


@case
def index_altered(site):
    index = site.index()
    write(site.blob(index), index.content.data + b" ")
    return site.root(index, "digest", "rebuild")


@case
def root_of_unknown_type(site):
    planted = plant(site, b'{"schemaVersion": 2, "mediaType": "application/vnd.example+json"}')
    return site.tagged("unreadable", "rebuild", blocks=planted.digest)


@case
def root_that_is_no_manifest(site):
    planted = plant(site, b'{"schemaVersion": 2, "hello": "world"}')
    return site.root(planted, "unreadable", "rebuild")


@case
def tag_leads_to_nothing(site):
    """Its revision's link is gone, its bytes are not."""
    image = site.image()
    shutil.rmtree(site.revision(image).parent)
    return site.tagged("unlinked", "retag")


@case
def tag_leads_to_what_was_swept(site):
    image = site.image()
    shutil.rmtree(site.revision(image).parent)
    shutil.rmtree(site.blob(image).parent)
    return site.tagged("missing", "rebuild")


@case
def tag_without_current_link(site):
    site.image()
    shutil.rmtree(site.tag().parent)
    return site.tagged("missing", "retag")


@case
def tag_link_empty(site):
    site.image()
    write(site.tag(), "")
    return site.tagged("unreadable", "retag")


@case
def tag_link_with_newline(site):
    image = site.image()
    write(site.tag(), image.digest + "\n")
    return site.tagged("unreadable", "retag")


@case
def tag_directory_empty(site):
    site.tag().parent.parent.mkdir()
    return site.tagged("missing", "remove")


@case
def stray_file_among_tags(site):
    write(site.tree.tags(site.repository) / "stray", "not a tag")
    return site.tagged("unreadable", "remove", tag="stray")


# --- blobs ---

@case
def layer_data_gone(site):
    image = site.image()
    site.blob(image.layers[0]).unlink()
    return site.part("layer", image, image.layers[0], "missing", "rebuild")


@case
def config_data_gone(site):
    image = site.image()
    site.blob(image.config).unlink()
    return site.part("config", image, image.config, "missing", "rebuild")


@case
def layer_link_gone(site):
    image = site.image()
    shutil.rmtree(site.layer(image.layers[1]).parent)
    return site.part("layer", image, image.layers[1], "unlinked", "mount")


@case
def config_link_gone(site):
    image = site.image()
    site.layer(image.config).unlink()
    return site.part("config", image, image.config, "unlinked", "mount")


@case
def layer_link_and_data_gone(site):
    image = site.image()
    shutil.rmtree(site.layer(image.layers[0]).parent)
    shutil.rmtree(site.blob(image.layers[0]).parent)
    return site.part("layer", image, image.layers[0], "missing", "rebuild")


@case
def layer_link_empty(site):
    image = site.image()
    write(site.layer(image.layers[0]), "")
    return site.part("layer", image, image.layers[0], "unreadable", "mount")


@case
def layer_link_names_another(site):
    image, other = site.image(), site.push("other", images.image("other", [
        images.layer("other/longer", 5000)]))
    write(site.layer(image.layers[0]), other.layers[0].digest)
    return site.part("layer", image, image.layers[0], "digest", "mount")


@case
def layer_cut_off(site):
    image = site.image()
    os.truncate(site.blob(image.layers[0]), 100)
    return site.part("layer", image, image.layers[0], "size", "rebuild")


@case
def layer_file_empty(site):
    image = site.image()
    os.truncate(site.blob(image.layers[0]), 0)
    return site.part("layer", image, image.layers[0], "size", "rebuild")


@case
def layer_of_one_platform_gone(site):
    index = site.index()
    child = index.children[1]
    site.blob(child.layers[0]).unlink()
    return site.part("layer", child, child.layers[0], "missing", "rebuild")


@case
def shared_layer_gone(site):
    """Two manifests of one index miss the same layer: two references."""
    index = site.push("t", images.multi_arch("shared-gone", [images.layer("shared-gone/base")]))
    base = index.children[0].layers[0]
    site.blob(base).unlink()
    return [one for child in index.children
            for one in site.part("layer", child, base, "missing", "rebuild")]


@case
def artifact_payload_gone(site):
    artifact = site.push("t", images.artifact("payload-gone"))
    site.blob(artifact.layers[0]).unlink()
    return site.part("layer", artifact, artifact.layers[0], "missing", "rebuild")


@case
def signature_payload_gone(site):
    signed = site.image("signed")
    signature, tag = images.signature("signature-gone", signed)
    site.push(tag, signature)
    site.blob(signature.layers[0]).unlink()
    return site.part("layer", signature, signature.layers[0], "missing", "rebuild", tag=tag)


# --- something else lies where a directory or file should be: for the disk's owner to mend ---

IN_THE_WAY = {}


def in_the_way(function):
    IN_THE_WAY[function.__name__] = function
    return function


def replace_by_file(path):
    shutil.rmtree(path)
    write(path, "in the way")


def replace_by_directory(path):
    path.unlink()
    path.mkdir()


@in_the_way
def tag_of_no_tags_name(site):
    """Someone's copy: listed, and 404 for whoever asks."""
    site.image()
    for name in ("t old", ".t"):
        shutil.copytree(site.tag().parent.parent, site.tag().parent.parent.with_name(name))
    return [one for name in ("t old", ".t")
            for one in site.tagged("missing", "remove", tag=name)]


@in_the_way
def tag_current_is_a_file(site):
    site.image()
    replace_by_file(site.tag().parent)
    return site.tagged("unreadable", "retag")


@in_the_way
def tag_link_is_a_directory(site):
    site.image()
    replace_by_directory(site.tag())
    return site.tagged("unreadable", "retag")


@in_the_way
def child_link_is_a_directory(site):
    """A collection passes it over, where an empty file would end it."""
    index = site.index()
    replace_by_directory(site.revision(index.children[0]))
    return site.child(index, index.children[0], "unreadable", "relink")


@in_the_way
def child_revision_is_a_file(site):
    index = site.index()
    replace_by_file(site.revision(index.children[0]).parent)
    return site.child(index, index.children[0], "unreadable", "relink")


@in_the_way
def layer_link_is_under_a_file(site):
    image = site.image()
    replace_by_file(site.layer(image.layers[0]).parent)
    return site.part("layer", image, image.layers[0], "unreadable", "mount")


@in_the_way
def layer_data_is_under_a_file(site):
    image = site.image()
    replace_by_file(site.blob(image.layers[0]).parent)
    return site.part("layer", image, image.layers[0], "unreadable", "rebuild")


@in_the_way
def layer_data_is_a_directory(site):
    image = site.image()
    replace_by_directory(site.blob(image.layers[0]))
    return site.part("layer", image, image.layers[0], "missing", "rebuild")


@in_the_way
def manifest_data_is_under_a_file(site):
    image = site.image()
    replace_by_file(site.blob(image).parent)
    return site.tagged("unreadable", "rebuild", blocks=image.digest)


@in_the_way
def manifest_data_is_a_directory(site):
    image = site.image()
    replace_by_directory(site.blob(image))
    return site.tagged("missing", "rebuild")


# --- only the whole bytes tell ---

def layer_bit_flipped(site):
    """Found by --deep alone."""
    image = site.image()
    flip(site.blob(image.layers[0]))
    return site.part("layer", image, image.layers[0], "digest", "rebuild")


# --- only the disk tells: no request for a tag leads there ---

DISK_ONLY = {}


def disk_only(function):
    DISK_ONLY[function.__name__] = function
    return function


@disk_only
def untagged_index_lost_a_child(site):
    index = site.push(None, images.multi_arch("untagged-lost"))
    site.revision(index.children[0]).unlink()
    return site.child(index, index.children[0], "unlinked", "relink", tag="")


@disk_only
def untagged_after_cleanup(site):
    """The tag's directory removed on disk, a child lost: nobody can pull it any more."""
    index = site.index()
    site.revision(index.children[0]).unlink()
    shutil.rmtree(site.tag().parent.parent)
    return site.child(index, index.children[0], "unlinked", "relink", tag="")


@disk_only
def untagged_link_empty(site):
    image = site.push(None, images.image("untagged-link-empty"))
    write(site.revision(image), "")
    return site.root(image, "unreadable", "relink", tag="", blocks=True)


@disk_only
def untagged_data_gone(site):
    image = site.push(None, images.image("untagged-data-gone"))
    site.blob(image).unlink()
    return site.root(image, "missing", "rebuild", tag="")


@disk_only
def layers_directory_gone(site):
    """Not in the catalog, so no probe asks for it."""
    image = site.image()
    sound = images.multi_arch(f"{site.name}/sound")
    shutil.rmtree(site.tree.repository(site.repository) / "_layers")
    lost = [one for blob, kind in [(image.config, "config"), *((l, "layer") for l in image.layers)]
            for one in site.part(kind, image, blob, "unlinked", "mount")]
    for child in sound.children:
        for number, blob in enumerate(child.blobs):
            lost += site.part("layer" if number else "config", child, blob, "unlinked", "mount",
                              tag="sound")
    return [site.finding("repository", "unlisted", "mount", tag=""), *lost]


# --- looks broken, and is not ---

SOUND = {}


def sound(function):
    SOUND[function.__name__] = function
    return function


@sound
def blobs_without_manifests(site):
    site.registry.put_blob("sound/blobs-only", images.layer("blobs-only"))


@sound
def uploads_alone(site):
    site.registry.expect(202, "POST", "/v2/sound/uploads-only/blobs/uploads/", b"")


@sound
def uploads_that_were_left_half_done(site):
    uploads = site.tree.repository(site.repository) / "_uploads"
    write(uploads / "c0ffee" / "startedat", "2026-01-01T00:00:00Z")
    write(uploads / "c0ffee" / "data", "half")
    write(uploads / "stray", "")


@sound
def repository_without_tags(site):
    image = site.push("t", images.image("untagged/repo"), "sound/no-tags")
    site.registry.expect(202, "DELETE", f"/v2/sound/no-tags/manifests/{image.digest}")


@sound
def unused_layer_link_dangles(site):
    layer = images.layer("dangling")
    site.registry.put_blob(site.repository, layer)
    site.tree.blob(layer.digest).unlink()


@sound
def unused_layer_link_empty(site):
    layer = images.layer("dangling/empty")
    site.registry.put_blob(site.repository, layer)
    write(site.layer(layer), "")


@sound
def blob_that_nothing_refers_to(site):
    data = b"garbage"
    write(site.tree.blob(digest_of(data)), data)


@sound
def directories_of_what_was_collected(site):
    digest = digest_of(b"collected")
    site.tree.blob(digest).parent.mkdir(parents=True)
    site.tree.revision(site.repository, digest).parent.mkdir(parents=True)


@sound
def temporary_files(site):
    image = site.image("tmp")
    for path in (site.blob(image), site.revision(image), site.tag("tmp")):
        write(path.with_name(f"{path.name}.12345.tmp"), "half")
        write(path.with_name(".nfs000000000001"), "open elsewhere")


@sound
def leftover_of_nfs_among_tags(site):
    write(site.tree.tags(site.repository) / ".nfs000000000002", "open elsewhere")


@sound
def foreign_layers(site):
    site.push("foreign", images.docker_image("foreign", [images.foreign_layer("foreign/1")]))


@sound
def nondistributable_layer(site):
    elsewhere = images.layer("nondist", media_type=images.OCI_NONDISTRIBUTABLE)
    config = images.config("nondist")
    one = images.Image({"schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
                        "config": config.descriptor(), "layers": [
                            elsewhere.descriptor(urls=["https://layers.example/n"])]},
                       images.OCI_MANIFEST, [config])
    site.push("nondist", one)


@sound
def layer_twice(site):
    one = images.layer("twice")
    site.push("twice", images.image("twice", [one, one]))


@sound
def unusual_layer_types(site):
    site.push("zstd", images.image("zstd", [images.layer("zstd", media_type=images.OCI_ZSTD)]))
    site.push("odd", images.image("odd", [images.layer("odd", media_type="text/x-odd")]))


@sound
def artifact_with_empty_config(site):
    site.push("artifact", images.artifact("sound-artifact"))


@sound
def subject_that_is_not_there(site):
    site.push("referrer", images.artifact("referrer", subject={
        "mediaType": images.OCI_MANIFEST, "digest": digest_of(b"never pushed"), "size": 12}))


@sound
def nested_indexes(site):
    site.push("nested", images.index(images.index(images.multi_arch("sound-nested"))))


@sound
def without_media_types(site):
    site.push("nomt", images.without_media_type("sound-nomt"))


@sound
def docker_lists(site):
    site.push("list", images.docker_list(images.docker_image("sl/a"), images.docker_image("sl/b")))


@sound
def attestations(site):
    site.push("attested", images.attested("sound-attested"))


@sound
def cosign_signatures(site):
    signed = site.index("to-sign")
    signature, tag = images.signature("sound-sig", signed)
    site.push(tag, signature)


@sound
def names_below_names(site):
    for name in ("sound/team", "sound/team/3d", "sound/team/app"):
        site.push("t", images.image(name), name)


@sound
def child_in_two_indexes(site):
    one, two, three = (images.image(f"two-indexes/{n}") for n in range(3))
    site.push("first", images.index(one, two))
    site.push("second", images.index(two, three))


@sound
def tag_that_moved(site):
    """Its history names a manifest that is gone for good."""
    before = site.image("moving")
    site.push("moving", images.image("moving/after"))
    site.registry.expect(202, "DELETE", f"/v2/{site.repository}/manifests/{before.digest}")
    shutil.rmtree(site.blob(before).parent)
    for blob in before.blobs:
        shutil.rmtree(site.blob(blob).parent)


@sound
def history_link_empty(site):
    image = site.image("history")
    algorithm, hexa = image.digest.split(":")
    write(site.tag("history").parent.parent / "index" / algorithm / hexa / "link", "")


@sound
def manifest_without_layers(site):
    site.push("no-layers", images.image("no-layers", []))


@sound
def empty_index(site):
    site.push("empty", images.index())


@sound
def lists_that_are_null(site):
    """As Go writes an empty list."""
    plant(site, b'{"schemaVersion": 2, "mediaType": "%s", "manifests": null}'
          % images.OCI_INDEX.encode(), "null-index")
    config = images.config("null-layers")
    site.registry.put_blob(site.repository, config)
    plant(site, images.Image({"schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
                              "config": config.descriptor(), "layers": None},
                             images.OCI_MANIFEST).content.data, "null-layers")


@sound
def digests_of_other_kinds(site):
    for algorithm in ("sha384", "sha512"):
        config, layer = images.config(algorithm), images.layer(algorithm)
        for blob in (config, layer):
            blob.digest = digest_of(blob.data, algorithm)
            write(site.blob(blob), blob.data)
            write(site.layer(blob), blob.digest)
        one = images.Image({"schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
                            "config": config.descriptor(), "layers": [layer.descriptor()]},
                           images.OCI_MANIFEST)
        one.content.digest = digest_of(one.content.data, algorithm)
        write(site.blob(one), one.content.data)
        write(site.revision(one), one.digest)
        write(site.tag(algorithm), one.digest)


@sound
def copies_that_somebody_left(site):
    """A tag's, whose name is a tag's too; a revision's, which collections read and follow."""
    image = site.image("kept")
    kept = site.tag("kept").parent.parent
    shutil.copytree(kept, kept.with_name("kept.bak"))
    revision = site.revision(image).parent
    shutil.copytree(revision, revision.with_name(revision.name + ".bak"))


@sound
def data_behind_a_symbolic_link(site):
    path = site.blob(site.image("symlink").layers[0])
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@sound
def build_cache(site):
    """BuildKit's cache: an index whose entries are blobs."""
    config = images.Content(b'{"layers": []}', "application/vnd.buildkit.cacheconfig.v0")
    layer = images.layer("cache")
    for blob in (config, layer):
        site.registry.put_blob(site.repository, blob)
    body = images.Image({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [
        layer.descriptor(), config.descriptor()]}, images.OCI_INDEX).content.data
    plant(site, body, "cache")


@sound
def manifest_only_by_digest(site):
    site.push(None, images.image("by-digest"), "sound/by-digest")


@sound
def the_file_systems_own_directory(site):
    (site.tree.v2 / "repositories" / "lost+found").mkdir()


def break_everything(registry, cases):
    """Make each case; all findings that are due."""
    due = []
    for name, function in cases.items():
        due += function(Site(registry, name)) or []
    return due


def keys(findings):
    return sorted(tuple(one[key] for key in ("repository", "tag", "parent", "digest", "kind"))
                  for one in findings)


def verdicts(findings):
    return sorted(tuple(one[key] for key in
                        ("repository", "tag", "parent", "digest", "kind", "defect", "remedy"))
                  for one in findings)
