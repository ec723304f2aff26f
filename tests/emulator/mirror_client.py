"""A careful mirror of one Drive folder, in memory: all that a client has to mind to be right, and no
more. wrong_clients.py has the same with one mistake each."""

import hashlib
import http.client
import io
import zipfile

from harness import FOLDER, SHORTCUT, Answer

GOOGLE = "application/vnd.google-apps."
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FIELDS = ("id,name,mimeType,parents,trashed,size,md5Checksum,sha256Checksum,modifiedTime,version,"
          "spaces,shortcutDetails,exportLinks,resourceKey")
RATE_REASONS = ("userRateLimitExceeded", "rateLimitExceeded")
TRIES = 8


class Doubt(Exception):
    """What was read cannot be trusted: nothing may follow from it."""


class Refused(Exception):
    """A page token that is no longer good."""


class Unreadable(Exception):
    """The bytes of one item cannot be had, now or ever."""


class Mirror:
    page_size = 1000

    def __init__(self, drive, root="ROOT", drive_id=None):
        self.drive, self.root, self.drive_id = drive, root, drive_id
        self.known = {}   # id -> what Drive told of it, of all that lies below the root
        self.bytes = {}   # id -> (what the bytes depend on, the bytes)
        self.fates = {}   # id -> why it is no longer known
        self.token = None
        self.downloads = self.updates = self.news = 0
        self.between_pages = lambda: None

    # Requests.

    def send(self, path, headers=None, **params):
        return self.drive.get(path, {**self.headers(path), **(headers or {})}, **params)

    def headers(self, path):
        item = self.known.get(path.split("/")[1]) if path.startswith("files/") else None
        key = (item or {}).get("resourceKey")
        return {"X-Goog-Drive-Resource-Keys": f"{item['id']}/{key}"} if key else {}

    def patient(self, path, headers=None, **params):
        for attempt in range(TRIES):
            answer = self.send(path, headers, **params)
            if not self.is_temporary(answer):
                break
            self.wait(self.delay(answer, attempt))
        return answer

    def is_temporary(self, answer):
        return (answer.status == 429 or answer.status >= 500 or
                (answer.status == 403 and self.reason(answer) in RATE_REASONS))

    def reason(self, answer):
        try:
            return answer.reason
        except (ValueError, KeyError):
            return None

    def delay(self, answer, attempt):
        return int(answer.headers.get("retry-after", 2 ** attempt))

    def wait(self, seconds):
        self.drive.control("tokens", {"advance_s": seconds})

    def read(self, path, **params):
        """An answer that is what it should be."""
        answer = self.patient(path, **params)
        if answer.status in (400, 410) and "pageToken" in params:
            raise Refused(answer.status)
        return self.parse(answer)

    def parse(self, answer):
        if answer.status != 200 or not answer.headers["content-type"].startswith(
                "application/json"):
            raise Doubt(f"{answer.status} {answer.headers['content-type']}")
        return answer.json

    def everywhere(self):
        return {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}

    # Lists.

    def list(self, q):
        for _ in range(3):
            try:
                return self.pages(q)
            except Refused:
                continue  # from the first page on
        raise Doubt("the list never came to its end")

    def pages(self, q):
        files, token = [], {}
        while True:
            page = self.page(q, token)
            self.check_page(page)
            files += page["files"]
            if self.is_last(page):
                return files
            token = {"pageToken": page["nextPageToken"]}
            self.between_pages()

    def page(self, q, token):
        return self.read("files", q=q, pageSize=self.page_size, **self.everywhere(), **token,
                         fields=f"nextPageToken,incompleteSearch,files({FIELDS})")

    def check_page(self, page):
        if page["incompleteSearch"]:
            raise Doubt("incompleteSearch")

    def is_last(self, page):
        return "nextPageToken" not in page

    def children(self, folders):
        return [item for folder in folders
                for item in self.list(f"'{folder}' in parents and trashed = false")]

    def walk(self, folders):
        found = {}
        while folders:
            items = [item for item in self.children(folders) if item["id"] not in found]
            found.update({item["id"]: item for item in items})
            folders = [item["id"] for item in items if item["mimeType"] == FOLDER]
        return found

    def resolve(self, name):
        hits = self.list(f"name = '{name}' and 'root' in parents and mimeType = '{FOLDER}'")
        return [item["id"] for item in hits if item["name"] == name][0]

    # What is gone.

    def check_root(self):
        root = self.patient(f"files/{self.root}", fields="id,trashed,mimeType",
                            **self.everywhere())
        if root.status != 200 or root.json["trashed"] or root.json["mimeType"] != FOLDER:
            raise Doubt("the root is gone")

    def fate(self, item_id):
        """Why an item is not in the mirror; None where it is."""
        answer = self.patient(f"files/{item_id}", fields="trashed,parents", **self.everywhere())
        if answer.status == 404:
            return "deleted"
        item = self.parse(answer)
        if item["trashed"]:
            return "trashed"
        inside = {self.root, *self.known}
        return None if set(item.get("parents", [])) & inside else "moved"

    def drop(self, item_id):
        fate = self.fate(item_id)
        if fate is None:
            raise Doubt(f"{item_id} is alive")
        self.fates[item_id] = fate

    # Runs.

    def full(self):
        """One run by a full listing; in doubt it changes nothing."""
        try:
            token = self.start_token()
            self.check_root()
            found = self.walk([self.root])
            for item_id in self.known.keys() - found.keys():
                self.drop(item_id)
            self.known = found
            self.token = token
        except Doubt:
            return
        self.fetch()

    def follow(self):
        """One run by the feed of changes."""
        try:
            entries = self.entries()
        except Refused:
            self.full()
            return
        except Doubt:
            return
        latest = self.digest(entries)
        self.news += len(latest)
        self.take(latest)
        self.fetch()

    def start_token(self):
        return self.read("changes/startPageToken", **self.feed_params())["startPageToken"]

    def feed_params(self):
        return {"supportsAllDrives": "true",
                **({"driveId": self.drive_id} if self.drive_id else {})}

    def entries(self):
        """All entries since the token, which moves on with the last page."""
        found, token = [], self.token
        while True:
            page = self.read("changes", pageToken=token, pageSize=self.page_size,
                             includeItemsFromAllDrives="true", **self.feed_params(),
                             fields="nextPageToken,newStartPageToken,changes(fileId,removed,"
                                    f"file({FIELDS}))")
            found += page["changes"]
            if "newStartPageToken" in page:
                self.token = page["newStartPageToken"]
                return found
            token = page["nextPageToken"]

    def digest(self, entries):
        return {entry["fileId"]: entry for entry in entries}

    def take(self, latest):
        files = {item_id: entry.get("file") for item_id, entry in latest.items()}
        for item_id, item in files.items():
            if item_id in self.known and item is None:
                self.removed(item_id)
        alive = {i: item for i, item in files.items() if item and not item["trashed"]}
        for item_id in files.keys() & self.known.keys():
            if files[item_id] and item_id not in alive:
                self.fates[item_id] = "trashed"
                del self.known[item_id]
        while self.arrivals(alive):
            pass
        self.prune()

    def removed(self, item_id):
        fate = self.fate(item_id)
        if fate is not None:
            self.fates[item_id] = fate
            del self.known[item_id]

    def arrivals(self, alive):
        """Take what lies in a folder of the mirror; folders that are new bring all below them."""
        here = [i for i, item in alive.items()
                if set(self.parents(item)) & {self.root, *self.known} or i in self.known]
        for item_id in here:
            item = alive.pop(item_id)
            is_new = item_id not in self.known
            self.known[item_id] = item
            if is_new and item["mimeType"] == FOLDER:
                self.known.update(self.subtree(item_id))
        return here

    def parents(self, item):
        return item.get("parents", [])

    def subtree(self, folder):
        return self.walk([folder])

    def prune(self):
        """Forget what no longer hangs below the root."""
        outside = True
        while outside:
            inside = {self.root, *self.known}
            outside = [i for i, item in self.known.items()
                       if not set(item.get("parents", [])) & inside]
            for item_id in outside:
                self.fates[item_id] = "moved"
                del self.known[item_id]

    # Bytes.

    def fetch(self):
        for item_id, item in list(self.known.items()):
            if item["mimeType"] == FOLDER:
                continue
            try:
                source = self.source(item)
                key = self.content_key(source)
                if self.bytes.get(item_id, (None,))[0] != key:
                    content, source = self.download(source)
                    self.updates += item_id in self.bytes
                    self.bytes[item_id] = (self.content_key(source), content)
            except Unreadable:
                continue

    def source(self, item):
        """The item whose bytes these are: of a shortcut, its target."""
        if item["mimeType"] != SHORTCUT:
            return item
        return self.metadata(item["shortcutDetails"]["targetId"])

    def metadata(self, item_id):
        answer = self.patient(f"files/{item_id}", fields=FIELDS, **self.everywhere())
        if answer.status != 200:
            raise Unreadable(item_id)
        return answer.json

    def is_document(self, item):
        return item["mimeType"].startswith(GOOGLE)

    def content_key(self, item):
        if self.is_document(item):
            return item["modifiedTime"]
        return item.get("md5Checksum") or (item.get("size"), item["modifiedTime"])

    def download(self, item):
        """The bytes, and what Drive told of the item when they were right."""
        self.downloads += 1
        if self.is_document(item):
            return self.export(item), item
        before = None
        for _ in range(3):
            content = self.media(item)
            if self.fits(content, item):
                return content, item
            if content == before and "photos" in item.get("spaces", []):
                return content, item  # these checksums never fit
            before = content
            item = self.again(item)
        raise Unreadable(item["id"])

    def again(self, item):
        return self.metadata(item["id"])

    def fits(self, content, item):
        if "md5Checksum" in item:
            return hashlib.md5(content).hexdigest() == item["md5Checksum"]
        return len(content) == int(item["size"])

    def media(self, item):
        content = b""
        size = int(item["size"])
        while True:
            headers = {"Range": f"bytes={len(content)}-"} if content else {}
            answer = self.bytes_of(f"files/{item['id']}", headers, alt="media",
                                   **self.everywhere())
            content = self.joined(content, answer)
            if len(content) >= size or not answer.body:
                return content

    def joined(self, content, answer):
        return content + answer.body if answer.status == 206 else answer.body

    def bytes_of(self, path, headers, **params):
        """An answer with bytes, maybe not all of them."""
        try:
            answer = self.patient(path, headers, **params)
        except http.client.IncompleteRead as error:
            return Answer.partial(200 if not headers else 206, error.partial)
        if answer.status not in (200, 206):
            raise Unreadable(f"{path}: {answer.status}")
        return answer

    def export(self, item):
        for _ in range(3):
            answer = self.exported(item)
            if self.is_docx(answer):
                return document_text(answer.body)
        raise Unreadable(item["id"])

    def exported(self, item):
        try:
            answer = self.patient(f"files/{item['id']}/export", mimeType=DOCX)
        except http.client.IncompleteRead as error:
            return Answer.partial(200, error.partial)
        if answer.status == 403 and self.reason(answer) == "exportSizeLimitExceeded":
            link = item["exportLinks"][DOCX].removeprefix(self.drive.url)
            answer = self.drive.request("GET", link)
        if answer.status != 200:
            raise Unreadable(item["id"])
        return answer

    def is_docx(self, answer):
        return answer.headers.get("content-type") == DOCX and is_whole_zip(answer.body)

    # The outcome.

    def path(self, item):
        parent = self.parents(item)[0]
        above = "" if parent == self.root else self.path(self.known[parent]) + "/"
        return above + item["name"]

    def names(self):
        return {item["name"]: item_id for item_id, item in self.known.items()}

    def result(self):
        return {self.path(item): self.bytes[item_id][1] for item_id, item in self.known.items()
                if item_id in self.bytes}


