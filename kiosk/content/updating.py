"""Updating: the page that stands where an overdue topic's slide would — what it is, when it was due, whom to ask. Pure.

It is no revision of anybody's: its words come from the catalogue and the units, and it is drawn anew wherever these differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kiosk.content import render
from kiosk.content.geometry import Geometry
from kiosk.content.render import Fragment, SlideView

TITLE_MOST = 40


@dataclass(frozen=True)
class Updating:
    """What the page says. `about`: the period that is awaited, or ""; `said`: a sentence; `ask`: whom to call; `come`: where, when."""

    topic: str
    about: str
    said: str
    ask: str
    phone: str
    come: str
    column: str
    unit: str
    office: str
    short: str


@lru_cache(512)
def pages(told: Updating, geometry: Geometry) -> Sequence[Fragment]:
    """The page on this grid; on a small one it may take several."""
    title = f"{told.topic}（{told.about}）" if told.about else told.topic
    lead = told.said
    if len(title) > TITLE_MOST:
        title, lead = told.topic, f"{told.about}的内容{told.said}"
    blocks = [{"type": "paragraph", "text": told.come}] if told.come else []
    data: dict[str, Any] = {"lead": lead, "blocks": blocks, "strip": {"text": told.ask, "phone": told.phone} if told.phone else None}
    return render.render(SlideView(title, "notice", data, told.column, told.unit, None, told.phone, told.office, told.short), geometry)
