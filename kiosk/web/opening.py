"""Opening: a unit's opening hours as they are typed and told, and when a board that follows them is dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext

from kiosk import people
from kiosk.base.errors import N_
from kiosk.people import DAYS, DOORS_MOST, Unit
from kiosk.signage.rules import Hours
from kiosk.web.request import db
from kiosk.web.whens import clock, hours_said, minute

DAY_NAMES = {"working": N_("工作日"), "off": N_("休息日")}


def typed() -> dict[str, list[tuple[int, int]]] | None:
    """The hours of the form; None where the unit follows the one above."""
    if request.form.get("opening") != "own":
        return None
    return {days: _typed(days) for days in DAYS}


def _typed(days: str) -> list[tuple[int, int]]:
    rows = zip(request.form.getlist(f"{days}_from"), request.form.getlist(f"{days}_to"), strict=False)
    return [(minute(start, days), minute(end, days, end=True)) for start, end in rows if start.strip() or end.strip()]


def rows(unit: Unit) -> Mapping[str, Sequence[tuple[str, str]]]:
    """For the form: the rows of each kind of day, as typed or as they are kept, the empty ones too."""
    return {days: _rows(days, unit) for days in DAYS}


def _rows(days: str, unit: Unit) -> list[tuple[str, str]]:
    kept = [(clock(start), clock(end)) for start, end in (unit.opening or {}).get(days, ())]
    given = list(zip(request.form.getlist(f"{days}_from"), request.form.getlist(f"{days}_to"), strict=False))
    told = given if request.method == "POST" and given else kept
    return [*told, *[("", "")] * DOORS_MOST][:DOORS_MOST]


def said(unit: Unit) -> str:
    """The hours that count for a unit, in one line; "" where nobody said any."""
    found = people.opening_of(db(), unit)
    return "" if found is None else str(gettext("，")).join(_said(days, found[1]) for days in DAYS)


def _said(days: str, told: Mapping[str, Any]) -> str:
    hours = [Hours(start, end) for start, end in told.get(days, ())]
    name = gettext(DAY_NAMES[days])
    return f"{name} {hours_said(hours)}" if hours else str(gettext("%(days)s不开门", days=name))


def sleep(unit: Unit) -> str:
    """When a board of the unit is dark, if it follows the opening hours."""
    found = people.opening_of(db(), unit)
    if found is None:
        return str(gettext("%(unit)s还没有写开门时间，所以不会关屏。", unit=unit.name))
    return str(gettext("照%(unit)s的开门时间：%(hours)s。其余时间屏是黑的；调休上班的周末算工作日。", unit=found[0].name, hours=said(unit)))
