"""documents: every page of a PDF as a picture at 4K and 1080p class and small, with its words, how high its smallest running type is
(letters.py), and the block it stands in.

Two workers draw at the same time. A page that hangs or brings its worker down is one failed page: the others are drawn by a new worker.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from pypdfium2.raw import FPDF_ERR_PASSWORD

from kiosk.content.importer import PAGE_FAILED, TEXT_MOST, Extract, Job
from kiosk.content.importers import letters
from kiosk.content.importers.sheet import block, measured, read, unread
from kiosk.content.importers.variants import narrowed, save
from kiosk.content.sniff import Note, Refused, Say

WORKERS = 2
PAGE_SECONDS = 60.0
WIDE, HIGH = 3840, 2160  # a 4K panel; halved for 1080p
SMALL = 640
PIXELS_MOST = 40_000_000
HEAVY: dict[str, Any] = {"type": "heavy"}  # a worker's word for "not enough memory"
FORK = multiprocessing.get_context("fork")


def extract(job: Job) -> Extract:
    return pages_of(job, job.original)


def pages_of(job: Job, pdf: Path) -> Extract:
    """The pages of a PDF, failed ones among them; Refused if none could be drawn."""
    count = _count(pdf, job.limits.max_pages)
    job.told(0, count)
    made: dict[int, dict[str, Any]] = {}
    heavy = False
    for number, page in _drawn(pdf, job.work, count):
        heavy |= page == HEAVY
        made[number] = page if page and page != HEAVY else {"type": "failed", "problem": PAGE_FAILED, "params": {"number": number}}
        job.told(len(made), count)
    failed = [number for number in sorted(made) if made[number]["type"] == "failed"]
    if len(failed) == count:
        raise Refused(Say.HEAVY if heavy else Say.DAMAGED)
    pages = [made[number] for number in sorted(made)]
    return Extract(pages, [*([_note(failed, count)] if failed else []), *unread(pages)])


def _note(failed: Sequence[int], count: int) -> dict[str, Any]:
    """Sentence 7 of the staff pages."""
    told = {"count": count, "which": list(failed[:8]), "rest": count - len(failed)}
    return Note.SOME.of(**told) if len(failed) <= 8 else Note.MANY.of(**told, failed=len(failed))


def _count(pdf: Path, most: int) -> int:
    try:
        document = pdfium.PdfDocument(pdf)
    except pdfium.PdfiumError as error:
        raise Refused(Say.LOCKED if error.err_code == FPDF_ERR_PASSWORD else Say.DAMAGED) from error
    count = len(document)
    document.close()
    if count == 0:
        raise Refused(Say.DAMAGED)
    if count > most:
        raise Refused(Say.PAGES, count=count, most=most)
    return count


@dataclass
class _Worker:
    """A forked drawer, the page it is at and since when."""

    process: BaseProcess
    pipe: Connection
    number: int = 0
    since: float = 0.0


def _drawn(pdf: Path, work: Path, count: int) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Pages as they get ready; None for one that could not be drawn."""
    waiting = deque(range(1, count + 1))
    crew = {worker.pipe: worker for worker in (_hire(pdf, work) for _ in range(min(WORKERS, count)))}
    for worker in crew.values():
        _next(worker, waiting)
    while crew:
        ready = wait(list(crew), timeout=1.0)
        late = [pipe for pipe, worker in crew.items() if time.monotonic() - worker.since > PAGE_SECONDS and pipe not in ready]
        for pipe in [*ready, *late]:
            assert isinstance(pipe, Connection)
            worker = crew.pop(pipe)
            number = worker.number
            try:
                if pipe in late:
                    raise EOFError
                answer = pipe.recv()
            except (EOFError, OSError):
                answer = None
                _dismiss(worker)
                worker = _hire(pdf, work) if waiting else worker
            yield number, answer
            if waiting:
                _next(worker, waiting)
                crew[worker.pipe] = worker
            else:
                _dismiss(worker)


def _hire(pdf: Path, work: Path) -> _Worker:
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_serve, args=(pdf, work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _next(worker: _Worker, waiting: deque[int]) -> None:
    worker.number, worker.since = waiting.popleft(), time.monotonic()
    try:
        worker.pipe.send(worker.number)
    except OSError:  # it died already: its pipe says so at the next look
        pass


def _dismiss(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _serve(pdf: Path, work: Path, pipe: Connection) -> None:
    """A worker: draws the pages it is told until it is ended."""
    document = pdfium.PdfDocument(pdf)
    while True:
        number = pipe.recv()
        try:
            answer = _draw(document, number, work)
        except MemoryError:
            answer = HEAVY
        except (pdfium.PdfiumError, ValueError, OSError):
            answer = None
        pipe.send(answer)


def _draw(document: pdfium.PdfDocument, number: int, work: Path) -> dict[str, Any]:
    page = document[number - 1]
    words = page.get_textpage()
    text, sizes = _text(words), letters.of_page(page, words)
    words.close()
    width, height = page.get_size()
    bitmap = page.render(scale=_scale(width, height, bool(text.strip())), rev_byteorder=True, no_smoothtext=False)
    large = bitmap.to_pil().convert("RGB")
    half = large.reduce(2)
    small = narrowed(half, SMALL)
    scan = not sizes or (len(sizes) < letters.SPARSE and letters.pictured(page))
    em = measured(sizes)
    about = read(half, sizes) if scan else {**block(half, em["em"]), **em}
    variants = [save(image, work, f"p{number}-{image.width}") for image in (small, half, large)]
    page.close()
    return {"type": "image", "width": large.width, "height": large.height, "variants": variants, "text": text, **about}


def _scale(width: float, height: float, words: bool) -> float:
    """Pixels a point: a wide page fills a 4K panel, a tall page with words is as wide as one (it is shown in strips), a scan as high."""
    if width <= 0 or height <= 0:
        raise ValueError("page without size")
    if width >= height:
        scale = min(WIDE / width, HIGH / height)
    else:
        scale = min(WIDE / width, 1.6 * WIDE / height) if words else min(HIGH / width, WIDE / height)
    scale = min(scale, math.sqrt(PIXELS_MOST / (width * height)), 16_000 / max(width, height))
    return max(scale, 2 / min(width, height))


def _text(words: pdfium.PdfTextPage) -> str:
    text: str = words.get_text_bounded()
    return text.replace("\r\n", "\n").replace("\ufffe", "").replace("\0", "")[:TEXT_MOST]
