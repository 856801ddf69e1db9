"""Forms: what a clerk types for a slide of some kind ↔ the kind's JSON. Pure; the pages follow FORM, so a new kind needs no template.

Names on the page: "f." and the field ("f.steps.2.name"), "r." and the key of a doubt for its reason. A notice keeps the plain names of
its few fields. Long lists are typed as lines with tabs ("f.lines" as one text), as Excel copies them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kiosk.base.errors import N_, Invalid
from kiosk.content import fields, plain
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.kinds import KINDS

PREFIX, REASON = "f.", "r."
WHOLE = "whole"  # where stands what belongs to no field
HOLE = "……"  # what a preview shows where something needed is not written yet
SPAN = 12  # columns of a line of fields
LONG = 100  # rows from which a list is typed as lines
NOTICE = ("lead", "body", "strip", "phone", "side", "link", "ticker")
_TABLE: Form = (
    Field("unit", N_("单位"), most=12, hint=N_("如 元、人，可以不写")), Field("lead", N_("一句话说明"), most=80, hint=N_("可以不写")),
    Field("cells", N_("表格"), "text", most=200_000, needed=True, hint=N_("第一行是表头。可以从 Excel、WPS 里选中格子，复制过来")),
    Field("note", N_("表下的注"), most=120, hint=N_("可以不写")))
_NUMBER = re.compile(r"(\d[\d,，]*)\s*(?:个|次|天|日|份|分钟|人|小时)?(?:工作日)?")
_DAY = re.compile(r"(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?")
_WIDTHS = {"check": 2, "number": 3, "money": 3, "phone": 4, "choice": 3, "text": SPAN}


@dataclass(frozen=True)
class Typed:
    """A form as it came: `words` by field ("steps.0.name", rows without gaps), `reasons` by the key of their doubt.

    `places`: for each list, the number that each of its rows had on the page.
    """

    words: Mapping[str, str]
    reasons: Mapping[str, str]
    places: Mapping[str, Sequence[int]]

    def on_page(self, name: str) -> str:
        """The field's name as the page had it: "steps.0.name" → "steps.2.name" where two rows above it were empty."""
        head, _, rest = name.partition(".")
        number, dot, inner = rest.partition(".")
        places = self.places.get(head, ())
        return f"{head}.{places[int(number)]}{dot}{inner}" if number.isdecimal() and int(number) < len(places) else name


@dataclass(frozen=True)
class Box:
    """One field in a line of the page: how many of twelve columns it takes."""

    field: Field
    span: int


def form_of(kind: str) -> Form:
    """The fields that the page draws one after the other; a notice draws its own."""
    return _TABLE if kind == "table" else KINDS[kind].FORM


def open_form(kind: str, words: Mapping[str, str]) -> Form:
    """The fields that stand with what is chosen."""
    return tuple(each for each in form_of(kind) if _stands(kind, each, words))


def laid_aside(kind: str, words: Mapping[str, str]) -> dict[str, str]:
    """What was typed in fields that do not stand with what is chosen: it travels along, so that choosing back loses nothing."""
    closed = {each.name for each in form_of(kind) if not _stands(kind, each, words)}
    return {name: text for name, text in words.items() if name.partition(".")[0] in closed and text}


def turns(kind: str) -> set[str]:
    """The choices on which other fields depend."""
    return {each.when[0] for each in form_of(kind) if each.when}


def prefix(kind: str) -> str:
    return "" if kind == "notice" else PREFIX


def read(kind: str, form: Mapping[str, str], *, blanks: bool = False) -> Typed:
    """What came from the page. Empty rows fall away, but for `blanks`."""
    start = prefix(kind)
    words = {name.removeprefix(start): text for name, text in form.items() if name.startswith(start)} if start else {
        name: form[name] for name in NOTICE if name in form}
    reasons = {name.removeprefix(REASON)[:80]: text.strip() for name, text in form.items() if name.startswith(REASON) and text.strip()}
    places: dict[str, Sequence[int]] = {}
    for each in _lists(kind):
        words |= _rows_of_lines(each, words.pop(each.name, ""))
        there = numbers(each.name, words)
        places[each.name] = there if blanks else [number for number in there if _says(each, words, number)]
        words = _renumbered(each.name, words, places[each.name])
    return Typed(words, reasons, places)


