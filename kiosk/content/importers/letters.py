"""letters: how high the smallest running type of a page is, in ‰ of the page's width.

From the PDF's own text objects; for scans and pictures from the boxes that an OCR finds, when that extra is installed.
The rule leaves out superscripts, page numbers, headers, footers and the odd tiny label; it is written at `running`.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from ctypes import byref, c_double
from functools import lru_cache
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

SHARE, FEW, ROW = 0.05, 8, 15
EDGE, ASIDE = 0.07, 0.1  # the outer strips at top and bottom in which headers and footers stand, and how much text they may hold
LETTERS_MOST = 20_000
SPARSE = 40  # fewer letters beside a large picture are no page of text but what a copier wrote onto a scan
COVERED = 0.4
OCR_SIDE = 1600  # px of the longer side: a letter of 2 mm on A4 is 11 px high
LIGHT, PAPER = 200, 0.5
PIECES, CONTRAST, FILLED = 12, 48, 0.92


def running(sizes: Sequence[float]) -> tuple[float, int] | None:
    """The height of the smallest running type, and how many of a hundred letters are no higher; None without letters.

    `sizes`: the heights of the letters in reading order. Running is the smallest height that a twentieth of the letters and at
    least 8 of them do not pass, or that 15 letters in a row do not pass, whichever is smaller: a superscript, a page number or one
    small label is neither; a line of small print, a column of a table or a footnote of a sentence is.
    """
    if not sizes:
        return None
    ordered = sorted(sizes)
    em = ordered[min(len(ordered), max(FEW, math.ceil(len(ordered) * SHARE))) - 1]
    em = min([em, *_rows(sizes)])
    return em, round(100 * bisect_right(ordered, em * 1.02) / len(ordered))


def _rows(sizes: Sequence[float]) -> Iterator[float]:
    """The greatest height of each fifteen letters in a row."""
    falling: deque[int] = deque()
    for at, size in enumerate(sizes):
        while falling and sizes[falling[-1]] <= size:
            falling.pop()
        falling.append(at)
        if falling[0] <= at - ROW:
            falling.popleft()
        if at >= ROW - 1:
            yield sizes[falling[0]]


def of_page(page: pdfium.PdfPage, words: pdfium.PdfTextPage) -> list[float]:
    """The heights of the page's letters in ‰ of its width, without headers and footers."""
    found = list(_placed(page, words))
    inside = [(size, index) for size, edge, index in found if not edge]
    if len(found) - len(inside) > len(found) * ASIDE:  # more than a header: the text goes up to the edge
        inside = [(size, index) for size, _, index in found]
    width = page.get_width() or 1.0
    sizes = _checked(words, inside)
    return [size / width * 1000 for size in sizes]


def _placed(page: pdfium.PdfPage, words: pdfium.PdfTextPage) -> Iterator[tuple[float, bool, int]]:
    """For each letter on the page: its height in points, whether it stands in an outer strip, its index."""
    left, bottom, right, top = page.get_cropbox()
    turned = page.get_rotation() in (90, 270)
    low, high = (left, right) if turned else (bottom, top)
    matrix, x, y = raw.FS_MATRIX(), c_double(), c_double()
    for at in range(min(words.count_chars(), LETTERS_MOST)):
        if raw.FPDFText_GetUnicode(words, at) <= 32 or not raw.FPDFText_GetMatrix(words, at, byref(matrix)):
            continue
        raw.FPDFText_GetCharOrigin(words, at, byref(x), byref(y))
        if left <= x.value <= right and bottom <= y.value <= top:
            along = ((x.value if turned else y.value) - low) / ((high - low) or 1)
            yield raw.FPDFText_GetFontSize(words, at) * math.hypot(matrix.c, matrix.d), not EDGE < along < 1 - EDGE, at


def _checked(words: pdfium.PdfTextPage, letters: Sequence[tuple[float, int]]) -> list[float]:
    """The heights, put right for fonts whose own measure is not that of their letters (Type 3)."""
    samples: dict[float, list[int]] = {}
    for size, index in letters:
        sample = samples.setdefault(round(size, 1), [])
        if len(sample) < 24:
            sample.append(index)
    right = {size: _true(words, size, sample) for size, sample in samples.items()}
    return [size if right[round(size, 1)] == round(size, 1) else right[round(size, 1)] for size, _ in letters]


