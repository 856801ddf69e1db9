"""The importers there are. The tuple is the register; naming an importer here loads nothing: each is loaded in its child only."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.content.sniff import Sort


@dataclass(frozen=True)
class Family:
    """An importer as the parent knows it: its module here, what it reads, the programs it needs, and its limits."""

    name: str
    sorts: frozenset[Sort]
    seconds: int
    memory_mb: int  # of address space, each process
    needs: tuple[str, ...] = ()


TUPLE: tuple[Family, ...] = (
    Family("documents", frozenset({Sort.PDF}), 1200, 3072),
    Family("office", frozenset({Sort.DOCX, Sort.DOC, Sort.ODT, Sort.RTF, Sort.PPTX, Sort.PPT, Sort.ODP}), 1500, 6144, ("LibreOffice",)),
    Family("sheets", frozenset({Sort.XLSX, Sort.XLS, Sort.ODS}), 1500, 6144, ("LibreOffice",)),
    Family("media", frozenset({Sort.PICTURE}), 300, 3072),
    Family("phones", frozenset({Sort.HEIC}), 300, 3072),
    Family("video", frozenset({Sort.VIDEO}), 3600, 6144, ("ffmpeg", "ffprobe")),
)

GRID = Family("grid", frozenset({Sort.XLSX}), 20, 2048)  # cells instead of pages, for a person who waits for them
OLD_GRID = Family("old_grid", frozenset({Sort.XLS, Sort.ODS}), 60, 6144, ("LibreOffice",))  # which starts in 3 to 20 seconds


def family(sort: Sort) -> Family:
    """The importer that reads this sort."""
    return next(each for each in TUPLE if sort in each.sorts)
