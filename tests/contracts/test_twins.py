"""Server, board and an oracle that reads the rules themselves say the same of what plays, at any moment of five weeks.

20,000 pairs of rules and a moment: summer time in Berlin, the Spring Festival with its make-up days, the leap day of 2028.
"""

from __future__ import annotations

import json
import random
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.base.clock import Zone
from kiosk.signage import campaigns, manifest, playlists, schedule
from kiosk.signage.compose import Press
from kiosk.signage.playlists import Entry, Level
from tests.support import oracle
from tests.support.oracle import Show

TWIN = Path(__file__).with_name("twin.mjs")
DAYS, SETS, MOMENTS = 35, 50, 400
ERAS = (("Asia/Shanghai", date(2026, 2, 1)), ("Europe/Berlin", date(2026, 3, 10)), ("Europe/Berlin", date(2026, 10, 10)),
        ("Asia/Shanghai", date(2028, 2, 10)), ("Asia/Shanghai", date(2026, 9, 20)))
NOW = datetime(2025, 12, 1, tzinfo=UTC)


@pytest.fixture
def lists(make):
    """Five lists of one or two slides each; which of them hang, and when, is thrown anew."""
    return [make.playlist([make.slide(title=f"{number}.{each}", state="approved") for each in range(1 + number % 2)], name=f"列表{number}")
            for number in range(5)]


def test_server_board_and_oracle_agree_at_any_moment(session, make, cast, parts, lists, tmp_path):
    board, sets = make.board(), []
    for seed in range(SETS):
        zone_name, first = ERAS[seed % len(ERAS)]
        sets.append(throw(random.Random(seed), session, cast, Press(parts.store, Zone(zone_name)), board, lists, first))
    path = tmp_path / "sets.json"
    path.write_text(json.dumps([{"manifest": each["manifest"], "moments": [ms(at) for at in each["moments"]],
                                 "heard": ms(each["heard"]) if each["heard"] else None} for each in sets]))
    told = json.loads(subprocess.run(["node", TWIN, path], check=True, capture_output=True, timeout=120).stdout)
    pairs = 0
    for each, answers in zip(sets, told, strict=True):
        for at, answer in zip(each["moments"], answers, strict=True):
            found, pairs = schedule.programme_of(each["manifest"], at, heard=each["heard"]), pairs + 1
            assert list(found.items) == answer["items"], (each["seed"], at)
            assert (ms(found.until) if found.until else None) == answer["until"]
            named = titles(each["manifest"])
            assert [named[item] for item in found.items] == oracle.shown(hanging(each, at), at, each["zone"]), (each["seed"], at)
            assert schedule.cycle([lines(each["manifest"])[item] for item in found.items]) == answer["cycle"]
            if found.until and found.until < each["last"]:
                holds(each, found, at)
    assert pairs == SETS * MOMENTS
    assert sum(len(answer["items"]) > 0 for answers in told for answer in answers) > pairs / 2, "most moments have something to play"


def throw(dice, session, cast, press, board, lists, first):
    """Rules for five lists, and what the board holds by them; the moments at which it is asked."""
    days = [first + timedelta(days=at) for at in range(DAYS)]
    begin, last = press.zone.instant(days[0]), press.zone.instant(days[-1])
    shows = []
    for campaign in campaigns.campaigns(session):
        session.delete(campaign)
    session.flush()
    session.expire_all()
    for each in lists:
        shows += hang(dice, session, cast, press.zone, board, each, days)
    for slide in {item.slide for each in lists for item in each.items}:
        start, end = sorted(begin + timedelta(minutes=dice.randrange(DAYS * 1440)) for _ in range(2))
        slide.live.start, slide.live.end = (start if dice.random() < 0.3 else None), (end if dice.random() < 0.4 else None)
    shows = [Show(each.order, each.name, each.level, each.rule, slide.live.start, slide.live.end)
             for each in shows for slide in (item.slide for some in lists for item in some.items) if slide.live.title == each.name]
    session.flush()
    manifest.refresh(session, press, at=begin)
    moments = [begin + timedelta(seconds=dice.randrange(int((last - begin).total_seconds()))) for _ in range(MOMENTS)]
    told = manifest.read(press.store.read(board.edition))
    heard = begin + timedelta(days=dice.randrange(DAYS)) if dice.random() < 0.5 else None
    named = {each["title"]: 3600 * dice.randrange(1, 200) for each in told["items"] if dice.random() < 0.4}
    for each in told["items"]:
        if each["title"] in named:
            each["confirm"] = named[each["title"]]
    return {"manifest": told, "shows": shows, "moments": moments, "zone": press.zone,
            "last": last, "seed": (first, len(shows)), "dice": dice, "heard": heard, "named": named}


def hanging(each, at):
    """What the server's last word still allows."""
    return [show for show in each["shows"] if each["heard"] is None or show.name not in each["named"]
            or at < each["heard"] + timedelta(seconds=each["named"][show.name])]


def hang(dice, session, cast, zone, board, playlist, days):
    """The list hangs for good, fills gaps, plays by some rules, or hangs nowhere."""
    entries = [Entry(item.slide_id, None, dice.choice((1, 1, 1, 2, 3)), dice.choice((None, None, None, 2, 6))) for item in playlist.items]
    playlists.set_items(session, playlist, entries, by=cast.editor, at=NOW)
    for gap in (False, True):
        playlists.place(session, playlist, groups=[], boards=[board] if dice.random() < 0.3 else [], by=cast.editor, at=NOW, gap=gap)
    for _ in range(dice.choice((0, 1, 1, 2))):
        plan = campaigns.Plan(oracle.some_rule(dice, days), dice.choice(campaigns.LEVELS), boards=[board])
        campaigns.add(session, playlist, plan, by=cast.editor, at=NOW)
    session.flush()
    session.expire_all()
    return [Show(playlist.id * 1000 + item.position, item.slide.live.title,
                 Level.GAP if placement.gap else placement.campaign.level if placement.campaign else Level.USUAL,
                 campaigns.rule_of(placement.campaign) if placement.campaign else None)
            for placement in playlist.placements for item in playlist.items]


def holds(each, found, at):
    """Nothing changes before the moment that was told."""
    for share in (0.0, each["dice"].random(), 1.0):
        later = at + (found.until - timedelta(seconds=1) - at) * share
        if later >= at:
            assert schedule.programme_of(each["manifest"], later, heard=each["heard"]).items == found.items


def lines(told):
    return {each["item"]: each for each in told["items"]}


def titles(told):
    return {each["item"]: each["title"] for each in told["items"]}


def ms(at):
    return round(at.timestamp() * 1000)
