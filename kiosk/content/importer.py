"""Importer: turns an uploaded file into pages. The serving process never opens the file itself.

The contract: a module of `importers/` has `extract(job) -> Extract`, runs in a child inside the sandbox, writes what it makes
into the job's folder under plain names, tells `job.told(done, total)` how far it is, and raises Refused with a sentence of `Say`.
A module that reads cells instead (`importers/grid.py`) has `read(original, work) -> Grid`; see read_grid.
What the child leaves behind is checked here as a stranger's: known sentences, plain file names, no links, bounded numbers.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import stat
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from kiosk.base import programs
from kiosk.base.errors import N_, Full, Unavailable
from kiosk.content import grid, importers
from kiosk.content.grid import NAME_MOST, Grid
from kiosk.content.sniff import Note, Refused, Say, Sort, sniff, sniff_table

log = logging.getLogger("kiosk")

HERE = Path(__file__).resolve().parents[1]
TEXT_MOST = 20_000
RESULT_MOST = 128 << 20  # bytes of a child's result
ROOM = 200 << 20  # bytes that a conversion wants free besides the file itself
PAGE_FAILED = N_("第 %(number)s 页转换不了。")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\.[a-z0-9]{1,8}")


@dataclass(frozen=True)
class Limits:
    """What one file may cost. Seconds and memory_mb of None are those of its family."""

    max_pages: int = 300
    max_pixels: int = 100_000_000
    seconds: int | None = None
    memory_mb: int | None = None
    work_mb: int = 4096


@dataclass(frozen=True)
class Job:
    """What a child is asked: the file under a name of ours, its sort and the limits; `told` takes pages done and all."""

    sort: Sort
    original: Path
    work: Path
    limits: Limits
    told: Callable[[int, int], None]


@dataclass(frozen=True)
class Extract:
    """What importers hand over: pages as `kinds/media.py` reads them, with "file" (a name in the work folder) in place of "sha"."""

    pages: list[dict[str, Any]]
    notes: list[dict[str, Any]] = field(default_factory=list)


class Importer(Protocol):
    """A module of `importers/`, as the contract's tests see it."""

    def extract(self, job: Job) -> Extract: ...


