"""The demo office: a sub-district office with four boards, its posts and a few weeks of work, made from the folder demo/.

Everything goes through the domain's own functions in the order of its days, so nothing is there that staff could not have
done. Secrets are made at each start and never kept: a second start keeps the content and gives new keys to the same doors.
"""

from __future__ import annotations

import heapq
import re
import secrets
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import demo_pictures, people
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.errors import Conflict
from kiosk.content import fields, plain, review, slides
from kiosk.content.geometry import panel_of
from kiosk.content.kinds import KINDS
from kiosk.content.review import STEP_ACTIONS, TICKS
from kiosk.content.slides import Draft, Slide
from kiosk.disclosure import days, deadlines, filing, objections, records, starter, topics
from kiosk.parts import Parts
from kiosk.people import Actor, Role, Unit, UnitKind
from kiosk.signage import boards, campaigns, manifest, playlists
from kiosk.signage.boards import Board, Placing
from kiosk.signage.campaigns import Plan
from kiosk.signage.playlists import Entry, Level
from kiosk.signage.rules import Days, Hours, Rule

FOLDER = Path(__file__).resolve().parent.parent / "demo"
FOUNDED = 130  # days ago
KEY = "演示"
BUILT = "demo.built"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_MARK = re.compile(r"\{(day|iso|month|monthend|monthyear|share|year|quarter|saturday)([+-]\d+)?\}")
Story = Iterator[datetime]


class BoardKey(TypedDict):
    name: str
    url: str
    id: int
    token: str


class PersonKey(TypedDict):
    role: str
    login: str
    password: str
    token: str
    post: str


class Office(TypedDict):
    """What the ready-file says: where the pages are, and the keys made for this run."""

    url: str
    boards: list[BoardKey]
    people: list[PersonKey]


