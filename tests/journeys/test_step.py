"""Visitors before two boards of a hall that change pages together: within a tenth of a second, after a start in the middle and without the
server too."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from kiosk import people
from kiosk.base.db import Database
from kiosk.content.geometry import panel_of
from kiosk.content.slides import Slide
from kiosk.people import Person, Role
from kiosk.signage import boards, playlists
from kiosk.signage.boards import Placing
from kiosk.signage.playlists import Entry
from tests.support.office import LANDSCAPE, PLAYING, Office
from tests.support.swaps import GAUGE

pytestmark = pytest.mark.journey
DWELL, SLIDES, WATCHED = 5, 4, 32  # seconds a page, slides, seconds of one look
APART_MOST = 100.0  # ms
LOOKS = 3  # a machine that others use too may hold one browser back for a moment


@pytest.fixture(scope="module")
def screens(office: Office) -> list[str]:
    """Two boards of a group in step, with the same slides; their addresses."""
    at = datetime.now(UTC)
    database = Database(f"sqlite:///{office.data / 'kiosk.db'}")
    with database.write() as session:
        root = people.office(session)
        assert root is not None
        actors = [people.actor(session, person) for person in session.scalars(select(Person).order_by(Person.id)).all()]
        by = next(actor for actor in actors if root.id in actor.scope.get(Role.ADMINISTRATOR, ()))
        panel = panel_of(43, 1920, 1080)
        pair = [boards.add(session, Placing(f"同步屏{number}", panel), unit=root, token_hash=boards.hashed(f"kb_step{number}"), by=by,
                           at=at) for number in (1, 2)]
        group = boards.add_group(session, "同步一组", unit=root, by=by, at=at)
        boards.set_members(session, group, pair, by=by, at=at)
        boards.set_step(session, group, True, by=by, at=at)
        wide = [slide for slide in session.scalars(select(Slide).order_by(Slide.id)).all()
                if slide.live is not None and slide.live.end is None and root.id in slide.live.audience]
        hung = playlists.make(session, "同步列表", unit=root, by=None, at=at)
        session.flush()
        playlists.set_items(session, hung, [Entry(slide.id, DWELL) for slide in wide[:SLIDES]], by=None, at=at)
        playlists.place(session, hung, groups=[], boards=pair, by=None, at=at)
    database.close()
    return [f"{office.url}/board#kb_step{number}" for number in (1, 2)]


@pytest.fixture
def pair(browser: Browser, screens: list[str]) -> Iterator[list[Page]]:
    pages = []
    for url in screens:
        page = browser.new_context(viewport=LANDSCAPE, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()  # type: ignore[arg-type]
        page.add_init_script(f"({GAUGE})()")
        page.goto(url)
        page.wait_for_function(PLAYING, timeout=120_000)
        page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
        pages.append(page)
    yield pages


def test_two_boards_change_together_also_after_a_start_without_the_server(office: Office, pair: list[Page]) -> None:
    _together(pair, "with the server")
    office.kill()
    try:
        pair[1].wait_for_timeout(1700)
        pair[1].reload()
        pair[1].wait_for_function(PLAYING, timeout=30_000)
        _together(pair, "after a start without it")
    finally:
        office.start("serve")


def _together(pair: list[Page], when: str) -> None:
    for _ in range(LOOKS):
        apart = _apart(pair)
        print(f"{when}: {len(apart)} changes, {statistics.median(apart):.1f} ms apart, most {max(apart):.1f} ms")
        if max(apart) <= APART_MOST:
            return
    raise AssertionError(f"{when} the boards do not change together")


def _apart(pair: list[Page]) -> list[float]:
    """How many ms lie between the two, at each change of page; both must show the same."""
    for page in pair:
        page.evaluate("() => { gauge.swapped.length = 0; }")
    pair[0].wait_for_timeout(WATCHED * 1000)
    one, other = [page.evaluate("() => gauge.swapped") for page in pair]
    assert len(one) >= WATCHED // DWELL - 2, one
    found = []
    for at, text in one:
        near, same = min(other, key=lambda change: abs(change[0] - at))
        if abs(near - at) < DWELL * 500:  # the first or last of one may lie outside the look of the other
            assert _title(same) == _title(text)
            found.append(abs(near - at))
    assert len(found) >= len(one) - 1
    return found


def _title(text: str) -> str:
    """Without the head, whose clock may have moved on."""
    return text[-120:]