def is_whole_zip(data):
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.infolist()[0].header_offset == 0  # the module forgives bytes in front


def document_text(data):
    """What a document says, since no two exports of it are equal."""
    if not is_whole_zip(data):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("word/document.xml").decode()
    return text.split("<w:t")[1].split(">", 1)[1].split("<")[0].encode()


def truth(drive, root="ROOT"):
    """Path -> bytes of what lies below a folder now, by the control API; all switches go back."""
    drive.control("switches", method="DELETE")
    drive.control("faults", method="DELETE")
    found = {}

    def look(folder, above):
        for child in drive.control(f"tree?id={folder}")["children"]:
            if child["trashed"] or child["hidden"]:
                continue
            path = above + child["name"]
            if child["mimeType"] == FOLDER:
                look(child["id"], path + "/")
            else:
                found[path] = content_of(drive, child)
    look(root, "")
    return found


def content_of(drive, child):
    if child["mimeType"] == SHORTCUT:
        child = drive.control(f"tree?id={child['targetId']}")
    if child["mimeType"].startswith(GOOGLE):
        drive.switch(export_limit_bytes=10**9)
        return document_text(drive.get(f"files/{child['id']}/export", mimeType=DOCX).body)
    drive.switch(resource_key_404=0)
    return drive.get(f"files/{child['id']}", alt="media", supportsAllDrives="true").body

