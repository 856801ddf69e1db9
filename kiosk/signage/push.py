"""Push: journal entry → boards concerned → nudge. Only a hint: a board that hears nothing asks for its ref by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select

from kiosk.base.db import Database
from kiosk.base.journal import Entry
from kiosk.content import pages
from kiosk.content.slides import Revision
from kiosk.signage import commands, frozen, manifest, relays
from kiosk.signage.boards import Board
from kiosk.signage.compose import Press
from kiosk.signage.reactor import ask_frame, nudge

log = logging.getLogger("kiosk")

# After these acts boards may have to hold something else: what hangs, where it hangs, or what is said to be overdue.
MOVES = frozenset({
    "slide.approved", "slide.returned", "slide.recalled", "slide.retired", "playlist.changed", "playlist.placed",
    "playlist.removed", "board.added", "board.changed", "group.changed", "unit.changed",
    "slide.filed", "topic.added", "topic.changed", "topic.ended", "topic.confirmed", "topic.unconfirmed", "happening.noted",
    "happening.dropped", "items.imported", "days.set", "campaign.added", "campaign.changed", "campaign.removed", "daypart.changed",
})
SLICE = 50
# After these, pages may be wanted in sizes that nobody drew yet.
SIZES = frozenset({"board.added", "board.changed", "group.changed", "playlist.placed"})
CUTS = frozenset({"board.ended", "board.keyed"})
# After these other boards stand under some relay.
ROUTES = frozenset({"relay.added", "relay.changed", "relay.ended", "relay.keyed", "board.added", *CUTS})


class Hub(Protocol):
    """Who holds the boards' sockets."""

    def send(self, board_ids: Collection[int] | None, text: str) -> None: ...

    def close(self, board_ids: Collection[int]) -> None: ...

    def connected(self) -> Mapping[int, Any]: ...

    def reached(self) -> Mapping[int, Any]: ...

    def route(self, routes: Mapping[int, int]) -> None: ...


@dataclass(frozen=True)
class Warm:
    """A sealed ref for whoever will ask for it: `token`: the hash of the board's token, as the database keeps it."""

    board: int
    token: str
    version: int
    body: bytes
    stopped: Mapping[str, Any] | None


class RefKeeper(Protocol):
    """Who answers refs from memory."""

    def drop(self, board_ids: Collection[int] | None) -> None: ...

    def warm(self, refs: Iterable[Warm], *, read_at: int) -> None: ...

    @property
    def drops(self) -> int: ...


# A ref's body sealed for a board of this version, as bytes, and what it tells of a stop.
Seal = Callable[[int, int, Mapping[str, Any]], tuple[bytes, Mapping[str, Any] | None]]


Hear = Callable[[Sequence[Entry]], None]


def nobody(entries: Sequence[Entry]) -> None:
    """Where nothing has to be written down first."""


class Mover:
    """Durable listener: after an act that changes what hangs, refs are moved and recalled objects taken away.

    `record` writes down first what the act settles (that a topic is disclosed, and no longer overdue), or the wall would say so only
    with the next act. It hears the same entries twice, for it has a listener of its own.
    """

    def __init__(self, database: Database, press: Press, now: Callable[[], datetime], record: Hear = nobody) -> None:
        self._database, self._press, self._now, self._record = database, press, now, record

    def hear(self, entries: Sequence[Entry]) -> None:
        moving = [entry for entry in entries if entry.verb in MOVES]
        if not moving:
            return
        self._prepare([entry.data["revision"] for entry in moving if entry.verb == "slide.approved"])
        if any(entry.verb in SIZES for entry in moving):
            self._prepare_all()
        self._settle(moving)
        with self._database.write() as session:
            for entry in moving:
                if entry.verb == "slide.recalled":
                    manifest.recall_objects(session, self._press.store, entry.data["revision"], at=self._now())
            manifest.refresh(session, self._press, at=self._now())

    def _settle(self, moving: Sequence[Entry]) -> None:
        try:
            self._record(moving)
        except Exception:  # its own listener tries again; what hangs must not wait for it
            log.exception("acts could not be written down before the refs moved")

    def _prepare(self, approved: Collection[int]) -> None:
        """What was approved before the easel came to it is drawn before anything is locked."""
        if approved:
            with self._database.read() as session:
                wanted = [(id, wall.geometry) for id in approved if (revision := session.get(Revision, id))
                          for wall in manifest.walls(session, revision)]
            pages.prepare(self._database, self._press.store, self._press.zone, wanted)

    def _prepare_all(self) -> None:
        """Another layout or panel wants everything that hangs there in another size: drawn while others can write."""
        with self._database.read() as session:
            wanted = manifest.hanging(session, at=self._now(), horizon=self._press.horizon)
        pages.prepare(self._database, self._press.store, self._press.zone, wanted)


