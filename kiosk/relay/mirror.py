"""Mirror: keeps the store as the server wants it, and tells the boards.

Two threads. `asking` asks for the refs of all boards, at each hint and each minute, and obeys them: recalls, inserts and stops are told
to the boards at once. `filling` fetches what is missing, each object once: inserts first, then manifests, then what begins soonest. It
looks up after each piece, so that a hint never waits for a long download, which goes on later where it ended. Neither ever takes
anything from the boards because the server does not answer.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from kiosk.base.clock import iso
from kiosk.base.errors import Full
from kiosk.base.signing import Untrusted
from kiosk.relay.options import Options
from kiosk.relay.refs import Ref, Wanted, contents, inserted, orders, same_until, withdrawn
from kiosk.relay.store import Identity, Store, WrongBytes, write
from kiosk.relay.upstream import NoAnswer, Pace, Upstream
from kiosk.signage.reactor import ask_frame, nudge, stop_frame

log = logging.getLogger("kiosk")
POLL = 60.0
AGAIN = 5.0  # seconds after which a server that did not answer is asked again, doubling up to POLL
OBJECT_AGAIN = 30.0  # … after which an object that could not be fetched is tried again
CODE_LOOK = 2.0
LOOKED_OVER = 20  # objects that are looked over each idle minute
SOON = timedelta(days=1)


class Hub(Protocol):
    """Who holds the sockets of the boards here."""

    def send(self, boards: Collection[int] | None, text: str) -> None: ...

    def close(self, boards: Collection[int]) -> None: ...


class _Interrupted(Exception):
    """Something more urgent is wanted."""


@dataclass
class State:
    """What the relay says of itself. `cause`: why it does not reach the server now; `trouble`: what else is wrong (disk, an object)."""

    cause: str = ""
    trouble: str = ""
    outage: dict[str, str] | None = None
    refused: dict[int, str] = field(default_factory=dict)
    missing: int = 0
    code: str = ""
    code_until: float = 0.0


class Mirror:
    """The two threads over one store."""

    def __init__(self, options: Options, store: Store, upstream: Upstream, hub: Hub, *, now: Callable[[], datetime],
                 say: Callable[[str], object] = lambda _: None, changed: Callable[[], object] = lambda: None) -> None:
        self.options, self.store, self.upstream, self.hub = options, store, upstream, hub
        self.state = State(outage=_outage(store))
        self._now, self._say, self._changed = now, say, changed
        self._pace = Pace(options.kbps * 1000, self._sleep)
        self._ask, self._fill, self._stopping = threading.Event(), threading.Event(), threading.Event()
        self._news = threading.Event()  # the filling thread should look up from its download
        self._secret = ""
        self._failed: dict[str, float] = {}
        self._told: dict[int, Any] = {board: _said(held.served) for board, held in store.boards.items()}
        self._threads = [threading.Thread(target=run, name=run.__name__, daemon=True) for run in (self.asking, self.filling)]
        self._rest: Iterator[str] = iter(())

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for event in (self._ask, self._fill, self._news):
            event.set()
        for thread in self._threads:
            thread.join(2)

    def wake(self) -> None:
        """There may be something new."""
        self._ask.set()

    def missed(self) -> None:
        """A board asked for an object that should be here and is not."""
        self._fill.set()

    def hear(self, told: Mapping[str, Any]) -> None:
        """What the server said on the line: ask, or something that boards are to do."""
        named = told.get("boards")
        boards = [each for each in named if each in self.store.boards] if isinstance(named, list) else None
        if "do" not in told:
            self.wake()
        elif boards:
            self.hub.send(boards, json.dumps({name: value for name, value in told.items() if name != "boards"}))

    # --- asking -----------------------------------------------------------------------------------------------------------

    def asking(self) -> None:
        pause = AGAIN
        while not self._stopping.is_set():
            self._ask.clear()
            try:
                self._round()
                self._reached()
                pause = AGAIN
                wait = POLL * random.uniform(0.8, 1.2) if self.store.identity else CODE_LOOK
            except NoAnswer as error:
                self._cut(error.kind)
                wait, pause = pause * random.uniform(0.8, 1.2), min(POLL, pause * 2)
            except Exception:
                log.exception("the round failed")
                wait = AGAIN
            self._ask.wait(wait)
        self.upstream.hang_up()

    def _round(self) -> None:
        identity = self.store.identity
        if identity is None:
            self._pair()
            return
        holds = ",".join(map(str, self.store.boards))
        self.take(self.upstream.told("GET", f"/relay/boards?holds={holds}", token=identity.token))

    def take(self, told: Mapping[str, Any]) -> None:
        """The server's answer: which boards stand here, and their refs."""
        named = [each for each in told.get("boards", ()) if isinstance(each, dict) and isinstance(each.get("board"), int)]
        tokens = {each["board"]: str(each["token"]) for each in named}
        left = [board for board in told.get("left", ()) if board in self.store.boards]
        renewed = [board for board, token in tokens.items() if board in self.store.boards and self.store.boards[board].token != token]
        self._know(tokens, left, told.get("outside"))
        self.hub.close([*left, *renewed])
        for each in named:
            self._offer(each["board"], each.get("ref"))
        self.state.refused = {board: why for board, why in self.state.refused.items() if board in self.store.boards}
        self._fill.set()

    def _know(self, tokens: Mapping[int, str], left: Collection[int], outside: Any) -> None:
        before = (dict.fromkeys(self.store.boards), {board: held.token for board, held in self.store.boards.items()}, self.store.outside)
        origins = [str(each) for each in outside] if isinstance(outside, list) else self.store.outside
        after = ({**dict.fromkeys(before[0]), **dict.fromkeys(tokens)}, {**before[1], **tokens}, origins)
        if before != after or left:
            with self._obeying():
                self.store.know(tokens, left=left, outside=origins)
            if origins != before[2]:
                self._changed()

    def _offer(self, board: int, ref: Any) -> None:
        if ref is None:
            return
        news = True
        try:
            with self._obeying():
                news = self.store.offer(ref, board)
        except Untrusted as refusal:
            if self.state.refused.get(board) != refusal.cause:
                log.warning("the ref of board %s was not taken: %s", board, refusal.cause)
            self.state.refused[board] = refusal.cause
            return
        self.state.refused.pop(board, None)
        if news:
            self._news.set()
        if news or self.store.boards[board].ahead is not None:
            with self._obeying():
                self._withdraw()
                self.store.settle(board)
            self.tell(board)

    @contextmanager
    def _obeying(self) -> Iterator[None]:
        """A full disk keeps no order from being obeyed: it holds in memory."""
        try:
            yield
        except Full:
            self.state.trouble = "disk"

    def tell(self, board: int, *, again: bool = False) -> None:
        """To the board, if it is told something else than before, or `again` because it lacked something."""
        held = self.store.boards.get(board)
        served = held.served if held is not None else None
        said, before = _said(served), self._told.get(board)
        if served is None or (said == before and not again):
            return
        self._told[board] = said
        fresh = again or before is None or served["version"] > before[0]
        self.hub.send([board], nudge(served["version"]) if fresh and not served.get("stopped") else stop_frame())

    def _withdraw(self) -> None:
        """What was recalled is gone at once, unless another board's programme still needs it."""
        gone: set[str] = set()
        needed: set[str] = set()
        for held in self.store.boards.values():
            newest = held.newest
            recalled = set(newest.get("recalled", ())) if newest is not None else set()
            for ref in (held.ref, held.before, held.ahead):
                manifest = self.store.manifest(ref["edition"]) if ref is not None else None
                if manifest is None:
                    continue
                off = withdrawn(manifest, recalled)
                gone |= off
                if ref is held.ref or ref is held.ahead:
                    needed |= {each["sha"] for each in manifest["objects"]} - off
        self.store.withdraw(gone - needed, needed)

    def _pair(self) -> None:
        """Ask for a code, show it, wait until somebody typed it."""
        if time.monotonic() >= self.state.code_until:
            told = self.upstream.told("POST", "/board/pairings", body={"relay": True})
            self._secret = str(told["secret"])
            self.state.code, self.state.code_until = str(told["code"]), time.monotonic() + float(told["seconds"])
            self._say(self.state.code)
            return
        answer = self.upstream.ask("GET", "/board/pairing", token=self._secret)
        if answer.status == 200:
            told = answer.json()
            self.store.become(Identity(int(told["relay"]), str(told["token"]), (str(told["key"]),)))
            self.state.code = ""
            self._ask.set()
        elif answer.status in (404, 410):
            self.state.code_until = 0.0
        elif answer.status >= 400:
            raise NoAnswer(str(answer.status))

    def _reached(self) -> None:
        if self.state.cause and self.state.outage is not None:
            self._keep_outage({**self.state.outage, "until": str(iso(self._now()))})
        self.state.cause = ""

    def _cut(self, kind: str) -> None:
        if not self.state.cause:
            log.warning("the server is not reached: %s", kind)
            self._keep_outage({"cause": kind, "since": str(iso(self._now()))})
        self.state.cause = kind

    def _keep_outage(self, told: dict[str, str]) -> None:
        self.state.outage = told
        try:
            write(self.store.root / "outage.json", json.dumps(told).encode())
        except (Full, OSError):
            pass  # it is told all the same

    # --- filling ----------------------------------------------------------------------------------------------------------

    def filling(self) -> None:
        while not self._stopping.is_set():
            self._fill.clear()
            try:
                done = self._pass()
                wait = POLL if done else OBJECT_AGAIN
                if done:
                    self._look_over()
            except _Interrupted:
                continue
            except Full:
                self.state.trouble, wait = "disk", OBJECT_AGAIN
                self._sweep()
            except Exception:
                log.exception("filling failed")
                wait = OBJECT_AGAIN
            self._fill.wait(wait)
        self.upstream.hang_up()

    def _pass(self) -> bool:
        """Fetch what is missing, most urgent first; whether nothing is missing that is wanted now."""
        self._news.clear()
        urgent, rest, waits = self._wanted()
        fetched, failed = False, ""
        for at, (job, hurry) in enumerate([*((each, True) for each in urgent), *((each, False) for each in rest)]):
            self.state.missing = len(urgent) + len(rest) - at
            if self._failed.get(job.sha, 0.0) > time.monotonic():
                failed = failed or self.state.trouble or "cut"
                continue
            if self._news.is_set():
                raise _Interrupted
            try:
                self._fetch(job, hurry)
                fetched = True
            except (NoAnswer, WrongBytes) as error:
                self._failed[job.sha] = time.monotonic() + OBJECT_AGAIN
                kind = error.kind if isinstance(error, NoAnswer) else "damaged"
                failed = f"object {kind}" if kind.isdecimal() else kind
                if kind == "damaged":
                    self.store.begin_anew(job.sha)
                if kind.isdecimal() or kind == "damaged":
                    continue
                break  # the line is down, not this object
            self._have(job, hurry, waits)
        else:
            self.state.missing = 0
        self.state.trouble = failed
        for board in list(self.store.boards):
            self._settle(board)
        if fetched:
            self._sweep()
        return not failed

    def _have(self, job: Wanted, hurry: bool, waits: Mapping[int, set[str]]) -> None:
        """An object is here: whoever lacked nothing else is switched."""
        if hurry:
            self.hub.send(list(self.store.boards), ask_frame())  # they hold this version already, and wait for what its insert shows
        for board, lacks in waits.items():
            if job.sha in lacks:
                lacks.discard(job.sha)
                if not lacks:
                    self._settle(board)
        if any(held.ahead is not None and held.ahead["edition"] == job.sha for held in self.store.boards.values()):
            self._withdraw()
            raise _Interrupted  # a manifest says what else is missing

    def _wanted(self) -> tuple[list[Wanted], list[Wanted], dict[int, set[str]]]:
        """What is missing for inserts, what for editions, and which board waits for what of it."""
        now = self._now()
        newest = [held.newest for held in self.store.boards.values() if held.newest is not None]
        urgent = {each.sha: each for ref in newest for each in inserted(ref, now) if self._lacks(each.sha)}
        rest: dict[str, Wanted] = {}
        waits: dict[int, set[str]] = {}
        for board, held in list(self.store.boards.items()):
            lacks = {each.sha: each for each in self._of_board(held.ref, held.ahead, now) if self._lacks(each.sha)}
            waits[board] = set(lacks)
            rest = {**lacks, **rest} if len(lacks) == 1 else {**rest, **lacks}  # manifests first
        return list(urgent.values()), [each for sha, each in rest.items() if sha not in urgent], waits

    def _lacks(self, sha: str) -> bool:
        return not self.store.has(sha) and not self.store.is_gone(sha)

    def _of_board(self, ref: Ref | None, ahead: Ref | None, now: datetime) -> list[Wanted]:
        """What a board's editions need, in the order in which it is fetched; what may wait for the night is left out."""
        wanted = self.store.missing(ref) if ref is not None else []
        if ahead is None:
            return wanted
        manifest = self.store.manifest(ahead["edition"])
        if manifest is None:
            return [*wanted, Wanted(ahead["edition"])]
        night, local = self.options.nights, now.astimezone()
        edge = night.over(local) if night else local + SOON
        held = self.store.manifest(ref["edition"]) if ref is not None else None
        if night and held is not None and not night.covers(local) and same_until(edge, held, manifest):
            return wanted
        return [*wanted, *contents(manifest, set(ahead.get("recalled", ())), edge)]

    def _fetch(self, job: Wanted, urgent: bool) -> None:
        at = self.store.begun(job.sha)
        if job.size and at >= job.size:
            at = 0
        if job.size and not self.store.room(job.size - at):
            raise Full("中继的磁盘满了，或者写不进去。屏上照常播放，请腾出空间。")
        with self.upstream.object(job.sha, at=at) as (begins, chunks):
            self.store.put(job.sha, self._watched(chunks, urgent), at=begins)
        self._failed.pop(job.sha, None)

    def _watched(self, chunks: Iterator[bytes], urgent: bool) -> Iterator[bytes]:
        for chunk in chunks:
            if not urgent:
                self._pace.take(len(chunk))
            yield chunk
            if self._stopping.is_set() or (self._news.is_set() and not urgent):
                raise _Interrupted

    def _settle(self, board: int) -> None:
        """Switch to the newest edition if all of it is here by now."""
        held = self.store.boards.get(board)
        if held is not None and held.ahead is not None and self.store.settle(board):
            self._withdraw()
            self.tell(board, again=True)

    def _sweep(self) -> None:
        newest = [held.newest for held in self.store.boards.values() if held.newest is not None]
        self.store.sweep({each.sha for ref in newest for each in inserted(ref, self._now())})

    def _look_over(self) -> None:
        """Read some objects again each idle minute: what a disk has spoilt is thrown away, and so fetched anew."""
        names = list(islice(self._rest, LOOKED_OVER))
        if not names:
            self._rest = iter(sorted(self.store.objects()))
        for name in names:
            if self.store.has(name) and self.store.sound(name) is None:
                self._fill.set()

    def _sleep(self, seconds: float) -> None:
        self._news.wait(seconds)


def _said(ref: Ref | None) -> Any:
    """What a board is told by a ref, its seal left out."""
    return None if ref is None else (ref["version"], ref["edition"], orders(ref))


def _outage(store: Store) -> dict[str, str] | None:
    try:
        found = json.loads((store.root / "outage.json").read_bytes())
    except (OSError, ValueError):
        return None
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else None


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
