"""The catalogue (目录): classes, topics and what each demands — of whom, how often, by when, on which boards, and who must agree.

A topic belongs to one section, or to every community (then each community owes it for itself). Classes and topics are the office's
own; the defaults are only a beginning. A topic that ends stays in the record; its code is never used again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk import people
from kiosk.base import journal
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Invalid, NotFound
from kiosk.content.fields import clean
from kiosk.content.review import Step
from kiosk.disclosure.deadlines import Cadence, Measure, Rule, Trigger
from kiosk.people import Actor, Unit, UnitKind, line, must

# The channels of the standard catalogue (domain §8.4), in its order; the board is one of them.
CHANNELS = (N_("政府网站"), N_("政府公报"), N_("两微一端"), N_("发布会/听证会"), N_("广播电视"), N_("纸质媒体"), N_("公开查阅点"),
            N_("政务服务中心"), N_("便民服务站"), N_("入户/现场"), N_("社区/企事业单位/村公示栏（电子屏）"), N_("精准推送"), N_("其他"))
BOARD_CHANNEL = CHANNELS[10]
DEFAULT_CLASSES = ("概况", "计划总结", "规范性文件", "工作动态", "人事", "财政", "其他")
LEVELS = (N_("县级"), N_("乡级"), N_("村级"))
# How many characters a topic's texts may have.
TEXTS = {"level1": 80, "level2": 80, "elements": 2000, "basis": 2000, "term": 200, "subject": 120, "public": 60, "contact": 40}


class WhenOverdue(StrEnum):
    """What an overdue topic shows on the wall."""

    MARK = "mark"  # the last version, marked 更新中
    CONTACT = "contact"  # the topic, the day it is expected, where to ask
    NOTHING = "nothing"


class TopicClass(Base):
    """A class of the catalogue; counted in the yearly statistics."""

    __tablename__ = "topic_class"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(Instant())


class Topic(Base):
    """A row of the catalogue. `unit_id` None: every community owes it for itself."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("topic_class.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    level1: Mapped[str] = mapped_column(String(80), default="")
    level2: Mapped[str] = mapped_column(String(80), default="")
    elements: Mapped[str] = mapped_column(Text, default="")
    basis: Mapped[str] = mapped_column(Text, default="")
    term: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(160), default="")
    channels: Mapped[list[Any]]
    public: Mapped[str] = mapped_column(String(80), default="全社会")
    on_request: Mapped[bool] = mapped_column(default=False)
    levels: Mapped[list[Any]]
    column: Mapped[str] = mapped_column("column_name", String(40))
    audience: Mapped[list[Any]]
    cadence: Mapped[Cadence] = mapped_column(String(20))
    trigger: Mapped[Trigger] = mapped_column(String(20))
    n: Mapped[int]
    measure: Mapped[Measure] = mapped_column(String(20))
    confirm: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)
    ahead: Mapped[int] = mapped_column(default=5)
    display_days: Mapped[int] = mapped_column(default=0)
    display_measure: Mapped[Measure] = mapped_column(String(20), default=Measure.CALENDAR)
    required: Mapped[bool] = mapped_column(default=True)
    chain: Mapped[list[Any]]
    when_overdue: Mapped[WhenOverdue] = mapped_column(String(20), default=WhenOverdue.MARK)
    contact: Mapped[str] = mapped_column(String(60), default="")
    since: Mapped[date] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    kind: Mapped[TopicClass] = relationship(lazy="joined")
    unit: Mapped[Unit | None] = relationship(lazy="joined")

    @property
    def rule(self) -> Rule:
        return Rule(Cadence(self.cadence), Trigger(self.trigger), self.n, Measure(self.measure), self.confirm, self.stale, self.ahead)


@dataclass(frozen=True)
class Wanted:
    """What staff say of a topic. `unit` None: for every community. `chain`: the checks before the leader's approval.

    `term` and `subject`: 公开时限 and 公开主体 in the words of the catalogue; "" where the rule and the unit say it.
    """

    name: str
    kind: str
    unit: int | None
    column: str
    code: str = ""
    level1: str = ""
    level2: str = ""
    elements: str = ""
    basis: str = ""
    term: str = ""
    subject: str = ""
    channels: tuple[str, ...] = (BOARD_CHANNEL,)
    public: str = "全社会"
    on_request: bool = False
    levels: tuple[str, ...] = ()
    audience: tuple[int, ...] = ()
    rule: Rule = field(default_factory=Rule)
    display_days: int = 0
    display_measure: Measure = Measure.CALENDAR
    required: bool = True
    chain: tuple[Step, ...] = ()
    when_overdue: WhenOverdue = WhenOverdue.MARK
    contact: str = ""


