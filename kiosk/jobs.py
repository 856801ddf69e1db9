"""The table of timed jobs, and the threads that convert. Each claims its work in the database, so that any number of processes may run."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kiosk import backup, people
from kiosk.base import db, reserve
from kiosk.base.clock import now
from kiosk.base.errors import Problem
from kiosk.base.incoming import Incoming
from kiosk.content import importer, ingest, pages, slides, sources
from kiosk.content.geometry import THEMES
from kiosk.content.ingest import Progress, Upload
from kiosk.content.slides import Revision
from kiosk.disclosure import certificates, days, deliveries, filing, outages, reminders
from kiosk.parts import TAIL, Parts
from kiosk.signage import boards as signboards
from kiosk.signage import commands, manifest, overrides, playlists, plays, presence, tallies
from kiosk.signage import stop as stops

log = logging.getLogger("kiosk")
LOOK_SECONDS = 2.0
STOP_SECONDS = 3.0
TURN_SECONDS = 60.0
DAILY = timedelta(hours=23)
BACKUP = timedelta(hours=1)  # a night's backup that failed is tried again after so long
BREATH = 0.05  # seconds between two pieces of a long piece of work: others write too
YOUNG = timedelta(days=2)  # objects younger than this may belong to something that is not written down yet


@dataclass(frozen=True)
class Job:
    """A name, what it does, and how often in seconds."""

    name: str
    run: Callable[[Parts], None]
    seconds: int


def turn(parts: Parts) -> None:
    """Starts and ends of the last two minutes, and whatever is overdue now and was not at the last look: move the refs that should
    differ now. Boards turn by their own clock; this is what they hold next.
    """
    at = now()
    inserted = settle(parts)
    with parts.database.read() as session:
        edge = at - timedelta(minutes=2)
        crossed = session.scalar(select(Revision.id).where(or_(Revision.start.between(edge, at), Revision.end.between(edge, at))).limit(1))
        marks = parts.watch.look(session, at, at + parts.press.horizon)
    if crossed is not None or inserted or marks != parts.watch.last:
        renew(parts)
        parts.watch.last = marks


def settle(parts: Parts) -> bool:
    """Urgent inserts that time has ended, and a stop that the database did not take when it was made; True when refs have to move."""
    stops.make_up(parts.database, parts.press, parts.stop)
    with parts.database.read() as session:
        if not overrides.settles(session, now()):
            return False
    with parts.database.write() as session:
        gone = overrides.settle(session, now())
    parts.told()
    return gone


def renew(parts: Parts) -> None:
    """Every board's windows, anew; pages that another release draws otherwise are drawn before anything is locked."""
    with parts.database.read() as session:
        wanted = manifest.hanging(session, at=now(), horizon=parts.press.horizon)
    pages.prepare(parts.database, parts.store, parts.zone, wanted)
    with parts.database.write() as session:
        manifest.refresh(session, parts.press, at=now())
    parts.told()


def forget(parts: Parts) -> None:
    """Old sessions, misses and links."""
    with parts.database.write() as session:
        people.sweep(session, at=now(), life=timedelta(hours=parts.settings.session_hours))


def lay_by(parts: Parts) -> None:
    """Room on the disk for the day on which another program fills it."""
    reserve.lay_by(parts.settings.data)


def look_at_sources(parts: Parts) -> None:
    """Sources whose time has come."""
    with parts.database.read() as session:
        due = sources.due(session, now())
    for id in due:
        sources.look(parts.database, parts.store, id, sources.reach_of(parts.settings), work=_work(parts), clock=now, zone=parts.zone,
                     submit=filing.submit)
    if due:
        parts.told()


def remind(parts: Parts) -> None:
    """Who is to be told of which duty, from the office's hour on, on working days; and the messages that carry it."""
    at, rhythm = now(), reminders.rhythm_of(parts.settings)
    with parts.database.read() as session:
        if not reminders.stirs(session, at, zone=parts.zone, calendar=days.calendar(session), rhythm=rhythm):
            return
    with parts.database.write() as session:
        made = reminders.remind(session, at, zone=parts.zone, calendar=days.calendar(session), rhythm=rhythm)
        deliveries.gather(session, made, at, zone=parts.zone)
    if made:
        parts.told()


