"""Odd input: whatever ids, queries, forms and bodies come in, the answer is a sentence and never a failure of ours.

`make trial` sends all of them; every other run one in so many, each role others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from kiosk import people
from kiosk.people import ACTIONS, Actor
from kiosk.web.rights import RIGHTS, SIGNED_IN
from tests.support.cast import Cast
from tests.support.make import Make
from tests.web.conftest import As, Signed

ROLES = ("editor", "community", "head", "leader", "administrator", "inspector", "auditor")
TEMPLATES = Path(people.__file__).with_name("web") / "templates"
NUMBERS = ("0", "1", str(2**31), str(2**63 - 1), str(2**63), str(10**40), "9" * 5000)
WORDS = ("%00", "%ED%A0%80", "a" * 3000, "..%2F..%2Fetc%2Fpasswd", "%F0%9F%8E%89", "%E2%80%AE")
QUERY = ("page", "board", "before", "slide", "q", "state", "limit", "from", "next", "agree", "pass", "code", "b", "unit", "to", "verb",
         "kind", "person", "day", "group", "playlist", "theme")
VALUES = ("", "0", "-1", "1.5", str(2**63), str(10**40), "9" * 5000, "%00", "%ED%A0%80", "٣", "²", "1:%00", "1:" + "9" * 30, f"{10**30}:x",
          "a" * 3000, "%E2%80%AE%F0%9F%8E%89", "0001-01-01", "9999-12-31T23:59:59", "2099-12-31", "2.29", "//evil.example", "NaN", "[]")
BODIES = ("", "null", "[]", "0", '"x"', "{}", "{", "\ufeff{}", "[" * 900, "[" * 100_000, '{"a": "' + "\\ud800" + '"}', "NaN",
          '{"a": 1e999}', '{"__proto__": {}}')
THINGS = (None, True, -1, 0, 1, 2**31, 2**63, 10**40, 1e308, float("nan"), float("inf"), "", "\0", "\ud800", "x" * 3000, "9" * 5000, [],
          [None], [[]], [2**63], [1, 1], [{}], {}, {"": ""}, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
          "2026-02-30T00:00:00Z")
NOTICE = {"lead": "停水", "blocks": [{"type": "points", "numbered": True, "items": ["一"]}, {"type": "text", "text": "二"}],
          "strip": {"text": "三", "phone": "四"}, "side": "五"}
SHARE = 61
LEAVES = {"people.sign_out"}  # who is out meets nothing any more


class Faults:
    """Answers that are failures of ours, told all at once."""

    def __init__(self, caplog: pytest.LogCaptureFixture, share: int, first: int) -> None:
        self._log, self._share, self._count = caplog, share, -first
        self.found: dict[str, str] = {}

    def see(self, client: Any, method: str, path: str, **more: Any) -> None:
        self._count += 1
        if self._count % self._share:
            return
        self._log.clear()
        try:
            answer = client.open(path, method=method, **more)
        except UnicodeError as error:
            if "surrogates not allowed" not in str(error):  # the test's own client cannot send it
                raise
            return
        except Exception as error:
            self._note(method, path, more, f"{type(error).__name__}: {error}")
            return
        if answer.status_code >= 500 and answer.status_code != 503:
            causes = [f"{record.exc_info[0].__name__}: {record.exc_info[1]}" for record in self._log.records
                      if record.exc_info and record.exc_info[0]]
            self._note(method, path, more, causes[-1] if causes else str(answer.status_code))

    def _note(self, method: str, path: str, more: dict[str, Any], why: str) -> None:
        sent = more.get("data", "")
        self.found.setdefault(f"{method} {path.split('?')[0][:70]} {why[:160]}", f"{path[:200]} {str(sent)[:300]}")

    def none(self) -> None:
        assert not self.found, "\n".join(f"{fault}\n      {sent}" for fault, sent in self.found.items())


@pytest.fixture(params=[pytest.param(1, marks=pytest.mark.trial), SHARE], ids=["all", "some"])
def faults(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Faults:
    role = request.node.callspec.params.get("role", ROLES[0])
    return Faults(caplog, request.param, ROLES.index(role) * SHARE // len(ROLES))


@pytest.fixture
def office(session: Session, cast: Cast, make: Make) -> None:
    """Something of each kind, all with the number 1, so that odd input reaches beyond `not found`."""
    shown, waiting = make.slide(state="approved"), make.slide(state="submitted")
    board = make.board(token="kb_known")
    make.playlist([shown, waiting], boards=[board])
    session.commit()


def _may(app: Flask, rule: Rule, who: Actor) -> bool:
    right = RIGHTS.get(rule.endpoint)
    return right is None or right.action == SIGNED_IN or bool(who.roles & ACTIONS[right.action])


def _rules(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule in app.url_map.iter_rules() if rule.endpoint not in LEAVES
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]


def _paths(rule: Rule) -> Iterator[str]:
    """The route with each odd word in each of its places, the others being plain."""
    names = list(rule._converters)
    plain = {name: "1" if "Integer" in type(rule._converters[name]).__name__ else "zhengwu" for name in names}
    yield _filled(rule, plain)
    for name in names:
        for odd in NUMBERS if plain[name] == "1" else (*NUMBERS, *WORDS):
            yield _filled(rule, {**plain, name: odd})


def _filled(rule: Rule, words: dict[str, str]) -> str:
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found: words[found[1]], rule.rule)


def _fields() -> list[str]:
    """Every name that a form of ours has."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    plain = re.findall(r'name="([a-z_]+)"', text)
    made = re.findall(r"ui\.(?:field|select|check|area|text)\w*\('([a-z_]+)'", text)
    return sorted({*plain, *made, "dates", "agree"} - {"csrf_token"})


