"""A notice and a sheet as a clerk types or pastes them: plain lines, no mark-up to learn. Pure, and back again without loss.

In a notice a line that begins with # is a heading; 1. or ① numbers a point, - or • makes one without number; cells parted by
a tab or | make a table whose first row is its head; anything else is a paragraph. A sheet is nothing but such a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

_NUMBERED = re.compile(r"^\s*(?:[0-9]{1,2}\s*[.、．)）]|[①-⑳])\s*(?=\D)")
_BULLET = re.compile(r"^\s*[-•·●▪]\s*")
_HEADING = re.compile(r"^\s*#+\s*")
_FIGURE = re.compile(r"[-+−－]?[¥￥]?(?:\d{1,3}(?:[,，]\d{3})+|\d+)(?:\.\d+)?[%％‰]?")
_NO_FIGURE = re.compile(r"[-—－–/／\s]*")  # what stands where a figure is missing
_CODE = re.compile(r"0\d+|\d{9,}")  # a number that names something: nobody adds it up
# Excel's way to write a cell of several lines, ours to write one that begins with a quotation mark
_QUOTE = r'"((?:[^"]|"")*)"'
_QUOTED = re.compile(rf"(?<=\t){_QUOTE}(?![^\t\n])|(?<![^\t\n]){_QUOTE}(?=\t)")


def blocks_of(text: str) -> list[dict[str, Any]]:
    """The blocks of a notice from typed lines."""
    lines = [line.rstrip(" ") for line in _even(text).split("\n") if line.strip()]
    named = list(zip(_names(lines), lines, strict=True))
    return [block for name, group in groupby(named, lambda each: each[0]) for block in _BLOCKS[name]([line for _, line in group])]


def text_of(blocks: list[dict[str, Any]]) -> str:
    """The lines that give these blocks."""
    return "\n".join(line for block in blocks for line in _LINES[block["type"]](block))


def cells_of(text: str) -> dict[str, Any]:
    """A typed or pasted sheet: {"head", "rows", "align"}; short rows filled up, columns empty to the end left away, figures right.

    A row longer than the head stays so: Table.parse says which.
    """
    lines = [line for line in _even(text).split("\n") if line.strip(" \t|\u3000")]
    rows = [_cells(line, "\t" in text) for line in lines]
    last = max((at + 1 for row in rows for at, cell in enumerate(row) if cell), default=0)
    head = rows[0][:last] if rows else []
    while len(head) > 1 and not head[-1] and not any(len(row) >= len(head) and row[len(head) - 1] for row in rows):
        head.pop()
    body = [_filled(row, len(head)) for row in rows[1:]]
    return {"head": head, "rows": body, "align": align_of(body, len(head))}


def text_of_cells(data: Mapping[str, Any]) -> str:
    """The lines that give this head and these rows."""
    return "\n".join(_LINES["table"]({"head": data.get("head") or [], "rows": data.get("rows") or []}))


def align_of(rows: Sequence[Sequence[str]], count: int) -> list[str]:
    """Columns of figures stand right, others left."""
    return ["right" if _figures([row[at] for row in rows if at < len(row)]) else "left" for at in range(count)]


def _even(text: str) -> str:
    """One kind of line end, and a quoted cell of several lines on one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _QUOTED.sub(_unquoted, text)


def _unquoted(found: re.Match[str]) -> str:
    said = found[1] if found[1] is not None else found[2]
    return re.sub(r"\s+", " ", said.replace('""', '"')) if "\n" in said or said.startswith('""') else found[0]


def _figures(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if not _NO_FIGURE.fullmatch(cell)]
    return bool(said) and all(_FIGURE.fullmatch(cell) and not _CODE.fullmatch(cell) for cell in said)


def _names(lines: Sequence[str]) -> list[str]:
    """What each line is. One whose only tabs stand at its edges is a row where a row is its neighbour, else an indented line."""
    names = [_name(line) for line in lines]
    for order in (range(1, len(lines)), range(len(lines) - 2, -1, -1)):
        for at in order:
            if "\t" in lines[at] and "table" in (names[at - 1] if at else "", *names[at + 1:at + 2]):
                names[at] = "table"
    return names


def _name(line: str) -> str:
    if _HEADING.match(line):
        return "heading"
    if "\t" in line.strip() or "|" in line:
        return "table"
    if _NUMBERED.match(line):
        return "numbered"
    return "bullet" if _BULLET.match(line) else "paragraph"


def _cells(line: str, tabs: bool) -> list[str]:
    if tabs:
        return [cell.strip() for cell in line.split("\t")]
    return [cell.strip() for cell in re.sub(r"^\s*\||\|\s*$", "", line).split("|")]


def _filled(row: Sequence[str], count: int) -> list[str]:
    """As many cells as the head has; what stands beyond it is kept if it says something."""
    row = list(row)
    while len(row) > count and not row[-1]:
        row.pop()
    return row + [""] * (count - len(row))


def _table(lines: list[str]) -> list[dict[str, Any]]:
    rows = [_cells(line, "\t" in line) for line in lines]
    width = max(len(row) for row in rows)
    while width > 1 and not any(len(row) == width and row[-1] for row in rows):
        rows, width = [row[:width - 1] for row in rows], width - 1
    rows = [_filled(row, width) for row in rows]
    return [{"type": "table", "head": rows[0], "rows": rows[1:], "align": align_of(rows[1:], width)}]


def _row(cells: Sequence[str]) -> str:
    return "\t".join(map(_quoted, cells)) if len(cells) > 1 else "|" + "".join(cells).replace("|", "｜") + "|"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell.startswith('"') else cell


_BLOCKS: dict[str, Callable[[list[str]], list[dict[str, Any]]]] = {
    "heading": lambda lines: [{"type": "heading", "text": _HEADING.sub("", line).strip()} for line in lines],
    "paragraph": lambda lines: [{"type": "paragraph", "text": line.strip()} for line in lines],
    "numbered": lambda lines: [{"type": "points", "numbered": True, "items": [_NUMBERED.sub("", line).strip() for line in lines]}],
    "bullet": lambda lines: [{"type": "points", "numbered": False, "items": [_BULLET.sub("", line).strip() for line in lines]}],
    "table": _table,
}
_LINES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "heading": lambda block: [f"# {block['text']}"],
    "paragraph": lambda block: [block["text"]],
    "points": lambda block: [f"{number}. {item}" if block.get("numbered") else f"- {item}"
                             for number, item in enumerate(block["items"], 1)],
    "table": lambda block: [_row(row) for row in (block["head"], *block["rows"])],
}
