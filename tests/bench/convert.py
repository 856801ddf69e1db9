"""What a conversion costs beside bare pypdfium2 and Pillow doing the same in the same run: same sizes, same WebP, no sandbox.

`python -m tests.bench.convert` prints the medians and the two ratios the issue bounds (≤ 1.2).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageOps

from kiosk.content import importer
from kiosk.content.importers.variants import METHOD, QUALITY
from tests.support import papers

RUNS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pdf = papers.office_pdf(root / "twenty.pdf", pages=20)
        jpeg = papers.photo(root / "photo.jpg", (3840, 2160), quality=90)
        _ratio("PDF, 20 pages to 4K, 1080p and 640 px", lambda work: _bare_pdf(pdf, work), lambda work: _convert(pdf, work))
        _ratio("JPEG, 3840×2160 to four widths", lambda work: _bare_jpeg(jpeg, work), lambda work: _convert(jpeg, work))


def _ratio(name: str, bare: Callable[[Path], None], ours: Callable[[Path], None]) -> None:
    """Both by turns, so that a busy minute strikes both."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for run, times in zip((bare, ours), took, strict=True):
            with _folder() as work:
                start = time.perf_counter()
                run(work)
                times.append(time.perf_counter() - start)
    left, right = map(statistics.median, took)
    print(f"{name:<58}bare {left:6.2f} s   ours {right:6.2f} s   ratio {right / left:.2f}", flush=True)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _convert(file: Path, work: Path) -> None:
    importer.convert(file, name=file.name, work=work, limits=importer.Limits(), on_progress=lambda done, total: None)


def _bare_pdf(pdf: Path, work: Path) -> None:
    document = pdfium.PdfDocument(pdf)
    for number, page in enumerate(document):
        large = page.render(scale=3840 / page.get_width(), rev_byteorder=True).to_pil().convert("RGB")
        half = large.reduce(2)
        small = half.resize((640, round(half.height * 640 / half.width)), Image.Resampling.LANCZOS, reducing_gap=2.0)
        for image in (large, half, small):
            image.save(work / f"{number}-{image.width}.webp", "WEBP", quality=QUALITY, method=METHOD)


def _bare_jpeg(jpeg: Path, work: Path) -> None:
    image = ImageOps.exif_transpose(Image.open(jpeg)).convert("RGB")
    for width in (3840, 1920, 1280, 640):
        made = image.resize((width, image.height * width // image.width), Image.Resampling.LANCZOS, reducing_gap=2.0)
        made.save(work / f"{width}.webp", "WEBP", quality=QUALITY, method=METHOD)


if __name__ == "__main__":
    main()
