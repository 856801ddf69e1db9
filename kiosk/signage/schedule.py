"""Schedule: windows and a moment → what plays, and until when that stays true; in which order, and in step which page. Pure.

The board runs the same rules: its twin is static/board/rotation.js, and tests/contracts/programme.json holds both to the same answers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from kiosk.base.clock import parse

HOUR = 3600.0
MAIN = "main"  # the zone of a layout that has no other


@dataclass(frozen=True)
class Window:
    """Items that may play from `start` (inclusive) to `end` (exclusive), UTC; None is open."""

    items: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None
    priority: int = 0

    def covers(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True)
class Programme:
    """Items in playing order, and until when (None: for ever) this answer holds."""

    items: tuple[str, ...]
    until: datetime | None


def programme(order: Sequence[str], windows: Sequence[Window], fallback: Sequence[str], at: datetime) -> Programme:
    """What plays at this moment: items of the highest priority active, in the manifest's order; else the fallback."""
    there = set(order)
    active = [window for window in windows if window.covers(at) and not there.isdisjoint(window.items)]
    top = max((window.priority for window in active), default=0)
    named = {item for window in active if window.priority == top for item in window.items}
    edges = [edge for window in windows for edge in (window.start, window.end) if edge is not None and edge > at]
    items = tuple(item for item in order if item in named)
    return Programme(items or tuple(fallback), min(edges, default=None))


def programme_of(manifest: Mapping[str, Any], at: datetime, zone: str = MAIN, heard: datetime | None = None) -> Programme:
    """The same of a manifest's JSON, for one zone of its layout. `heard`: when the board last had the server's word; what needs it more
    often has left then. None: nobody asks for that.
    """
    windows = [Window(tuple(each["items"]), _instant(each["from"]), _instant(each["to"]), each["priority"])
               for each in manifest["windows"] if each.get("zone", MAIN) == zone]
    mine = [each for each in manifest["items"] if each.get("zone", MAIN) == zone]
    leaves = {each["item"]: heard + timedelta(seconds=each["confirm"]) for each in mine if "confirm" in each} if heard else {}
    order = [each["item"] for each in mine if each["item"] not in leaves or at < leaves[each["item"]]]
    found = programme(order, windows, [item for item in manifest["fallback"] if item in set(order)], at)
    edges = [edge for edge in (found.until, *leaves.values()) if edge is not None and edge > at]
    return replace(found, until=min(edges, default=None))


@dataclass(frozen=True)
class Group:
    """The pages of one item of a playlist: they follow each other. `seconds`: of all of them; `weight`: times in a round; `hourly`: times
    an hour at most, None without limit.
    """

    pages: tuple[str, ...]
    seconds: float
    weight: int = 1
    hourly: int | None = None


def cycle(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The order in which these lines of a manifest are shown, over and over; names come several times where an item has more weight.

    One round, each item as often as its weight, spread evenly. Where an item has a limit an hour, the cycle lasts at least an hour, and no
    hour of its repetition shows the item more often. Where all items have one, none has: something always plays.
    """
    groups = _groups(lines)
    order = _round(groups)
    free = [group for group in order if group.hourly is None]
    if free and len(free) < len(order):
        order = _thinned(order, free)
    return [page for group in order for page in group.pages]


def slot(durations: Sequence[float], at_ms: int) -> tuple[int, int]:
    """For boards in step: which of the pages that last so many seconds stands at this moment (ms since 1970), and until which (ms)."""
    lasts = [math.floor(each * 1000 + 0.5) for each in durations]
    phase = at_ms % sum(lasts)
    began = at_ms - phase
    for index, each in enumerate(lasts):
        began += each
        if at_ms < began:
            return index, began
    raise AssertionError("the phase lies within the sum")


def _groups(lines: Sequence[Mapping[str, Any]]) -> list[Group]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        found.setdefault(str(line["item"]).partition(".")[0], []).append(line)
    return [Group(tuple(line["item"] for line in each), sum((float(line["dwell"]) for line in each), 0.0),
                  max(1, each[0].get("weight", 1)), each[0].get("hourly")) for each in found.values()]


def _round(groups: Sequence[Group]) -> list[Group]:
    """Each group as often as its weight, as evenly as whole turns allow (smooth weighted round robin)."""
    shared = math.gcd(*(group.weight for group in groups))
    weights = [group.weight // shared for group in groups] if shared else []
    credit, order = [0] * len(groups), []
    for _ in range(sum(weights)):
        credit = [held + weight for held, weight in zip(credit, weights, strict=True)]
        turn = credit.index(max(credit))
        credit[turn] -= sum(weights)
        order.append(groups[turn])
    return order


def _thinned(order: Sequence[Group], free: Sequence[Group]) -> list[Group]:
    """At least an hour of rounds in which limited groups keep their distance, also where the end meets the beginning."""
    made: list[Group] = []
    lasts, first, last = 0.0, dict[tuple[str, ...], float](), dict[tuple[str, ...], float]()
    while lasts < HOUR:
        for group in order:
            if group.hourly is not None:
                if group.pages in last and lasts - last[group.pages] < HOUR / group.hourly:
                    continue
                first.setdefault(group.pages, lasts)
                last[group.pages] = lasts
            made.append(group)
            lasts += group.seconds
    ring = max(HOUR, *(last[group.pages] - first[group.pages] + HOUR / group.hourly for group in order if group.hourly is not None))
    for group in itertools.cycle(free):
        if lasts >= ring:
            return made
        made.append(group)
        lasts += group.seconds
    raise AssertionError("there is a free group")


@lru_cache(4096)  # a day's many questions name the same few edges
def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse(text)
