"""A visitor before a board on the night on which topics become overdue: the sign, whom to ask, or nothing — with the server dead, too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import Zone
from kiosk.base.db import Database
from kiosk.base.workdays import DAY, Calendar
from kiosk.content import review, slides
from kiosk.content.geometry import panel_of
from kiosk.content.slides import Draft
from kiosk.disclosure import filing, records, topics
from kiosk.disclosure.deadlines import Cadence, Rule, Trigger
from kiosk.disclosure.filing import Told
from kiosk.disclosure.topics import Wanted, WhenOverdue
from kiosk.people import Actor, Person, Role
from kiosk.signage import boards, playlists
from kiosk.signage.boards import Placing
from kiosk.signage.playlists import Entry
from tests.support.make import NOTICE
from tests.support.office import PLAYING, Office, held, shown, title_on, until

pytestmark = pytest.mark.journey
ZONE = Zone()
HEARD_MOST = 20.0  # seconds on a machine that others use too; by itself it is one
STALE = 30  # days after which what hangs here must be confirmed
MARKED, LISTED, GONE = "领导接待安排", "公共服务清单", "临时便民措施"  # the slides
ASKED = "公共服务事项"  # the topic of the second
BEFORE, AFTER = {MARKED: "", LISTED: "", GONE: ""}, {MARKED: "更新中", ASKED: "更新中"}
SCREENS = {"land": Placing("大厅横屏", panel_of(43, 1920, 1080)), "port": Placing("门口竖屏", panel_of(43, 1080, 1920), "shequ"),
           "elder": Placing("长者横屏", panel_of(43, 1920, 1080), "gaoduibi", elder=True),
           "narrow": Placing("窗口小竖屏", panel_of(21.5, 1080, 1920, 0, 1500), elder=True)}
WORDS = {"正在办理。", "要问情况，请打", "0825-×××××××", "也可以到", "服务大厅。", "办公时间：周一至周五"}
SIGN = """() => [...document.querySelectorAll('.layer.front.shown')].map((layer) => layer.shadowRoot.querySelector('.foot .mark'))
    .filter((mark) => mark && mark.getBoundingClientRect().width > 0).map((mark) => mark.textContent.trim()).join('')"""
FOOT = "() => document.querySelector('.layer.front.shown').shadowRoot.querySelector('.foot').innerText"
LOOKS = Path(os.environ["KIOSK_LOOKS"]) if os.environ.get("KIOSK_LOOKS") else None


@dataclass(frozen=True)
class Night:
    """The instant at which the topics are overdue, and each screen's id and address."""

    midnight: datetime
    screens: dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def night(office: Office) -> Night:
    """Three topics, each with one slide, that are fresh today and overdue in two days; nothing else hangs on these screens."""
    at = datetime.now(UTC)
    with _database(office) as database, database.write() as session:
        root = people.office(session)
        assert root is not None
        told = ZONE.day(at) - timedelta(days=STALE - 1)
        made = [_disclosed(session, *each, told, at) for each in (
            (MARKED, MARKED, WhenOverdue.MARK), (LISTED, ASKED, WhenOverdue.CONTACT), (GONE, GONE, WhenOverdue.NOTHING))]
        screens = [boards.add(session, placing, unit=root, token_hash=boards.hashed(f"kb_{name}"), by=_one(session, "administrator"), at=at)
                   for name, placing in SCREENS.items()]
        hung = playlists.make(session, "三件事", unit=root, by=None, at=at)
        session.flush()
        playlists.set_items(session, hung, [Entry(id, 5) for id in made], by=None, at=at)
        playlists.place(session, hung, groups=[], boards=screens, by=None, at=at)
        session.flush()
        return Night(ZONE.instant(told + timedelta(days=STALE) + DAY, time(0)),
                     {name: (board.id, f"{office.url}/board#kb_{name}") for name, board in zip(SCREENS, screens, strict=True)})


@pytest.mark.parametrize("name", list(SCREENS))
def test_a_visitor_sees_the_sign_whom_to_ask_and_nothing_from_midnight_on(browser: Browser, night: Night, name: str) -> None:
    board = _board(browser, night, name, night.midnight - timedelta(seconds=90))
    assert _round(board) == BEFORE
    board.clock.set_system_time(night.midnight + timedelta(seconds=5))
    _until_title(board, ASKED)
    told = set(WORDS)

    def said() -> bool:
        page = "".join(shown(board).split())
        told.difference_update({words for words in told if words in page})
        return not told

    until(said, 40, f"the board does not say {told}")
    assert _round(board, name) == AFTER
    board.context.close()