def convert(file: Path, *, name: str, work: Path, limits: Limits = Limits(), on_progress: Callable[[int, int], None]) -> Extract:
    """The file's pages. Blocks until one child in the sandbox is done; Refused (see `retry`), or Unavailable if a program is missing.

    `name` is for the log only. The files of the pages lie in `work`, which the caller makes empty and removes.
    """
    sort = sniff(file)
    family = importers.family(sort)
    _ready(family)
    _roomy(work, file.stat().st_size + ROOM)
    original = work / f"original.{sort}"
    shutil.copyfile(file, original)
    told = {"task": "pages", "sort": sort, "original": original.name, "max_pages": limits.max_pages, "max_pixels": limits.max_pixels}
    (work / "job.json").write_text(json.dumps(told), encoding="utf-8")
    try:
        finished = _child(work, family, limits, lambda line: _progress(line, on_progress))
    except programs.TimedOut as stopped:
        raise Refused(Say.SLOW, minutes=max(1, round((limits.seconds or family.seconds) / 60))) from stopped
    except programs.TooBig as stopped:
        raise Refused(Say.BULKY, most=limits.work_mb) from stopped
    except programs.Killed as stopped:
        log.warning("conversion of %r: %s", name, stopped)
        raise Refused(Say.BROKE, retry=True) if stopped.number in (9, 15) else Refused(Say.FAULT) from stopped
    if finished.code != 0:
        log.warning("conversion of %r ended with %s: %s", name, finished.code, finished.err[-2000:])
    try:
        return _result(work)
    except Refused:
        _roomy(work, ROOM // 10)  # a child cannot tell a full disk from a bad file
        raise


def read_grid(file: Path, *, name: str, work: Path, limits: Limits = Limits()) -> Grid:
    """The cells of a workbook (XLSX, XLS, ODS) or of a text file (CSV, TSV). Blocks until one child in the sandbox is done.

    Refused if it is no table or cannot be read, Unavailable if a program is missing. `name` is for the log, and names the
    sheet that a text file has none for; `work` is an empty folder, which the caller removes.
    """
    suffix = sniff_table(file)
    family = importers.OLD_GRID if suffix in ("xls", "ods") else importers.GRID
    _ready(family)
    _roomy(work, 4 * file.stat().st_size + ROOM // 10)
    original = work / f"original.{suffix}"
    shutil.copyfile(file, original)
    (work / "job.json").write_text(json.dumps({"task": "cells", "reader": family.name, "original": original.name}), encoding="utf-8")
    try:
        finished = _child(work, family, limits)
    except programs.TimedOut as stopped:
        raise Refused(Say.LONG_TABLE, seconds=limits.seconds or family.seconds) from stopped
    except programs.Stopped as stopped:
        log.warning("reading of %r: %s", name, stopped)
        raise Refused(Say.ODD_TABLE) from stopped
    if finished.code != 0:
        log.warning("reading of %r ended with %s: %s", name, finished.code, finished.err[-2000:])
    found = _grid(work)
    return Grid([replace(sheet, name=Path(name).stem[:NAME_MOST]) for sheet in found.sheets]) if suffix == "csv" else found


def _child(work: Path, family: importers.Family, limits: Limits, on_line: Callable[[str], None] | None = None) -> programs.Finished:
    """Run the job that lies in the work folder in the sandbox, within its family's limits or these."""
    return programs.run(
        [sys.executable, "-S", "-B", "-m", "kiosk.content.importers", str(work / "job.json")], work=work, readable=_readable(),
        seconds=limits.seconds or family.seconds, memory_mb=limits.memory_mb or family.memory_mb, work_mb=limits.work_mb,
        env=_environment(), on_line=on_line)


def _ready(family: importers.Family) -> None:
    """Unavailable, with the names for the administrator, if what the family needs is not here."""
    if gone := programs.missing(("bubblewrap", *family.needs)):
        if "bubblewrap" in gone:
            raise Unavailable("服务器上没有可用的 %(names)s，文件先转换不了，屏上照常播放。请管理员装上后再传。", names=gone)
        raise Unavailable("服务器上没有 %(names)s，这种文件先转换不了。请另存为 PDF 再传，或请管理员装上。", names=gone)


def _roomy(work: Path, wanted: int) -> None:
    if shutil.disk_usage(work).free < wanted:
        raise Full("服务器的磁盘快满了，这个文件没有转换成。请管理员腾出地方，再重新传一次。")


def _readable() -> list[Path]:
    """Our code and the Python that runs it; nothing of the data folder."""
    places = {Path(sys.prefix), Path(sys.base_prefix), HERE, HERE.parent / "static" / "vendor" / "fonts"}
    return sorted(path for path in places if path.exists() and path not in (Path("/"), Path("/usr")))


def _environment() -> dict[str, str]:
    """Where Python finds our code and its libraries; -S spares the child the search for them."""
    paths = dict.fromkeys((str(HERE.parent), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    return {"PYTHONPATH": ":".join(paths), "PYTHONUTF8": "1"}


def _progress(line: str, on_progress: Callable[[int, int], None]) -> None:
    if found := re.fullmatch(r"(\d{1,6})/(\d{1,6})", line):
        on_progress(min(int(found[1]), int(found[2])), int(found[2]))


def _result(work: Path) -> Extract:
    """What the child wrote, taken as a stranger's word."""
    try:
        told = _told(work)
        pages = [_page(work, page) for page in told["pages"]]
        notes = [_note(note) for note in told["notes"]][:20]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Refused(Say.FAULT) from error
    return Extract(pages, notes)


def _grid(work: Path) -> Grid:
    """The cells that the child wrote, taken as a stranger's word."""
    try:
        return grid.unpacked(_told(work))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(Say.ODD_TABLE) from error


def _told(work: Path) -> Mapping[str, Any]:
    """The child's result; Refused if that is one of the sentences."""
    path = _own(work, "result.json")
    if path.stat().st_size > RESULT_MOST:
        raise ValueError(path.name)
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "problem" in told:
        params = {str(key): value for key, value in told["params"].items() if isinstance(value, int)}
        raise Refused(Say(told["problem"]), retry=bool(told["retry"]), **params)
    return told


def _own(work: Path, name: str) -> Path:
    """A file that the child made: a plain name, a plain file, no link to anywhere."""
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    path = work / name
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise ValueError(name)
    return path


def _page(work: Path, page: Mapping[str, Any]) -> dict[str, Any]:
    if page["type"] == "failed":
        return {"type": "failed", "problem": PAGE_FAILED, "params": {"number": int(page["params"]["number"])}}
    size = {"width": int(page["width"]), "height": int(page["height"])}
    if page["type"] == "video":
        file = _own(work, page["file"])
        mime = {"video/mp4": "video/mp4", "video/webm": "video/webm"}[page["mime"]]
        return {"type": "video", "file": file.name, "size": file.stat().st_size, "mime": mime, **size, "duration": float(page["duration"]),
                "poster": [_variant(work, each) for each in page["poster"]]}
    return {"type": "image", **size, "variants": [_variant(work, each) for each in page["variants"]], "text": str(page["text"])[:TEXT_MOST],
            "box": _box(page["box"]), "gaps": _milles(page["gaps"]), **_measured(page)}


def _milles(values: Sequence[Any]) -> list[int]:
    return [min(1000, max(0, int(each))) for each in values][:300]


def _box(values: Sequence[Any]) -> list[int]:
    left, top, width, height = _milles(values)
    return [left, top, width, height]


def _measured(page: Mapping[str, Any]) -> dict[str, Any]:
    """What the importer knows of the page's type and its two halves (importers/sheet.py)."""
    made: dict[str, Any] = {}
    if page.get("em") is not None and 0 < float(page["em"]) <= 1000:
        made |= {"em": float(page["em"]), "share": int(page["share"])}
    if "halves" in page:
        halves = page["halves"]
        left, right = ({"gaps": _milles(gaps), "box": _box(box)} for gaps, box in zip(halves["gaps"], halves["boxes"], strict=True))
        made["halves"] = {"at": _milles([halves["at"]])[0], "clean": bool(halves["clean"]), "gaps": [left["gaps"], right["gaps"]],
                          "boxes": [left["box"], right["box"]]}
    if "letters" in page:
        made["letters"] = int(page["letters"])
    return made | ({"unread": True} if page.get("unread") else {})


def _note(note: Mapping[str, Any]) -> dict[str, Any]:
    params = {str(name): [int(each) for each in value] if isinstance(value, list) else int(value) for name, value in note["params"].items()}
    return Note(note["message"]).of(**params)


def _variant(work: Path, variant: Mapping[str, Any]) -> dict[str, Any]:
    file = _own(work, variant["file"])
    return {"file": file.name, "width": int(variant["width"]), "height": int(variant["height"]), "size": file.stat().st_size,
            "type": "image/webp"}


__all__ = ["Extract", "Grid", "Importer", "Job", "Limits", "Note", "Refused", "Say", "Sort", "convert", "read_grid", "sniff", "sniff_table"]
