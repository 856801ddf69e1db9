"""Legible: from how far an uploaded page can be read on a board: page + view + wall in, verdict out. Pure.

What counts is the smallest running type of the page (importers/letters.py) as large as that board would draw it; the floor is 24′.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.content.crops import View, letter, shown
from kiosk.content.geometry import LEAST_ARC, Wall

SCREENS_MOST = 9  # of one file in a round; beyond it a notice with a QR code says more
PAGES_MOST = 1000  # that a reason may name


@dataclass(frozen=True)
class Verdict:
    """A page on a wall: minutes of arc of its smallest running type (None: not known), from how far it can be read, its screens."""

    wall: Wall
    view: View
    arc: float | None
    distance_mm: int
    screens: int

    @property
    def good(self) -> bool:
        """Readable, as far as anybody knows; a hundredth below the floor is the rounding of lengths."""
        return self.arc is None or self.arc >= LEAST_ARC - 0.01

    @property
    def minutes(self) -> int:
        return int(self.arc or 0)

    @property
    def metres(self) -> str:
        """The distance as people say it, never further than it is true."""
        return f"{self.distance_mm // 100 / 10:g}"


def judge(page: Mapping[str, Any], view: View, wall: Wall) -> Verdict:
    """The page in this view on this wall."""
    found = shown(page, view, wall.geometry)
    high = letter(page, found)
    if high is None:
        return Verdict(wall, found.view, None, 0, len(found.crops))
    return Verdict(wall, found.view, wall.arc(high), wall.readable_from(high), len(found.crops))


def worst(page: Mapping[str, Any], view: View, walls: Iterable[Wall]) -> Verdict | None:
    """The verdict of the wall on which the page is hardest to read; None without walls."""
    verdicts = [judge(page, view, wall) for wall in walls]
    return min(verdicts, key=lambda each: 1e9 if each.arc is None else each.arc, default=None)


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each stretch of numbers that follow each other."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def key(first: int, last: int) -> str:
    """Under which a reason for these pages is kept."""
    return f"small:{first}" if first == last else f"small:{first}-{last}"


def covered(name: str) -> range:
    """The pages that a reason of this name speaks for; empty if it speaks of something else."""
    kind, _, pages = name.partition(":")
    first, _, last = pages.partition("-")
    if kind != "small" or not first.isdecimal() or not (last or first).isdecimal() or len(pages) > 9:
        return range(0)
    return range(int(first), min(PAGES_MOST, int(last or first)) + 1)


def without(reasons: Mapping[str, str], pages: Iterable[int]) -> dict[str, str]:
    """The reasons as they stand for all pages but these."""
    gone, kept = set(pages), {}
    for name, reason in reasons.items():
        if not (said := covered(name)):
            kept[name] = reason
        else:
            kept |= {key(*run): reason for run in runs([each for each in said if each not in gone])}
    return kept
