"""Slides and their revisions: make, revise, retire, find.

A slide belongs to a unit and has revisions; `live` is the one that hangs. A revision holds all that an approval
binds: title, column, data (with its media), start, end and audience. Nothing of an approved revision ever changes;
the next edit opens a new one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, cast, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk.base import journal
from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import iso
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Invalid, NotFound
from kiosk.content.fields import Faults
from kiosk.content.kinds import KINDS
from kiosk.content.kinds.objection import Objection
from kiosk.people import Actor, Unit, line

COLUMNS = (N_("通知公告"), N_("办事指南"), N_("领导分工"), N_("部门职责"), N_("工作目标"), N_("财政公开"), N_("社会救助"),
           N_("卫生健康"), N_("劳动保障"), N_("居务公开"), N_("工作动态"), N_("政策文件"))
TITLE_MOST = 40
CHOSEN = ("views", "reasons")  # of a media revision's data: what people may choose; the rest is the file's
PHOTO_WIDTH, PHOTOS_MOST = 640, 200
_SHA = re.compile(r'"([0-9a-f]{64})"')


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"


class Slide(Base):
    __tablename__ = "slide"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    live_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id", use_alter=True))
    retired_at: Mapped[datetime | None] = mapped_column(Instant())
    created_at: Mapped[datetime] = mapped_column(Instant())

    unit: Mapped[Unit] = relationship(lazy="joined")
    live: Mapped[Revision | None] = relationship(foreign_keys=[live_id], post_update=True, lazy="joined")
    revisions: Mapped[list[Revision]] = relationship(
        back_populates="slide", foreign_keys="Revision.slide_id", order_by="Revision.number")

    @property
    def latest(self) -> Revision:
        return self.revisions[-1]


class Revision(Base):
    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    number: Mapped[int]
    state: Mapped[State] = mapped_column(String(20), index=True)
    title: Mapped[str] = mapped_column(String(120))
    column: Mapped[str] = mapped_column("column_name", String(40))
    data: Mapped[dict[str, Any]]
    start: Mapped[datetime | None] = mapped_column(Instant())
    end: Mapped[datetime | None] = mapped_column(Instant())
    audience: Mapped[list[Any]]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    writers: Mapped[list[Any]]
    edits: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant())
    edited_at: Mapped[datetime] = mapped_column(Instant())
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(Instant())
    bound: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant())
    reason: Mapped[str | None] = mapped_column(String(400))
    approved_at: Mapped[datetime | None] = mapped_column(Instant())
    chain: Mapped[list[Any]] = mapped_column(default=list)
    recalled_at: Mapped[datetime | None] = mapped_column(Instant())
    run: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # the days of a 公示, reckoned by its approval

    slide: Mapped[Slide] = relationship(back_populates="revisions", foreign_keys=[slide_id], lazy="joined")

    @property
    def pages(self) -> list[dict[str, Any]]:
        """The pages of a media revision; empty for other kinds."""
        return list(self.data.get("pages", ()))


@dataclass(frozen=True)
class Draft:
    """What a person sets on a slide. None for start: from the approval on; None for end: standing; audience: unit ids."""

    title: str
    column: str = COLUMNS[0]
    data: dict[str, Any] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    audience: tuple[int, ...] = ()


def binding(revision: Revision) -> str:
    """The hash of all that an approval binds. Of a 公示 the days are bound; the end, which its approval reckons, is not."""
    end = None if revision.run else revision.end
    return sha256(canonical({
        "kind": revision.slide.kind, "unit": revision.slide.unit_id, "title": revision.title, "column": revision.column,
        "data": revision.data, "start": iso(revision.start), "end": iso(end), "audience": sorted(revision.audience),
    }))


def make(session: Session, kind: str, draft: Draft, *, unit: Unit, by: Actor, at: datetime) -> Slide:
    """A new slide with its first draft. An empty audience means the slide's own unit."""
    if kind not in KINDS:
        raise Invalid("kind", "没有“%(kind)s”这种内容。", kind=kind)
    slide = Slide(kind=kind, unit=unit, created_at=at)
    session.add(slide)
    session.flush()
    _open(session, slide, _checked(session, kind, draft, unit), 1, by, at)
    journal.record(session, "slide.made", slide, by=by, at=at, title=draft.title)
    return slide


def revise(session: Session, slide: Slide, draft: Draft, *, by: Actor, at: datetime, expect: int | None = None) -> Revision:
    """Write on. A draft, returned or submitted revision is changed in place and becomes a draft; after an approval a new one opens.

    `expect` is the number of edits the writer has seen; Conflict when somebody else wrote in between.
    """
    latest = held(session, slide)
    if slide.retired_at is not None:
        raise Conflict("这件内容已经撤下存档，不能再改。要再挂，请新建一件。")
    if expect is not None and expect != latest.edits:
        raise Conflict("您打开以后，别人改过这件内容。请看两版哪里不同，再选留哪一版。")
    draft = _checked(session, slide.kind, draft, slide.unit, latest)
    if latest.approved_at is not None:  # also when it was returned or recalled since: what hung stays as it hung
        return _open(session, slide, draft, latest.number + 1, by, at)
    _write(latest, draft, by, at)
    journal.record(session, "slide.revised", slide, by=by, at=at, revision=latest.id)
    return latest


