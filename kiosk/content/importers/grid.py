"""grid: workbooks and comma-separated files as cells, read from the sheets' own XML row by row.

openpyxl would do, but for three things: reading row by row it tells neither merges nor what is hidden, a formula and its stored
result are never seen together, and it knows neither the dates of Chinese Excel (formats 27–36, 50–58 without a name) nor strict files.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from kiosk.content.grid import ALL_MOST, COLUMNS_MOST, EMPTY, ROWS_MOST, SHEETS_MOST, TEXT_MOST, Cell, Grid, Merge, Sheet, place
from kiosk.content.sniff import Refused, Say

MERGES_MOST = 5000
CHUNK = 1 << 18
TRUE, FALSE = "是", "否"
# Formats that Excel writes by number alone; 27–36 and 50–58 are dates in the Chinese edition.
BUILTIN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00",
           14: "yyyy-m-d", 15: "yyyy-m-d", 16: "m月d日", 17: "yyyy年m月", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
           22: "yyyy-m-d h:mm", 27: "yyyy年m月", 28: "m月d日", 29: "m月d日", 30: "yyyy-m-d", 31: "yyyy年m月d日", 32: "h时mm分",
           33: "h时mm分ss秒", 34: "h时mm分", 35: "h时mm分ss秒", 36: "yyyy年m月", 41: "#,##0", 42: "#,##0", 43: "#,##0.00", 44: "#,##0.00",
           45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 50: "yyyy年m月", 51: "m月d日", 52: "yyyy年m月", 53: "m月d日", 54: "m月d日",
           55: "yyyy年m月", 56: "m月d日", 57: "yyyy年m月", 58: "m月d日"}
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z$]{1,4}[0-9$]{1,8}):([A-Z$]{1,4}[0-9$]{1,8})"')
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)>[^<]")


def read(original: Path, work: Path) -> Grid:
    """The workbook or text file as cells; Refused with a sentence if it is damaged."""
    if original.suffix == ".csv":
        return Grid((_separated(original.read_bytes()),))
    try:
        with zipfile.ZipFile(original) as archive:
            return Grid(tuple(_Book(archive).sheets()))
    except (zipfile.BadZipFile, zipfile.zlib.error, ElementTree.ParseError, expat.ExpatError, EOFError,  # type: ignore[attr-defined]
            KeyError, RuntimeError, NotImplementedError, ValueError) as error:
        raise Refused(Say.DAMAGED) from error


# A workbook's parts


@dataclass(frozen=True)
class _Format:
    """A number format, read once: what of a number it shows."""

    date: str = ""  # how a date is written; "" if the format is none
    time: bool = False
    percent: bool = False
    places: int | None = None  # None: as many as it takes
    commas: bool = False
    nothing: bool = False  # ";;;" shows nothing at all
    scaled: bool = False
    before: str = ""
    after: str = ""


PLAIN = _Format()


class _Book:
    """The parts that all sheets share."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        main = self._main()
        self.folder = str(PurePosixPath(main).parent)
        self.root = self._parsed(main)
        self.relations = self._relations(main)
        own = {kind.rpartition("/")[2]: target for kind, target in self.relations.values()}
        self.strings = _strings(archive, own["sharedStrings"]) if own.get("sharedStrings") in archive.namelist() else []
        self.formats = _formats(self._parsed(own["styles"])) if own.get("styles") in archive.namelist() else []
        self.from_1904 = any(each.get("date1904") in ("1", "true") for each in _found(self.root, "workbookPr"))
        self.left = ALL_MOST

    def sheets(self) -> Iterator[Sheet]:
        for each in [*_found(self.root, "sheet")][:SHEETS_MOST]:
            key = next((value for name, value in each.items() if name.endswith("}id")), "")
            kind, target = self.relations.get(key, ("", ""))
            if not kind.endswith("/worksheet"):
                continue  # charts and dialogs hold no cells
            name, hidden = (each.get("name") or "").strip(), each.get("state", "visible") != "visible"
            yield Sheet(name, hidden=True) if hidden else _Reader(self, name).sheet(target)

    def _main(self) -> str:
        for kind, target in self._relations("").values():
            if kind.endswith("/officeDocument"):
                return target
        return "xl/workbook.xml"

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        path = PurePosixPath(part)
        name = str(path.parent / "_rels" / f"{path.name}.rels") if part else "_rels/.rels"
        found: dict[str, tuple[str, str]] = {}
        for each in self._parsed(name).iter():
            if target := each.get("Target"):
                full = target.lstrip("/") if target.startswith("/") else str(path.parent / target)
                found[each.get("Id", "")] = each.get("Type", ""), re.sub(r"(?:^|/)[^/]+/\.\.(?=/)", "", full).lstrip("/").removeprefix("./")
        return found

    def _parsed(self, name: str) -> Element:
        with self.archive.open(name) as part:
            return ElementTree.parse(part).getroot()


