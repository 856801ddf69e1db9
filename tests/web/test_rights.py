"""Every route that names a thing by its id, asked by every role of two units: the answer follows from the tables of rights alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from kiosk import people
from kiosk.base.clock import now
from kiosk.content import ingest, review
from kiosk.content.review import Step
from kiosk.content.sources import Source
from kiosk.disclosure import certificates, topics
from kiosk.disclosure.deadlines import Trigger
from kiosk.disclosure.deliveries import Address, Channel, Delivery
from kiosk.disclosure.records import Confirmation, Disclosure, Happening
from kiosk.disclosure.topics import Topic, Wanted
from kiosk.people import Actor, Role, Unit, may
from kiosk.signage import boards, campaigns, overrides, playlists
from kiosk.signage.campaigns import Plan
from kiosk.signage.overrides import Wish
from kiosk.signage.relays import Relay
from kiosk.signage.rules import Hours, Rule
from kiosk.web.rights import RIGHTS, Right
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.doors import Browser, Program, with_password, with_token
from tests.support.make import Make

DAY = date(2026, 11, 2)
REFUSED, CLOSED = {401, 403, 404}, {403, 404}
# What stands for itself: its owner alone may touch it, whatever the role.
OWN = {"token": "a person's own", "deputy": "of the two people it names, and of who agrees", "upload": "of who sent it, too"}
# They name something more (a picture, a screen's code, what was asked), and there is none: 404 says nothing of rights.
PARTS_OF = {"looks.picture", "looks.media", "signage.pair_again", "relays.pair_again", "objection.agree", "objection.refuse"}
BODIES = {"api.recall_slide": {"reason": "写错了"}, "api.return_revision": {"reason": "写错了"}, "api.set_items": {"items": []}}
ALSO = {"page": 1, "command": 1, "key": 1, "width": 640, "sha": "0" * 64}


@dataclass
class World:
    """Makes one thing of each sort in a unit."""

    session: Session
    cast: Cast
    make: Make
    made: int = 0
    kept: dict[tuple[str, int], int] = field(default_factory=dict)

    def thing(self, sort: str, unit: Unit, *, fresh: bool = False) -> int:
        """The id of such a thing in this unit."""
        key = (sort, unit.id)
        if fresh or key not in self.kept:
            self.made += 1
            self.kept[key] = MAKERS[sort](self, unit)
            self.session.commit()
        return self.kept[key]

    def topic(self, unit: Unit) -> Topic:
        if not topics.classes(self.session):
            topics.set_classes(self.session, ["其他"], by=None, at=NOON)
        return topics.add(self.session, Wanted(f"事项{self.made}", "其他", unit.id, "通知公告"), by=None, at=NOON, since=DAY)

    def person(self, unit: Unit) -> people.Person:
        made = people.add_person(self.session, login=f"ren{self.made}", post="专干", unit=unit, by=None, at=NOON)
        self.session.flush()
        return made


def _added(world: World, row: Any) -> int:
    world.session.add(row)
    world.session.flush()
    number: int = row.id
    return number


def _group(world: World, unit: Unit) -> int:
    made = boards.add_group(world.session, f"组{world.made}", unit=unit, by=None, at=NOON)
    world.session.flush()
    return made.id


def _playlist(world: World, unit: Unit) -> int:
    made = playlists.make(world.session, f"列表{world.made}", unit=unit, by=None, at=NOON)
    world.session.flush()
    return made.id


def _campaign(world: World, unit: Unit) -> int:
    """One of the unit's lists on the unit's own board."""
    made = playlists.playlist(world.session, _playlist(world, unit))
    plan = Plan(Rule(), boards=[world.make.board(unit=unit)])
    world.session.flush()
    found = campaigns.add(world.session, made, plan, by=world.cast.editor, at=NOON)
    world.session.flush()
    return found.id


def _daypart(world: World, unit: Unit) -> int:
    made = campaigns.add_daypart(world.session, f"时段{world.made}", [Hours(480, 720)], unit=unit, by=world.cast.editor, at=NOON)
    world.session.flush()
    return made.id


def _certificate(world: World, unit: Unit) -> int:
    """Of a slide of the unit, that hung nowhere."""
    slide = world.make.slide(unit=unit, audience=(unit.id,), state="approved")
    parts = world.make.parts
    return certificates.make(world.session, parts.press, parts.signer, slide, [DAY], by=world.cast.editor, at=NOON).id


def _relay(world: World, unit: Unit) -> int:
    return _added(world, Relay(name=f"中继{world.made}", unit=unit, token_hash=f"{world.made}", registered_at=NOON, vitals={}))


def _grant(world: World, unit: Unit) -> int:
    made = people.grant(world.session, world.person(unit), Role.SECTION_HEAD, unit, by=None, at=NOON)
    world.session.flush()
    return made.id


def _revision(world: World, unit: Unit) -> int:
    """Before its readers, with both checks still to do."""
    slide = world.make.slide(unit=unit, audience=(unit.id,))
    review.submit(world.session, slide.latest, by=world.cast.editor, at=NOON, chain=list(Step))
    return slide.latest.id


def _upload(world: World, unit: Unit) -> int:
    options = {"title": "", "column": "", "start": None, "end": None, "audience": [unit.id]}
    return ingest.begin(world.session, key=f"key-{world.made}", name="a.pdf", size=9, unit=unit, options=options, by=world.cast.editor,
                        at=NOON, limit_mb=5).id


def _source(world: World, unit: Unit) -> int:
    return _added(world, Source(title="表", column="通知公告", unit=unit, address="a.xlsx", minutes=60, person_id=world.cast.editor.id,
                                due_at=NOON, active=True, params={}))


def _override(world: World, unit: Unit) -> int:
    """Waits for its second person, for a board of the unit."""
    world.make.board(unit=unit)
    world.session.flush()
    board = boards.boards(world.session, [unit.id])[-1]
    wish = Wish(False, "暴雨红色预警", "请不要外出。", "0825-2221234", everywhere=False, boards=[board])
    return overrides.ask(world.session, wish, unit=unit, by=world.cast.editor, at=now()).id


def _record(world: World, unit: Unit) -> int:
    topic = world.topic(unit)
    return _added(world, Disclosure(number=f"N-{world.made}", topic_id=topic.id, class_id=topic.class_id, unit_id=unit.id, title="记录",
                                    disclosed_on=DAY, made_at=NOON))


def _happening(world: World, unit: Unit) -> int:
    return _added(world, Happening(topic_id=world.topic(unit).id, unit_id=unit.id, trigger=Trigger.FORMED, on=DAY,
                                   noted_by=world.cast.editor.id, noted_at=NOON))


def _confirmation(world: World, unit: Unit) -> int:
    return _added(world, Confirmation(topic_id=world.topic(unit).id, unit_id=unit.id, on=DAY, by_id=world.cast.editor.id))


def _address(world: World, unit: Unit) -> int:
    return _added(world, Address(channel=Channel.FEISHU, target="https://robot.example/x", unit_id=unit.id, added_at=NOON))


def _delivery(world: World, unit: Unit) -> int:
    return _added(world, Delivery(address_id=_address(world, unit), day=DAY, key=f"d{world.made}", body={"lines": []}, next_at=NOON))


MAKERS: dict[str, Callable[[World, Unit], int]] = {
    "slide": lambda world, unit: world.make.slide(unit=unit, audience=(unit.id,)).id, "revision": _revision, "upload": _upload,
    "playlist": _playlist, "group": _group, "board": lambda world, unit: world.make.board(unit=unit).id,
    "unit": lambda world, unit: unit.id, "person": lambda world, unit: world.person(unit).id, "grant": _grant, "source": _source,
    "topic": lambda world, unit: world.topic(unit).id, "record": _record, "happening": _happening, "confirmation": _confirmation,
    "address": _address, "delivery": _delivery, "override": _override, "relay": _relay, "campaign": _campaign, "daypart": _daypart,
    "certificate": _certificate,
}


@pytest.fixture
def world(session: Session, cast: Cast, make: Make) -> World:
    return World(session, cast, make)


def actors(session: Session, units: list[Unit]) -> dict[tuple[Role, int], Actor]:
    """Somebody for each role in each of these units."""
    found = {}
    for unit in units:
        for role in Role:
            login = f"{role.value.replace(' ', '')}{unit.id}"
            person = people.add_person(session, login=login, post=role.value, unit=unit, by=None, at=NOON)
            people.grant(session, person, role, unit, by=None, at=NOON, founding=True)
            session.flush()
            found[role, unit.id] = people.actor(session, person)
    return found


def rules(app: Flask) -> list[tuple[Route, str, Right]]:
    """Every route that names a thing, with each of its methods."""
    return [(rule, method, right) for rule in app.url_map.iter_rules() if (right := RIGHTS.get(rule.endpoint)) and right.of
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]


def ask(rule: Route, method: str, id: int, browser: Browser, program: Program, csrf: str, topic: int) -> TestResponse:
    built = rule.build({"id": id, **{name: ALSO[name] for name in rule.arguments - {"id"}}}, append_unknown=False)
    assert built is not None
    if rule.rule.startswith("/api"):
        body = BODIES.get(rule.endpoint, {}) if method in ("POST", "PUT", "PATCH") else None
        return program.ask(method, built[1].removeprefix("/api/v1"), body)
    data = None if method == "GET" else {"csrf_token": csrf, "topic": topic}
    return browser.client.open(built[1], method=method, data=data, headers={"X-CSRFToken": csrf})


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_the_things_of_its_units_and_no_others(role: Role, app: Flask, world: World, session: Session, cast: Cast) -> None:
    """An office's role reaches all, a community's only its own; what is closed says no or does not exist."""
    who = actors(session, [cast.office, cast.east])
    wrong = []
    for unit in (cast.office, cast.east):
        actor = who[role, unit.id]
        login, token = with_password(session, actor, NOON), with_token(session, actor, NOON)
        session.commit()
        browser, program = Browser(app, login), Program(app, token)
        csrf = browser.csrf()
        for rule, method, right in rules(app):
            for owner in () if right.of in OWN else (cast.west,) if unit is cast.office else (cast.east, cast.west):
                open_to_them = may(actor, right.action, owner.id)
                id = world.thing(right.of, owner)
                topic = world.thing("topic", owner)
                status = ask(rule, method, id, browser, program, csrf, topic).status_code
                if open_to_them and status in REFUSED:  # it may have been ended by somebody before
                    id = world.thing(right.of, owner, fresh=True)
                    status = ask(rule, method, id, browser, program, csrf, topic).status_code
                if status < 400 and rule.endpoint.rpartition(".")[2].startswith("remove"):
                    world.kept.pop((right.of, owner.id))  # its id may soon be somebody else's
                if open_to_them and status == 404 and rule.endpoint in PARTS_OF:
                    continue
                if (status in CLOSED) == open_to_them or status >= 500:
                    wrong.append((rule.endpoint, method, actor.login, owner.name, status))
    assert wrong == [], "\n".join(map(str, wrong))


def test_every_sort_of_thing_is_tried(app: Flask) -> None:
    assert {right.of for _, _, right in rules(app)} <= {*MAKERS, *OWN}


def test_every_route_that_takes_an_id_says_whose_thing_it_names(app: Flask) -> None:
    named = {rule.endpoint for rule in app.url_map.iter_rules() if "id" in rule.arguments and rule.rule.startswith(("/staff", "/api"))}
    assert named == {endpoint for endpoint, right in RIGHTS.items() if right.of}
