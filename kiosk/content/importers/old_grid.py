"""old_grid: XLS and ODS as cells: LibreOffice saves them as XLSX first. A module of its own, since what it loads costs the others time."""

from __future__ import annotations

from pathlib import Path

from kiosk.content.grid import Grid
from kiosk.content.importers import grid
from kiosk.content.importers.office import converted


def read(original: Path, work: Path) -> Grid:
    return grid.read(converted(original, work, "xlsx"), work)
