"""A notice as a clerk types it: plain lines, no mark-up to learn. Pure, and back again without loss.

A line that begins with # is a heading; 1. or ① numbers a point, - or • makes one without number; cells parted by a tab or |
make a table whose first row is its head; anything else is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

_NUMBERED = re.compile(r"^\s*(?:[0-9]{1,2}\s*[.、．)）]|[①-⑳])\s*(?=\D)")
_BULLET = re.compile(r"^\s*[-•·●▪]\s*")
_HEADING = re.compile(r"^\s*#+\s*")


def blocks_of(text: str) -> list[dict[str, Any]]:
    """The blocks of a notice from typed lines."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    return [block for name, group in groupby(lines, _name) for block in _BLOCKS[name](list(group))]


def text_of(blocks: list[dict[str, Any]]) -> str:
    """The lines that give these blocks."""
    return "\n".join(line for block in blocks for line in _LINES[block["type"]](block))


def _name(line: str) -> str:
    if _HEADING.match(line):
        return "heading"
    if "\t" in line.strip() or "|" in line:
        return "table"
    if _NUMBERED.match(line):
        return "numbered"
    return "bullet" if _BULLET.match(line) else "paragraph"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"\t|\|", line.strip().strip("|"))]


def _table(lines: list[str]) -> list[dict[str, Any]]:
    rows = [_cells(line) for line in lines]
    width = max(len(row) for row in rows)
    rows = [row + [""] * (width - len(row)) for row in rows]
    figures = [all(re.fullmatch(r"[-+]?[\d,.]+%?|", row[at]) for row in rows[1:]) and len(rows) > 1 for at in range(width)]
    return [{"type": "table", "head": rows[0], "rows": rows[1:], "align": ["right" if figure else "left" for figure in figures]}]


_BLOCKS: dict[str, Callable[[list[str]], list[dict[str, Any]]]] = {
    "heading": lambda lines: [{"type": "heading", "text": _HEADING.sub("", line)} for line in lines],
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
    "table": lambda block: ["\t".join(row) for row in (block["head"], *block["rows"])],
}
