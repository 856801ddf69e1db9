"""sheet: where on a page its ink stands, between which lines and columns it may be cut, and how high its type is. Lengths in ‰ of the page.

What every page says of itself beside its picture:
`box` left, top, width, height of the ink · `gaps` the middles of the blank rows inside of it · `halves` where the page is best cut in
two, whether that column is blank, and the two halves' own boxes and blank rows · `em` the height of its smallest running type in ‰ of
the page's *width*, and `share` how many of a hundred letters are no higher · `letters` how many an OCR saw · `unread` text that nobody
measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageChops

from kiosk.content.importers import letters
from kiosk.content.sniff import Note

FINE = (500, 1000)  # columns and rows in which ink is looked for
INK = 215
RULE = 32  # rows: ink that runs down for so many is a rule of a table, not a letter
MIDDLE = (330, 670)  # where a page may be cut in two
BROAD = 12.0  # a blank column is at least so broad, and broader than a letter: the gap after a comma is none
CROSSED = 0.25  # of the rows with ink may cross a blank column: a heading may stand across two columns
GAPS_MOST = 300
NOTED_MOST = 8
WHOLE: Mapping[str, Any] = {"box": [0, 0, 1000, 1000], "gaps": []}


def block(image: Image.Image, em: float = 0.0) -> dict[str, Any]:
    """The ink on a light page: `box`, `gaps`, `halves`; WHOLE for a page without any. `em`: of its type, where it is known."""
    ink = image.convert("L").resize(FINE, Image.Resampling.BOX, reducing_gap=1.0).point([255] * INK + [0] * (256 - INK))
    found = ink.getbbox()
    if found is None:
        return dict(WHOLE)
    bare = ImageChops.subtract(ink, _rules(ink))
    return {"box": _padded(found, 0), "gaps": _blank(_rows(bare), found[1], found[3]),
            "halves": _halves(ink, bare, found, max(BROAD, em * 1.1))}


def measured(sizes: Sequence[float]) -> dict[str, Any]:
    """`em` and `share` of letters of these heights; nothing without letters."""
    found = letters.running(sizes)
    return {"em": round(found[0], 2), "share": found[1]} if found else {}


def read(image: Image.Image, sizes: Sequence[float] = ()) -> dict[str, Any]:
    """The same of a scan, by OCR where it is installed; `sizes`: of the few letters that are no picture."""
    found = block(image)
    if found == WHOLE:
        return {**found, **measured(sizes)}
    if not letters.can_read():
        return {**found, **measured(sizes), "unread": True}
    lines = letters.lines_of(image)
    if not lines:
        return {**found, **measured(sizes)}
    seen = [*sizes, *letters.of_lines(lines, image.width)]
    em = measured(seen)
    return {**block(image, em["em"]), "gaps": _between(lines, image.height) or found["gaps"], **em, "letters": len(seen)}


def unread(pages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The remark on scans whose type nobody measured."""
    which = [number for number, page in enumerate(pages, 1) if page.get("unread")]
    if not which:
        return []
    return [Note.UNREAD.of(which=which) if len(which) <= NOTED_MOST else Note.UNREAD_MANY.of(which=which[:NOTED_MOST], count=len(which))]


def _rules(ink: Image.Image) -> Image.Image:
    """The vertical rules alone: what is left when ink must run down RULE rows, grown to its length again."""
    thin = ink
    steps = [1 << at for at in range(RULE.bit_length() - 1)]
    for step in steps:
        thin = ImageChops.darker(thin, _down(thin, -step))
    for step in steps:
        thin = ImageChops.lighter(thin, _down(thin, step))
    return thin


def _down(image: Image.Image, rows: int) -> Image.Image:
    """The picture moved down; what comes in is blank."""
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, 0, 0, 1, -rows), fillcolor=0)


def _rows(ink: Image.Image) -> bytes:
    """For each row whether there is ink in it."""
    return ink.resize((1, ink.height), Image.Resampling.BOX).point([0] + [255] * 255).tobytes()


def _blank(rows: Sequence[int], top: int, bottom: int) -> list[int]:
    """The middles of the blank stretches between two rows."""
    gaps, start = [], None
    for at in range(top, bottom):
        if rows[at] == 0 and start is None:
            start = at
        elif rows[at] and start is not None:
            gaps.append((start + at) // 2)
            start = None
    return gaps[:GAPS_MOST]


def _halves(ink: Image.Image, bare: Image.Image, found: tuple[int, int, int, int], broad: float) -> dict[str, Any]:
    """The middle of the broadest blank column near the page's middle, else the middle of the ink. `bare`: the ink without rules."""
    left, top, right, bottom = found
    columns = bare.crop((0, top, bare.width, bottom)).resize((bare.width, 1), Image.Resampling.BOX).tobytes()
    most = CROSSED * sum(1 for row in _rows(bare) if row) / (bottom - top) * 255
    low, high = (left + (right - left) * edge // 1000 for edge in MIDDLE)
    runs: list[tuple[int, int]] = []
    start = None
    for at in range(low, high + 1):
        blank = at < high and columns[at] <= most
        if blank and start is None:
            start = at
        elif not blank and start is not None:
            runs.append((start, at))
            start = None
    centre = (left + right) / 2
    clean = [run for run in runs if (run[1] - run[0]) * 2 >= broad]
    best = max(clean, key=lambda run: (run[1] - run[0], -abs(sum(run) / 2 - centre)), default=None)
    at = round(sum(best) / 2) if best else round(centre)
    parts = ((0, 0, at, ink.height), (at, 0, ink.width, ink.height))
    gaps = [_blank(_rows(bare.crop(part)), top, bottom) for part in parts]
    boxes = [_padded(ink.crop(part).getbbox() or (0, top, part[2] - part[0], bottom), part[0]) for part in parts]
    return {"at": at * 2, "clean": best is not None, "gaps": gaps, "boxes": boxes}


def _padded(found: tuple[int, int, int, int], right: int) -> list[int]:
    """Left, top, width, height in ‰ with a little white around; `right`: how far the piece lies to the right of the page's edge."""
    left, top, end, bottom = max(0, (found[0] + right) * 2 - 12), max(0, found[1] - 8), (found[2] + right) * 2 + 12, found[3] + 8
    return [left, top, min(1000, end) - left, min(1000, bottom) - top]


def _between(lines: Sequence[tuple[float, float, float, float]], height: int) -> list[int]:
    """The middles of the stretches between lines of text, which a scan's specks do not fill."""
    covered = bytearray(1000)
    for _, top, _, high in lines:
        low, end = max(0, round(top / height * 1000)), min(1000, round((top + high) / height * 1000))
        covered[low:end] = b"\1" * max(0, end - low)
    first, last = covered.find(1), covered.rfind(1)
    return _blank(covered, first, last) if first >= 0 else []