def classes(session: Session) -> Sequence[TopicClass]:
    return session.scalars(select(TopicClass).where(TopicClass.ended_at.is_(None)).order_by(TopicClass.position, TopicClass.id)).all()


def set_classes(session: Session, names: Sequence[str], *, by: Actor | None, at: datetime) -> list[TopicClass]:
    """The office's classes in their order; one that still has topics cannot be left out."""
    if by is not None:
        _allowed(by, None, session)
    wanted = list(dict.fromkeys(line(name, "classes", most=20) for name in names))
    known = {each.name: each for each in session.scalars(select(TopicClass))}
    for name, old in known.items():
        if name not in wanted and old.ended_at is None:
            if session.scalar(select(Topic.id).where(Topic.class_id == old.id, Topic.ended_at.is_(None)).limit(1)):
                raise Conflict("“%(name)s”下面还有公开事项，先把它们改到别的类，再去掉这一类。", name=name)
            old.ended_at = at
    made = [known.get(name) or TopicClass(name=name, position=0) for name in wanted]
    for position, each in enumerate(made):
        each.position, each.ended_at = position, None
    session.add_all(made)
    session.flush()
    journal.record(session, "classes.set", "catalogue", by=by, at=at, names=wanted)
    return made


def arrange_classes(session: Session, rows: Sequence[tuple[int | None, str]], *, by: Actor, at: datetime) -> list[TopicClass]:
    """The classes as the rows say: id and name of each in its order, id None for a new one. What a class held stays in it when its name
    changes; a class that is in no row is left out.
    """
    _allowed(by, None, session)
    living = {each.id: each for each in classes(session)}
    named = [(living[id] if id is not None and id in living else None, line(name, "classes", most=20)) for id, name in rows]
    for name, count in Counter(name for _, name in named).items():
        if count > 1:
            raise Invalid("classes", "“%(name)s”写了 %(count)s 次，一类只写一次。", name=name, count=count)
    gone = set(session.scalars(select(TopicClass.name).where(TopicClass.ended_at.is_not(None))))
    renamed = [(each, name) for each, name in named if each is not None and each.name != name]
    for _, name in renamed:
        if name in gone:
            raise Conflict("以前有过“%(name)s”这一类，改成这个名字，两类的统计会混在一起。请换一个名字。", name=name)
    for each, _ in renamed:  # names may change places, and no two may be the same in between
        each.name = f"\x7f{each.id}"
    session.flush()
    for each, name in renamed:
        each.name = name
    session.flush()
    return set_classes(session, [name for _, name in named], by=by, at=at)


def topics(session: Session, *, units: Collection[int] | None = None, ended: bool = False) -> Sequence[Topic]:
    """The catalogue in its order; of these units (and for every community, where one of them is one)."""
    query = select(Topic).join(TopicClass).order_by(TopicClass.position, Topic.code)
    if not ended:
        query = query.where(Topic.ended_at.is_(None))
    found = session.scalars(query).all()
    if units is None:
        return found
    communities = {unit.id for unit in people.units(session) if unit.kind == UnitKind.COMMUNITY}
    return [each for each in found if (each.unit_id in units if each.unit_id is not None else bool(communities & set(units)))]


def topic(session: Session, id: int) -> Topic:
    found = session.get(Topic, id)
    if found is None:
        raise NotFound("目录里没有这一项。")
    return found


def wanted(topic: Topic) -> Wanted:
    """The topic as staff would have to say it, to get it as it is."""
    return Wanted(
        topic.name, topic.kind.name, topic.unit_id, topic.column, topic.code, topic.level1, topic.level2, topic.elements, topic.basis,
        topic.term, topic.subject, tuple(topic.channels), topic.public, topic.on_request, tuple(topic.levels), tuple(topic.audience),
        topic.rule, topic.display_days, Measure(topic.display_measure), topic.required, tuple(Step(each) for each in topic.chain),
        WhenOverdue(topic.when_overdue), topic.contact)


def by_word(session: Session, word: str) -> Topic | None:
    """The topic of this code or this very name, if there is one."""
    return session.scalars(select(Topic).where((Topic.code == word) | (Topic.name == word), Topic.ended_at.is_(None))).first()


def add(session: Session, wanted: Wanted, *, by: Actor | None, at: datetime, since: date) -> Topic:
    """A new topic; its code is given, or the next free one."""
    made = Topic(code=_code(session, wanted.code), since=since)
    _write(session, made, wanted, by)
    session.add(made)
    session.flush()
    journal.record(session, "topic.added", made, by=by, at=at, code=made.code, name=made.name, unit=made.unit_id)
    return made


