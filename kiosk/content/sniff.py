"""Sniffing: what a file is, told by its content and never by its name, and what is refused at the door.

Only bounded reads: headers, the list of a zip's entries, the list of an OLE file's streams. Nothing is unpacked or decoded here.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from kiosk.base.errors import N_, Problem

ENTRIES_MOST, LIST_MOST = 10_000, 8 << 20
UNPACKED_MB, SUSPECT, RATIO = 1024, 32 << 20, 120  # office files shrink to a tenth; beyond this it is made to fill a disk
FREE, END = 0xFFFFFFFF, 0xFFFFFFFE


class Sort(StrEnum):
    """What a file is; the word is also the suffix under which programs get it."""

    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    ODT = "odt"
    RTF = "rtf"
    PPTX = "pptx"
    PPT = "ppt"
    ODP = "odp"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    PICTURE = "picture"
    HEIC = "heic"
    VIDEO = "video"


class Say(StrEnum):
    """Every sentence that refuses a file. A child may only choose one of these."""

    EMPTY = N_("这个文件是空的，一个字节也没有。请在您电脑上先打开看看，另存一份再传。")
    DAMAGED = N_("这个文件打开就是坏的，请在您电脑上先打开看看，另存一份再传。")
    LOCKED = N_("文件加了密码，转换不了。请先打开它取消密码，另存一份再传。")
    MACROS = N_("文件里带有宏，不能上屏。请打开它另存为不带宏的格式，或另存为 PDF，再传。")
    OFD = N_("OFD 文件请先另存为 PDF，再传。")
    SVG = N_("SVG 图里可以藏程序，不能直接上屏。请用看图软件打开，另存为 PNG 图片再传。")
    HTML = N_("这是网页文件，不能直接上屏。请在浏览器里打开，打印成 PDF 再传。")
    WORDS = N_("这个文件里只有纯文字，不是图片、文档或视频。请找到原来的文件再传；要发文字，请另存为 PDF。")
    ARCHIVE = N_("这是压缩包。请先解开，把里面要公示的文件一个个传上来。")
    UNKNOWN = N_("认不出这是什么文件。可以传 PDF、Word、Excel、PPT、图片和视频，别的请先另存为 PDF。")
    BOMB = N_("这个文件解开来大得不正常，没有打开它。请在您电脑上打开看看，另存为 PDF 再传。")
    PAGES = N_("文件有 %(count)s 页，最多 %(most)s 页。请只挑要公示的页，或分成几份再传。")
    PIXELS = N_("图片有 %(width)s×%(height)s 像素，太大了，最多 %(most)s 万像素。请缩小后另存一份再传。")
    CUT = N_("视频不完整，像是没有拷完。请在您电脑上从头到尾放一遍，重新拷一份再传。")
    NO_PICTURE = N_("这个文件里没有画面，只有声音。请换成视频或图片再传。")
    SLOW = N_("转换了 %(minutes)s 分钟还没有完，先停了。请在您电脑上另存为 PDF，或分成几份再传。")
    HEAVY = N_("转换这个文件要用的内存超过了服务器给的数。请缩小里面的图片，或分成几份再传。")
    BROKE = N_("转换到一半停了，不像是文件的错。原文件已存好，可以再转一次。")
    FAULT = N_("转换程序打开这个文件时出了错。请在您电脑上另存为 PDF 再传。")
    BULKY = N_("转换出来的内容超过 %(most)s MB。请分成几份再传。")
    SCRATCH = N_("没有转换出可以看的页。请在您电脑上打开看看，另存为 PDF 再传。")
    NO_TABLE = N_("这不是表格文件。请传 Excel 或 WPS 表格（.xlsx、.xls）、ODS 或 CSV。")
    WEB_TABLE = N_("这个文件里其实是网页，只是名字像表格。请用 Excel 或 WPS 打开它，另存为 .xlsx 再传。")
    CODE = N_("这个文本文件的编码认不出来。请用 Excel 或 WPS 打开它，另存为 .xlsx 再传。")
    WORDY = N_("表里的字超过 %(most)s 万，不像是要公示的表。请只留要公示的工作表，另存一份再传。")
    LONG_TABLE = N_("读这张表用了 %(seconds)s 秒还没有完，先停了。请只留要公示的行和列，另存一份再传。")
    ODD_TABLE = N_("读这张表时出了错。请用 Excel 或 WPS 打开它，另存为 .xlsx 再传。")


class Note(StrEnum):
    """Every remark that an importer makes on a file it has converted. A child may only choose one of these."""

    SOME = N_("%(count)s 页里第 %(which)s 页转换不了，其余 %(rest)s 页好了。可以先报审，或改好第 %(which)s 页再传。")
    MANY = N_("%(count)s 页里第 %(which)s 页等 %(failed)s 页转换不了，其余 %(rest)s 页好了。可以先报审，或改好这些页再传。")
    MOVING = N_("动图只取第一帧，屏上不会动。要动的请传视频。")
    UNREAD = N_("没有装识字的组件，扫描件第 %(which)s 页的字有多大不知道。请到屏前看一看，看得清再报审。")
    UNREAD_MANY = N_("没有装识字的组件，扫描件第 %(which)s 页等 %(count)s 页的字有多大不知道。请到屏前看一看，看得清再报审。")

    def of(self, **params: object) -> dict[str, Any]:
        """The remark as a revision keeps it."""
        return {"message": str(self), "params": params}


class Refused(Problem):
    """A file that cannot be shown. `retry` says whether the same file may succeed another time."""

    status = 422
    slug = "refused"

    def __init__(self, message: str, *, retry: bool = False, **params: object) -> None:
        super().__init__(str(message), **params)  # a database knows no StrEnum
        self.retry = retry


def sniff(path: Path) -> Sort:
    """What the file is; Refused with what to do instead if it is nothing we show."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
        if not head:
            raise Refused(Say.EMPTY)
        if b"%PDF-" in head[:1024]:
            return Sort.PDF
        if head.startswith(b"PK\x03\x04"):
            return _zip(file, size)
        if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
            return _ole(file, head)
    return _by_magic(head) or _refuse(head)


