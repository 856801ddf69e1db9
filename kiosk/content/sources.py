"""Sources: a file in a folder on the server, or at an allowed address, looked at on its schedule.

A changed file becomes a new upload into the source's slide, in the name of the person who answers for it, and waits for
review like anything else. A file that cannot be had leaves what hangs as it is and is told in one sentence.
A source with a shape is a feed: its words become a notice or a table (feeds.py), and a leader's standing consent may cover them
(consent.py); without one, or outside of it, they wait for review too.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from secrets import token_urlsafe
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import JSON, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import egress, journal
from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import Zone
from kiosk.base.db import Base, Database, Instant, claim
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid, NotFound, Problem, TooLarge
from kiosk.base.objects import Store
from kiosk.content import consent, feeds, ingest, review, slides
from kiosk.content.consent import Feed
from kiosk.content.feeds import Read, Shape
from kiosk.content.ingest import Progress, Upload
from kiosk.content.kinds import KINDS
from kiosk.content.slides import COLUMNS, TITLE_MOST, Draft, Revision, Slide, State
from kiosk.people import Actor, Unit, line, may, must
from kiosk.settings import Settings

MINUTES_LEAST, MINUTES_MOST = 5, 7 * 24 * 60
ADDRESS_MOST = 500
SECONDS = 60.0  # for one file over the line
SETTLED = 10.0  # a file that was written to so lately may be half
LEASE = timedelta(minutes=5)
WEB = ("http://", "https://")
FEED_MB = feeds.BYTES_MOST >> 20
USUAL_ZONE = Zone()


class Submit(Protocol):
    """How a revision is put before its readers."""

    def __call__(self, session: Session, revision: Revision, *, by: Actor, at: datetime) -> None: ...


class Source(Base):
    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    column: Mapped[str] = mapped_column("column_name", String(40))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    address: Mapped[str] = mapped_column(String(500))
    minutes: Mapped[int] = mapped_column(default=60)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slide.id"))
    seen: Mapped[str | None] = mapped_column(String(64))
    problem: Mapped[str | None] = mapped_column(String(300))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    looked_at: Mapped[datetime | None] = mapped_column(Instant())
    due_at: Mapped[datetime] = mapped_column(Instant())
    leased_until: Mapped[datetime | None] = mapped_column(Instant())
    active: Mapped[bool] = mapped_column(default=True)
    shape: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # how a feed is read (feeds.Shape); None: a file

    unit: Mapped[Unit] = relationship(lazy="joined")
    slide: Mapped[Slide | None] = relationship()


@dataclass(frozen=True)
class Reach:
    """Where sources may look: one folder (None: none) and these hosts, for files of so many MB."""

    folder: Path | None
    hosts: tuple[str, ...]
    limit_mb: int


def reach_of(settings: Settings) -> Reach:
    """Where sources may look in this office."""
    return Reach(Path(settings.source_folder) if settings.source_folder else None, settings.allowed_hosts, settings.upload_mb)


@dataclass(frozen=True)
class Plan:
    """What a person sets on a source. `address`: a path below the folder, or an http(s) address; `shape`: of a feed, as typed."""

    title: str
    column: str
    address: str
    minutes: int
    person_id: int
    shape: Mapping[str, Any] | None = None


def add(session: Session, plan: Plan, *, unit: Unit, reach: Reach, by: Actor, at: datetime) -> Source:
    """A new source, looked at within a minute."""
    must(by, "source.edit", unit.id)
    made = Source(unit=unit, due_at=at, active=True, **_checked(session, plan, unit, reach))
    session.add(made)
    journal.record(session, "source.added", made, by=by, at=at, title=made.title, address=made.address)
    return made


def change(session: Session, source: Source, plan: Plan, *, reach: Reach, by: Actor, at: datetime) -> None:
    """Another address, schedule or person; the slide stays."""
    must(by, "source.edit", source.unit_id)
    for name, value in _checked(session, plan, source.unit, reach).items():
        setattr(source, name, value)
    source.due_at, source.problem, source.params = at, None, {}
    if (rule := consent.of(session, source.id)) is not None and rule.bound != feed_of(source).bound:
        consent.void(session, source.id, by=by, at=at)  # it was given for what the feed was
    if source.shape is not None:
        source.seen = None  # the same bytes say something else now
    journal.record(session, "source.changed", source, by=by, at=at, title=source.title, address=source.address)


def end(session: Session, source: Source, *, by: Actor, at: datetime) -> None:
    """Never looked at again; its slide stays."""
    must(by, "source.edit", source.unit_id)
    source.active = False
    consent.void(session, source.id, by=by, at=at)
    journal.record(session, "source.ended", source, by=by, at=at, title=source.title)


def hasten(session: Session, source: Source, *, by: Actor, at: datetime) -> None:
    """Look at it with the next turn, not only when it is due."""
    must(by, "source.edit", source.unit_id)
    if not source.active:
        raise Conflict("这个来源已经停了。要用，请重新加一个。")
    source.due_at = at


def source(session: Session, id: int) -> Source:
    found = session.get(Source, id)
    if found is None:
        raise NotFound("没有这个来源，可能已经停了。")
    return found


def find(session: Session, units: Collection[int]) -> Sequence[Source]:
    """Living sources of these units, the oldest first."""
    return session.scalars(select(Source).where(Source.active, Source.unit_id.in_(units)).order_by(Source.id)).all()


def due(session: Session, at: datetime) -> Sequence[int]:
    """Sources whose time to be looked at has come, and that nobody looks at now."""
    free = or_(Source.leased_until.is_(None), Source.leased_until <= at)
    return session.scalars(select(Source.id).where(Source.active, Source.due_at <= at, free).order_by(Source.due_at)).all()


def look(database: Database, store: Store, id: int, reach: Reach, *, work: Path, clock: Callable[[], datetime],
         zone: Zone = USUAL_ZONE, submit: Submit = review.submit) -> int | None:
    """Look at one source if nobody else does; the id of the upload when its file has changed. Its problem is kept in it.

    A feed that has changed is put before its readers by `submit`, or hangs at once where a consent covers it.
    """
    with database.write() as session:
        if id not in due(session, clock()) or not claim(session, Source, id, at=clock(), lease=LEASE):
            return None
        found = source(session, id)
        address, told = found.address, found.shape
    try:
        with _fetched(address, reach if told is None else replace(reach, limit_mb=FEED_MB), work) as path:
            if told is not None:
                _feed(database, id, None if path is None else path.read_bytes(), feeds.shape(told), zone, clock(), submit)
                return None
            sha = store.put_file(path) if path is not None else None
            with database.write() as session:
                return _looked(session, store, source(session, id), path, sha, reach, clock())
    except Problem as problem:
        with database.write() as session:
            _over(source(session, id), clock(), problem)
        return None


def settled(session: Session, upload: Upload, at: datetime, submit: Submit = review.submit) -> None:
    """An upload of a source has ended: its slide is put before its readers in the office's way, or the source says why not."""
    found = session.get(Source, int(upload.options.get("source") or 0))
    if found is None:
        return
    if upload.state == Progress.FAILED:
        found.problem, found.params = upload.problem or N_("这个文件转换不了。"), upload.params
        return
    assert upload.revision is not None
    try:
        if upload.revision.state in (State.DRAFT, State.RETURNED):
            submit(session, upload.revision, by=_actor(session, found), at=at)
        found.problem, found.params = None, {}
    except Problem as problem:
        found.problem, found.params = problem.kept()


