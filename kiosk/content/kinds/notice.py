"""notice: a title, one line that says why, numbered points, short tables, and a strip that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import codes, fields, layout, tables, typeset
from kiosk.content.fields import Faults, Form, heard
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, only, words
from kiosk.content.layout import BODY, LINE, Room
from kiosk.content.tables import Table
from kiosk.content.typeset import Atom

BLOCKS_MOST, ITEMS_MOST, ROWS_MOST, COLUMNS_MOST = 60, 60, 200, 8
HEAD_MOST, CELL_MOST = 20, 60
INDENT = 12.0
TICKER_MOST = 60
LINK_MOST = 200
LEAST_ROOM = 24.0  # below a title and its note: a heading and a line


@dataclass(frozen=True)
class Notice:
    """Blocks as design shows them: heading, points, paragraph, table."""

    lead: str
    blocks: tuple[Mapping[str, Any], ...]
    strip: Mapping[str, str] | None
    side: str
    link: str = ""  # an address of the same notice for those who want to take it home: drawn as a code to scan
    ticker: str = ""  # the line that boards with a ticker let run at their foot for as long as the notice hangs

    name: ClassVar[str] = "notice"
    label: ClassVar[str] = N_("通知")
    FORM: ClassVar[Form] = ()
    FILES: ClassVar[bool] = False
    reasons: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        only(data, ("lead", "blocks", "strip", "side", "link", "ticker"))
        given = data.get("blocks") or []
        if not isinstance(given, list | tuple) or len(given) > BLOCKS_MOST:
            raise Invalid("blocks", "正文最多 %(most)s 段，请分成几件。", most=BLOCKS_MOST)
        faults: list[Invalid] = []
        lead = heard(faults, lambda: words(data, "lead", most=200)) or ""
        blocks = [block for each in given if (block := heard(faults, partial(_block, each)))]
        strip = heard(faults, lambda: _strip(data.get("strip")))
        side = heard(faults, lambda: words(data, "side", most=40)) or ""
        link = heard(faults, lambda: _link(data)) or ""
        ticker = heard(faults, lambda: " ".join(words(data, "ticker", most=TICKER_MOST).split())) or ""
        if faults:
            raise Faults(faults)
        made = cls(lead, tuple(blocks), strip, side, link, ticker)
        if not (made.lead or made.blocks or made.strip):
            raise Invalid("body", "正文还是空的，请写上内容。")
        if strange := typeset.missing(made.text()):
            raise Invalid("body", "有字显示不出来：%(letters)s。请换一个写法。", letters=" ".join(strange[:5]))
        return made

    def stored(self) -> dict[str, Any]:
        return {"lead": self.lead, "blocks": [dict(block) for block in self.blocks], "strip": dict(self.strip) if self.strip else None,
                "side": self.side or None, **{name: said for name, said in (("link", self.link), ("ticker", self.ticker)) if said}}

    def text(self) -> str:
        strip = [self.strip["text"], self.strip["phone"]] if self.strip else []
        return "\n".join([self.lead, *(line for block in self.blocks for line in _words(block)), *strip,
                          *(said for said in (self.link, self.ticker) if said)])

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        """Line by line: what went, what came, in the place where it stands."""
        before, after = cls.parse(old), cls.parse(new)
        rows = [Change(N_("说明"), before.lead, after.lead)] if before.lead != after.lead else []
        rows += _line_changes([line for block in before.blocks for line in _words(block)],
                              [line for block in after.blocks for line in _words(block)])
        was, now = (" ".join(strip.values()) if strip else "" for strip in (before.strip, after.strip))
        rows += [Change(N_("底条"), was, now)] if was != now else []
        rows += [Change(N_("二维码网址"), before.link, after.link)] if before.link != after.link else []
        return rows + ([Change(N_("滚动提示"), before.ticker, after.ticker)] if before.ticker != after.ticker else [])

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        code = codes.of(self.link)
        scanned = codes.page(code, title, geometry) if code else []
        return [*self._told(title, geometry, "" if scanned else self.link), *scanned]

    def _told(self, title: str, geometry: Geometry, link: str) -> Sequence[Sheet]:
        """`link`: the address that is told in words, for no code of it could be scanned from here."""
        room, side = layout.room(title, self.side, geometry), ""
        if room.h < LEAST_ROOM and self.side:  # a long note under a long title on a small page: it is told as words
            room, side = layout.room(title, "", geometry), self.side
        return layout.sheets(room, [*_paragraph(side, room), *self._atoms(room), *_paragraph(f"网址：{link}" if link else "", room)])

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return []

    def _atoms(self, room: Room) -> list[Atom]:
        atoms = layout.text_atoms("lead", self.lead, room.w, room.few()) if self.lead else []
        number = 0
        for block in self.blocks:
            if block["type"] == "points":
                atoms += _points(block, room, number)
                number += len(block["items"]) if block["numbered"] else 0
            elif block["type"] == "heading":
                atoms += layout.heading_atoms(block["text"], room)
            elif block["type"] == "paragraph":
                atoms += layout.text_atoms("paragraph", block["text"], room.w, room.few(), gap=2.0)
            else:
                left, fresh = tables.left_of(atoms, room)
                table = tables.broken(Table(block["head"], block["rows"], block["align"]), room)
                atoms += tables.placed(table, room, left, fresh=fresh)
        return [*atoms, *layout.strip_atoms(self.strip["text"], self.strip["phone"], room)] if self.strip else atoms


def _paragraph(text: str, room: Room) -> list[Atom]:
    return layout.text_atoms("paragraph", text, room.w, room.few(), gap=2.0) if text else []


def _link(data: Mapping[str, Any]) -> str:
    link = words(data, "link", most=LINK_MOST)
    if link and not codes.host(link):
        raise Invalid("link", "二维码要写完整的网址，以 http:// 或 https:// 开头。")
    return link


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
    head = _texts(block.get("head"), "head", COLUMNS_MOST, HEAD_MOST, blank=True)
    rows = block.get("rows")
    if not isinstance(rows, list | tuple) or not 1 <= len(rows) <= ROWS_MOST:
        raise Invalid("rows", "表格要有 1 到 %(most)s 行。", most=ROWS_MOST)
    if any(not isinstance(row, list | tuple) or len(row) != len(head) for row in rows):
        raise Invalid("rows", "表格每一行的格数要和表头一样，是 %(count)s 格。", count=len(head))
    cells = [[_line(cell, "rows") for cell in row] for row in rows]
    if faults := [Invalid("rows", "表格第 %(row)s 行“%(column)s”有 %(count)s 个字，最多 %(most)s 个字。",
                          row=number, column=name or f"第{at}列", count=len(cell), most=CELL_MOST)
                  for number, row in enumerate(cells, 1) for at, (name, cell) in enumerate(zip(head, row, strict=True), 1)
                  if len(cell) > CELL_MOST]:
        raise Faults(faults)
    align = block.get("align") or ["left"] * len(head)
    if not isinstance(align, list | tuple) or len(align) != len(head) or any(each not in ("left", "right", "center") for each in align):
        raise Invalid("align", "每一列写 left、right 或 center。")
    return {"type": "table", "head": head, "rows": cells, "align": list(align)}


def _texts(value: Any, name: str, most: int, length: int, *, blank: bool = False) -> list[str]:
    """A list of lines; Faults names each that is empty or too long by its number."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= most:
        raise Invalid(name, "要有 %(least)s 到 %(most)s 项。", least=1, most=most)
    texts = [_line(each, name) for each in value]
    faults = [Invalid(name, N_("第 %(n)s 条还是空的。"), n=at) if not text else
              Invalid(name, N_("第 %(n)s 条有 %(count)s 个字，最多 %(most)s 个字。"), n=at, count=len(text), most=length)
              for at, text in enumerate(texts, 1) if len(text) > length or not (text or blank)]
    if faults:
        raise Faults(faults)
    return texts


