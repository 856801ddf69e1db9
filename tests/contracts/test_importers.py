"""What every importer promises: pages that the media kind takes, files that are there, one sentence for a bad file."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from kiosk.base import programs
from kiosk.content import importer, importers
from kiosk.content.geometry import geometry_of, panel_of
from kiosk.content.importer import Limits, Refused, Say, Sort
from kiosk.content.kinds.media import Media
from kiosk.content.pages import media_of
from tests.support import papers

pytestmark = [pytest.mark.office, pytest.mark.skipif(bool(programs.missing()), reason="programs are missing")]

SAMPLES: dict[str, Callable[[Path], Path]] = {
    "documents": lambda folder: papers.pdf(folder / "a.pdf"),
    "office": lambda folder: papers.slides(folder / "a.pptx"),
    "sheets": lambda folder: papers.sheet(folder / "a.xlsx"),
    "media": lambda folder: papers.photo(folder / "a.jpg"),
    "phones": lambda folder: papers.photo(folder / "a.heic"),
    "video": lambda folder: papers.film(folder / "a.mp4"),
}


def test_every_sort_of_file_has_one_importer_and_every_importer_a_sample() -> None:
    assert sorted(sort for each in importers.TUPLE for sort in each.sorts) == sorted(Sort)
    assert {each.name for each in importers.TUPLE} == set(SAMPLES)


def test_naming_the_importers_loads_none_of_the_libraries_that_read_strangers_files() -> None:
    asked = "import sys, kiosk.content.importer; print(sorted({'pypdfium2', 'pillow_heif', 'openpyxl', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "[]\n"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture(params=importers.TUPLE, ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> importers.Family:
    found: importers.Family = request.param
    return found


def test_an_importer_is_a_module_with_extract(family: importers.Family) -> None:
    assert callable(importlib.import_module(f"kiosk.content.importers.{family.name}").extract)


def test_its_pages_can_be_shown_and_its_progress_ends_at_the_end(family: importers.Family, tmp_path: Path, work: Path) -> None:
    told: list[tuple[int, int]] = []
    sample = SAMPLES[family.name](tmp_path)
    extract = importer.convert(sample, name=sample.name, work=work, limits=Limits(), on_progress=lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1]
    for page in extract.pages:
        variants = [*page.get("variants", ()), *page.get("poster", ())]
        for variant in variants:
            with Image.open(work / variant["file"]) as image:
                assert (image.format, image.size) == ("WEBP", (variant["width"], variant["height"]))
            assert variant["size"] == (work / variant["file"]).stat().st_size
        for each in (*variants, *([page] if page["type"] == "video" else [])):
            each["sha"] = each["file"]
    data = {"pages": extract.pages, "notes": extract.notes}
    assert media_of(data)
    assert Media.parse(data).sheets("标题", geometry_of(panel_of(43, 1920, 1080)))


def test_the_same_file_twice_gives_the_same_pages(family: importers.Family, tmp_path: Path) -> None:
    made = []
    sample = SAMPLES[family.name](tmp_path)
    for number in range(2):
        work = tmp_path / f"work{number}"
        work.mkdir()
        pages = importer.convert(sample, name=sample.name, work=work, on_progress=lambda done, total: None).pages
        files = [each["file"] for page in pages for each in (*page.get("variants", ()), *page.get("poster", ()))]
        made.append([(work / file).read_bytes() for file in files])
    assert made[0] == made[1]


def test_half_a_file_is_refused_with_one_of_the_known_sentences(family: importers.Family, tmp_path: Path, work: Path) -> None:
    sample = papers.half(SAMPLES[family.name](tmp_path))
    if family.name == "documents":
        sample.write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * 40)  # a PDF that lost its end is repaired, not refused
    with pytest.raises(Refused) as caught:
        importer.convert(sample, name=sample.name, work=work, on_progress=lambda done, total: None)
    assert caught.value.message in (Say.DAMAGED, Say.CUT)
    assert not caught.value.retry