def _found(root: Element, name: str) -> Iterator[Element]:
    """Elements of this name in whatever namespace: strict files have another one."""
    return (each for each in root.iter() if isinstance(each.tag, str) and each.tag.rpartition("}")[2] == name)


def _strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    found: list[str] = []
    with archive.open(name) as part:
        for _, each in ElementTree.iterparse(part):
            if each.tag.endswith("}si"):
                found.append(_words(each))
                each.clear()
    return found


def _words(item: Element) -> str:
    """The text of an item; how it is to be pronounced (rPh) is no part of it."""
    parts: list[str] = []
    for child in item:
        tag = child.tag.rpartition("}")[2]
        if tag == "t":
            parts.append(child.text or "")
        elif tag == "r":
            parts += [run.text or "" for run in child if run.tag.endswith("}t")]
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), "".join(parts)[:TEXT_MOST + 2000])


def _formats(styles: Element) -> list[_Format]:
    """The number format of every cell style."""
    own = {int(each.get("numFmtId", "0")): each.get("formatCode", "") for each in _found(styles, "numFmt")}
    known: dict[int, _Format] = {}
    cells = next(_found(styles, "cellXfs"), None)
    numbers = [int(each.get("numFmtId", "0")) for each in cells] if cells is not None else []
    for number in set(numbers):
        known[number] = format_of(own.get(number, BUILTIN.get(number, "")))
    return [known[number] for number in numbers]


def format_of(code: str) -> _Format:
    """What a format code shows, as far as it matters here."""
    if code in ("", "General", "@", "G/通用格式"):
        return PLAIN
    if re.fullmatch(r"\s*;\s*;\s*(;\s*)?", code):
        return _Format(nothing=True)
    first = code.split(";")[0]
    literal = re.sub(r"\[(?:\$([^\]-]*)[^\]]*|[^\]hmsHMS]*)\]", lambda found: f'"{found[1]}"' if found[1] else "", first)
    literal = re.sub(r"_.|\*.", "", literal)
    bare = re.sub(r'"[^"]*"|\\.|!.', "", literal)
    if re.search(r"[ymdhsYMDHS年月日时]", bare):
        return _Format(date=_date_format(re.sub(r'[\\"!]', "", literal)), time=bool(re.search(r"[hsHS时]", bare)))
    figures = re.search(r"[0#?][0#?,]*(?:\.([0#?]*))?", bare)
    places = len(re.sub(r"[^0#?]", "", figures[1] or "")) if figures else None
    scaled = bool(re.search(r"[0#?],+(?![0#?,])", bare) or re.search(r"[0#?][\\!]\.|[0#?]\"\.\"", literal))
    before, after = _around(literal)
    firm = figures is not None and "#" not in (figures[1] or "") and "#." not in bare
    return _Format(percent="%" in bare, places=places if firm else None, scaled=scaled,
                   commas="," in figures[0] if figures else False, before=before, after=after)


def _around(literal: str) -> tuple[str, str]:
    """The words that a format writes before and after the figures (¥, 元)."""
    found = re.fullmatch(r"(.*?)[0#?][0#?,.]*%?(.*)", literal, re.DOTALL)
    if not found:
        return "", ""
    before, after = ("".join(one or two for one, two in re.findall(r'"([^"]*)"|[\\!](.)', side)).strip() for side in found.groups())
    return before[:4], after[:4]


