"""People: units, roles held in them, signing in, and the one question `may(actor, action, unit)`.

No account exists by default. A password is set by its owner through a one-time link; only hashes are kept. A role that
approves is given by one person and becomes real when a second administrator or leader consents.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ForeignKey, String, delete, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid, NotFound, TooMany

LINK_LIFE = timedelta(days=7)
DEPUTY_MOST = timedelta(days=92)
PASSWORD_LEAST, PASSWORD_MOST = 12, 128
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Role(StrEnum):
    EDITOR = "editor"
    SECTION_HEAD = "section head"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"
    INSPECTOR = "inspector"
    AUDITOR = "auditor"


# Roles that need a second person's yes. Administrators too: who names one alone could name the second person of everything.
APPROVING = frozenset({Role.LEADER, Role.SECTION_HEAD, Role.ADMINISTRATOR})
CONSENTING = frozenset({Role.ADMINISTRATOR, Role.LEADER})
# Three posts that must stay apart: no one person can publish, approve and erase the trace (MLPS: 三员分立).
APART = ({Role.EDITOR, Role.SECTION_HEAD, Role.LEADER}, {Role.ADMINISTRATOR}, {Role.AUDITOR, Role.INSPECTOR})

_E, _S, _L, _A, _I, _U = (Role.EDITOR, Role.SECTION_HEAD, Role.LEADER, Role.ADMINISTRATOR, Role.INSPECTOR, Role.AUDITOR)
ACTIONS: Mapping[str, frozenset[Role]] = {
    "slide.read": frozenset({_E, _S, _L, _A, _I, _U}),
    "slide.edit": frozenset({_E, _S}),
    "slide.submit": frozenset({_E, _S}),
    "slide.review": frozenset({_S, _L}),
    "slide.check": frozenset({_S}),
    "slide.clear": frozenset({_S, _L}),
    "slide.approve": frozenset({_L}),
    "slide.recall": frozenset({_E, _S, _L}),
    "topic.read": frozenset({_E, _S, _L, _A, _I, _U}),
    "topic.edit": frozenset({_S, _L}),
    "duty.read": frozenset({_E, _S, _L, _A, _I, _U}),
    "duty.note": frozenset({_E, _S}),
    "playlist.read": frozenset({_E, _S, _L, _A, _I, _U}),
    "playlist.edit": frozenset({_E, _S, _A}),
    "board.read": frozenset({_E, _S, _L, _A, _I, _U}),
    "board.edit": frozenset({_A}),
    "override.ask": frozenset({_E, _S, _L, _A}),
    "override.confirm": frozenset({_S, _L, _A}),
    "boards.stop": frozenset({_S, _L, _A}),
    "people.read": frozenset({_A, _U}),
    "people.edit": frozenset({_A}),
    "people.consent": CONSENTING,
    "source.edit": frozenset({_A}),
    "office.edit": frozenset({_A}),
    "journal.read": frozenset({_U, _I}),
}


class UnitKind(StrEnum):
    OFFICE = "office"
    DEPARTMENT = "department"
    COMMUNITY = "community"


DAYS = ("working", "off")  # the two kinds of days on which doors open at hours of their own
DOORS_MOST = 2


class Unit(Base):
    """The office, a department or a community. The office is the root; its name stands at the head of every board."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[UnitKind] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    short: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    phone: Mapped[str] = mapped_column(String(40), default="")
    hours: Mapped[str] = mapped_column(String(80), default="")
    place: Mapped[str] = mapped_column(String(80), default="")
    opening: Mapped[dict[str, Any] | None]  # {"working": [[from, to], …], "off": […]}, minutes of the day; None: as the unit above
    active: Mapped[bool] = mapped_column(default=True)