def deliver(parts: Parts) -> None:
    """Messages whose time has come, one after the other; a server that is slow to answer does not hold up the rest for ever."""
    began, at, post = time.monotonic(), now(), deliveries.post_of(parts.settings)
    with parts.database.read() as session:
        due = deliveries.waiting(session, at, urgent=deliveries.quiet_until(at, post, days.calendar(session)) > at)
    for id in due:
        deliveries.deliver(parts.database, id, post, clock=now)
        if time.monotonic() - began > TURN_SECONDS:
            break  # those that failed wait now, so the next turn begins with the others
    if due:
        parts.told()


def watch(parts: Parts) -> None:
    """Boards that fell silent while their doors are open, and those that are back: written down by one process, told through the reminders'
    channels.
    """
    at, told = now(), parts.settings
    patience = outages.Patience(timedelta(seconds=told.silent_seconds), timedelta(seconds=told.alarm_seconds))
    with parts.database.read() as session:
        if not outages.stirs(session, at, outages.hours(session, parts.zone, days.calendar(session), at), patience):
            return
    with parts.database.write() as session:
        news = outages.watch(session, at, outages.hours(session, parts.zone, days.calendar(session), at), patience)
        deliveries.gather_outages(session, news, at, zone=parts.zone)
    parts.told()


def tally(parts: Parts) -> None:
    """Plays that came in are added to their days."""
    with parts.database.read() as session:
        if not tallies.waits(session):
            return
    while True:
        with parts.database.write() as session:
            count = tallies.add(session, parts.zone, tallies.Doors(session, parts.zone, days.calendar(session)))
        if count < tallies.PIECE:
            return
        time.sleep(BREATH)


def tell_again(parts: Parts) -> None:
    """What was asked of boards and not answered yet, once more on the sockets that this process holds."""
    with parts.database.read() as session:
        frames = commands.to_say(session, now(), parts.reactor.reached())
    for board, texts in frames.items():
        for text in texts:
            parts.reactor.send([board], text)


def condense(parts: Parts) -> None:
    """Once a day: single plays of long ago become a line an hour; what nobody keeps any longer goes."""
    at = now()
    with parts.database.write() as session:
        if not db.take(session, "condense", at=at, lease=DAILY):
            return
    edge, kept = parts.zone.instant(parts.zone.day(at - plays.WHOLE)), at - timedelta(days=parts.settings.keep_days)
    with parts.database.read() as session:
        boards = [board.id for board in signboards.boards(session)]
    for board in boards:
        for back in range(3):  # one day, and what came late of the two before it
            with parts.database.write() as session:
                plays.condense(session, board, edge - timedelta(days=back + 1), edge - timedelta(days=back))
            time.sleep(BREATH)
    with parts.database.write() as session:
        plays.forget(session, kept, at)
        tallies.forget(session, parts.zone.day(kept))
        presence.forget(session, kept)
        commands.forget(session, at)


def sweep(parts: Parts) -> None:
    """Once a day: uploads that nobody carried on, objects that nothing names, folders of killed conversions."""
    at = now()
    with parts.database.write() as session:
        if not db.take(session, "sweep", at=at, lease=DAILY):
            return
    gone = Incoming(parts.settings.data / "uploads").sweep(ingest.LIFE.total_seconds())
    with parts.database.write() as session:
        ingest.give_up(session, gone, at)
    with parts.database.read() as session:
        keep = kept_objects(session, parts)
    removed = parts.store.sweep(keep, older_than=YOUNG.total_seconds())
    _sweep_work(_work(parts))
    log.info("swept: %s objects and %s uploads that broke off", removed, len(gone))


def back_up(parts: Parts) -> None:
    """The night's backup, where the settings name a folder; one process makes it for all."""
    at = now()
    if not parts.settings.backup_folder:
        return
    with parts.database.read() as session:
        if not backup.tonight(session, at, parts.zone):
            return
    with parts.database.write() as session:
        if not db.take(session, "backup", at=at, lease=BACKUP):
            return
    backup.nightly(parts.settings, parts.database, at=at)


def kept_objects(session: Session, parts: Parts) -> set[str]:
    """Every object that anything names: a kept ref, a revision, its pages and pictures, an upload, a theme."""
    dressed = {each["sha"] for theme in THEMES for each in pages.dress(parts.store, theme).objects}
    return (manifest.kept_objects(session) | slides.named_objects(session) | pages.named_objects(session)
            | ingest.named_objects(session) | commands.named_objects(session) | certificates.named_objects(session) | dressed)


