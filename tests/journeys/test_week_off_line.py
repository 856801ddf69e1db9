"""Seven days without a network, in jumps from one moment to the next: every page that stands is the oracle's.

The board hears its server once, on Monday morning, and never again. In the week a notice ends, one begins, dayparts come and go, a working
Saturday comes, and the urgent insert that it was told of ends. `make trial` looks at 2,000 minutes, `make test` at 100.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest

from kiosk import app as application
from kiosk.signage import campaigns, manifest, overrides, playlists
from kiosk.signage.campaigns import Plan
from kiosk.signage.overrides import Wish
from kiosk.signage.playlists import Entry, Level
from kiosk.signage.rules import Days, Hours, Rule
from kiosk.web import board as protocol
from tests.journeys.test_fast_forward import STANDS, TITLES, TOKEN, server  # noqa: F401 — a fixture
from tests.support import oracle
from tests.support.office import LANDSCAPE
from tests.support.oracle import Show

pytestmark = pytest.mark.journey
MONDAY = date(2026, 2, 9)  # its Saturday is a working day, its Sunday the first of a holiday
WEEK, SEED = timedelta(days=7), 20260209
LOOKS, SAMPLE = 2000, 100
TURNS = timedelta(seconds=4)
INSERT = timedelta(hours=2)


@pytest.fixture
def week(session, make, cast, parts):
    """A board with lists that change over a week; what an oracle knows of them."""
    at = parts.zone.instant(MONDAY, time(8))
    session.commit()
    make.at = at
    board = make.board(token=TOKEN)
    first = make.slide(title="常挂一", state="approved")
    ends = make.slide(title="周三截止", state="approved", end=parts.zone.instant(MONDAY + timedelta(days=2), time(17, 30)))
    begins = make.slide(title="周四开始", state="approved", start=parts.zone.instant(MONDAY + timedelta(days=3), time(9)))
    public = make.slide(title="公示七天", state="approved", start=at, end=parts.zone.instant(MONDAY + timedelta(days=6), time(0)))
    days = {title: make.slide(title=title, state="approved") for title in ("上班时间", "夜里同播", "休息日", "逢周二周五")}
    hang = [("主列表", [first, ends, begins, public], Level.USUAL, None),
            ("夜间", [days["夜里同播"]], Level.USUAL, Rule(hours=(Hours(22 * 60, 6 * 60),))),
            ("上班", [days["上班时间"]], Level.PREFERRED, Rule(Days.WORKING, hours=(Hours(600, 690), Hours(900, 960)))),
            ("休息", [days["休息日"]], Level.ALONE, Rule(Days.OFF, hours=(Hours(9 * 60, 12 * 60),))),
            ("周二五", [days["逢周二周五"]], Level.USUAL, Rule(Days.WEEKDAYS, frozenset({1, 4}), (Hours(13 * 60, 14 * 60),)))]
    shows = []
    for name, slides, level, rule in hang:
        made = make.playlist(slides, boards=[] if rule else [board], name=name)
        playlists.set_items(session, made, [Entry(slide.id, 9.0) for slide in slides], by=cast.editor, at=at)
        if rule is not None:
            campaigns.add(session, made, Plan(rule, level, boards=[board]), by=cast.editor, at=at)
        live = [slide.live for slide in slides]
        shows += [Show(len(shows) + place, each.title, level, rule, each.start, each.end) for place, each in enumerate(live)]
    wish = Wish(False, "暴雨红色预警", "低洼处的居民请立即离开。", "0825-×××××××", minutes=int(INSERT.total_seconds() // 60))
    asked = overrides.ask(session, wish, unit=cast.office, by=cast.editor, at=at)
    session.flush()
    session.expire_all()
    manifest.refresh(session, parts.press, at=at)
    manifest.confirm_override(session, parts.press, asked, by=cast.leader, at=at, due=None)
    session.commit()
    return shows


@pytest.mark.parametrize("looks", [pytest.param(LOOKS, marks=[pytest.mark.trial, pytest.mark.timeout(7200)]), SAMPLE])
def test_a_week_without_a_network_shows_what_the_oracle_says(looks, week, server, parts, browser, monkeypatch):  # noqa: F811
    begin = parts.zone.instant(MONDAY, time(8))
    for module in (protocol, application):  # the server lives in that week too: what it seals is no later
        monkeypatch.setattr(module, "now", lambda: begin)
    context = browser.new_context(viewport=LANDSCAPE, service_workers="block")
    page = context.new_page()
    page.clock.install(time=begin)
    page.route(lambda url: "/board/time?" in url, lambda route: route.abort())
    page.goto(f"http://127.0.0.1:{server.server_port}/board#{TOKEN}")
    page.wait_for_function(STANDS, polling=50)
    context.set_offline(True)
    wrong, came, inserted, at = [], set(), 0, begin
    for moment in moments(looks, begin, week, parts.zone):
        at = reached(page, at, moment)
        seen = page.evaluate(TITLES)
        at = datetime.fromtimestamp(seen["at"] / 1000, UTC)
        standing = {show.name for show in week if show.name in seen["page"]}
        wanted = {title for near in (-TURNS, 0 * TURNS, TURNS) for title in oracle.shown(week, at + near, parts.zone)}
        inserted += seen["urgent"]
        if not standing or not standing <= wanted or (seen["urgent"] != (at < begin + INSERT) and abs(at - begin - INSERT) > TURNS):
            wrong.append(f"{parts.zone.local(at):%A %H:%M:%S} {sorted(standing)} {'insert' * seen['urgent']}, not {sorted(wanted)}")
        came |= standing
    context.close()
    print(f"\n{looks} moments of seven days off line, {inserted} of them under the insert, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong[:20])
    assert came == {show.name for show in week}


def moments(count, begin, shows, zone):
    """Minutes at random over the week, and those just before and after everything that begins or ends."""
    dice = random.Random(SEED)
    found = {begin + timedelta(minutes=dice.randrange(1, int(WEEK.total_seconds() // 60))) for _ in range(count)}
    edges = {edge for show in shows for edge in (show.start, show.end) if edge and edge > begin} | {begin + INSERT}
    edges |= {zone.instant(MONDAY + timedelta(days=day), time(hour)) for day, hour in ((1, 13), (4, 22), (5, 9), (5, 10), (6, 9), (6, 12))}
    return sorted(found | {edge + timedelta(seconds=near) for edge in edges for near in (-20, 20)})


def reached(page, at, moment):
    """Jump near the moment, and live through its last seconds; pictures are decoded in real time."""
    if (ahead := (moment - at).total_seconds() - 12) > 0:
        page.clock.fast_forward(int(ahead * 1000))
    for _ in range(4):
        page.clock.run_for(3000)
        page.wait_for_timeout(15)
    return moment
