"""Compose: what hangs on a board → the JSON of its manifest. It names neither board nor moment; boards of one programme share it.

A slide that should have been renewed (Mark) needs no second drawing: its line names the instant, and the board fills in the sign by its
own clock. Where another page or none is to stand instead, windows end and begin at that instant.

Campaigns are expanded into windows here, whole days ahead, so that boards only compare instants and a day's refreshes make one manifest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import Zone, iso
from kiosk.base.objects import Store
from kiosk.base.workdays import DAY, Calendar
from kiosk.content import pages, running, updating
from kiosk.content.geometry import Geometry, places
from kiosk.content.slides import Revision
from kiosk.content.updating import Updating
from kiosk.signage import rules
from kiosk.signage.campaigns import rule_of
from kiosk.signage.playlists import Item, Level, Placement, Transition
from kiosk.signage.rules import ALWAYS, Days, Rule, Span, hours_of, later, sooner
from kiosk.signage.schedule import MAIN

UPDATING = "updating"  # the kind of an item that stands for a slide without showing it: it proves no play


class Manner(StrEnum):
    """What the wall does with a slide whose time to be renewed has passed."""

    MARK = "mark"  # it goes on, and says that it is being renewed
    CONTACT = "contact"  # another page stands there: whom to ask
    NOTHING = "nothing"


@dataclass(frozen=True)
class Mark:
    """What is known of a slide besides itself. From `turns` on (None: not before the horizon) it should have been renewed, by `due`, and is
    shown in this manner; `confirmed`: the day on which it was last found unchanged; `instead`: the page of CONTACT, one for all slides
    that share it.
    """

    manner: Manner = Manner.MARK
    turns: datetime | None = None
    due: date | None = None
    confirmed: date | None = None
    instead: Updating | None = None

    @property
    def leaves(self) -> datetime | None:
        """When the slide's own pages stop."""
        return None if self.manner is Manner.MARK else self.turns


# Marks of slides, by id, that turn between a moment and a horizon.
Marks = Callable[[Session, Collection[int], datetime, datetime], Mapping[int, Mark]]
PLAIN = Mark()


def no_marks(session: Session, slides: Collection[int], at: datetime, until: datetime) -> Mapping[int, Mark]:
    """Where nobody keeps watch over what hangs."""
    return {}


def state_calendar(session: Session) -> Calendar:
    """Where nobody keeps days of the office's own."""
    return Calendar()


def nothing_stopped() -> Mapping[str, Any] | None:
    """Where nobody can stop all boards."""
    return None


@dataclass(frozen=True)
class Press:
    """What is needed to make manifests: where objects lie, the office's zone, how far ahead windows reach, who knows what is overdue, on
    which days offices are open, whether all boards are stopped, and how long what names persons may hang without the server's word.
    """

    store: Store
    zone: Zone
    horizon: timedelta = timedelta(days=35)
    marks: Marks = no_marks
    calendar: Callable[[Session], Calendar] = state_calendar
    stopped: Callable[[], Mapping[str, Any] | None] = nothing_stopped
    confirm: timedelta = timedelta(hours=24)

    def days(self, at: datetime) -> tuple[date, date]:
        """The first and last day that windows are made for: whole days, one before today for what runs past midnight."""
        return self.zone.day(at) - DAY, self.zone.day(at + self.horizon)


@dataclass(frozen=True)
class Hung:
    """An item on a board: in which zone of the layout, and the spans in which it may play, each with its level."""

    item: Item
    zone: str
    opens: tuple[tuple[int, Span], ...]

    @property
    def name(self) -> str:
        """What its lines are called, the page's number apart: a list may play in two zones at once."""
        return str(self.item.id) if self.zone == MAIN else f"{self.item.id}-{self.zone}"

    @property
    def key(self) -> tuple[Any, ...]:
        item = self.item
        return (item.id, self.zone, item.dwell, item.weight, item.hourly, item.playlist.transition, item.slide.live_id, self.opens)


