"""Schedule: windows and a moment → what plays, and until when that stays true. Pure; the board runs the same rule.

The board's twin is static/board/rotation.js; tests/contracts/programme.json holds both to the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.base.clock import parse


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
    active = [window for window in windows if window.covers(at)]
    top = max((window.priority for window in active), default=0)
    named = {item for window in active if window.priority == top for item in window.items}
    edges = [edge for window in windows for edge in (window.start, window.end) if edge is not None and edge > at]
    items = tuple(item for item in order if item in named)
    return Programme(items or tuple(fallback), min(edges, default=None))


def programme_of(manifest: Mapping[str, Any], at: datetime) -> Programme:
    """The same of a manifest's JSON."""
    windows = [Window(tuple(each["items"]), _instant(each["from"]), _instant(each["to"]), each["priority"]) for each in manifest["windows"]]
    return programme([each["item"] for each in manifest["items"]], windows, manifest["fallback"], at)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse(text)