def change(session: Session, topic: Topic, wanted: Wanted, *, by: Actor, at: datetime) -> None:
    """Other words or another rule; what was disclosed so far keeps the due days it had."""
    if wanted.code and wanted.code != topic.code:
        raise Invalid("code", "编号定了不能改。要换编号，请停用这一项，另建一项。")
    _allowed(by, topic.unit_id, session)
    _write(session, topic, wanted, by)
    journal.record(session, "topic.changed", topic, by=by, at=at, rule={key: str(value) for key, value in asdict(wanted.rule).items()})


def end(session: Session, topic: Topic, *, by: Actor, at: datetime) -> None:
    """The topic is no longer demanded; its records stay."""
    _allowed(by, topic.unit_id, session)
    topic.ended_at = at
    journal.record(session, "topic.ended", topic, by=by, at=at, name=topic.name)


def owners(session: Session, topic: Topic) -> list[Unit]:
    """Who owes the topic: its section, or each community."""
    if topic.unit is not None:
        return [topic.unit]
    return [unit for unit in people.units(session) if unit.kind == UnitKind.COMMUNITY]


def _write(session: Session, topic: Topic, wanted: Wanted, by: Actor | None) -> None:
    if by is not None:
        _allowed(by, wanted.unit, session)
    topic.name, topic.column = line(wanted.name, "name", most=40), line(wanted.column, "column", most=12)
    topic.class_id = _class(session, wanted.kind).id
    topic.unit_id = people.unit(session, wanted.unit).id if wanted.unit is not None else None
    for name, most in TEXTS.items():
        text = clean(getattr(wanted, name))
        if len(text) > most:
            raise Invalid(name, "最多 %(most)s 个字，现在 %(count)s 个。", most=most, count=len(text))
        setattr(topic, name, text)
    _set_rule(topic, wanted.rule)
    topic.channels = [each for each in CHANNELS if each in wanted.channels]
    topic.levels = [each for each in LEVELS if each in wanted.levels]
    topic.audience = sorted({people.unit(session, id).id for id in wanted.audience})
    topic.display_days, topic.display_measure = _bounded(wanted.display_days, "display_days", 3650), wanted.display_measure
    topic.on_request, topic.required, topic.when_overdue = wanted.on_request, wanted.required, wanted.when_overdue
    topic.chain = [str(step) for step in Step if step in wanted.chain]


def _set_rule(topic: Topic, rule: Rule) -> None:
    if (rule.trigger is Trigger.PERIOD) != (rule.cadence in (Cadence.YEAR, Cadence.HALF, Cadence.QUARTER, Cadence.MONTH)):
        raise Invalid("trigger", "按月、季、半年、年公开的，期限从期末算；别的从形成、变更、批复或收到那天算。")
    if rule.measure is Measure.DAY_OF_MONTH and (rule.trigger is not Trigger.PERIOD or not 1 <= rule.n <= 31):
        raise Invalid("n", "“次月几日”只用在按月、季、半年、年公开的事项上，写 1 到 31。")
    topic.cadence, topic.trigger, topic.measure = rule.cadence, rule.trigger, rule.measure
    for name, most in (("n", 400), ("confirm", 60), ("stale", 1000), ("ahead", 60)):
        setattr(topic, name, _bounded(getattr(rule, name), name, most))


def _bounded(value: int, name: str, most: int) -> int:
    if not 0 <= value <= most:
        raise Invalid(name, "这里写 0 到 %(most)s 的数字。", most=most)
    return value


def _class(session: Session, name: str) -> TopicClass:
    found = session.scalars(select(TopicClass).where(TopicClass.name == name, TopicClass.ended_at.is_(None))).first()
    if found is None:
        raise Invalid("kind", "目录里没有“%(name)s”这一类。", name=name)
    return found


def _code(session: Session, wanted: str) -> str:
    if wanted:
        code = line(wanted, "code", most=30)
        if session.scalar(select(Topic.id).where(Topic.code == code)):
            raise Conflict("编号“%(code)s”已经用过了，用过的编号不能再用。", code=code)
        return code
    taken = {int(code[1:]) for code in session.scalars(select(Topic.code)) if code[:1] == "S" and code[1:].isdecimal()}
    return f"S{max(taken, default=0) + 1:03d}"


def _allowed(by: Actor, unit_id: int | None, session: Session) -> None:
    """A topic of one unit is edited there; one that every community owes, by who edits for the whole office."""
    root = people.office(session)
    must(by, "topic.edit", unit_id if unit_id is not None else root.id if root else None)