def _date_format(code: str) -> str:
    """How the day is written: with the parts that the format has, in their usual order."""
    code = code.lower()
    parts = (bool(re.search("y|年", code)), "m" in re.sub(r"h+.?m+|m+.?s+|\[m+\]", "", code), bool(re.search("d|日", code)))
    if "年" in code or "月" in code or not parts[0]:
        return "".join(word for word, there in zip(("%Y年", "%m月", "%d日"), parts, strict=True) if there)
    return "-".join(word for word, there in zip(("%Y", "%m", "%d"), parts, strict=True) if there)


# One sheet, row by row


class _Reader:
    """Reads one sheet; what lies beyond the limits is looked at only as far as to know that it is there."""

    def __init__(self, book: _Book, name: str) -> None:
        self.book, self.name = book, name
        self.rows: list[list[Cell]] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.merges: list[Merge] = []
        self.lost = False
        self.row = self.column = -1
        self.line: list[Cell] = []
        self.cell: dict[str, str] = {}
        self.value: list[str] | None = None
        self.words: list[str] = []
        self.formula = self.listening = self.sounding = False
        self.columns: dict[str, int] = {}

    def sheet(self, target: str) -> Sheet:
        with self.book.archive.open(target) as part:
            self._scanned(self._parsed(part), part)
        self._cover()
        self._move_merged()
        return self._hidden_away()

    def _parsed(self, part: IO[bytes]) -> bytes:
        """Feed the parser until the sheet ends or enough rows are read; the last bytes it was fed, if there may be more.

        expat itself, for it takes a third of the time of building elements.
        """
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = self._start, self._end, self._letters
        while chunk := part.read(CHUNK):
            parser.Parse(chunk, False)
            if self.row >= ROWS_MOST:
                return chunk
        parser.Parse(b"", True)
        return b""

    def _scanned(self, rest: bytes, part: IO[bytes]) -> None:
        """Look through what the parser was not fed for merges and further values: a sheet may be formatted down to row 1,048,576."""
        while chunk := part.read(CHUNK) if rest else b"":
            for first, last in _MERGE.findall(rest[-100:] + chunk):
                self._merge(first.decode(), last.decode())
            self.lost = self.lost or bool(_VALUE.search(chunk))
            rest = chunk

    def _start(self, tag: str, how: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "c":
            name = how.get("r", "").rstrip("0123456789")
            self.column = self._column_of(name) if name else self.column + 1
            self.cell, self.value, self.formula, self.words = how, None, False, []
        elif tag == "v" or (tag == "t" and not self.sounding):
            self.listening = True
        elif tag == "f":
            self.formula = True
        elif tag == "rPh":
            self.sounding = True
        elif tag == "row":
            self.row, self.column = int(how.get("r", self.row + 2)) - 1, -1
            if (how.get("hidden") in ("1", "true") or how.get("ht") == "0") and self.row < ROWS_MOST:
                self.hidden_rows.add(self.row)
        elif tag == "col":
            self._hide_columns(how)
        elif tag == "mergeCell":
            self._merge(*how.get("ref", "").partition(":")[::2])

    def _letters(self, text: str) -> None:
        if self.listening:
            self.words.append(text)

    def _end(self, tag: str) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "v" or tag == "t":
            self.listening = False
        elif tag == "c":
            self._take(self._cell("".join(self.words)))
        elif tag == "rPh":
            self.sounding = False
        elif tag == "row" and self.line:
            self.rows += [[] for _ in range(self.row + 1 - len(self.rows))]
            self.rows[self.row], self.line = self.line, []

    def _column_of(self, name: str) -> int:
        if name not in self.columns:
            found = place(f"{name}1")
            self.columns[name] = found[1] if found else COLUMNS_MOST
        return self.columns[name]

    def _take(self, cell: Cell) -> None:
        if cell.empty:
            return
        if self.row >= ROWS_MOST or self.column >= COLUMNS_MOST:
            self.lost = True
            return
        self.line += [EMPTY] * (self.column + 1 - len(self.line))
        self.line[self.column] = cell

    def _hide_columns(self, how: Mapping[str, str]) -> None:
        if how.get("hidden") in ("1", "true") or how.get("width") == "0":
            first, last = int(how.get("min", "1")) - 1, int(how.get("max", "1")) - 1
            self.hidden_columns.update(range(max(0, first), min(last, COLUMNS_MOST - 1) + 1))

    def _merge(self, first: str, last: str) -> None:
        one, two = place(first), place(last)
        if one is None or two is None or len(self.merges) >= MERGES_MOST or one == two:
            return
        if one[0] < ROWS_MOST and one[1] < COLUMNS_MOST:
            self.merges.append(Merge(*one, min(two[0], ROWS_MOST - 1), min(two[1], COLUMNS_MOST - 1)))

    def _cell(self, value: str) -> Cell:
        kind = self.cell.get("t", "n")
        if value == "":
            return Cell(unsaved=True) if self.formula and kind not in ("str", "s", "inlineStr") else EMPTY
        return self._valued(kind, value, self._format(self.cell.get("s")))

    def _format(self, style: str | None) -> _Format:
        formats = self.book.formats
        at = int(style) if style else 0
        return formats[at] if at < len(formats) else PLAIN

    def _valued(self, kind: str, value: str, how: _Format) -> Cell:
        if kind == "s":
            value = self.book.strings[int(value)] if int(value) < len(self.book.strings) else ""
        if kind in ("s", "str", "inlineStr"):
            return self._text(value, how)
        if kind == "b":
            cell = Cell(TRUE if value.strip() in ("1", "true") else FALSE)
        elif kind == "e":
            cell = Cell(value.strip()[:20], error=True)
        elif kind == "d":
            cell = _dated(datetime.fromisoformat(value.strip().removesuffix("Z")), how if how.date else _Format(date="%Y-%m-%d"))
        else:
            cell = self._number(value, how)
        self.book.left -= len(cell.text)
        return Cell(hidden=True) if how.nothing else cell

    def _text(self, value: str, how: _Format) -> Cell:
        text = tidy(value)
        self.book.left -= min(len(text), TEXT_MOST)
        if self.book.left < 0:
            raise Refused(Say.WORDY, most=ALL_MOST // 10_000)
        if how.nothing and text:
            return Cell(text=text[:TEXT_MOST], cut=len(text) > TEXT_MOST)  # ";;;" hides numbers; a text would need a fourth part
        return Cell(text[:TEXT_MOST], cut=len(text) > TEXT_MOST) if text else EMPTY

    def _number(self, value: str, how: _Format) -> Cell:
        try:
            double = float(value)
        except ValueError:
            return Cell(value.strip()[:TEXT_MOST])
        if double != double or abs(double) == float("inf"):
            return Cell(value.strip()[:20], error=True)
        if (how.date or how.time) and (moment := _moment(double, from_1904=self.book.from_1904)) is not None:
            return _dated(moment, how, days=double)
        number = exact(double)
        return Cell(shown(number, how), number, scaled=how.scaled, percent=how.percent)

    def _move_merged(self) -> None:
        """What a merged range says stands in its first cell that is not hidden."""
        for each in self.merges:
            row = next((at for at in range(each.top, each.bottom + 1) if at not in self.hidden_rows), None)
            column = next((at for at in range(each.left, each.right + 1) if at not in self.hidden_columns), None)
            if row is None or column is None or (row, column) == (each.top, each.left) or each.top >= len(self.rows):
                continue
            cells = self.rows[each.top]
            if each.left < len(cells) and not cells[each.left].empty:
                self.rows += [[] for _ in range(row + 1 - len(self.rows))]
                self.rows[row] += [EMPTY] * (column + 1 - len(self.rows[row]))
                self.rows[row][column], cells[each.left] = cells[each.left], EMPTY

    def _cover(self) -> None:
        """What lies under a merged cell, as copying may leave it there, nobody sees."""
        for each in self.merges:
            for cells in self.rows[each.top:each.bottom + 1]:
                for column in range(each.left, min(each.right + 1, len(cells))):
                    if cells is not self.rows[each.top] or column != each.left:
                        cells[column] = EMPTY if cells[column].empty else Cell(hidden=True)

    def _hidden_away(self) -> Sheet:
        """The sheet without a word of what is hidden on it."""
        veil = Cell(hidden=True)
        rows = [[veil if not cell.empty and (row in self.hidden_rows or column in self.hidden_columns) else cell
                 for column, cell in enumerate(cells)] for row, cells in enumerate(self.rows)]
        used = [column for cells in rows for column, cell in enumerate(cells) if cell.hidden]
        return Sheet(self.name, False, rows, self.merges, sorted(row for row in self.hidden_rows if row < len(rows) and rows[row]),
                     sorted(self.hidden_columns & set(used)), self.lost)


# Values


def exact(double: float) -> str:
    """A stored double as Excel shows it: 15 digits, no exponent (0.1 + 0.2 → "0.3")."""
    text = f"{double:.15g}"
    if "e" in text:
        text = f"{Decimal(text):f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def shown(number: str, how: _Format) -> str:
    """A number as its format shows it."""
    if how is PLAIN:
        return number
    value = Decimal(number).scaleb(2) if how.percent else Decimal(number)
    if how.places is not None and how.places < 15 and value.adjusted() < 12:
        value = value.quantize(Decimal(1).scaleb(-how.places), ROUND_HALF_UP)
    text = f"{value:,f}" if how.commas else f"{value:f}"
    if how.places is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    sign, text = ("-", text[1:]) if text.startswith("-") and text.strip("-0.,") else ("", text.lstrip("-"))
    return f"{sign}{how.before}{text}{'%' if how.percent else ''}{how.after}"


def _moment(days: float, *, from_1904: bool) -> datetime | None:
    """The moment that a serial number of days names; None if it is none."""
    if not 0 <= days < 2_958_466:
        return None
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31) if days < 60 else datetime(1899, 12, 30)
    return start + timedelta(seconds=round(days * 86400))


def _dated(moment: datetime, how: _Format, days: float | None = None) -> Cell:
    time = f"{moment:%H:%M}" if moment.second == 0 else f"{moment:%H:%M:%S}"
    if not how.date or (days is not None and days < 1):
        return Cell(time)
    return Cell(_written(moment.date(), how.date) + (f" {time}" if how.time else ""), day=moment.date().isoformat())


def _written(day: date, how: str) -> str:
    if "年" in how or "月" in how or "日" in how:
        return how.replace("%Y", str(day.year)).replace("%m", str(day.month)).replace("%d", str(day.day))
    return how.replace("%Y", f"{day.year:04}").replace("%m", f"{day.month:02}").replace("%d", f"{day.day:02}")


def tidy(text: str) -> str:
    """Text without marks that no reader sees; line breaks stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n")
    return re.sub(r"[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]", "", text).strip()


# Text files


def _separated(body: bytes) -> Sheet:
    """A CSV or TSV file as one sheet without a name."""
    text = _decoded(body)
    csv.field_size_limit(len(text) + 1)
    rows: list[list[Cell]] = []
    left, lost = ALL_MOST, False
    try:
        for number, line in enumerate(csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=_delimiter(text))):
            cells = [_plain(each) for each in line[:COLUMNS_MOST]]
            left -= sum(len(cell.text) for cell in cells)
            if left < 0:
                raise Refused(Say.WORDY, most=ALL_MOST // 10_000)
            if number >= ROWS_MOST:
                lost = lost or any(not cell.empty for cell in cells)
                continue
            lost = lost or any(tidy(each) for each in line[COLUMNS_MOST:])
            rows.append(cells)
    except csv.Error as error:
        raise Refused(Say.DAMAGED) from error
    return Sheet("", rows=rows, lost=lost)


def _decoded(body: bytes) -> str:
    """The text in whichever of the encodings that Excel and WPS write it; Refused if it is none of them."""
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    guesses = [name for mark, name in marks if body.startswith(mark)] or ["utf-8", "gb18030"]
    for name in guesses:
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    raise Refused(Say.CODE)


def _delimiter(text: str) -> str:
    """What stands between the cells: the mark that most of the first lines have alike."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text[:65536].splitlines()[:40]]
    counts: Mapping[str, int] = {mark: sum(line.count(mark) > 0 for line in lines) for mark in "\t,;"}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


def _plain(text: str) -> Cell:
    text = tidy(text)
    if found := re.fullmatch(r'="?(.*?)"?', text, re.DOTALL):
        text = found[1]  # Excel's own way to keep a 0 at the front
    if not text:
        return EMPTY
    error = bool(re.fullmatch(r"#(?:REF!|DIV/0!|VALUE!|NAME\?|N/A|NUM!|NULL!)", text))
    return Cell(text[:TEXT_MOST], cut=len(text) > TEXT_MOST, error=error)
