"""A careful user of Google's tokens, and some with one mistake each."""

import datetime
import urllib.parse

SCOPE = "https://www.googleapis.com/auth/drive.readonly"
WIDER = "https://www.googleapis.com/auth/drive"


class Stopped(Exception):
    """No token, and the reason for a person to read."""


class Session:
    margin_s = 60  # refreshed that long before it ends

    def __init__(self, drive, refresh_token="rt"):
        self.drive = drive
        self.refresh_token = refresh_token
        self.access = None
        self.ends = 0
        self.refreshes = 0
        self.warnings = []
        self.answers = []
        self.diagnosis = None

    def now(self):
        """Seconds on the emulator's clock, which stories move."""
        stamp = self.drive.control("tokens", {})["now"]
        return datetime.datetime.fromisoformat(stamp[:-1]).timestamp()

    def refresh(self):
        self.refreshes += 1
        answer = self.drive.token(grant_type="refresh_token", client_id="cid",
                                  client_secret="sec", refresh_token=self.refresh_token)
        if answer.status != 200:
            raise Stopped(self.diagnose(answer.status, answer.json))
        granted = answer.json
        self.check_scope(granted["scope"].split())
        self.note_end(granted)
        self.access = granted["access_token"]
        self.ends = self.now() + self.lifetime(granted)

    def diagnose(self, status, body):
        if body["error"] == "invalid_grant" and body.get("error_subtype") == "invalid_rapt":
            return "reauthenticate"
        return {"invalid_grant": "authorize again", "deleted_client": "make a new client",
                "admin_policy_enforced": "ask the administrator"}.get(body["error"], "configure")

    def check_scope(self, scopes):
        if SCOPE not in scopes and WIDER not in scopes:
            raise Stopped("scope missing")
        if WIDER in scopes:
            self.warnings.append("wider scope")

    def note_end(self, granted):
        if "refresh_token_expires_in" in granted:
            self.warnings.append("the refresh token ends")

    def lifetime(self, granted):
        return granted["expires_in"]

    def call(self, path="files/A"):
        """One request of Drive's; its status is noted."""
        try:
            if self.access is None or self.now() >= self.ends - self.margin_s:
                self.refresh()
            status = self.ask(path)
            if status == 401:
                status = self.again(path)
        except Stopped as stopped:
            self.diagnosis = stopped.args[0]
            return
        self.answers.append(status)

    def ask(self, path):
        return self.drive.get(path, {"Authorization": "Bearer " + self.access}).status

    def again(self, path):
        self.refresh()
        return self.ask(path)


def authorize(drive):
    """A refresh token of its own, by the browser's way."""
    redirect = "http://127.0.0.1:1/"
    sent = drive.request("GET", "/o/oauth2/v2/auth?" + urllib.parse.urlencode(
        {"client_id": "cid", "redirect_uri": redirect, "response_type": "code"}))
    code = dict(urllib.parse.parse_qsl(sent.headers["location"].split("?")[1]))["code"]
    return drive.token(grant_type="authorization_code", code=code, redirect_uri=redirect,
                       client_id="cid", client_secret="sec").json["refresh_token"]


class AssumesAnHour(Session):
    def lifetime(self, granted):
        return 3600

    def again(self, path):
        return 401


class NeverRefreshesOn401(Session):
    def again(self, path):
        return 401


class TriesForEver(Session):
    """Takes each refusal for one that passes; here until it is clear that it would go on."""

    def refresh(self):
        for attempt in range(20):
            try:
                super().refresh()
                return
            except Stopped:
                if attempt == 19:
                    raise


class LumpsRefusalsTogether(Session):
    def diagnose(self, status, body):
        return "authorize again" if status == 400 else "configure"


class NeverLooksAtTheScope(Session):
    def check_scope(self, scopes):
        pass


class NeverLooksAtTheEnd(Session):
    def note_end(self, granted):
        pass


class AuthorizesEachTime(Session):
    """Leaves a refresh token behind at each run."""

    def refresh(self):
        self.refresh_token = authorize(self.drive)
        super().refresh()
