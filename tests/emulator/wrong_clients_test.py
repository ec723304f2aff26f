"""Each way in which Drive surprises: a client with one mistake gets it wrong, a careful one does not,
and where Drive did not surprise, the mistake would not show."""

import typing
import unittest

import wrong_clients as wrong
from harness import EmulatorCase
from mirror_client import Mirror, truth

SPEC = {
    "items": [
        {"id": "UPPER", "name": "CLAUDE", "folder": True},
        {"id": "ROOT", "name": "claude", "folder": True, "children": [
            {"id": "F1", "name": "one", "folder": True, "children": [
                {"id": "A", "name": "a.txt", "content": "aaaa"},
                {"id": "B", "name": "b.txt", "content": "bbbb"},
                {"id": "E", "name": "e.txt", "content": ""}]},
            {"id": "F2", "name": "two", "folder": True, "children": [
                {"id": "C", "name": "c.txt", "content": "cccc"},
                {"id": "D", "name": "d.txt", "content": "dddd"}]},
            {"id": "P", "name": "photo.jpg", "size": 5000, "photos": True},
            {"id": "G", "name": "Notes", "document": "document", "content": "notes"},
            {"id": "LINK", "name": "link", "target": "FAR"},
            {"id": "KEY", "name": "key.txt", "content": "k", "owned": False,
             "resourceKey": "0-secret"},
            {"id": "THEIRS", "name": "theirs.txt", "content": "t", "owned": False}]},
        {"id": "OUT", "name": "outside", "folder": True, "children": [
            {"id": "FAR", "name": "far.txt", "content": "far"},
            {"id": "FARTHER", "name": "farther", "folder": True, "children": [
                {"id": "Q", "name": "q.txt", "content": "q"}]}]},
        {"id": "SHARED", "name": "shared", "folder": True, "owned": False, "sharedWithMe": True,
         "parent": "NOBODY", "children": [
             {"id": "S", "name": "s.txt", "content": "s", "owned": False}]}],
    "drives": [{"id": "0ADrive", "name": "Team", "items": [
        {"id": "TDIR", "name": "dir", "folder": True, "children": [
            {"id": "TEAM", "name": "team.txt", "content": "t"}]}]}],
}
for item in SPEC["items"][1]["children"]:
    if item["id"] == "LINK":
        item.update({"targetId": "FAR", "targetMime": "text/plain"})


class Case(typing.NamedTuple):
    """`story` gets the emulator, the client, and a function that sets the switch. What it gives back
    is what `outcome` of the client should be; nothing for what Drive holds in the end."""
    switch: str
    client: type
    story: typing.Callable
    value: int = 1
    off: typing.Optional[int] = 0  # where the mistake does not show; None if it always does
    outcome: typing.Callable = Mirror.result
    base: dict = {}
    root: tuple = ("ROOT",)


CASES = []


def case(switch, client, **more):
    def note(story):
        CASES.append(Case(switch, client, story, **more))
        return story
    return note


def at_third_page(client, act):
    """Let something happen once, when the client has read two pages of its folder."""
    acts = iter([lambda: None, act])
    client.between_pages = lambda: next(acts, lambda: None)()


# The feed of changes.


@case("feed-collapses-entries", wrong.ReplaysEntries, outcome=lambda client: {
    name: i for name, i in client.names().items() if i in "AB"})
def swap(drive, client, on):
    on()
    client.full()
    for item, name in (("A", "x"), ("B", "a.txt"), ("A", "b.txt")):
        drive.edit("rename", id=item, name=name)
    client.follow()
    return {"a.txt": "B", "b.txt": "A"}


@case("folder-move-emits-one-entry", wrong.WaitsForEntriesBelow)
def folder_moves(drive, client, on):
    on()
    client.full()
    client.result()
    drive.edit("move", id="F1", to="F2")
    client.follow()


