"""Certificates: what the proof says of a slide's days, in a file that anybody may check and nobody may change.

The file is canonical JSON under the office's seal. Its hash stands in an entry of the journal, whose chain covers it: a file is genuine
when an entry names its hash and is still what was chained. The seal tells a file whose entry is missing from one that was altered. Of the
PDF the journal has a hash of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk import people
from kiosk.base import journal
from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import Zone, iso
from kiosk.base.db import Base, Instant, locked
from kiosk.base.errors import N_, Conflict, Invalid, NotFound
from kiosk.base.journal import Entry
from kiosk.base.signing import Signer, genuine
from kiosk.base.workdays import DAY
from kiosk.content.kinds.objection import Objection
from kiosk.content.slides import Revision, Slide
from kiosk.disclosure import proof
from kiosk.disclosure.proof import ENOUGH, Ask, Day, Wall
from kiosk.people import Actor, must
from kiosk.signage.compose import Press

FORMAT, KIND = 1, "kiosk.display-certificate"
MOST = 4_000_000  # bytes of a file that is checked
DAYS_MOST = 92
MADE, PRINTED = "certificate.made", "certificate.printed"


class Certificate(Base):
    """One that was made. `kept`: whether it says that every day was; `sha`: of the JSON, `pdf`: of the print, both kept as objects."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(index=True)
    revision_id: Mapped[int]
    unit_id: Mapped[int]
    number: Mapped[str] = mapped_column(String(20), unique=True)
    sha: Mapped[str] = mapped_column(String(64), index=True)
    kept: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant())
    by_post: Mapped[str] = mapped_column(String(120))
    pdf: Mapped[str | None] = mapped_column(String(64))


class Verdict(StrEnum):
    GENUINE = "genuine"
    ALTERED = "altered"
    STRANGE = "strange"  # no certificate, or none of ours
    UNWRITTEN = "unwritten"  # our seal, but no entry names it
    BROKEN = "broken"  # the journal itself was changed there


SENTENCES = {
    Verdict.GENUINE: N_("真的：%(number)s 号证明，%(when)s 由%(post)s开出，内容和当时一样，日志第 %(seq)s 条有它。"),
    Verdict.ALTERED: N_("被改过：内容和盖的印对不上，不能当证明用。请向街道重新要一份。"),
    Verdict.STRANGE: N_("不是本街道开的证明，或者整个被换过。"),
    Verdict.UNWRITTEN: N_("印是本街道的，可日志里没有它。可能是从旧备份恢复过，请管理员查。"),
    Verdict.BROKEN: N_("日志在第 %(seq)s 条被改过，证明真假不能由日志说清。请管理员查日志。"),
}


@dataclass(frozen=True)
class Finding:
    """What a file is. `told`: what it says, if it is JSON that can be read; `entry`: what the journal says of it."""

    verdict: Verdict
    told: Mapping[str, Any] | None = None
    entry: Entry | None = None
    pdf: bool = False

    def words(self, zone: Zone) -> dict[str, Any]:
        """The parameters of the verdict's sentence."""
        if self.entry is None:
            return {}
        return {"number": self.entry.data.get("number", ""), "post": self.entry.by_post or "", "seq": self.entry.seq,
                "when": f"{zone.local(self.entry.at):%Y-%m-%d %H:%M}"}


def days_of(revision: Revision) -> list[date]:
    """The counted days of a 公示 that was approved; empty for other slides."""
    return [date.fromisoformat(day) for day in revision.run["days"]] if revision.run is not None else []


def hung_last(slide: Slide) -> Revision:
    """The version that counts: the one that hangs, or the last that did."""
    approved = [each for each in slide.revisions if each.approved_at is not None]
    if not approved:
        raise Conflict("这件内容还没有批准上屏，没有可以证明的。")
    return slide.live or approved[-1]


def make(session: Session, press: Press, signer: Signer, slide: Slide, days: Sequence[date], *, by: Actor, at: datetime) -> Certificate:
    """Say what the boards proved of these days, seal it, keep it, and write its hash into the journal."""
    must(by, "slide.read", slide.unit_id)
    revision = hung_last(slide)
    counted = days_of(revision) == list(days)
    if not days or len(days) > DAYS_MOST:
        raise Invalid("days", "一张证明最多 %(most)s 天，请分几张开。", most=DAYS_MOST)
    if press.zone.instant(days[0]) > at:
        raise Conflict("这几天还没有开始，过后再开证明。")
    locked(session, "certificate")
    found = proof.walls(session, press, Ask(slide, days, at, counted))
    number = _number(session, press.zone.day(at))
    told = _told(session, press, revision, days, found, number, by, at, counted)
    data = canonical(signer.seal(told))
    made = Certificate(slide_id=slide.id, revision_id=revision.id, unit_id=slide.unit_id, number=number, sha=press.store.put(data),
                       kept=told["kept"], at=at, by_post=by.post)
    session.add(made)
    session.flush()
    journal.record(session, "certificate.made", slide, by=by, at=at, number=number, sha=made.sha, revision=revision.id, kept=made.kept)
    return made


