"""The parts that a process is made of, opened once from the settings and handed to web, jobs and the command line."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import timedelta

from kiosk import console
from kiosk.base import folder
from kiosk.base.bus import Bus, open_bus
from kiosk.base.clock import Zone
from kiosk.base.db import Database
from kiosk.base.journal import Follower, Listener
from kiosk.base.objects import Store
from kiosk.base.signing import Signer, keep_secret
from kiosk.disclosure import days, walls
from kiosk.disclosure.walls import Watch
from kiosk.settings import Settings
from kiosk.signage.compose import Press
from kiosk.signage.reactor import Reactor
from kiosk.signage.stop import Stop

log = logging.getLogger("kiosk")
TAIL = "journal"


@dataclass(frozen=True)
class Parts:
    """One process's database, objects, keys, bus and the holder of its boards' sockets."""

    settings: Settings
    database: Database
    store: Store
    signer: Signer
    secret: bytes
    bus: Bus
    reactor: Reactor
    zone: Zone
    press: Press
    watch: Watch
    stop: Stop

    def follower(self, *listeners: Listener) -> Follower:
        """The thread that carries journal entries to these listeners, also woken by other processes."""
        follower = Follower(self.database, listeners, on_error=_tell)
        self.bus.subscribe(TAIL, lambda _: follower.wake())
        return follower

    def told(self) -> None:
        """Something was written to the journal: shorten everybody's wait."""
        self.bus.publish(TAIL, "")

    def close(self) -> None:
        self.bus.close()
        self.database.close()


def open_parts(settings: Settings) -> Parts:
    """Open everything; makes the data folder and its secrets at the first start and keeps them ever after."""
    console.make_folder(settings.data)
    folder.must_be_whole(settings.data)
    store, zone, stop = Store(settings.objects), Zone(settings.zone), Stop(settings.data)
    marks = walls.marks(zone)
    return Parts(
        settings=settings, database=Database(settings.database), store=store, signer=Signer(settings.data / "seal.key"),
        secret=_secret(settings), bus=open_bus(settings.bus_url), reactor=Reactor(), zone=zone,
        press=Press(store, zone, timedelta(days=settings.horizon_days), marks, days.calendar, stop.told,
                    timedelta(hours=settings.confirm_hours)), watch=Watch(marks), stop=stop,
    )


def _secret(settings: Settings) -> bytes:
    path = settings.data / "secret.key"
    if not path.exists():
        keep_secret(path, os.urandom(32))
    return path.read_bytes()


def _tell(name: str, error: Exception) -> None:
    log.exception("listener %s failed and will be tried again", name, exc_info=error)
