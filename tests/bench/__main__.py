"""Figures, not assertions on time: `make bench` prints one line each, of all benches one after the other."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from kiosk import schema
from kiosk.base import journal
from kiosk.content import render
from kiosk.content.geometry import geometry_of, panel_of
from kiosk.content.render import SlideView
from kiosk.parts import Parts, open_parts
from kiosk.settings import Settings
from kiosk.signage import manifest, playlists
from kiosk.signage.reactor import Reactor, nudge
from tests.bench import catalogue, convert, override, pages, proof, publish, reconnect, relay, serving, start, swaps
from tests.support.cast import Cast
from tests.support.make import NOTICE, Make
from tests.support.wire import Wire

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
BOARDS, SLIDES, SOCKETS = 200, 40, 400


def main() -> None:
    benches = {"inside one process": inside, "pages, beside Pillow alone": pages.main,
               "conversion, beside the bare libraries": convert.main, "100,000 items of the catalogue": catalogue.main,
               "from the leader to the wall": publish.main, "an urgent insert on 200 boards": override.main,
               "two years of proof from twenty boards": proof.main, "500 boards after an outage": reconnect.main,
               "a relay with five boards": relay.main, "a start without the server": start.main, "serving": serving.main,
               "changes of page": swaps.main}
    for title, bench in benches.items():
        print(f"\n{title}\n{'-' * 96}", flush=True)
        bench()


def inside() -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = open_parts(Settings(data=Path(folder)))
        schema.ensure(parts.database)
        for figure in (pages_drawn, journal_written, refs_moved, nudge_heard):
            print(f"{figure.__doc__:<58}{figure(parts)}", flush=True)
        parts.close()


def pages_drawn(_: Parts) -> str:
    """A notice typeset and drawn"""
    geometry = geometry_of(panel_of(43, 1920, 1080))
    view = SlideView("冬季用气用电安全提示", "notice", NOTICE, "通知公告", "党政办", None, "")
    return _each(lambda: render.render(view, geometry), 300)


def journal_written(parts: Parts) -> str:
    """An act committed with its entry in the journal"""
    def act() -> None:
        with parts.database.write() as session:
            journal.record(session, "trial.done", "trial", by=None, at=AT)
    return _each(act, 100)


def refs_moved(parts: Parts) -> str:
    """One slide more on every board: all refs moved"""
    with parts.database.write() as session:
        cast = Cast.made(session, AT)
        make = Make(session, cast, parts, AT)
        shown = make.playlist([make.slide(state="approved") for _ in range(SLIDES)], boards=[make.board() for _ in range(BOARDS)])
        more, shown_id = make.slide(state="approved").id, shown.id
        manifest.refresh(session, parts.press, at=AT)
    with parts.database.write() as session:
        playlist = playlists.playlist(session, shown_id)
        entries = [playlists.Entry(item.slide_id) for item in playlist.items]
        playlists.set_items(session, playlist, [*entries, playlists.Entry(more)], by=None, at=AT)
        session.flush()
        start = time.perf_counter()
        moved = manifest.refresh(session, parts.press, at=AT)
        session.commit()
    return f"{(time.perf_counter() - start) * 1000:8.0f} ms for {len(moved)} boards, {SLIDES + 1} slides"


def nudge_heard(_: Parts) -> str:
    """A nudge heard by every board"""
    reactor = Reactor()
    reactor.start()
    wires = [Wire() for _ in range(SOCKETS)]
    for board, wire in enumerate(wires):
        reactor.adopt(wire.far, board, nudge(1), since=AT)
    for wire in wires:
        wire.told()
    heard: list[float] = []

    def listen() -> None:
        for wire in wires:
            wire.told()
            heard.append(time.perf_counter())

    listening = threading.Thread(target=listen)
    listening.start()
    start = time.perf_counter()
    reactor.send(None, nudge(2))
    listening.join()
    reactor.stop()
    for wire in wires:
        wire.near.close()
    return f"{(max(heard) - start) * 1000:8.1f} ms for {SOCKETS} sockets"


def _each(work: Callable[[], object], times: int) -> str:
    """Median and slowest, in milliseconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return f"{statistics.median(spent):8.2f} ms  (slowest {max(spent):.2f})"


if __name__ == "__main__":
    main()
