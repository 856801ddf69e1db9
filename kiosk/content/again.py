"""Again: what hangs every quarter is not written anew: last quarter's figures move over, and what is new is filled in. Pure.

It works on any kind whose FORM has year and quarter, and a list with the fields quarter, total, last and last_total.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from kiosk.content.fields import Field, Rows
from kiosk.content.kinds import KINDS

MOVED = {"quarter", "total", "last", "last_total"}
_QUARTER = re.compile(r"(第?\s*)([一二三四1-4])(\s*季度)")
_YEAR = re.compile(r"(20\d\d)(\s*年)")


def repeats(kind: str) -> bool:
    """Whether slides of this kind come again every quarter."""
    names = {each.name for each in KINDS[kind].FORM}
    return {"year", "quarter"} <= names and _list(kind) is not None


def following(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The next quarter's slide as far as this one says it: what was this quarter's is last quarter's, new figures are open.

    With a new year the budget and the running totals begin anew.
    """
    quarters = _options(kind)
    at = quarters.index(data["quarter"]) + 1 if data.get("quarter") in quarters else 0
    new_year = at == len(quarters)
    rows = _list(kind)
    assert rows is not None
    lines = [{**line, "quarter": None, "total": None, "last": line.get("quarter"), "last_total": None if new_year else line.get("total"),
              **({"budget": None} if new_year and "budget" in line else {}), **({"why": ""} if "why" in line else {})}
             for line in data.get(rows.name) or ()]
    year = (data.get("year") or 0) + new_year or None
    made = {**data, "quarter": quarters[at % len(quarters)], "year": year, rows.name: lines, "reasons": {}}
    if "closing" in data:
        made |= {"opening": data["closing"], "last_closing": data["closing"], "closing": None}
    return made | ({"note": ""} if "note" in data else {})


def filled(kind: str, base: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """What a sheet said over what last quarter gave: a line of the same name keeps what the sheet leaves open."""
    rows = _list(kind)
    assert rows is not None
    made = {**base, **{name: value for name, value in read.items() if value not in ("", None) and name not in (rows.name, "reasons")}}
    if not read.get("year"):  # a sheet without its quarter says nothing of it by the choice's default
        made |= {"year": base.get("year"), "quarter": base.get("quarter")}
    if lines := read.get(rows.name):
        key = rows.fields[0].name
        known = {line.get(key): line for line in reversed(base.get(rows.name) or ())}
        made[rows.name] = [_over(known.get(line.get(key), {}), line) for line in lines]
    return made


def title_of(title: str, kind: str, data: Mapping[str, Any]) -> str:
    """Last quarter's title with the year and the quarter of these data."""
    number = _options(kind).index(data["quarter"])
    said = _QUARTER.sub(lambda found: found[1] + ("一二三四"[number] if found[2] in "一二三四" else str(number + 1)) + found[3], title)
    return _YEAR.sub(lambda found: f"{data['year']}{found[2]}", said) if data.get("year") else said


def months_on(day: date, months: int = 3) -> date:
    """The same day so many months later; the month's last where it has no such day."""
    month = day.year * 12 + day.month - 1 + months
    for last in range(day.day, 27, -1):
        try:
            return date(month // 12, month % 12 + 1, last)
        except ValueError:
            continue
    return date(month // 12, month % 12 + 1, day.day)


def _over(known: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    return {**known, **{name: value for name, value in line.items() if value not in ("", None) or name not in known}}


def _options(kind: str) -> tuple[str, ...]:
    return next(each.options for each in KINDS[kind].FORM if isinstance(each, Field) and each.name == "quarter")


def _list(kind: str) -> Rows | None:
    return next((each for each in KINDS[kind].FORM if isinstance(each, Rows) and {field.name for field in each.fields} >= MOVED), None)