def _line(value: Any, name: str) -> str:
    """One line of text, without what no reader sees."""
    if value is not None and not isinstance(value, str):
        raise Invalid(name, "这里要写文字。")
    return " ".join(fields.clean(value or "").split())


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


def _line_changes(before: list[str], after: list[str]) -> list[Change]:
    gone, come = [line for line in before if line not in after], [line for line in after if line not in before]
    pairs = [(gone[at] if at < len(gone) else "", come[at] if at < len(come) else "") for at in range(max(len(gone), len(come)))]
    found = [Change(N_("第 %(n)s 行"), old, new, (after.index(new) if new else before.index(old)) + 1) for old, new in pairs]
    moved = [(old, new) for old, new in zip_longest(before, after, fillvalue="") if old != new]
    return found or [Change(N_("正文，只是换了顺序"), old, new) for old, new in moved[:1]]


def _points(block: Mapping[str, Any], room: Room, before: int) -> list[Atom]:
    """Each point whole where a page holds it; a longer one runs on without its mark."""
    atoms: list[Atom] = []
    for at, item in enumerate(block["items"], 1):
        mark = str(before + at) if block["numbered"] else ""
        whole = int((room.h - 1) // LINE)
        fits = len(typeset.lines(item, room.w - INDENT, BODY)) <= whole
        pieces = layout.text_atoms("point", item, room.w - INDENT, whole if fits else room.few(), gap=2.0 if at == 1 else 0.0, mark=mark)
        atoms += [replace(piece, height=piece.height + 1) for piece in pieces]
    return atoms