class Person(Base):
    """Somebody who signs in; known by their post, not by their name."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    post: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    password: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[datetime] = mapped_column(Instant())

    unit: Mapped[Unit] = relationship(lazy="joined")
    grants: Mapped[list[Grant]] = relationship(back_populates="person", foreign_keys="Grant.person_id", lazy="selectin")


class Grant(Base):
    """A role held in a unit (and all below it). An approving one is pending until a second person consents."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime] = mapped_column(Instant())
    consented_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    pending: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    person: Mapped[Person] = relationship(back_populates="grants", foreign_keys=[person_id])
    unit: Mapped[Unit] = relationship(lazy="joined")

    @property
    def active(self) -> bool:
        return not self.pending and self.ended_at is None


class Deputy(Base):
    """Who stands in for somebody on leave, from `start` until `end`; where approving roles are lent, a second person consents."""

    __tablename__ = "deputy"

    id: Mapped[int] = mapped_column(primary_key=True)
    absent_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    start: Mapped[datetime] = mapped_column(Instant())
    end: Mapped[datetime] = mapped_column(Instant())
    named_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    named_at: Mapped[datetime] = mapped_column(Instant())
    pending: Mapped[bool] = mapped_column(default=False)
    consented_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    absent: Mapped[Person] = relationship(foreign_keys=[absent_id], lazy="joined")
    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="joined")

    def stands(self, at: datetime) -> bool:
        return not self.pending and self.ended_at is None and self.start <= at < self.end


class SignIn(Base):
    """One browser of one person; ends by itself after idling, after hours, or by hand."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Instant())
    seen_at: Mapped[datetime] = mapped_column(Instant())


class Link(Base):
    """A one-time link: the owner sets a password (person given), or the office is set up (none)."""

    __tablename__ = "link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime] = mapped_column(Instant())
    used_at: Mapped[datetime | None] = mapped_column(Instant())


class Token(Base):
    """A personal token for programs that speak the staff API."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())


class Miss(Base):
    """A wrong password, kept for the length of the pause: by log-in name and by address."""

    __tablename__ = "sign_in_miss"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), index=True)
    at: Mapped[datetime] = mapped_column(Instant())


@dataclass(frozen=True)
class Actor:
    """Who acts, as far as rules need to know: plain values, usable after its transaction has ended."""

    id: int
    login: str
    post: str
    unit_id: int
    unit_name: str
    language: str | None = None
    scope: Mapping[Role, frozenset[int]] = field(default_factory=dict)
    stands_for: tuple[str, ...] = ()  # posts of those on leave

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(role for role, units in self.scope.items() if units)


@dataclass(frozen=True)
class Throttle:
    """How many wrong passwords, and how long the pause."""

    tries: int = 5
    pause: timedelta = timedelta(minutes=10)
    address_tries: int = 30


def may(actor: Actor, action: str, unit_id: int | None = None) -> bool:
    """Whether a role held by the actor allows this, in this unit; without a unit: anywhere at all."""
    held = [units for role, units in actor.scope.items() if role in ACTIONS[action]]
    return any(units if unit_id is None else unit_id in units for units in held)


def must(actor: Actor, action: str, unit_id: int | None = None) -> None:
    """Forbidden, saying who can, unless the actor may."""
    if not may(actor, action, unit_id):
        raise Forbidden("这一步要请%(who)s来做。", who=who_can(action))


def reach(actor: Actor, action: str) -> frozenset[int]:
    """The units in which the actor may do this."""
    return frozenset().union(*(units for role, units in actor.scope.items() if role in ACTIONS[action]))


ROLE_NAMES = {
    Role.EDITOR: N_("经办人"), Role.SECTION_HEAD: N_("科室负责人"), Role.LEADER: N_("分管领导"),
    Role.ADMINISTRATOR: N_("管理员"), Role.INSPECTOR: N_("检查员"), Role.AUDITOR: N_("审计员"),
}


def who_can(action: str) -> list[str]:
    """The names of the roles, for a sentence."""
    return [name for role, name in ROLE_NAMES.items() if role in ACTIONS[action]]


# --- units ------------------------------------------------------------------------------------------------------------

def office(session: Session) -> Unit | None:
    """The root unit; None before the set-up."""
    return session.scalars(select(Unit).where(Unit.kind == UnitKind.OFFICE).order_by(Unit.id)).first()


