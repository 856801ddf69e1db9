"""What a relay decides by: which refs it takes, what of an edition it needs, what may wait for the night. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from kiosk.base.clock import parse
from kiosk.base.objects import is_name
from kiosk.base.signing import Untrusted, trusted

Ref = Mapping[str, Any]
Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """An object that is needed. `size`: bytes, 0 where nobody said it."""

    sha: str
    size: int = 0


@dataclass(frozen=True)
class Night:
    """From when until when each night, by the local clock, what is not needed before may be fetched."""

    start: time
    end: time

    def covers(self, local: datetime) -> bool:
        clock = local.time().replace(tzinfo=None)
        return self.start <= clock < self.end if self.start < self.end else clock >= self.start or clock < self.end

    def over(self, local: datetime) -> datetime:
        """When the night that runs, or comes next, is over."""
        end = local.replace(hour=self.end.hour, minute=self.end.minute, second=0, microsecond=0)
        return end if end > local else end + timedelta(days=1)


def judged(ref: Any, board: int, pinned: Sequence[str], held: Ref | None = None) -> tuple[str, ...]:
    """The keys to pin from now on; Untrusted says why the ref is not taken: not genuine, another board's, older than what is held."""
    keys = trusted(ref, pinned, board=board, version=held["version"] if held is not None else 0)
    if not is_name(str(ref.get("edition"))):
        raise Untrusted("answer")
    return keys


def orders(ref: Ref) -> tuple[Any, Any, Any]:
    """What a board has to obey before it fetches anything."""
    return ref.get("recalled", []), ref.get("overrides", []), ref.get("stopped")


def inserted(ref: Ref, at: datetime) -> list[Wanted]:
    """The objects of the urgent inserts that are not over."""
    running = [each for each in ref.get("overrides", ()) if parse(each["to"]) > at]
    told = [Wanted(each["sha"], each.get("size", 0)) for insert in running for each in insert.get("objects", ())]
    known = {each.sha for each in told}
    lines = [sha for insert in running for item in insert.get("items", ()) for sha in (item["html"], *item.get("media", ()))]
    return told + [Wanted(sha) for sha in dict.fromkeys(lines) if sha not in known]


def contents(manifest: Manifest, recalled: Collection[int], edge: datetime) -> list[Wanted]:
    """Every object of the edition that has to be here, what begins before `edge` first; what only recalled revisions name is left out."""
    gone = withdrawn(manifest, recalled)
    soon = _named(manifest, _items_before(manifest, edge))
    later = _named(manifest, {line["item"] for line in manifest["items"]}) - soon
    wanted = [Wanted(each["sha"], each.get("size", 0)) for each in manifest["objects"] if each["sha"] not in gone]
    return sorted(wanted, key=lambda each: each.sha in later)


def withdrawn(manifest: Manifest, recalled: Collection[int]) -> set[str]:
    """The objects that only recalled revisions name."""
    off = {line["item"] for line in manifest["items"] if line["revision"] in recalled}
    return _named(manifest, off) - _named(manifest, {line["item"] for line in manifest["items"]} - off)


def same_until(edge: datetime, one: Manifest, other: Manifest) -> bool:
    """Whether both editions look alike on the wall until then: the change may wait."""
    return _until(edge, one) == _until(edge, other)


def _until(edge: datetime, manifest: Manifest) -> dict[str, Any]:
    lines = {line["item"]: line for line in manifest["items"]}
    opened = [{**each, "items": [lines.get(name) for name in each["items"]], "to": _clipped(each["to"], edge)}
              for each in manifest["windows"] if _begins(each, edge)]
    power = [{**each, "to": _clipped(each["to"], edge)} for each in manifest.get("power", ()) if _begins(each, edge)]
    rest = {name: value for name, value in manifest.items() if name not in ("items", "windows", "objects", "power", "fallback")}
    return {**rest, "windows": opened, "power": power, "fallback": [lines.get(name) for name in manifest["fallback"]]}


def _clipped(text: str | None, edge: datetime) -> datetime:
    return edge if text is None else min(parse(text), edge)


def _begins(window: Mapping[str, Any], edge: datetime) -> bool:
    return window["from"] is None or parse(window["from"]) < edge


def _items_before(manifest: Manifest, edge: datetime) -> set[str]:
    return {name for window in manifest["windows"] if _begins(window, edge) for name in window["items"]} | set(manifest["fallback"])


def _named(manifest: Manifest, items: Iterable[str]) -> set[str]:
    wanted = set(items)
    return {sha for line in manifest["items"] if line["item"] in wanted for sha in (line["html"], *line.get("media", ()))}
