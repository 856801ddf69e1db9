"""Deliveries: one message an address and day, leased, tried again with pauses, given up with the reason, and never sent twice."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.errors import Conflict, Problem
from kiosk.base.workdays import Calendar
from kiosk.disclosure import deliveries, reminders, starter
from kiosk.disclosure.couriers import Channel, Ways
from kiosk.disclosure.deliveries import LEASE, TRIES, Address, Delivery, Post, State
from kiosk.disclosure.reminders import Reminder, Rhythm, Stage
from kiosk.parts import open_parts
from tests.conftest import NOON
from tests.support.mailbox import mailbox, robot

ZONE, TABLE = Zone(), Calendar()
FRIDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 30)
WAYS = Ways(("127.0.0.1",), seconds=3)


def at(day, clock=time(9)):
    return ZONE.instant(day, clock)


class Watch:
    """A clock that stands where it is put."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


class Sends:
    """A courier that counts, and fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.messages, self.failures, self.tries = [], failures, 0

    def __call__(self, channel, target, secret, message, ways, at):
        self.tries += 1
        if self.failures:
            self.failures -= 1
            raise Problem("连不上“%(host)s”，对方没有开机或者网断了。", host="robot.example")
        self.messages.append(message)


def post(send=None, **more):
    given = {"send": send} if send else {}
    return Post(more.pop("ways", WAYS), ZONE, Rhythm(), "http://kiosk.example", **given)


@pytest.fixture
def told(session, cast):
    """`told(stage, due, person)`: a reminder of a topic of the department."""
    laid = starter.lay(session, by=None, at=NOON, since=date(2026, 1, 1))

    def make(number=0, stage=Stage.TODAY, due=FRIDAY, person=None, unit=None, **more):
        row = Reminder(topic_id=laid[number].id, unit_id=(unit or cast.civil).id, due_on=due, stage=stage,
                       person_id=(person or cast.second_editor).id, made_at=at(FRIDAY), **more)
        session.add(row)
        session.flush()
        return row
    return make


@pytest.fixture
def address(session, cast):
    def make(target="http://127.0.0.1:9/send?key=topsecret", channel=Channel.WECOM, person=None, unit=None):
        row = Address(channel=channel, target=target, person_id=person.id if person else None, unit_id=unit.id if unit else None,
                      added_at=NOON)
        session.add(row)
        session.flush()
        return row
    return make


def gather(session, rows, moment=None):
    moment = moment or at(FRIDAY)
    return deliveries.gather(session, rows, moment, zone=ZONE)


def state(parts, id):
    with parts.database.read() as session:
        return session.get(Delivery, id)


# --- what goes where ----------------------------------------------------------------------------------------------------

def test_a_persons_mail_gets_their_own_and_a_units_robot_what_its_units_owe(session, cast, told, address):
    mail, robot_, root = (address("a@b.cn", Channel.MAIL, person=cast.second_editor), address(unit=cast.civil), address(unit=cast.office))
    address(unit=cast.east)
    rows = [told(0), told(1), told(0, Stage.HEAD, person=cast.head), told(2, unit=cast.west, person=cast.editor)]
    found = {row.address_id: row.body["reminders"] for row in gather(session, rows)}
    assert found == {mail.id: [rows[0].id, rows[1].id], robot_.id: [row.id for row in rows[:3]], root.id: [row.id for row in rows]}


def test_what_is_told_later_in_the_day_joins_the_message_that_waits(session, cast, told, address):
    address(unit=cast.civil)
    [first] = gather(session, [told(0)])
    [joined] = gather(session, [told(1)], at(FRIDAY, time(11)))
    assert joined.id == first.id and len(joined.body["reminders"]) == 2
    first.state = State.SENT
    [second] = gather(session, [told(2)], at(FRIDAY, time(15)))
    assert second.id != first.id and second.key != first.key
    second.leased_until = at(FRIDAY, time(16)) + LEASE
    [third] = gather(session, [told(3)], at(FRIDAY, time(16)))
    assert third.id != second.id, "what is being sent is not changed"


def test_the_message_says_how_each_duty_stands_when_it_is_sent(session, cast, told):
    rows = [told(0, Stage.AHEAD, due=MONDAY), told(1, Stage.OVERDUE, due=date(2026, 11, 25), for_post="民政办负责人"),
            told(2, due=FRIDAY, vacant="editor"), told(3, due=date(2026, 11, 28))]
    message = deliveries.message(rows, FRIDAY, TABLE, link="http://kiosk.example")
    assert message.title == "公示提醒：1 项逾期，3 项快到期"
    assert [line.partition("：")[2] for line in message.lines] == [
        "11月30日到期，还有 1 个工作日", "应在 11月25日前公开，已逾期 2 个工作日；您在代民政办负责人",
        "今天到期；这个单位没有自己的经办人，所以告诉您", "11月28日到期，那天休息，今天是最后一个工作日"]
    assert "您在代" not in deliveries.message(rows, FRIDAY, TABLE, shared=True).text


# --- sending ------------------------------------------------------------------------------------------------------------

def test_a_robots_message_is_sent_once_and_noted(session, cast, told, address, parts, caplog):
    caplog.set_level(logging.DEBUG)
    with robot({"errcode": 0}) as here:
        address(f"{here.url}/send?key=topsecret", unit=cast.civil)
        [row] = gather(session, [told(0), told(1)])
        session.commit()
        assert deliveries.deliver(parts.database, row.id, post(), clock=Watch(at(FRIDAY))) == State.SENT
        assert deliveries.deliver(parts.database, row.id, post(), clock=Watch(at(FRIDAY, time(12)))) is None
    assert len(here.asked) == 1 and here.asked[0].json["markdown"]["content"].count("社会事务办《") == 2
    with parts.database.read() as fresh:
        assert deliveries.waiting(fresh, at(MONDAY)) == []
        assert [entry.verb for entry in journal.after(fresh, 0, 9999)][-1] == "delivery.sent"
    assert "topsecret" not in caplog.text


def test_a_mail_is_sent_through_the_offices_server(session, cast, told, address, parts):
    with mailbox() as box:
        address("minzheng@office.example", Channel.MAIL, person=cast.second_editor)
        [row] = gather(session, [told(0)])
        session.commit()
        ways = replace(WAYS, smtp_host="127.0.0.1", smtp_port=box.port, security="none", sender="kiosk@office.example")
        assert deliveries.deliver(parts.database, row.id, post(ways=ways), clock=Watch(at(FRIDAY))) == State.SENT
    assert box.mails[0]["Message-ID"] == f"<{row.key}@office.example>"


def test_two_processes_at_the_same_moment_send_once(session, cast, told, address, parts):
    with robot({"errcode": 0}, wait=0.3) as here:
        for n in range(4):
            address(f"{here.url}/send?key={n}", unit=cast.civil)
        rows = [row.id for row in gather(session, [told(0)])]
        session.commit()
        others, start, found = [open_parts(parts.settings) for _ in range(2)], threading.Barrier(2), []

        def run(own):
            start.wait()
            found.extend(deliveries.deliver(own.database, id, post(), clock=Watch(at(FRIDAY))) for id in rows)

        threads = [threading.Thread(target=run, args=[own]) for own in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for own in others:
            own.close()
    assert len(here.asked) == 4 and sorted(map(str, found)) == ["None"] * 4 + ["sent"] * 4


def test_a_process_that_is_killed_while_sending_loses_its_lease_and_another_sends(session, cast, told, address, parts):
    address(unit=cast.civil)
    [row] = gather(session, [told(0)])
    session.commit()

    class Killed(BaseException):
        pass

    def dies(*_):
        raise Killed

    with pytest.raises(Killed):
        deliveries.deliver(parts.database, row.id, post(dies), clock=Watch(at(FRIDAY)))
    send = Sends()
    assert deliveries.deliver(parts.database, row.id, post(send), clock=Watch(at(FRIDAY) + LEASE / 2)) is None
    assert deliveries.deliver(parts.database, row.id, post(send), clock=Watch(at(FRIDAY) + LEASE)) == State.SENT
    assert len(send.messages) == 1


def test_who_comes_back_after_the_lease_has_run_out_notes_nothing(session, cast, told, address, parts):
    address(unit=cast.civil)
    [row] = gather(session, [told(0)])
    session.commit()
    watch, quick = Watch(at(FRIDAY)), Sends()

    def sleeps(*_):
        watch.moment += LEASE
        deliveries.deliver(parts.database, row.id, post(quick), clock=watch)
        raise Problem("太慢。")

    assert deliveries.deliver(parts.database, row.id, post(sleeps), clock=watch) is None
    assert (state(parts, row.id).state, state(parts, row.id).problem, len(quick.messages)) == ("sent", None, 1)


def test_pauses_grow_rest_over_the_weekend_and_end_with_the_reason(session, cast, told, address, parts):
    address(unit=cast.civil)
    [row] = gather(session, [told(0)])
    session.commit()
    watch, send, tried = Watch(at(FRIDAY, time(15))), Sends(failures=99), []
    while state(parts, row.id).state == State.WAITING:
        watch.moment = max(watch.moment, state(parts, row.id).next_at)
        tried.append(ZONE.local(watch.moment).strftime("%d %H:%M"))
        deliveries.deliver(parts.database, row.id, post(send), clock=watch)
    assert tried == ["27 15:00", "27 15:01", "27 15:06", "27 15:36", "27 17:36", "30 08:30", "01 08:30"]
    found = state(parts, row.id)
    assert (found.state, found.attempts, send.tries) == ("failed", TRIES, TRIES)
    assert found.problem.startswith("连不上") and found.body["why"] == {"host": "robot.example"}
    with parts.database.write() as fresh:
        again = fresh.get(Delivery, row.id)
        deliveries.renew(fresh, again, by=cast.administrator, at=watch.moment)
    send.failures = 0
    assert deliveries.deliver(parts.database, row.id, post(send), clock=watch) == State.SENT
    with parts.database.write() as fresh, pytest.raises(Conflict):
        deliveries.renew(fresh, fresh.get(Delivery, row.id), by=cast.administrator, at=watch.moment)


@pytest.mark.parametrize("moment", [at(date(2026, 11, 28)), at(FRIDAY, time(8, 29)), at(date(2026, 10, 1), time(12))])
def test_nothing_is_sent_on_days_off_and_before_the_hour(session, cast, told, address, parts, moment):
    address(unit=cast.civil)
    [row] = gather(session, [told(0)], moment)
    session.commit()
    send = Sends()
    assert deliveries.deliver(parts.database, row.id, post(send), clock=Watch(moment)) is None
    assert send.tries == 0 and state(parts, row.id).attempts == 0


def test_what_was_done_meanwhile_is_not_sent(session, cast, told, address, parts):
    address(unit=cast.civil)
    rows = [told(0), told(1)]
    [row] = gather(session, rows)
    rows[0].settled_at = at(FRIDAY)
    session.commit()
    send = Sends(failures=1)
    deliveries.deliver(parts.database, row.id, post(send), clock=Watch(at(FRIDAY)))
    with parts.database.write() as fresh:
        fresh.get(Reminder, rows[1].id).settled_at = at(FRIDAY)
    assert deliveries.deliver(parts.database, row.id, post(send), clock=Watch(at(MONDAY))) == State.NEEDLESS
    assert send.messages == [] and reminders.still_open(session, [each.id for each in rows]) == []


def test_an_address_that_has_ended_gets_nothing_more(session, cast, told, address, parts):
    robot_ = address(unit=cast.civil)
    [row] = gather(session, [told(0)])
    deliveries.end(session, robot_, by=cast.administrator, at=at(FRIDAY))
    session.commit()
    assert state(parts, row.id).state == State.NEEDLESS
    assert gather(session, [told(1)]) == []
    with pytest.raises(Conflict, match="停了"):
        deliveries.renew(session, session.scalars(select(Delivery)).one(), by=cast.administrator, at=at(FRIDAY))


def test_without_any_setting_nothing_leaves_and_the_reason_stands_there(session, cast, told, address, parts):
    address("https://robot.example/send?key=topsecret", unit=cast.civil)
    [row] = gather(session, [told(0)])
    session.commit()
    send = Sends()
    assert deliveries.deliver(parts.database, row.id, post(send, ways=Ways()), clock=Watch(at(FRIDAY))) == State.WAITING
    assert send.tries == 0 and "hosts" in state(parts, row.id).problem
    assert at(FRIDAY) + timedelta(minutes=1) == state(parts, row.id).next_at


def test_an_error_of_ours_is_a_failure_like_any_other_and_its_text_is_not_told(session, cast, told, address, parts, caplog):
    address(unit=cast.civil)
    [row] = gather(session, [told(0)])
    session.commit()

    def breaks(channel, target, *_):
        raise RuntimeError(target)

    assert deliveries.deliver(parts.database, row.id, post(breaks), clock=Watch(at(FRIDAY))) == State.WAITING
    assert state(parts, row.id).attempts == 1 and "RuntimeError" in str(state(parts, row.id).body["why"])
    assert "RuntimeError" in caplog.text and "topsecret" not in caplog.text
