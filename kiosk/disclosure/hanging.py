"""Hanging: on which boards each slide may be seen now: approved, in its time, in a playlist placed there, inside its audience.

Four questions for all slides together, whatever their number; no revision's content is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.content.slides import Revision, Slide
from kiosk.signage import boards
from kiosk.signage.boards import board_group
from kiosk.signage.playlists import Item, Placement


def hanging(session: Session, at: datetime, *, slides: Collection[int] | None = None) -> dict[int, frozenset[int]]:
    """For each slide that hangs now (of all, or of these) the ids of its boards."""
    if slides is not None and not slides:
        return {}
    units = {board.id: board.unit_id for board in boards.boards(session)}
    places = _places(session, units)
    tree = people.below(session)
    query = (select(Slide.id, Revision.audience, Revision.start, Revision.end, Item.playlist_id)
             .join(Revision, Revision.id == Slide.live_id).join(Item, Item.slide_id == Slide.id)
             .where(Slide.retired_at.is_(None), Item.playlist_id.in_(places)))
    if slides is not None and len(slides) <= 500:
        query = query.where(Slide.id.in_(slides))
    found: dict[int, set[int]] = defaultdict(set)
    seen: dict[tuple[int, ...], set[int]] = {}  # thousands of slides have a handful of audiences
    for id, audience, start, end, playlist in session.execute(query):
        if (start is None or start <= at) and (end is None or at < end) and (slides is None or id in slides):
            key = (playlist, *audience)
            if key not in seen:
                inside = frozenset().union(*(tree.get(unit, frozenset()) for unit in audience))
                seen[key] = {board for board in places[playlist] if units[board] in inside}
            found[id] |= seen[key]
    return {id: frozenset(on) for id, on in found.items() if on}


def _places(session: Session, living: Mapping[int, int]) -> dict[int, set[int]]:
    """For each playlist the living boards that it hangs on."""
    members: dict[int, set[int]] = defaultdict(set)
    for board, group in session.execute(select(board_group.c.board_id, board_group.c.group_id)):
        members[group].add(board)
    found: dict[int, set[int]] = defaultdict(set)
    for row in session.execute(select(Placement.playlist_id, Placement.group_id, Placement.board_id)):
        found[row.playlist_id] |= members[row.group_id] if row.group_id is not None else {row.board_id}
    return {id: on & set(living) for id, on in found.items()}