def units(session: Session) -> Sequence[Unit]:
    """All living units, the office first, then departments, then communities."""
    order = {UnitKind.OFFICE: 0, UnitKind.DEPARTMENT: 1, UnitKind.COMMUNITY: 2}
    rows = session.scalars(select(Unit).where(Unit.active)).all()
    return sorted(rows, key=lambda unit: (order[UnitKind(unit.kind)], unit.id))


def unit(session: Session, id: int) -> Unit:
    found = session.get(Unit, id)
    if found is None:
        raise NotFound("没有这个单位。")
    return found


def add_unit(session: Session, *, kind: UnitKind, name: str, short: str = "", parent: Unit | None, by: Actor | None,
             at: datetime, phone: str = "", hours: str = "", place: str = "") -> Unit:
    """A new unit under its parent. Only one office, and names are not taken twice."""
    _may_edit(by, parent.id if parent else None)
    name = line(name, "name", most=40)
    if (parent is None) != (kind is UnitKind.OFFICE):
        raise Invalid("kind", "街道办事处只有一个，科室和社区都在它下面。")
    if kind is UnitKind.OFFICE and office(session):
        raise Conflict("街道办事处已经建好了。")
    if session.scalar(select(Unit.id).where(Unit.name == name, Unit.active)):
        raise Conflict("已经有“%(name)s”了。", name=name)
    made = Unit(kind=kind, name=name, short=line(short or name, "short", most=12), parent_id=parent.id if parent else None,
                phone=phone.strip()[:40], hours=hours.strip()[:80], place=place.strip()[:80], active=True)
    session.add(made)
    journal.record(session, "unit.added", made, by=by, at=at, name=name)
    return made


def change_unit(session: Session, unit: Unit, *, name: str, short: str, phone: str, hours: str, place: str,
                by: Actor, at: datetime) -> None:
    """New words for a unit; boards show them with their next ref."""
    _may_edit(by, unit.id)
    unit.name, unit.short = line(name, "name", most=40), line(short or name, "short", most=12)
    unit.phone, unit.hours, unit.place = phone.strip()[:40], hours.strip()[:80], place.strip()[:80]
    journal.record(session, "unit.changed", unit, by=by, at=at, name=unit.name)


def set_opening(session: Session, unit: Unit, opening: Mapping[str, Sequence[tuple[int, int]]] | None, *, by: Actor, at: datetime) -> None:
    """When its doors are open on working days and on days off, in minutes of the day; None: as the unit above. An end at or before its
    start is one of the next day.
    """
    _may_edit(by, unit.id)
    kept = None if opening is None else {days: _doors(opening.get(days, ()), days) for days in DAYS}
    if kept is not None and not any(kept.values()):
        raise Invalid("opening", "开门时间一段也没有写。请至少写一段，或者选“照上级单位”。")
    if kept != unit.opening:
        unit.opening = kept
        journal.record(session, "unit.changed", unit, by=by, at=at, name=unit.name, opening=kept)


def opening_of(session: Session, unit: Unit) -> tuple[Unit, dict[str, Any]] | None:
    """Whose opening hours count for a unit, its own or those of one above it, and which; None where nobody said any."""
    above: Unit | None = unit
    while above is not None:
        if above.opening is not None:
            return above, above.opening
        above = session.get(Unit, above.parent_id) if above.parent_id else None
    return None


def _doors(hours: Sequence[tuple[int, int]], days: str) -> list[list[int]]:
    if len(hours) > DOORS_MOST:
        raise Invalid(days, "一天最多写 %(most)s 段时间。", most=DOORS_MOST)
    for start, end in hours:
        if not (0 <= start < 1440 and 0 <= end <= 1440):
            raise Invalid(days, "时间要在 00:00 到 24:00 之间。")
        if start == end:
            raise Invalid(days, "开门和关门是同一个时刻。整天开着，请写 00:00 到 24:00。")
    return [[start, end] for start, end in sorted(hours)]


