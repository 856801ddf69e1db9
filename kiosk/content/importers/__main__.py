"""The child: reads one job, runs its importer, writes result.json. Whatever goes wrong ends in a sentence or in an exit code."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from kiosk.content import importers
from kiosk.content.importer import Importer, Job, Limits
from kiosk.content.sniff import Refused, Say, Sort


def main(path: Path) -> int:
    told = json.loads(path.read_text(encoding="utf-8"))
    limits = Limits(max_pages=told["max_pages"], max_pixels=told["max_pixels"])
    job = Job(Sort(told["sort"]), path.parent / told["original"], path.parent, limits, _tell)
    importer: Importer = importlib.import_module(f"kiosk.content.importers.{importers.family(job.sort).name}")
    try:
        extract = importer.extract(job)
        result: dict[str, Any] = {"pages": extract.pages, "notes": extract.notes}
    except Refused as refused:
        result = {"problem": refused.message, "params": refused.params, "retry": refused.retry}
    except MemoryError:
        result = {"problem": Say.HEAVY, "params": {}, "retry": False}
    (path.parent / "result.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    return 0


def _tell(done: int, total: int) -> None:
    print(f"{done}/{total}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
