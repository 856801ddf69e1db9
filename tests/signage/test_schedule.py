"""The server's half of tests/contracts/programme.json; the board's half is tests/static/rotation.test.mjs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.base.clock import parse
from kiosk.signage.schedule import HOUR as AN_HOUR
from kiosk.signage.schedule import Programme, Window, cycle, programme, programme_of, slot

TOLD = json.loads((Path(__file__).parent.parent / "contracts" / "programme.json").read_text(encoding="utf-8"))
START = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


def instant(text):
    return parse(text) if text else None


def windows(told):
    return [Window(tuple(each["items"]), instant(each["from"]), instant(each["to"]), each["priority"]) for each in told]


@pytest.mark.parametrize("case", TOLD["programmes"], ids=lambda case: case["say"])
def test_what_plays(case):
    confirm = case.get("confirm", {})
    items = [{"item": name, **({"confirm": confirm[name]} if name in confirm else {})} for name in case["order"]]
    for moment in case["moments"]:
        found = programme_of({**case, "items": items}, parse(moment["at"]), heard=instant(case.get("heard")))
        assert found == Programme(tuple(moment["items"]), instant(moment["until"]))


hours = st.one_of(st.none(), st.integers(0, 48))
some_windows = st.lists(st.builds(
    lambda items, start, end, priority: Window(tuple(items), START + start * HOUR if start is not None else None,
                                               START + end * HOUR if end is not None else None, priority),
    st.lists(st.sampled_from("abc"), max_size=3), hours, hours, st.integers(-1, 2)), max_size=5)


@given(some_windows, st.integers(-60, 49 * 60))
def test_the_answer_holds_until_the_moment_it_tells(told, minutes):
    at = START + timedelta(minutes=minutes)
    found = programme("abc", told, ("f",), at)
    end = found.until or at + 100 * HOUR
    for later in (at + (end - at) / 3, end - timedelta(seconds=1)):
        if at <= later < end:
            assert programme("abc", told, ("f",), later).items == found.items


@pytest.mark.parametrize("case", TOLD["cycles"], ids=lambda case: case["say"])
def test_in_which_order(case):
    assert cycle(case["lines"]) == case["cycle"]


@pytest.mark.parametrize("case", TOLD["slots"], ids=lambda case: case["say"])
def test_which_page_stands_on_every_board_in_step(case):
    assert slot(case["dwells"], case["at"]) == (case["index"], case["until"])


some_lines = st.lists(st.tuples(st.integers(1, 3), st.integers(10, 1200).map(lambda each: each / 2), st.integers(1, 4),
                                st.one_of(st.none(), st.none(), st.integers(1, 12))), min_size=1, max_size=6)


@given(some_lines)
def test_no_hour_shows_an_item_more_often_than_it_may_and_every_item_comes(told):
    lines = [{"item": f"{at}.{page}", "dwell": dwell, "weight": weight, "hourly": hourly}
             for at, (pages, dwell, weight, hourly) in enumerate(told) for page in range(pages)]
    made = cycle(lines)
    dwell, hourly = {each["item"]: each["dwell"] for each in lines}, {each["item"]: each["hourly"] for each in lines}
    assert set(made) == set(dwell)
    starts, lasts = [], 0.0
    for name in made + made:
        starts.append((name, lasts))
        lasts += dwell[name]
    if any(limit is None for limit in hourly.values()):
        for name, limit in hourly.items():
            times = [start for each, start in starts if each == name]
            assert limit is None or all(later - earlier >= AN_HOUR / limit - 1e-6 for earlier, later in pairwise(times)), (name, times)