@case("folder-move-emits-one-entry", wrong.DoesNotLookIntoArrivals)
def folder_arrives(drive, client, on):
    on()
    client.full()
    drive.edit("move", id="FARTHER", to="ROOT")
    client.follow()


@case("folder-move-emits-one-entry", wrong.DoesNotLookIntoArrivals)
def folder_leaves_the_trash(drive, client, on):
    on()
    drive.edit("trash", id="F1")
    client.full()
    drive.edit("untrash", id="F1")
    client.follow()


@case("move-keeps-modified-time", wrong.PollsByTime)
def file_arrives(drive, client, on):
    on()
    client.full()
    drive.control("tokens", {"advance_s": 2})
    drive.edit("move", id="Q", to="ROOT")
    client.follow()


@case("shortcut-ignores-target", wrong.WatchesOnlyTheShortcut)
def target_changes(drive, client, on):
    on()
    client.full()
    drive.edit("update", id="FAR", content="other")
    client.follow()


@case("removed-on-lost-access", wrong.BuriesForEver)
def access_comes_back(drive, client, on):
    on()
    client.full()
    drive.edit("revoke", id="A")
    client.follow()
    drive.edit("grant", id="A")
    client.follow()


@case("corpus-move-is-removal", wrong.TrustsRemoved, outcome=lambda client: client.fates)
def moves_to_another_drive(drive, client, on):
    on()
    client.full()
    drive.edit("move", id="A", to="TDIR")
    client.follow()
    return {"A": "moved"}


@case("feed-noise", wrong.TakesEntriesForNews, outcome=lambda client: client.downloads)
def nobody_changes_anything(drive, client, on):
    on()
    client.full()
    client.follow()
    client.downloads = 0
    client.follow()
    client.follow()
    return 0


@case("feed-repeats-entry", wrong.CountsEntries, outcome=lambda client: client.news)
def four_files_change(drive, client, on):
    on()
    client.full()
    client.page_size = 2
    for item in "ABCD":
        drive.edit("update", id=item, content="new " + item)
    client.follow()
    return 4


@case("feed-newest-first", wrong.LooksUpParentsWhileReading)
def folder_and_child_are_new(drive, client, on):
    on()
    client.full()
    folder = drive.edit("create", name="new", folder=True, parent="ROOT")
    drive.edit("create", name="child.txt", content="x", parent=folder)
    client.follow()


@case("feed-drops-percent", wrong.TrustsTheFeedAlone, value=50)
def many_files_are_new(drive, client, on):
    on()
    client.full()
    for number in range(20):
        drive.edit("create", name=f"n{number}", content=str(number), parent="F1")
    client.follow()
    client.full()


@case("feed-token-life-ms", wrong.TakesRefusedTokensForNoNews, value=1000)
@case("feed-token-gone", wrong.KnowsNo410, base={"feed-token-life-ms": 1000})
def long_pause(drive, client, on):
    on()
    client.full()
    drive.edit("update", id="A", content="new")
    drive.control("tokens", {"advance_s": 60})
    client.follow()


@case("user-feed-misses-shared-drives", wrong.ReadsItsOwnFeed, root=("TDIR", "0ADrive"))
def shared_drive_changes(drive, client, on):
    on()
    client.full()
    drive.edit("update", id="TEAM", content="new")
    client.follow()


@case(None, wrong.RestrictsToMyDrive, root=("SHARED",), off=None)
def shared_file_changes(drive, client, on):
    client.full()
    drive.edit("update", id="S", content="new")
    client.follow()


@case(None, wrong.TakesTheTokenAfterwards, off=None)
def changes_while_it_lists(drive, client, on):
    client.page_size = 2
    at_third_page(client, lambda: drive.edit("rename", id="P", name="other.jpg"))
    client.full()
    client.follow()


# Lists.


@case("or-parents-loses-items", wrong.GroupsParents)
@case("corpus-misses-others", wrong.ListsTheAccountFlat)
@case("empty-middle-page", wrong.StopsAtAnEmptyPage)
@case("short-pages", wrong.StopsAtAShortPage)
@case(None, wrong.ForgetsTheLastPage, off=None)
def first_run(drive, client, on):
    on()
    client.full()