@pytest.mark.parametrize("role", ROLES)
def test_no_address_and_no_query_makes_us_fail(role: str, app: Flask, browser: Signed, cast: Cast, office: None, faults: Faults) -> None:
    who: Actor = getattr(cast, role)
    client = browser(who).client
    for rule, method in _rules(app):
        if method != "GET" or not _may(app, rule, who):
            continue
        for path in _paths(rule):
            faults.see(client, "GET", path)
        if role in ("editor", "leader", "administrator"):
            for at, name in enumerate(QUERY):
                for value in VALUES[at % 2::2]:
                    faults.see(client, "GET", f"{_filled_plain(rule)}?{name}={value}")
    faults.none()


def _filled_plain(rule: Rule) -> str:
    return next(_paths(rule))


@pytest.mark.parametrize("role", ["editor", "leader", "administrator"])
def test_no_form_makes_us_fail(role: str, app: Flask, browser: Signed, cast: Cast, office: None, faults: Faults) -> None:
    who: Actor = getattr(cast, role)
    page, fields, token = browser(who), _fields(), ""
    for rule, method in _rules(app):
        if method == "GET" or not rule.rule.startswith(("/staff", "/setup")) or not _may(app, rule, who):
            continue
        if page.get("/staff/me").status_code != 200:
            page, token = browser(who), ""
        token = token or page.csrf()
        headers = {"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"}
        for path in _paths(rule):
            faults.see(page.client, method, path, data="", headers=headers)
        for at, value in enumerate(VALUES):
            form = "&".join(f"{name}={value if (number + at) % 3 else ''}" for number, name in enumerate(fields))
            faults.see(page.client, method, _filled_plain(rule), data=form, headers=headers)
            faults.see(page.client, method, _filled_plain(rule), data="&".join(f"{name}={value}" for name in fields), headers=headers)
        faults.see(page.client, method, _filled_plain(rule), data="{", headers={**headers, "Content-Type": "application/json"})
        faults.see(page.client, method, _filled_plain(rule), data=b"--x\r\nnonsense", headers={
            **headers, "Content-Type": "multipart/form-data; boundary=x"})
    faults.none()