def feed_of(source: Source) -> Feed:
    """What a rule binds of a source: where it comes from, how it is read, and what it is called on the wall."""
    told = {"address": source.address, "shape": source.shape, "title": source.title, "column": source.column, "unit": source.unit_id}
    return Feed(source.id, source.unit_id, source.person_id, sha256(canonical(told)))


def _feed(database: Database, id: int, body: bytes | None, shape: Shape, zone: Zone, at: datetime, submit: Submit) -> None:
    """What came, read between transactions, and put into the source's slide if it says something else."""
    if body is None:  # somebody is writing it
        with database.write() as session:
            source(session, id).leased_until = None
        return
    made = feeds.read(body, shape, zone.local(at))
    with database.write() as session:
        found = source(session, id)
        found.seen = sha256(body)
        waits = _fed(session, found, made, timedelta(hours=shape.keep_hours), at, submit) if found.active else None
        _over(found, at, waits)


def _fed(session: Session, source: Source, made: Read, keep: timedelta, at: datetime, submit: Submit) -> Problem | None:
    """A new revision, submitted, and approved where a consent covers it; else why a person has to look."""
    by, end = _actor(session, source), at + keep if keep else None
    slide = source.slide if source.slide is not None and source.slide.retired_at is None and source.slide.kind == made.kind else None
    data = KINDS[made.kind].parse(made.data).stored()
    if slide is not None and _says(slide.latest, data, source, end, keep):
        return _still(source, slide.latest)
    refused = slide is not None and slide.latest.state == State.RETURNED
    draft = Draft(source.title, source.column, data, None, end, tuple(slide.latest.audience) if slide else ())
    if slide is None:
        slide = slides.make(session, made.kind, draft, unit=source.unit, by=by, at=at)
    else:
        slides.revise(session, slide, draft, by=by, at=at)
    session.flush()
    source.slide_id = slide.id
    journal.record(session, "source.read", source, by=None, at=at, sha=source.seen, slide=slide.id, revision=slide.latest.id)
    try:
        with session.begin_nested():
            submit(session, slide.latest, by=by, at=at)
        if (rule := consent.of(session, source.id)) is None:
            return None
        if refused:
            raise Conflict("上一版被退回或撤回过，这次等分管领导看过再挂。")
        leader = consent.covering(session, rule, feed_of(source), made, at)
        words = f"按自动更新规则（{leader.post}同意，第 {rule.id} 号）"
        with session.begin_nested():
            review.approve_by_rule(session, slide.latest, leader=leader, rule=rule.id, words=words, at=at)
    except Problem as problem:
        return problem
    return None


