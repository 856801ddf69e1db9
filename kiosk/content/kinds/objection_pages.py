"""The pages of a 公示: rows on one side, on every page the day counter and where to object on the other. Pure; lengths in u.

Every day has its pages, each true on that day alone, so that the board counts on by itself at the office's midnight. Where a page
cannot hold counter and rows side by side they stand above each other, then as two lines, and at last as words that run on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from kiosk.content import cards, layout, tables, typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Sheet
from kiosk.content.layout import BODY, LABEL, LABEL_LINE, LINE, Room
from kiosk.content.tables import Table
from kiosk.content.typeset import Atom

SIDES, APART = (78, 70, 64), 8  # the column of counter and phone beside the rows, and the air between
PAD, AIR = 4, 3  # inside a frame at its sides; between counter, rows and frame
PHONES = (10.0, BODY)
FIGURE, FIGURE_LINE = 20.0, 20
BARE = 3  # where nothing stands below the figure: its face reaches further than its line
WORDS = 14.0  # 今天挂出, 今天不计
ASK, ASK_LINE = "有异议请打", 8
PLACE_LINE = 11
BOX, WIDEST, BOX_HIGH = 7, 14, 11
LEAST = 31.0  # a head and two rows
NARROW = 80.0  # rows beside a counter want at least so much
AIRY = 4
# What a page more is worth: place and hours on the last page only, no boxes, the sentence behind the rows, counter as a line.
TOLD, NO_BOXES, BEHIND, AS_LINES = (0.9, 0.3, 0.0), 1.1, 0.6, 3.0


@dataclass(frozen=True)
class Shown:
    """What the pages say, whatever the day. `days` None: as the topic demands, not filled in yet."""

    matter: str
    side: Sequence[str]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: Sequence[str]
    days: int | None
    working: bool
    phone: str
    place: str
    hours: str
    answers: str
    basis: str
    note: str = ""

    @property
    def total(self) -> str:
        return f"共{self.days}{'个工作日' if self.working else '天'}" if self.days else ""

    @property
    def table(self) -> Table:
        return Table(self.head, self.rows, self.align, total=[False] * len(self.rows))


@dataclass(frozen=True)
class Day:
    """The counter of one day: it is the `n`-th that counts, or `words` say why none does. `done`: how many boxes are full; `now`: the
    box of today."""

    n: int
    words: str
    boxes: Sequence[str]
    done: int
    now: int | None
    span: str

    @property
    def said(self) -> str:
        return self.words or f"公示第{self.n}天"


@dataclass(frozen=True)
class Plan:
    """A way of laying it out: beside, above or lines; the room for the rows; how wide and high counter and frame are.

    `told`: what stands in the frame beside the phone: 2 place and hours, 1 the place, 0 nothing; the rest follows the rows.
    """

    name: str
    room: Room
    told: int
    wide: int
    counter: int
    frame: int
    box: int
    phone: int
    beside: bool
    one: bool
    when: Sequence[str]
    place: Sequence[str]
    hours: Sequence[str]


def sheets(shown: Shown, title: str, geometry: Geometry, run: Mapping[str, Any] | None) -> list[Sheet]:
    """The pages of every day, or of no day in particular while nothing is approved."""
    days = list(_days(run)) if run else [(None, None, _pending(shown))]
    chosen = min(_laid(shown, title, geometry, days[0][2]), key=lambda each: each[0], default=None)
    if chosen is None:
        return [sheet for start, end, day in days for sheet in _plain(shown, title, geometry, day, start, end)]
    _, plan, pages = chosen
    drawn = {"plan": plan.name, "frame": _frame(plan, shown)}
    return [Sheet({**plan.room.head, **drawn, "atoms": atoms, "counter": _counter(plan, shown, day)}, start=start, end=end)
            for start, end, day in days for atoms in pages]


# --- the days -----------------------------------------------------------------------------------------------------------

def _days(run: Mapping[str, Any]) -> Iterator[tuple[date, date, Day]]:
    first, days = date.fromisoformat(run["first"]), [date.fromisoformat(day) for day in run["days"]]
    span, boxes = _span(first, days[-1]), [str(day.day) for day in days]
    for at in range((days[-1] - first).days + 1):
        today = first + timedelta(at)
        n = sum(day <= today for day in days)
        counts = today in days
        words = "" if counts else "今天不计" if at else "今天挂出"
        yield today, today + timedelta(1), Day(n, words, boxes, n - counts, n - 1 if counts else None, span)


def _pending(shown: Shown) -> Day:
    return Day(0, "公示", [str(at) for at in range(1, (shown.days or 0) + 1)], 0, None, "挂出次日起算")


def _span(first: date, last: date) -> str:
    if first.year != last.year:
        return f"{first.year}年{first.month}月{first.day}日—{last.year}年{last.month}月{last.day}日"
    return f"{first.month}月{first.day}日—{f'{last.month}月' if last.month != first.month else ''}{last.day}日"


# --- the ways to lay it out -----------------------------------------------------------------------------------------------

def _laid(shown: Shown, title: str, geometry: Geometry, day: Day) -> Iterator[tuple[float, Plan, list[list[Atom]]]]:
    """Every way that fits, with its pages and what they cost: as few as may be, and on each as much as may be."""
    for plan in _plans(shown, title, geometry, day):
        broken = tables.broken(shown.table, plan.room)
        if all(isinstance(part, tables.Part) for part in broken):
            for ahead in (True, False):
                pages = _paged(shown, plan, broken, ahead)
                less = (TOLD[plan.told], 0 if plan.box else NO_BOXES, 0 if ahead else BEHIND, AS_LINES if plan.name == "lines" else 0)
                yield len(pages) + sum(less), plan, pages


def _plans(shown: Shown, title: str, geometry: Geometry, day: Day) -> Iterator[Plan]:
    high = layout.height_of(geometry)
    for side in SIDES if geometry.orientation == "landscape" else ():
        room = layout.room(title, list(shown.side), replace(geometry, w=geometry.w - side - APART))
        for boxes, told in _CHOICES if room.w >= NARROW and room.h >= LEAST else ():
            plan = _plan(shown, room, "beside", side, day, boxes, told)
            if plan is not None and plan.counter + AIR + plan.frame <= high:
                yield plan
    room = layout.room(title, list(shown.side), geometry)
    for name, choices in (("above", _CHOICES), ("lines", ((False, 0),))):
        for boxes, told in choices:
            plan = _plan(shown, room, name, int(room.w), day, boxes, told)
            if plan is not None and plan.room.h >= (LEAST if told == 0 else LEAST + tables.ROW):
                yield plan


_CHOICES = tuple((boxes, told) for told in (2, 1, 0) for boxes in (True, False))


def _plan(shown: Shown, room: Room, name: str, wide: int, day: Day, boxes: bool, told: int) -> Plan | None:
    """None where a figure, the phone or the boxes find no room across."""
    inner = wide - 2 * PAD
    box = _box(len(day.boxes), inner) if boxes else 0
    size, beside = _ask(shown.phone, inner)
    when = _when(day, shown, inner)
    if not size or (boxes and not box) or _big(shown, day, name) > inner:
        return None
    one = len(when) == 1 and typeset.width(f"公示第{shown.days or 0}天", BODY, 700) + 4 + typeset.width(when[0], LABEL, 700) <= inner
    place = typeset.lines(shown.place, inner, BODY, 700) if told else []
    hours = typeset.lines(shown.hours, inner, LABEL) if told == 2 else []
    ask = LINE if beside else ASK_LINE + LINE
    if name == "lines":
        counter, frame = LINE + (0 if one else LABEL_LINE * len(when)), ask + 4
    else:
        below = BOX_HIGH + 1 if boxes else 0 if name == "beside" else BARE
        counter = FIGURE_LINE + (LABEL_LINE * len(when) if name == "beside" else 0) + below + 5
        frame = ask + PLACE_LINE * len(place) + LABEL_LINE * len(hours) + 5
    left = room if name == "beside" else replace(room, h=room.h - counter - frame - 2 * AIR)
    return Plan(name, left, told, wide, int(counter), int(frame), box, int(size), beside, one, when, place, hours)


def _ask(phone: str, inner: float) -> tuple[float, bool]:
    """How large the phone is, and whether it stands on the line that asks; 0 where it fits no line."""
    for beside in (True, False):
        free = inner - (typeset.width(ASK, BODY) + 4 if beside else 0)
        if size := next((size for size in PHONES if _phone(phone, size) <= free), 0.0):
            return size, beside
    return 0.0, False


def _big(shown: Shown, day: Day, name: str) -> float:
    """How wide the large line is, with the dates at its side where they stand there."""
    figure = typeset.width("公示第天", BODY, 700) + typeset.width(str(shown.days or 7), FIGURE, 700) + 4
    beside = max(typeset.width(word, LABEL, 700) for word in (day.span, shown.total)) + 4 if name == "above" else 0.0
    return max(figure, 4 * WORDS) + beside


def _when(day: Day, shown: Shown, inner: float) -> list[str]:
    """First and last day and how many: on one line where they fit."""
    words = [word for word in (day.span, shown.total) if word]
    whole = " ".join(words)
    if typeset.width(whole, LABEL, 700) <= inner:
        return [whole]
    return [line for word in words for line in typeset.lines(word, inner, LABEL, 700)]


def _box(count: int, inner: int) -> int:
    """How wide the box of a day is; 0 where they find no room."""
    wide = (inner - (count - 1)) // count if count else 0
    return min(wide, WIDEST) if wide >= BOX else 0


def _phone(phone: str, size: float) -> float:
    """How wide the phone is; masked digits stand closer."""
    closer = sum(len(piece) - 1 for piece, masked in cards.masked(phone) if masked)
    return typeset.width(phone, size, 700) - cards.MASK * closer


# --- what is drawn ----------------------------------------------------------------------------------------------------------

def _counter(plan: Plan, shown: Shown, day: Day) -> dict[str, Any]:
    states = ["now" if at == day.now else "done" if at < day.done else "coming" for at in range(len(day.boxes))]
    return {"high": plan.counter, "wide": plan.wide, "words": day.words, "n": str(day.n), "when": plan.when, "said": day.said,
            "one": plan.one, "apart": [word for word in (day.span, shown.total) if word], "box": plan.box,
            "boxes": list(zip(day.boxes, states, strict=True)) if plan.box else []}


def _frame(plan: Plan, shown: Shown) -> dict[str, Any]:
    return {"high": plan.frame, "wide": plan.wide, "ask": ASK, "phone": cards.masked(shown.phone), "size": plan.phone,
            "beside": plan.beside, "place": plan.place, "hours": plan.hours}


def _paged(shown: Shown, plan: Plan, broken: tables.Set, ahead: bool) -> list[list[Atom]]:
    """Rows, and what stands before and behind them, on as few pages as they take, with as much air as makes no page more."""
    drawn = [typeset.even(_atoms(shown, plan.room, plan.told, [], broken, ahead, air), plan.room.h) for air in (0, AIRY)]
    return min(reversed(drawn), key=len)


def _atoms(shown: Shown, room: Room, told: int, above: Sequence[Atom], broken: tables.Set, ahead: bool = True, air: int = 0) -> list[Atom]:
    matter = layout.text_atoms("lead", shown.matter, room.w, room.few(), gap=0.0 if ahead else 2.0)
    lead = [*above, *matter] if ahead else list(above)
    left, fresh = tables.left_of(lead, room)
    rows = tables.placed(broken, room, left, fresh=fresh, air=air)
    return [*lead, *rows, *([] if ahead else matter), *_behind(shown, room, told)]


def _behind(shown: Shown, room: Room, told: int) -> list[Atom]:
    """Where to go and when, as far as it does not stand on every page; who answers and what it rests on."""
    found: list[Atom] = []
    if told < 1:
        found += layout.text_atoms("paragraph", f"提异议到：{shown.place}", room.w, room.few(), weight=700, gap=2.0)
    if told < 2:
        found += layout.text_atoms("paragraph", f"受理时间：{shown.hours}", room.w, room.few(), gap=2.0 if told else 0.0)
    told_in_full = (shown.note, f"异议由{shown.answers}答复", f"依据：{shown.basis}" if shown.basis else "")
    note = "。".join(word for word in told_in_full if word)
    return [*found, *layout.text_atoms("note", note, room.w, room.few(LABEL_LINE), size=LABEL, line=LABEL_LINE, gap=2.0)]


def _plain(shown: Shown, title: str, geometry: Geometry, day: Day, start: date | None, end: date | None) -> list[Sheet]:
    """Where a page holds no counter: everything as words that run on, the days and the phone first."""
    room, side = layout.room(title, list(shown.side), geometry), ""
    if room.h < 24:
        room, side = layout.room(title, "", geometry), " ".join(shown.side)
    when = "，".join(word for word in (day.said, day.span, shown.total) if word)
    words = [("told", when), ("told", f"{ASK} {shown.phone}"), ("lead", side)]
    above = [atom for name, text in words if text
             for atom in layout.text_atoms(name, text, room.w, room.few(), weight=700 if name == "told" else 500)]
    atoms = _atoms(shown, room, 0, above, tables.broken(shown.table, room))
    return layout.sheets(room, atoms, start=start, end=end, plan="plain", counter=None, frame=None)