class Nudger:
    """Local listener: tells the boards whose sockets this process holds that their ref has moved.

    `seal`: refs are sealed before their boards are told, a slice at a time, so that all who ask at once are answered from memory.
    """

    def __init__(self, database: Database, hub: Hub, refs: RefKeeper, seal: Seal | None = None) -> None:
        self._database, self._hub, self._refs, self._seal = database, hub, refs, seal

    def load(self) -> None:
        """Seal all refs ahead: after an outage every board asks within seconds, and none of them needs the database."""
        read_at = self._refs.drops
        with self._database.read() as session:
            refs, ice = manifest.last_refs(session), frozen.state(session)
        if self._seal is None or ice is not None:
            return
        for start in range(0, len(refs), SLICE):
            self._refs.warm([Warm(board, token, version, *self._seal(board, version, body))
                             for board, token, version, body in refs[start:start + SLICE]], read_at=read_at)

    def hear(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.verb == "refs.moved":
                self._moved(entry.seq)
            elif entry.verb == "board.told":
                self._ask(entry)
            elif entry.verb in CUTS and entry.subject_id is not None:
                self._refs.drop([entry.subject_id])
                self._hub.close([entry.subject_id])

    def _ask(self, entry: Entry) -> None:
        """Somebody asks something of a board; it is said by whoever holds its socket, and said again by a job until it answers."""
        if entry.subject_id is not None and entry.subject_id in self._hub.reached():
            self._hub.send([entry.subject_id], commands.say(entry.data["do"], entry.data["command"]))

    def _moved(self, seq: int) -> None:
        with self._database.read() as session:
            moved, ice = manifest.moved_refs(session, seq), frozen.state(session)
        self._refs.drop([board for board, _, _ in moved])
        read_at, connected = self._refs.drops, self._hub.connected()
        awake = [each for each in moved if each[0] in connected]
        for start in range(0, len(awake), SLICE):
            piece = awake[start:start + SLICE]
            if self._seal is not None and ice is None:
                self._refs.warm([Warm(board, token, seq, *self._seal(board, seq, body)) for board, token, body in piece], read_at=read_at)
            self._hub.send([board for board, _, _ in piece], nudge(seq))
        if asleep := [board for board, _, _ in moved if board not in connected]:
            self._hub.send(asleep, nudge(seq))  # who connects at this very moment


class Router:
    """Local listener: which relay each board stands under, so that its relay hears what is said to it; a relay whose boards change asks
    for them at once. The first time it hears anything it reads them all.
    """

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._routes: dict[int, int] = {}

    def load(self) -> None:
        """Before anybody is told anything."""
        self._routes = self._read()
        self._hub.route(self._routes)

    def hear(self, entries: Sequence[Entry]) -> None:
        if not any(entry.verb in ROUTES for entry in entries):
            return
        keyed = {entry.subject_id for entry in entries if entry.verb in CUTS}
        ended = [-entry.subject_id for entry in entries if entry.verb in ("relay.ended", "relay.keyed") and entry.subject_id is not None]
        before, after = self._routes, self._read()
        changed = [relay for board, relay in {*before.items()} ^ {*after.items()}] + [before[each] for each in keyed if each in before]
        self._routes = after
        self._hub.route(after)
        self._hub.send([-relay for relay in {*changed}], ask_frame())
        self._hub.close(ended)

    def _read(self) -> dict[int, int]:
        with self._database.read() as session:
            return relays.routes(session)


def version_of(database: Database, board_id: int) -> int:
    """The version a board should hold now: said first on every new socket."""
    with database.read() as session:
        return session.scalar(select(Board.version).where(Board.id == board_id)) or 0
