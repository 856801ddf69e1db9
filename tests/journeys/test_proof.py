"""A 公示 of three days on a real board, by the page's own clock: dark at night, dark for a while on the second day. The certificate
says every minute of it, and one byte that is changed is found out.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime, time, timedelta

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from kiosk import cli, jobs, people
from kiosk.app import create_app
from kiosk.base.clock import now
from kiosk.content import review, slides
from kiosk.content.slides import Draft
from kiosk.disclosure import certificates, objections
from kiosk.signage import manifest
from tests.content.test_objection import relief
from tests.support.cast import PASSWORD
from tests.support.doors import with_password
from tests.support.office import LANDSCAPE, STAFF

pytestmark = pytest.mark.journey
logging.getLogger("werkzeug").setLevel(logging.WARNING)

TOKEN, DAY, MINUTE = "token-1", timedelta(days=1), timedelta(minutes=1)
PLAYS = "() => document.querySelector('.zone.main .layer.front.shown')?.shadowRoot.textContent.includes('低保初审公示')"
HOURS = [(9 * 60, 9 * 60 + 30)]


class Time:
    """The server's clock, which goes with the page's."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(monkeypatch, parts):
    """Ten days ago at nine: what the boards tell of is past for everybody."""
    made = Time(parts.zone.instant(parts.zone.day(now()) - 10 * DAY, time(8)))
    for place in ("kiosk.web.request.clock_now", "kiosk.jobs.now"):
        monkeypatch.setattr(place, made)
    return made


@pytest.fixture
def notice(session, make, cast, parts, clock):
    """It hangs for three days, at a place that opens for half an hour a day."""
    at = clock.moment
    people.set_opening(session, cast.east, {"working": HOURS, "off": HOURS}, by=cast.administrator, at=at)
    make.at = at
    board = make.board(unit=cast.east, token=TOKEN)
    draft = Draft("低保初审公示", "社会救助", relief(days=3), None, None, (cast.east.id,))
    slide = slides.make(session, "objection", draft, unit=cast.civil, by=cast.second_editor, at=at)
    session.flush()
    review.submit(session, slide.latest, by=cast.second_editor, at=at)
    review.approve(session, slide.latest, by=cast.leader, at=at, almanac=objections.almanac(session, parts.zone))
    make.playlist([slide], boards=[board])
    manifest.refresh(session, parts.press, at=at)
    session.commit()
    return slide


@pytest.fixture
def server(parts):
    served = make_server("127.0.0.1", 0, create_app(parts), threaded=True)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join(10)


def test_three_days_on_a_board_are_certified_minute_by_minute(notice, server, session, cast, parts, clock, browser, tmp_path, capsys):
    days = certificates.days_of(notice.live)
    kept = None
    for day, spans in zip(days, ([("08:59", "09:31")], [("08:59", "09:06"), ("09:24", "09:31")], [("08:59", "09:31")]), strict=True):
        for start, end in spans:
            kept = stand(browser, server, clock, kept, *(parts.zone.instant(day, time.fromisoformat(each)) for each in (start, end)))
    clock.moment = parts.zone.instant(days[-1] + DAY, time(9))
    jobs.tally(parts)

    login = with_password(session, cast.second_editor, clock.moment)
    session.commit()
    page = browser.new_context(viewport=STAFF).new_page()
    page.goto(f"{server}/staff/sign-in")
    page.get_by_label("账号").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto(f"{server}/staff/content/{notice.id}/proof")
    expect(page.get_by_text("1 块屏里 1 块有没挂满的日子")).to_be_visible()
    expect(page.get_by_text("屏关机或断电").first).to_be_visible()
    page.get_by_role("button", name="开展示证明").click()
    expect(page.get_by_text("1 天没挂满")).to_be_visible()
    data = page.request.get(f"{page.url}.json").body()

    told = json.loads(data)["boards"][0]
    assert [(each["day"], each["state"]) for each in told["days"]] == [
        (days[0].isoformat(), "kept"), (days[1].isoformat(), "part"), (days[2].isoformat(), "kept")]
    whole, short, last = told["days"]
    assert whole["hung_minutes"] >= 29 and whole["on_screen_minutes"] >= 26 and last["hung_minutes"] >= 29, told
    assert 10 <= short["hung_minutes"] <= 13 and whole["gaps"] == last["gaps"] == [], "the nights lie outside the hours, and are no gap"
    gap, = short["gaps"]
    assert (gap["reason"], 17 <= gap["minutes"] <= 21) == ("off", True)

    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(data)
    at = data.index(b'"hung_minutes":') + len(b'"hung_minutes":')
    bad.write_bytes(data[:at] + (b"9" if data[at:at + 1] != b"9" else b"8") + data[at + 1:])
    for file, code, words in ((good, 0, "真的："), (bad, 1, "被改过：")):
        page.goto(f"{server}/staff/check")
        page.set_input_files("#file", file)
        page.get_by_role("button", name="核对", exact=True).click()
        expect(page.get_by_text(words)).to_be_visible()
        assert cli.main(["check", str(file), "--data", str(parts.settings.data)]) == code
        assert words in capsys.readouterr().out


def stand(browser, server, clock, kept, start, end):
    """The board's PC runs from then to then; what its browser keeps when it is switched off."""
    context = browser.new_context(viewport=LANDSCAPE, storage_state=kept)
    page = context.new_page()
    clock.moment = start
    page.clock.install(time=start)
    page.goto(f"{server}/board#{TOKEN}" if kept is None else f"{server}/board?b=1")
    page.wait_for_function(PLAYS, polling=50, timeout=60_000)
    while clock.moment < end:
        clock.moment += MINUTE / 2
        page.clock.run_for(30_000)
        page.wait_for_timeout(40)  # what is asked of the server takes real time
    page.wait_for_timeout(500)
    kept = context.storage_state()
    context.close()
    return kept
