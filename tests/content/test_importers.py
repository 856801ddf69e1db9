"""Files as clerks send them: what each becomes, and the one sentence for each bad one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from kiosk.base import programs
from kiosk.base.errors import Full, Unavailable
from kiosk.content import importer, importers
from kiosk.content.importer import Extract, Limits, Note, Refused, Say, Sort, sniff
from kiosk.content.importers import documents, letters, office, sheet, sheets
from tests.support import papers, prints
from tests.support.prints import A3_WIDE, A4

office_only = [pytest.mark.office, pytest.mark.skipif(bool(programs.missing()), reason="programs are missing")]


def marked(test: Callable[..., None]) -> Callable[..., None]:
    for mark in office_only:
        test = mark(test)
    return test


@pytest.fixture
def convert(tmp_path: Path) -> Callable[..., Extract]:
    def converted(file: Path, **limits: Any) -> Extract:
        work = tmp_path / f"work-{time.monotonic_ns()}"
        work.mkdir()
        extract = importer.convert(file, name=file.name, work=work, limits=Limits(**limits), on_progress=lambda done, total: None)
        for page in extract.pages:
            for each in (*page.get("variants", ()), *page.get("poster", ())):
                each["path"] = work / each["file"]
            page["path"] = work / page.get("file", "")
        return extract
    return converted


def largest(extract: Extract, page: int = 0) -> Image.Image:
    with Image.open(extract.pages[page]["variants"][-1]["path"]) as image:
        return image.convert("RGB")


# Told by content


def test_a_name_means_nothing(tmp_path: Path) -> None:
    assert sniff(papers.pdf(tmp_path / "照片.jpg")) is Sort.PDF
    assert sniff(papers.photo(tmp_path / "a.jpg").rename(tmp_path / "a.docx")) is Sort.PICTURE
    assert sniff(papers.word(tmp_path / "a.docx").rename(tmp_path / "a.xlsx")) is Sort.DOCX


@pytest.mark.parametrize(("stream", "sort"), [("WordDocument", Sort.DOC), ("PowerPoint Document", Sort.PPT)])
def test_old_and_local_families_are_known_by_their_streams(stream: str, sort: Sort, tmp_path: Path) -> None:
    assert sniff(papers.ole(tmp_path / "a.wps", stream)) is sort


SENTENCES: list[tuple[Say, str, Callable[[Path], object]]] = [
    (Say.EMPTY, "nothing at all", lambda path: path.write_bytes(b"")),
    (Say.WORDS, "a text named .jpg", lambda path: path.write_text("值班安排\n" * 20)),
    (Say.WORDS, "a text of an old Windows", lambda path: path.write_bytes("值班安排\n".encode("gbk") * 20)),
    (Say.DAMAGED, "nothing but zeros", lambda path: path.write_bytes(bytes(5000))),
    (Say.UNKNOWN, "bytes of no kind", lambda path: path.write_bytes(bytes(range(256)) * 9)),
    (Say.SVG, "an SVG with script", lambda path: path.write_text('<?xml version="1.0"?><svg><script>alert(1)</script></svg>')),
    (Say.HTML, "a web page", lambda path: path.write_text("<!DOCTYPE html><html></html>")),
    (Say.OFD, "an OFD", lambda path: papers.zipped(path, {"OFD.xml": b"<ofd/>"})),
    (Say.ARCHIVE, "a zip of papers", lambda path: papers.zipped(path, {"a.txt": b"a"})),
    (Say.ARCHIVE, "a RAR", lambda path: path.write_bytes(b"Rar!\x1a\x07\0" + bytes(99))),
    (Say.MACROS, "a document with macros", lambda path: papers.zipped(path, {
        "[Content_Types].xml": b"wordprocessingml.document.main", "word/vbaProject.bin": b"x"})),
    (Say.MACROS, "a .docm named .docx", lambda path: papers.zipped(path, {
        "[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled.main+xml"})),
    (Say.MACROS, "an old document with macros", lambda path: papers.ole(path, "WordDocument", "Macros")),
    (Say.LOCKED, "a locked new document", lambda path: papers.ole(path, "EncryptionInfo", "EncryptedPackage")),
    (Say.BOMB, "a zip bomb dressed as DOCX", papers.bomb),
    (Say.BOMB, "entries one inside another", papers.overlapping),
    (Say.BOMB, "12,000 entries", lambda path: papers.zipped(path, {f"{number}": b"" for number in range(12_000)})),
    (Say.DAMAGED, "half a DOCX", lambda path: papers.half(papers.word(path)).rename(path)),
]


@pytest.mark.parametrize(("sentence", "make"), [(say, make) for say, _, make in SENTENCES], ids=[name for _, name, _ in SENTENCES])
def test_what_is_refused_at_the_door(sentence: Say, make: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "../文件‮gpj😀.jpg".removeprefix("../")
    make(path)
    start = time.monotonic()
    with pytest.raises(Refused) as caught:
        sniff(path)
    assert caught.value.message == sentence
    assert not caught.value.retry
    assert time.monotonic() - start < 2


def test_every_sentence_says_what_to_do() -> None:
    for sentence in Say:
        assert any(word in sentence for word in ("请", "可以")) and sentence.endswith("。")
        assert not any(word in sentence for word in ("非法", "无权限", "系统繁忙", "稍后重试", "！", "!"))


# Documents


@marked
def test_a_pdf_becomes_pages_with_words_block_and_three_sizes(convert: Callable[..., Extract], tmp_path: Path) -> None:
    extract = convert(papers.pdf(tmp_path / "a.pdf", 3))
    page = extract.pages[1]
    assert [variant["width"] for variant in page["variants"]] == [640, 1920, 3840]
    assert "Page 2, line 0" in page["text"]
    left, top, width, height = page["box"]
    assert 140 < left < 180 and 80 < top < 120 and width < 700 and 360 < height < 400
    assert len(page["gaps"]) == 2 and all(top < gap < top + height for gap in page["gaps"])


@marked
def test_a_wide_page_fills_a_4k_panel_and_a_1080p_one(convert: Callable[..., Extract], tmp_path: Path) -> None:
    page = convert(papers.pdf(tmp_path / "a.pdf", 1, size=(1600, 900))).pages[0]
    assert [(variant["width"], variant["height"]) for variant in page["variants"]] == [(640, 360), (1920, 1080), (3840, 2160)]


@marked
def test_one_page_that_fails_does_not_take_the_others_with_it(convert: Callable[..., Extract], tmp_path: Path) -> None:
    extract = convert(papers.pdf(tmp_path / "a.pdf", 24, broken=[7], size=(900, 90)))
    assert [page["type"] for page in extract.pages] == ["image"] * 6 + ["failed"] + ["image"] * 17
    assert extract.pages[6]["problem"] % extract.pages[6]["params"] == "第 7 页转换不了。"
    assert extract.notes == [Note.SOME.of(count=24, which=[7], rest=23)]


@marked
@pytest.mark.parametrize(("sentence", "make"), [
    (Say.LOCKED, lambda path: papers.pdf(path, locked=True)), (Say.DAMAGED, lambda path: papers.pdf(path, 2, broken=[1, 2])),
    (Say.PAGES, lambda path: papers.pdf(path, 10_000))], ids=["locked", "no page", "10,000 pages"])
def test_pdfs_that_are_refused(sentence: Say, make: Callable[[Path], Path], convert: Callable[..., Extract], tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        convert(make(tmp_path / "a.pdf"))
    assert caught.value.message == sentence
    if sentence is Say.PAGES:
        assert str(caught.value).startswith("文件有 10000 页，最多 300 页")


@marked
def test_text_documents_and_presentations_are_printed_with_their_words(convert: Callable[..., Extract], tmp_path: Path) -> None:
    assert "八十周岁" in convert(papers.word(tmp_path / "a.docx")).pages[0]["text"]
    extract = convert(papers.slides(tmp_path / "b.pptx", 3))
    assert len(extract.pages) == 3 and "居民医保" in extract.pages[2]["text"].replace(" ", "")


@marked
@pytest.mark.parametrize(("make", "suffix", "sort"), [
    (papers.word, "doc", Sort.DOC), (papers.slides, "ppt", Sort.PPT), (papers.sheet, "xls", Sort.XLS)], ids=["doc", "ppt", "xls"])
def test_old_families_become_pages(make: Callable[[Path], Path], suffix: str, sort: Sort, convert: Callable[..., Extract],
                                   tmp_path: Path) -> None:
    new = {"doc": "docx", "ppt": "pptx", "xls": "xlsx"}[suffix]
    old = papers.saved_as(make(tmp_path / f"a.{new}"), suffix)
    assert sniff(old) is sort
    assert convert(old).pages[0]["type"] == "image"


@marked
def test_a_wide_sheet_lies_across_one_page_and_its_hidden_sheet_stays_hidden(convert: Callable[..., Extract], tmp_path: Path) -> None:
    extract = convert(papers.sheet(tmp_path / "a.xlsx"))
    assert len(extract.pages) == 1
    assert extract.pages[0]["width"] > extract.pages[0]["height"]
    assert "HIDDEN" not in extract.pages[0]["text"]


def test_page_setup_is_written_where_the_sheet_has_none_and_over_what_it_has() -> None:
    bare = b'<worksheet xmlns="x"><sheetData/><pageMargins left="1"/></worksheet>'
    assert sheets.fit(bare) == (b'<worksheet xmlns="x"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetData/><pageMargins left="1"/>'
                                b'<pageSetup fitToWidth="1" fitToHeight="0"/></worksheet>')
    full = b'<worksheet><sheetPr><tabColor/></sheetPr><sheetData/><pageSetup paperSize="8" scale="50" r:id="r1"/></worksheet>'
    assert b'<pageSetup paperSize="8" fitToWidth="1" fitToHeight="0"/>' in sheets.fit(full)
    assert sheets.fit(b"<x:worksheet/>") == b"<x:worksheet/>"


# How high the type of a page is


def per_mille(points: float, size: tuple[int, int] = A4) -> float:
    return points / size[0] * 1000


def near(page: dict[str, Any], points: float, size: tuple[int, int] = A4, within: float = 0.02) -> bool:
    return bool(abs(page["em"] / per_mille(points, size) - 1) <= within)


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[[Path], dict[str, Any]]:
    """The first page as a worker draws it, without the sandbox."""
    def first(pdf: Path) -> dict[str, Any]:
        return documents._draw(documents.pdfium.PdfDocument(pdf), 1, tmp_path)
    return first


@pytest.mark.parametrize("size", [A4, A3_WIDE], ids=["A4", "A3 wide"])
@pytest.mark.parametrize("points", [9, 24])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_type_of_a_page_is_measured_however_the_page_is_turned(points: float, size: tuple[int, int], turned: int,
                                                                  drawn: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    page = drawn(prints.typed(tmp_path / "a.pdf", prints.paragraph(points, right=size[0] - 72, top=size[1] - 72), size=size, turned=turned))
    assert near(page, points, size[::-1] if turned in (90, 270) else size)
    assert page["share"] == 100


def test_a_footnote_a_page_number_and_a_header_are_told_apart(drawn: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    body = prints.paragraph(16, bottom=200)
    label, note = (72, 120, 6, "Note 3"), (72, 120, 6, "Note 3: not paid out while living abroad")
    header, number = (72, 815, 8, "Bailu sub-district office, general affairs"), (290, 30, 7, "Page 12 of 40")
    assert near(drawn(prints.typed(tmp_path / "a.pdf", [*body, label, header, number])), 16)
    assert near(drawn(prints.typed(tmp_path / "b.pdf", [*body, note, header, number])), 6)


def test_a_small_column_of_a_table_counts(drawn: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    cells = [(400, 760 - 20 * row, 7, f"{row * 137}.25") for row in range(20)]
    assert near(drawn(prints.typed(tmp_path / "a.pdf", [*prints.paragraph(14, right=380), *cells])), 7)


def test_a_page_of_two_columns_is_parted_between_them_and_one_column_is_not_called_two(drawn: Callable[[Path], dict[str, Any]],
                                                                                      tmp_path: Path) -> None:
    columns = [*prints.paragraph(10, right=280), *prints.paragraph(10, left=315)]
    halves = drawn(prints.typed(tmp_path / "a.pdf", [(150, 800, 20, "One heading across"), *columns]))["halves"]
    assert halves["clean"] and per_mille(270) < halves["at"] < per_mille(325)
    left, right = halves["boxes"]
    assert left[0] + left[2] - right[0] <= 24 and all(len(gaps) > 20 for gaps in halves["gaps"])  # the white around them
    assert not drawn(prints.typed(tmp_path / "b.pdf", prints.paragraph(10)))["halves"]["clean"]


def test_a_table_with_rules_is_cut_between_its_rows(tmp_path: Path) -> None:
    table = Image.new("L", (1600, 2200), 255)
    for at in range(12):
        table.paste(0, (200, 200 + 150 * at, 1400, 204 + 150 * at))
        table.paste(60, (260, 250 + 150 * at, 700, 300 + 150 * at))
    for x in (200, 800, 1396):
        table.paste(0, (x, 200, x + 4, 1850))
    gaps = sheet.block(table)["gaps"]
    assert len(gaps) >= 20
    assert not any(250 + 150 * at < gap * 2.2 < 300 + 150 * at for gap in gaps for at in range(12))


def test_a_blank_page_is_no_scan(drawn: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    page = drawn(prints.typed(tmp_path / "a.pdf", []))
    assert "em" not in page and "unread" not in page


@marked
def test_chinese_type_from_word_and_powerpoint_is_measured_on_its_printed_page(convert: Callable[..., Extract], tmp_path: Path) -> None:
    page = convert(papers.word(tmp_path / "a.docx")).pages[0]
    assert near(page, 11, (612, 792), within=0.03)  # python-docx: 11 points on Letter
    shown = convert(papers.slides(tmp_path / "b.pptx", 1)).pages[0]
    assert near(shown, 32, (720, 540), within=0.15)  # 32 points on a slide of ten inches, less where LibreOffice fits the text


@marked
@pytest.mark.parametrize("suffix", ["pdf", "png"])
@pytest.mark.parametrize("points", [9, 16])
def test_the_type_of_a_scan_is_measured_in_the_sandbox_or_said_to_be_unknown(points: float, suffix: str, convert: Callable[..., Extract],
                                                                            tmp_path: Path) -> None:
    printed = prints.typed(tmp_path / "a.pdf", prints.paragraph(points))
    extract = convert(prints.copied(printed, tmp_path / f"scan.{suffix}"))
    page = extract.pages[0]
    if not letters.can_read():
        assert page["unread"] and extract.notes == [Note.UNREAD.of(which=[1])]
        return
    assert near(page, points, within=0.3) and page["letters"] > 300
    assert extract.notes == [] and len(page["gaps"]) > 20


def test_without_the_ocr_a_scan_is_said_to_be_unknown(drawn: Callable[[Path], dict[str, Any]], tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "can_read", lambda: False)
    scan = prints.copied(prints.typed(tmp_path / "a.pdf", prints.paragraph(9)), tmp_path / "scan.pdf")
    page = drawn(scan)
    assert page["unread"] and "em" not in page
    assert sheet.unread([page, {"type": "failed"}, page]) == [Note.UNREAD.of(which=[1, 3])]
    assert sheet.unread([page] * 20) == [Note.UNREAD_MANY.of(which=list(range(1, 9)), count=20)]
    assert str(Note.UNREAD) % {"which": "1、3"} == "没有装识字的组件，扫描件第 1、3 页的字有多大不知道。请到屏前看一看，看得清再报审。"


@marked
def test_a_photo_is_no_scan(convert: Callable[..., Extract], tmp_path: Path) -> None:
    extract = convert(papers.photo(tmp_path / "a.jpg"))
    assert "em" not in extract.pages[0] and "unread" not in extract.pages[0] and extract.notes == []


# Pictures


@marked
def test_a_photo_stands_upright(convert: Callable[..., Extract], tmp_path: Path) -> None:
    image = largest(convert(papers.photo(tmp_path / "a.jpg", (1600, 900), turned=6)))
    assert image.size == (900, 1600)
    red, green, _ = image.getpixel((880, 20))  # type: ignore[misc]
    assert red > 200 > 60 > green


@marked
@pytest.mark.parametrize("suffix", ["png", "webp", "heic", "tiff", "gif", "bmp", "avif"])
def test_every_usual_picture_is_taken(suffix: str, convert: Callable[..., Extract], tmp_path: Path) -> None:
    page = convert(papers.photo(tmp_path / f"a.{suffix}", (800, 600))).pages[0]
    assert [variant["width"] for variant in page["variants"]] == [640, 800]


@marked
def test_a_picture_is_never_made_larger_and_comes_at_every_width_it_has_pixels_for(convert: Callable[..., Extract], tmp_path: Path) -> None:
    page = convert(papers.photo(tmp_path / "a.png", (5000, 2500))).pages[0]
    assert [variant["width"] for variant in page["variants"]] == [640, 1280, 1920, 3840]
    small = convert(papers.photo(tmp_path / "b.png", (300, 200))).pages[0]
    assert [variant["width"] for variant in small["variants"]] == [300]


@marked
def test_what_is_transparent_lies_on_the_themes_paper(convert: Callable[..., Extract], tmp_path: Path) -> None:
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(tmp_path / "a.png")
    pixel = largest(convert(tmp_path / "a.png")).getpixel((50, 50))
    assert all(abs(left - right) <= 2 for left, right in zip(pixel, (0xFB, 0xFA, 0xF6), strict=True))  # type: ignore[arg-type]


@marked
def test_colours_of_another_space_are_brought_to_ours(convert: Callable[..., Extract], tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    Image.new("RGB", (100, 100), (100, 100, 100)).save(tmp_path / "a.png", icc_profile=lab)
    assert convert(tmp_path / "a.png").pages  # a profile that does not fit is left out, the picture is not


@marked
def test_sixteen_bits_a_colour_are_scaled_and_not_cut(convert: Callable[..., Extract], tmp_path: Path) -> None:
    Image.new("I;16", (100, 100), 32768).save(tmp_path / "a.png")
    grey = largest(convert(tmp_path / "a.png")).getpixel((50, 50))
    assert all(120 <= part <= 136 for part in grey)  # type: ignore[union-attr]


@marked
def test_a_tiff_of_three_pages_is_three_pages(convert: Callable[..., Extract], tmp_path: Path) -> None:
    pages = [Image.new("1", (700, 900), number % 2) for number in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert len(convert(tmp_path / "a.tif").pages) == 3


@marked
def test_a_moving_gif_shows_its_first_frame_and_says_so(convert: Callable[..., Extract], tmp_path: Path) -> None:
    frames = [Image.new("RGB", (100, 100), (number * 90, 0, 0)) for number in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    extract = convert(tmp_path / "a.gif")
    assert len(extract.pages) == 1 and extract.notes == [Note.MOVING.of()]


@marked
def test_a_picture_of_900_million_points_is_refused_before_it_is_unpacked(convert: Callable[..., Extract], tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Refused) as caught:
        convert(papers.huge_png(tmp_path / "a.png", 30_000, 30_000))
    assert str(caught.value) == "图片有 30000×30000 像素，太大了，最多 10000 万像素。请缩小后另存一份再传。"
    assert time.monotonic() - start < 5


# Films


@marked
@pytest.mark.parametrize(("name", "how", "mime"), [
    ("a.mp4", ("-c:v", "libx264"), "video/mp4"), ("a.webm", ("-c:v", "libvpx-vp9", "-b:v", "300k"), "video/webm"),
    ("a.avi", ("-c:v", "mpeg4"), "video/mp4"), ("a.mov", ("-c:v", "libx264"), "video/mp4"), ("a.mkv", ("-c:v", "libx264"), "video/mp4")])
def test_films_become_what_every_board_plays(name: str, how: tuple[str, ...], mime: str, convert: Callable[..., Extract],
                                             tmp_path: Path) -> None:
    page = convert(papers.film(tmp_path / name, *how)).pages[0]
    assert (page["mime"], page["width"], page["height"]) == (mime, 640, 360)
    assert abs(page["duration"] - 2) < 0.2
    assert page["poster"][-1]["width"] == 640
    if mime == "video/mp4":
        body = page["path"].read_bytes()
        assert 0 < body.find(b"moov") < body.find(b"mdat")
        assert b"mp4a" not in body


@marked
def test_a_good_film_is_kept_byte_for_byte(convert: Callable[..., Extract], tmp_path: Path) -> None:
    film = papers.film(tmp_path / "a.mp4", "-c:v", "libx264", "-movflags", "+faststart", sound=False)
    assert convert(film).pages[0]["path"].read_bytes() == film.read_bytes()


@marked
@pytest.mark.parametrize("how", [("-movflags", "+faststart"), ()], ids=["list first", "list last"])
def test_half_a_film_is_refused(how: tuple[str, ...], convert: Callable[..., Extract], tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        convert(papers.half(papers.film(tmp_path / "a.mp4", "-c:v", "libx264", *how)))
    assert caught.value.message == Say.CUT


@marked
def test_a_sound_is_no_film(convert: Callable[..., Extract], tmp_path: Path) -> None:
    for name in ("a.m4a", "a.mp3"):
        with pytest.raises(Refused) as caught:
            convert(papers.sound(tmp_path / name))
        assert caught.value.message == Say.NO_PICTURE


# When the child itself fails


@marked
def test_a_conversion_that_hangs_is_ended_and_says_after_how_long(convert: Callable[..., Extract], tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Refused) as caught:
        convert(papers.pdf(tmp_path / "a.pdf", 200), seconds=1)
    assert caught.value.message == Say.SLOW and not caught.value.retry
    assert time.monotonic() - start < 5


@marked
def test_a_conversion_without_enough_memory_says_so(convert: Callable[..., Extract], tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        convert(papers.photo(tmp_path / "a.jpg", (6000, 4000)), memory_mb=250)
    assert caught.value.message == Say.HEAVY


@pytest.mark.parametrize(("number", "sentence", "retry"), [(9, Say.BROKE, True), (11, Say.FAULT, False)])
def test_a_killed_child_may_be_tried_again_and_a_crashed_one_not(
        number: int, sentence: Say, retry: bool, convert: Callable[..., Extract], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: object, **more: object) -> None:
        raise programs.Killed(number)
    monkeypatch.setattr(programs, "run", killed)
    monkeypatch.setattr(programs, "missing", lambda names: [])
    with pytest.raises(Refused) as caught:
        convert(papers.pdf(tmp_path / "a.pdf"))
    assert (caught.value.message, caught.value.retry) == (sentence, retry)


def test_a_missing_program_is_named_and_nothing_is_blamed_on_the_file(convert: Callable[..., Extract], tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "missing", lambda names: [name for name in names if name == "LibreOffice"])
    with pytest.raises(Unavailable, match="LibreOffice"):
        convert(papers.word(tmp_path / "a.docx"))


def test_a_full_disk_is_not_blamed_on_the_file(convert: Callable[..., Extract], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "missing", lambda names: [])
    monkeypatch.setattr(importer, "ROOM", 1 << 60)
    with pytest.raises(Full, match="磁盘"):
        convert(papers.pdf(tmp_path / "a.pdf"))


@pytest.mark.parametrize("told", [
    "no json", json.dumps({"problem": "随便一句话", "params": {}, "retry": False}), json.dumps([]),
    json.dumps({"pages": [{"type": "video", "file": "../../secret", "width": 1, "height": 1, "mime": "video/mp4"}], "notes": []}),
    json.dumps({"pages": [{"type": "image", "width": 1, "height": 1, "text": "", "box": [], "gaps": [],
                           "variants": [{"file": "link.webp", "width": 1, "height": 1}]}], "notes": []})],
    ids=["no json", "a sentence of its own", "no object", "a path", "a link"])
def test_what_a_child_hands_over_is_not_believed(told: str, convert: Callable[..., Extract], tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def turned(argv: list[str], *, work: Path, **more: object) -> programs.Finished:
        (work / "result.json").write_text(told)
        (work / "link.webp").symlink_to(secret)
        return programs.Finished(0, "", "")
    monkeypatch.setattr(programs, "run", turned)
    monkeypatch.setattr(programs, "missing", lambda names: [])
    with pytest.raises(Refused) as caught:
        convert(papers.pdf(tmp_path / "a.pdf"))
    assert caught.value.message == Say.FAULT


@marked
def test_a_hung_libreoffice_is_ended_and_tried_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "soffice"
    program.write_text(f"#!/bin/sh\necho x >> {tmp_path}/starts\nexec sleep 4712\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(office, "SECONDS", 0.5)
    with pytest.raises(Refused) as caught:
        office.converted(papers.word(tmp_path / "a.docx"), tmp_path, "pdf")
    assert caught.value.message == Say.SLOW
    assert (tmp_path / "starts").read_text() == "x\nx\n"


def test_the_limits_of_every_family_are_there() -> None:
    assert all(family.seconds > 0 and family.memory_mb >= 3072 for family in importers.TUPLE)