@case("list-shifts", wrong.TrustsAbsence)
def one_goes_while_it_lists(drive, client, on):
    client.full()
    on()
    client.page_size = 2
    at_third_page(client, lambda: drive.edit("move", id="F1", to="OUT"))
    client.full()
    client.follow()


@case("list-loses-items", wrong.TrustsAbsence)
@case("incomplete-search", wrong.IgnoresIncompleteSearch)
def second_run(drive, client, on):
    client.full()
    on()
    client.full()


@case("list-lag-ms", wrong.TrustsAbsence, value=3_600_000)
def new_file_and_full_list(drive, client, on):
    on()
    drive.control("tokens", {"advance_s": 3601})
    client.full()
    drive.edit("create", name="fresh.txt", content="x", parent="F1")
    client.follow()
    client.full()


@case("get-lag-ms", wrong.TakesOne404ForGood, value=60_000)
def listed_before_it_can_be_read(drive, client, on):
    on()
    client.full()
    drive.edit("create", name="fresh.txt", content="x", parent="F1", md5=None)
    client.full()
    drive.control("tokens", {"advance_s": 61})
    client.full()


@case("list-token-life-ms", wrong.TakesRefusedTokensForTheEnd, value=60_000)
def slow_reader(drive, client, on):
    on()
    client.full()
    client.page_size = 2
    waits = iter([61])
    client.between_pages = lambda: [client.wait(seconds) for seconds in waits]
    client.full()


@case("root-trashed-lists-empty", wrong.NeverLooksAtTheRoot)
def root_is_trashed(drive, client, on):
    on()
    client.full()
    before = client.result()
    drive.edit("trash", id="ROOT")
    client.full()
    return before


@case("missing-parent-lists-empty", wrong.NeverLooksAtTheRoot)
def root_is_deleted(drive, client, on):
    on()
    client.full()
    before = client.result()
    drive.edit("delete", id="ROOT")
    client.full()
    return before


@case("trashed-hidden-from-non-owner", wrong.LooksForDeletedOnesInTheTrash)
def their_owner_trashes_it(drive, client, on):
    on()
    client.full()
    drive.edit("trash", id="THEIRS")
    client.full()


@case("hidden-parent-missing", wrong.CountsOnParents)
def an_orphan_appears(drive, client, on):
    on()
    client.full()
    drive.edit("create", name="orphan", content="x", parent="NOWHERE")
    client.follow()


@case("name-query-ignores-case", wrong.TakesTheFirstHit,
      outcome=lambda client: client.resolve("claude"))
def looks_for_its_folder(drive, client, on):
    on()
    return "ROOT"


@case("resource-key-404", wrong.ForgetsResourceKeys)
def locked_file(drive, client, on):
    on()
    client.full()


@case("shortcut-target-stale", wrong.BelievesTheShortcut)
def target_becomes_another_type(drive, client, on):
    on()
    link = drive.edit("create", name="late", target="FAR", parent="ROOT",
                      targetMime="application/vnd.google-apps.document")
    client.full()
    drive.control("tree", {"op": "set", "id": link})


# Content.


@case("doc-has-size", wrong.TakesSizeForContent)
@case("sha-missing", wrong.InsistsOnSha256)
@case("md5-missing", wrong.TakesAMissingMd5ForADocument)
@case("md5-wrong-for-photos", wrong.InsistsOnTheChecksum)
@case("media-chunked", wrong.NeedsContentLength)
@case("media-cut-bytes", wrong.TakesTheEndForTheWhole, value=2000, base={"media-chunked": 2})
def everything_is_fetched(drive, client, on):
    on()
    client.full()


@case("content-changes-before-media", wrong.KeepsItsFirstMetadata)
def first_file_changes_under_its_reader(drive, client, on):
    drive.edit("set", id="P", photos=False)
    on()
    client.full()