def printed(session: Session, found: Certificate, sha: str, *, by: Actor, at: datetime) -> None:
    """The PDF that was made of it; its hash is written down too."""
    slide = session.get(Slide, found.slide_id)
    if found.pdf is None and slide is not None:
        found.pdf = sha
        journal.record(session, "certificate.printed", slide, by=by, at=at, number=found.number, sha=sha)


def certificate(session: Session, id: int) -> Certificate:
    found = session.get(Certificate, id)
    if found is None:
        raise NotFound("没有这张证明。")
    return found


def of_slide(session: Session, slide_id: int) -> Sequence[Certificate]:
    """The latest first."""
    return session.scalars(select(Certificate).where(Certificate.slide_id == slide_id).order_by(Certificate.id.desc())).all()


def named_objects(session: Session) -> set[str]:
    """What certificates keep."""
    return {sha for row in session.execute(select(Certificate.sha, Certificate.pdf)) for sha in row if sha}


# --- is it genuine --------------------------------------------------------------------------------------------------------

def check(session: Session, data: bytes, keys: Collection[str]) -> Finding:
    """Whether this file is a certificate of ours as it was made. `keys`: the office's public keys, of now and before."""
    if len(data) > MOST:
        raise Invalid("file", "这个文件太大，不是证明。")
    entry = _entry(session, sha256(data))
    if data.startswith(b"%PDF-"):
        return Finding(_chained(session, entry), None, entry, pdf=True) if entry else Finding(Verdict.STRANGE, pdf=True)
    told = _read(data)
    if told is None or told.get("kind") != KIND:
        return Finding(Verdict.ALTERED if _looks_like_one(data) else Verdict.STRANGE)
    if entry is not None:  # the very bytes; also when the key that sealed them has been changed for another since
        return Finding(_chained(session, entry), told, entry)
    sealed = canonical(told) == data and any(genuine(told, key) for key in keys)
    return Finding(Verdict.UNWRITTEN if sealed else Verdict.ALTERED, told)


def _chained(session: Session, entry: Entry) -> Verdict:
    return Verdict.GENUINE if journal.sound(session, entry) else Verdict.BROKEN


def _entry(session: Session, sha: str) -> Entry | None:
    """The entry that names this hash; they are few, and the journal is asked and not a table that could be written beside it."""
    rows = session.scalars(select(Entry).where(Entry.verb.in_((MADE, PRINTED))).order_by(Entry.seq.desc()))
    return next((row for row in rows if row.data.get("sha") == sha), None)


def _read(data: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _looks_like_one(data: bytes) -> bool:
    return KIND.encode() in data or b'"seal"' in data


# --- what it says ---------------------------------------------------------------------------------------------------------

def _number(session: Session, today: date) -> str:
    """Year and running number."""
    count = session.scalar(select(func.count()).select_from(Certificate).where(Certificate.number.startswith(f"{today.year}-"))) or 0
    return f"{today.year}-{count + 1:05d}"


def _told(session: Session, press: Press, revision: Revision, days: Sequence[date], found: Sequence[Wall], number: str, by: Actor,
          at: datetime, counted: bool) -> dict[str, Any]:
    slide, root = revision.slide, people.office(session)
    return {
        "format": FORMAT, "kind": KIND, "number": number, "office": root.name if root else "", "zone": press.zone.name,
        "slide": slide.id, "slide_kind": slide.kind, "title": revision.title, "unit": slide.unit.name,
        "versions": [{"revision": each.id, "number": each.number, "title": each.title,
                      "bound": each.bound, "approved_at": iso(each.approved_at), "recalled_at": iso(each.recalled_at)}
                     for each in slide.revisions if each.approved_at is not None],
        "notice": _notice(revision) if counted else None, "days": [day.isoformat() for day in days],
        "enough_percent": round(ENOUGH * 100), "kept": bool(found) and all(wall.complete for wall in found),
        "boards": [_wall(wall) for wall in found], "made_at": iso(at), "made_by": by.post,
    }


def _notice(revision: Revision) -> dict[str, Any]:
    assert revision.run is not None
    told = Objection.parse(revision.data)
    return {"days": told.days, "measure": told.measure, "posted": revision.run["first"], "sure": bool(revision.run["sure"]),
            "until": (date.fromisoformat(revision.run["days"][-1]) + DAY).isoformat()}


def _wall(wall: Wall) -> dict[str, Any]:
    return {"board": wall.board.id, "name": wall.board.name, "unit": wall.board.unit.name, "complete": wall.complete,
            "missing": [each.day.isoformat() for each in wall.missing],
            "hashes": sorted({bound for bound in wall.versions.values() if bound}),
            "days": [_day(each) for each in wall.days]}


def _day(day: Day) -> dict[str, Any]:
    return {"day": day.day.isoformat(), "state": day.state, "open_minutes": _minutes(day.due), "hung_minutes": _minutes(day.hung),
            "on_screen_minutes": _minutes(day.shown), "offline_minutes": _minutes(day.away),
            "first": _instant(day.first), "last": _instant(day.last),
            "gaps": [{"from": _instant(gap.start), "to": _instant(gap.end), "minutes": _minutes(gap.end - gap.start), "reason": gap.cause}
                     for gap in day.gaps]}


def _minutes(seconds: int) -> int:
    return round(seconds / 60)


def _instant(second: int | None) -> str | None:
    return None if second is None else iso(datetime.fromtimestamp(second, UTC))