@dataclass(frozen=True)
class Sheaf:
    """What goes into one manifest. `zones`: the page of each, the main one first; `page`: that of all together; `paces`: for boards in
    step, how long (ms) an item takes on all of them; `power`: when the panel is on, None for always.
    """

    hung: Sequence[Hung]
    marks: Mapping[int, Mark]
    zones: Mapping[str, Geometry]
    layout: str
    at: datetime
    step: bool = False
    paces: Mapping[tuple[int, str], int] = field(default_factory=dict)
    power: tuple[Span, ...] | None = None
    page: Geometry = field(kw_only=True)

    @property
    def key(self) -> tuple[Any, ...]:
        """Boards of equal keys share the manifest."""
        return (tuple((zone, each.key) for zone, each in self.zones.items()), self.layout, self.step, tuple(self.paces.items()), self.power,
                tuple(each.key for each in self.hung))

    def mark(self, item: Item) -> Mark:
        return self.marks.get(item.slide_id, PLAIN)


class Whens:
    """The spans of placements; each campaign is expanded once."""

    def __init__(self, press: Press, calendar: Calendar, at: datetime) -> None:
        self._press, self._calendar, self._days = press, calendar, press.days(at)
        self._spans: dict[int, tuple[Span, ...]] = {}

    def of(self, placement: Placement) -> Iterator[tuple[int, Span]]:
        """Its spans, each with its level."""
        level = Level.GAP if placement.gap else placement.campaign.level if placement.campaign else Level.USUAL
        return ((int(level), span) for span in self._of(placement))

    def _of(self, placement: Placement) -> tuple[Span, ...]:
        campaign = placement.campaign
        if campaign is None:
            return ALWAYS
        if campaign.id not in self._spans:
            self._spans[campaign.id] = rules.spans(rule_of(campaign), *self._days, self._press.zone, self._calendar)
        return self._spans[campaign.id]


class Opening:
    """When units are open, by the hours that count for them (people.opening_of)."""

    def __init__(self, session: Session, zone: Zone, calendar: Calendar) -> None:
        self._session, self._zone, self._calendar = session, zone, calendar

    def spans(self, unit_id: int, first: date, last: date) -> tuple[Span, ...] | None:
        """Of what begins on these days (inclusive); None where nobody said anything, or only that it is never open."""
        found = people.opening_of(self._session, people.unit(self._session, unit_id))
        told = found[1] if found else {}
        spans = [span for days in (Days.WORKING, Days.OFF) if (hours := hours_of(told.get(days.value, ())))
                 for span in rules.spans(Rule(days, hours=hours), first, last, self._zone, self._calendar)]
        return tuple(sorted(spans, key=lambda span: (span.start, span.end))) or None


def manifest(session: Session, press: Press, sheaf: Sheaf) -> tuple[dict[str, Any], set[str]]:
    """The manifest, and every object that it names."""
    page = sheaf.page
    dress = pages.dress(press.store, page.theme)
    made = _Programme(objects={each["sha"]: dict(each) for each in dress.objects})
    for zone, geometry in sheaf.zones.items():
        _fill(session, press, made, _Zone(zone, geometry, sheaf))
    told = {
        "format": 1, "tickers": _tickers(sheaf) if page.ticker else [], "layout": sheaf.layout, "items": made.lines,
        "fallback": made.standing, "windows": [dict(each) for each in made.opened()],
        "objects": sorted(made.objects.values(), key=lambda each: each["sha"]),
        "theme": {"name": page.theme, "styles": list(dress.styles), "fonts": list(dress.fonts)},
        "page": {"w": page.w, "h": page.h, "u": page.u, "orientation": page.orientation},
    }
    if len(sheaf.zones) > 1:
        told["zones"] = {name: {"x": place.x, "y": place.y, "w": place.geometry.w, "h": place.geometry.h}
                         for name, place in zip(sheaf.zones, places(page, sheaf.layout), strict=True)}
    if sheaf.step:
        told["step"] = True
    if sheaf.power is not None:
        told["power"] = [{"from": iso(each.start), "to": iso(each.end)} for each in sheaf.power]
    return told, set(made.objects)


