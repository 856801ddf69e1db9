"""The child: reads one job, runs its importer, writes result.json. Whatever goes wrong ends in a sentence or in an exit code."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.content import grid, importers
from kiosk.content.importer import Importer, Job, Limits
from kiosk.content.sniff import Refused, Say, Sort


def main(path: Path) -> int:
    told = json.loads(path.read_text(encoding="utf-8"))
    try:
        result = (_cells if told["task"] == "cells" else _pages)(told, path.parent)
    except Refused as refused:
        result = {"problem": refused.message, "params": refused.params, "retry": refused.retry}
    except MemoryError:
        result = {"problem": Say.HEAVY, "params": {}, "retry": False}
    (path.parent / "result.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    return 0


def _pages(told: Mapping[str, Any], work: Path) -> dict[str, Any]:
    limits = Limits(max_pages=told["max_pages"], max_pixels=told["max_pixels"])
    job = Job(Sort(told["sort"]), work / told["original"], work, limits, _tell)
    importer: Importer = importlib.import_module(f"kiosk.content.importers.{importers.family(job.sort).name}")
    extract = importer.extract(job)
    return {"pages": extract.pages, "notes": extract.notes}


def _cells(told: Mapping[str, Any], work: Path) -> dict[str, Any]:
    reader = importlib.import_module(f"kiosk.content.importers.{told['reader']}")
    return grid.packed(reader.read(work / told["original"], work))


def _tell(done: int, total: int) -> None:
    print(f"{done}/{total}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
