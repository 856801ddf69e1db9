"""The journal: an append-only, hash-chained record of every act. Audit trail, change feed and push trigger in one.

Each entry's hash covers its content and the hash before it, so an edit, a gap or a removal is seen by `verify`.
An entry is written in the transaction of the act itself: no act without its trace, no trace without its act.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import iso
from kiosk.base.db import Base, Database, Instant, locked

GENESIS = "0" * 64
LEAP = 1_000_000  # numbers left out where an old database goes on: more than anybody was given after it was copied
LEAPING = frozenset({"office.restored", "office.thawed"})  # the only entries before which numbers may be missing; they say after which


class Entry(Base):
    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_subject", "subject_kind", "subject_id"),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant())
    verb: Mapped[str] = mapped_column(String(40), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    by_id: Mapped[int | None]
    by_post: Mapped[str | None] = mapped_column(String(120))
    data: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Head(Base):
    """The last entry's number and hash; its row lock puts concurrent writers in a line."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class Cursor(Base):
    """How far a durable listener has read."""

    __tablename__ = "journal_cursor"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int]


class Subject(Protocol):
    @property
    def id(self) -> int: ...


class Actor(Protocol):
    """Whoever acts: a person; None stands for the server itself."""

    @property
    def id(self) -> int: ...

    @property
    def post(self) -> str: ...


def record(session: Session, verb: str, subject: Subject | str, *, by: Actor | None, at: datetime, leap: int | None = None,
           **data: Any) -> Entry:
    """Write down an act in the transaction of the act. `verb` is noun.past; subject a row, or a bare noun. `leap`, for one of LEAPING:
    under a number that was never given out though this is an older copy of the journal, LEAP ahead of the last entry and of `leap`.
    """
    step = 1
    if leap is not None:
        last = tail(session)
        data, step = {**data, "after": last}, max(leap - last, 0) + LEAP
    session.flush()
    locked(session, "journal")
    head = session.scalars(select(Head).where(Head.id == 1).with_for_update().execution_options(populate_existing=True)).first()
    if head is None:
        head = Head(id=1, seq=0, hash=GENESIS)
        session.add(head)
    kind, id = (subject, None) if isinstance(subject, str) else (type(subject).__name__.lower(), subject.id)
    entry = Entry(seq=head.seq + step, at=at.replace(microsecond=0), verb=verb, subject_kind=kind, subject_id=id,
                  by_id=by.id if by else None, by_post=by.post if by else None, data=data, previous=head.hash, hash="")
    entry.hash = _hash(entry)
    head.seq, head.hash = entry.seq, entry.hash
    session.add(entry)
    session.flush()
    session.info["journal"] = entry.seq
    return entry


def after(session: Session, seq: int, limit: int = 500) -> Sequence[Entry]:
    """The entries that follow `seq`, in order."""
    return session.scalars(select(Entry).where(Entry.seq > seq).order_by(Entry.seq).limit(limit)).all()


def tail(session: Session) -> int:
    """The number of the last entry; 0 when nothing has happened."""
    return session.scalar(select(Head.seq).where(Head.id == 1)) or 0


def count(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(Entry)) or 0


def about(session: Session, subject: Subject, limit: int = 100) -> Sequence[Entry]:
    """What has happened to one thing, latest first."""
    kind = type(subject).__name__.lower()
    return session.scalars(select(Entry).where(Entry.subject_kind == kind, Entry.subject_id == subject.id)
                           .order_by(Entry.seq.desc()).limit(limit)).all()


def verify(session: Session) -> Iterator[str]:
    """Each fault of the chain in one line; nothing when it is whole."""
    previous, expected = GENESIS, 1
    for entry in session.scalars(select(Entry).order_by(Entry.seq).execution_options(yield_per=500)):
        if not _follows(entry, expected - 1):
            yield f"entry {expected} is missing"
        if entry.previous != previous:
            yield f"entry {entry.seq} does not follow the one before it"
        if _hash(entry) != entry.hash:
            yield f"entry {entry.seq} was changed"
        previous, expected = entry.hash, entry.seq + 1
    head = session.get(Head, 1)
    if head is not None and (head.seq, head.hash) != (expected - 1, previous):
        yield f"the last entry is not number {head.seq}"


