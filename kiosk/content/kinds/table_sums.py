"""Sums in any sheet: whether a total is what its rows add up to. Pure.

Nothing is known of the sheet but its words, so a total is only doubted where no usual way of adding up gives it: the rows since
the last total, all rows, the totals themselves, or the rows that follow where totals lead. Shares, rates and averages are no sums.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kiosk.content import tables

_NO_SUM = re.compile(r"[率比均占％%‰]|单价|年份|序号|编号|电话")
_AMONG = ("其中", "内：", "含：")
_NOTHING = ("", "-", "—", "－", "–", "/", "／")


@dataclass(frozen=True)
class Off:
    """A total that is off: which total of the sheet (from 0), where it stands, what it says and what its rows add up to."""

    nth: int
    row: int
    column: int
    said: str
    sum: str


def off(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Off]:
    """Every total that no usual sum gives, row by row."""
    totals = [tables.is_total(row) for row in rows]
    if not any(totals) or any(cell.startswith(_AMONG) for row in rows for cell in row[:2]):
        return
    columns = [at for at, name in enumerate(head) if not _NO_SUM.search(name) and at > 0]
    read = {at: [_figure(row[at]) for row in rows] for at in columns}
    for nth, number in enumerate(number for number, total in enumerate(totals) if total):
        for at in columns:
            figures, said = read[at], rows[number][at]
            if said in _NOTHING or any(figure is None for figure in figures):
                continue
            usual = _usual([figure or Decimal(0) for figure in figures], totals, number)
            if usual and figures[number] not in usual:
                yield Off(nth, number, at, said, _written(usual[0], [row[at] for row in rows]))


def _usual(figures: Sequence[Decimal], totals: Sequence[bool], number: int) -> list[Decimal]:
    """What the total may be, the likeliest first; nothing where it has no rows of its own."""
    parts = [figure for figure, total in zip(figures[:number], totals, strict=False) if not total]
    if totals[0]:
        end = next((at for at in range(number + 1, len(totals)) if totals[at]), len(totals))
        own = figures[number + 1:end]
        if own:
            return [sum(own, Decimal(0))]
        return [] if not parts or number < len(totals) - 1 else [sum(parts, Decimal(0)), *_totals(figures, totals, number)]
    start = next((at + 1 for at in range(number - 1, -1, -1) if totals[at]), 0)
    since = sum(figures[start:number], Decimal(0))
    whole = sum(parts, Decimal(0))
    usual = [since, whole] if start < number and start > 0 and number < len(totals) - 1 else [whole, since]
    return [*usual, *_totals(figures, totals, number)]


def _totals(figures: Sequence[Decimal], totals: Sequence[bool], number: int) -> list[Decimal]:
    """The totals above together, and the first less the others (收支差额, 结余)."""
    above = [figure for figure, total in zip(figures[:number], totals, strict=False) if total]
    return [sum(above, Decimal(0)), above[0] - sum(above[1:], Decimal(0))] if above else []


def _figure(cell: str) -> Decimal | None:
    """The figure of a cell, nothing as nought; None where it is words or a share."""
    plain = unicodedata.normalize("NFKC", cell).strip()
    if plain in _NOTHING or plain in ("--", "——"):
        return Decimal(0)
    plain = re.sub(r"[,\s¥￥]", "", plain).replace("−", "-").removesuffix("元")
    try:
        return Decimal(plain) if re.fullmatch(r"[-+]?\d{1,30}(\.\d{1,10})?", plain) else None
    except InvalidOperation:
        return None


def _written(value: Decimal, cells: Sequence[str]) -> str:
    """The sum as the column writes its figures."""
    places = max((len(cell.rsplit(".", 1)[1]) for cell in cells if "." in cell), default=0)
    return f"{value:,.{places}f}" if any("," in cell for cell in cells) else f"{value:.{places}f}"
