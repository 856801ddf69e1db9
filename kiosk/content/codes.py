"""Codes: QR codes on a page, large enough to be scanned from where people stand, with words beside them. Pure.

A code is 150 mm wide on the reference panel, its modules are whole px, and its quiet zone is four of them. Where it finds no room, the
address stands in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import segno

from kiosk.content import layout, typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Sheet
from kiosk.content.layout import LABEL
from kiosk.content.typeset import Atom

LEAST = 3  # version: the quiet zone of a smaller code takes more of the page than its finer modules save
CODE, QUIET = 38, 4  # u: 150 mm on the reference panel, without its quiet zone; modules
SCAN, SCAN_WIDE = 36, 42  # the words that stand below or beside a code of its own page


@dataclass(frozen=True)
class Code:
    """A QR code: its dark modules as one path, `size` modules wide without the quiet zone; `host`: where an address leads."""

    path: str
    size: int
    host: str

    def box(self, most: float, geometry: Geometry) -> int:
        """The side in u of the greatest white square within `most`, a module being whole px; 0 where 150 mm find no room."""
        module = int(int(most) * geometry.u // (self.size + 2 * QUIET))
        return math.ceil(module * (self.size + 2 * QUIET) / geometry.u) if module * self.size >= CODE * geometry.u else 0

    def drawn(self, box: int, beside: float, geometry: Geometry) -> dict[str, Any]:
        """What the template draws; `beside`: the width in u that is left for words."""
        side = box * geometry.u / (box * geometry.u // (self.size + 2 * QUIET))
        start = (self.size - side) / 2
        host = self.host if typeset.width(self.host, LABEL) <= beside else ""
        return {"box": box, "path": self.path, "view": f"{start:g} {start:g} {side:g} {side:g}", "host": host}


def of(link: str) -> Code | None:
    """The code of an address or a sentence."""
    return Code(*_modules(link), host(link)) if link else None


def host(link: str) -> str:
    """Where an address leads; "" for other words."""
    found = re.match(r"https?://(?:[^/?#@\s]*@)?([^/?#\s]+)", link, re.I)
    return found[1] if found else ""


def page(code: Code, title: str, geometry: Geometry) -> list[Sheet]:
    """The code on a page of its own, words beside it or on a tall page below it; none where it would be too small to scan."""
    room = layout.room("扫一扫，带回家看", [title], geometry)
    below = code.box(min(room.h - SCAN, room.w * 0.8), geometry) if not room.wide else 0
    box = below or code.box(min(room.h, room.w - SCAN_WIDE), geometry)
    if not box:
        return []
    content = {**code.drawn(box, room.w if below else room.w - box - 6, geometry), "below": bool(below)}
    return [Sheet({**room.head, "atoms": [Atom("code", box + (SCAN if below else 0), content=content)]})]


@lru_cache(64)
def _modules(link: str) -> tuple[str, int]:
    made = segno.make_qr(link, error="m")
    if len(made.matrix) < 17 + 4 * LEAST:
        made = segno.make_qr(link, error="m", version=LEAST)
    matrix = made.matrix
    return "".join(f"M{x} {y}h{long}v1h-{long}z" for y, row in enumerate(matrix) for x, long in _dark(row)), len(matrix)


def _dark(row: bytearray) -> Iterator[tuple[int, int]]:
    """Start and length of each dark run."""
    at = 0
    for dark, run in groupby(row):
        long = len(list(run))
        if dark:
            yield at, long
        at += long