def test_it_turns_with_the_server_dead_and_after_a_start_without_it(office: Office, browser: Browser, night: Night) -> None:
    board = _board(browser, night, "land", night.midnight - timedelta(seconds=90))
    board.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    assert _round(board) == BEFORE
    office.kill()
    try:
        board.clock.set_system_time(night.midnight + timedelta(minutes=4))
        _until_title(board, ASKED)
        assert _round(board, "offline") == AFTER
        assert "离线播放" in shown(board)
        board.reload()
        board.wait_for_function(PLAYING, timeout=30_000)
        assert _round(board) == AFTER
    finally:
        office.start("serve")
        board.context.close()


def test_one_click_takes_the_sign_away_within_a_second_and_says_the_day(office: Office, browser: Browser, night: Night) -> None:
    board = _board(browser, night, "land", night.midnight + timedelta(hours=9))
    _until_title(board, MARKED)
    assert board.evaluate(SIGN) == "更新中"
    before, day = held(board, night.screens["land"][0]), ZONE.day(night.midnight)
    with _database(office) as database, database.write() as session:
        topic, root = topics.by_word(session, MARKED), people.office(session)
        assert topic is not None and root is not None
        records.confirm(session, topic, root, by=_one(session, "editor"), at=datetime.now(UTC), today=day)
    began = monotonic()
    until(lambda: held(board, night.screens["land"][0]) > before, HEARD_MOST, "the board hears nothing of the click")
    print(f"the click was held after {monotonic() - began:.2f} s")
    _until_title(board, MARKED)
    assert board.evaluate(SIGN) == ""
    assert f"{day.month}月{day.day}日确认" in board.evaluate(FOOT)
    board.context.close()


def _disclosed(session: Session, title: str, name: str, overdue: WhenOverdue, told: date, at: datetime) -> int:
    """A slide under a topic of its own, disclosed on that day."""
    root, author, leader = people.office(session), _one(session, "editor"), _one(session, "leader")
    assert root is not None
    rule = Rule(Cadence.IRREGULAR, Trigger.FORMED, stale=STALE)
    wanted = Wanted(name, topics.classes(session)[0].name, root.id, "通知公告", rule=rule, when_overdue=overdue)
    topic = topics.add(session, wanted, by=None, at=at, since=told)
    slide = slides.make(session, "notice", Draft(title, "通知公告", NOTICE, audience=(root.id,)), unit=root, by=author, at=at)
    session.flush()
    filing.file(session, slide, Told(topic.id), by=author, at=at)
    filing.submit(session, slide.latest, by=author, at=at)
    review.approve(session, slide.latest, by=leader, at=at)
    session.flush()
    records.disclose(session, slide.latest.id, day=told, by=leader.id, at=at, calendar=Calendar())
    return slide.id


@contextmanager
def _database(office: Office) -> Iterator[Database]:
    """The office's database beside its server: what is written there is heard within a second."""
    database = Database(f"sqlite:///{office.data / 'kiosk.db'}")
    try:
        yield database
    finally:
        database.close()


def _one(session: Session, role: str) -> Actor:
    """Somebody who holds this role for the whole office."""
    root = people.office(session)
    assert root is not None
    actors = [people.actor(session, person) for person in session.scalars(select(Person).order_by(Person.id)).all()]
    return next(actor for actor in actors if root.id in actor.scope.get(Role(role), ()))


def _board(browser: Browser, night: Night, name: str, clock: datetime) -> Page:
    """A screen whose PC has this time."""
    width, height = SCREENS[name].panel.view_px
    page = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()
    page.clock.install(time=clock)
    page.route(lambda url: "/board/time?" in url, lambda route: route.abort())  # else the server, who lives today, would put it right
    page.goto(night.screens[name][1])
    page.wait_for_function(PLAYING, timeout=120_000)  # the first screen waits until the server has drawn what was just approved
    return page


def _until_title(page: Page, title: str) -> None:
    until(lambda: title_on(page) == title, 40, f"“{title}” does not come")


def _round(page: Page, keep: str = "") -> dict[str, str]:
    """What stands there in one round: each title with its sign. `keep`: pictures for people, where a folder is given for them."""
    found: dict[str, str] = {}
    order: list[str] = []
    for _ in range(240):
        page.wait_for_timeout(250)
        title = title_on(page)
        if not title or order[-1:] == [title]:
            continue
        if title in order[:-1] and title == order[0]:
            break
        page.wait_for_timeout(800)  # the fade is over
        order.append(title)
        found[title] = page.evaluate(SIGN)
        if keep and LOOKS is not None:
            page.screenshot(path=LOOKS / f"wall-{keep}-{len(order)}.png")
    return found
