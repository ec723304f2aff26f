"""Judges an SPDX 2.3 document in JSON by what that specification asks of the fields that ours has."""

import hashlib
import re
import urllib.parse

ID = re.compile(r"^SPDXRef-[a-zA-Z0-9.-]+$")
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
CREATOR = re.compile(r"^(Person|Organization|Tool): .+$")
SUPPLIER = re.compile(r"^(NOASSERTION|(Person|Organization): .+)$")
PURL = re.compile(r"^pkg:[a-z]+/[a-z]+/[^@/?]+@[^@/?]+(\?[a-z]+=[^&]+(&[a-z]+=[^&]+)*)?$")
# Field -> whether there has to be one. Any other is taken for a slip of the pen.
DOCUMENT = {"spdxVersion": True, "dataLicense": True, "SPDXID": True, "name": True,
            "documentNamespace": True, "creationInfo": True, "packages": False, "files": False,
            "relationships": False}
PACKAGE = {"SPDXID": True, "name": True, "versionInfo": False, "supplier": False,
           "downloadLocation": True, "filesAnalyzed": False, "packageVerificationCode": False,
           "primaryPackagePurpose": False, "sourceInfo": False, "licenseConcluded": False,
           "licenseDeclared": False, "copyrightText": False, "externalRefs": False}
FILE = {"SPDXID": True, "fileName": True, "checksums": True, "licenseConcluded": False,
        "copyrightText": False}
RELATIONSHIP = {"spdxElementId": True, "relationshipType": True, "relatedSpdxElement": True}
PURPOSES = {"APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "DEVICE",
            "FIRMWARE", "SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER"}
RELATIONS = {"DESCRIBES", "CONTAINS", "EXPANDED_FROM_ARCHIVE", "GENERATED_FROM",
             "STATIC_LINK"}
SUMS = {"SHA1": 40, "SHA256": 64}


class Judge:
    """Collects what is wrong with a document."""

    def __init__(self, document):
        self.document = document
        self.wrong = []
        self.ids = []

    def ask(self, right, what):
        if not right:
            self.wrong.append(what)
        return right

    def fields(self, item, known, where):
        for name in item:
            self.ask(name in known, f"{where}: no such field: {name}")
        for name, needed in known.items():
            self.ask(name in item or not needed, f"{where}: {name} is missing")

    def identified(self, item, known, kind):
        where = f"{kind} {item.get('SPDXID')}"
        self.fields(item, known, where)
        self.ask(ID.match(str(item.get("SPDXID"))), f"{where}: no SPDX id")
        self.ids.append(item.get("SPDXID"))
        return where

    def head(self):
        document = self.document
        self.identified(document, DOCUMENT, "document")
        self.ask(document.get("spdxVersion") == "SPDX-2.3", "spdxVersion")
        self.ask(document.get("dataLicense") == "CC0-1.0", "dataLicense")
        self.ask(document.get("SPDXID") == "SPDXRef-DOCUMENT", "the document's id")
        namespace = urllib.parse.urlsplit(document.get("documentNamespace", ""))
        self.ask(namespace.scheme and not namespace.fragment, "documentNamespace is no plain URI")
        info = document.get("creationInfo", {})
        self.ask(MOMENT.match(info.get("created", "")), "creationInfo.created")
        creators = info.get("creators") or [""]
        self.ask(all(CREATOR.match(one) for one in creators), "creationInfo.creators")

    def package(self, item):
        where = self.identified(item, PACKAGE, "package")
        analyzed = item.get("filesAnalyzed", True)
        self.ask(isinstance(analyzed, bool), f"{where}: filesAnalyzed")
        self.ask(("packageVerificationCode" in item) == analyzed,
                 f"{where}: a verification code goes with analysed files")
        self.ask(SUPPLIER.match(item.get("supplier", "NOASSERTION")), f"{where}: supplier")
        self.ask(item.get("primaryPackagePurpose", "OTHER") in PURPOSES, f"{where}: purpose")
        for reference in item.get("externalRefs", []):
            self.ask(reference.get("referenceCategory") == "PACKAGE-MANAGER"
                     and reference.get("referenceType") == "purl"
                     and PURL.match(reference.get("referenceLocator", "")), f"{where}: purl")

    def file(self, item):
        where = self.identified(item, FILE, "file")
        self.ask(item.get("fileName", "").startswith("./"), f"{where}: fileName is not relative")
        sums = {one.get("algorithm"): one.get("checksumValue", "")
                for one in item.get("checksums", [])}
        self.ask("SHA1" in sums, f"{where}: a file needs a SHA1")
        for algorithm, value in sums.items():
            self.ask(re.fullmatch(f"[0-9a-f]{{{SUMS.get(algorithm, 0)}}}", value),
                     f"{where}: {algorithm}")

    def relationship(self, item):
        where = f"relationship {item}"
        self.fields(item, RELATIONSHIP, where)
        self.ask(item.get("relationshipType") in RELATIONS, f"{where}: kind")
        for end in ("spdxElementId", "relatedSpdxElement"):
            self.ask(item.get(end) in self.ids, f"{where}: {end} is nothing here")

    def contained(self, package):
        """A package's files are listed exactly where it says that they were analysed."""
        files = {one["SPDXID"]: one for one in self.document["files"]}
        inside = [files[one["relatedSpdxElement"]] for one in self.document["relationships"]
                  if (one["spdxElementId"], one["relationshipType"])
                  == (package["SPDXID"], "CONTAINS") and one["relatedSpdxElement"] in files]
        if not package.get("filesAnalyzed", True):
            self.ask(not inside, f"{package['SPDXID']} contains files that were not analysed")
            return
        sums = sorted(one["checksums"][0]["checksumValue"] for one in inside)
        code = hashlib.sha1("".join(sums).encode()).hexdigest()
        self.ask(package["packageVerificationCode"].get("packageVerificationCodeValue") == code,
                 f"{package['SPDXID']}: verification code")

    def all(self):
        self.head()
        for item in self.document.get("packages", []):
            self.package(item)
        for item in self.document.get("files", []):
            self.file(item)
        self.ask(len(set(self.ids)) == len(self.ids), "an id names two things")
        for item in self.document.get("relationships", []):
            self.relationship(item)
        if not self.wrong:
            for item in self.document["packages"]:
                self.contained(item)
        self.ask(any(one.get("relationshipType") == "DESCRIBES"
                     for one in self.document.get("relationships", [])), "it describes nothing")
        return self.wrong


def complaints(document):
    """What is wrong with it, one sentence each."""
    return Judge(document).all()
