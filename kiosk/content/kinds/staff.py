"""staff: who does what: leaders' division of work, a department's duties; who stands in while somebody is on leave.

A leave changes the board by itself: every stretch of days between the edges of leaves has pages of its own. A photo is a picture
that was uploaded and converted here; `photos` keeps what is known of each (slides.with_photos fills it in).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import cards, fields, layout, typeset
from kiosk.content.cards import Face
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of
from kiosk.content.layout import Room
from kiosk.content.typeset import Atom

PERSONS_MOST, LEAVES_MOST = 60, 20
FIRST_YEAR, LAST_YEAR = 2000, 2100
LEAST = 30.0
LEADERS, STAFF = N_("领导分工"), N_("科室职责")
PHOTO_KEYS = ("size", "type", "width", "height")
_SHA = re.compile(r"[0-9a-f]{64}")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[\s-]?[\d×*]{4}[\s-]?\d{4}(?!\d)")


@dataclass(frozen=True)
class Staff:
    """Persons by their posts, in order of rank as filed."""

    style: str
    persons: tuple[Mapping[str, Any], ...]
    photos: Mapping[str, Mapping[str, Any]]
    reasons: Mapping[str, str]

    name: ClassVar[str] = "staff"
    label: ClassVar[str] = N_("领导分工、科室职责")
    FORM: ClassVar[Form] = (
        Field("style", N_("版式"), "choice", options=(LEADERS, STAFF)),
        Rows("persons", N_("人员"), (
            Field("post", N_("岗位"), most=24, needed=True, hint=N_("写职务，不写姓名"), heads=("职务", "岗位名称", "职位")),
            Field("duties", N_("分管或负责"), "text", most=160, needed=True,
                  heads=("分管工作", "负责工作", "工作职责", "职责", "分工")),
            Field("window", N_("窗口"), most=16, heads=("办公地点", "地点", "窗口号")),
            Field("phone", N_("办公电话"), "phone", most=20, heads=("电话", "联系电话")),
            Field("photo", N_("照片"), most=64),
            Field("leave_from", N_("休假从"), "day", heads=("休假开始",)),
            Field("leave_to", N_("休假到"), "day", hint=N_("最后一天休假，第二天起屏上自己换回来"), heads=("休假结束",)),
            Field("substitute", N_("请找"), most=24, hint=N_("休假时请找的岗位"), heads=("代班岗位", "替班")),
            Field("substitute_window", N_("代班窗口"), most=16),
            Field("substitute_phone", N_("代班电话"), "phone", most=20),
        ), most=PERSONS_MOST, least=1))
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        made = fields.check(cls.FORM, {name: value for name, value in data.items() if name not in ("reasons", "photos")})
        persons = tuple(made["persons"])
        if faults := [fault for at, person in enumerate(persons) for fault in _faults(at, person)]:
            raise Faults(faults)
        if (count := sum(1 for person in persons if leave_of(person))) > LEAVES_MOST:
            raise Invalid("persons", N_("休假最多同时记 %(most)s 人，现在 %(count)s 人。请把过去的休假清掉。"),
                          most=LEAVES_MOST, count=count)
        return cls(made["style"], persons, _photos(data.get("photos"), {person["photo"] for person in persons}), reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {"style": self.style, "persons": [dict(person) for person in self.persons],
                "photos": {sha: dict(each) for sha, each in sorted(self.photos.items())}, "reasons": dict(self.reasons)}

    def text(self) -> str:
        names = ("post", "duties", "window", "phone", "substitute", "substitute_window", "substitute_phone")
        return "\n".join(" ".join(person[name] for name in names if person[name]) for person in self.persons)

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return differences(cls.FORM, _named_photos(cls.parse(old)), _named_photos(cls.parse(new)))

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        found = [doubt for at, person in enumerate(self.persons)
                 for doubt in (*_mobiles(at, person), *self._twice(at, person), *self._leave_doubts(at, person))]
        return list({doubt.key: doubt for doubt in found}.values())

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        """For each stretch of days between the edges of leaves the pages that are true then."""
        room = layout.room(title, f"共{len(self.persons)}人" if self.style == LEADERS else "", geometry)
        if room.h < LEAST:  # a long title on a small page
            room = layout.room(title, "", geometry)
        faces = [(self._face(person, away=False), self._face(person, away=True) if leave_of(person) else None) for person in self.persons]
        grid = cards.grid(faces, room, leaders=self.style == LEADERS)
        same: dict[tuple[int, ...], dict[str, Any]] = {}  # a page that is the same on other days is drawn once
        return [sheet for start, end in stretches(self.persons) for sheet in self._version(faces, grid, room, start, end, same)]

    def _version(self, faces: Sequence[tuple[Face, Face | None]], grid: cards.Grid | None, room: Room, start: date | None,
                 end: date | None, same: dict[tuple[int, ...], dict[str, Any]]) -> list[Sheet]:
        shown = [(away if away and on_leave(person, start) else work) for person, (work, away) in zip(self.persons, faces, strict=True)]
        if grid is None:
            return layout.sheets(room, [atom for face in shown for atom in _plain(face, room)], start=start, end=end)
        found = []
        for atoms in cards.pages(grid, shown):
            stand = tuple(id(card) for atom in atoms for card in atom.content["cards"])
            values = same.setdefault(stand, {**room.head, "atoms": atoms})
            found.append(Sheet(values, media=tuple(dict.fromkeys(cards.photos(atoms))), start=start, end=end))
        return found

    def _face(self, person: Mapping[str, Any], *, away: bool) -> Face:
        """What the card of a person says at work or on leave; on leave the way leads to the substitute."""
        photo = person["photo"] if person["photo"] in self.photos else ""
        figure = bool(photo) or self.style == STAFF
        if not away:
            return Face(person["post"], person["duties"], person["window"], person["phone"], photo, figure)
        leave = leave_of(person)
        assert leave is not None
        if not person["substitute"]:
            return Face(person["post"], person["duties"], person["window"], person["phone"], photo, figure, _badge(*leave))
        window, phone = self._reached(person)
        return Face(person["post"], person["duties"], window, phone, photo, figure, _badge(*leave), person["substitute"])

    def _reached(self, person: Mapping[str, Any]) -> tuple[str, str]:
        """The substitute's window and phone: as written, else those of the person of that post on this slide."""
        if person["substitute_window"] or person["substitute_phone"]:
            return person["substitute_window"], person["substitute_phone"]
        known = next((each for each in self.persons if each["post"] == person["substitute"]), None)
        return (known["window"], known["phone"]) if known else ("", "")

    def _twice(self, at: int, person: Mapping[str, Any]) -> Iterator[Doubt]:
        if any(each["post"] == person["post"] for each in self.persons[:at]):
            yield Doubt(f"twice:{person['post']}", f"persons.{at}.post", N_("“%(post)s”写了两次。要是两个人，请写清楚分别是谁。"),
                        {"post": person["post"]})

    def _leave_doubts(self, at: int, person: Mapping[str, Any]) -> Iterator[Doubt]:
        post, substitute, leave = person["post"], person["substitute"], leave_of(person)
        told = {"post": post, "substitute": substitute}
        if leave is None:
            if substitute or person["substitute_window"] or person["substitute_phone"]:
                yield Doubt(f"leave:{post}", f"persons.{at}.leave_from", N_("“%(post)s”写了请找谁，没有写哪天休假，屏上不会显示。"), told)
            return
        if not person["leave_to"]:
            yield Doubt(f"leave_to:{post}", f"persons.{at}.leave_to", N_("“%(post)s”没有写休假到哪天，屏上会一直显示休假。"), told)
        if not substitute or substitute == post:
            yield Doubt(f"substitute:{post}", f"persons.{at}.substitute", N_("“%(post)s”休假时请找谁，还没有写。"), told)
            return
        if not any(self._reached(person)):
            yield Doubt(f"reach:{post}", f"persons.{at}.substitute_phone",
                        N_("“%(substitute)s”在几号窗口、电话多少，还没有写，来的人找不到。"), told)
        other = next((each for each in self.persons if each["post"] == substitute), None)
        if other and (away := leave_of(other)) and _meet(leave, away):
            yield Doubt(f"both:{post}", f"persons.{at}.substitute",
                        N_("“%(post)s”休假时请找“%(substitute)s”，可是那几天“%(substitute)s”也休假。"), told)