def _true(words: pdfium.PdfTextPage, size: float, sample: Sequence[int]) -> float:
    edges = [c_double() for _ in range(4)]
    tallest = 0.0
    for index in sample:
        if raw.FPDFText_GetCharBox(words, index, *map(byref, edges)):
            left, right, bottom, top = (edge.value for edge in edges)
            tallest = max(tallest, top - bottom if top - bottom > (right - left) / 4 else right - left)
    if tallest and not tallest * 0.6 < size < tallest * 6:
        return tallest * 1.1
    return size


def pictured(page: pdfium.PdfPage) -> bool:
    """Whether pictures cover much of the page."""
    width, height = page.get_width(), page.get_height()
    covered = 0.0
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = each.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return bool(covered >= COVERED * width * height)


# --- pictures of text -----------------------------------------------------------------------------------------------------


@lru_cache(1)
def can_read() -> bool:
    """Whether the optional OCR is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def papery(image: Image.Image) -> bool:
    """Whether a picture looks like a sheet of paper: mostly light."""
    shades = image.convert("L").resize((64, 64), Image.Resampling.BOX).histogram()
    return sum(shades[LIGHT:]) >= PAPER * 64 * 64


def lines_of(image: Image.Image) -> list[tuple[float, float, float, float]]:
    """Left, top, width and letter height of the lines of text in a picture, in its px, from top to bottom. Only where `can_read()`."""
    grey, most = image.convert("L"), max(image.size)
    small = image if most <= OCR_SIDE else image.resize((round(image.width * OCR_SIDE / most), round(image.height * OCR_SIDE / most)))
    found = _engine()(small.convert("RGB"), use_det=True, use_cls=False, use_rec=False).boxes
    scale = image.width / small.width
    boxes = [_straight(corners, scale) for corners in (found if found is not None else ())]
    return sorted(((left, top, wide, _inked(grey, (left, top, wide, high))) for left, top, wide, high in boxes),
                  key=lambda line: (line[1], line[0]))


def of_lines(lines: Sequence[tuple[float, float, float, float]], width: int) -> list[float]:
    """The heights of the letters that stand in lines found by OCR, in ‰ of the picture's width; as many as fit into each line."""
    return [high / width * 1000 for _, _, wide, high in lines for _ in range(max(1, round(wide / high)))]


def _straight(corners: Sequence[Sequence[float]], scale: float) -> tuple[float, float, float, float]:
    """A box from its corners; its height is that of the line also when it is a little askew."""
    xs, ys = [float(x) * scale for x, _ in corners], [float(y) * scale for _, y in corners]
    sides = sorted((math.dist(corners[0], corners[1]) * scale, math.dist(corners[1], corners[2]) * scale))
    return min(xs), min(ys), max(xs) - min(xs), max(1.0, sides[0])


def _inked(grey: Image.Image, box: tuple[float, float, float, float]) -> float:
    """How high the letters of a line are: the detector's box is up to a third higher than small ones, so their ink is measured.

    Piece by piece of three letters, so that a line askew is not taken for a high one; a letter's ink fills FILLED of its height.
    """
    left, top, wide, high = box
    piece = max(4, round(high * 3))
    starts = range(round(left), max(round(left) + 1, round(left + wide - piece)), max(1, round(wide / PIECES)))
    found = sorted(each for start in starts if (each := _ink_height(grey.crop((start, round(top), start + piece, round(top + high) + 1)))))
    return min(high * 1.1, found[len(found) // 2] / FILLED) if found else high


def _ink_height(piece: Image.Image) -> int:
    """From the first to the last row of ink of a grey piece, dark on light or light on dark; 0 without."""
    shades = piece.histogram()
    there = [shade for shade, count in enumerate(shades) if count]
    if not there or there[-1] - there[0] < CONTRAST:
        return 0
    middle = (there[0] + there[-1]) // 2
    dark = sum(shades[:middle]) * 2 <= piece.width * piece.height
    found = piece.point([255 * dark] * middle + [255 * (not dark)] * (256 - middle)).getbbox()
    return found[3] - found[1] if found else 0


@lru_cache(1)
def _engine() -> Any:
    """The detector, its models from its own wheel; loaded when the first picture of text comes, for it takes a second."""
    threads = {f"EngineConfig.onnxruntime.{which}_op_num_threads": 1 for which in ("intra", "inter")}
    return importlib.import_module("rapidocr").RapidOCR(params={"Global.log_level": "error", "Global.use_cls": False, **threads})