def fill(session: Session, revision: Revision, data: dict[str, Any], *, at: datetime) -> None:
    """The pages of a file, the only way into a media revision. Nobody writes by this: its writers and its number of edits stay."""
    held(session, revision.slide)
    if revision.slide.retired_at is not None:
        raise Conflict("这件内容已经撤下存档，不能再改。要再挂，请新建一件。")
    if revision is not revision.slide.latest or revision.state not in (State.DRAFT, State.RETURNED) or revision.approved_at is not None:
        raise Conflict("文件转换的时候这件已经报审，或者开了新的一版，转好的页没有放进去。要换成新文件，请再传一次。")
    revision.data, revision.edited_at = KINDS["media"].parse(data).stored(), at


def retire(session: Session, slide: Slide, *, by: Actor, at: datetime) -> None:
    """Take the slide off every board and into the archive, in good order (for cause: recall)."""
    held(session, slide)
    if runs(slide, at):
        raise Conflict("这件公示还没有满期，不能撤下存档。要提前结束，请先写明原因，由分管领导同意；有错或泄露隐私的，请撤回。")
    slide.retired_at, slide.live = at, None
    journal.record(session, "slide.retired", slide, by=by, at=at)


def slide(session: Session, id: int) -> Slide:
    found = session.get(Slide, id)
    if found is None:
        raise NotFound("没有这件内容，可能已经删了。")
    return found