@dataclass(frozen=True)
class Calendar:
    """Days counted from the start's own, in the office's zone."""

    at: datetime
    zone: Zone

    def day(self, shift: int = 0) -> date:
        return self.zone.day(self.at) + timedelta(days=shift)

    def saturday(self, weeks: int = 0) -> date:
        """The next one from tomorrow on."""
        return self.day(1 + (5 - self.day(1).weekday()) % 7 + 7 * weeks)

    def quarter(self, shift: int = 0) -> int:
        """Years times four, and the quarter from 0."""
        return self.day().year * 4 + (self.day().month - 1) // 3 + shift

    def worked(self, ago: int, clock: time, minutes: int) -> datetime:
        """A moment of office work that many days ago, Fridays for weekends; today: minutes before now."""
        day = self.day(-ago)
        if ago < 1:
            return self.at - timedelta(minutes=minutes)
        return self.zone.instant(day - timedelta(days=max(0, day.weekday() - 4)), clock)

    def edge(self, given: int | str | None, clock: time) -> datetime | None:
        """A slide's start or end: days from today, or a Saturday."""
        if given is None:
            return None
        if isinstance(given, int):
            return self.zone.instant(self.day(given), clock)
        return self.zone.instant(self.saturday(int(given.removeprefix("saturday") or 0)), clock)

    def written(self, text: str) -> str:
        """The text with its dates."""
        return _MARK.sub(lambda found: self._said(found[1], int(found[2] or 0)), text)

    def _said(self, name: str, shift: int) -> str:
        today = self.day()
        month = date(today.year + (today.month - 1 + shift) // 12, (today.month - 1 + shift) % 12 + 1, 1)
        end = date(month.year + month.month // 12, month.month % 12 + 1, 1) - timedelta(days=1)
        quarter = self.quarter(shift)
        named: Mapping[str, Callable[[], str]] = {
            "day": lambda: _short(self.day(shift)), "iso": lambda: self.day(shift).isoformat(),
            "monthend": lambda: end.isoformat(), "share": lambda: str(round(month.month * 100 / 12)),
            "saturday": lambda: _short(self.saturday(shift)),
            "month": lambda: f"{month.month}月", "monthyear": lambda: f"{month.year}", "year": lambda: f"{today.year + shift}",
            "quarter": lambda: f"{quarter // 4}年{'一二三四'[quarter % 4]}季度",
        }
        return named[name]()


@dataclass
class Scene:
    """Who and what is there while the office is being made."""

    session: Session
    parts: Parts
    calendar: Calendar
    units: dict[str, Unit] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    leaders: list[Actor] = field(default_factory=list)
    boards: dict[str, Board] = field(default_factory=dict)
    slides: dict[str, dict[int, Slide]] = field(default_factory=dict)  # by playlist and place in it

    @property
    def founded(self) -> datetime:
        return self.calendar.worked(FOUNDED, time(9), 0)

    def author(self, unit: Unit) -> Actor:
        """The unit's own editor, else the office's."""
        editors = [actor for actor in self.actors.values() if Role.EDITOR in actor.scope]
        return next((actor for actor in editors if actor.unit_id == unit.id), editors[0])


def build(parts: Parts, *, url: str, at: datetime) -> Office:
    """Make the demo office in an empty data folder, or renew the keys of the one that is there."""
    with parts.database.write() as session:
        if people.office(session) is None:
            _make(Scene(session, parts, Calendar(at, parts.zone)))
            _record(session, parts.zone)
        office = _keys(session, url, at)
        manifest.refresh(session, parts.press, at=at)
    return office


def _record(session: Session, zone: Zone) -> None:
    """What was approved is disclosed before the first refs move, or everything would stand there as overdue until the journal is read."""
    records.record_all(session, session.scalars(select(journal.Entry).order_by(journal.Entry.seq)).all(), zone, days.calendar(session))


def _make(scene: Scene) -> None:
    office = tomllib.loads((FOLDER / "office.toml").read_text(encoding="utf-8"))
    _add_units(scene, office)
    _add_people(scene, office["person"])
    starter.lay(scene.session, by=None, at=scene.founded, since=scene.parts.zone.day(scene.founded))
    _add_boards(scene, office["board"])
    _tell([_story(scene, name, entry, number) for name in (each["slides"] for each in office["playlist"])
           for number, entry in enumerate(_entries(scene.calendar, name))] + [_note(scene, row) for row in office["happening"]])
    _add_playlists(scene, office["playlist"])
    _add_campaigns(scene, office["daypart"], office["campaign"])
    journal.record(scene.session, BUILT, "demo", by=None, at=scene.calendar.at, boards=[board.id for board in scene.boards.values()],
                   people=[actor.id for actor in scene.actors.values()])


def _keys(session: Session, url: str, at: datetime) -> Office:
    """New passwords and tokens for those whom the demo made; nobody else's are touched."""
    built = session.scalars(select(journal.Entry).where(journal.Entry.verb == BUILT)).first()
    if built is None:
        raise Conflict("这个数据文件夹里已经有一个真的单位，不能拿来演示。请用 --data 换一个空文件夹。")
    living = [board for board in boards.boards(session) if board.id in built.data["boards"]]
    known = [person for person in (people.person(session, id) for id in built.data["people"]) if person.active]
    return Office(url=url, boards=[_board_key(session, board, url, at) for board in living],
                  people=[_person_key(session, person, at) for person in known])


def _board_key(session: Session, board: Board, url: str, at: datetime) -> BoardKey:
    token = boards.renew_token(session, board, by=None, at=at)
    return BoardKey(name=board.name, url=f"{url}/board#{token}", id=board.id, token=token)


def _person_key(session: Session, person: people.Person, at: datetime) -> PersonKey:
    actor = people.actor(session, person)
    password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    people.set_password(session, person, password, at=at)
    for token in people.tokens(session, person):
        if token.name == KEY:
            people.end_token(session, token.id, by=actor, at=at)
    roles = sorted(role.value for role in actor.roles)
    return PersonKey(role=roles[0] if roles else "", login=person.login, password=password,
                     token=people.make_token(session, person, KEY, at=at), post=person.post)


def _add_units(scene: Scene, office: Mapping[str, Any]) -> None:
    shared = {"phone": office["phone"], "hours": office["hours"]}
    root = people.add_unit(scene.session, kind=UnitKind.OFFICE, parent=None, by=None, at=scene.founded, **office["office"], **shared)
    scene.units[root.name] = root
    for kind in (UnitKind.DEPARTMENT, UnitKind.COMMUNITY):
        for each in office[kind.value]:
            made = people.add_unit(scene.session, kind=kind, parent=root, by=None, at=scene.founded, **each, **shared)
            scene.units[made.name] = made


def _add_people(scene: Scene, rows: Sequence[Mapping[str, Any]]) -> None:
    """Administrator and first leader found the office; the other approving roles need the leader's consent, as ever."""
    session, at = scene.session, scene.founded
    first: dict[Role, Actor] = {}
    for row in sorted(rows, key=lambda row: (Role(row["role"]) is not Role.ADMINISTRATOR, Role(row["role"]) is not Role.LEADER)):
        role, unit = Role(row["role"]), scene.units[row["unit"]]
        founding = role in (Role.ADMINISTRATOR, Role.LEADER) and role not in first
        giver = None if founding else first[Role.ADMINISTRATOR]
        person = people.add_person(session, login=row["login"], post=row["post"], unit=unit, by=giver, at=at)
        grant = people.grant(session, person, role, unit, by=giver, at=at, founding=founding)
        if grant.pending:
            people.consent(session, grant, by=first[Role.LEADER], at=at)
        session.flush()
        first.setdefault(role, people.actor(session, person))
    by_login = {person.login: people.actor(session, person) for person in people.people(session)}
    scene.actors = {row["login"]: by_login[row["login"]] for row in rows}
    scene.leaders = [actor for actor in scene.actors.values() if Role.LEADER in actor.scope]


def _add_boards(scene: Scene, rows: Sequence[Mapping[str, Any]]) -> None:
    session, at = scene.session, scene.calendar.worked(FOUNDED - 1, time(14), 0)
    by = next(actor for actor in scene.actors.values() if Role.ADMINISTRATOR in actor.scope)
    root = next(iter(scene.units.values()))
    for row in rows:
        placing = Placing(row["name"], panel_of(row["inches"], *row["pixels"]), row["theme"], row.get("elder", False))
        scene.boards[row["name"]] = boards.add(session, placing, unit=scene.units[row["unit"]], token_hash="", by=by, at=at)
    for name in dict.fromkeys(row["group"] for row in rows):
        group = boards.add_group(session, name, unit=root, by=by, at=at)
        boards.set_members(session, group, [scene.boards[row["name"]] for row in rows if row["group"] == name], by=by, at=at)


def _add_playlists(scene: Scene, rows: Sequence[Mapping[str, Any]]) -> None:
    session, at = scene.session, scene.calendar.at
    groups = {group.name: group for group in boards.groups(session)}
    root = next(iter(scene.units.values()))
    for row in rows:
        shown = [slide for _, slide in sorted(scene.slides[row["slides"]].items())]
        hung = [scene.boards[name] for name in row.get("boards", ())]
        unit = hung[0].unit if hung else root
        by = scene.author(unit if all(slide.unit_id == unit.id for slide in shown) else root)
        made = playlists.make(session, row["name"], unit=unit, by=by, at=at)
        playlists.set_items(session, made, [Entry(slide.id) for slide in shown], by=by, at=at)
        playlists.place(session, made, groups=[groups[name] for name in row.get("groups", ())], boards=hung, by=by, at=at)


def _add_campaigns(scene: Scene, named: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> None:
    """Hours that have a name; lists of slides that hang already, which play at hours of their own."""
    session, at, root = scene.session, scene.calendar.at, next(iter(scene.units.values()))
    by, groups = scene.author(root), {group.name: group for group in boards.groups(session)}
    dayparts = {row["name"]: campaigns.add_daypart(session, row["name"], _hours(row["hours"]), unit=root, by=by, at=at) for row in named}
    by_title = {(name, slide.latest.title): slide for name, held in scene.slides.items() for slide in held.values()}
    for row in rows:
        made = playlists.make(session, row["name"], unit=root, by=by, at=at)
        shown = [by_title[name, title] for name, titles in row["slides"].items() for title in titles]
        playlists.set_items(session, made, [Entry(slide.id) for slide in shown], by=by, at=at)
        day = scene.calendar.saturday() + timedelta(days=row["day"]) if "day" in row else None
        rule = Rule(Days(row.get("days", "all")), hours=_hours(row.get("hours", ())), first=day, last=day)
        plan = Plan(rule, Level[row.get("level", "usual").upper()], dayparts.get(row.get("daypart", "")),
                    [groups[name] for name in row["groups"]])
        campaigns.add(session, made, plan, by=by, at=at)


def _hours(rows: Sequence[Sequence[str]]) -> tuple[Hours, ...]:
    """From ["9:00", "12:00"] to minutes of the day."""
    def minute(text: str) -> int:
        hour, rest = text.split(":")
        return int(hour) * 60 + int(rest)
    return tuple(Hours(minute(start), minute(end)) for start, end in rows)


def _entries(calendar: Calendar, name: str) -> list[dict[str, Any]]:
    """The slides of a file, each with what the file's head says for all."""
    read = tomllib.loads((FOLDER / "slides" / f"{name}.toml").read_text(encoding="utf-8"))
    head = {key: value for key, value in read.items() if key != "slide"}
    entries: list[dict[str, Any]] = _dated(calendar, [{**head, **entry} for entry in read["slide"]])
    return entries


def _dated(calendar: Calendar, value: Any) -> Any:
    if isinstance(value, str):
        return calendar.written(value)
    if isinstance(value, list):
        return [_dated(calendar, each) for each in value]
    return {key: _dated(calendar, each) for key, each in value.items()} if isinstance(value, dict) else value


def _tell(stories: Sequence[Story]) -> None:
    """All stories at once, each act in the order of its day."""
    waiting = [(next(story), number, story) for number, story in enumerate(stories)]
    heapq.heapify(waiting)
    while waiting:
        _, number, story = heapq.heappop(waiting)
        if (later := next(story, None)) is not None:
            heapq.heappush(waiting, (later, number, story))


def _story(scene: Scene, playlist: str, entry: Mapping[str, Any], number: int) -> Story:
    """How one slide came to be as it is: yields the moment of each act before it is done."""
    session, unit = scene.session, scene.units[entry["unit"]]
    author, leader = scene.author(unit), scene.leaders[number % len(scene.leaders)]
    ago, state = entry["days"], entry.get("state", "approved")
    yield (at := scene.calendar.worked(ago, time(10, number % 50), 190 - number))
    slide = slides.make(session, _kind(entry), _draft(scene, entry), unit=unit, by=author, at=at)
    if "picture" in entry:
        picture = demo_pictures.media(scene.parts.store, entry["picture"], entry["title"], scene.calendar.day(-entry["days"]))
        slides.fill(session, slide.latest, picture, at=at)
    if "topic" in entry:
        _file(scene, slide, entry["topic"], author, at)
    if state == "draft":
        return
    scene.slides.setdefault(playlist, {})[number] = slide
    yield (at := scene.calendar.worked(ago, time(11, number % 50), 130 - number))
    filing.submit(session, slide.latest, by=author, at=at)
    if state == "submitted":
        return
    if review.missing_steps(session, slide.latest):
        yield (at := scene.calendar.worked(ago, time(13, number % 50), 95 - number))
        _check(scene, slide, leader, at)
    yield (at := scene.calendar.worked(ago, time(15, number % 50), 60 - number))
    if state == "returned":
        review.send_back(session, slide.latest, entry["reason"], by=leader, at=at)
        return
    review.approve(session, slide.latest, by=leader, at=at, almanac=objections.almanac(session, scene.calendar.zone))
    if state == "recalled":
        yield (at := scene.calendar.worked(ago, time(16, 10), 30))
        manifest.recall(session, slide, entry["reason"], by=author, at=at)
    if "change" in entry:
        change = entry["change"]
        yield (at := scene.calendar.worked(change["days"], time(16, 30), 30))
        filing.submit(session, slides.revise(session, slide, _draft(scene, {**entry, **change}), by=author, at=at), by=author, at=at)


def _file(scene: Scene, slide: Slide, code: str, author: Actor, at: datetime) -> None:
    """Under its topic; of a periodic one for the period that ended last."""
    topic, day = topics.by_word(scene.session, code), scene.calendar.zone.day(at)
    assert topic is not None
    period = deadlines.end_before(deadlines.Cadence(topic.cadence), day) if topic.cadence in deadlines.PERIOD_MONTHS else None
    filing.file(scene.session, slide, filing.Told(topic.id, formed_on=day, period_end=period), by=author, at=at)


def _note(scene: Scene, row: Mapping[str, Any]) -> Story:
    """Something has happened and is not disclosed yet."""
    topic, unit = topics.by_word(scene.session, row["topic"]), scene.units[row["unit"]]
    assert topic is not None
    yield (at := scene.calendar.worked(row["days"], time(9, 30), 60))
    day = scene.calendar.zone.day(at)
    records.note(scene.session, topic, unit, deadlines.Trigger.FORMED, day, row["note"], by=scene.author(unit), at=at, today=day)


def _check(scene: Scene, slide: Slide, leader: Actor, at: datetime) -> None:
    """Every check before the leader, by somebody who may and wrote nothing of it."""
    for step in review.missing_steps(scene.session, slide.latest):
        by = next(actor for actor in scene.actors.values() if actor.id != leader.id and review.is_second_person(slide.latest, actor)
                  and people.may(actor, STEP_ACTIONS[step], slide.unit_id))
        review.check(scene.session, slide.latest, step, list(TICKS[step]), by=by, at=at)


def _draft(scene: Scene, entry: Mapping[str, Any]) -> Draft:
    root = next(iter(scene.units))
    audience = tuple(scene.units[name].id for name in entry.get("audience", (root,)))
    calendar = scene.calendar
    return Draft(entry["title"], entry["column"], _data(scene, entry), calendar.edge(entry.get("start"), time(0)),
                 calendar.edge(entry.get("end"), time(23, 59)), audience)


def _kind(entry: Mapping[str, Any]) -> str:
    return "media" if "picture" in entry else str(entry.get("kind", "notice"))


def _data(scene: Scene, entry: Mapping[str, Any]) -> dict[str, Any]:
    kind = _kind(entry)
    if kind == "media":
        return {}  # filled once the slide is made
    if kind == "finance":
        return _quarter(scene.calendar.quarter(-1), entry)
    if kind == "table":
        return {**plain.cells_of(entry["body"].replace(" | ", "\t")), "unit": "", "lead": entry.get("side", ""), "note": "", "reasons": {}}
    if kind != "notice":
        return fields.typed(KINDS[kind].FORM, {**entry.get("fields", {}), **_rows(entry)})
    words, phone = entry.get("strip", ("", ""))
    return {"lead": entry.get("lead", ""), "blocks": plain.blocks_of(entry["body"]), "side": entry.get("side"),
            "strip": {"text": words, "phone": phone} if words else None}


def _rows(entry: Mapping[str, Any]) -> dict[str, str]:
    """Lines whose first one names the fields, as a form would send them."""
    found: dict[str, str] = {}
    for name, text in entry.get("rows", {}).items():
        for at, row in enumerate(_lines(text)):
            found |= {f"{name}.{at}.{field}": cell for field, cell in row.items()}
    return found


def _lines(text: str) -> list[dict[str, str]]:
    head, *rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def _quarter(number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A quarter's sheet from a year's figures: sums, running totals and the balance follow, so that it adds up in any quarter."""
    year, at = divmod(number, 4)
    figures = ("budget", "before", "q1", "q2", "q3", "q4")
    rows: list[dict[str, Any]] = [{**row, **{name: fields.fen(row[name], "万元") or 0 for name in figures}}
                                  for row in _lines(entry["rows"]["lines"])]

    def line(name: str, group: str, level: str, parts: Sequence[Mapping[str, Any]], why: str) -> dict[str, Any]:
        quarters = [sum(part[each] for part in parts) for each in ("before", "q1", "q2", "q3", "q4")]
        return {"name": name, "group": group, "level": level, "budget": sum(part["budget"] for part in parts), "quarter": quarters[at + 1],
                "total": sum(quarters[1:at + 2]), "last": quarters[at], "last_total": sum(quarters[1:at + 1]), "why": why}

    groups = {row["group"]: [part for part in rows if part["group"] == row["group"]] for row in rows}
    lines = [each for group, parts in groups.items()
             for each in (line(f"{group}合计", group, "合计", parts, ""),
                          *(line(part["name"], group, "分项", [part], part["why"]) for part in parts))]
    told: dict[str, Any] = {"year": year, "quarter": "一二三四"[at] + "季度", "unit": "万元", "lines": lines, "note": "", "reasons": {}}
    if "opening" in entry:
        start = fields.fen(entry["opening"], "万元") or 0
        come, gone = (next(each for each in lines if each["name"] == f"{group}合计") for group in ("收入", "支出"))
        opening = start + come["last_total"] - gone["last_total"]
        told |= {"opening": opening, "last_closing": opening, "closing": opening + come["quarter"] - gone["quarter"]}
    return told


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"
