"""The second language: every sentence of the code is in the English catalogue, and a reader who switches sees nothing else."""

from __future__ import annotations

import ast
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people, schema
from kiosk.app import _Page
from kiosk.base.clock import iso, now
from kiosk.base.errors import Invalid, Problem
from kiosk.base.journal import Entry
from kiosk.base.workdays import Calendar
from kiosk.content import consent, feeds, ingest, review, slides
from kiosk.content.fields import Form, Rows
from kiosk.content.kinds import KINDS
from kiosk.content.render import SLIDES
from kiosk.content.slides import Draft, Slide
from kiosk.content.sniff import Note, Refused, Say
from kiosk.content.sources import Source, feed_of
from kiosk.disclosure import certificates, filing, phrases, records, starter
from kiosk.disclosure.deadlines import Trigger
from kiosk.disclosure.deliveries import Address, Channel
from kiosk.disclosure.filing import Told
from kiosk.disclosure.topics import CHANNELS, LEVELS, Topic
from kiosk.parts import Parts
from kiosk.people import Actor, Role
from kiosk.signage import boards, campaigns, overrides, relays
from kiosk.signage.boards import Board
from kiosk.signage.campaigns import Plan
from kiosk.signage.overrides import Wish
from kiosk.signage.playlists import Level
from kiosk.signage.rules import Days, Hours, Rule
from kiosk.web import forms
from kiosk.web.frame import VERB_NAMES
from tests.conftest import NOON, TRANSLATIONS
from tests.support.cast import Cast
from tests.support.doors import Browser
from tests.support.files import Clock, Sender
from tests.support.make import NOTICE, Make
from tests.web.conftest import Signed, browser  # noqa: F401

ROOT = TRANSLATIONS.parent.parent
CHINESE = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]")
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")
OTHER_LANGUAGE = re.compile(r'<button[^>]*lang="zh-CN"[^>]*>中文</button>')
FIRST = {"editor": "/staff/today", "leader": "/staff/review", "administrator": "/staff/boards", "auditor": "/staff/people",
         "inspector": "/staff/boards"}
# What the console prints, what the demo office hangs, what stands in a Chinese workbook, and what programs read.
BESIDE = {"cli.py", "console.py", "relaying.py", "demo.py", "demo_pictures.py", "content/template.py", "web/openapi.py",
          "web/receive.py", "web/schemas.py"}
# Files with words, but no sentences, of their own: boards and the office's sheets are Chinese in every language. Patterns and the
# headings of sheets (`heads=`) are no words of ours anywhere.
DRAWN = {"content/cards.py", "content/codes.py", "content/crops.py", "content/feeds.py", "content/frame.py", "content/outside.py",
         "content/kinds/stream.py", "content/kinds/webpage.py", "content/sources.py", "content/kinds/finance.py",
         "content/kinds/finance_chart.py", "content/kinds/finance_table.py", "content/kinds/goals.py", "content/kinds/notice.py",
         "content/kinds/staff.py", "content/kinds/objection.py", "content/kinds/objection_pages.py", "content/kinds/table.py",
         "content/kinds/workflow_pages.py", "content/render.py", "content/tables.py", "content/typeset.py", "content/updating.py",
         "disclosure/walls.py", "web/looks.py"}
READ = {"content/again.py", "content/arithmetic.py", "content/cells.py", "content/fields.py", "content/formed.py", "content/headings.py",
        "content/importers/grid.py", "content/ingest.py", "content/kinds/media.py", "content/kinds/table_sums.py", "content/plain.py",
        "content/masks.py", "content/sheets.py", "disclosure/catalogue.py", "disclosure/deliveries.py", "disclosure/history.py",
        "disclosure/holidays.py", "disclosure/layouts.py", "disclosure/phrases.py", "web/schedule.py",
        "web/whens.py"}
# The catalogue of items that an office begins with, and the workbooks in which it is handed on, are documents in Chinese.
FILED = {"disclosure/books.py", "disclosure/outages.py", "disclosure/starter.py", "disclosure/topics.py"}
EACH = 8  # pages of one route that differ by their query alone
SENTENCE = re.compile(r"[\u4e00-\u9fff][。？]|您|(?<!申)请")
ON_BOARDS = {" 的网页，打开了就会自己出来。", " 的直播，没有声音，接通了就会自己出来。",
             "请找：", "本季没有收支。", "有异议请打", "要问情况，请打", "要问情况，请到", "，正在办理。",
             "注：一条信息可以同时在几个渠道公开，这里的合计可能大于条数。"}