def leave_of(person: Mapping[str, Any]) -> tuple[date | None, date | None] | None:
    """First and last day of a leave, None where it is open; None if there is none."""
    first, last = (date.fromisoformat(person[name]) if person[name] else None for name in ("leave_from", "leave_to"))
    return (first, last) if first or last else None


def on_leave(person: Mapping[str, Any], day: date | None) -> bool:
    """Whether the person is on leave that day; None: before every day that is named."""
    leave = leave_of(person)
    if leave is None:
        return False
    first, last = leave
    if day is None:
        return first is None
    return (first is None or first <= day) and (last is None or day <= last)


def stretches(persons: Sequence[Mapping[str, Any]]) -> list[tuple[date | None, date | None]]:
    """All days in stretches on which the same persons are on leave: first day and the day after the last, None where open."""
    leaves = [leave for person in persons if (leave := leave_of(person))]
    edges = {first for first, _ in leaves if first} | {last + timedelta(1) for _, last in leaves if last}
    return list(pairwise([None, *sorted(edges), None]))


def _faults(at: int, person: Mapping[str, Any]) -> Iterator[Invalid]:
    if person["photo"] and not _SHA.fullmatch(person["photo"]):
        yield Invalid(f"persons.{at}.photo", N_("照片要从传上来的图片里选。"))
    leave = leave_of(person)
    for name, day in zip(("leave_from", "leave_to"), leave or (), strict=False):
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield Invalid(f"persons.{at}.{name}", N_("“%(post)s”休假的年份 %(year)s 不对。"), post=person["post"], year=day.year)
    if leave and leave[0] and leave[1] and leave[1] < leave[0]:
        yield Invalid(f"persons.{at}.leave_to", N_("“%(post)s”休假到的日子在开始之前。"), post=person["post"])


