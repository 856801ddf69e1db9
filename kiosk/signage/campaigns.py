"""Campaigns and dayparts: a playlist that plays at hours of its own, over others or beside them; hours that have a name.

What hangs for good needs no campaign. A campaign at the usual level plays beside what hangs; a preferred one takes its place while it
lasts; one that is alone takes the place of everything but an override.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base import journal
from kiosk.base.errors import Conflict, Invalid, NotFound
from kiosk.people import Actor, Unit, line, must
from kiosk.signage import rules
from kiosk.signage.boards import Board, Group
from kiosk.signage.playlists import Campaign, Daypart, Level, Placement, Playlist, moved_units, notices_stay
from kiosk.signage.rules import HOURS_MOST, Days, Hours, Rule
from kiosk.signage.schedule import MAIN

LEVELS = (Level.USUAL, Level.PREFERRED, Level.ALONE)


@dataclass(frozen=True)
class Plan:
    """What staff say of a campaign. `daypart`: its hours take the place of the rule's."""

    rule: Rule
    level: int = Level.USUAL
    daypart: Daypart | None = None
    groups: Sequence[Group] = ()
    boards: Sequence[Board] = ()
    zone: str = MAIN


def add(session: Session, playlist: Playlist, plan: Plan, *, by: Actor, at: datetime) -> Campaign:
    """The playlist plays by these rules on these groups and boards."""
    _check(playlist, (), plan, by)
    made = Campaign(playlist=playlist, edits=0, level=plan.level, rule={})
    session.add(made)
    _set(made, plan)
    journal.record(session, "campaign.added", made, by=by, at=at, playlist=playlist.name, level=made.level)
    return made


def change(session: Session, campaign: Campaign, plan: Plan, *, by: Actor, at: datetime, expect: int | None = None) -> None:
    """Other hours, level or places. `expect`: how often it had been changed when the person opened it."""
    if expect is not None and expect != campaign.edits:
        raise Conflict("您打开以后，别人改过这个时段。请重新打开，再改一次。")
    _check(campaign.playlist, campaign.placements, plan, by)
    with notices_stay(session, at):
        _set(campaign, plan)
    campaign.edits += 1
    journal.record(session, "campaign.changed", campaign, by=by, at=at, playlist=campaign.playlist.name, level=campaign.level)


def remove(session: Session, campaign: Campaign, *, by: Actor, at: datetime) -> None:
    """Its hours go; the playlist and its slides stay."""
    must(by, "playlist.edit", campaign.playlist.unit_id)
    for unit_id in moved_units(campaign.placements, (), ()):
        must(by, "playlist.edit", unit_id)
    with notices_stay(session, at):
        journal.record(session, "campaign.removed", campaign, by=by, at=at, playlist=campaign.playlist.name)
        session.delete(campaign)


def campaign(session: Session, id: int) -> Campaign:
    found = session.get(Campaign, id)
    if found is None:
        raise NotFound("没有这个时段，可能已经删了。")
    return found


def campaigns(session: Session) -> Sequence[Campaign]:
    return session.scalars(select(Campaign).order_by(Campaign.id)).all()


def rule_of(campaign: Campaign) -> Rule:
    """Its days, at its own hours or at its daypart's."""
    told = rules.from_json(campaign.rule)
    return replace(told, hours=hours_of(campaign.daypart)) if campaign.daypart else told


# --- dayparts ---------------------------------------------------------------------------------------------------------

def add_daypart(session: Session, name: str, hours: Sequence[Hours], *, unit: Unit, by: Actor, at: datetime) -> Daypart:
    must(by, "playlist.edit", unit.id)
    made = Daypart(name=line(name, "name", most=20), unit=unit, hours=_checked(hours))
    session.add(made)
    journal.record(session, "daypart.added", made, by=by, at=at, name=made.name)
    return made


def change_daypart(session: Session, daypart: Daypart, name: str, hours: Sequence[Hours], *, by: Actor, at: datetime) -> None:
    """Every campaign that uses the name plays at the new hours."""
    must(by, "playlist.edit", daypart.unit_id)
    daypart.name, daypart.hours = line(name, "name", most=20), _checked(hours)
    journal.record(session, "daypart.changed", daypart, by=by, at=at, name=daypart.name)


def remove_daypart(session: Session, daypart: Daypart, *, by: Actor, at: datetime) -> None:
    must(by, "playlist.edit", daypart.unit_id)
    if users := session.scalars(select(Campaign).where(Campaign.daypart_id == daypart.id)).all():
        raise Conflict("“%(name)s”还有 %(count)s 个时段在用。请先给它们另选时间。", name=daypart.name, count=len(users))
    journal.record(session, "daypart.removed", daypart, by=by, at=at, name=daypart.name)
    session.delete(daypart)


def daypart(session: Session, id: int) -> Daypart:
    found = session.get(Daypart, id)
    if found is None:
        raise NotFound("没有这个时段名，可能已经删了。")
    return found


def dayparts(session: Session) -> Sequence[Daypart]:
    return session.scalars(select(Daypart).order_by(Daypart.id)).all()


def hours_of(daypart: Daypart) -> tuple[Hours, ...]:
    return rules.hours_of(daypart.hours)


def _check(playlist: Playlist, placements: Iterable[Placement], plan: Plan, by: Actor) -> None:
    """May this person, on every place that comes or goes, and does the rule mean anything?"""
    must(by, "playlist.edit", playlist.unit_id)
    for unit_id in moved_units(placements, plan.groups, plan.boards):
        must(by, "playlist.edit", unit_id)
    if plan.level not in LEVELS:
        raise Invalid("level", "没有这种先后。")
    if not plan.groups and not plan.boards:
        raise Invalid("places", "请选它在哪些屏上播。")
    rules.check(plan.rule)


def _set(campaign: Campaign, plan: Plan) -> None:
    playlist = campaign.playlist
    campaign.level, campaign.daypart, campaign.rule = plan.level, plan.daypart, rules.to_json(plan.rule)
    campaign.placements = [*(Placement(playlist=playlist, group=group, gap=False, zone=plan.zone) for group in plan.groups),
                           *(Placement(playlist=playlist, board=board, gap=False, zone=plan.zone) for board in plan.boards)]


def _checked(hours: Sequence[Hours]) -> list[Any]:
    if not hours:
        raise Invalid("hours", "请写从几点到几点。")
    if len(hours) > HOURS_MOST:
        raise Invalid("hours", "一天最多写 %(most)s 段时间。", most=HOURS_MOST)
    rules.check(Rule(Days.ALL, hours=tuple(hours)))
    return [[each.start, each.end] for each in hours]
