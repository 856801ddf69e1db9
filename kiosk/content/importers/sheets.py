"""sheets: workbooks, printed with all columns on the page's width: a table whose right half is on another page cannot be read.

The page setup is written into the sheets' own XML: a library that reads and saves the workbook would lose its charts.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from kiosk.content.importer import Extract, Job
from kiosk.content.importers.documents import pages_of
from kiosk.content.importers.office import converted
from kiosk.content.sniff import Refused, Say, Sort

SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
SHEET_MOST = 64 << 20
USUAL = 9.0  # width of a column nobody has changed
LANDSCAPE_FROM = 95.0  # characters of width that a portrait A4 page does not hold at reading size
AFTER_SETUP = re.compile(rb"<(?:headerFooter|rowBreaks|colBreaks|customProperties|cellWatches|ignoredErrors|smartTags|drawing|legacyDrawing"
                         rb"|legacyDrawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst)\b|</worksheet>")


def extract(job: Job) -> Extract:
    book = job.original if job.sort is Sort.XLSX else converted(job.original, job.work, "xlsx")
    return pages_of(job, converted(_fitted(book, job.work / "fitted.xlsx"), job.work, "pdf"))


def _fitted(book: Path, made: Path) -> Path:
    """A copy of the workbook whose sheets are one page wide and as many pages long as they need."""
    try:
        with zipfile.ZipFile(book) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for entry in source.infolist():
                if entry.is_dir():
                    continue
                data = source.read(entry)
                copy.writestr(entry.filename, fit(data) if SHEET.fullmatch(entry.filename) and len(data) < SHEET_MOST else data)
    except (zipfile.BadZipFile, zipfile.zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:  # type: ignore[attr-defined]
        raise Refused(Say.DAMAGED) from error
    return made


def fit(sheet: bytes) -> bytes:
    """A sheet's XML with "fit to one page's width"; as it is if it is written in a manner we do not know."""
    if not re.search(rb"<worksheet\b", sheet):
        return sheet
    sheet = re.sub(rb"<pageSetUpPr\b[^>]*/>", b"", sheet, count=1)
    if re.search(rb"<sheetPr\b[^>]*/>", sheet):
        sheet = re.sub(rb"<sheetPr\b([^>]*)/>", rb'<sheetPr\1><pageSetUpPr fitToPage="1"/></sheetPr>', sheet, count=1)
    elif b"</sheetPr>" in sheet:
        sheet = sheet.replace(b"</sheetPr>", b'<pageSetUpPr fitToPage="1"/></sheetPr>', 1)
    else:
        sheet = re.sub(rb"(<worksheet\b[^>]*>)", rb'\1<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>', sheet, count=1)
    setup = re.search(rb"<pageSetup\b([^>]*?)/>", sheet)
    kept = re.sub(rb'\s(?:fitToWidth|fitToHeight|scale|r:id)="[^"]*"', b"", setup[1]) if setup else b""
    if _wide(sheet) > LANDSCAPE_FROM:
        kept = re.sub(rb'\sorientation="[^"]*"', b"", kept) + b' orientation="landscape"'
    fresh = b"<pageSetup" + kept.rstrip() + b' fitToWidth="1" fitToHeight="0"/>'
    if setup:
        return sheet[:setup.start()] + fresh + sheet[setup.end():]
    end = sheet.find(b"</sheetData>")
    place = AFTER_SETUP.search(sheet, max(0, end))
    return sheet[:place.start()] + fresh + sheet[place.start():] if place else sheet


def _wide(sheet: bytes) -> float:
    """The width of the used columns, in characters."""
    used = re.search(rb'<dimension\s+ref="[A-Z]+\d+:([A-Z]+)\d+"', sheet[:1 << 16])
    widths = dict.fromkeys(range(1, 1 + min(200, _number(used[1]) if used else 0)), USUAL)
    for column in re.findall(rb"<col\b[^>]*/>", sheet[:1 << 20]):
        first, last, width = (re.search(rb"\b" + name + rb'="([\d.]+)"', column) for name in (b"min", b"max", b"width"))
        if first and last and width:
            shown = 0.0 if b'hidden="1"' in column else float(width[1])
            widths.update({at: shown for at in range(int(first[1]), int(last[1]) + 1) if at in widths})
    return sum(widths.values())


def _number(letters: bytes) -> int:
    """Which column these letters name."""
    total = 0
    for letter in letters:
        total = total * 26 + letter - 64
    return total
