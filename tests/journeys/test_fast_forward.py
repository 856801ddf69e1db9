"""An hour of a board in fast motion: Friday night into a Saturday on which offices are open. Every page that stands is the oracle's.

The page's clock is the test's; the server is asked for half of the hour and dead for the other half. On the way a notice ends, a list
begins before midnight and ends after it, a working Saturday begins, and an urgent insert comes while the server lives and ends without it.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from werkzeug.serving import make_server

from kiosk import app as application
from kiosk.app import create_app
from kiosk.signage import campaigns, manifest, overrides, playlists
from kiosk.signage.campaigns import Plan
from kiosk.signage.overrides import Wish
from kiosk.signage.playlists import Entry, Level
from kiosk.signage.rules import Days, Hours, Rule
from kiosk.web import board as protocol
from tests.support import oracle
from tests.support.office import LANDSCAPE
from tests.support.oracle import Show

pytestmark = pytest.mark.journey
logging.getLogger("werkzeug").setLevel(logging.WARNING)

FRIDAY, TOKEN = date(2026, 2, 13), "token-1"
STEP = 5  # seconds between two looks at the wall
TURNS = 3  # seconds around an edge in which the wall may still be turning
STANDS = "() => document.querySelector('.zone.main .layer.front.shown')?.shadowRoot.textContent.includes('常挂一')"
TITLES = """() => {
  const front = [...document.querySelectorAll('.zone.main .layer.front.shown')].map((layer) => layer.shadowRoot.textContent);
  return { page: front.join(' '), urgent: Boolean(document.querySelector('#wall .overlay .alert.real')), at: Date.now() };
}"""


@pytest.fixture
def night(session, make, cast, parts):
    """A board with five lists; what an oracle knows of them."""
    at = parts.zone.instant(FRIDAY, time(12))
    session.commit()
    make.at = at
    board = make.board(token=TOKEN)
    titles = ("常挂一", "到期的", "跨夜同播", "周六上班", "周六休息", "垫空档")
    slides = {title: make.slide(title=title, state="approved") for title in titles}
    slides["到期的"].live.end = parts.zone.instant(FRIDAY, time(23, 50))
    hang = {
        "主列表": (["常挂一", "到期的"], Level.USUAL, None),
        "夜间": (["跨夜同播"], Level.USUAL, Rule(hours=(Hours(23 * 60 + 40, 10),))),
        "上班": (["周六上班"], Level.PREFERRED, Rule(Days.WORKING, hours=(Hours(15, 25),))),
        "休息": (["周六休息"], Level.ALONE, Rule(Days.OFF, hours=(Hours(0, 60),))),
        "垫片": (["垫空档"], Level.GAP, None),
    }
    shows = []
    for name, (titles, level, rule) in hang.items():
        made = make.playlist([slides[title] for title in titles], boards=[board] if name == "主列表" else [], name=name)
        playlists.set_items(session, made, [Entry(slides[title].id, 17.0) for title in titles], by=cast.editor, at=at)
        if rule is not None:
            campaigns.add(session, made, Plan(rule, level, boards=[board]), by=cast.editor, at=at)
        if level == Level.GAP:
            playlists.place(session, made, groups=[], boards=[board], by=cast.editor, at=at, gap=True)
        shows += [Show(len(shows), title, level, rule, None, slides[title].live.end) for title in titles]
    session.flush()
    session.expire_all()
    manifest.refresh(session, parts.press, at=at)
    session.commit()
    return shows


@pytest.fixture
def server(parts):
    app = create_app(parts)
    served = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    thread.join(10)


def test_an_hour_in_fast_motion_shows_what_the_oracle_says(night, server, session, cast, parts, browser, monkeypatch):
    begin, dead = parts.zone.instant(FRIDAY, time(23, 30)), parts.zone.instant(FRIDAY, time(23, 59))
    insert: datetime | None = parts.zone.instant(FRIDAY, time(23, 57))
    for module in (protocol, application):  # the server lives on that night too: what it seals is no later
        monkeypatch.setattr(module, "now", lambda: begin)
    context = browser.new_context(viewport=LANDSCAPE)
    page = context.new_page()
    page.clock.install(time=begin)
    page.route(lambda url: "/board/time?" in url, lambda route: route.abort())
    page.goto(f"http://127.0.0.1:{server.server_port}/board#{TOKEN}")
    page.wait_for_function(STANDS, polling=50)
    told, ended = [], begin + timedelta(hours=1)
    at = begin
    while at < ended:
        if insert and at >= insert:
            confirm(session, cast, parts, server, insert)
            insert = None
        if at >= dead and server is not None:
            server.shutdown()
            server.server_close()
            server = None
        page.clock.run_for(STEP * 1000)
        page.wait_for_timeout(10)  # pictures are decoded in real time
        seen = page.evaluate(TITLES)
        at = datetime.fromtimestamp(seen["at"] / 1000, UTC)
        told.append((at, seen["page"], seen["urgent"]))
    context.close()
    check(told, night, parts.zone)


def confirm(session, cast, parts, server, at):
    """Two people put an urgent insert on the wall for six minutes, and the server tells the board when it asks."""
    wish = Wish(False, "暴雨红色预警", "低洼处的居民请立即离开。", "0825-×××××××", minutes=6)
    asked = overrides.ask(session, wish, unit=cast.office, by=cast.editor, at=at)
    session.flush()
    manifest.confirm_override(session, parts.press, asked, by=cast.leader, at=at, due=None)
    session.commit()
    server.app.extensions["refs"].drop(None)


def check(told, shows, zone):
    """Every look, but for those at which the wall was turning; and every page that could come came."""
    came = set()
    assert len(told) > 600
    for at, page, urgent in told:
        wanted = {title for near in (-TURNS, 0, TURNS) for title in oracle.shown(shows, at + timedelta(seconds=near), zone)}
        standing = [show.name for show in shows if show.name in page]
        assert standing and set(standing) <= wanted, (zone.local(at), standing, wanted)
        came.update(standing)
        local = zone.local(at).time()
        if time(23, 59) <= local or local < time(0, 2, 55):
            assert urgent, local
        if time(0, 3, 5) < local < time(1) or time(23, 30) <= local < time(23, 57):
            assert not urgent, local
    assert came == {"常挂一", "到期的", "跨夜同播", "周六上班"}
