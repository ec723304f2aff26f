"""The intended differences from rclone's mirror, each as a rule with a name: how to plant a case of
it in a tree, and what exactly each program makes of that case. Whatever no rule names is equal."""

import os
import re
import unicodedata

from trees import DOCUMENTS

RULES = {}


def rule(cls):
    RULES[cls.name] = cls
    return cls


class Rule:
    """One planted case. `settle` checks both mirrors' paths of this case and takes them out."""

    name = None
    rclone_fails = False  # rclone ends with an error because of it
    ours_code = 0
    skipped = False  # our report lists it
    max_depth = None

    def __init__(self, tree):
        self.tree = tree
        self.parent = tree.random.choice(tree.folders)
        self.items = []
        self.plant()

    def plant(self):
        raise NotImplementedError

    def settle(self, check, rclone, ours):
        raise NotImplementedError

    # Helpers for both.

    def fresh(self, ending=""):
        return f"{self.name} {self.tree.random.randrange(10**9)}{ending}"

    def add(self, item, parent=None):
        (parent or self.parent)["children"].append(item)
        self.items.append(item)
        return item

    def path(self, name, parent=None):
        """The bytes of a local path in the parent folder, whose own path is plain."""
        return os.fsencode(os.path.join(*self.tree.path(parent or self.parent), name))

    def newest_first(self):
        return sorted(self.items, key=lambda item: (item["modified"], item["id"]), reverse=True)


def entry(mirror, path):
    """The entry at a path, taken out; "absent" where there is none."""
    return mirror.pop(path, "absent")


def below(mirror, path):
    """Everything at and below a path by what follows it, taken out."""
    found = {p[len(path):]: mirror[p] for p in mirror if p == path or p.startswith(path + b"/")}
    for rest in found:
        del mirror[path + rest]
    return found


def beside(name, item):
    """The name of one that could not have its own: the front of the id, before the last dot."""
    dot = name.rfind(".")
    stem, ending = (name[:dot], name[dot:]) if dot > 0 else (name, "")
    return f"{stem}~{item['id'][:8]}{ending}"


def is_file(found, item):
    """Whether a mirror's entry is this item: its time and, of a document unknown, its size."""
    return found not in ("absent", None) and found.modified == item["modified"] and (
        item.get("size", found.size) == found.size)


class NamesThatMeet(Rule):
    """Several files that would have one local name: rclone has some one of them there."""

    def local_names(self):
        raise NotImplementedError

    def settle(self, check, rclone, ours):
        first, *others = self.newest_first()
        name = self.local_name
        kept = entry(ours, self.path(name))
        check.assertEqual(kept.modified, first["modified"])
        for other in others:
            found = entry(ours, self.path(beside(name, other)))
            check.assertEqual(found.modified, other["modified"])
        check.assertIn(entry(rclone, self.path(name)).modified,
                       [item["modified"] for item in self.items])


@rule
class DuplicateFiles(NamesThatMeet):
    name = "duplicate-files"

    def plant(self):
        self.local_name = self.fresh(self.tree.random.choice(["", ".pdf", ".tar.gz"]))
        for _ in range(self.tree.random.choice([2, 3])):
            self.add(self.tree.file(self.local_name))
        if self.tree.random.random() < 0.3:  # as old as another: then the greater id decides
            self.items[0]["modified"] = self.items[1]["modified"]


@rule
class DocumentMeetsFile(NamesThatMeet):
    name = "document-meets-file"

    def plant(self):
        kind, ending = self.tree.random.choice(list(DOCUMENTS.items()))
        plain = self.fresh()
        self.local_name = plain + ending
        self.add(self.tree.document(plain, kind))
        self.add(self.tree.file(self.local_name))


@rule
class DuplicateFolders(Rule):
    name = "duplicate-folders"

    def plant(self):
        self.local_name = self.fresh()
        for _ in range(2):
            folder = self.add(self.tree.folder(self.local_name))
            folder["children"].append(self.tree.file(self.fresh()))

    def settle(self, check, rclone, ours):
        first, second = self.newest_first()
        wanted = {}
        for local, folder in ((self.local_name, first),
                              (beside(self.local_name, second), second)):
            found = below(ours, self.path(local))
            inside = folder["children"][0]
            check.assertEqual(set(found), {b"", b"/" + inside["name"].encode()})
            wanted.update(found)
        # rclone looks into one of them, if it does not mix them up.
        found = below(rclone, self.path(self.local_name))
        check.assertTrue(found.items() <= wanted.items())
        check.assertLess(len(found), 3)


@rule
class FileAndFolder(Rule):
    name = "file-and-folder"
    rclone_fails = True

    def plant(self):
        self.local_name = self.fresh(".d")
        self.folder = self.add(self.tree.folder(self.local_name))
        self.inside = self.tree.file("inside")
        self.folder["children"].append(self.inside)
        self.file = self.add(self.tree.file(self.local_name))

    def settle(self, check, rclone, ours):
        found = below(ours, self.path(self.local_name))
        check.assertEqual(set(found), {b"", b"/inside"})
        check.assertTrue(is_file(entry(ours, self.path(beside(self.local_name, self.file))),
                                 self.file))
        # One of the two cannot be made; what is inside may come or not.
        below(rclone, self.path(self.local_name))


@rule
class NormalizationTwins(Rule):
    name = "normalization-twins"

    def plant(self):
        composed = unicodedata.normalize("NFC", self.fresh(" \u00e9\u00f1.txt"))
        self.add(self.tree.file(composed))
        self.add(self.tree.file(unicodedata.normalize("NFD", composed)))

    def settle(self, check, rclone, ours):
        both = []
        for item in self.items:
            check.assertTrue(is_file(entry(ours, self.path(item["name"])), item))
            both.append(entry(rclone, self.path(item["name"])))
        check.assertEqual(both.count("absent"), 1)


