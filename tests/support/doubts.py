"""The doubts of a kind for which nobody has given a reason."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.content.geometry import Wall
from kiosk.content.kind import Doubt, Kind


def unanswered(kind: Kind, walls: Sequence[Wall] = ()) -> list[Doubt]:
    return [doubt for doubt in kind.doubts(walls) if not kind.reasons.get(doubt.key)]
