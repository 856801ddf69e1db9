"""What pages cost: a sample of each kind typeset and drawn, a finance sheet of 1,000 rows, and typing in a form until the picture comes
back. Beside each in the same run: Pillow measuring the same words whole, which is the least that any typesetting takes.

`python -m tests.bench.pages` prints medians.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk import schema
from kiosk.app import create_app
from kiosk.content import render, typeset
from kiosk.content.geometry import geometry_of, panel_of
from kiosk.content.kinds import KINDS, TUPLE
from kiosk.content.render import SLIDES, SlideView
from kiosk.parts import open_parts
from kiosk.settings import Settings
from kiosk.web import forms
from tests.support.cast import Cast
from tests.support.doors import Browser, with_password

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
RUNS, ROWS = 15, 1000
HALL = geometry_of(panel_of(43, 1920, 1080))


def main() -> None:
    for kind in TUPLE:
        _drawn(f"{kind.name}: its sample typeset and drawn", _view(kind.name, _sample(kind.name)["data"]), RUNS)
    _drawn(f"finance: a sheet of {ROWS:,} rows to pages", _view("finance", thousand()), 3)
    with tempfile.TemporaryDirectory() as folder:
        _previews(Path(folder))


def thousand() -> dict[str, Any]:
    """A quarter with so many lines, in groups with their totals."""
    data = _sample("finance")["data"]
    parts = [line for line in data["lines"] if line["level"] != "合计"]
    lines = [{**parts[at % len(parts)], "name": f"第{at + 1}项经费支出", "group": "支出"} for at in range(ROWS)]
    return KINDS["finance"].parse({**data, "lines": lines}).stored()


def _drawn(name: str, view: SlideView, runs: int) -> None:
    pages = render.render(view, HALL)
    words = [page.text for page in pages]
    ours, whole = _times(lambda: render.render(view, HALL), lambda: _measured(words), runs)
    print(f"{name:<58}{ours:8.1f} ms for {len(pages)} pages   Pillow, {sum(map(len, words))} characters whole: {whole:.1f} ms", flush=True)


def _measured(words: list[str]) -> None:
    face = typeset._face(500)
    for text in words:
        face.getlength(text, features=typeset.FEATURES)


def _previews(folder: Path) -> None:
    """A form sent and its page back, as the browser does after each pause in typing: the application whole, without the network."""
    parts = open_parts(Settings(data=folder))
    schema.ensure(parts.database)
    app = create_app(parts)
    with parts.database.write() as session:
        login = with_password(session, Cast.made(session, AT).editor, AT)
    browser = Browser(app, login)
    csrf = browser.csrf()
    for kind in (kind for kind in TUPLE if not kind.FILES):
        sample = _sample(kind.name)
        words = {forms.prefix(kind.name) + name: word for name, word in forms.words_of(kind.name, sample["data"]).items()}
        form = {"title": sample["title"], "csrf_token": csrf, **words}
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            answer = browser.client.post(f"/staff/content/preview?kind={kind.name}", data=form)
            times.append((time.perf_counter() - start) * 1000)
            assert answer.status_code == 200 and answer.get_json()["pages"], answer.text
        print(f"{kind.name + ': a form sent, its page back':<58}{statistics.median(times):8.1f} ms  (slowest {max(times):.1f})", flush=True)
    parts.close()


def _times(ours: Callable[[], object], whole: Callable[[], object], runs: int) -> tuple[float, float]:
    """Medians in ms, both by turns, so that a busy minute strikes both."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for work, times in zip((ours, whole), took, strict=True):
            start = time.perf_counter()
            work()
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(took[0]), statistics.median(took[1])


def _sample(kind: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((SLIDES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    return told


def _view(kind: str, data: dict[str, Any]) -> SlideView:
    return SlideView(_sample(kind)["title"], kind, data, "财政公开", "党政办", None, "0825-×××××××", office="白鹭街道办事处",
                     short="街道办")


if __name__ == "__main__":
    main()
