"""The switches of Google's tokens: a user of them with one mistake fails, a careful one does not. And
every switch of the emulator has such a test, here or in wrong_clients_test.py."""

import pathlib
import re
import typing
import unittest

import sessions
import wrong_clients_test
from harness import EmulatorCase
from sessions import Session

SPEC = {"items": [{"id": "A", "name": "a.txt", "content": "aaaa"}]}
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "emulator.md"


class Case(typing.NamedTuple):
    """What `outcome` of the user is after `story`, with the switch and where it is off."""
    switch: str
    value: int
    off: int
    client: type
    story: typing.Callable
    outcome: typing.Callable
    expected: typing.Any
    expected_off: typing.Any


def calls(count, seconds=0):
    def story(drive, user):
        for _ in range(count):
            user.call()
            drive.control("tokens", {"advance_s": seconds})
    return story


def three_runs_beside_another(drive, user):
    other = Session(drive)
    for _ in range(3):
        user.access = None
        user.call()
    other.call()
    user.answers += other.answers
    user.diagnosis = other.diagnosis


def statuses(user):
    return user.answers


def diagnosis(user):
    return user.diagnosis


CASES = [
    Case("expires-in-s", 300, 7200, sessions.AssumesAnHour, calls(3, seconds=400), statuses,
         [200] * 3, [200] * 3),
    Case("access-token-uses", 3, 0, sessions.NeverRefreshesOn401, calls(6), statuses,
         [200] * 6, [200] * 6),
    Case("invalid-grant", 1, 0, sessions.TriesForEver, calls(1), lambda user: user.refreshes, 1, 1),
    Case("invalid-rapt", 1, 0, sessions.LumpsRefusalsTogether, calls(1), diagnosis,
         "reauthenticate", None),
    Case("deleted-client", 1, 0, sessions.LumpsRefusalsTogether, calls(1), diagnosis,
         "make a new client", None),
    Case("admin-policy-enforced", 1, 0, sessions.LumpsRefusalsTogether, calls(1), diagnosis,
         "ask the administrator", None),
    Case("refresh-tokens-max", 3, 100, sessions.AuthorizesEachTime, three_runs_beside_another,
         statuses, [200] * 4, [200] * 4),
    Case("scope-too-wide", 1, 0, sessions.NeverLooksAtTheScope, calls(1),
         lambda user: user.warnings, ["wider scope"], []),
    Case("scope-missing", 1, 0, sessions.NeverLooksAtTheScope, calls(1), diagnosis,
         "scope missing", None),
    Case("refresh-token-expires-in-s", 604_799, 0, sessions.NeverLooksAtTheEnd, calls(1),
         lambda user: user.warnings, ["the refresh token ends"], []),
]


class WrongSessions(EmulatorCase):
    def play(self, chosen, client, value):
        drive = self.start("--client-id", "cid", "--client-secret", "sec", "--refresh-token", "rt",
                           spec=SPEC)
        drive.control("switches", {chosen.switch: value})
        user = client(drive)
        chosen.story(drive, user)
        drive.stop()
        return chosen.outcome(user)

    def test_each_fails_where_a_careful_one_succeeds(self):
        for chosen in CASES:
            with self.subTest(switch=chosen.switch, client=chosen.client.__name__):
                self.assertEqual(self.play(chosen, Session, chosen.value), chosen.expected)
                self.assertNotEqual(self.play(chosen, chosen.client, chosen.value),
                                    chosen.expected)
                self.assertEqual(self.play(chosen, chosen.client, chosen.off),
                                 chosen.expected_off)


class EverySwitch(EmulatorCase):
    def test_has_a_client_that_fails_by_it(self):
        tested = {chosen.switch for chosen in CASES + wrong_clients_test.CASES} - {None}
        self.assertEqual(set(self.drive.control("switches")), tested)

    def test_stands_in_the_documents_table_with_that_client(self):
        rows = re.findall(r"^\| `([a-z0-9-]+)` \|.*\| `(\w+)` \|$", DOCUMENT.read_text(),
                          re.MULTILINE)
        tested = {(chosen.switch, chosen.client.__name__)
                  for chosen in CASES + wrong_clients_test.CASES if chosen.switch}
        self.assertEqual(set(rows), tested)


if __name__ == "__main__":
    unittest.main()