def _photos(value: Any, named: set[str]) -> dict[str, dict[str, Any]]:
    """What is known of the photos that persons name; others fall away."""
    if not isinstance(value or {}, Mapping):
        raise Invalid("photos", N_("照片要从传上来的图片里选。"))
    made = {sha: {key: each.get(key) for key in PHOTO_KEYS} for sha, each in (value or {}).items()
            if sha in named and isinstance(each, Mapping)}
    for each in made.values():
        if not str(each["type"]).startswith("image/") or len(str(each["type"])) > 40 or not all(
                isinstance(number := each[key], int) and 0 < number < 2**31 for key in ("size", "width", "height")):
            raise Invalid("photos", N_("照片要从传上来的图片里选。"))
    return made


def _named_photos(staff: Staff) -> dict[str, Any]:
    """The data with photos by a short name: nobody reads sixty-four digits."""
    told = staff.stored()
    for person in told["persons"]:
        person["photo"] = person["photo"][:6]
    return told


def _mobiles(at: int, person: Mapping[str, Any]) -> Iterator[Doubt]:
    for name in ("phone", "substitute_phone", "window", "substitute_window", "duties"):
        for number in _MOBILE.findall(person[name]):
            yield Doubt(f"mobile:{number}", f"persons.{at}.{name}", N_("这是个人手机号，请换成办公电话。一定要挂的话，请写明理由。"))


def _meet(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    return (one[0] or date.min) <= (other[1] or date.max) and (other[0] or date.min) <= (one[1] or date.max)


def _badge(first: date | None, last: date | None) -> str:
    """The leave in as few characters as say it: the month only where it changes, the year where a year and more goes by."""
    if first is None or last is None:
        return f"休假 {_day(first)}起" if first else f"休假 至{_day(last)}"
    if first == last:
        return f"休假 {_day(first)}"
    if last - first > timedelta(360):
        return f"休假 {first.year}年{_day(first)}—{last.year}年{_day(last)}"
    return f"休假 {_day(first)}—{last.day}日" if first.month == last.month else f"休假 {_day(first)}—{_day(last)}"


def _day(day: date | None) -> str:
    return f"{day.month}月{day.day}日" if day else ""


def _plain(face: Face, room: Room) -> list[Atom]:
    """Where a page holds no card: post, leave, duties, window and phone below each other."""
    atoms = layout.heading_atoms(face.post, room)
    reach = f"{face.window} {face.phone}".strip()
    apart = typeset.width(reach, layout.BODY, 700) > room.w  # a phone begins a line of its own before it is cut
    for name, text in (("told", face.badge), ("told", face.ask), ("paragraph", face.duties if not face.ask else ""),
                       *(("told", each) for each in ((face.window, face.phone) if apart else (reach,)))):
        if text:
            atoms += layout.text_atoms(name, text, room.w, room.few(), weight=700 if name == "told" else 500)
    return atoms
