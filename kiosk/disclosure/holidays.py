"""Holidays: what a pasted notice says of a year's days off and days worked — the State Council's own words, or one day a line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kiosk.base.errors import Invalid
from kiosk.base.workdays import DAY, Calendar
from kiosk.content.fields import clean

TEXT_MOST, RUN_MOST = 20_000, timedelta(days=31)
_ASIDE = re.compile(r"（[^）]*）|\([^)]*\)")
_DAY = r"(?:(?P<{0}y>\d{{4}})\s*[年./-]\s*)?(?P<{0}m>\d{{1,2}})\s*[月./-]\s*(?P<{0}d>\d{{1,2}})\s*日?"
_TOKEN = re.compile(
    _DAY.format("a")
    + r"(?:\s*(?:至|到|—+|–|-|~|～|－)\s*(?:(?:(?P<by>\d{4})\s*[年./-]\s*)?(?P<bm>\d{1,2})\s*[月./-]\s*)?(?P<bd>\d{1,2})\s*日?)?"
    r"|(?P<word>(?:正常上班|放假|调休|休息|补休|补班|上班|工作|休|班)+)")


@dataclass(frozen=True)
class Run:
    """Days in a row: off, or worked although it is a weekend. `own`: the office's own word, not the table's."""

    first: date
    last: date
    works: bool
    own: bool

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


def read(text: str, year: int) -> tuple[dict[date, bool], int]:
    """The year's days that the text names, True for a working one, and how many days of other years it names too.

    Takes “1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。” and “2027-01-04 班”; Invalid names what it cannot make out.
    """
    if len(text) > TEXT_MOST:
        raise Invalid("lines", "贴进来的太长了，只贴放假安排那一段就好。")
    found: dict[date, bool] = {}
    for line in re.split(r"[\n\r]+", _ASIDE.sub("", text)):
        for day, works in _line(clean(line), year):
            if found.setdefault(day, works) != works:
                raise Invalid("lines", "%(month)s月%(day)s日又写了放假又写了上班，请改一处。", month=day.month, day=day.day)
    inside = {day: works for day, works in found.items() if day.year == year}
    if not inside:
        raise Invalid("lines", "没有看到 %(year)s 年的日子。一行写一天就行，如“1月4日 上班”。", year=year)
    return inside, len(found) - len(inside)


def runs(calendar: Calendar, year: int) -> list[Run]:
    """The year's days off beyond plain weekends, and its weekends worked, in order."""
    days = [date(year, 1, 1) + n * DAY for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    found, at = list[Run](), 0
    while at < len(days):
        works, weekend, end = calendar.works(days[at]), days[at].weekday() >= 5, at
        while end < len(days) and calendar.works(days[end]) == works and (not works or (days[end].weekday() >= 5) == weekend):
            end += 1
        part = days[at:end]
        if any((day.weekday() < 5) != works or day in calendar.own for day in part):
            found.append(Run(part[0], part[-1], works, any(day in calendar.own for day in part)))
        at = end
    return found


def _line(line: str, year: int) -> Iterator[tuple[date, bool]]:
    waiting: list[date] = []
    word: bool | None = None
    for token in _TOKEN.finditer(line):
        if token["word"]:
            word = "班" in token["word"] or "工作" in token["word"]
            yield from ((day, word) for day in waiting)
            waiting = []
        else:
            waiting += _days(token, year)
    if waiting and word is None:
        raise Invalid("lines", "“%(line)s”没有写是放假还是上班。", line=line[:40])
    yield from ((day, bool(word)) for day in waiting)


def _days(token: re.Match[str], year: int) -> list[date]:
    try:
        first = date(int(token["ay"] or year), int(token["am"]), int(token["ad"]))
        if not token["bd"]:
            return [first]
        last = date(int(token["by"] or first.year), int(token["bm"] or first.month), int(token["bd"]))
        if last < first and not token["by"]:
            last = last.replace(year=last.year + 1)
    except ValueError:
        raise Invalid("lines", "没有“%(day)s”这一天，请再看看。", day=token[0]) from None
    if not first <= last <= first + RUN_MOST:
        raise Invalid("lines", "“%(day)s”的起止不对，请再看看。", day=token[0])
    return [first + n * DAY for n in range((last - first).days + 1)]


def with_day(own: Mapping[date, bool], day: date, works: bool | None) -> dict[date, bool]:
    """The office's own days of that year with this one changed; None takes it back."""
    kept = {each: word for each, word in own.items() if each.year == day.year and each != day}
    return kept if works is None else {**kept, day: works}
