"""Whose things: what a request names, if the one who asks may touch it.

A stranger's thing does not exist for them (404); a thing they see but may not change says who can (403).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from kiosk import people
from kiosk.base.clock import Zone, parse
from kiosk.base.errors import Forbidden, Invalid, NotFound
from kiosk.content import slides
from kiosk.content.slides import Revision, Slide
from kiosk.people import Person, Unit, may, must, reach
from kiosk.signage import boards, campaigns, playlists, relays
from kiosk.signage.boards import Board, Group
from kiosk.signage.playlists import Campaign, Daypart, Playlist
from kiosk.signage.relays import Relay
from kiosk.web.request import actor, db, integer, now, parts

YEARS = (2000, 2199)


def unit(id: Any, action: str) -> Unit:
    """The unit, if this action is allowed there."""
    found = people.unit(db(), whole(id, "unit"))
    must(actor(), action, found.id)
    return found


def unit_seen(id: int) -> Unit:
    """The unit, if this person looks after people there; another's does not exist for them."""
    found = people.unit(db(), id)
    if not may(actor(), "people.read", found.id):
        raise NotFound("没有这个单位。")
    return found


def person(id: int) -> Person:
    found = people.person(db(), id)
    if not may(actor(), "people.read", found.unit_id):
        raise NotFound("没有这个人。")
    return found


def audience(wanted: Sequence[int]) -> list[int]:
    """Units on whose boards the one who asks may hang something."""
    mine = reach(actor(), "slide.edit")
    for id in wanted:
        if people.unit(db(), id).id not in mine:
            raise Forbidden("“%(unit)s”的屏不归您管，挂上去要请街道的经办人。", unit=people.unit(db(), id).name)
    return list(wanted)


def readable(id: int) -> Slide:
    """The slide, if this person may read in its unit; a stranger's slide does not exist for them."""
    found = slides.slide(db(), id)
    if not may(actor(), "slide.read", found.unit_id):
        raise NotFound("没有这件内容，可能已经删了。")
    return found


def editable(id: int) -> Slide:
    found = readable(id)
    if not may(actor(), "slide.edit", found.unit_id):
        raise Forbidden("“%(unit)s”的内容由%(unit)s的经办人来改。", unit=found.unit.name)
    return found


def revision(id: int) -> Revision:
    found = slides.revision(db(), id)
    readable(found.slide_id)
    return found


def playlist(id: int, action: str) -> Playlist:
    found = playlists.playlist(db(), id)
    if not may(actor(), "playlist.read", found.unit_id):
        raise NotFound("没有这个播放列表，可能已经删了。")
    must(actor(), action, found.unit_id)
    return found


def campaign(id: int, action: str) -> Campaign:
    found = campaigns.campaign(db(), id)
    if not may(actor(), "playlist.read", found.playlist.unit_id):
        raise NotFound("没有这个时段，可能已经删了。")
    must(actor(), action, found.playlist.unit_id)
    return found


def daypart(id: int, action: str) -> Daypart:
    found = campaigns.daypart(db(), id)
    if not may(actor(), "playlist.read", found.unit_id):
        raise NotFound("没有这个时段名，可能已经删了。")
    must(actor(), action, found.unit_id)
    return found


def board(id: int) -> Board:
    found = boards.board(db(), id)
    if not may(actor(), "board.read", found.unit_id):
        raise NotFound("没有这块屏，可能已经拆了。")
    return found


def relay(id: int) -> Relay:
    found = relays.relay(db(), id)
    if not may(actor(), "board.read", found.unit_id):
        raise NotFound("没有这个中继，可能已经拆了。")
    return found


def group(id: int) -> Group:
    found = boards.group(db(), id)
    if not may(actor(), "board.read", found.unit_id):
        raise NotFound("没有这个分组。")
    return found


def whole(value: Any, field: str) -> int:
    """A whole number that was sent as text or as a number."""
    try:
        return integer(value)
    except (TypeError, ValueError):
        raise Invalid(field, "这里要填一个数字。") from None


def moment(text: str, zone: Zone, field: str, *, end: bool = False) -> datetime | None:
    """What a clerk types for a date (4.30, 4月30日 17:00, 2026-04-30T17:00) as an instant; a bare end day ends at midnight after it."""
    text = text.strip()
    if not text:
        return None
    match = re.fullmatch(r"(?:(\d{4})\s*[-./年]\s*)?(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?"
                         r"(?:[T\s]+(\d{1,2})[:：](\d{2})(?:[:：]\d{2})?)?", text)
    if match is None:
        raise Invalid(field, "日期看不懂。可以写 4月30日、4-30 或 2026-04-30 17:00。")
    year, month, day, hour, minute = match.groups()
    today = zone.day(now())
    try:
        chosen = date(int(year or today.year), int(month), int(day))
        if not YEARS[0] <= chosen.year <= YEARS[1]:
            raise ValueError("not in our time")
        if year is None and (today - chosen).days > 180:
            chosen = chosen.replace(year=today.year + 1)
        if hour is None:
            return zone.instant(chosen, time(23, 59)) if end else zone.instant(chosen)
        return zone.instant(chosen, time(int(hour), int(minute)))
    except ValueError:
        raise Invalid(field, "没有这一天或这个时刻，请再看看。") from None


def instant(value: str | None, field: str, *, end: bool = False) -> datetime | None:
    """An instant from ISO 8601, or from what a clerk types."""
    if not value:
        return None
    try:
        found = parse(value)
    except OverflowError:
        raise Invalid(field, "没有这一天或这个时刻，请再看看。") from None
    except ValueError:
        return moment(value, parts().zone, field, end=end)
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise Invalid(field, "没有这一天或这个时刻，请再看看。")
    return found