# Pages behind a form or for somebody who is not signed in; each has a test of its own below, or draws what boards show.
ELSEWHERE = {"people.sign_in", "people.link", "looks.blank", "looks.hangs", "content.uploads", "signage.waiting", "looks.look",
             "looks.look_css", "looks.font", "schedule.moment", "looks.media", "looks.photo", "looks.picture", "catalogue.rule",
             "office.office", "signage.screen"}


def kinds(of: type[Problem] = Problem) -> Iterator[type[Problem]]:
    for each in of.__subclasses__():
        yield each
        yield from kinds(each)


def ids() -> set[str]:
    """The message ids of the code: what is marked, and the sentence of every Problem, whatever its class."""
    keywords: dict[str, Any] = {**DEFAULT_KEYWORDS, "N_": None, **{each.__name__: None for each in (Problem, *kinds())}}
    keywords |= {each.__name__: (2,) for each in (Invalid, _Page, *Invalid.__subclasses__())}
    with (ROOT / "babel.cfg").open() as told:
        methods, options = parse_mapping_cfg(told)
    found = extract_from_dir(ROOT / "kiosk", [(pattern.removeprefix("kiosk/"), method) for pattern, method in methods], options, keywords)
    return {message for _, _, message, _, _ in found if isinstance(message, str) and message}