def revision(session: Session, id: int) -> Revision:
    """The revision, its row held until the end of a writing transaction: two deciders never pass each other."""
    found = session.scalars(select(Revision).where(Revision.id == id).with_for_update(of=Revision)
                            .execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound("没有这一版内容，可能已经删了。")
    session.refresh(found.slide)  # while we waited for the row, the slide may have been put away or have got another live one
    _ = found.slide.revisions
    return found


def held(session: Session, slide: Slide) -> Revision:
    """The slide's latest revision, as it stands now and held like `revision` holds it: a writer and a decider never pass each other."""
    while True:
        latest = revision(session, slide.latest.id)
        if slide.latest is latest:  # else another opened the next one while we waited for this one's row
            return latest


def find(session: Session, *, units: Collection[int], state: State | None = None, words: str = "",
         before: int | None = None, limit: int = 50) -> Sequence[Slide]:
    """Slides of these units, latest first, by the state of their latest revision and words of its title."""
    newest = select(func.max(Revision.id)).where(Revision.slide_id == Slide.id).correlate(Slide).scalar_subquery()
    if state in (None, State.APPROVED):  # most are: walked from the newest on until there are enough, no index of units in between
        owner = Slide.unit_id + 0 if len(units) > 1 else Slide.unit_id
        query = select(Slide).join(Revision, Revision.id == newest).where(owner.in_(units))
    else:  # few are: looked for first
        query = select(Slide).join(Revision, Revision.slide_id == Slide.id).where(Revision.id == newest, Slide.unit_id.in_(units))
    query = query.where(Slide.retired_at.is_(None)).order_by(Slide.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Revision.state == state)
    if words:
        query = query.where(Revision.title.contains(words, autoescape=True))
    if before is not None:
        query = query.where(Slide.id < before)
    return session.scalars(query).all()


def photos(session: Session, units: Collection[int]) -> list[tuple[str, str, dict[str, Any]]]:
    """Pictures of these units that may be hung as photos, latest first: title, object and what is known of it."""
    newest = select(func.max(Revision.id)).where(Revision.slide_id == Slide.id).correlate(Slide).scalar_subquery()
    rows = session.scalars(select(Revision).join(Slide, Revision.id == newest)
                           .where(Slide.kind == "media", Slide.unit_id.in_(units), Slide.retired_at.is_(None),
                                  Revision.recalled_at.is_(None))
                           .order_by(Revision.id.desc()).limit(PHOTOS_MOST))
    return [(row.title, chosen["sha"], _photo(chosen)) for row in rows
            if len(row.pages) == 1 and row.pages[0].get("type") == "image" and (chosen := _for_a_card(row.pages[0]))]


def with_photos(session: Session, data: Mapping[str, Any], before: Revision | None = None) -> dict[str, Any]:
    """The data with what is known of each photo its persons name, from the pictures themselves and never from what was sent.

    Faults if one was not uploaded as a picture and converted here; what the revision before had may stay.
    """
    persons = data.get("persons")
    if not isinstance(persons, list | tuple):
        return dict(data)
    had = before.data.get("photos") or {} if before is not None else {}
    found: dict[str, dict[str, Any]] = {}
    faults: list[Invalid] = []
    for at, person in enumerate(persons):
        sha = person.get("photo") if isinstance(person, Mapping) else None
        if not isinstance(sha, str) or not (sha := sha.strip()) or sha in found:
            continue
        known = had.get(sha) or _converted(session, sha)
        if known is None:
            faults.append(Invalid(f"persons.{at}.photo", N_("这张照片不是从这里传上来的图片。请先上传照片，再回来选。")))
        else:
            found[sha] = dict(known)
    if faults:
        raise Faults(faults)
    return {**data, "photos": found}


def named_objects(session: Session) -> set[str]:
    """Every object that the data of any revision names, the oldest too: what hung stays to be looked at."""
    rows = session.scalars(select(Revision.data).execution_options(yield_per=200))
    return {sha for data in rows for sha in _SHA.findall(json.dumps(data))}


def hangs(slide: Slide, at: datetime) -> bool:
    """Whether the slide's live revision may be shown now."""
    live = slide.live
    return live is not None and (live.start is None or live.start <= at) and (live.end is None or at < live.end)


def runs(slide: Slide, at: datetime) -> bool:
    """Whether a 公示 hangs whose days are not over: it leaves by a leader's yes (running.agree_end) or by a recall."""
    live = slide.live
    return live is not None and live.run is not None and live.end is not None and at < live.end


def _open(session: Session, slide: Slide, draft: Draft, number: int, by: Actor, at: datetime) -> Revision:
    revision = Revision(slide=slide, number=number, state=State.DRAFT, title="", column="", data={}, audience=[], author_id=by.id,
                        writers=[], edits=-1, created_at=at, edited_at=at)
    session.add(revision)
    _write(revision, draft, by, at)
    session.flush()
    if number > 1:
        journal.record(session, "slide.revised", slide, by=by, at=at, revision=revision.id)
    return revision


def _write(revision: Revision, draft: Draft, by: Actor, at: datetime) -> None:
    revision.title, revision.column, revision.data = draft.title, draft.column, draft.data
    revision.start, revision.end, revision.audience = draft.start, draft.end, sorted(draft.audience)
    revision.state, revision.bound, revision.submitted_by, revision.submitted_at = State.DRAFT, None, None, None
    revision.writers = sorted({*revision.writers, by.id})
    revision.edits, revision.edited_at = revision.edits + 1, at


def _checked(session: Session, kind: str, draft: Draft, unit: Unit, before: Revision | None = None) -> Draft:
    if draft.start and draft.end and draft.end <= draft.start:
        raise Invalid("end", "结束时间在开始之前。请把结束时间往后改。")
    end = draft.end
    if kind == Objection.name and end is not None:
        if before is None or before.run is None or end != before.end:
            raise Invalid("end", "公示的结束日不用填：从批准上屏的第二天起数满天数，屏上自己撤下。")
        end = None  # what the approval of the version before reckoned
    told = with_photos(session, draft.data, before) if kind == "staff" else draft.data
    data = _of_file(draft.data, before) if kind == "media" else KINDS[kind].parse(told).stored()
    return Draft(line(draft.title, "title", most=TITLE_MOST), line(draft.column or COLUMNS[0], "column", most=12), data,
                 draft.start, end, tuple(sorted(set(draft.audience or (unit.id,)))))


def _converted(session: Session, sha: str) -> dict[str, Any] | None:
    """What is known of a picture that was converted here and not recalled since."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha):
        return None
    rows = session.scalars(select(Revision.data).join(Slide, Slide.id == Revision.slide_id)
                           .where(Slide.kind == "media", Revision.recalled_at.is_(None), cast(Revision.data, Text).contains(sha)))
    return next((_photo(each) for data in rows for page in data.get("pages", ()) if page.get("type") == "image"
                 for each in page["variants"] if each["sha"] == sha), None)


def _for_a_card(page: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest variant that is wide enough for a photo on a card, else the widest."""
    ordered = sorted(page["variants"], key=lambda each: int(each["width"]))
    chosen: dict[str, Any] = next((each for each in ordered if each["width"] >= PHOTO_WIDTH), ordered[-1])
    return chosen


def _photo(variant: Mapping[str, Any]) -> dict[str, Any]:
    return {name: variant[name] for name in ("size", "type", "width", "height")}


def _without(data: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _of_file(data: dict[str, Any], before: Revision | None) -> dict[str, Any]:
    """What the revision before had, or nothing yet: nobody types the pages of a file, only how they are shown and why so."""
    if before is not None and data == before.data:
        return data
    if before is not None and before.data and _without(data, CHOSEN) == _without(before.data, CHOSEN):
        return KINDS["media"].parse(data).stored()
    if data.get("pages"):
        raise Invalid("data", "这种内容要从文件来，请上传文件。")
    return {}