def lasting(session: Session, press: Press, hung: Sequence[Hung], zones: Mapping[str, Geometry],
            at: datetime) -> dict[tuple[int, str], int]:
    """How long (ms) each item takes on pages of these geometries."""
    lasts: dict[tuple[int, str], int] = {}
    for zone, geometry in zones.items():
        mine = [each for each in hung if each.zone == zone]
        drawn = pages.draw_all(session, press.store, {each.item.slide.live for each in mine if each.item.slide.live}, geometry, press.zone)
        for each in mine:
            shown = drawn[each.item.slide.live_id or 0]
            lasts[each.item.id, zone] = sum(_ms(each.item.dwell or page.dwell) for page in pages.showing(shown, at) or shown)
    return lasts


@dataclass
class _Programme:
    """A manifest's items, windows and objects as they gather. `standing`: what fills gaps and has no end."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    windows: dict[tuple[Any, ...], list[str]] = field(default_factory=lambda: defaultdict(list))
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    standing: list[str] = field(default_factory=list)

    def hang(self, name: str, hung: Hung, start: datetime | None, end: datetime | None) -> None:
        """From start to end, as far as the item's spans allow."""
        for level, span in hung.opens:
            for each in rules.both([span], start, end):
                held = self.windows[hung.zone, level, iso(each.start), iso(each.end)]
                if name not in held:
                    held.append(name)
                if level == Level.GAP and each == ALWAYS[0]:
                    self.standing.append(name)

    def add(self, line: dict[str, Any], size: int) -> None:
        self.lines.append(line)
        self.objects[line["html"]] = {"sha": line["html"], "size": size, "type": "text/html"}

    def opened(self) -> Iterator[dict[str, Any]]:
        for (zone, level, start, end), names in self.windows.items():
            yield {"items": names, "from": start, "to": end, "priority": level, **({} if zone == MAIN else {"zone": zone})}


@dataclass(frozen=True)
class _Zone:
    """One zone of a board and what hangs in it."""

    name: str
    geometry: Geometry
    sheaf: Sheaf

    @property
    def hung(self) -> list[Hung]:
        return [each for each in self.sheaf.hung if each.zone == self.name]


def _fill(session: Session, press: Press, made: _Programme, zone: _Zone) -> None:
    lives = {each.item.slide.live for each in zone.hung if each.item.slide.live}
    all_drawn = pages.draw_all(session, press.store, lives, zone.geometry, press.zone)
    asked: dict[Updating, list[str]] = {}
    for hung in zone.hung:
        live = hung.item.slide.live
        assert live is not None
        _hang(made, hung, live, all_drawn[live.id], zone, press)
        if zone.sheaf.mark(hung.item).instead is not None:
            _hang_instead(made, asked, hung, live, zone, press)


def _hang(made: _Programme, hung: Hung, live: Revision, drawn: Sequence[pages.Page], zone: _Zone, press: Press) -> None:
    """The slide's own pages, until it leaves."""
    sheaf, item = zone.sheaf, hung.item
    mark, sizes = sheaf.mark(item), pages.media_of(live.data)
    dwells = _dwells(drawn, item, sheaf.paces.get((item.id, hung.zone)), sheaf.at)
    for number, page in enumerate(drawn, 1):
        start = later(live.start, page.start)
        if _left(mark, start, sheaf.at):
            continue
        name = f"{hung.name}.{number}"
        line = {"kind": live.slide.kind, "page": page.number, "of": page.of, "dwell": dwells[number - 1], "html": page.html,
                "media": list(page.media), "title": live.title}
        if running.names_persons(live):  # a recall must reach it, or the board itself takes it off
            line["confirm"] = int(press.confirm.total_seconds())
        made.add({**_said(hung, live, mark, press.zone), "item": name, **line}, page.size)
        made.hang(name, hung, start, sooner(live.end, page.end, mark.leaves))
        made.objects.update({sha: {"sha": sha, "size": sizes[sha][0], "type": sizes[sha][1]} for sha in page.media})


