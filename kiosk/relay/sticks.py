"""Sticks: a relay's contents by hand, where no line reaches it, and what its boards have told on the way back (base/parcel.py).

Files that are put into `inbox/` of the data folder are taken in by whoever gets them first, the running relay or the command; what was
refused lies beside a file that says why. After each parcel, and at each ask, the way back lies in `outbox/`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.base import parcel
from kiosk.base.archive import Reader
from kiosk.base.canonical import canonical
from kiosk.base.errors import Conflict, Problem
from kiosk.base.parcel import Outgoing
from kiosk.relay.courier import Courier
from kiosk.relay.store import Identity, Store, write

log = logging.getLogger("kiosk")
LOOK = 2.0
STILL = 10.0  # a file that was not written to for so long is whole, or never will be
KEEP = 5  # parcels and returns that stay in their folders
Settle = Callable[[Mapping[str, Any]], object]  # the answer that the server would have given on the line
ENDING, ALIVE = ".kiosk", "inbox/.alive"  # the second is touched by a running relay at each look


class Inbox:
    """Looks into the folder while the relay runs."""

    def __init__(self, store: Store, courier: Courier, settle: Settle, *, now: Callable[[], datetime]) -> None:
        self._store, self._courier, self._settle, self._now = store, courier, settle, now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        for name in ("inbox", "outbox"):
            (store.root / name).mkdir(exist_ok=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(2)

    def look(self) -> list[Path]:
        """Take what lies there; the files that were dealt with."""
        done = []
        for path in sorted((self._store.root / "inbox").glob(f"*{ENDING}")):
            try:
                dealt = receive(self._store, self._courier, self._settle, path, now=self._now())
            except Problem as problem:
                if time.time() - path.stat().st_mtime < STILL:
                    continue  # it may still be on its way from the stick
                dealt = _refused(path, problem)
                log.warning("%s was not taken: %s", path.name, problem)
            done.append(dealt)
        return done

    def _run(self) -> None:
        while not self._stopping.wait(LOOK):
            try:
                (self._store.root / ALIVE).touch()
                self.look()
            except Exception:
                log.exception("the inbox could not be looked into")


def receive(store: Store, courier: Courier, settle: Settle, path: Path, *, now: datetime) -> Path:
    """Take this file in, lay it by, and write the way back; where it lies now. Problem where it is not to be taken."""
    take(store, courier, settle, path, at=now)
    laid = path.parent / "taken" / path.name
    laid.parent.mkdir(exist_ok=True)
    path.replace(laid)
    _thin(laid.parent)
    give(store, courier, store.root / "outbox" / f"kiosk-back-{_identity(store).relay}-{now:%Y%m%d-%H%M%S}{ENDING}", at=now)
    _thin(store.root / "outbox")
    return laid


def take(store: Store, courier: Courier, settle: Settle, path: Path, *, at: datetime) -> Outgoing:
    """A parcel into the store, and on to the boards. Checked whole before anything of it is used; twice the same does no harm."""
    identity = _identity(store)
    with Reader(path) as reader:
        found = parcel.opened(reader, relay=identity.relay, keys=identity.keys, last=_last(store), at=at)
        for sha in found.objects:
            if not store.has(sha):
                store.put(sha, parcel.object_of(reader, sha))
    settle({"boards": [dict(each) for each in found.boards], "outside": list(found.outside), "left": []})
    for board, batch in found.taken:
        courier.forget(int(board), str(batch))
    write(store.root / "parcel.json", canonical({"number": found.number}))
    return found


def give(store: Store, courier: Courier, path: Path, *, at: datetime) -> int:
    """Write what the boards have told and the server does not know yet; how many batches."""
    identity, plays = _identity(store), courier.export()
    path.unlink(missing_ok=True)
    parcel.write_back(path, relay=identity.relay, token=identity.token, at=at, plays=plays, beats=courier.heartbeats())
    return len(plays)


def settled(store: Store) -> Settle:
    """Where no relay runs: straight into its store. What a running one would do on the line."""
    def settle(told: Mapping[str, Any]) -> None:
        store.know({each["board"]: str(each["token"]) for each in told["boards"]}, outside=told["outside"])
        refused = store.take([each["ref"] for each in told["boards"]], ())
        if refused:
            raise Conflict("这个包里有 %(count)s 块屏的内容没有通过核对，其余的收下了。", count=len(refused))
    return settle


def hand_in(root: Path, path: Path) -> Path:
    """Lay a copy into the inbox, whole or not at all; where."""
    inbox = root / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    place, aside = inbox / f"{path.stem}{ENDING}", inbox / f".{path.name}.{os.getpid()}"
    reason(root, place).unlink(missing_ok=True)
    try:
        shutil.copyfile(path, aside)
        aside.replace(place)
    except OSError as error:
        raise Problem("%(path)s 读不了：%(why)s。", path=path, why=error.strerror) from error
    finally:
        aside.unlink(missing_ok=True)
    return place


def reason(root: Path, place: Path) -> Path:
    """Where it is written why this file was not taken."""
    return root / "inbox" / "refused" / f"{place.stem}.txt"


def _identity(store: Store) -> Identity:
    if store.identity is None:
        raise Conflict("这台中继还没有登记。请先在有网的地方登记一次，再搬到网不通的地方。")
    return store.identity


def _last(store: Store) -> int:
    """The number of the last parcel that was taken."""
    try:
        return int(json.loads((store.root / "parcel.json").read_bytes())["number"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _refused(path: Path, problem: Problem) -> Path:
    """Out of the way, with the reason beside it."""
    laid = path.parent / "refused" / path.name
    laid.parent.mkdir(exist_ok=True)
    path.replace(laid)
    laid.with_suffix(".txt").write_text(f"{problem}\n", encoding="utf-8")
    _thin(laid.parent)
    return laid


def _thin(folder: Path) -> None:
    for old in sorted(folder.glob(f"*{ENDING}"), key=lambda each: each.stat().st_mtime)[:-KEEP]:
        with contextlib.suppress(OSError):
            old.unlink()
            old.with_suffix(".txt").unlink(missing_ok=True)
