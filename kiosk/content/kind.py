"""The contract of a slide kind, and of what it draws.

A kind is a frozen dataclass stored as JSON in `Revision.data`: parse() takes the JSON in (Invalid names what is wrong),
stored() gives it back, pages() lays it out for a geometry. A new kind is one file here, one template, one sample, one name in
the tuple; no migration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from kiosk.base.errors import Invalid
from kiosk.content.geometry import Geometry


@dataclass(frozen=True)
class Sheet:
    """One page before its frame: the values its template draws, its words, media objects and remarks for the editor."""

    values: dict[str, Any]
    text: str
    media: tuple[str, ...] = ()
    dwell: float | None = None
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Change:
    """One thing that differs between two revisions, as the leader reads it; `n` where a count tells the place."""

    where: str
    old: str
    new: str
    n: int | None = None


class Kind(Protocol):
    """What every kind can do. `name` is the word in Revision/Slide.kind and the template's file name."""

    name: str

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self: ...

    def stored(self) -> dict[str, Any]: ...

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]: ...

    def text(self) -> str: ...

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]: ...


def words(data: Mapping[str, Any], name: str, *, most: int, empty: bool = True) -> str:
    """A text field of a kind's JSON, bounded."""
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise Invalid(name, "这里要写文字。")
    clean = value.strip()
    if not clean and not empty:
        raise Invalid(name, "这一项要填。")
    if len(clean) > most:
        raise Invalid(name, "最多 %(most)s 个字，现在 %(count)s 个。", most=most, count=len(clean))
    return clean


def only(data: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse fields that the kind does not know, by name: a typing error must not be lost in silence."""
    if strangers := sorted(set(data) - set(names)):
        raise Invalid(strangers[0], "没有“%(names)s”这一项。", names=strangers)
