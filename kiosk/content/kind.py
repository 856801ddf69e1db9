"""The contract of a slide kind, and of what it draws.

A kind is a frozen dataclass stored as JSON in `Revision.data`: parse() takes the JSON in (Invalid names what is wrong),
stored() gives it back, sheets() lays it out for a geometry. A new kind is one file here, one template, one sample, one name in
the tuple; no migration. FORM describes what people fill in (fields.py): form, Excel template and sheet reading follow it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Protocol, Self

from kiosk.base.errors import Invalid
from kiosk.content import fields
from kiosk.content.fields import Form
from kiosk.content.geometry import Geometry, Wall

REASON_MOST, REASONS_MOST = 120, 60


@dataclass(frozen=True)
class Sheet:
    """One page before its frame: the values its template draws, media objects and remarks for the editor.

    `text`: the words, where they stand in a picture; None: those that the template draws. `start`, `end`: the days from which
    (inclusive) and until which (exclusive) the page is true; the board changes over by itself. A sheet whose days differ from its
    neighbour's belongs to another version of the slide, with page numbers of its own.
    """

    values: dict[str, Any]
    text: str | None = None
    media: tuple[str, ...] = ()
    dwell: float | None = None
    notes: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Change:
    """One thing that differs between two revisions, as the leader reads it. `where`: a label of the catalogue; `n`: where a count tells
    the place; `row`: in which of several rows, by its own name; `worded`: old and new are words of the catalogue.
    """

    where: str
    old: str
    new: str
    n: int | None = None
    row: str = ""
    worded: bool = False


@dataclass(frozen=True)
class Doubt:
    """Something that does not add up. A firm one passes only when put right, or with a written reason kept under `key`.

    `field`: beside which field it stands ("lines.3.quarter"; "" for the whole); `fix`: what the field would have to say, as typed.
    """

    key: str
    field: str
    message: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    fix: str | None = None
    firm: bool = True  # False: told to editor and leader, and holds nothing up


class Kind(Protocol):
    """What every kind can do. `name` is the word in Revision/Slide.kind and the template's file name."""

    name: ClassVar[str]
    label: ClassVar[str]
    FORM: ClassVar[Form]
    FILES: ClassVar[bool]  # whether it comes from files and is never typed

    @property
    def reasons(self) -> Mapping[str, str]: ...

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self: ...

    def stored(self) -> dict[str, Any]: ...

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]: ...

    def text(self) -> str: ...

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]: ...

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]: ...


def reasons_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The reasons of a kind's JSON, by the key of their doubt, bounded."""
    value = data.get("reasons") or {}
    if not isinstance(value, Mapping) or len(value) > REASONS_MOST:
        raise Invalid("reasons", "理由要一条对一处，最多 %(most)s 条。", most=REASONS_MOST)
    made = {str(key)[:80]: words({"reason": text}, "reason", most=REASON_MOST) for key, text in value.items()}
    return {key: text for key, text in sorted(made.items()) if text}


def words(data: Mapping[str, Any], name: str, *, most: int, empty: bool = True) -> str:
    """A text field of a kind's JSON, bounded, without what no reader sees."""
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise Invalid(name, "这里要写文字。")
    clean = fields.clean(value)
    if not clean and not empty:
        raise Invalid(name, "这一项要填。")
    if len(clean) > most:
        raise Invalid(name, "最多 %(most)s 个字，现在 %(count)s 个。", most=most, count=len(clean))
    return clean


def only(data: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse fields that the kind does not know, by name: a typing error must not be lost in silence."""
    if strangers := sorted(set(data) - set(names)):
        raise Invalid(strangers[0], "没有“%(names)s”这一项。", names=strangers)


def differences(form: Form, old: Mapping[str, Any], new: Mapping[str, Any], unit: str = "元") -> list[Change]:
    """Field by field what changed, rows matched by their first field, as the leader reads it."""
    rows: list[Change] = []
    for each in form:
        if isinstance(each, fields.Rows):
            rows += _row_differences(each, list(old.get(each.name) or ()), list(new.get(each.name) or ()), unit)
        else:
            was, now = (fields.said(each, told.get(each.name), unit) for told in (old, new))
            rows += [Change(each.label, was, now, worded=bool(each.options))] if was != now else []
    return rows


def _row_differences(each: fields.Rows, old: list[Mapping[str, Any]], new: list[Mapping[str, Any]], unit: str) -> list[Change]:
    key = each.fields[0]

    def named(rows: list[Mapping[str, Any]]) -> dict[tuple[str, int], Mapping[str, Any]]:
        found: dict[tuple[str, int], Mapping[str, Any]] = {}
        for row in rows:
            name = fields.said(key, row.get(key.name), unit)
            found[name, sum(1 for known in found if known[0] == name)] = row
        return found

    before, after = named(old), named(new)
    changes = [Change(each.label, _in_one(each, before[name], unit), "") for name in before if name not in after]
    for name, row in after.items():
        if name not in before:
            changes.append(Change(each.label, "", _in_one(each, row, unit)))
            continue
        for inner in each.fields[1:]:
            was, now = (fields.said(inner, told.get(inner.name), unit) for told in (before[name], row))
            if was != now:
                changes.append(Change(inner.label, was, now, row=name[0], worded=bool(inner.options)))
    order = [name for name in after if name in before]
    if not changes and order != list(before):
        changes.append(Change(each.label, "、".join(name for name, _ in before), "、".join(name for name, _ in after)))
    return changes


def _in_one(each: fields.Rows, row: Mapping[str, Any], unit: str) -> str:
    return "　".join(text for inner in each.fields if (text := fields.said(inner, row.get(inner.name), unit)))