def sniff_table(path: Path) -> str:
    """Which table it is: "xlsx", "xls", "ods", or "csv" for a text; Refused with what to do instead if it is none."""
    with path.open("rb") as file:
        head = file.read(4096)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or (start and not _CONTROL.search(head) and not start.startswith(_MARKED)):
        return "csv"
    if start.startswith(b"<"):
        raise Refused(Say.WEB_TABLE)
    if (sort := sniff(path)) not in (Sort.XLSX, Sort.XLS, Sort.ODS):
        raise Refused(Say.NO_TABLE)
    return str(sort)


_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKED = (b"<", b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xd8\xff", b"GIF8", b"\x89PNG", b"Rar!", b"RIFF",
           b"7z\xbc\xaf")
MAGIC: tuple[tuple[int, bytes, Sort], ...] = (
    (0, b"\xff\xd8\xff", Sort.PICTURE), (0, b"\x89PNG\r\n\x1a\n", Sort.PICTURE), (0, b"GIF8", Sort.PICTURE), (8, b"WEBP", Sort.PICTURE),
    (0, b"II*\0", Sort.PICTURE), (0, b"MM\0*", Sort.PICTURE), (0, b"{\\rtf", Sort.RTF), (0, b"\x1aE\xdf\xa3", Sort.VIDEO),
    (8, b"AVI ", Sort.VIDEO), (0, b"0&\xb2u\x8ef\xcf\x11", Sort.VIDEO), (0, b"FLV\x01", Sort.VIDEO), (0, b"\0\0\x01\xba", Sort.VIDEO),
)
STILL = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"}
BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


def _by_magic(head: bytes) -> Sort | None:
    for offset, mark, sort in MAGIC:
        if head[offset:offset + len(mark)] == mark:
            return sort
    if head.startswith(b"BM") and len(head) > 30 and head[6:10] == b"\0\0\0\0":
        return Sort.PICTURE
    if head[4:8] in BOXES:
        return Sort.HEIC if head[4:8] == b"ftyp" and head[8:12] in STILL else Sort.VIDEO
    return None


def _refuse(head: bytes) -> Sort:
    """Say what it is instead, so that the clerk knows what to do."""
    lower = head.lower()
    if head.startswith((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"PK\x05\x06")):
        raise Refused(Say.ARCHIVE)
    if b"<svg" in lower:
        raise Refused(Say.SVG)
    if b"<html" in lower or b"<!doctype html" in lower:
        raise Refused(Say.HTML)
    if not _CONTROL.search(head):
        raise Refused(Say.WORDS)
    if head.startswith((b"ID3", b"OggS", b"fLaC")) or head[8:12] == b"WAVE":
        raise Refused(Say.NO_PICTURE)
    raise Refused(Say.DAMAGED if not head.strip(b"\0") else Say.UNKNOWN)


# Zip: OOXML, OpenDocument, OFD


MAIN = ((b"wordprocessingml.document.main", Sort.DOCX), (b"wordprocessingml.template.main", Sort.DOCX),
        (b"presentationml.presentation.main", Sort.PPTX), (b"presentationml.slideshow.main", Sort.PPTX),
        (b"presentationml.template.main", Sort.PPTX), (b"spreadsheetml.sheet.main", Sort.XLSX), (b"spreadsheetml.template.main", Sort.XLSX))
OPEN = ((b"opendocument.text", Sort.ODT), (b"opendocument.presentation", Sort.ODP), (b"opendocument.spreadsheet", Sort.ODS))


