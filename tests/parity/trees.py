"""Trees grown from a seed: what a Drive may hold, as the emulator's specification reads it."""

import datetime
import random
import string
import unicodedata

# Pieces of names that have broken mirrors before, or look as if they could.
ODD_NAMES = [
    "a/b", "/", "//", "ends/", "/begins", ".", "..", "...", ". ", " leading", "trailing ", "dot.",
    "new\nline", "tab\tbed", "return\r", "bell\x07", "delete\x7f", "\x01\x02\x03", "nul\0name",
    "back\\slash", "co:lon", 'qu"ote', "it's", "star*", "quest?ion", "[bracket]", "{brace,s}",
    "#hash", "%41%2F percent", "a+b", "semi;colon", "pipe|d", "<angle>", "$(date)", "`tick`",
    "fullwidth／slash", "．", "．．", "．．．", "a．b", "‛", "‛‛", "‛／", "‛．", "quoted ‛", "␀", "‛␀",
    "caf\u00e9 composed", "cafe\u0301 decomposed", "\u1e9b\u0323 both", "日本語", "한국어",
    "\u1112\u1161\u11ab", "ﬁ ligature", "Ω ohm \u2126", "🎉🎊", "👩\u200d👩\u200d👧", "\u202eright to left",
    "zero\u200bwidth", "no\u00a0break", "\ufeffbom", "line\u2028separator", "\U0010ffff", "\ue000",
    "-dash", "--delete", "~tilde", "~", "report~1AbCdEfG.txt", "CON", "nul.txt", ".hidden",
    "..hidden", "two..dots", ".docx", "a.b.c.d", "x.12ab34cd.partial", "desktop.ini", "Thumbs.db",
    "README", "readme", "ReadMe", "x" * 255, "é" * 127, "日" * 85, "🎉" * 63 + "abc",
    "long " * 50 + ".txt"]
WORDS = ("plan report minutes budget photo archive draft notes invoice letter sketch data "
         "results summary").split()
ENDINGS = [".txt", ".pdf", ".jpg", ".csv", ".tar.gz", "", ".TXT", ".docx", ".zip"]
DOCUMENTS = {"document": ".docx", "spreadsheet": ".xlsx", "presentation": ".pptx",
             "drawing": ".svg"}
FILTERS = [
    ["--exclude", "*.txt"],
    ["--exclude", "/kept/**", "--exclude", "*.pdf"],
    ["--include", "*.{pdf,txt}"],
    ["--include", "/kept/**", "--include", "*.docx"],
    ["--max-size", "1000b"],
    ["--exclude", "[a-m]*", "--max-size", "2k"],
    ["--exclude", "{{.*[0-9].*}}"],
    ["--filter-from", ["- *.jpg", "+ /kept/*.txt", "- /kept/**", "+ *"]],
    ["--filter-from", ["# comment", "", "+ *.csv", "+ *.xlsx", "- *"]],
]