def sound(session: Session, entry: Entry) -> bool:
    """Whether this one entry is what was chained: its own hash, the one before it, and the one that follows."""
    before = session.scalars(select(Entry).where(Entry.seq < entry.seq).order_by(Entry.seq.desc()).limit(1)).first()
    next_ = session.scalars(select(Entry).where(Entry.seq > entry.seq).order_by(Entry.seq).limit(1)).first()
    head = session.get(Head, 1)
    begins = entry.previous == before.hash and _follows(entry, before.seq) if before else entry.seq > 1 or entry.previous == GENESIS
    goes_on = next_.previous == entry.hash and _follows(next_, entry.seq) if next_ is not None else \
        head is not None and (head.seq, head.hash) == (entry.seq, entry.hash)
    return _hash(entry) == entry.hash and begins and goes_on


def _follows(entry: Entry, seq: int) -> bool:
    """Whether this is the entry after number `seq`: the next one, or one that says that it leapt."""
    return entry.seq == seq + 1 or (entry.verb in LEAPING and entry.data.get("after") == seq)


def _hash(entry: Entry) -> str:
    return sha256(canonical([entry.seq, iso(entry.at), entry.verb, entry.subject_kind, entry.subject_id,
                             entry.by_id, entry.by_post, entry.data, entry.previous]))


Listen = Callable[[Entry], None]


@dataclass(frozen=True)
class Listener:
    """Who reads on. Durable: a stored cursor, once for all processes, at least once. Local: each process, from its start."""

    name: str
    hear: Callable[[Sequence[Entry]], None]
    durable: bool


class Follower:
    """The thread that carries entries to their listeners: woken after a commit, else each second by itself.

    A command that writes beside a running server is heard too, since the tail is looked at each second.
    """

    def __init__(self, database: Database, listeners: Iterable[Listener], *, pause: float = 1.0,
                 on_error: Callable[[str, Exception], None]) -> None:
        self._database = database
        self._listeners = tuple(listeners)
        self._pause = pause
        self._on_error = on_error
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._local: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._database.read() as session:
            seq = tail(session)
        self._local = {listener.name: seq for listener in self._listeners if not listener.durable}
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def run_once(self) -> bool:
        """Carry what is new; True when there was anything (listeners may have written more)."""
        return any([self._carry(listener) for listener in self._listeners])

    def _run(self) -> None:
        self._wake.set()
        while not self._stop.is_set():
            self._wake.wait(self._pause)
            self._wake.clear()
            while not self._stop.is_set() and self.run_once():
                pass

    def _carry(self, listener: Listener) -> bool:
        try:
            return self._durable(listener) if listener.durable else self._locally(listener)
        except Exception as error:  # a listener's fault must not silence the others; it is tried again in a second
            self._on_error(listener.name, error)
            return False

    def _locally(self, listener: Listener) -> bool:
        with self._database.read() as session:
            entries = after(session, self._local.setdefault(listener.name, 0))
        if not entries:
            return False
        listener.hear(entries)
        self._local[listener.name] = entries[-1].seq
        return True

    def _durable(self, listener: Listener) -> bool:
        with self._database.read() as session:
            cursor = session.get(Cursor, listener.name)
            seen = cursor.seq if cursor else 0
            entries = after(session, seen)
        if not entries:
            return False
        listener.hear(entries)
        with self._database.write() as session:
            self._advance(session, listener.name, seen, entries[-1].seq)
        return True

    @staticmethod
    def _advance(session: Session, name: str, seen: int, seq: int) -> None:
        moved = session.execute(update(Cursor).where(Cursor.name == name, Cursor.seq == seen).values(seq=seq))
        if moved.rowcount == 0 and session.get(Cursor, name) is None:  # type: ignore[attr-defined]
            session.add(Cursor(name=name, seq=seq))
