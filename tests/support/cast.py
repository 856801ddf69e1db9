"""A small cast: posts, not persons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from kiosk import people
from kiosk.people import Actor, Person, Role, Unit, UnitKind

PASSWORD = "一把很长的钥匙 42 号柜"


@dataclass(frozen=True)
class Cast:
    """Everybody as an Actor; `person(actor)` gives the row. Passwords are PASSWORD where `with_passwords` was called."""

    session: Session
    office: Unit
    civil: Unit
    east: Unit
    west: Unit
    editor: Actor
    second_editor: Actor
    community: Actor
    head: Actor
    leader: Actor
    deputy: Actor
    administrator: Actor
    inspector: Actor
    auditor: Actor

    @classmethod
    def made(cls, session: Session, at: datetime) -> Cast:
        office = people.add_unit(session, kind=UnitKind.OFFICE, name="白鹭街道办事处", parent=None, by=None, at=at, phone="0825-×××××××")
        civil = people.add_unit(session, kind=UnitKind.DEPARTMENT, name="社会事务办公室", short="社会事务办", parent=office, by=None, at=at)
        east = people.add_unit(session, kind=UnitKind.COMMUNITY, name="东街社区", parent=office, by=None, at=at)
        west = people.add_unit(session, kind=UnitKind.COMMUNITY, name="石桥社区", parent=office, by=None, at=at)

        def join(login: str, post: str, role: Role, unit: Unit) -> Actor:
            person = people.add_person(session, login=login, post=post, unit=unit, by=None, at=at)
            people.grant(session, person, role, unit, by=None, at=at, founding=True)
            session.flush()
            return people.actor(session, person)

        return cls(
            session, office, civil, east, west,
            editor=join("jingban", "综合办经办人", Role.EDITOR, office),
            second_editor=join("minzheng", "民政办经办人", Role.EDITOR, civil),
            community=join("dongjie", "东街社区专干", Role.EDITOR, east),
            head=join("fuze", "民政办负责人", Role.SECTION_HEAD, civil),
            leader=join("lingdao", "分管领导", Role.LEADER, office),
            deputy=join("fuzhuren", "副主任（一）", Role.LEADER, office),
            administrator=join("guanli", "党政办管理员", Role.ADMINISTRATOR, office),
            inspector=join("jiancha", "检查员", Role.INSPECTOR, office),
            auditor=join("shenji", "审计员", Role.AUDITOR, office),
        )

    def seen_by(self, session: Session) -> Cast:
        """The same cast in another session on a copy of its database."""
        again = {name: session.get(Unit, getattr(self, name).id) for name in ("office", "civil", "east", "west")}
        return replace(self, session=session, **again)

    def person(self, actor: Actor) -> Person:
        return people.person(self.session, actor.id)
