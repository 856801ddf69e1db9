"""The table of timed jobs. Each claims its work in the database, so that any number of processes may run the table."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import or_, select

from kiosk import people
from kiosk.base.clock import now
from kiosk.content.slides import Revision
from kiosk.parts import Parts
from kiosk.signage import manifest

log = logging.getLogger("kiosk")


@dataclass(frozen=True)
class Job:
    """A name, what it does, and how often in seconds."""

    name: str
    run: Callable[[Parts], None]
    seconds: int


def turn(parts: Parts) -> None:
    """Starts and ends of the last two minutes, and the horizon: move the refs that should differ now."""
    at = now()
    with parts.database.read() as session:
        edge = at - timedelta(minutes=2)
        crossed = session.scalar(select(Revision.id).where(or_(Revision.start.between(edge, at), Revision.end.between(edge, at))).limit(1))
    if crossed is not None:
        renew(parts)


def renew(parts: Parts) -> None:
    """Every board's windows, anew."""
    with parts.database.write() as session:
        manifest.refresh(session, parts.press, at=now())
    parts.told()


def forget(parts: Parts) -> None:
    """Old sessions, misses and links."""
    with parts.database.write() as session:
        people.sweep(session, at=now(), life=timedelta(hours=parts.settings.session_hours))


JOBS = (
    Job("turn", turn, 30),
    Job("renew", renew, 6 * 3600),
    Job("forget", forget, 3600),
)


class Table:
    """Runs the jobs of the table in threads of their own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._scheduler = BackgroundScheduler(timezone="UTC", job_defaults={
            "coalesce": True, "misfire_grace_time": None, "max_instances": 1})  # its default drops late jobs

    def start(self) -> None:
        for job in JOBS:
            self._scheduler.add_job(self._run, "interval", args=[job], seconds=job.seconds, id=job.name)
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _run(self, job: Job) -> None:
        try:
            job.run(self._parts)
        except Exception:  # the next turn tries again; the log tells why
            log.exception("job %s failed and will be tried again", job.name)