def _zip(file: BinaryIO, size: int) -> Sort:
    """An office file in a zip, after its list of entries proved honest."""
    _listed(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _honest(entries, archive.start_dir)
            names = {entry.filename for entry in entries}
            if any(name.lower() == "ofd.xml" for name in names):
                raise Refused(Say.OFD)
            if "[Content_Types].xml" in names:
                return _ooxml(_part(archive, "[Content_Types].xml"), names)
            if "mimetype" in names:
                return _opendocument(_part(archive, "mimetype"), names)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, RuntimeError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise Refused(Say.DAMAGED) from error
    raise Refused(Say.ARCHIVE)


def _listed(file: BinaryIO, size: int) -> None:
    """Refuse a list of entries too long to be read, before zipfile reads it."""
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise Refused(Say.DAMAGED)
    count, length = struct.unpack("<HI", tail[at + 10:at + 16])
    if count > ENTRIES_MOST or length > LIST_MOST:
        raise Refused(Say.BOMB)


def _honest(entries: list[zipfile.ZipInfo], end: int) -> None:
    """No entry inside another, no mountain from a pinch, nothing locked."""
    if len(entries) > ENTRIES_MOST or sum(entry.file_size for entry in entries) > UNPACKED_MB << 20:
        raise Refused(Say.BOMB)
    if any(entry.file_size > SUSPECT and entry.file_size > RATIO * max(1, entry.compress_size) for entry in entries):
        raise Refused(Say.BOMB)
    reached = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < reached:
            raise Refused(Say.BOMB)
        reached = entry.header_offset + 30 + entry.compress_size
    if reached > end:
        raise Refused(Say.BOMB)
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused(Say.LOCKED)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(1 << 20)


def _ooxml(types: bytes, names: set[str]) -> Sort:
    if b"macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused(Say.MACROS)
    for mark, sort in MAIN:
        if mark in types:
            return sort
    raise Refused(Say.UNKNOWN)


def _opendocument(kind: bytes, names: set[str]) -> Sort:
    if any(name.startswith(("Basic/", "Scripts/")) and name.endswith((".xml", ".py", ".js")) for name in names):
        raise Refused(Say.MACROS)
    for mark, sort in OPEN:
        if mark in kind:
            return sort
    raise Refused(Say.UNKNOWN)


# OLE2: the old office families, and locked new ones


def _ole(file: BinaryIO, head: bytes) -> Sort:
    """An old office file, by the names of its streams."""
    try:
        streams = dict(_streams(file, head))
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise Refused(Say.DAMAGED) from error
    names = {name.lower() for name in streams}
    if names & {"encryptedpackage", "encryptedsummary"}:
        raise Refused(Say.LOCKED)
    if names & {"macros", "_vba_project", "_vba_project_cur"}:
        raise Refused(Say.MACROS)
    if "WordDocument" in streams:
        if len(words := streams["WordDocument"]) > 12 and words[11] & 1:  # fEncrypted of the file's first block
            raise Refused(Say.LOCKED)
        return Sort.DOC
    if book := streams.get("Workbook", streams.get("Book")):
        if b"\x2f\0" in _records(book):
            raise Refused(Say.LOCKED)
        return Sort.XLS
    if "PowerPoint Document" in streams:
        return Sort.PPT
    raise Refused(Say.UNKNOWN)


def _streams(file: BinaryIO, head: bytes) -> Iterator[tuple[str, bytes]]:
    """Names of the entries of an OLE file's directory, each with the first 512 bytes of its stream."""
    size = 1 << struct.unpack_from("<H", head, 30)[0]
    if size not in (512, 4096):
        raise ValueError(size)
    table = _sector_table(file, head, size)
    sector = struct.unpack_from("<I", head, 48)[0]
    for _ in range(2000):
        if sector >= END:
            return
        block = _sector(file, sector, size)
        for at in range(0, size, 128):
            length, = struct.unpack_from("<H", block, at + 64)
            if block[at + 66] in (1, 2, 5) and 2 <= length <= 64:
                name = block[at:at + length - 2].decode("utf-16-le", "replace")
                start, = struct.unpack_from("<I", block, at + 116)
                yield name, _sector(file, start, size)[:512] if block[at + 66] == 2 and start < END else b""
        sector = table[sector]


def _sector_table(file: BinaryIO, head: bytes, size: int) -> list[int]:
    """Which sector follows which, as far as the header's own list reaches (7 MB of an old file; its directory lies there)."""
    table: list[int] = []
    for sector in struct.unpack_from("<109I", head, 76):
        if sector < END:
            table += struct.unpack(f"<{size // 4}I", _sector(file, sector, size))
    return table


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size).ljust(size, b"\0")


def _records(book: bytes) -> list[bytes]:
    """Numbers of a workbook's first records."""
    found, at = [], 0
    while at + 4 <= len(book):
        number, length = struct.unpack_from("<HH", book, at)
        found.append(struct.pack("<H", number))
        at += 4 + length
    return found