def _dwells(drawn: Sequence[pages.Page], item: Item, pace: int | None, at: datetime) -> list[float]:
    """Seconds of each page: as set, else by the text. In step the pages that show together take exactly as long as on the other boards."""
    lasts = [item.dwell or page.dwell for page in drawn]
    if pace is None or not drawn:
        return lasts
    shown = [drawn.index(page) for page in pages.showing(drawn, at)] or list(range(len(drawn)))
    own = sum(_ms(lasts[each]) for each in shown)
    stretched = [_ms(each) * pace // own for each in lasts]
    stretched[shown[-1]] += pace - sum(stretched[each] for each in shown)
    return [each / 1000 for each in stretched]


def _ms(seconds: float) -> int:
    return int(seconds * 1000 + 0.5)


def _left(mark: Mark, start: datetime | None, at: datetime) -> bool:
    """Whether the slide left before it could play."""
    return mark.leaves is not None and mark.leaves <= max(at, start or at)


def _hang_instead(made: _Programme, asked: dict[Updating, list[str]], hung: Hung, live: Revision, zone: _Zone, press: Press) -> None:
    """The page of whom to ask: once for all slides that it stands for, for as long as one of them would hang."""
    mark = zone.sheaf.mark(hung.item)
    assert mark.instead is not None
    if mark.instead not in asked:
        asked[mark.instead] = []
        for page in updating.pages(mark.instead, zone.geometry):
            html = page.html.encode()
            line = {**_said(hung, live, mark, press.zone), "item": f"{hung.name}.ask{page.number}", "kind": UPDATING, "page": page.number,
                    "of": page.of, "dwell": page.dwell, "html": press.store.put(html), "media": [], "title": mark.instead.topic}
            made.add(line, len(html))
            asked[mark.instead].append(line["item"])
    for name in asked[mark.instead]:
        made.hang(name, hung, later(live.start, mark.turns), live.end)


def _tickers(sheaf: Sheaf) -> list[dict[str, Any]]:
    """What runs along the foot: the line that a notice gives besides hanging itself, for as long as it hangs."""
    told: dict[tuple[int, str | None, str | None], dict[str, Any]] = {}
    for hung in sheaf.hung:
        live, mark = hung.item.slide.live, sheaf.mark(hung.item)
        if live is None or not live.data.get("ticker") or _left(mark, live.start, sheaf.at):
            continue
        for _, span in hung.opens:
            for each in rules.both([span], live.start, sooner(live.end, mark.leaves)):
                start, end = iso(each.start), iso(each.end)
                told[live.id, start, end] = {"text": live.data["ticker"], "revision": live.id, "from": start, "to": end}
    return list(told.values())


def _said(hung: Hung, live: Revision, mark: Mark, zone: Zone) -> dict[str, Any]:
    """What an item says of its slide, how it comes in its round, and what the board fills in: the days, and from which instant (by its own
    clock) the sign stands. What is as usual is left out.
    """
    shown = live.start if live.start and live.approved_at and live.start > live.approved_at else live.approved_at
    disclosed, item = zone.day(shown) if shown else None, hung.item
    told = {"slide": live.slide_id, "revision": live.id, "column": live.column, "unit": live.slide.unit.short,
            "disclosed": disclosed.isoformat() if disclosed else ""}
    if mark.confirmed and (disclosed is None or mark.confirmed > disclosed):
        told["confirmed"] = mark.confirmed.isoformat()
    if mark.turns and mark.due and mark.manner is not Manner.NOTHING:
        told |= {"late_from": iso(mark.turns), "due": mark.due.isoformat()}
    usual = {"zone": (hung.zone, MAIN), "weight": (item.weight, 1), "hourly": (item.hourly, None),
             "transition": (str(item.playlist.transition), Transition.FADE.value)}
    return told | {name: value for name, (value, default) in usual.items() if value != default}