@pytest.mark.parametrize("role", ["editor", "leader", "administrator"])
def test_no_body_of_a_program_makes_us_fail(role: str, app: Flask, as_program: As, cast: Cast, office: None, faults: Faults) -> None:
    who: Actor = getattr(cast, role)
    program, schemas = as_program(who), _bodies(app)
    headers = {**program.headers, "Content-Type": "application/json", "Tus-Resumable": "1.0.0"}
    for rule, method in _rules(app):
        if method == "GET" or not rule.rule.startswith("/api") or not _may(app, rule, who):
            continue
        for path in _paths(rule):
            faults.see(program.client, method, path, data="{}", headers=headers)
        for body in (*BODIES, *_odd(schemas.get((rule.rule, method)))):
            faults.see(program.client, method, _filled_plain(rule), data=body.encode("utf-8", "surrogatepass"), headers=headers)
        for name in ("Upload-Length", "Upload-Offset", "Upload-Metadata", "Upload-Checksum", "Content-Length", "Range"):
            for value in ("", "-1", "9" * 5000, "9" * 15, "²", "filename =,", "sha1 x", "filename AA==,unit OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
                faults.see(program.client, method, _filled_plain(rule), data="", headers={
                    **headers, "Upload-Length": "9", "Content-Type": "application/offset+octet-stream", name: value})
    faults.none()


def test_no_board_makes_us_fail(app: Flask, cast: Cast, office: None, faults: Faults) -> None:
    client = app.test_client()
    headers = {"Authorization": "Bearer kb_known", "Content-Type": "application/json"}
    names = ("edition", "ref_version", "item", "at", "skew_ms", "storage", "memory", "errors", "release", "cause", "done", "screen",
             "relay", "batch", "plays")
    play = {"slide": 1, "revision": 1, "page": 1, "from": "2026-11-23T04:00:00Z", "to": "2026-11-23T04:00:10Z"}
    screen = {"w": 1920, "h": 1080, "dpr": 1}
    for path in ("/board/heartbeat", "/board/plays", "/board/pairings", "/board/identity"):
        for body in BODIES:
            faults.see(client, "POST", path, data=body.encode(), headers=headers)
        for thing in THINGS:
            told = [{name: thing} for name in names] + [{name: thing for name in names}]
            told += [{"batch": "b", "plays": [{**play, name: thing}]} for name in play]
            told += [{"screen": {**screen, name: thing}} for name in screen]
            for body in told:
                faults.see(client, "POST", path, data=json.dumps(body).encode("utf-8", "surrogatepass"), headers=headers)
    for path in ("/board/ref", "/board/pairing", "/board/live", "/board", "/objects/x", f"/objects/{'a' * 64}"):
        for value in VALUES:
            faults.see(client, "GET", f"{path}?b={value}")
            faults.see(client, "GET", path, headers={"Authorization": f"Bearer {value}"})
            faults.see(client, "GET", path, headers={**headers, "If-None-Match": value, "Range": f"bytes={value}-"})
    faults.none()


def _bodies(app: Flask) -> dict[tuple[str, str], Any]:
    """The schema of each call's body, from the API's own document."""
    told = app.test_client().get("/api/v1/openapi.json").get_json()
    paths = {re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule): rule.rule for rule in app.url_map.iter_rules()}
    return {(paths[path], method.upper()): call["requestBody"]["content"]["application/json"]["schema"]
            for path, calls in told["paths"].items() for method, call in calls.items()
            if "application/json" in call.get("requestBody", {}).get("content", {})}


def _odd(schema: Any) -> Iterator[str]:
    """Bodies that are right but for one field, however deep."""
    if schema is None:
        return
    right = _right(schema)
    for odd in _spoilt(right):
        yield json.dumps(odd)


def _right(schema: Any, name: str = "") -> Any:
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {each: _right(inner, each) for each, inner in schema.get("properties", {}).items()} or (NOTICE if name == "data" else {})
    if kind == "array":
        return [_right(schema["items"])]
    plain = {"string": "通知", "integer": 1, "number": 10, "boolean": False, "null": None}
    return "2026-12-01T00:00:00Z" if schema.get("format") else plain[kind]


def _spoilt(right: Any) -> Iterator[Any]:
    yield right
    if isinstance(right, dict):
        for name, value in right.items():
            yield from ({**right, name: odd} for odd in THINGS)
            yield from ({**right, name: odd} for odd in _spoilt(value) if isinstance(value, dict | list))
            yield {each: kept for each, kept in right.items() if each != name}
    elif isinstance(right, list):
        for at, value in enumerate(right):
            yield from ([*right[:at], odd, *right[at + 1:]] for odd in _spoilt(value) if isinstance(value, dict | list))


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example/", "/staff/\\evil", "/staff/today\r\nX: y", "/staff/\t/evil",
                                  "javascript:alert(1)"])
def test_no_next_page_leads_away_or_breaks_the_answer(browser: Signed, cast: Cast, page: str) -> None:
    answer = browser(cast.editor).post("/staff/language", {"language": "zh", "next": page})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/")
