"""Real files as clerks send them, and the bad ones, made when a test needs them."""

from __future__ import annotations

import re
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import docx
import openpyxl
import pillow_heif
import pptx
from openpyxl.chart import BarChart, Reference
from PIL import Image

pillow_heif.register_heif_opener()
WORDS = "本辖区内年满八十周岁的老年人，可以向户籍所在地社区提出申请，提交身份证复印件、户口簿复印件和近期照片。"


def pdf(path: Path, pages: int = 2, *, broken: Collection[int] = (), locked: bool = False, size: tuple[int, int] = (595, 842)) -> Path:
    """Pages with three lines each; `broken` ones are missing although the document lists them."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(pages))
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
              b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for number in range(1, pages + 1):
        lines = b" ".join(b"BT /F 24 Tf 100 %d Td (Page %d, line %d) Tj ET" % (size[1] - 100 - 150 * row, number, row) for row in range(3))
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>" % (*size, 3 + 2 * number)
        bodies += [b"null" if number in broken else page, b"<</Length %d>>stream\n%s\nendstream" % (len(lines), lines)]
    extra = b"/ID[<%s><%s>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (
        b"ab" * 16, b"ab" * 16, b"11" * 32, b"22" * 32) if locked else b""
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    path.write_bytes(data + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF"
                     % (len(bodies) + 1, table, len(bodies) + 1, extra, len(data)))
    return path


def word(path: Path, pages: int = 1) -> Path:
    made = docx.Document()
    for number in range(1, pages + 1):
        made.add_heading(f"高龄津贴申请 {number}", 1)
        for _ in range(9):
            made.add_paragraph(WORDS * 2)
        if number < pages:
            made.add_page_break()
    made.save(str(path))
    return path


def slides(path: Path, count: int = 3) -> Path:
    made = pptx.Presentation()
    for number in range(1, count + 1):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = f"居民医保办事流程 {number}"
        slide.placeholders[1].text = "第一步 带身份证到三号窗口\n第二步 填表"
    made.save(str(path))
    return path


def sheet(path: Path, columns: int = 20, rows: int = 30) -> Path:
    """A wide table with a chart, and a hidden sheet that nobody may see."""
    book = openpyxl.Workbook()
    table = book.active
    assert table is not None
    for row in range(rows):
        table.append([f"支出{row}", *(row * column for column in range(1, columns))])
    chart = BarChart()
    chart.add_data(Reference(table, min_col=2, min_row=1, max_row=9))
    table.add_chart(chart, "D5")
    hidden = book.create_sheet("名单")
    hidden["A1"] = "HIDDEN-NAMES"
    hidden.sheet_state = "hidden"
    book.save(path)
    return path


def photo(path: Path, size: tuple[int, int] = (1600, 900), *, turned: int = 1, **more: object) -> Path:
    """A picture with a red upper left corner; `turned` is the EXIF orientation."""
    image = Image.effect_noise((size[0] // 8, size[1] // 8), 60).resize(size, Image.Resampling.BICUBIC).convert("RGB")
    image.paste((255, 0, 0), (0, 0, size[0] // 4, size[1] // 4))
    exif = Image.Exif()
    exif[274] = turned
    image.save(path, exif=exif, **more)
    return path


def office_pdf(path: Path, pages: int) -> Path:
    """A text document as LibreOffice prints it."""
    return saved_as(word(path.with_suffix(".docx"), pages), "pdf")


def saved_as(source: Path, suffix: str) -> Path:
    """The same document in another of LibreOffice's formats."""
    profile = (source.parent / "profile").as_uri()
    subprocess.run(["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", suffix, "--outdir", str(source.parent),
                    str(source)], check=True, capture_output=True)
    return source.with_suffix(f".{suffix}")


def film(path: Path, *how: str, seconds: int = 2, size: str = "640x360", sound: bool = True) -> Path:
    sounds = ["-f", "lavfi", "-i", f"sine=d={seconds}"] if sound else []
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}:d={seconds}:r=25", *sounds,
                    "-pix_fmt", "yuv420p", *how, str(path)], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return path


def sound(path: Path) -> Path:
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-f", "lavfi", "-i", "sine=d=1", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def huge_png(path: Path, width: int, height: int) -> Path:
    """A PNG that says it is so large, in a few bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b"".join(_chunk(name, body) for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return path


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return path


def bomb(path: Path) -> Path:
    """A text document of which 200 MB come out of 200 kB."""
    return zipped(path, {"[Content_Types].xml": b"wordprocessingml.document.main", "word/document.xml": bytes(200 << 20)})


def overlapping(path: Path) -> Path:
    """A text document two of whose entries are the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "wordprocessingml.document.main")
        archive.writestr("word/document.xml", "x" * 5000)
        archive.infolist()[1].header_offset = 0
    return path


def ole(path: Path, *streams: str) -> Path:
    """An old office file of which there is only the list of streams."""
    end = 0xFFFFFFFE
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 432
    entries = b""
    for name in ("Root Entry", *streams):
        words = name.encode("utf-16-le") + b"\0\0"
        entries += words.ljust(64, b"\0") + struct.pack("<HB", len(words), 5 if name == "Root Entry" else 2) + bytes(49)
        entries += struct.pack("<III", end, 0, 0)
    path.write_bytes(head + struct.pack("<128I", 0xFFFFFFFD, end, *([0xFFFFFFFF] * 126)) + entries.ljust(512, b"\0"))
    return path


def half(path: Path) -> Path:
    """The first half of the file, as a cut line leaves it."""
    body = path.read_bytes()
    cut = path.with_name(f"half-{path.name}")
    cut.write_bytes(body[:len(body) // 2])
    return cut


def computed(path: Path, results: dict[str, str], sheet: str = "xl/worksheets/sheet1.xml") -> Path:
    """The workbook as Excel saves it: beside each formula named here ("B3") its result."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    text = entries[sheet].decode()
    for cell, result in results.items():
        kind = "" if re.fullmatch(r"-?[\d.]+(E-?\d+)?", result) else ' t="e"' if result.startswith("#") else ' t="str"'
        text, count = re.subn(rf'<c r="{cell}"([^>]*?)(?: t="\w+")?><f>(.*?)</f><v ?/?>(?:</v>)?',
                              rf'<c r="{cell}"\1{kind}><f>\2</f><v>{result}</v>', text)
        assert count == 1, cell
    entries[sheet] = text.encode()
    return zipped(path, entries)