@rule
class LongNames(Rule):
    name = "long-names"
    rclone_fails = True

    def plant(self):
        letter = self.tree.random.choice(["x", "é", "日", "🎉"])
        stem = self.fresh() + letter * self.tree.random.randrange(230, 300)
        if self.tree.random.random() < 0.3:
            kind, self.ending = self.tree.random.choice(list(DOCUMENTS.items()))
            self.add(self.tree.document(stem, kind))
        else:
            self.ending = ".pdf"
            self.add(self.tree.file(stem + self.ending))

    def settle(self, check, rclone, ours):
        pattern = re.compile(re.escape(self.path(self.name)) + rb" [^/]*~[0-9a-f]{8}" +
                             re.escape(self.ending.encode()))
        paths = [path for path in ours if pattern.fullmatch(path)]
        check.assertEqual(len(paths), 1)
        check.assertLessEqual(len(os.path.basename(paths[0])), 255)
        check.assertTrue(is_file(entry(ours, paths[0]), self.items[0]))


@rule
class NoChecksum(Rule):
    name = "no-checksum"

    def plant(self):
        self.add(self.tree.file(self.fresh(".pdf"), md5=None, sha1=None, sha256=None))

    def settle(self, check, rclone, ours):
        path = self.path(self.items[0]["name"])
        check.assertTrue(is_file(entry(ours, path), self.items[0]))
        check.assertEqual(entry(rclone, path), "absent")


@rule
class PhotosChecksum(Rule):
    name = "photos-checksum"
    rclone_fails = True

    def plant(self):
        self.add(self.tree.file(self.fresh(".jpg"), size=5000, photos=True))

    settle = NoChecksum.settle


@rule
class DanglingShortcut(Rule):
    name = "dangling-shortcut"
    rclone_fails = True
    skipped = True

    def plant(self):
        self.add(self.tree.item(self.fresh(), target=self.tree.new_id(), targetMime="text/plain"))

    def settle(self, check, rclone, ours):
        for mirror in (rclone, ours):
            check.assertEqual(entry(mirror, self.path(self.items[0]["name"])), "absent")


@rule
class Forbidden(DanglingShortcut):
    name = "forbidden"

    def plant(self):
        refused = self.tree.random.choice([{"canDownload": False},
                                           {"abusive": True, "owned": False}])
        self.add(self.tree.file(self.fresh(".txt"), **{"size": 30, **refused}))


@rule
class NoExport(DanglingShortcut):
    name = "no-export"
    rclone_fails = False

    def plant(self):
        kind = self.tree.random.choice(["form", "site", "map"])
        self.add(self.tree.item(self.fresh(), document=kind))


@rule
class DamagedAtTheSource(DanglingShortcut):
    name = "damaged-at-the-source"
    ours_code = 5
    skipped = False

    def plant(self):
        self.add(self.tree.file(self.fresh(".bin"), size=300, md5="0" * 32, sha1="0" * 40,
                                sha256="0" * 64))


@rule
class ShortcutLoop(Rule):
    name = "shortcut-loop"
    rclone_fails = False
    skipped = True
    max_depth = 60  # else rclone goes on until no path is short enough

    def plant(self):
        trap = self.tree.folder(self.fresh())
        self.tree.root["children"].append(trap)
        trap["children"].append(self.tree.file("bait"))
        self.parent = trap
        self.add(self.tree.shortcut("up", trap))

    def settle(self, check, rclone, ours):
        up = self.path("up")
        check.assertEqual(below(ours, up), {})
        check.assertIn(b"/up/bait", below(rclone, up))


@rule
class ManyWays(Rule):
    name = "many-ways"
    skipped = True

    def plant(self):
        shown = self.tree.folder(self.fresh())
        shown["children"].append(self.tree.file("inside"))
        self.tree.outside["children"].append(shown)
        for number in range(18):
            self.add(self.tree.shortcut(self.fresh(f" {number}"), shown))

    def settle(self, check, rclone, ours):
        found = [below(mirror, self.path(item["name"])) != {}
                 for mirror in (rclone, ours) for item in self.items]
        check.assertEqual((sum(found[:18]), sum(found[18:])), (18, 16))


@rule
class ReservedNames(Rule):
    name = "reserved-names"

    def plant(self):
        name = self.tree.random.choice(["lost+found", ".nfs0123", ".snapshot", ".zfs",
                                        ".gdrive-sync"])
        self.parent = self.tree.root
        self.add(self.tree.file(name))

    def settle(self, check, rclone, ours):
        name = self.items[0]["name"]
        check.assertTrue(is_file(entry(rclone, self.path(name)), self.items[0]))
        local = beside(name, self.items[0])
        local = "．" + local[1:] if local.startswith(".nfs") else local
        check.assertTrue(is_file(entry(ours, self.path(local)), self.items[0]))


@rule
class QuotedByte(Rule):
    name = "quoted-byte"

    def plant(self):
        self.add(self.tree.file(self.fresh(" caf‛E9")))

    def settle(self, check, rclone, ours):
        name = self.items[0]["name"]
        check.assertTrue(is_file(entry(ours, self.path(name.replace("‛", "‛‛"))), self.items[0]))
        as_byte = self.path(name).replace("‛E9".encode(), b"\xe9")
        check.assertTrue(is_file(entry(rclone, as_byte), self.items[0]))


@rule
class NoName(Rule):
    name = "no-name"

    def plant(self):
        self.add(self.tree.file(""))

    def settle(self, check, rclone, ours):
        check.assertTrue(is_file(entry(ours, self.path("‛")), self.items[0]))
