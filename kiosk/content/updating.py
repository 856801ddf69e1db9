"""Updating: the page that stands where an overdue topic's slide would — what it is, when it was due, whom to ask. Pure.

It is no revision of anybody's: its words come from the catalogue and the units, and it is drawn anew wherever these differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kiosk.content import layout, render
from kiosk.content.geometry import Geometry
from kiosk.content.layout import Room
from kiosk.content.render import Fragment, SlideView
from kiosk.content.typeset import Atom

TITLE_MOST = 40
LEAST = 48.0  # u below a title that also names the period: on a smaller page the period is told as words


@dataclass(frozen=True)
class Updating:
    """What the page says. `about`: the period that is awaited, or ""; `said`: what should have been done by when; `phone`, `place`,
    `hours`: whom to ask, "" where there is none.
    """

    topic: str
    about: str
    said: str
    phone: str
    place: str
    hours: str
    column: str
    unit: str
    office: str
    short: str


@lru_cache(512)
def pages(told: Updating, geometry: Geometry) -> Sequence[Fragment]:
    """The page on this grid; on a small one it takes several, and the phone is on the first that has room for it."""
    view = SlideView(told.topic, "notice", {}, told.column, told.unit, None, told.phone, told.office, told.short)
    title = f"{told.topic}（{told.about}）" if told.about else told.topic
    room, said = layout.room(title, "", geometry), told.said
    if told.about and (len(title) > TITLE_MOST or room.h < LEAST):
        room, said = layout.room(told.topic, "", geometry), f"{told.about}的内容{told.said}"
    return render.laid(view, geometry, layout.sheets(room, _atoms(told, said, room)))


def _atoms(told: Updating, said: str, room: Room) -> list[Atom]:
    phone = layout.strip_atoms("要问情况，请打", told.phone, room) if told.phone else []
    come = [f"也可以到{told.place}。" if told.phone else f"要问情况，请到{told.place}。"] if told.place else []
    hours = [f"办公时间：{told.hours}"] if told.hours else []
    return [*layout.text_atoms("lead", said, room.w, room.few()), *phone,
            *(atom for at, text in enumerate((*come, *hours))
              for atom in layout.text_atoms("paragraph", text, room.w, room.few(), gap=0.0 if at else 2.0))]
