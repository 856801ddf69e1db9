"""A board that changes pages fast, and what is measured on it: the time between frames, pictures of every frame, the memory it holds."""

from __future__ import annotations

import base64
import io
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageStat
from playwright.sync_api import Browser, Page

from tests.support.office import LANDSCAPE, PLAYING, Office
from tests.support.recast import Recast

DWELL = 0.75  # seconds: the fade and a little
BLANK = 6.0  # standard deviation of grey below which a frame shows nothing
# Counts swaps and notes the time between any two frames; `swapped` has the instants at which a page came to the front.
GAUGE = """() => {
  const gauge = globalThis.gauge = {gaps: [], swaps: 0, swapped: []};
  let before = 0;
  const frame = (at) => { if (before) gauge.gaps.push(at - before); before = at; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  const front = (layer, classes) => layer.classList?.contains('layer') && layer.classList.contains('front')
    && !(classes ?? '').split(' ').includes('front');
  new MutationObserver((all) => {
    const came = new Set(all.filter((each) => front(each.target, each.oldValue)).map((each) => each.target));
    for (const layer of came) {
      gauge.swaps += 1;
      gauge.swapped.push([performance.timeOrigin + performance.now(), layer.shadowRoot.textContent.replace(/\\s+/g, ' ').trim()]);
    }
  }).observe(document, {subtree: true, attributes: true, attributeFilter: ['class'], attributeOldValue: true});
}"""


@dataclass(frozen=True)
class Gaps:
    """Milliseconds between frames while pages changed so often."""

    swaps: int
    p50: float
    p99: float
    most: float
    frames: int

    def __str__(self) -> str:
        return f"{self.swaps:5d} swaps {self.frames:7d} frames   gap p50 {self.p50:5.1f}  p99 {self.p99:5.1f}  most {self.most:6.1f} ms"


@contextmanager
def fast(browser: Browser, office: Office, change: Callable[[dict[str, Any]], None] = lambda _: None, *,
         size: dict[str, int] | None = None, dwell: float = DWELL,
         before: Callable[[Page], object] = lambda _: None) -> Iterator[tuple[Page, Recast]]:
    """The demo's first board in a browser of its own, each page for so many seconds."""
    opened = browser.new_context(viewport=size or LANDSCAPE, locale="zh-CN",  # type: ignore[arg-type]
                                 timezone_id="Asia/Shanghai", service_workers="block")
    page = opened.new_page()

    def quick(manifest: dict[str, Any]) -> None:
        change(manifest)
        for line in manifest["items"]:
            line["dwell"] = dwell

    page.add_init_script(f"({GAUGE})()")
    recast = Recast(page, quick)
    before(page)
    page.goto(office.board()["url"])
    page.wait_for_function(PLAYING, timeout=60_000)
    try:
        yield page, recast
    finally:
        opened.close()


def gaps(page: Page, swaps: int) -> Gaps:
    """Let so many pages change."""
    page.evaluate("() => document.fonts.ready.then(() => true)")
    page.wait_for_timeout(5000)
    page.evaluate("() => { gauge.gaps.length = 0; gauge.swaps = 0; }")
    while page.evaluate("() => gauge.swaps") < swaps:
        page.wait_for_timeout(500)
    found, count = page.evaluate("() => [gauge.gaps, gauge.swaps]")
    spread = statistics.quantiles(found, n=100)
    return Gaps(count, statistics.median(found), spread[98], max(found), len(found))


def pictures(page: Page, swaps: int) -> list[Image.Image]:
    """Every frame that was drawn while so many pages changed, small and grey."""
    frames: list[Image.Image] = []
    wire = page.context.new_cdp_session(page)

    def take(told: dict[str, Any]) -> None:
        frames.append(Image.open(io.BytesIO(base64.b64decode(told["data"]))).convert("L"))
        wire.send("Page.screencastFrameAck", {"sessionId": told["sessionId"]})

    wire.on("Page.screencastFrame", take)
    page.wait_for_timeout(3000)
    page.evaluate("() => { gauge.swaps = 0; }")
    wire.send("Page.startScreencast", {"format": "jpeg", "quality": 60, "maxWidth": 480, "maxHeight": 480})
    while page.evaluate("() => gauge.swaps") < swaps:
        page.wait_for_timeout(200)
    wire.send("Page.stopScreencast")
    wire.detach()
    return frames


def blank(frames: Sequence[Image.Image]) -> list[int]:
    """Which of them show nothing: all black, all white, or any one colour."""
    return [at for at, frame in enumerate(frames) if ImageStat.Stat(frame).stddev[0] < BLANK]


def heap(page: Page) -> float:
    """Megabytes that scripts hold once everything that can go has gone."""
    used: float = _left(page, "Runtime.getHeapUsage")["usedSize"]
    return used / 1e6


def elements(page: Page) -> int:
    """Nodes that are alive once everything that can go has gone, those of the page on the wall included."""
    return int(_left(page, "Memory.getDOMCounters")["nodes"])


def _left(page: Page, question: Literal["Runtime.getHeapUsage", "Memory.getDOMCounters"]) -> dict[str, Any]:
    wire = page.context.new_cdp_session(page)
    wire.send("HeapProfiler.enable")
    for _ in range(3):
        wire.send("HeapProfiler.collectGarbage")
    found = wire.send(question)
    wire.detach()
    return found


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The rise of a straight line through these."""
    x, y = [point[0] for point in points], [point[1] for point in points]
    return statistics.linear_regression(x, y).slope


def photo(width: int, height: int) -> bytes:
    """A picture as sharp and coloured as a photograph: it cannot be decoded for nothing."""
    grain = Image.effect_noise((width // 4, height // 4), 60).resize((width, height))
    picture = Image.merge("RGB", (grain, grain.rotate(90).resize((width, height)), grain.rotate(180)))
    pen = ImageDraw.Draw(picture)
    for at in range(0, width, width // 24):
        pen.rectangle((at, at * height // width, at + width // 32, height), fill=(at * 255 // width, 90, 160))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=90)
    return made.getvalue()


def film(folder: Path) -> bytes:
    """Four seconds of a moving picture."""
    path = folder / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25:duration=4", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *picture, "-c:v", "libx264", "-preset", "ultrafast", str(path)], check=True)
    return path.read_bytes()


def every_other(recast: Recast, media: bytes, markup: str) -> Callable[[dict[str, Any]], None]:
    """A programme in which every second page shows this, whole."""
    sha = recast.put(media)
    inside = f'<section class="content media">{markup.format(sha=sha)}</section>'
    html = recast.put(f'<article class="page theme-zhengwu landscape">{inside}</article>'.encode())

    def change(manifest: dict[str, Any]) -> None:
        first = manifest["items"][0]
        texts = [line for line in manifest["items"] if not line["media"]][:12]
        lines = [line for at, text in enumerate(texts)
                 for line in (text, {**first, "item": f"9{at}.1", "html": html, "media": [sha]})]
        for line in lines:
            line["dwell"] = DWELL
        manifest["items"] = lines
        manifest["windows"] = [{"items": [line["item"] for line in lines], "from": None, "to": None, "priority": 9}]
        manifest["objects"] += [{"sha": html, "size": 1, "type": "text/html"},
                                {"sha": sha, "size": len(media), "type": "application/octet-stream"}]

    return change


PICTURE = '<img class="fill" data-object="{sha}" alt="">'
FILM = '<video class="fill" data-object="{sha}" muted playsinline></video>'
