"""The list of the image's files and of the packages that they came from, as SPDX 2.3 JSON."""

import datetime
import hashlib
import json
import urllib.parse
import uuid

SPDX_VERSION = "SPDX-2.3"
DOCUMENT = "SPDXRef-DOCUMENT"
IMAGE = "SPDXRef-Image"
OWN = "SPDXRef-Package-gdrive-sync"


def package_id(name):
    # SPDX takes letters, digits, "." and "-"; a Debian name may also hold "+".
    return "SPDXRef-Package-" + name.replace("+", "-plus")


def file_id(path):
    return "SPDXRef-File-" + hashlib.sha256(path.encode()).hexdigest()[:16]


def checksums(data):
    return [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
            {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()}]


def file_entry(root, path):
    return {"SPDXID": file_id(path), "fileName": f"./{path}",
            "checksums": checksums((root / path).read_bytes()),
            "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION"}


def verification_code(entries):
    """What SPDX calls so: one SHA-1 over those of the package's files."""
    sums = sorted(entry["checksums"][0]["checksumValue"] for entry in entries)
    return {"packageVerificationCodeValue": hashlib.sha1("".join(sums).encode()).hexdigest()}


def purl(package):
    version = urllib.parse.quote(package.version, safe="")
    name = urllib.parse.quote(package.name, safe="")
    return f"pkg:deb/debian/{name}@{version}?arch={package.architecture}&distro=debian-12"


def image_package(version):
    return {"SPDXID": IMAGE, "name": "gdrive-sync-image", "versionInfo": version,
            "primaryPackagePurpose": "CONTAINER", "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}


def own_package(version, entries):
    return {"SPDXID": OWN, "name": "gdrive-sync", "versionInfo": version,
            "primaryPackagePurpose": "APPLICATION", "downloadLocation": "NOASSERTION",
            "filesAnalyzed": True, "packageVerificationCode": verification_code(entries),
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "Apache-2.0",
            "copyrightText": "NOASSERTION"}


def debian_package(package):
    # Only some of its files are in the image, so there is no verification code for it.
    return {"SPDXID": package_id(package.name), "name": package.name,
            "versionInfo": package.version, "supplier": "Organization: Debian",
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "sourceInfo": f"built from {package.source} {package.source_version}",
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": purl(package)}]}


def relation(subject, kind, other):
    return {"spdxElementId": subject, "relationshipType": kind, "relatedSpdxElement": other}


def relations(packages, own, linked, expanded, generated):
    found = [relation(DOCUMENT, "DESCRIBES", IMAGE), relation(IMAGE, "CONTAINS", OWN)]
    found += [relation(IMAGE, "CONTAINS", package_id(one.name)) for one in packages]
    found += [relation(OWN, "CONTAINS", file_id(path)) for path in own]
    found += [relation(OWN, "STATIC_LINK", package_id(name)) for name in sorted(linked)]
    found += [relation(file_id(path), "EXPANDED_FROM_ARCHIVE", package_id(name))
              for path, name in sorted(expanded.items())]
    found += [relation(file_id(path), "GENERATED_FROM", package_id(name))
              for path, name in sorted(generated.items())]
    return found


def document(root, version, created, packages, *, own, linked, expanded, generated):
    """The text of the list: the files `own` are this project's, with the packages `linked` inside,
    the others (path -> package) Debian's, taken as they are or made by a package's scripts."""
    packages = sorted(packages, key=lambda one: one.name)
    own_entries = [file_entry(root, path) for path in own]
    entries = own_entries + [file_entry(root, path) for path in sorted([*expanded, *generated])]
    moment = datetime.datetime.fromtimestamp(created, datetime.timezone.utc)
    content = {
        "packages": [image_package(version), own_package(version, own_entries),
                     *map(debian_package, packages)],
        "files": entries,
        "relationships": relations(packages, own, linked, expanded, generated)}
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    head = {"spdxVersion": SPDX_VERSION, "dataLicense": "CC0-1.0", "SPDXID": DOCUMENT,
            "name": f"gdrive-sync-image-{version}",
            # The same contents have the same name.
            "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
            "creationInfo": {"created": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                             "creators": [f"Tool: gdrive-sync-assemble-{version}"]}}
    return json.dumps({**head, **content}, indent=1) + "\n"
