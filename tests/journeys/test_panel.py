"""Before one board: an urgent insert that nothing can hold up and that ends by itself, a panel that is dark outside its hours, two lists
side by side, and the safe page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.support.office import PLAYING, Office, title_on, until
from tests.support.recast import Recast
from tests.support.swaps import fast

pytestmark = pytest.mark.journey
HEARD = 20.0  # seconds at most, on a machine that others use too
DWELL = 2.0
ALARM, DRILL = "() => document.querySelector('#wall > .overlay .alert.real')?.innerText ?? ''", "#wall > .overlay .alert.drill"
POWER = "() => [document.documentElement.dataset.power, document.title, document.querySelectorAll('.sleeping').length]"
ON, OFF = ["on", "公示屏 · 屏开", 0], ["off", "公示屏 · 屏关", 1]


@pytest.fixture(scope="module")
def wall(office: Office, chromium: Browser) -> Iterator[tuple[Page, Recast, list[dict[str, Any]]]]:
    """A board, what rewrites its orders, and the plays that it told of."""
    plays: list[dict[str, Any]] = []

    def take(route: Route) -> None:
        plays.extend(json.loads(route.request.post_data or "{}")["plays"])
        route.fulfill(status=204)

    with fast(chromium, office, dwell=DWELL, before=lambda page: page.route("**/board/plays*", take)) as (page, recast):
        yield page, recast, plays


def test_an_insert_comes_before_its_edition_stays_without_the_server_and_ends_by_the_clock(wall: tuple[Page, Recast, Any]) -> None:
    page, recast, _ = wall
    gone = "0" * 64

    def broken(manifest: dict[str, Any]) -> None:
        manifest["objects"].append({"sha": gone, "size": 1, "type": "text/html"})

    recast.told(broken, overrides=[_insert(7, seconds=16)])
    until(lambda: "暴雨红色预警" in page.evaluate(ALARM), HEARD, "the insert waits for an edition that cannot be fetched")
    began = datetime.now(UTC)
    recast.dead = True
    page.reload()
    until(lambda: "暴雨红色预警" in page.evaluate(ALARM), HEARD, "the insert does not survive a start")
    until(lambda: page.evaluate(ALARM) == "", 40, "the insert does not end")
    assert datetime.now(UTC) - began < timedelta(seconds=20)
    page.wait_for_function(PLAYING)
    page.reload()
    page.wait_for_function(PLAYING)
    assert page.evaluate(ALARM) == "", "an alarm that is over comes again"
    recast.dead = False


def test_an_insert_that_lies_ahead_comes_by_itself_and_a_drill_looks_like_none(wall: tuple[Page, Recast, Any]) -> None:
    page, recast, _ = wall
    recast.told(lambda _: None, overrides=[_insert(8, seconds=600, drill=True), _insert(9, begins=8, seconds=600)])
    until(lambda: page.locator(DRILL).count() == 1, HEARD, "no drill")
    assert page.evaluate(ALARM) == ""
    recast.dead = True
    until(lambda: page.evaluate(ALARM) != "", 20, "the real one does not come")
    assert page.locator("#wall > .overlay").count() == 1
    recast.dead = False
    recast.told(overrides=None)
    until(lambda: page.locator("#wall > .overlay").count() == 0, HEARD, "taken back, it still stands")


def test_outside_its_hours_the_panel_is_black_and_proves_no_play_and_an_insert_wakes_it(
        wall: tuple[Page, Recast, list[dict[str, Any]]]) -> None:
    page, recast, plays = wall
    assert page.evaluate(POWER) == ON
    dark = datetime.now(UTC) + timedelta(seconds=6)
    hours = [(-3600, 6), (40, 3600)]
    edges = [{"from": _iso(begins), "to": _iso(ends)} for begins, ends in hours]
    recast.told(lambda manifest: manifest.update(power=edges))
    until(lambda: page.evaluate(POWER) == OFF, 30, "the panel stays on")
    assert page.evaluate("() => getComputedStyle(document.querySelector('.sleeping')).backgroundColor") == "rgb(0, 0, 0)"
    front = title_on(page)
    page.wait_for_timeout(2 * DWELL * 1000)
    assert title_on(page) == front
    recast.told(overrides=[_insert(10, seconds=8)])
    until(lambda: page.evaluate(ALARM) != "" and page.evaluate(POWER) == ON, HEARD, "the insert does not wake the panel")
    until(lambda: page.evaluate(POWER) == OFF, 30, "after it the panel stays on")
    recast.told(overrides=None)
    until(lambda: page.evaluate(POWER) == ON, 60, "the panel does not come back")

    def again() -> bool:
        page.wait_for_timeout(500)
        return any(datetime.fromisoformat(play["from"]) > dark + timedelta(seconds=20) for play in plays)

    until(again, 90, "nothing plays again")
    wrong = [play for play in plays if dark + timedelta(seconds=1) < datetime.fromisoformat(play["to"]) and datetime.fromisoformat(
        play["from"]) < dark + timedelta(seconds=30)]
    assert wrong == []


def test_two_zones_play_a_list_each(wall: tuple[Page, Recast, Any]) -> None:
    page, recast, _ = wall

    def columns(manifest: dict[str, Any]) -> None:
        lines = [line for line in manifest["items"] if not line["media"]]
        manifest["items"] = [{**line, "item": f"{at + 1}.1", "zone": ("main", "side")[at % 2]} for at, line in enumerate(lines[:6])]
        manifest["windows"] = [{"items": [line["item"] for line in manifest["items"] if line["zone"] == zone], "from": None, "to": None,
                                "priority": 0, "zone": zone} for zone in ("main", "side")]
        width, height = manifest["page"]["w"], manifest["page"]["h"]
        manifest["zones"] = {"main": {"x": 0, "y": 0, "w": width // 2, "h": height},
                             "side": {"x": width // 2, "y": 0, "w": width // 2, "h": height}}

    def titles(zone: str) -> str:
        told: str = page.evaluate("(zone) => document.querySelector(`.zone.${zone} .layer.front.shown`)?.shadowRoot.querySelector('h1')"
                                  "?.textContent ?? ''", zone)
        return told

    recast.told(columns)
    until(lambda: page.locator(".zone").count() == 2, HEARD, "there is one zone")
    seen: dict[str, set[str]] = {"main": set(), "side": set()}

    def round_done() -> bool:
        for zone, found in seen.items():
            found.update({titles(zone)} - {""})
        return all(len(found) >= 2 for found in seen.values())

    until(round_done, 40, f"not every list turns: {seen}")
    assert not seen["main"] & seen["side"]
    boxes = [page.locator(f".zone.{zone}").bounding_box() for zone in ("main", "side")]
    assert all(boxes) and boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + 1  # type: ignore[index]
    recast.told(lambda _: None)
    until(lambda: page.locator(".zone").count() == 1, HEARD, "the second zone stays")
    assert title_on(page) is not None


def test_while_all_is_stopped_the_safe_page_stands_and_an_insert_over_it(wall: tuple[Page, Recast, Any]) -> None:
    page, recast, _ = wall
    recast.told(stopped={"since": _iso(0)})
    until(lambda: page.locator("#wall > .overlay .safe").count() == 1, HEARD, "the board plays on")
    assert "公示屏暂停播放" in page.locator("#wall > .overlay").inner_text()
    recast.told(overrides=[_insert(11, seconds=600)])
    until(lambda: page.evaluate(ALARM) != "", HEARD, "the stop hides an insert")
    recast.told(overrides=None)
    until(lambda: page.locator("#wall > .overlay .safe").count() == 1, HEARD, "after the insert the board plays, though stopped")
    recast.told(stopped=None)
    until(lambda: page.locator("#wall > .overlay").count() == 0, HEARD, "the stop does not end")


def _insert(id: int, *, seconds: int, begins: int = -1, drill: bool = False) -> dict[str, Any]:
    return {"id": id, "drill": drill, "headline": "暴雨红色预警", "text": "低洼处的居民请立即离开。", "phone": "0825-×××××××",
            "sender": "街道应急办", "from": _iso(begins), "to": _iso(seconds)}


def _iso(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