def data_of(kind: str, typed: Typed, today: date) -> dict[str, Any]:
    """The kind's JSON. Faults names every field of the page that is wrong, all at once."""
    made, faults = judged(kind, typed, today)
    if faults:
        raise Faults(faults)
    return made


def judged(kind: str, typed: Typed, today: date) -> tuple[dict[str, Any], list[Invalid]]:
    """The JSON as far as it can be read, and all that is wrong with it, named as on the page of `typed`."""
    if kind == "notice":
        made: dict[str, Any] = _notice(typed.words)
        return made, _named(kind, _faults(kind, made))
    words, faults = dict(typed.words), list[Invalid]()
    form = tuple(each for each in form_of(kind) if kind != "table")
    words |= {name: _eased(field, words[name], today) for name, field in _all(form, words) if name in words}
    try:
        made = fields.typed(form, words, unit_of(kind, words))
    except Faults as wrong:
        faults = list(wrong.all)
        made = fields.typed(form, {**words, **{fault.field: "" for fault in faults}}, unit_of(kind, words))
    if kind == "table":
        made = {**{name: words.get(name, "") for name in ("unit", "lead", "note")}, **plain.cells_of(words.get("cells", ""))}
    made["reasons"] = dict(typed.reasons)
    misread = {fault.field for fault in faults}
    faults += [fault for fault in _faults(kind, made) if fault.field not in misread]
    return made, _named(kind, faults)


def words_of(kind: str, data: Mapping[str, Any]) -> dict[str, str]:
    """What the page shows of this JSON: `read` and `data_of` give it back."""
    if kind == "notice":
        strip = data.get("strip") or {}
        return {"lead": data.get("lead") or "", "body": plain.text_of(list(data.get("blocks") or ())), "strip": strip.get("text") or "",
                "phone": strip.get("phone") or "", "side": data.get("side") or "", "link": data.get("link") or "",
                "ticker": data.get("ticker") or ""}
    if kind == "table":
        return {**{name: data.get(name) or "" for name in ("unit", "lead", "note")}, "cells": plain.text_of_cells(data)}
    return fields.shown(form_of(kind), data, unit_of(kind, {"unit": str(data.get("unit") or "")}))


def unit_of(kind: str, words: Mapping[str, str]) -> str:
    """The unit in which money is typed."""
    field = _by_unit(kind)
    if field is None:
        return "元"
    return words.get("unit", "") if words.get("unit") in field.options else field.options[0]


