"""Spans: from–to in seconds since 1970, in order; what two have in common, and what is left of one without another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Pair = tuple[int, int]


def joined(spans: Iterable[Pair], gap: float = 0) -> list[Pair]:
    """In order, those that touch or lie no further apart than `gap` made one."""
    found: list[Pair] = []
    for start, end in sorted(spans):
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > start:
            found.append((start, end))
    return found


def both(one: Iterable[Pair], other: Iterable[Pair]) -> list[Pair]:
    """Where both are."""
    return joined((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other if max(a[0], b[0]) < min(a[1], b[1]))


def minus(one: Iterable[Pair], other: Iterable[Pair]) -> list[Pair]:
    """What of the one the other leaves."""
    left = joined(one)
    for start, end in joined(other):
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]]
    return left


def seconds(spans: Sequence[Pair]) -> int:
    return sum(end - start for start, end in spans)
