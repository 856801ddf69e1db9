"""Reminders and their deliveries on both databases: two processes at once tell and send once, and the pages can ask for all of it."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta

from sqlalchemy import select

from kiosk.base.clock import Zone
from kiosk.base.db import Database
from kiosk.base.errors import Problem
from kiosk.base.workdays import Calendar
from kiosk.disclosure import deliveries, reminders, topics
from kiosk.disclosure.couriers import Channel, Ways
from kiosk.disclosure.deadlines import Rule
from kiosk.disclosure.deliveries import Address, Delivery, Post, State
from kiosk.disclosure.reminders import Reminder, Rhythm
from kiosk.disclosure.topics import Wanted
from tests.support.cast import Cast

ZONE, TABLE, RHYTHM = Zone(), Calendar(), Rhythm()
SINCE, DAYS = date(2026, 11, 2), [date(2026, 11, 23) + n * timedelta(days=1) for n in range(15)]


def at(day: date, clock: time = time(9)):
    return ZONE.instant(day, clock)


def test_two_processes_at_once_tell_and_send_once(database: Database) -> None:
    with database.write() as session:
        cast = Cast.made(session, at(SINCE))
        topics.set_classes(session, ["其他"], by=None, at=at(SINCE))
        for unit in (cast.civil, cast.east):
            topics.add(session, Wanted(f"名单{unit.id}", "其他", unit.id, "民生保障", rule=Rule()), by=None, at=at(SINCE), since=SINCE)
        for unit in (cast.civil, cast.office):
            session.add(Address(channel=Channel.WECOM, target=f"https://robot.example/?key={unit.id}", unit_id=unit.id, added_at=at(SINCE)))
        session.add(Address(channel=Channel.FEISHU, target="https://robot.example/x", person_id=cast.leader.id, added_at=at(SINCE)))
        mine = {unit.id for unit in (cast.office, cast.civil, cast.east, cast.west)}
    taken, made, start = list[str](), list[tuple[object, ...]](), threading.Barrier(2)

    def send(channel, target, secret, message, ways, moment):
        if len(taken) % 3 == 1:
            taken.append("")
            raise Problem("断了。")
        taken.append(message.key)

    def run(other: Database) -> None:
        post = Post(Ways(("robot.example",)), ZONE, RHYTHM, send=send)
        for day in DAYS:
            for clock in (time(9), time(9, 2), time(12)):
                start.wait()
                with other.write() as session:
                    rows = reminders.remind(session, at(day, clock), zone=ZONE, calendar=TABLE, rhythm=RHYTHM)
                    made.extend((row.topic_id, row.stage, row.person_id) for row in rows)
                    deliveries.gather(session, rows, at(day, clock), zone=ZONE)
                with other.read() as session:
                    due = deliveries.waiting(session, at(day, clock))
                for id in due:
                    deliveries.deliver(other, id, post, clock=lambda day=day, clock=clock: at(day, clock))

    second = Database(database.url)
    threads = [threading.Thread(target=run, args=[each]) for each in (database, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    with database.read() as session:
        rows = session.scalars(select(Reminder)).all()
        assert len(rows) == len(made) == len(set(made)) > 8
        sent = {row.key for row in session.scalars(select(Delivery)) if row.state == State.SENT}
        assert sorted(key for key in taken if key) == sorted(sent) and len(sent) > 6
        assert len(deliveries.recent(session, mine, SINCE)) >= len(sent)
        assert len(deliveries.addresses(session, mine)) == 3
    with database.write() as session:
        one = reminders.open_for(session, cast.second_editor.id)
        assert reminders.see(session, cast.second_editor.id, [each.id for each in one], at=at(DAYS[-1])) >= len(one) > 0