def below(session: Session) -> dict[int, frozenset[int]]:
    """For each unit: itself and all under it."""
    parents = {row.id: row.parent_id for row in session.execute(select(Unit.id, Unit.parent_id))}
    reach: dict[int, set[int]] = {id: {id} for id in parents}
    for id in parents:
        above, seen = parents[id], {id}
        while above is not None and above not in seen:
            reach[above].add(id)
            seen.add(above)
            above = parents.get(above)
    return {id: frozenset(members) for id, members in reach.items()}


# --- people and roles ---------------------------------------------------------------------------------------------------

def person(session: Session, id: int) -> Person:
    found = session.get(Person, id)
    if found is None:
        raise NotFound("没有这个人。")
    return found


def people(session: Session) -> Sequence[Person]:
    return session.scalars(select(Person).order_by(Person.active.desc(), Person.unit_id, Person.id)).all()


def add_person(session: Session, *, login: str, post: str, unit: Unit, by: Actor | None, at: datetime) -> Person:
    """Somebody new, still without password and roles."""
    _may_edit(by, unit.id)
    made = Person(login=normal_login(login), post=line(post, "post", most=40), unit=unit, active=True, created_at=at)
    if session.scalar(select(Person.id).where(Person.login == made.login)):
        raise Conflict("账号“%(login)s”已经有人用了，请换一个。", login=made.login)
    session.add(made)
    journal.record(session, "person.added", made, by=by, at=at, login=made.login, post=made.post)
    return made


def grant(session: Session, person: Person, role: Role, unit: Unit, *, by: Actor | None, at: datetime,
          founding: bool = False) -> Grant:
    """Give a role. An approving role waits for a second person's consent, but for the founding ones of the set-up."""
    if by is not None and by.id == person.id:
        raise Forbidden("不能给自己加权限，请另一位管理员来办。")
    for id in (person.unit_id, unit.id):
        _may_edit(by, id)
    held = [each for each in _grants(session, person) if each.ended_at is None]
    if any(each.role == role and each.unit_id == unit.id for each in held):
        raise Conflict("这个权限已经有了。")
    _keep_apart(role, {Role(each.role) for each in held})
    made = Grant(person=person, role=role, unit=unit, granted_by=by.id if by else None, granted_at=at,
                 pending=role in APPROVING and not founding)
    session.add(made)
    journal.record(session, "role.granted", person, by=by, at=at, role=role, unit=unit.id, pending=made.pending)
    return made


def grant_of(session: Session, id: int) -> Grant:
    found = session.get(Grant, id)
    if found is None:
        raise NotFound("没有这项权限。")
    return found


def consent(session: Session, grant: Grant, *, by: Actor, at: datetime) -> None:
    """The second person says yes: neither the one who gave the role nor the one who gets it."""
    must(by, "people.consent", grant.unit_id)
    if not grant.pending or grant.ended_at is not None:
        raise Conflict("这项权限不在等同意。")
    if by.id in (grant.granted_by, grant.person_id):
        raise Forbidden("要另一位管理员或分管领导来同意。")
    grant.pending, grant.consented_by = False, by.id
    journal.record(session, "role.consented", grant.person, by=by, at=at, role=grant.role, unit=grant.unit_id)


def consents(session: Session, actor: Actor) -> list[Grant]:
    """Approving roles that wait for this very person's yes."""
    if not may(actor, "people.consent"):
        return []
    waiting = session.scalars(select(Grant).where(Grant.pending, Grant.ended_at.is_(None)).order_by(Grant.id))
    return [each for each in waiting if actor.id not in (each.granted_by, each.person_id) and may(actor, "people.consent", each.unit_id)]


def end_grant(session: Session, grant: Grant, *, by: Actor, at: datetime) -> None:
    """Take a role back; it stops to count with the next request."""
    _may_edit(by, grant.person.unit_id)
    if grant.ended_at is None:
        if grant.role == Role.ADMINISTRATOR and grant.active:
            _keep_one_administrator(session, grant.person)
        grant.ended_at = at
        journal.record(session, "role.ended", grant.person, by=by, at=at, role=grant.role, unit=grant.unit_id)


