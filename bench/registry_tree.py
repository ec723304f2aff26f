"""Images in a registry's tree as pushes leave them, written at once: thousands of requests would take
long."""


def keep(tree, name, manifest):
    """A manifest with its config and layers in the repository."""
    for blob in manifest.blobs:
        write(tree.blob(blob.digest), blob.data)
        write(tree.layer(name, blob.digest), blob.digest.encode())
    write(tree.blob(manifest.digest), manifest.content.data)
    write(tree.revision(name, manifest.digest), manifest.digest.encode())


def write(path, data):
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