@pytest.fixture(scope="module")
def english() -> Catalog:
    return read_po(BytesIO((TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po").read_bytes()), locale="en")


@pytest.fixture(scope="module")
def said() -> set[str]:
    return ids()


# --- the catalogue ------------------------------------------------------------------------------------------------------

def test_every_sentence_of_the_code_is_said_in_english(said: set[str], english: Catalog) -> None:
    assert len(said) > 900, "the extraction finds the code"
    silent = [each for each in sorted(said) if not (found := english.get(each)) or not found.string]
    assert silent == [], "run `make messages` and translate these"


def test_the_catalogue_holds_nothing_that_the_code_no_longer_says(said: set[str], english: Catalog) -> None:
    assert [message.id for message in english if message.id and message.id not in said] == []
    assert not english.obsolete
    assert not [message.id for message in english if message.id and message.fuzzy]


def test_english_takes_the_same_parameters(english: Catalog) -> None:
    wrong = [message.id for message in english if message.id and set(PLACES.findall(message.id)) != set(PLACES.findall(message.string))]
    assert wrong == []


def test_english_is_calm_and_english(english: Catalog) -> None:
    assert [message.string for message in english if message.id and (CHINESE.search(message.string) or "!" in message.string)] == []


def test_what_a_child_process_may_say_is_in_the_catalogue(english: Catalog) -> None:
    assert all(str(each) in english for each in (*Say, *Note))


def test_chinese_outside_the_catalogue_is_found_nowhere_in_templates() -> None:
    """A sentence beside `_()` would stay Chinese for ever. Board pages stay Chinese."""
    for path in sorted((ROOT / "kiosk" / "web" / "templates").rglob("*.html")):
        if path.parent.name == "board":
            continue
        bare = re.sub(r"\{#.*?#\}|_\('[^']*'|_\(\"[^\"]*\"", "", path.read_text(encoding="utf-8"), flags=re.S)
        left = [line for line in bare.splitlines() if CHINESE.search(line.replace("中文", ""))]
        assert left == [], path.name


def test_no_sentence_of_the_code_is_beside_the_catalogue(said: set[str]) -> None:
    """The extraction is blind inside f-strings and in calls within calls; a sentence there belongs in a constant of its own."""
    left = []
    for path in sorted((ROOT / "kiosk").rglob("*.py")):
        name = path.relative_to(ROOT / "kiosk").as_posix()
        if name not in BESIDE:
            wordy = name in DRAWN | READ | FILED
            left += [(name, text) for text in words_of_code(ast.parse(path.read_text(encoding="utf-8"))) if text not in said | ON_BOARDS
                     and (SENTENCE.search(text) or not wordy)]
    assert left == []


def words_of_code(tree: ast.Module) -> Iterator[str]:
    """The Chinese strings of a module, but for what describes the code, patterns and the headings by which sheets are read."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            parts = [each.value for each in call.keywords if each.arg == "heads"]
            parts += call.args if ast.unparse(call.func).startswith("re.") else []
            silent |= {id(node) for part in parts for node in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent and CHINESE.search(node.value):
            yield node.value


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_a_form_is_in_the_catalogue(kind: str, said: set[str]) -> None:
    assert {KINDS[kind].label, *words_of_form(forms.form_of(kind))} <= said


def words_of_form(form: Form) -> Iterator[str]:
    """Labels, hints and the words of choices."""
    for each in form:
        yield each.label
        yield from (each.hint,) if each.hint else ()
        yield from words_of_form(each.fields) if isinstance(each, Rows) else each.options


def test_every_deed_in_the_journal_has_a_name_that_pages_can_tell() -> None:
    verbs = {node.args[1].value for path in (ROOT / "kiosk").rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and ast.unparse(node.func) == "journal.record" and isinstance(node.args[1], ast.Constant)}
    assert len(verbs) > 50 and sorted(verbs ^ set(VERB_NAMES)) == []


# --- the pages ----------------------------------------------------------------------------------------------------------

@pytest.fixture
def busy(session: Session, cast: Cast, make: Make, parts: Parts) -> None:
    """An office in which every page has something to say."""
    at = now()
    for person in session.scalars(select(people.Person)):
        person.post += "甲"  # a post may bear a role's name, and is the office's own word
    silent, online = make.board(), make.board()
    make.board(unit=cast.east)  # never heard of
    for board, ago in ((silent, timedelta(hours=30)), (online, timedelta(0))):
        board.seen_at, board.online_since, board.held_at = at - ago, at - ago, at - ago
        board.vitals = {"skew_ms": 4000}
    boards.note_call(session, silent, by=cast.administrator, at=at)
    code, _ = boards.ask_pairing(session, {}, relay=True, at=at, life=timedelta(minutes=10))
    mirror = relays.pair(session, boards.find_pairing(session, code, at=at), "东街中继", unit=cast.office, key=b"k" * 32,
                         by=cast.administrator, at=at)
    mirror.seen_at = at - timedelta(hours=2)
    mirror.vitals = {"cause": "dns", "outage": {"cause": "tls-expired", "since": iso(at), "until": iso(at)}, "disk": {"free": 5e9},
                     "missing": 3, "spool": 2, "refused": [{"board": silent.id, "why": "older"}]}
    relays.set_boards(session, mirror, [silent], by=cast.administrator, at=at)
    group = boards.add_group(session, "大厅", unit=cast.office, by=cast.administrator, at=at)
    boards.set_members(session, group, [silent, online], by=cast.administrator, at=at)
    boards.add_group(session, "空组", unit=cast.office, by=cast.administrator, at=at)
    make.slide(title="草稿一"), make.slide(state="returned", title="退回一"), make.slide(state="submitted", title="新报一")
    hung, other = make.slide(state="approved", title="挂着一"), make.slide(state="approved", title="撤回一")
    make.playlist([hung, other], boards=[silent], groups=[group])
    make.playlist([], name="空列表")
    changed = {**NOTICE, "lead": "换了说明", "strip": {"text": "抢修电话", "phone": "12345"},
               "blocks": [{"type": "points", "numbered": True, "items": list(reversed(NOTICE["blocks"][0]["items"]))}]}  # type: ignore[index]
    draft = Draft("挂着一，改", "办事指南", changed, at, at + timedelta(days=9), (cast.office.id, cast.civil.id))
    slides.revise(session, hung, draft, by=cast.editor, at=at)
    review.submit(session, hung.latest, by=cast.editor, at=at)
    review.recall(session, other, "写错了。", by=cast.leader, at=at)
    for name, problem in (("坏.pdf", Refused(Say.PAGES, count=900, most=200)), ("空.pdf", Refused(Say.EMPTY))):
        upload = ingest.begin(session, key=name, name=name, size=9, unit=cast.office, options={}, by=cast.editor, at=at, limit_mb=9)
        ingest._fail(session, upload, problem, at)
    sender = Sender(session, parts, Clock(at))
    for done in (sender.send(cast.editor, cast.office, name="有提醒.pdf"), sender.send(cast.editor, cast.office, name="也有.pdf")):
        sender.convert(done)
        done.revision.data = {**done.revision.data, "notes": [Note.SOME.of(count=9, which=[2, 3], rest=7), Note.MOVING.of()]}
    review.submit(session, done.revision, by=cast.editor, at=at)
    session.add(Source(title="值班表", column="工作动态", unit=cast.office, address="duty.xlsx", minutes=60, person_id=cast.editor.id,
                       due_at=at, looked_at=at, problem=Say.PAGES.value, params={"count": 900, "most": 200}))
    for kind, change in CHANGES.items():
        write(session, cast, kind, change)
    people.grant(session, cast.person(cast.second_editor), Role.SECTION_HEAD, cast.civil, by=cast.administrator, at=at)
    people.disable(session, cast.person(cast.inspector), by=cast.administrator, at=at)
    cast.office.hours = "工作日 9:00—17:00"
    owe(session, cast, hung, at)
    for slide in session.scalars(select(Slide).where(Slide.live_id.is_not(None))):
        certificates.make(session, parts.press, parts.signer, slide, [at.date() - timedelta(days=1)], at=at,
                          by=people.actor(session, cast.person(cast.editor)))
    run(session, cast, make, online, at)


def run(session: Session, cast: Cast, make: Make, board: Board, at: Any) -> None:
    """What plays when, what is urgent, what hangs by itself: hours with a name, an insert that stands and one that waits, a feed's rule."""
    shown = make.playlist([make.slide(state="approved", title="午间一")], name="午间列表")
    noon = campaigns.add_daypart(session, "午休一", [Hours(720, 780)], unit=cast.office, by=cast.editor, at=at)
    session.flush()
    campaigns.add(session, shown, Plan(Rule(Days.WORKING), Level.PREFERRED, noon, boards=[board]), by=cast.editor, at=at)
    for headline in ("暴雨预警", "停气通知"):
        asked = overrides.ask(session, Wish(False, headline, "请关好门窗。", "0825-1234567"), unit=cast.office, by=cast.editor, at=at)
        session.flush()
        if headline == "暴雨预警":
            overrides.confirm(session, asked, by=cast.leader, at=at, due=at.date())
    feed = Source(title="社区消息", column="工作动态", unit=cast.office, address="http://feeds.test/list", minutes=60,
                  person_id=cast.editor.id, due_at=at, shape=feeds.shape({"form": "list", "format": "rss", "names": {}}).stored())
    session.add(feed)
    session.flush()
    consent.propose(session, feed_of(feed), lines=8, chars=40, days=30, by=cast.administrator, at=at)


def owe(session: Session, cast: Cast, hung: Slide, at: Any) -> None:
    """The duty: something disclosed, something late, something noted, a reminder's address, a deputy."""
    today = at.date()
    laid = {topic.code: topic for topic in starter.lay(session, by=None, at=at, since=today - timedelta(days=200))}
    filing.file(session, hung, Told(laid["S001"].id, document="白街办〔2026〕3号", summary="概述"), by=cast.editor, at=at)
    assert hung.live is not None
    records.disclose(session, hung.live.id, day=today, by=cast.leader.id, at=at, calendar=Calendar())
    formed = today - timedelta(days=40)
    records.note(session, laid["S011"], cast.civil, Trigger.FORMED, formed, "通知印发", by=cast.head, at=at, today=today)
    session.add(Address(channel=Channel.FEISHU, target="https://robot.example/hook", unit_id=cast.civil.id, added_at=at))
    people.name_deputy(session, cast.person(cast.leader), cast.person(cast.head), at, at + timedelta(days=5), by=cast.leader, at=at)


# What an editor changes in the sample of each kind, so that something differs and something does not add up.
CHANGES: dict[str, dict[str, Any]] = {
    "finance": {"closing": 100, "unit": "元"},
    "goals": {"note": "换了说明"},
    "staff": {"style": "科室职责"},
    "table": {"unit": "件", "note": "换了说明"},
    "workflow": {"promised_days": 1, "place": "换了地点"},
}


NEXT = "2026年第四季度收支"  # the title that is offered for the quarter after the sample's


def write(session: Session, cast: Cast, kind: str, change: dict[str, Any]) -> None:
    """A slide of this kind that hangs, its changed version submitted with reasons, and a draft of the same with doubts still open."""
    at, told = now(), json.loads((SLIDES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    before = {**told["data"], "reasons": {}}
    after = {**before, **change}
    after["reasons"] = {doubt.key: "已经核对过。" for doubt in KINDS[kind].parse({**after, "reasons": {}}).doubts(())}

    def draft(title: str, data: dict[str, Any]) -> Draft:
        return Draft(title, told.get("column", "通知公告"), data, at, None, (cast.office.id,))

    hung = slides.make(session, kind, draft(told["title"], before), unit=cast.office, by=cast.editor, at=at)
    slides.make(session, kind, draft(f"{told['title']}，草稿", {**after, "reasons": {}}), unit=cast.office, by=cast.editor, at=at)
    session.flush()
    review.submit(session, hung.latest, by=cast.editor, at=at)
    review.approve(session, hung.latest, by=cast.leader, at=at)
    slides.revise(session, hung, draft(f"{told['title']}，改", after), by=cast.editor, at=at)
    review.submit(session, hung.latest, by=cast.editor, at=at)
    session.flush()


def own_words(parts: Parts, catalogue: set[str]) -> list[str]:
    """What the office itself has written: it stays as it is. Longest first."""
    found: set[str] = set()

    def take(value: Any) -> None:
        if isinstance(value, str) and CHINESE.search(value):
            found.update({value, *value.split("\n")})
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            take(each)

    with parts.database.read() as session:
        for table in schema.METADATA.sorted_tables:
            for row in session.execute(select(table)) if table.name != "journal" else ():
                take(list(row))
        for post in filter(None, session.scalars(select(Entry.by_post))):  # who did it, told in histories and on the printed form
            found |= {f'class="second">{post}</', f"<td>{post}<br>", f'class="who">{post}', f"<dd>{post} "}
    found |= {f'value="{each}"' for each in (*CHANNELS, *LEVELS, "全社会")}  # what is stored, beside its label in English
    with parts.database.read() as session:  # the catalogue is the office's own document, also where it took our proposals over
        ours = {value for topic in session.scalars(select(Topic)) for value in (
            topic.name, topic.level1, topic.level2, topic.elements, topic.basis, topic.public, topic.column, topic.kind.name,
            phrases.said(topic.rule)) if len(value) > 1}
    return sorted((found - catalogue) | ours, key=len, reverse=True)



def left_chinese(page: str, own: list[str]) -> list[str]:
    kept = r'srcdoc="[^"]*"|<option value="[^"]*"|<textarea[^>]*>[^<]*'  # what boards show, the word that is stored, what was typed
    shown = re.sub(kept, "", OTHER_LANGUAGE.sub("", page))
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), html.unescape(shown))
    for each in own:
        text = text.replace(each, "")
    return [each.strip() for each in re.split(r'[<>"\n]', text) if CHINESE.search(each)]


def english_browser(browser: Signed, actor: Actor) -> Browser:  # noqa: F811
    mine = browser(actor)
    mine.post("/staff/language", {"language": "en", "next": "/staff/me"})
    return mine


@pytest.mark.parametrize("role", ["editor", "leader", "administrator"])
def test_who_switches_sees_english_on_every_page(role: str, app: Flask, browser: Signed, cast: Cast, busy: None, parts: Parts,  # noqa: F811
                                                 said: set[str], walked: set[str]) -> None:
    mine, rest, seen, files = english_browser(browser, getattr(cast, role)), [FIRST[role], "/staff/me"], set(), set()
    asked = Counter[str]()
    adapter = app.url_map.bind("localhost")
    own, wrong = [NEXT, *own_words(parts, said)], {}
    while rest:
        path = rest.pop()
        endpoint = adapter.match(path.split("?")[0])[0]
        asked[endpoint] += "?" in path
        if path in seen or endpoint in files or asked[endpoint] > EACH:  # weeks lead to weeks without an end
            continue
        seen.add(path)
        answer = mine.get(path)
        assert answer.status_code in (200, 303), (path, answer.status_code)
        if answer.mimetype != "text/html":
            files.add(endpoint)  # a printed form takes seconds, and one of each sort is enough
            continue
        if left := left_chinese(answer.text, own):
            wrong[path] = left
        rest += [html.unescape(link).split("#")[0] for link in re.findall(r'href="(/staff/[^"]*)"', answer.text)]
    assert wrong == {}, "\n".join(f"{path} {left}" for path, left in wrong.items())
    walked |= {adapter.match(path.split("?")[0])[0] for path in seen}


@pytest.fixture(scope="module")
def walked() -> set[str]:
    """The endpoints that the tests above have seen."""
    return set()


def test_the_walk_leaves_no_page_out(app: Flask, walked: set[str]) -> None:
    if not walked:
        pytest.skip("runs after the walk")
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.rule.startswith("/staff")}
    left = sorted(pages - walked - ELSEWHERE)
    assert left == [], " ".join(left)
    assert walked & ELSEWHERE == set(), " ".join(walked & ELSEWHERE)


def test_refusals_are_english_too(browser: Signed, as_editor_words: dict[str, str], cast: Cast, busy: None, parts: Parts,  # noqa: F811
                                  said: set[str]) -> None:
    mine, own = english_browser(browser, cast.editor), own_words(parts, said)
    for answer in (mine.get("/staff/content/4711"), mine.get("/staff/people"), mine.get("/staff/nowhere"),
                   mine.post("/staff/content/new", as_editor_words), mine.post("/staff/content/new", {**as_editor_words, "title": ""})):
        assert answer.status_code >= 400
        assert left_chinese(answer.text, own) == []


@pytest.mark.parametrize(("kind", "typed", "told"), [
    ("finance", {"f.year": "this", "f.unit": "元", "f.opening": "much", "f.lines.0.quarter": "5"},
     ["“much” in “Opening balance” is not an amount. The unit is yuan, please write figures only.", "“this” in “Year” is not a number.",
      "“Item” is not filled in yet."]),
    ("staff", {"f.persons.0.post": "Leader", "f.persons.0.leave_from": "soon"}, ["“In charge of” is not filled in yet."]),
    ("table", {"f.cells": ""}, ["The table is still empty, its first line is the head."])])
def test_what_is_wrong_in_a_form_is_told_in_english(kind: str, typed: dict[str, str], told: list[str], browser: Signed,  # noqa: F811
                                                    as_editor_words: dict[str, str], cast: Cast, session: Session, parts: Parts,
                                                    said: set[str]) -> None:
    session.commit()
    answer = english_browser(browser, cast.editor).post(f"/staff/content/new?kind={kind}", {**as_editor_words, "start": "", **typed})
    assert answer.status_code == 422
    page = html.unescape(answer.text)
    assert [each for each in told if each not in page] == []
    assert left_chinese(answer.text, [cast.editor.post, *own_words(parts, said)]) == []


@pytest.fixture
def as_editor_words(cast: Cast) -> dict[str, str]:
    return {"title": "Notice", "body": "One line", "column": "通知公告", "unit": str(cast.office.id), "start": "some day", "end": ""}


def test_the_door_is_english_for_who_asks(app: Flask, parts: Parts, cast: Cast, session: Session, said: set[str]) -> None:
    link = people.make_link(session, cast.person(cast.community), by=cast.administrator, at=now())
    session.commit()
    client = app.test_client()
    with client.session_transaction() as cookies:
        cookies["language"] = "en"
    for path in ("/staff/sign-in", f"/staff/link/{link}", "/staff/link/none"):
        assert left_chinese(client.get(path).text, own_words(parts, said)) == [], path


def test_the_first_set_up_is_english_for_who_asks(app: Flask, parts: Parts, session: Session) -> None:
    link = people.make_link(session, None, by=None, at=now())
    session.commit()
    client = app.test_client()
    with client.session_transaction() as cookies:
        cookies["language"] = "en"
    page = client.get(f"/setup/{link}").text
    assert "Step 1" in page and left_chinese(page, []) == []


def test_the_api_answers_in_the_language_that_is_asked_for(app: Flask, cast: Cast, session: Session) -> None:
    session.commit()
    told = app.test_client().get("/api/v1/slides", headers={"Accept-Language": "en"}).get_json()
    assert told["title"] == "Please sign in first, or send a personal token."


@pytest.mark.parametrize(("language", "days", "words"), [("en", 0, "today 12:00"), ("en", 1, "yesterday 12:00"), ("en", 20, "3 Nov 12:00"),
                                                         ("en", 400, "19 Oct 2025 12:00"), ("zh", 1, "昨天 12:00"),
                                                         ("zh", 20, "11月3日 12:00"), ("zh", 400, "2025年10月19日 12:00")])
def test_moments_are_said_as_people_say_them(language: str, days: int, words: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.test_request_context("/staff/me") as context:
        context.session["language"] = language
        monkeypatch.setattr("kiosk.web.words.now", lambda: NOON)
        assert app.jinja_env.from_string("{{ said(at) }}").render(at=NOON - timedelta(days=days), **_words(app)) == words


def _words(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = {}
    app.update_template_context(found)
    return found