def _work(parts: Parts) -> Path:
    """Folders of conversions under way, one each."""
    return parts.settings.data / "work"


def _sweep_work(root: Path) -> None:
    edge = time.time() - YOUNG.total_seconds()
    for folder in root.glob("*"):
        if folder.stat().st_mtime < edge:
            shutil.rmtree(folder, ignore_errors=True)


JOBS = (
    Job("turn", turn, 30),
    Job("renew", renew, 6 * 3600),
    Job("forget", forget, 3600),
    Job("sources", look_at_sources, 60),
    Job("remind", remind, 120),
    Job("deliver", deliver, 30),
    Job("watch", watch, 30),
    Job("tally", tally, 60),
    Job("tell_again", tell_again, int(commands.AGAIN.total_seconds())),
    Job("condense", condense, 3600),
    Job("reserve", lay_by, 300),
    Job("backup", back_up, 600),
    Job("sweep", sweep, 3600),  # its lease lets it run once a day, also when the server is restarted every day
)


class Conversions:
    """The threads that convert uploads: woken when the journal grows, else every two seconds by themselves."""

    def __init__(self, parts: Parts, convert: ingest.Convert = importer.convert) -> None:
        self._parts, self._convert = parts, convert
        self._limits = importer.Limits(max_pages=parts.settings.max_pages)
        self._stop, self._wake = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._busy: set[int] = set()
        parts.bus.subscribe(TAIL, lambda _: self._wake.set())

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._run, name=f"conversion-{number}", daemon=True)
                         for number in range(max(1, self._parts.settings.conversions))]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """What is being converted is given back: the next process takes it up at once."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS / len(self._threads))
        if busy := list(self._busy):
            with self._parts.database.write() as session:
                ingest.release(session, busy)

    def run_once(self) -> int:
        """Convert what waits; how many ended here."""
        with self._parts.database.read() as session:
            waiting = ingest.claimable(session, now())
        return sum(self._one(id) for id in waiting if not self._stop.is_set())

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                while self.run_once() and not self._stop.is_set():
                    pass
            except Exception:  # the database may be away for a while: the thread must outlive it
                log.exception("conversions failed and will be tried again")
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _one(self, id: int) -> bool:
        parts = self._parts
        self._busy.add(id)
        try:
            state = ingest.convert(parts.database, parts.store, id, _work(parts), self._limits, run=self._convert, clock=now,
                                   ended=partial(_ended, parts))
        finally:
            self._busy.discard(id)
        if state is not None:
            parts.told()
        return state in (Progress.DONE, Progress.FAILED)


def _ended(parts: Parts, session: Session, upload: Upload) -> None:
    """What follows a conversion, in its transaction: the slide joins its playlists; a source's goes before the leader."""
    if upload.state == Progress.DONE:
        for id in _playlists(upload):
            try:
                with session.begin_nested():
                    slide = upload.slide
                    assert slide is not None
                    playlists.append(session, playlists.playlist(session, id), slide, by=_uploader(session, upload), at=now())
            except Problem as problem:  # the list is gone, or is not theirs any more: the pages are no less done
                log.info("upload %s did not join playlist %s: %s", upload.id, id, problem)
    if upload.options.get("source"):
        sources.settled(session, upload, now(), filing.submit)


def _playlists(upload: Upload) -> list[int]:
    named = upload.options.get("playlist") or []
    return [int(each) for each in (named if isinstance(named, list) else [named])]


def _uploader(session: Session, upload: Upload) -> people.Actor:
    return people.actor(session, people.person(session, upload.person_id))


class Table:
    """Runs the jobs of the table, and the conversions, in threads of their own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._conversions = Conversions(parts)
        self._scheduler = BackgroundScheduler(timezone="UTC", job_defaults={
            "coalesce": True, "misfire_grace_time": None, "max_instances": 1})  # its default drops late jobs

    def start(self) -> None:
        for job in JOBS:
            self._scheduler.add_job(self._run, "interval", args=[job], seconds=job.seconds, id=job.name)
        lay_by(self._parts)  # its first turn would come minutes later
        self._scheduler.start()
        self._conversions.start()

    def stop(self) -> None:
        self._conversions.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _run(self, job: Job) -> None:
        try:
            job.run(self._parts)
        except Exception:  # the next turn tries again; the log tells why
            log.exception("job %s failed and will be tried again", job.name)
