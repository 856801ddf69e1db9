"""Parcels: what a relay without a line is handed on a USB stick, and what it hands back. No database is known here.

The law: nothing of a parcel is used before all of it was checked. The way out is sealed with the office's key, made for one relay, numbered
and good for some weeks; the way back bears a code (HMAC-SHA-256) that only the relay's token makes. Objects are named by their hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kiosk.base.archive import CHUNK, Broken, Reader, Writer
from kiosk.base.canonical import canonical
from kiosk.base.clock import iso, parse
from kiosk.base.errors import Problem
from kiosk.base.signing import CHAIN, followed, genuine

FORMAT = 1
OUT, BACK = "kiosk-parcel", "kiosk-return"
LIFE = timedelta(days=30)  # windows reach 35 days ahead; an older programme would end on the wall
REFS, OBJECTS, PLAYS, BEATS = "refs.json", "objects/", "plays.jsonl", "beats.jsonl"
LINE_MOST = 1 << 20
Seal = Callable[[Mapping[str, Any]], dict[str, Any]]


class Refused(Problem):
    """A parcel that is not taken; the sentence says why."""

    status = 422
    slug = "refused"


@dataclass(frozen=True)
class Outgoing:
    """A checked parcel for a relay. `boards`: {board, token, ref} each; `taken`: [board, batch] of what came back and arrived."""

    relay: int
    number: int
    made_at: datetime
    until: datetime
    outside: Sequence[str]
    boards: Sequence[Mapping[str, Any]]
    taken: Sequence[Sequence[Any]]
    objects: Sequence[str]


@dataclass(frozen=True)
class Returned:
    """A checked parcel of a relay: batches of plays and last heartbeats, as {board, report} and {board, report, heard}."""

    relay: int
    made_at: datetime
    plays: Sequence[Mapping[str, Any]]
    beats: Sequence[Mapping[str, Any]]


def write(path: Path, *, relay: int, number: int, at: datetime, outside: Sequence[str],
          boards: Sequence[Mapping[str, Any]], taken: Sequence[Sequence[Any]], objects: Iterable[tuple[str, Path]], seal: Seal) -> int:
    """Write a parcel for a relay; how many objects are in it. `number`: grows with each; `objects`: name and where the bytes lie."""
    count = 0
    with Writer(path) as archive:
        archive.add(REFS, [canonical({"boards": list(boards), "taken": list(taken), "outside": list(outside)})])
        for sha, source in objects:
            if archive.add(f"{OBJECTS}{sha}", _chunks(source)) != sha:
                raise Broken("服务器上的一个对象坏了，没有导出：%(fault)s。请从备份恢复它。", fault=sha[:12])
            count += 1
        archive.finish(seal({"format": FORMAT, "kind": OUT, "relay": relay, "number": number, "sealed_at": iso(at), "until": iso(at + LIFE),
                             "members": archive.members}))
    return count


def opened(reader: Reader, *, relay: int, keys: Collection[str], last: int, at: datetime) -> Outgoing:
    """The parcel, checked whole: genuine by a pinned key or its successor, for this relay, no older than number `last`, in date."""
    told = _told(reader, OUT)
    if not any(genuine(told, key) for key in followed(list(keys), told.get(CHAIN))):
        raise Refused("这个包不是本单位导出的，或者被改过，没有收。")
    if told.get("relay") != relay:
        raise Refused("这个包是给别的中继的，没有收。")
    made_at, until = parse(told["sealed_at"]), parse(told["until"])
    if told["number"] < last:
        raise Refused("这个包比收过的旧，没有收。请用最新导出的包。")
    if at > until:
        raise Refused("这个包过期了，没有收：%(day)s 导出的，只能用 %(days)s 天。请重新导出。", day=f"{made_at:%Y-%m-%d}", days=LIFE.days)
    _check(reader)
    inner = json.loads(reader.read(REFS))
    names = [name.removeprefix(OBJECTS) for name in reader.members if name.startswith(OBJECTS)]
    return Outgoing(relay, told["number"], made_at, until, inner["outside"], inner["boards"], inner["taken"], names)


def object_of(reader: Reader, sha: str) -> Iterator[bytes]:
    """An object's bytes in pieces."""
    return reader.chunks(f"{OBJECTS}{sha}")


def write_back(path: Path, *, relay: int, token: str, at: datetime, plays: Iterable[Mapping[str, Any]],
               beats: Iterable[Mapping[str, Any]]) -> None:
    """Write what a relay's boards have told: for the office, by hand."""
    with Writer(path) as archive:
        for name, lines in ((PLAYS, plays), (BEATS, beats)):
            archive.add(name, (canonical(dict(line)) + b"\n" for line in lines))
        told = {"format": FORMAT, "kind": BACK, "relay": relay, "made_at": iso(at), "members": archive.members}
        archive.finish({**told, "mac": _code(told, hashlib.sha256(token.encode()).hexdigest())})


def opened_back(reader: Reader, *, token_hash: Callable[[int], str | None]) -> Returned:
    """What a relay handed back, checked whole. `token_hash`: of the relay of that number, None where there is none."""
    told = _told(reader, BACK)
    known = token_hash(told["relay"]) if isinstance(told.get("relay"), int) else None
    bare = {name: value for name, value in told.items() if name != "mac"}
    if known is None or not hmac.compare_digest(str(told.get("mac")), _code(bare, known)) or not reader.plain:
        raise Refused("这个包不是本单位的中继写的，或者被改过，没有收。")
    _check(reader)
    return Returned(told["relay"], parse(told["made_at"]), list(_lines(reader, PLAYS)), list(_lines(reader, BEATS)))


def _told(reader: Reader, kind: str) -> dict[str, Any]:
    told = reader.told
    if told.get("kind") == (BACK if kind == OUT else OUT):
        raise Refused("这是另一个方向的包：从服务器导出的给中继，中继写出的带回服务器。")
    if told.get("kind") != kind or told.get("format") != FORMAT:
        raise Refused("这不是公示屏的 U 盘包，或者是更新的版本做的。")
    return told


def _check(reader: Reader) -> None:
    fault = next(reader.faults(), None) or next(
        (name for name, told in reader.members.items() if name.startswith(OBJECTS) and told["sha256"] != name.removeprefix(OBJECTS)), None)
    if fault is not None:
        raise Refused("这个包坏了，没有收：%(fault)s。请重新导出，拷贝完再拔 U 盘。", fault=fault)


def _lines(reader: Reader, name: str) -> Iterator[Mapping[str, Any]]:
    for line in reader.lines(name):
        told = json.loads(line) if len(line) <= LINE_MOST else None
        if isinstance(told, dict) and isinstance(told.get("board"), int) and isinstance(told.get("report"), dict):
            yield told


def _code(told: Mapping[str, Any], token_hash: str) -> str:
    return hmac.new(bytes.fromhex(token_hash), canonical(dict(told)), hashlib.sha256).hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk

