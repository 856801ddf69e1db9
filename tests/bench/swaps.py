"""How evenly pages change: the time between frames over hundreds of changes, and whether any frame is black or white.

`python -m tests.bench.swaps` prints what a real, headless Chromium (drawing in software) does with the demo's content driven fast: at
1080p, on a 4K panel, with a 4K picture and with a film as every other page; with fades, slides and cuts for the frames.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from tests.support.office import chromium, running
from tests.support.swaps import FILM, PICTURE, blank, every_other, fast, film, gaps, photo, pictures

SWAPS, FEWER, SEEN = int(os.environ.get("KIOSK_SWAPS", "500")), 100, 30
FOUR_K = {"width": 3840, "height": 2160}
WAYS = ("fade", "slide", "cut")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as office, chromium() as browser:
        with fast(browser, office) as (page, recast):
            _say("the demo's pages at 1080p", gaps(page, SWAPS))
            for name, media, markup in (("a 4K picture every other page", photo(3840, 2160), PICTURE),
                                        ("a film every other page", film(Path(folder)), FILM)):
                recast.told(every_other(recast, media, markup))
                page.wait_for_timeout(4000)
                _say(name, gaps(page, min(SWAPS, FEWER)))
        with fast(browser, office, size=FOUR_K) as (page, _):
            _say("the demo's pages on a 4K panel", gaps(page, min(SWAPS, FEWER)))
        with fast(browser, office, _ways) as (page, _):
            frames = pictures(page, SEEN * len(WAYS))
            _say("frames seen of fades, slides and cuts", f"{len(frames):5d} frames, black or white: {len(blank(frames))}")


def _ways(manifest: dict[str, Any]) -> None:
    for at, line in enumerate(manifest["items"]):
        line["transition"] = WAYS[at % len(WAYS)]


def _say(name: str, figure: object) -> None:
    print(f"{name:<40}{figure}", flush=True)


if __name__ == "__main__":
    main()
