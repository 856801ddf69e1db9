"""notice: a title, one line that says why, numbered points, short tables, and a strip that says what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import typeset
from kiosk.content.geometry import FOOT, HEAD, MARGIN, Geometry
from kiosk.content.kind import Change, Sheet, only, words
from kiosk.content.typeset import Atom

BLOCKS_MOST, ITEMS_MOST, ROWS_MOST, COLUMNS_MOST = 60, 60, 200, 8
TOP, BOTTOM = 5, 4
BODY, LINE, LABEL, SUB = 8.0, 12.0, 5.5, 9.0
INDENT = 12.0
CELL_GAP = 4.0


@dataclass(frozen=True)
class Notice:
    """Blocks as design shows them: heading, points, paragraph, table."""

    lead: str
    blocks: tuple[Mapping[str, Any], ...]
    strip: Mapping[str, str] | None
    side: str

    name = "notice"

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        only(data, ("lead", "blocks", "strip", "side"))
        blocks = data.get("blocks") or []
        if not isinstance(blocks, list | tuple) or len(blocks) > BLOCKS_MOST:
            raise Invalid("blocks", "正文最多 %(most)s 段，请分成几件。", most=BLOCKS_MOST)
        made = cls(words(data, "lead", most=200), tuple(_block(each) for each in blocks), _strip(data.get("strip")),
                   words(data, "side", most=40))
        if not (made.lead or made.blocks or made.strip):
            raise Invalid("body", "正文还是空的，请写上内容。")
        if strange := typeset.missing(made.text()):
            raise Invalid("body", "有字显示不出来：%(letters)s。请换一个写法。", letters=" ".join(strange[:5]))
        return made

    def stored(self) -> dict[str, Any]:
        return {"lead": self.lead, "blocks": [dict(block) for block in self.blocks], "strip": dict(self.strip) if self.strip else None,
                "side": self.side or None}

    def text(self) -> str:
        strip = [self.strip["text"], self.strip["phone"]] if self.strip else []
        return "\n".join([self.lead, *(line for block in self.blocks for line in _words(block)), *strip])

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        """Line by line: what went, what came, in the place where it stands."""
        before, after = cls.parse(old), cls.parse(new)
        rows = [Change(N_("说明"), before.lead, after.lead)] if before.lead != after.lead else []
        rows += _line_changes([line for block in before.blocks for line in _words(block)],
                              [line for block in after.blocks for line in _words(block)])
        was, now = (" ".join(strip.values()) if strip else "" for strip in (before.strip, after.strip))
        return rows + ([Change(N_("底条"), was, now)] if was != now else [])

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        room = geometry.w - 2 * MARGIN[geometry.orientation]
        side = self.side if geometry.orientation == "landscape" else ""  # a narrow page has it under the title
        titled = typeset.balanced(title, room - (typeset.width(side, LABEL) + 4 if side else 0), 12.0)
        high = geometry.h - HEAD[geometry.orientation] - FOOT[geometry.orientation] - TOP - BOTTOM - 15 * len(titled) - 4
        pages = typeset.even(self._atoms(room, high, "" if side else self.side), high)
        return [Sheet({"title": titled, "side": side, "atoms": page}, "".join(_said(atom) for atom in page) + title) for page in pages]

    def _atoms(self, room: float, high: float, under: str) -> list[Atom]:
        broken = typeset.lines(under, room, LABEL) if under else []
        atoms = [Atom("under", 8.0 * len(broken), 0, True, {"lines": broken})] if broken else []
        if self.lead:
            atoms.append(_lines_atom("lead", self.lead, room, gap=0))
        number = 0
        for block in self.blocks:
            if block["type"] == "points":
                atoms += _points(block, room, number)
                number += len(block["items"]) if block["numbered"] else 0
            elif block["type"] == "heading":
                broken = typeset.lines(block["text"], room, SUB, 700)
                atoms.append(Atom("heading", 13.0 * len(broken), 3, True, {"lines": broken}))
            elif block["type"] == "paragraph":
                atoms += _paragraph(block["text"], room, high)
            else:
                above = sum(atom.gap + atom.height for atom in atoms)
                atoms += _table(block, room, high, high - above if above < high / 2 else high)
        return [*atoms, _strip_atom(self.strip, room)] if self.strip else atoms


def _block(block: Any) -> Mapping[str, Any]:
    if not isinstance(block, Mapping):
        raise Invalid("blocks", "正文的每一段要有 type。")
    kind = block.get("type")
    if kind in ("heading", "paragraph"):
        only(block, ("type", "text"))
        return {"type": kind, "text": words(block, "text", most=60 if kind == "heading" else 2000, empty=False)}
    if kind == "points":
        only(block, ("type", "items", "numbered"))
        return {"type": kind, "numbered": bool(block.get("numbered", True)), "items": _texts(block.get("items"), "items", ITEMS_MOST, 200)}
    if kind == "table":
        only(block, ("type", "head", "rows", "align"))
        return _table_block(block)
    raise Invalid("blocks", "没有“%(kind)s”这种段落。", kind=kind)


def _table_block(block: Mapping[str, Any]) -> Mapping[str, Any]:
    head = _texts(block.get("head"), "head", COLUMNS_MOST, 20, least=1, blank=True)
    rows = block.get("rows")
    if not isinstance(rows, list | tuple) or not 1 <= len(rows) <= ROWS_MOST:
        raise Invalid("rows", "表格要有 1 到 %(most)s 行。", most=ROWS_MOST)
    cells = [_texts(row, "rows", COLUMNS_MOST, 60, blank=True) for row in rows]
    if any(len(row) != len(head) for row in cells):
        raise Invalid("rows", "表格每一行的格数要和表头一样，是 %(count)s 格。", count=len(head))
    align = block.get("align") or ["left"] * len(head)
    if not isinstance(align, list | tuple) or len(align) != len(head) or set(align) - {"left", "right", "center"}:
        raise Invalid("align", "每一列写 left、right 或 center。")
    return {"type": "table", "head": head, "rows": cells, "align": list(align)}


def _texts(value: Any, name: str, most: int, length: int, *, least: int = 1, blank: bool = False) -> list[str]:
    if not isinstance(value, list | tuple) or not least <= len(value) <= most:
        raise Invalid(name, "要有 %(least)s 到 %(most)s 项。", least=least, most=most)
    return [words({name: "" if each is None else each}, name, most=length, empty=blank) for each in value]


def _strip(value: Any) -> Mapping[str, str] | None:
    if not value:
        return None
    if not isinstance(value, Mapping):
        raise Invalid("strip", "底条要有文字和电话。")
    only(value, ("text", "phone"))
    return {"text": words(value, "text", most=80), "phone": words(value, "phone", most=30)}


def _words(block: Mapping[str, Any]) -> list[str]:
    if block["type"] == "points":
        return list(block["items"])
    if block["type"] == "table":
        return [" ".join(row) for row in (block["head"], *block["rows"])]
    return [block["text"]]


def _said(atom: Atom) -> str:
    """What a reader reads of an atom; a repeated table head is not read twice."""
    content = atom.content
    rows = "".join("".join("".join(cell) for cell in row) for row in content.get("rows", ()))
    return "".join([*content.get("lines", ()), rows, content.get("phone", "")])


def _line_changes(before: list[str], after: list[str]) -> list[Change]:
    gone, come = [line for line in before if line not in after], [line for line in after if line not in before]
    pairs = [(gone[at] if at < len(gone) else "", come[at] if at < len(come) else "") for at in range(max(len(gone), len(come)))]
    found = [Change(N_("第 %(n)s 行"), old, new, (after.index(new) if new else before.index(old)) + 1) for old, new in pairs]
    moved = [(old, new) for old, new in zip_longest(before, after, fillvalue="") if old != new]
    return found or [Change(N_("正文，只是换了顺序"), old, new) for old, new in moved[:1]]


def _lines_atom(name: str, text: str, room: float, *, gap: float) -> Atom:
    broken = typeset.lines(text, room, BODY)
    return Atom(name, LINE * len(broken), gap, False, {"lines": broken})


def _points(block: Mapping[str, Any], room: float, before: int) -> list[Atom]:
    atoms = []
    for at, item in enumerate(block["items"], 1):
        broken = typeset.lines(item, room - INDENT, BODY)
        mark = str(before + at) if block["numbered"] else ""
        atoms.append(Atom("point", LINE * len(broken) + 1, 2 if at == 1 else 0, False, {"lines": broken, "mark": mark}))
    return atoms


def _paragraph(text: str, room: float, high: float) -> list[Atom]:
    """A paragraph as pieces of whole lines, none higher than half a page, so that it can run on."""
    broken = typeset.lines(text, room, BODY)
    most = max(1, int(high // LINE // 2))
    pieces = [broken[at:at + most] for at in range(0, len(broken), most)]
    return [Atom("paragraph", LINE * len(piece), 2 if at == 0 else 0, False, {"lines": piece}) for at, piece in enumerate(pieces)]


def _table(block: Mapping[str, Any], room: float, high: float, left: float) -> list[Atom]:
    """Columns that fit side by side, then rows that fit below each other; head and first column go with every piece.

    `left`: what is left of the page on which the table begins.
    """
    parts = [_narrowed(block, columns) for columns in _column_groups(block, room)]
    return [atom for at, part in enumerate(parts) for atom in _pieces(part, room, high, left if at == 0 else high)]


def _column_groups(block: Mapping[str, Any], room: float) -> list[list[int]]:
    """Figures are never cut, so columns that find no room go to a further piece beside the first column."""
    needs = [_least(block, at) for at in range(len(block["head"]))]
    groups: list[list[int]] = [[0]]
    for at in range(1, len(needs)):
        taken = sum(needs[each] for each in groups[-1]) + CELL_GAP * len(groups[-1]) + 1
        if len(groups[-1]) > 1 and taken + needs[at] > room:
            groups.append([0])
        groups[-1].append(at)
    return groups


def _least(block: Mapping[str, Any], at: int) -> float:
    """The least width of a column: its head and figures whole; words may be broken, but not below four characters."""
    cells = [row[at] for row in block["rows"]]
    need = max((typeset.width(cell, BODY, 700) for cell in cells), default=0)
    return max(typeset.width(block["head"][at], LABEL), need if block["align"][at] == "right" else min(need, 4 * BODY))


def _narrowed(block: Mapping[str, Any], columns: Sequence[int]) -> Mapping[str, Any]:
    return {"head": [block["head"][at] for at in columns], "align": [block["align"][at] for at in columns],
            "rows": [[row[at] for at in columns] for row in block["rows"]]}


def _pieces(block: Mapping[str, Any], room: float, high: float, left: float) -> list[Atom]:
    widths = _column_widths(block, room)
    rows = [[typeset.lines(cell, widths[at], BODY) if cell else [""] for at, cell in enumerate(row)] for row in block["rows"]]
    heights = [max(11.0, 10.0 * max(len(cell) for cell in row) + 1) for row in rows]
    pieces = _cut(heights, high, left, len(rows))
    alike = _cut(heights, high, left, math.ceil(len(rows) / len(pieces)))  # a total is not left alone on the last page
    return [_table_atom(block, rows, heights, piece) for piece in (alike if len(alike) == len(pieces) else pieces)]


def _cut(heights: Sequence[float], high: float, left: float, most: int) -> list[list[int]]:
    """Rows in pieces that fit a page below their head, the first one what is left of its page; no more than `most` a piece."""
    pieces: list[list[int]] = [[]]
    for at, height in enumerate(heights):
        room = (left if len(pieces) == 1 else high) - 13
        if pieces[-1] and (len(pieces[-1]) == most or sum(heights[each] for each in pieces[-1]) + height > room):
            pieces.append([])
        pieces[-1].append(at)
    return pieces


def _table_atom(block: Mapping[str, Any], rows: list[list[list[str]]], heights: list[float], piece: list[int]) -> Atom:
    content = {"head": block["head"], "align": block["align"], "rows": [rows[at] for at in piece],
               "total": [block["rows"][at][0].strip().startswith(("合计", "总计", "小计")) for at in piece]}
    return Atom("table", 11 + sum(heights[at] for at in piece), 2, False, content)


def _column_widths(block: Mapping[str, Any], room: float) -> list[float]:
    """What each column may take: figures their need, words what is left, in proportion to their need."""
    count = len(block["head"])
    needs = [max([typeset.width(block["head"][at], LABEL), *(typeset.width(row[at], BODY, 700) for row in block["rows"])])
             for at in range(count)]
    free = room - CELL_GAP * (count - 1) - 1
    if sum(needs) <= free:
        return [need + 0.5 for need in needs]
    firm = [block["align"][at] == "right" or needs[at] <= 4 * BODY for at in range(count)]
    left = free - sum(need for need, hard in zip(needs, firm, strict=True) if hard)
    soft = sum(need for need, hard in zip(needs, firm, strict=True) if not hard) or 1
    return [need + 0.1 if hard else max(4 * BODY, left * need / soft) for need, hard in zip(needs, firm, strict=True)]


def _strip_atom(strip: Mapping[str, str], room: float) -> Atom:
    """Text and phone on one line where they fit, the phone large if it can be, else below in its own line."""
    inner = room - 8
    text = typeset.lines(strip["text"], inner, BODY, 700) if strip["text"] else []
    taken = typeset.width(strip["text"], BODY, 700) + 3 if len(text) <= 1 else inner
    size = next((size for size in (10, 8) if taken + typeset.width(strip["phone"], size, 700) <= inner), 0)
    high = 12.0 * max(1, len(text)) + (0 if size or not strip["phone"] else 12) + 6
    return Atom("strip", high, 4, False, {"lines": text, "phone": strip["phone"], "beside": size})