@case("range-ignored", wrong.AppendsWhateverComes)
def a_download_breaks_off(drive, client, on):
    on()
    drive.fault({"path": "files/P", "label": "files.media", "nth": 1}, {"cut_after": 1000})
    client.full()


@case("exports-have-no-range", wrong.ResumesExports)
def an_export_breaks_off(drive, client, on):
    drive.switch(export_bytes_vary=0)
    on()
    drive.fault({"label": "files.export", "nth": 1}, {"cut_after": 500})
    client.full()


@case("export-bytes-vary", wrong.ComparesExports, outcome=lambda client: client.updates)
def the_document_stays(drive, client, on):
    on()
    client.full()
    client.full()
    return 0


@case("export-limit-bytes", wrong.KnowsNoExportLinks, value=10_000_000, off=10**9)
def large_document(drive, client, on):
    on()
    drive.edit("create", name="Large", document="document", content="much",
               exportPadding=11_000_000, parent="ROOT")
    client.full()


@case("export-link-login-page", wrong.SavesAnyExport)
def large_document_behind_a_login(drive, client, on):
    drive.switch(export_limit_bytes=100)
    behind_login = on()
    client.full()
    expected = truth(drive)
    return {path: data for path, data in expected.items() if path != "Notes" or not behind_login}


@case("html-media", wrong.SavesAnyBytes)
def login_page_for_bytes(drive, client, on):
    client.full()
    before = client.result()
    behind_login = on()
    drive.edit("create", name="new.txt", content="new", parent="ROOT")
    client.full()
    return before if behind_login else None


# Errors and quotas.


@case("rate-limit-per-s", wrong.GivesUpAtOnce, value=2)
@case("rate-as-403", wrong.TakesEach403ForForbidden, base={"rate-limit-per-s": 2})
@case("retry-after-s", wrong.WaitsASecondEachTime, value=30, base={"rate-limit-per-s": 2})
@case("quota-units-per-min", wrong.WaitsASecondEachTime, value=1000)
def a_run_within_limits(drive, client, on):
    now = drive.control("tokens", {})["now"]
    client.wait(61 - int(now[17:19]))  # from the beginning of a minute
    on()
    client.full()


@case("html-errors", wrong.ReadsEachErrorAsJson)
def a_missing_item_is_confirmed(drive, client, on):
    client.full()
    on()
    drive.edit("delete", id="A")
    client.full()


@case("html-200", wrong.TakesNoFilesForAnEmptyFolder)
def lists_become_login_pages(drive, client, on):
    client.full()
    on()
    client.full()


class WrongClients(EmulatorCase):
    spec = SPEC

    def play(self, chosen, client_type, value):
        """Whether the client came out right, and how it did not."""
        drive = self.start("--open", spec=SPEC)
        drive.control("switches", chosen.base)
        client = client_type(drive, *chosen.root)

        def set_switch():
            if chosen.switch is not None:
                drive.control("switches", {chosen.switch: value})
            return value
        try:
            expected = chosen.story(drive, client, set_switch)
            found = chosen.outcome(client)
            if expected is None:
                expected = truth(drive, chosen.root[0])
        except (KeyError, ValueError, LookupError) as error:
            if client_type is Mirror:
                raise
            return False, repr(error)
        finally:
            drive.stop()
        return found == expected, {"found": found, "expected": expected}

    def test_each_fails_where_a_careful_one_succeeds(self):
        for chosen in CASES:
            with self.subTest(switch=chosen.switch, client=chosen.client.__name__,
                              story=chosen.story.__name__):
                right, how = self.play(chosen, Mirror, chosen.value)
                self.assertTrue(right, how)
                right, how = self.play(chosen, chosen.client, chosen.value)
                self.assertFalse(right, how)
                if chosen.off is not None:
                    right, how = self.play(chosen, chosen.client, chosen.off)
                    self.assertTrue(right, how)


if __name__ == "__main__":
    unittest.main()
