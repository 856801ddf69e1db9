"""Outages: told once when a board has been silent for a quarter of an hour while its doors are open, and once more when it is back."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from kiosk import people
from kiosk.base.clock import Zone
from kiosk.base.workdays import Calendar
from kiosk.disclosure import deliveries, outages
from kiosk.disclosure.couriers import Channel, Ways
from kiosk.disclosure.deliveries import Address, Delivery, State
from kiosk.disclosure.outages import Patience
from kiosk.signage import boards
from tests.conftest import NOON
from tests.disclosure.test_deliveries import Sends, Watch, post

ZONE = Zone()
TUESDAY, SATURDAY = date(2026, 11, 24), date(2026, 11, 28)
PATIENCE = Patience()


def at(clock, day=TUESDAY):
    return ZONE.instant(day, time.fromisoformat(clock))


class Place:
    """Boards of the office and of a community, and who is told."""

    def __init__(self, session, make, cast):
        self.session, self.cast = session, cast
        people.set_opening(session, cast.office, {"working": [(510, 1050)], "off": []}, by=cast.administrator, at=NOON)
        cast.east.phone = "0825-1234567"
        self.east = [make.board(unit=cast.east) for _ in range(3)]
        self.hall = make.board()
        session.flush()
        for unit, person, target in ((None, cast.administrator, "guanli@office.example"), (cast.east, None, "https://robot.example/hook"),
                                     (cast.west, None, "https://robot.example/west"), (None, cast.editor, "jingban@office.example")):
            session.add(Address(channel=Channel.MAIL if person else Channel.WECOM, target=target, unit_id=unit.id if unit else None,
                                person_id=person.id if person else None, added_at=NOON))
        session.flush()

    def beat(self, moment, *silent):
        for board in (*self.east, self.hall):
            if board not in silent:
                boards.heartbeat(board, {}, at=moment)
        self.session.flush()

    def look(self, moment):
        """What a turn of the job tells: lines by address."""
        open_since = outages.hours(self.session, ZONE, Calendar(), moment)
        stirs, news = (ask(self.session, moment, open_since, PATIENCE) for ask in (outages.stirs, outages.watch))
        assert stirs == bool(news)
        return {row.address.target: outages.message(outages.rows(self.session, row.body["outages"]), ZONE, back=row.body["back"])
                for row in deliveries.gather_outages(self.session, news, moment, zone=ZONE)}


@pytest.fixture
def place(session, make, cast):
    return Place(session, make, cast)


def test_one_board_is_told_once_after_a_quarter_of_an_hour_and_once_when_it_is_back(place):
    place.beat(at("10:00"))
    place.beat(at("10:10"), place.hall)
    assert place.look(at("10:10")) == {}
    place.beat(at("10:15"), place.hall)
    told = place.look(at("10:15"))
    assert list(told) == ["guanli@office.example"]
    assert told["guanli@office.example"].lines == (
        "白鹭街道办事处“大厅4号屏”没有消息，11月24日 10:00 起。请看电源和网线；屏亮着的话，仍在播存好的内容。",)
    place.beat(at("10:40"), place.hall)
    assert place.look(at("10:40")) == {}
    place.beat(at("11:00"))
    assert place.look(at("11:00"))["guanli@office.example"].lines == ("白鹭街道办事处“大厅4号屏”11月24日 11:00 恢复，断了 60 分钟。",)
    assert place.look(at("11:01")) == {}


def test_a_whole_centre_is_one_line_to_its_own_address_and_to_those_who_administer_it(place):
    place.beat(at("10:00"))
    for minute in (5, 10, 15, 20):
        place.beat(at(f"10:{minute:02}"), *place.east)
    told = place.look(at("10:20"))
    assert sorted(told) == ["guanli@office.example", "https://robot.example/hook"]
    assert {each.lines for each in told.values()} == {
        ("东街社区 3 块屏全部没有消息，11月24日 10:00 起。多半是停电或断网，请先打电话 0825-1234567。",)}
    assert told["guanli@office.example"].title == "公示屏没有消息：3 块"
    place.beat(at("10:30"))
    assert place.look(at("10:30"))["https://robot.example/hook"].lines == ("东街社区 3 块屏都恢复了，断了 30 分钟。",)


def test_who_is_just_silent_joins_the_message_of_its_unit(place):
    place.beat(at("10:00"))
    place.beat(at("10:11"), place.east[0])
    place.beat(at("10:16"), *place.east)
    assert place.look(at("10:15:30")) and len(outages.open_outages(place.session, {place.cast.east.id})) == 3


def test_at_night_and_on_days_off_nobody_is_troubled_and_in_the_morning_a_quarter_of_an_hour_passes_first(place):
    place.beat(at("17:20"))
    assert place.look(at("17:31")) == {}
    assert place.look(at("23:00")) == {}
    morning = date(2026, 11, 25)
    assert place.look(at("08:40", morning)) == {}
    assert len(place.look(at("08:45", morning))) == 2


def test_who_came_back_at_night_is_told_in_the_morning(place):
    place.beat(at("17:00"))
    place.beat(at("17:29"), place.hall)
    assert place.look(at("17:29"))
    place.beat(at("20:00"))
    assert place.look(at("20:00")) == {}
    morning = date(2026, 11, 25)
    place.beat(at("08:31", morning))
    assert "恢复" in place.look(at("08:31", morning))["guanli@office.example"].lines[0]


def test_a_board_that_was_taken_down_or_never_seen_is_no_outage(place):
    assert place.look(at("11:00")) == {}
    place.beat(at("10:00"))
    boards.end(place.session, place.hall, by=place.cast.administrator, at=at("10:01"))
    place.beat(at("10:20"), place.hall)
    assert place.look(at("10:20")) == {}


def test_it_goes_out_on_a_saturday_that_has_hours_and_is_needless_once_the_board_is_back(session, parts, place, cast):
    people.set_opening(session, cast.office, {"working": [(510, 1050)], "off": [(540, 720)]}, by=cast.administrator, at=NOON)
    place.beat(at("10:00", SATURDAY))
    place.beat(at("10:15", SATURDAY), place.hall)
    assert place.look(at("10:15", SATURDAY))
    id = session.scalars(select(Delivery.id)).one()
    session.commit()
    sends, clock = Sends(failures=1), Watch(at("10:15", SATURDAY))
    with parts.database.read() as short:
        assert list(deliveries.waiting(short, clock.moment, urgent=True)) == [id]
    ways = Ways(("mail.office.example",), smtp_host="mail.office.example", sender="kiosk@office.example")
    assert deliveries.deliver(parts.database, id, post(sends, ways=ways), clock=clock) is State.WAITING
    clock.moment += timedelta(minutes=2)
    assert deliveries.deliver(parts.database, id, post(sends, ways=ways), clock=clock) is State.SENT
    assert "没有消息" in sends.messages[0].title


def test_a_message_that_waited_too_long_is_not_sent_about_a_board_that_is_back(session, parts, place):
    place.beat(at("10:00"))
    place.beat(at("10:15"), place.hall)
    place.look(at("10:15"))
    place.beat(at("10:16"))
    id = session.scalars(select(Delivery.id)).one()
    session.commit()
    assert deliveries.deliver(parts.database, id, post(Sends()), clock=Watch(at("10:17"))) is State.NEEDLESS


def test_two_processes_tell_it_once(parts, session, place):
    place.beat(at("10:00"))
    place.beat(at("10:15"), place.hall)
    session.commit()
    told = []
    for _ in range(2):
        with parts.database.write() as other:
            news = outages.watch(other, at("10:15"), outages.hours(other, ZONE, Calendar(), at("10:15")), PATIENCE)
            told.append(len(news.down))
    assert told == [1, 0]
