"""Mirrors with one mistake each: the kind that lost somebody's files, or never ended."""

import http.client

from harness import FOLDER
from mirror_client import DOCX, FIELDS, Mirror, Refused, Unreadable, document_text

# The feed of changes.


class WaitsForEntriesBelow(Mirror):
    """Knows each file by its path, which only an entry of its own changes."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.paths = {}

    def digest(self, entries):
        for entry in entries:
            self.paths.pop(entry["fileId"], None)
        return super().digest(entries)

    def path(self, item):
        return self.paths.setdefault(item["id"], super().path(item))


class DoesNotLookIntoArrivals(Mirror):
    def subtree(self, folder):
        return {}


class BuriesForEver(Mirror):
    """An id that was removed once is never let in again."""

    def digest(self, entries):
        return {item_id: entry for item_id, entry in super().digest(entries).items()
                if item_id not in self.fates}


class TrustsRemoved(Mirror):
    def removed(self, item_id):
        self.fates[item_id] = "deleted"
        del self.known[item_id]


class TakesEntriesForNews(Mirror):
    """Whatever has another version has other bytes."""

    def content_key(self, item):
        return item["version"]


class CountsEntries(Mirror):
    def digest(self, entries):
        self.news += len(entries)
        latest = super().digest(entries)
        self.news -= len(latest)
        return latest


class LooksUpParentsWhileReading(DoesNotLookIntoArrivals):
    def digest(self, entries):
        latest, seen = {}, {self.root, *self.known}
        for entry in entries:
            if set(entry.get("file", {}).get("parents", [])) & seen:
                latest[entry["fileId"]] = entry
                seen.add(entry["fileId"])
        return latest


class TrustsTheFeedAlone(Mirror):
    def full(self):
        if self.token is None:
            super().full()
        else:
            self.follow()


class ReadsItsOwnFeed(Mirror):
    def feed_params(self):
        return {"supportsAllDrives": "true"}


class RestrictsToMyDrive(Mirror):
    def feed_params(self):
        return {"supportsAllDrives": "true", "restrictToMyDrive": "true"}


class ReplaysEntries(Mirror):
    """Renames on disk, entry by entry."""

    def follow(self):
        disk = {path: item_id for item_id, path in
                ((item["id"], item["name"]) for item in self.known.values())}
        for entry in self.entries():
            old = next((name for name, i in disk.items() if i == entry["fileId"]), None)
            if old is not None:
                disk[entry["file"]["name"]] = disk.pop(old)
        self.disk = disk

    def names(self):
        return self.disk


class TakesRefusedTokensForNoNews(Mirror):
    refusals = (400, 410)

    def entries(self):
        try:
            return super().entries()
        except Refused as refused:
            if refused.args[0] in self.refusals:
                return []
            raise


class KnowsNo410(TakesRefusedTokensForNoNews):
    refusals = (410,)


class PollsByTime(Mirror):
    """Asks for what was modified since the last time."""

    def full(self):
        super().full()
        self.last = self.drive.control("tokens", {})["now"]

    def entries(self):
        page = self.read("files", q=f"modifiedTime > '{self.last}'", fields=f"files({FIELDS})")
        return [{"fileId": item["id"], "file": item} for item in page["files"]]


class WatchesOnlyTheShortcut(Mirror):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.sources = {}

    def digest(self, entries):
        for entry in entries:
            self.sources.pop(entry["fileId"], None)
        return super().digest(entries)

    def source(self, item):
        if item["id"] not in self.sources:
            self.sources[item["id"]] = super().source(item)
        return self.sources[item["id"]] if "shortcutDetails" in item else item


class TakesTheTokenAfterwards(Mirror):
    """What changes while it lists is in neither."""

    def full(self):
        super().full()
        self.token = self.start_token()


# Lists.


class GroupsParents(Mirror):
    def children(self, folders):
        parents = " or ".join(f"'{folder}' in parents" for folder in folders)
        return self.list(f"({parents}) and trashed = false")


class ListsTheAccountFlat(Mirror):
    def children(self, folders):
        return [item for item in self.list("trashed = false")
                if {*item.get("parents", [])} & {*folders}]


class StopsAtAnEmptyPage(Mirror):
    def is_last(self, page):
        return super().is_last(page) or not page["files"]


class StopsAtAShortPage(Mirror):
    page_size = 2

    def is_last(self, page):
        return super().is_last(page) or len(page["files"]) < self.page_size


class ForgetsTheLastPage(Mirror):
    page_size = 2

    def check_page(self, page):
        if self.is_last(page):
            page["files"] = []


class TrustsAbsence(Mirror):
    """What is in no list is deleted."""

    def drop(self, item_id):
        self.fates[item_id] = "deleted"


class TakesRefusedTokensForTheEnd(TrustsAbsence):
    def page(self, q, token):
        try:
            return super().page(q, token)
        except Refused:
            return {"files": [], "incompleteSearch": False}


class IgnoresIncompleteSearch(TrustsAbsence):
    def check_page(self, page):
        pass


class NeverLooksAtTheRoot(Mirror):
    def check_root(self):
        pass


class LooksForDeletedOnesInTheTrash(Mirror):
    def fate(self, item_id):
        parent = self.known[item_id]["parents"][0]
        trash = self.list(f"'{parent}' in parents and trashed = true")
        return "trashed" if item_id in {item["id"] for item in trash} else None


class TakesTheFirstHit(Mirror):
    def resolve(self, name):
        return self.list(f"name = '{name}' and 'root' in parents and mimeType = '{FOLDER}'")[0][
            "id"]


class ForgetsResourceKeys(Mirror):
    def headers(self, path):
        return {}


class BelievesTheShortcut(Mirror):
    """Does not ask what type the target has by now."""

    def source(self, item):
        source = dict(super().source(item))
        if "shortcutDetails" in item:
            source["mimeType"] = item["shortcutDetails"]["targetMimeType"]
        return source


class CountsOnParents(Mirror):
    def parents(self, item):
        return item["parents"]


class TakesOne404ForGood(Mirror):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.dead = set()

    def patient(self, path, headers=None, **params):
        answer = super().patient(path, headers, **params)
        if answer.status == 404:
            self.dead.add(path.split("/")[1])
        return answer

    def walk(self, folders):
        return {i: item for i, item in super().walk(folders).items() if i not in self.dead}


# Content.


class TakesSizeForContent(Mirror):
    def is_document(self, item):
        return "size" not in item


class InsistsOnSha256(Mirror):
    def fits(self, content, item):
        return "sha256Checksum" in item and super().fits(content, item)


class TakesAMissingMd5ForADocument(Mirror):
    def is_document(self, item):
        return "md5Checksum" not in item


class InsistsOnTheChecksum(Mirror):
    """For ever; here until it is clear that it would be for ever."""

    def download(self, item):
        for _ in range(20):
            try:
                return super().download({**item, "spaces": []})
            except Unreadable:
                item = self.again(item)
        raise Unreadable(item["id"])

    def again(self, item):
        return {**super().again(item), "spaces": []}


class KeepsItsFirstMetadata(Mirror):
    def again(self, item):
        return item


class AppendsWhateverComes(Mirror):
    def joined(self, content, answer):
        return content + answer.body

    def fits(self, content, item):
        return True


class NeedsContentLength(Mirror):
    def bytes_of(self, path, headers, **params):
        answer = super().bytes_of(path, headers, **params)
        if int(answer.headers["content-length"]) != len(answer.body):
            raise Unreadable(path)
        return answer


class TakesTheEndForTheWhole(Mirror):
    def media(self, item):
        return self.bytes_of(f"files/{item['id']}", {}, alt="media").body

    def fits(self, content, item):
        return True


class ResumesExports(Mirror):
    def export(self, item):
        try:
            data = self.patient(f"files/{item['id']}/export", mimeType=DOCX).body
        except http.client.IncompleteRead as error:
            rest = self.patient(f"files/{item['id']}/export", mimeType=DOCX,
                                headers={"Range": f"bytes={len(error.partial)}-"})
            data = error.partial + rest.body
        return document_text(data)


class ComparesExports(Mirror):
    """Exports again at each run, and takes other bytes for a change."""

    def content_key(self, item):
        if not self.is_document(item):
            return super().content_key(item)
        return hash(self.exported(item).body)


class KnowsNoExportLinks(Mirror):
    def exported(self, item):
        answer = self.patient(f"files/{item['id']}/export", mimeType=DOCX)
        if answer.status != 200:
            raise Unreadable(item["id"])
        return answer


class SavesAnyExport(Mirror):
    def is_docx(self, answer):
        return answer.status == 200


class SavesAnyBytes(Mirror):
    def media(self, item):
        return self.bytes_of(f"files/{item['id']}", {}, alt="media").body

    def fits(self, content, item):
        return True


# Errors and quotas.


class GivesUpAtOnce(Mirror):
    def is_temporary(self, answer):
        return False


class TakesEach403ForForbidden(Mirror):
    def is_temporary(self, answer):
        return answer.status == 429 or answer.status >= 500


class WaitsASecondEachTime(Mirror):
    def delay(self, answer, attempt):
        return 1


class ReadsEachErrorAsJson(Mirror):
    def reason(self, answer):
        return answer.reason

    def is_temporary(self, answer):
        return answer.status >= 400 and self.reason(answer) == "backendError"


class TakesNoFilesForAnEmptyFolder(TrustsAbsence):
    """200 is 200."""

    def parse(self, answer):
        try:
            return answer.json
        except ValueError:
            return {"startPageToken": "0"}

    def check_root(self):
        pass

    def check_page(self, page):
        page.setdefault("files", [])