def drawable(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON with a mark where needed words are missing, so that a picture is there from the first key on."""
    made = dict(data)
    for each in form_of(kind):
        if isinstance(each, Rows):
            rows = list(made.get(each.name) or ()) or [{} for _ in range(each.least)]
            made[each.name] = [{**row, **_holes(each.fields, row)} for row in rows]
        elif kind != "table":
            made |= _holes((each,), made)
    return made


def put(kind: str, words: Mapping[str, str], deed: str) -> dict[str, str] | None:
    """The words after a row was added ("add:steps"), dropped ("drop:steps:3"), moved ("up:…", "down:…") or a field was put right
    ("fix:lines.3.quarter:1,200.00"); None if it is no such deed."""
    name, _, rest = deed.partition(":")
    if name == "fix":
        field, _, text = rest.partition(":")
        return {**words, field: text} if field in dict(_all(form_of(kind), words)) else dict(words)
    if name not in ("add", "drop", "up", "down"):
        return None
    target, _, at = rest.partition(":")
    rows = next((each for each in _lists(kind) if each.name == target), None)
    if rows is None:
        return dict(words)
    order = numbers(target, words)
    if name == "add":
        return {**words, **_blank(rows, max(order, default=-1) + 1)}
    return _renumbered(target, words, _moved(order, name, int(at) if at.isdecimal() and len(at) < 5 else -1))


def numbers(name: str, words: Iterable[str]) -> list[int]:
    """The numbers of a list's rows, in order."""
    found = {int(match[1]) for key in words if (match := re.fullmatch(rf"{re.escape(name)}\.(\d{{1,4}})\.\w+", key))}
    return sorted(found)


def shown_rows(each: Rows, words: Mapping[str, str]) -> int:
    """How many rows the page draws: what is there, and one to write in where nothing is."""
    return max(len(numbers(each.name, words)), 1)


def is_long(each: Rows, words: Mapping[str, str]) -> bool:
    """Whether the list is drawn as one text of lines."""
    return shown_rows(each, words) > LONG


def longest(each: Rows, field: Field, words: Mapping[str, str]) -> int:
    """Characters of the longest word in a column."""
    return max((len(words.get(f"{each.name}.{number}.{field.name}", "")) for number in numbers(each.name, words)), default=0)


def lines_of(each: Rows, words: Mapping[str, str]) -> str:
    """The list as lines with tabs, its headings first; `read` takes it back."""
    rows = [[field.label for field in each.fields]]
    rows += [[" ".join(words.get(f"{each.name}.{number}.{field.name}", "").split()) for field in each.fields]
             for number in numbers(each.name, words)]
    return "\n".join("\t".join(row) for row in rows)


def laid(each: Sequence[Field], columns: int = SPAN, pixels: int = 552) -> list[list[Box]]:
    """Fields packed into lines of twelve columns, in their order; what is left of a line goes to its widest."""
    lines: list[list[Box]] = []
    for field in each:
        box = Box(field, min(columns, _width(field, pixels / columns)))
        if not lines or sum(other.span for other in lines[-1]) + box.span > columns:
            lines.append([])
        lines[-1].append(box)
    return [_stretched(line, columns) for line in lines]


def parts(form: Form) -> list[Rows | list[Field]]:
    """The form as the page draws it: runs of single fields, and lists between them."""
    found: list[Rows | list[Field]] = []
    for each in form:
        if isinstance(each, Rows):
            found.append(each)
        elif found and isinstance(found[-1], list):
            found[-1].append(each)
        else:
            found.append([each])
    return found


def is_sheet(each: Rows) -> bool:
    """Whether a list is drawn as a table of figures, one row a line; else as blocks of fields."""
    return any(field.type == "money" for field in each.fields)


def resolved(text: str, today: date) -> str:
    """A day without its year ("4.30", "4-30", "4月30日") in ISO, of the year in which it is nearest; any other text as it is."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found:
        return text
    days = [day for year in (today.year - 1, today.year, today.year + 1) if (day := _date(year, int(found[1]), int(found[2])))]
    return min(days, key=lambda day: abs((day - today).days)).isoformat() if days else text


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _eased(field: Field, text: str, today: date) -> str:
    """What people write beside a number or in place of a date, as `fields` reads it."""
    if field.type == "day":
        return resolved(text, today)
    if field.type == "number" and (found := _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())):
        return found[1]
    return text


def _faults(kind: str, data: Mapping[str, Any]) -> list[Invalid]:
    try:
        KINDS[kind].parse(data)
    except Faults as wrong:
        return list(wrong.all)
    except Invalid as wrong:
        return [wrong]
    return []


def _named(kind: str, faults: Iterable[Invalid]) -> list[Invalid]:
    """The faults with the names that the fields have on the page."""
    return [Invalid(_name(kind, fault.field), fault.message, **fault.params) for fault in faults]


def _name(kind: str, field: str) -> str:
    if kind == "notice":
        return field if field in NOTICE else "body"
    if field == "reasons":
        return WHOLE
    if kind == "table":
        return PREFIX + (field if field in ("unit", "lead", "note") else "cells")
    return PREFIX + field


def _notice(words: Mapping[str, str]) -> dict[str, Any]:
    said = {name: words.get(name, "").strip() for name in NOTICE}
    return {"lead": said["lead"], "blocks": plain.blocks_of(words.get("body", "")), "side": said["side"] or None,
            "link": said["link"], "ticker": said["ticker"],
            "strip": {"text": said["strip"], "phone": said["phone"]} if said["strip"] or said["phone"] else None}


def _stands(kind: str, each: Field | Rows, words: Mapping[str, str]) -> bool:
    if not each.when:
        return True
    name, word = each.when
    usual = next((field.options[0] for field in form_of(kind) if isinstance(field, Field) and field.name == name), "")
    return (words.get(name) or usual) == word


def _by_unit(kind: str) -> Field | None:
    return next((each for each in KINDS[kind].FORM if isinstance(each, Field) and each.name == "unit" and each.options
                 and set(each.options) <= set(fields.UNITS)), None)


def _lists(kind: str) -> list[Rows]:
    return [each for each in form_of(kind) if isinstance(each, Rows)]


def _all(form: Form, words: Mapping[str, str]) -> Iterator[tuple[str, Field]]:
    """Every field of the page by its name."""
    for each in form:
        if isinstance(each, Rows):
            yield from ((f"{each.name}.{number}.{field.name}", field) for number in numbers(each.name, words) for field in each.fields)
        else:
            yield each.name, each


def _says(each: Rows, words: Mapping[str, str], number: int) -> bool:
    """Whether somebody wrote in the row; a choice always stands at something."""
    return any(words.get(f"{each.name}.{number}.{field.name}", "").strip() for field in each.fields if field.type != "choice")


def _renumbered(name: str, words: Mapping[str, str], order: Sequence[int]) -> dict[str, str]:
    start = f"{name}."
    rows: dict[int, dict[str, str]] = {}
    kept: dict[str, str] = {}
    for key, text in words.items():
        number, dot, inner = key.removeprefix(start).partition(".") if key.startswith(start) else ("", "", "")
        if dot and number.isdecimal() and len(number) < 5:
            rows.setdefault(int(number), {})[inner] = text
        else:
            kept[key] = text
    return kept | {f"{start}{at}.{inner}": text for at, number in enumerate(order) for inner, text in rows.get(number, {}).items()}


def _rows_of_lines(each: Rows, text: str) -> dict[str, str]:
    """A list typed as lines: cells by tabs, in the order of the fields; a line of headings is none of them."""
    lines = [line.split("\t") for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    if lines and [cell.strip() for cell in lines[0]] == [field.label for field in each.fields]:
        del lines[0]
    return {f"{each.name}.{at}.{field.name}": cell.strip() for at, line in enumerate(lines[:9999])
            for field, cell in zip(each.fields, [*line, *[""] * len(each.fields)], strict=False)}


def _blank(each: Rows, number: int) -> dict[str, str]:
    return {f"{each.name}.{number}.{field.name}": "" for field in each.fields}


def _moved(order: Sequence[int], deed: str, number: int) -> list[int]:
    moved = list(order)
    if number not in moved:
        return moved
    at = moved.index(number)
    if deed == "drop":
        del moved[at]
    else:
        to = at + (-1 if deed == "up" else 1)
        if 0 <= to < len(moved):
            moved[at], moved[to] = moved[to], moved[at]
    return moved


def _holes(each: Iterable[Field], row: Mapping[str, Any]) -> dict[str, str]:
    return {field.name: HOLE for field in each if field.needed and field.type in ("line", "text", "phone") and not row.get(field.name)}


def _width(field: Field, column: float) -> int:
    """Columns that a field wants: by what it holds, and never less than its label takes."""
    if field.type == "day":
        return max(3, math.ceil(132 / column))
    usual = _WIDTHS.get(field.type) or (3 if field.most <= 10 else 4 if field.most <= 20 else 6 if field.most <= 60 else SPAN)
    options = max((len(each) for each in field.options), default=0)
    return max(usual, round((len(field.label) * 16 + 12) / column + 0.4), round((options * 16 + 60) / column + 0.4) if options else 0)


def _stretched(line: Sequence[Box], columns: int) -> list[Box]:
    left = columns - sum(box.span for box in line)
    widest = max(range(len(line)), key=lambda at: (line[at].span, -at))
    share = left // len(line) if len(line) > 1 and left >= len(line) else 0
    made = [replace(box, span=box.span + share) for box in line]
    made[widest] = replace(made[widest], span=made[widest].span + left - share * len(line))
    return made
