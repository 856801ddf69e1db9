"""Courier: carries what boards say of themselves to the server, and keeps it while the server is not reached.

Plays are batches with names, so that sending one twice does no harm: a file each, fsynced before the board is told "taken", sent oldest
first. Of heartbeats only each board's latest is kept, with all that it has acknowledged since. The spool is bounded; what falls out is
counted.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import iso, parse
from kiosk.relay.store import Store, write
from kiosk.relay.upstream import Answer, NoAnswer, Upstream

log = logging.getLogger("kiosk")
BATCHES_MOST = 50_000
DONE_MOST, ERRORS_MOST = 50, 20
BEAT = 60.0
AGAIN = 5.0


class Courier:
    """The spool and the thread that empties it."""

    def __init__(self, store: Store, upstream: Upstream, vitals: Callable[[], Mapping[str, Any]], *, now: Callable[[], datetime],
                 cause: Callable[[], str] = str) -> None:
        self._store, self._upstream, self._vitals, self._now, self._cause = store, upstream, vitals, now, cause
        self._plays, self._beats = store.root / "spool" / "plays", store.root / "spool" / "beats"
        for folder in (self._plays, self._beats):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._waiting = sum(1 for _ in self._plays.iterdir())
        self.dropped = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join(2)

    @property
    def waiting(self) -> int:
        """Batches of plays that are not sent yet."""
        return self._waiting

    def plays(self, board: int, report: Mapping[str, Any]) -> None:
        """Keep a batch; Full when the disk takes none: the board keeps it then."""
        name = f"-{board}-{sha256(str(report.get('batch')).encode())[:16]}.json"
        with self._lock:
            if not any(self._plays.glob(f"*{name}")):
                write(self._plays / f"{time.time_ns():020d}{name}", canonical({"board": board, "report": report}))
                self._waiting += 1
            self._bound()
        self._wake.set()

    def beat(self, board: int, report: Mapping[str, Any]) -> None:
        """Keep a heartbeat in place of the one before, with what that one had acknowledged, and why it cannot be sent now: staff read it
        beside the time in which nothing was heard.
        """
        path = self._beats / f"{board}.json"
        with self._lock:
            before = _read(path)
            told = {**report, "cause": report.get("cause") or self._cause()}
            for name, most in (("done", DONE_MOST), ("errors", ERRORS_MOST)):
                together = [*before.get("report", {}).get(name, ()), *_list(report.get(name))]
                told[name] = list(dict.fromkeys(map(str, together)))[-most:]
            write(path, canonical({"board": board, "report": told, "heard": iso(self._now())}))
        self._wake.set()

    def export(self) -> list[dict[str, Any]]:
        """The batches that wait, oldest first: {board, report}; for whoever carries them another way."""
        return [told for path in self._batches() if (told := _read(path))]

    def heartbeats(self) -> list[dict[str, Any]]:
        """Each board's last one that is not sent yet: {board, report, heard}."""
        return [told for path in sorted(self._beats.glob("*.json")) if (told := _read(path))]

    def forget(self, board: int, batch: str) -> None:
        """A batch has arrived by another way."""
        for path in self._plays.glob(f"*-{board}-{sha256(batch.encode())[:16]}.json"):
            self._drop(path)

    def _run(self) -> None:
        beaten = 0.0
        while not self._stopping.is_set():
            self._wake.clear()
            pause = BEAT
            identity = self._store.identity
            if identity is not None:
                try:
                    if time.monotonic() - beaten >= BEAT or not beaten:
                        self._post("/relay/heartbeat", dict(self._vitals()), identity.token)
                        beaten = time.monotonic()
                    self._deliver(identity.token)
                    pause = max(0.5, BEAT - (time.monotonic() - beaten))
                except NoAnswer:
                    pause = AGAIN
                    self._stopping.wait(pause)  # boards go on talking: their words must not make us ask faster
                except Exception:
                    log.exception("the courier stumbled")
                    self._stopping.wait(AGAIN)
            self._wake.wait(pause if identity is not None else 1.0)
        self._upstream.hang_up()

    def _deliver(self, token: str) -> None:
        for path in sorted(self._beats.glob("*.json")):
            if (told := _read(path)) and self._sent(f"/board/heartbeat?b={told['board']}", told["report"], token, _age(told, self._now())):
                with self._lock:
                    if _read(path) == told:  # nothing was said meanwhile
                        path.unlink(missing_ok=True)
        for path in self._batches():
            told = _read(path)
            if not told or self._sent(f"/board/plays?b={told['board']}", told["report"], token, 0.0):
                self._drop(path)
            if self._stopping.is_set():
                return

    def _sent(self, path: str, report: Any, token: str, age: float) -> bool:
        """Whether it need not be sent again: it was taken, or will never be."""
        answer = self._post(path, report, token, age)
        if answer >= 400:
            log.warning("%s was refused: %s", path, answer)
        return True

    def _post(self, path: str, report: Any, token: str, age: float = 0.0) -> int:
        answer = self._upstream.ask("POST", path, token=token, body=canonical(report), headers={"Kiosk-Age": f"{age:.0f}"} if age else {})
        refused = 400 <= answer.status < 500 and answer.status not in (401, 408, 429) and _is_ours(answer)
        if not (200 <= answer.status < 300 or refused):
            raise NoAnswer(str(answer.status))
        return answer.status

    def _batches(self) -> list[Path]:
        return sorted(path for path in self._plays.iterdir() if not path.name.startswith("."))

    def _bound(self) -> None:
        if self._waiting <= BATCHES_MOST:
            return
        for path in self._batches()[:-BATCHES_MOST]:
            self._drop(path)
            self.dropped += 1

    def _drop(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            self._waiting -= 1


def _is_ours(answer: Answer) -> bool:
    """Whether our server itself says no; a proxy's 404 must not cost any play."""
    return answer.headers.get("content-type", "").startswith("application/problem+json")


def _age(told: Mapping[str, Any], now: datetime) -> float:
    """Seconds since the heartbeat was heard, by the relay's own clock."""
    try:
        return max(0.0, (now - parse(str(told["heard"]))).total_seconds())
    except (KeyError, ValueError):
        return 0.0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