def _says(latest: Revision, data: Mapping[str, Any], source: Source, end: datetime | None, keep: timedelta) -> bool:
    """Whether the slide says this already, and for long enough; or a person has said no to these very words."""
    if latest.data != data or latest.title != source.title:
        return False
    if latest.state == State.RETURNED:
        return True
    if end is None or latest.end is None:
        return end == latest.end
    return end - latest.end < keep / 2


def _still(source: Source, latest: Revision) -> Problem | None:
    """What was told of a revision that still waits."""
    return Problem(source.problem, **source.params) if source.problem and latest.state == State.SUBMITTED else None


def _checked(session: Session, plan: Plan, unit: Unit, reach: Reach) -> dict[str, Any]:
    if not MINUTES_LEAST <= plan.minutes <= MINUTES_MOST:
        raise Invalid("minutes", "每隔 %(least)s 分钟到 %(most)s 天看一次。", least=MINUTES_LEAST, most=MINUTES_MOST // 1440)
    if plan.column not in COLUMNS:
        raise Invalid("column", "没有“%(column)s”这个栏目。", column=plan.column)
    person = people.actor(session, people.person(session, plan.person_id))
    if not may(person, "slide.submit", unit.id):
        raise Invalid("person", "“%(post)s”不是“%(unit)s”的经办人，请选一位能报审的。", post=person.post, unit=unit.name)
    return {"title": line(plan.title, "title", most=TITLE_MOST), "column": plan.column, "minutes": plan.minutes, "person_id": person.id,
            "address": _address(plan.address, reach), "shape": feeds.shape(plan.shape).stored() if plan.shape is not None else None}


def _address(text: str, reach: Reach) -> str:
    """The address as it is kept, if this office allows it."""
    clean = line(text, "address", most=ADDRESS_MOST)
    try:
        if clean.lower().startswith(WEB):
            egress.check(clean, reach.hosts)
        else:
            _inside(clean, reach)
    except Problem as problem:
        raise Invalid("address", problem.message, **problem.params) from problem
    return clean


def _inside(text: str, reach: Reach) -> Path:
    """The very file in the folder, links followed; never one outside."""
    if reach.folder is None:
        raise Forbidden("还没有设来源文件夹。请管理员先在设置的 source_folder 里写上。")
    root = reach.folder.resolve()
    try:
        path = (root / PurePosixPath(text)).resolve()
    except (OSError, ValueError, RuntimeError):
        raise Forbidden("“%(name)s”不是来源文件夹里的文件。", name=text) from None
    if not path.is_relative_to(root) or path == root:
        raise Forbidden("“%(name)s”不在来源文件夹里。只能读 %(folder)s 里的文件。", name=text, folder=root)
    return path


@contextmanager
def _fetched(address: str, reach: Reach, work: Path) -> Iterator[Path | None]:
    """A file of our own with what is there now; None while somebody is still writing it."""
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="source-", dir=work) as folder:
        path = Path(folder) / "file"
        if address.lower().startswith(WEB):
            path.write_bytes(egress.fetch(address, hosts=reach.hosts, most=reach.limit_mb << 20, seconds=SECONDS))
            yield path
        else:
            yield path if _copied(_inside(address, reach), path, address, reach) else None


def _copied(origin: Path, path: Path, name: str, reach: Reach) -> bool:
    """Copy what lies still; False when it was written to while we read, or just before."""
    try:
        with open(origin, "rb", opener=_plainly) as file, path.open("wb") as out:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise Forbidden("来源文件夹里的“%(name)s”不是文件。", name=name)
            if before.st_size > reach.limit_mb << 20:
                raise TooLarge("文件太大，最多 %(most)s MB。请剪短或压小，再传。", most=reach.limit_mb)
            shutil.copyfileobj(file, out, 1 << 20)
            after = os.fstat(file.fileno())
    except FileNotFoundError:
        raise NotFound("来源文件夹里没有“%(name)s”。屏上照旧，放回去就接着看。", name=name) from None
    except OSError as error:
        raise Forbidden("来源文件夹里的“%(name)s”读不了。请管理员看看它的权限。", name=name) from error
    still = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return still and abs(time.time() - after.st_mtime) >= SETTLED


def _plainly(path: str, flags: int) -> int:
    """No link put there since we looked, no waiting for a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _looked(session: Session, store: Store, source: Source, path: Path | None, sha: str | None, reach: Reach, at: datetime) -> int | None:
    if path is None or sha is None:  # somebody is writing it: look again with the next turn
        source.leased_until = None
        return None
    if sha == source.seen or not source.active:
        _over(source, at, None)
        return None
    by = _actor(session, source)
    slide = source.slide if source.slide is not None and source.slide.retired_at is None else None
    options = {"source": source.id, "title": source.title, "column": source.column, "slide": slide.id if slide else None}
    made = ingest.begin(session, key=token_urlsafe(24), name=_name(source.address), size=path.stat().st_size, unit=source.unit,
                        options=options, by=by, at=at, limit_mb=reach.limit_mb)
    ingest.complete(session, made, path, store, at, sha=sha)
    source.slide_id, source.seen = made.slide_id, sha
    _over(source, at, None)
    journal.record(session, "source.read", source, by=None, at=at, sha=sha, upload=made.id)
    return made.id


def _over(source: Source, at: datetime, problem: Problem | None) -> None:
    source.looked_at, source.due_at, source.leased_until = at, at + timedelta(minutes=source.minutes), None
    source.problem, source.params = problem.kept() if problem else (None, {})


def _name(address: str) -> str:
    return unquote(urlsplit(address).path) if address.lower().startswith(WEB) else address


def _actor(session: Session, source: Source) -> Actor:
    person = people.person(session, source.person_id)
    if not person.active:
        raise Forbidden("负责这个来源的“%(post)s”停用了。请换一位。", post=person.post)
    return people.actor(session, person)