class Tree:
    """The items of one seed. `plants` are those that the two programs treat differently, by the
    name of the rule that says how; the random part holds nothing of that kind."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.name = f"seed-{seed}"
        self.plants = []
        self.taken = {}  # id of a folder -> names in it, as far as they could meet
        self.outside = self.folder("outside " + str(seed))
        self.root = self.folder(self.name)
        self.filter = self.random.choice(FILTERS) if seed % 3 == 2 else []
        self._grow()

    # What items are made of.

    def new_id(self):
        letters = string.ascii_letters + string.digits + "_-"
        return "1" + "".join(self.random.choices(letters, k=32))

    def time(self):
        """Some moment between 1969 and 2037, in Drive's milliseconds."""
        moment = datetime.datetime(1969, 2, 3) + datetime.timedelta(
            milliseconds=self.random.randrange(68 * 365 * 86400 * 1000))
        return moment.isoformat(timespec="milliseconds") + "Z"

    def item(self, name, **members):
        return {"id": self.new_id(), "name": name, "modified": self.time(), **members}

    def folder(self, name, **members):
        return self.item(name, folder=True, children=[], **members)

    def file(self, name, **members):
        size = self.random.choice([0, 1, 17, 999, 1000, 1001, 4096, 70_000])
        return self.item(name, **{"size": size, "seed": self.random.randrange(2**31), **members})

    def document(self, name, kind=None):
        kind = kind or self.random.choice(list(DOCUMENTS))
        return self.item(name, document=kind, content=f"text {self.random.random()}")

    def shortcut(self, name, target):
        return self.item(name, target=target["id"],
                         targetMime="application/vnd.google-apps.folder" if "children" in target
                         else "text/plain")

    def fresh_name(self, folder, ending=""):
        """A name that meets no other of the folder on the volume, whatever its form."""
        taken = self.taken.setdefault(folder["id"], set())
        while True:
            name = self.random.choice(ODD_NAMES + WORDS * 8)
            if self.random.random() < 0.6:
                name += f" {self.random.randrange(100)}" + self.random.choice(ENDINGS)
            if len((name + ending).encode()) > 255:
                continue
            key = meeting_key(name + ending)
            if key not in taken:
                taken.add(key)
                return name

    def put(self, folder, make, *arguments, ending="", **members):
        item = make(self.fresh_name(folder, ending), *arguments, **members)
        folder["children"].append(item)
        return item

    # The random part.

    def _grow(self):
        kept = self.folder("kept")
        self.root["children"].append(kept)
        self.taken[self.root["id"]] = {"kept"}
        self.library = self._branch(self.folder("library"), 2)
        self.outside["children"].append(self.library)
        self.folders = [self.root, kept]
        for _ in range(self.random.randrange(3, 12)):
            parent = self.random.choice(self.folders)
            self.folders.append(self.put(parent, self.folder))
        self._chain()
        for folder in self.folders:
            self._fill(folder)
        self.folders = [f for f in self.folders if plain_path(self.path(f))]
        for folder in self.folders[:2]:
            self.put(folder, self.shortcut, self.library)

    def _branch(self, folder, depth):
        """A folder with a few files, no shortcuts to folders: safe to be followed to."""
        for _ in range(self.random.randrange(1, 4)):
            self.put(folder, self.file)
        if depth > 0:
            self._branch(self.put(folder, self.folder), depth - 1)
        return folder

    def _chain(self):
        at = self.random.choice(self.folders)
        for _ in range(self.random.choice([0, 3, 30])):
            at = self.put(at, self.folder)
        self.put(at, self.file)

    def _fill(self, folder):
        files = [self.put(folder, self.file) for _ in range(self.random.choice([0, 1, 3, 6]))]
        if self.random.random() < 0.5:
            kind = self.random.choice(list(DOCUMENTS))
            self.put(folder, self.document, kind, ending=DOCUMENTS[kind])
        if self.random.random() < 0.2:
            self.put(folder, self.file, trashed=True)
        if files and self.random.random() < 0.5:
            self.put(folder, self.shortcut, self.random.choice(files))
        if self.random.random() < 0.2:
            twin = self.file(f"Case Twin {self.seed}")
            folder["children"] += [twin, self.file(twin["name"].lower())]

    # For whoever plants, and compares.

    def path(self, item):
        """The names that lead to an item from the mirrored folder, itself included."""
        def search(folder, names):
            for child in folder["children"]:
                here = names + [child["name"]]
                found = here if child is item else (
                    search(child, here) if "children" in child else None)
                if found:
                    return found
            return None
        return [] if item is self.root else search(self.root, [])

    def spec(self):
        return [self.root, self.outside]


def plain_path(names):
    """True where the name on the volume is the name in Drive, at each level."""
    return all(name not in (".", "..") and not set(name) & set("/\0‛␀．／") for name in names)


def meeting_key(name):
    """Equal for all names that could become one on the volume, or one to rclone's comparison."""
    plain = name.replace("‛", "").replace("／", "/").replace("．", ".").replace("␀", "\0")
    return unicodedata.normalize("NFC", plain)
