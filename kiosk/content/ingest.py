"""Ingest: an upload's way from the first byte to a draft with pages. Nothing that was received is ever lost.

receiving: bytes arrive, a draft already stands for the file. received: the bytes are an object. converting: a process has
leased the row and says so every few seconds. done or failed: with pages, or with the sentence that says why and what to do.
A killed process loses its lease, and another takes the row up again. Pages come into a slide here and nowhere else.
"""

from __future__ import annotations

import logging
import mimetypes
import re
import tempfile
import threading
import time
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ForeignKey, String, event, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk.base import journal
from kiosk.base.clock import parse
from kiosk.base.db import Base, Database, Instant, claim
from kiosk.base.errors import N_, Conflict, Full, Invalid, NotFound, Problem, TooLarge
from kiosk.base.objects import Store
from kiosk.content import slides, typeset
from kiosk.content.slides import TITLE_MOST, Draft, Revision, Slide, State
from kiosk.people import Actor, Unit, must

LIFE = timedelta(days=7)  # an upload that broke off may be carried on for so long
SHOWN = timedelta(days=7)
LEASE = timedelta(seconds=60)
RENEW = 20.0  # seconds
PACE = 0.5  # seconds between two reports of progress
ATTEMPTS = 3  # conversions that failed by themselves
CLAIMS = 12  # takings up, restarts of the server included: a file that kills its server must not do so for ever
REST = timedelta(seconds=10)
NAME_MOST = 120

log = logging.getLogger("kiosk")


class Progress(StrEnum):
    RECEIVING = "receiving"
    RECEIVED = "received"
    CONVERTING = "converting"
    DONE = "done"
    FAILED = "failed"


class Upload(Base):
    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    offset: Mapped[int] = mapped_column(default=0)
    state: Mapped[Progress] = mapped_column(String(20), index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(300))
    params: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any]]
    sha: Mapped[str | None] = mapped_column(String(64), index=True)
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slide.id"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    claims: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(Instant())
    created_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    slide: Mapped[Slide | None] = relationship(lazy="joined")
    revision: Mapped[Revision | None] = relationship(foreign_keys=[revision_id])


class Extract(Protocol):
    """What an importer hands over: pages that name files of the work folder, and remarks for the editor."""

    @property
    def pages(self) -> Sequence[Mapping[str, Any]]: ...

    @property
    def notes(self) -> Sequence[Mapping[str, Any]]: ...


Convert = Callable[..., Extract]
Ended = Callable[[Session, Upload], None]


# --- from the first byte to the object ----------------------------------------------------------------------------------

def begin(session: Session, *, key: str, name: str, size: int, unit: Unit, options: Mapping[str, Any], by: Actor, at: datetime,
          limit_mb: int) -> Upload:
    """Announce a file. Its slide stands at once as a draft without pages; `options["slide"]`: into that slide instead.

    Further options: title, column, start, end (ISO 8601), audience (unit ids), playlist (an id or some), source.
    """
    if size <= 0:
        raise Invalid("file", "这个文件是空的（0 字节）。请在您电脑上打开看看，另存一份再传。")
    if size > limit_mb << 20:
        raise TooLarge("文件太大，最多 %(most)s MB。请剪短或压小，再传。", most=limit_mb)
    name = shown(name)
    if options.get("slide"):
        revision = _anew(session, slides.slide(session, int(options["slide"])), by, at)
    else:
        must(by, "slide.edit", unit.id)
        revision = slides.make(session, "media", _draft(name, options), unit=unit, by=by, at=at).latest
    made = Upload(key=key, person_id=by.id, unit_id=revision.slide.unit_id, name=name, size=size, offset=0, state=Progress.RECEIVING,
                  done=0, total=0, params={}, options=dict(options), slide=revision.slide, revision=revision, attempts=0, claims=0,
                  created_at=at)
    session.add(made)
    session.flush()
    return made


def complete(session: Session, upload: Upload, path: Path, store: Store, at: datetime, *, sha: str | None = None) -> None:
    """All bytes are here: they become an object, and the upload waits for its conversion.

    Who can calls `store.put_file` before the transaction and gives its `sha`: copying half a gigabyte takes a while.
    """
    if upload.state != Progress.RECEIVING:
        raise Conflict("这个文件已经传完了，不用再传。")
    if path.stat().st_size == 0:
        raise Invalid("file", "这个文件是空的（0 字节）。请在您电脑上打开看看，另存一份再传。")
    upload.sha = sha or store.put_file(path)
    upload.size = upload.offset = path.stat().st_size
    upload.state = Progress.RECEIVED
    if (before := _same(session, upload)) is not None and before.slide is not None:
        note = N_("这个文件传过了，是“%(title)s”那一件，还没有报审。不要两件的话，请撤下一件。")
        upload.options = {**upload.options, "notes": [{"message": note, "params": {"title": before.slide.latest.title}}]}
    journal.record(session, "upload.received", upload, by=None, at=at, name=upload.name, size=upload.size, sha=upload.sha,
                   slide=upload.slide_id)
    event.listen(session, "after_commit", lambda _: path.unlink(missing_ok=True), once=True)


def drop(session: Session, upload: Upload, *, by: Actor, at: datetime) -> None:
    """Not wanted after all. The draft that stood for the file goes into the archive, unless it has become more than that."""
    if upload.person_id != by.id:
        must(by, "slide.edit", upload.unit_id)
    slide = upload.slide
    if (slide is not None and not upload.options.get("slide") and slide.retired_at is None and slide.live is None
            and slide.latest.state in (State.DRAFT, State.RETURNED) and len(slide.revisions) == 1):
        slides.retire(session, slide, by=by, at=at)
    if upload.state != Progress.DONE:
        upload.state, upload.sha, upload.problem, upload.params = Progress.FAILED, None, N_("这个文件取消了。"), {}
        upload.ended_at, upload.leased_until = at, None
    upload.options = {**upload.options, "dropped": True}
    journal.record(session, "upload.dropped", upload, by=by, at=at, name=upload.name, slide=upload.slide_id)


def upload(session: Session, id: int) -> Upload:
    found = session.get(Upload, id)
    if found is None:
        raise NotFound("没有这个上传，可能已经传完或者过期了。")
    return found


def recent(session: Session, actor: Actor, at: datetime) -> Sequence[Upload]:
    """What this person sent lately, latest first; without what they dropped, and files whose slide is in the archive."""
    rows = session.scalars(select(Upload).outerjoin(Slide, Slide.id == Upload.slide_id)
                           .where(Upload.person_id == actor.id, Upload.created_at > at - SHOWN, Slide.retired_at.is_(None))
                           .order_by(Upload.id.desc()).limit(60))
    return [row for row in rows if not row.options.get("dropped")]


def of_revision(session: Session, revision: Revision) -> Upload | None:
    """The file that the revision's pages come from, or will come from."""
    return session.scalars(select(Upload).where(Upload.revision_id == revision.id).order_by(Upload.id.desc())).first()


def give_up(session: Session, keys: Collection[str], at: datetime) -> int:
    """Uploads whose bytes nobody carried on for too long; how many. `keys`: those whose file was just swept."""
    rows = session.scalars(select(Upload).where(Upload.state == Progress.RECEIVING,
                                                or_(Upload.key.in_(keys), Upload.created_at < at - 2 * LIFE))).all()
    for row in rows:
        _fail(session, row, Problem("这个文件传到一半断了，放了 %(days)s 天没有接着传。请重新传。", days=LIFE.days), at)
    return len(rows)


def named_objects(session: Session) -> set[str]:
    """The files themselves, as they came."""
    return {sha for sha in session.scalars(select(Upload.sha).distinct()) if sha}


def shown(name: str) -> str:
    """A file's name for display: the last part, without control, direction and zero-width marks. Never a path."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = " ".join("".join(letter for letter in last if letter == " " or unicodedata.category(letter)[0] not in "CZ").split())
    if len(clean) > NAME_MOST:
        stem, suffix = _split(clean)
        clean = stem[:NAME_MOST - len(suffix)].rstrip() + suffix
    return clean if clean.strip(".") else "没有名字的文件"


def title_of(name: str) -> str:
    """A title from a file's name: without suffix, only what the board's font can draw."""
    stem = _split(shown(name))[0]
    strange = set(typeset.missing(stem))
    title = " ".join("".join(letter for letter in stem if letter not in strange).split())[:TITLE_MOST].strip()
    return title or "没有标题的文件"


def _split(name: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+)(\.[A-Za-z0-9]{1,5})", name)
    return (match[1], match[2]) if match else (name, "")


def _draft(name: str, options: Mapping[str, Any]) -> Draft:
    start, end = (parse(options[each]) if options.get(each) else None for each in ("start", "end"))
    return Draft(options.get("title") or title_of(name), options.get("column") or "", {}, start, end, tuple(options.get("audience") or ()))


def _anew(session: Session, slide: Slide, by: Actor, at: datetime) -> Revision:
    """The revision of an existing slide that gets the file's pages: what it shows stays until then, what hangs in any case."""
    must(by, "slide.edit", slide.unit_id)
    if slide.kind != "media":
        raise Conflict("这件是写出来的，不能换成文件。请把文件另外传成一件。")
    before = slide.latest
    data = {} if before.approved_at is not None else before.data
    draft = Draft(before.title, before.column, data, before.start, before.end, tuple(before.audience))
    return slides.revise(session, slide, draft, by=by, at=at)


def _same(session: Session, upload: Upload) -> Upload | None:
    """Another upload of the same bytes by the same unit, while its slide is still a draft."""
    rows = session.scalars(select(Upload).where(Upload.sha == upload.sha, Upload.unit_id == upload.unit_id, Upload.id != upload.id,
                                                Upload.state != Progress.FAILED).order_by(Upload.id.desc()).limit(5))
    return next((row for row in rows if row.slide is not None and row.slide_id != upload.slide_id and row.slide.retired_at is None
                 and row.slide.latest.state == State.DRAFT), None)


# --- conversion ---------------------------------------------------------------------------------------------------------

def claimable(session: Session, at: datetime) -> Sequence[int]:
    """Uploads that wait for a conversion, or whose converting process was lost; oldest first."""
    return session.scalars(select(Upload.id).where(Upload.state.in_((Progress.RECEIVED, Progress.CONVERTING)),
                                                   or_(Upload.leased_until.is_(None), Upload.leased_until <= at)).order_by(Upload.id)).all()


def convert(database: Database, store: Store, id: int, work_root: Path, limits: Any, *, run: Convert, clock: Callable[[], datetime],
            ended: Ended | None = None) -> Progress | None:
    """Convert one upload if nobody else does; where it has come to, or None when another has it.

    `run` is importer.convert. `ended` is called in the very transaction that makes the upload done or failed.
    """
    hold = _claim(database, id, clock, ended or _nothing)
    if hold is None:
        return None
    try:
        with hold.renewed(), _work_folder(work_root, id) as work:
            source = store.path(hold.sha)
            if source is None:
                raise Problem("存下的原文件不见了，请重新传一次。")
            extract = run(source, name=hold.name, work=work, limits=limits, on_progress=hold.told)
            pages = [_kept(store, work, page) for page in extract.pages]
        return hold.done({"pages": pages, "source": {"name": hold.name, "sha": hold.sha, "size": hold.size,
                                                    "type": mimetypes.guess_type(hold.name)[0] or ""},
                          "notes": list(extract.notes)})
    except _Lost:
        log.info("upload %s was taken back while it was converted", id)
        return None
    except Problem as problem:
        return hold.failed(problem, again=bool(getattr(problem, "retry", False)) or isinstance(problem, Full))
    except Exception:
        log.exception("the conversion of upload %s failed", id)
        return hold.failed(Problem("这个文件转换时出了意外。请另存一份再传；还不行，请把文件交给管理员。"), again=True)


def release(session: Session, ids: Collection[int]) -> None:
    """This process ends: others may take these up at once."""
    session.execute(update(Upload).where(Upload.id.in_(ids), Upload.state == Progress.CONVERTING).values(leased_until=None))


class _Lost(Exception):
    """The upload is no longer ours: dropped, or taken up by another process."""


@dataclass
class _Hold:
    """One process's hold on one upload. `claim` numbers the takings up: whoever was overtaken can write nothing any more."""

    database: Database
    id: int
    claim: int
    name: str
    sha: str
    size: int
    clock: Callable[[], datetime]
    ended: Ended
    _reported: float = 0.0

    def told(self, done: int, total: int) -> None:
        """Progress, at most twice a second."""
        if time.monotonic() - self._reported < PACE:
            return
        self._reported = time.monotonic()
        try:
            self._set(done=done, total=total)
        except DBAPIError:  # a busy database costs a report, never the conversion
            log.warning("the progress of upload %s was not written down", self.id)

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """The lease is renewed for as long as the block runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._renew, args=[over], name=f"lease-{self.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def done(self, data: dict[str, Any]) -> Progress:
        at = self.clock()
        with self.database.write() as session:
            mine = self._mine(session)
            try:
                with session.begin_nested():
                    _check_newest(session, mine)
                    assert mine.revision is not None
                    notes = [*mine.options.get("notes", ()), *data["notes"]]
                    slides.fill(session, slides.revision(session, mine.revision.id), {**data, "notes": notes}, at=at)
            except Problem as problem:
                _fail(session, mine, problem, at)
            else:
                pages = len(data["pages"])
                mine.state, mine.done, mine.total, mine.problem, mine.params = Progress.DONE, pages, pages, None, {}
                mine.ended_at, mine.leased_until = at, None
                journal.record(session, "upload.converted", mine, by=None, at=at, name=mine.name, pages=pages, slide=mine.slide_id,
                               revision=mine.revision_id)
            self.ended(session, mine)
            return Progress(mine.state)

    def failed(self, problem: Problem, *, again: bool) -> Progress | None:
        at = self.clock()
        with self.database.write() as session:
            try:
                mine = self._mine(session)
            except _Lost:
                return None
            mine.attempts += 1
            if again and mine.attempts < ATTEMPTS:
                mine.state, mine.leased_until = Progress.RECEIVED, at + REST * mine.attempts
            else:
                _fail(session, mine, problem, at)
                self.ended(session, mine)
            return Progress(mine.state)

    def _renew(self, over: threading.Event) -> None:
        while not over.wait(RENEW):
            try:
                self._set(leased_until=self.clock() + LEASE)
            except _Lost:
                return
            except DBAPIError:
                log.warning("the lease of upload %s was not renewed", self.id)

    def _set(self, **values: Any) -> None:
        with self.database.write() as session:
            changed = session.execute(update(Upload).where(*self._ours()).values(**values).execution_options(synchronize_session=False))
        if changed.rowcount == 0:  # type: ignore[attr-defined]
            raise _Lost

    def _mine(self, session: Session) -> Upload:
        found = session.scalars(select(Upload).where(*self._ours()).with_for_update(of=Upload)).first()
        if found is None:
            raise _Lost
        return found

    def _ours(self) -> tuple[Any, ...]:
        return Upload.id == self.id, Upload.claims == self.claim, Upload.state == Progress.CONVERTING


def _claim(database: Database, id: int, clock: Callable[[], datetime], ended: Ended) -> _Hold | None:
    at = clock()
    with database.write() as session:
        if id not in claimable(session, at) or not claim(session, Upload, id, at=at, lease=LEASE):
            return None
        mine = session.get(Upload, id, populate_existing=True)
        if mine is None or mine.sha is None or mine.state not in (Progress.RECEIVED, Progress.CONVERTING):
            return None
        if mine.claims >= CLAIMS:
            _fail(session, mine, Problem("这个文件转了 %(times)s 次都没有转完。请拆成几份，或者另存成 PDF 再传。", times=mine.claims), at)
            ended(session, mine)
            return None
        mine.state, mine.claims, mine.done, mine.total = Progress.CONVERTING, mine.claims + 1, 0, 0
        return _Hold(database, id, mine.claims, mine.name, mine.sha, mine.size, clock, ended)


def _check_newest(session: Session, mine: Upload) -> None:
    later = session.scalar(select(Upload.id).where(Upload.revision_id == mine.revision_id, Upload.id > mine.id,
                                                   Upload.state != Progress.FAILED).limit(1))
    if later is not None:
        raise Conflict("后来又传了一个文件到这一件里，以后来的为准。")


def _fail(session: Session, mine: Upload, problem: Problem, at: datetime) -> None:
    mine.state, mine.ended_at, mine.leased_until = Progress.FAILED, at, None
    mine.problem, mine.params = problem.kept()
    journal.record(session, "upload.failed", mine, by=None, at=at, name=mine.name, slide=mine.slide_id, problem=str(problem)[:300])


def _kept(store: Store, work: Path, part: Any) -> Any:
    """The same with every file put into the store and named by its hash."""
    if isinstance(part, Mapping):
        kept = {name: _kept(store, work, value) for name, value in part.items() if name != "file"}
        if "file" in part:
            path = work / Path(str(part["file"])).name
            if path.is_symlink() or not path.is_file():
                raise Problem("转换出来的页不完整，请重新传一次。")
            kept |= {"sha": store.put_file(path), "size": path.stat().st_size}
        return kept
    return [_kept(store, work, each) for each in part] if isinstance(part, list | tuple) else part


@contextmanager
def _work_folder(root: Path, id: int) -> Iterator[Path]:
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{id}-", dir=root, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _nothing(_session: Session, _upload: Upload) -> None: ...