def disable(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Nobody signs in as this person any more; what is open ends now."""
    _may_edit(by, person.unit_id)
    if person.id == by.id:
        raise Forbidden("不能停用自己的账号，请另一位管理员来办。")
    _keep_one_administrator(session, person)
    person.active = False
    end_sign_ins(session, person)
    journal.record(session, "person.disabled", person, by=by, at=at)


def enable(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """The account counts again; its roles are as they were."""
    _may_edit(by, person.unit_id)
    person.active = True
    journal.record(session, "person.enabled", person, by=by, at=at)


def actor(session: Session, person: Person, at: datetime | None = None) -> Actor:
    """The person as rules see them; with a moment also what they may do for those whose deputy they are then."""
    tree = below(session)
    scope: dict[Role, frozenset[int]] = {}
    own = [each for each in _grants(session, person) if each.active]
    lent = [each for each in _deputies(session, person) if at is not None and each.stands(at) and each.absent.active]
    for each in [*own, *_lent(session, lent, {Role(grant.role) for grant in own})] if person.active else ():
        role = Role(each.role)
        scope[role] = scope.get(role, frozenset()) | tree.get(each.unit_id, frozenset())
    return Actor(person.id, person.login, person.post, person.unit_id, person.unit.name, person.language, scope,
                 tuple(each.absent.post for each in lent))


def name_deputy(session: Session, absent: Person, deputy: Person, start: datetime, end: datetime, *, by: Actor, at: datetime) -> Deputy:
    """Somebody stands in while another is on leave. Named by the absent themselves or by who gives roles; what approves waits for a yes."""
    if by.id != absent.id:
        must(by, "people.edit", absent.unit_id)
    if absent.id == deputy.id or deputy.id == by.id != absent.id:
        raise Forbidden("请另一位来代，不能自己代自己，也不能给自己加权限。")
    if not deputy.active:
        raise Conflict("“%(post)s”的账号停用了，请换一位。", post=deputy.post)
    if end <= start or end <= at:
        raise Invalid("end", "代理的结束时间要在开始之后，也不能已经过了。")
    if end - start > DEPUTY_MOST:
        raise Invalid("end", "一次最多代 %(days)s 天。更久的，请管理员改权限。", days=DEPUTY_MOST.days)
    lent = {Role(each.role) for each in _grants(session, absent) if each.active}
    held = {Role(each.role) for each in _grants(session, deputy) if each.ended_at is None}
    if not lent:
        raise Conflict("“%(post)s”没有要代的权限。", post=absent.post)
    for role in lent:
        _keep_apart(role, held)
    made = Deputy(absent=absent, person=deputy, start=start, end=end, named_by=by.id, named_at=at, pending=bool(lent & APPROVING))
    session.add(made)
    session.flush()
    journal.record(session, "deputy.named", deputy, by=by, at=at, absent=absent.id, start=start.isoformat(), end=end.isoformat(),
                   pending=made.pending)
    return made


def deputy_of(session: Session, id: int) -> Deputy:
    found = session.get(Deputy, id)
    if found is None:
        raise NotFound("没有这项代理。")
    return found


def consent_deputy(session: Session, row: Deputy, *, by: Actor, at: datetime) -> None:
    """The second person says yes: not who named it, not the deputy, not the absent."""
    if not row.pending or row.ended_at is not None:
        raise Conflict("这项代理不在等同意。")
    if by.id in (row.named_by, row.person_id, row.absent_id):
        raise Forbidden("要另一位管理员或分管领导来同意。")
    must(by, "people.consent", row.absent.unit_id)
    row.pending, row.consented_by = False, by.id
    journal.record(session, "deputy.consented", row.person, by=by, at=at, absent=row.absent_id)


def end_deputy(session: Session, row: Deputy, *, by: Actor, at: datetime) -> None:
    """Back at work: it stops to count with the next request."""
    if by.id not in (row.absent_id, row.person_id):
        must(by, "people.edit", row.absent.unit_id)
    if row.ended_at is None:
        row.ended_at = at
        journal.record(session, "deputy.ended", row.person, by=by, at=at, absent=row.absent_id)


def deputies(session: Session, at: datetime) -> Sequence[Deputy]:
    """Those that stand now, will stand, or wait for a yes."""
    return session.scalars(select(Deputy).where(Deputy.ended_at.is_(None), Deputy.end > at).order_by(Deputy.start)).all()


def holders(session: Session, action: str, unit_id: int, at: datetime | None = None) -> list[Actor]:
    """Everybody who may do this in that unit."""
    everybody = [actor(session, each, at) for each in session.scalars(select(Person).where(Person.active))]
    return [each for each in everybody if may(each, action, unit_id)]


# --- signing in ------------------------------------------------------------------------------------------------------

def sign_in(session: Session, login: str, password: str, *, address: str, at: datetime, throttle: Throttle) -> tuple[Person, str] | int:
    """The person and a fresh session token, or how many tries are left. TooMany while paused.

    A miss must be kept, so it is an answer and no error: an error would roll it back.
    """
    name = _folded(login)
    _check_pause(session, name, address, at, throttle)
    found = session.scalars(select(Person).where(Person.login == name)).first()
    right = _matches(found.password if found and found.active else None, password)
    if found is None or not right:
        session.add_all([Miss(key=f"login:{name[:100]}", at=at), Miss(key=f"address:{address[:100]}", at=at)])
        journal.record(session, "person.missed", found if found else "person", by=None, at=at, address=address[:60])
        return max(0, throttle.tries - _misses(session, f"login:{name[:100]}", at - throttle.pause))
    session.execute(delete(Miss).where(Miss.key == f"login:{name[:100]}"))
    if found.password and _HASHER.check_needs_rehash(found.password):
        found.password = _HASHER.hash(password)
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token_hash=hashed(token), person_id=found.id, started_at=at, seen_at=at))
    journal.record(session, "person.signed_in", found, by=found, at=at, address=address[:60])
    return found, token


def signed_in(session: Session, token: str, *, at: datetime, idle: timedelta, life: timedelta) -> Person | None:
    """Whose session this is, if it still counts."""
    row = session.scalars(select(SignIn).where(SignIn.token_hash == hashed(token))).first()
    if row is None or at - row.seen_at > idle or at - row.started_at > life:
        return None
    found = session.get(Person, row.person_id)
    return found if found is not None and found.active else None


def touch(session: Session, token: str, at: datetime) -> None:
    """The person has done something just now."""
    row = session.scalars(select(SignIn).where(SignIn.token_hash == hashed(token))).first()
    if row is not None:
        row.seen_at = at


def seen_at(session: Session, token: str) -> datetime | None:
    return session.scalar(select(SignIn.seen_at).where(SignIn.token_hash == hashed(token)))


def sign_out(session: Session, token: str, *, at: datetime) -> None:
    row = session.scalars(select(SignIn).where(SignIn.token_hash == hashed(token))).first()
    if row is not None:
        found = person(session, row.person_id)
        session.delete(row)
        journal.record(session, "person.signed_out", found, by=found, at=at)


def last_seen(session: Session) -> dict[int, datetime]:
    """For each person the last moment they were seen signed in, as far as it is still kept."""
    rows = session.execute(select(SignIn.person_id, func.max(SignIn.seen_at)).group_by(SignIn.person_id))
    return {id: seen for id, seen in rows}


def paused(session: Session, *, at: datetime, throttle: Throttle) -> set[str]:
    """The log-ins that are paused for wrong passwords now."""
    counted = select(Miss.key).where(Miss.at > at - throttle.pause).group_by(Miss.key).having(func.count() >= throttle.tries)
    return {key.removeprefix("login:") for key in session.scalars(counted) if key.startswith("login:")}


def unlock(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """End the pause after wrong passwords."""
    _may_edit(by, person.unit_id)
    session.execute(delete(Miss).where(Miss.key == f"login:{person.login}"))
    journal.record(session, "person.unlocked", person, by=by, at=at)


def end_sign_ins(session: Session, person: Person) -> None:
    session.execute(delete(SignIn).where(SignIn.person_id == person.id))


def sweep(session: Session, *, at: datetime, life: timedelta) -> None:
    """Forget what no longer counts: old sessions, misses and links."""
    session.execute(delete(SignIn).where(SignIn.started_at < at - life))
    session.execute(delete(Miss).where(Miss.at < at - timedelta(days=1)))
    session.execute(delete(Link).where(Link.expires_at < at - timedelta(days=30)))


# --- links, passwords, tokens -------------------------------------------------------------------------------------------

def make_link(session: Session, person: Person | None, *, by: Actor | None, at: datetime) -> str:
    """A one-time token by which the owner sets a password; None: the link of the first set-up. Older ones die."""
    _may_edit(by, person.unit_id if person else None)
    session.execute(delete(Link).where(Link.person_id == person.id if person else Link.person_id.is_(None)))
    token = secrets.token_urlsafe(32)
    session.add(Link(token_hash=hashed(token), person_id=person.id if person else None, expires_at=at + LINK_LIFE))
    journal.record(session, "link.made", person if person else "office", by=by, at=at)
    return token


def link(session: Session, token: str, *, at: datetime) -> Link:
    """The link if it can still be used; Gone otherwise, saying what to do."""
    row = session.scalars(select(Link).where(Link.token_hash == hashed(token)).with_for_update()).first()
    if row is None or row.used_at is not None or row.expires_at <= at:
        raise NotFound("这个链接用过了，或者过期了。请管理员重新给您一个。")
    return row


def use_link(session: Session, row: Link, password: str, *, at: datetime) -> Person:
    """Set the password behind the link; the link and all open sessions end."""
    found = person(session, row.person_id or 0)
    set_password(session, found, password, at=at)
    row.used_at = at
    return found


def set_password(session: Session, person: Person, password: str, *, at: datetime) -> None:
    person.password = _HASHER.hash(checked_password(password, person.login))
    end_sign_ins(session, person)
    session.execute(delete(Miss).where(Miss.key == f"login:{person.login}"))
    journal.record(session, "password.set", person, by=person, at=at)


def checked_password(password: str, login: str = "") -> str:
    """The password if it is fit for use: long, not common, not the log-in."""
    if len(password) < PASSWORD_LEAST:
        raise Invalid("password", "密码至少 %(least)s 个字，可以是一句话。", least=PASSWORD_LEAST)
    if len(password) > PASSWORD_MOST:
        raise Invalid("password", "密码最多 %(most)s 个字。", most=PASSWORD_MOST)
    folded = password.casefold()
    if len(set(folded)) < 5 or folded in _common() or (login and login in folded and len(folded) < len(login) + 8):
        raise Invalid("password", "这个密码太常见，容易被猜到。换一句只有您知道的话。")
    return password


def check_password(person: Person, password: str) -> None:
    """Invalid unless this is the person's password now."""
    if not _matches(person.password, password):
        raise Invalid("old", "现在的密码不对，请再输一次。")


def make_token(session: Session, person: Person, name: str, *, at: datetime) -> str:
    """A personal token, told once."""
    token = "kp_" + secrets.token_urlsafe(32)
    row = Token(token_hash=hashed(token), person_id=person.id, name=line(name, "name", most=40), created_at=at)
    session.add(row)
    journal.record(session, "token.made", person, by=person, at=at, name=row.name)
    return token


def tokens(session: Session, person: Person | Actor) -> Sequence[Token]:
    return session.scalars(select(Token).where(Token.person_id == person.id, Token.ended_at.is_(None)).order_by(Token.id)).all()


def end_token(session: Session, id: int, *, by: Actor, at: datetime) -> None:
    row = session.get(Token, id)
    if row is None or row.person_id != by.id:
        raise NotFound("没有这个令牌。")
    row.ended_at = at
    journal.record(session, "token.ended", person(session, by.id), by=by, at=at, name=row.name)


def bearer(session: Session, token: str) -> Person | None:
    """Whose personal token this is."""
    row = session.scalars(select(Token).where(Token.token_hash == hashed(token), Token.ended_at.is_(None))).first()
    found = session.get(Person, row.person_id) if row else None
    return found if found is not None and found.active else None


def hashed(token: str) -> str:
    """What the database keeps of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def line(text: str, name: str, *, most: int, least: int = 1) -> str:
    """One clean line: no control or direction marks, trimmed; Invalid when empty or too long."""
    clean = " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", text)).split())
    if len(clean) < least:
        raise Invalid(name, "这一项要填。")
    if len(clean) > most:
        raise Invalid(name, "最多 %(most)s 个字，现在 %(count)s 个。", most=most, count=len(clean))
    return clean


def normal_login(text: str) -> str:
    """The log-in as it is stored: folded, so that two people never differ by case or width."""
    folded = _folded(text)
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{2,30}", folded):
        raise Invalid("login", "账号用 3 到 31 个英文字母或数字。")
    return folded


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _deputies(session: Session, person: Person) -> Iterable[Deputy]:
    return session.scalars(select(Deputy).where(Deputy.person_id == person.id, Deputy.ended_at.is_(None)))


def _lent(session: Session, deputies: Iterable[Deputy], own: set[Role]) -> list[Grant]:
    """What deputies may use: what the absent held when it was agreed to, and nothing that must stay apart from what is held since."""
    return [grant for deputy in deputies for grant in _grants(session, deputy.absent)
            if grant.active and grant.granted_at <= deputy.named_at and not _apart(Role(grant.role), own)]


def _grants(session: Session, person: Person) -> Iterable[Grant]:
    return session.scalars(select(Grant).where(Grant.person_id == person.id).order_by(Grant.id)) if person.id else ()


def _may_edit(by: Actor | None, unit_id: int | None) -> None:
    """People and units are changed by who does so in that very unit; by nobody: at the set-up and by the demo."""
    if by is not None:
        must(by, "people.edit", unit_id)


def _apart(role: Role, held: set[Role]) -> bool:
    """Whether the role must not be in one hand with these."""
    mine = next(group for group in APART if role in group)
    return any(other & held for other in APART if other is not mine)


def _keep_apart(role: Role, held: set[Role]) -> None:
    if _apart(role, held):
        raise Conflict("管理、审核、检查三种权限要分给不同的人，不能由一个人兼着。")


def _keep_one_administrator(session: Session, leaving: Person) -> None:
    others = session.scalar(
        select(func.count()).select_from(Grant).join(Person, Grant.person_id == Person.id)
        .where(Grant.role == Role.ADMINISTRATOR, Grant.ended_at.is_(None), Grant.pending.is_(False),
               Person.active, Person.id != leaving.id))
    if not others and any(each.role == Role.ADMINISTRATOR and each.active for each in _grants(session, leaving)):
        raise Conflict("这是最后一位管理员。先加一位新的，再停用。")


def _check_pause(session: Session, name: str, address: str, at: datetime, throttle: Throttle) -> None:
    since = at - throttle.pause
    paused = (_misses(session, f"login:{name[:100]}", since) >= throttle.tries
              or _misses(session, f"address:{address[:100]}", since) >= throttle.address_tries)
    if paused:
        raise TooMany("试了 %(tries)s 次都不对，先停 %(minutes)s 分钟。", tries=throttle.tries,
                      minutes=int(throttle.pause.total_seconds() // 60), retry=int(throttle.pause.total_seconds()))


def _misses(session: Session, key: str, since: datetime) -> int:
    return session.scalar(select(func.count()).select_from(Miss).where(Miss.key == key, or_(Miss.at > since))) or 0


def _matches(stored: str | None, password: str) -> bool:
    """Whether the password fits; as slow for a person who does not exist, so that nobody can tell who does."""
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(1)
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


@lru_cache(1)
def _common() -> frozenset[str]:
    return frozenset(files("kiosk").joinpath("common_passwords.txt").read_text(encoding="utf-8").split())
