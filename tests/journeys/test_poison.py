"""Slides that no board can show, thirty kinds of them: each is skipped, the others play, and the wall is never empty."""

from __future__ import annotations

import hashlib
import io
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.support.office import LANDSCAPE, PLAYING, Office
from tests.support.recast import Recast

pytestmark = pytest.mark.journey
GOOD, DWELL = 2, 1.0
ROUND = 100  # steps of two and a half seconds, of the page's own clock
EMPTY = """() => { const front = document.querySelector('.zone.main .layer.front.shown');
  const page = front?.shadowRoot.firstElementChild;
  return { item: globalThis.kiosk.look().item, words: front?.shadowRoot.textContent.trim().length ?? 0,
    large: page ? page.getBoundingClientRect().height > 100 : false }; }"""


def picture(form: str = "PNG", size: tuple[int, int] = (64, 64)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form)
    return out.getvalue()


def film(folder: Path, *words: str, name: str = "film.mkv") -> bytes:
    """A second of film as ffmpeg makes it."""
    source = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5"]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *source, *words, folder / name], check=True)
    return (folder / name).read_bytes()


def page(media: str) -> bytes:
    return f'<article class="page"><h1>有毒的一页</h1>{media}</article>'.encode()


class Kitchen:
    """Thirty slides, and the objects they name."""

    def __init__(self, recast: Recast, folder: Path) -> None:
        self.recast, self.made = recast, dict[str, dict[str, Any]]()
        self._pages()
        self._media(folder)
        self._numbers()

    def _add(self, name: str, html: str, **more: Any) -> None:
        self.made[name] = {"html": html, **more}

    def _pages(self) -> None:
        put = self.recast.put
        for name, data in {"nothing at all": b"", "only spaces": b"  \n ", "only a script": b"<script>document.body.remove()</script>",
                           "bytes that are no text": bytes(range(256)) * 20, "only a comment": b"<!-- x -->",
                           "a style alone": b"<style>*{}</style>", "text without a page": "一行字".encode()}.items():
            self._add(name, put(data))
        self._add("an object that is not there", hashlib.sha256(b"nobody has it").hexdigest())
        wrong = hashlib.sha256(b"what it should be").hexdigest()
        self.recast._made[wrong] = page("<p>换掉了</p>")
        self._add("an object whose bytes are others'", wrong)

    def _media(self, folder: Path) -> None:
        put = self.recast.put
        large = picture(size=(8000, 5000))
        images = {"a picture of no bytes": b"", "half a picture": picture()[:60], "text that says it is a picture": b"hello",
                  "half a WebP": picture("WEBP")[:30], "an SVG that is none": b"<svg", "a picture in a format of nobody": picture("TGA")}
        films = {"a film of no bytes": b"", "half a film": film(folder, "-c:v", "mpeg4", name="film.mp4")[:500], "text for a film": b"mp4",
                 "a codec that no browser has": film(folder, "-c:v", "ffv1"), "MPEG-2": film(folder, "-c:v", "mpeg2video", name="film.mpg"),
                 "a film of sound alone": film(folder, "-f", "lavfi", "-i", "sine=duration=1", "-map", "1:a", name="sound.wav")}
        for name, data in images.items():
            self._add(name, put(page(f'<img data-object="{put(data)}" alt="">')))
        for name, data in films.items():
            self._add(name, put(page(f'<video data-object="{put(data)}" muted></video>')))
        self._add("40 million pixels", put(page(f'<img data-object="{put(large)}" alt="">')))
        self._add("a picture without a name", put(page('<img data-object="" alt="">')))
        self._add("a picture outside", put(page('<img data-object="../../etc/passwd" alt="">')))
        self._add("a picture that is not there", put(page(f'<img data-object="{hashlib.sha256(b"gone").hexdigest()}" alt="">')))

    def _numbers(self) -> None:
        figures = {"no time": 0,
                   "less than none": -5, "words for a number": "abc", "nothing for a number": None, "a list for a number": [3]}
        for number, (name, dwell) in enumerate(figures.items()):
            self._add(name, self.recast.put(page(f"<p>{number}</p>")), dwell=dwell)


def test_thirty_slides_that_cannot_be_shown_are_skipped_and_the_others_play(office: Office, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport=LANDSCAPE, service_workers="block")
    screen = context.new_page()
    screen.clock.install()
    recast = Recast(screen)
    kitchen = Kitchen(recast, tmp_path)
    assert len(kitchen.made) >= 30

    def serve(manifest: dict[str, Any]) -> None:
        items = [each for each in manifest["items"] if each.get("zone", "main") == "main"][:GOOD]
        rest = [each for each in manifest["items"] if each.get("zone", "main") != "main"]
        poison = [{**items[0], "item": f"{900 + at}.1", "media": [], "dwell": DWELL, **given}
                  for at, given in enumerate(kitchen.made.values())]
        good = [{**each, "dwell": DWELL} for each in items]
        playing = [good[0], *poison[:15], *([good[1]] if len(good) > 1 else []), *poison[15:]]
        names = [each["item"] for each in playing]
        manifest.update(items=[*playing, *rest], fallback=[], step=False,
                        windows=[{"items": names + [each["item"] for each in rest], "from": None, "to": None, "priority": 0}])

    recast._change = serve
    screen.goto(office.board()["url"])
    screen.wait_for_function(PLAYING, timeout=60_000)
    seen: list[str] = []
    for _ in range(ROUND):
        screen.clock.run_for(2500)
        screen.wait_for_timeout(30)
        told = screen.evaluate(EMPTY)
        assert told["item"] and (told["words"] or told["large"]), (told, seen[-5:])
        seen.append(told["item"])
    good = {item for item in seen if not item.startswith("9")}
    rounds = {item: sum(1 for before, now in pairwise(seen) if now == item != before) for item in good}
    assert len(good) == GOOD and min(rounds.values()) >= 2, rounds
    names = list(kitchen.made)
    shown = {names[int(item.split(".")[0]) - 900] for item in seen if item.startswith("9")}
    assert shown <= {"no time", "less than none", "words for a number", "nothing for a number", "a list for a number",
                     "40 million pixels", "half a picture", "half a WebP", "a film of sound alone"}, shown
