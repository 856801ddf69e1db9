"""Twenty thousand changes of page: nothing that a page took stays in memory, and no frame is black or white.

`make trial` lets a board change 20,000 times at speed and prints what its scripts hold; `make test` some hundred times.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support import office as support
from tests.support.office import Office
from tests.support.swaps import blank, elements, fast, heap, pictures, slope

pytestmark = pytest.mark.journey
SWAPS, SAMPLE, LOOKS, WARM, PAGES = 20_000, 300, 20, 100, 12
QUICK = 0.1  # seconds a page
SLOPE_MOST = 1.0  # MB an hour
URLS = """() => {
  const [make, end] = [URL.createObjectURL, URL.revokeObjectURL];
  globalThis.urls = new Set();
  URL.createObjectURL = (blob) => { const url = make.call(URL, blob); urls.add(url); return url; };
  URL.revokeObjectURL = (url) => { urls.delete(url); end.call(URL, url); };
}"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with support.running(tmp_path_factory.mktemp("swaps")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with support.chromium() as started:
        yield started


def test_what_pages_took_is_given_back(office: Office, browser: Browser) -> None:
    found = _watched(office, browser, SAMPLE, 3)
    (_, _, nodes, urls), last = found[0], found[-1]
    assert last[2] <= nodes + SAMPLE / 2, "elements of pages that are gone stay"
    assert last[3] <= max(8, urls * 2), "pictures of pages that are gone stay"


@pytest.mark.trial
@pytest.mark.timeout(4 * 3600)
def test_twenty_thousand_changes_leave_the_memory_as_it_was(office: Office, browser: Browser) -> None:
    began = time.monotonic()
    found = _watched(office, browser, SWAPS, LOOKS)
    hours = (time.monotonic() - began) / 3600
    rise = slope([(at, megabytes) for at, megabytes, _, _ in found])
    print("\n  hours      MB   nodes  pictures")
    print("\n".join(f"{at:7.3f} {megabytes:7.2f} {nodes:7d} {urls:9d}" for at, megabytes, nodes, urls in found))
    print(f"{SWAPS} changes in {hours:.2f} h: {rise:+.2f} MB an hour")
    assert rise < SLOPE_MOST


def test_no_frame_is_black_or_white(office: Office, browser: Browser) -> None:
    def ways(manifest: dict[str, Any]) -> None:
        for at, line in enumerate(manifest["items"]):
            line["transition"] = ("fade", "slide", "cut")[at % 3]

    with fast(browser, office, ways) as (page, _):
        frames = pictures(page, 18)
    assert len(frames) > 18
    assert blank(frames) == []


def _watched(office: Office, browser: Browser, swaps: int, looks: int) -> list[tuple[float, float, int, int]]:
    """Hours since the first look, MB of the heap, nodes and picture addresses alive: at so many moments over so many changes."""
    def quick(manifest: dict[str, Any]) -> None:
        for at, line in enumerate(manifest["items"]):
            line["transition"] = ("slide" if at % 2 else "fade") if at % 15 == 0 else "cut"

    found: list[tuple[float, float, int, int]] = []
    with fast(browser, office, quick, dwell=QUICK, before=_counted) as (page, _):
        _changed(page, WARM)
        began = time.monotonic()
        for look in range(looks):
            if look:
                _changed(page, swaps // (looks - 1))
            megabytes = heap(page)
            nodes = min(elements(page) for _ in range(PAGES))  # pages differ: the leanest of some is what to compare
            found.append(((time.monotonic() - began) / 3600, megabytes, nodes, page.evaluate("() => urls.size")))
    return found


def _counted(page: Page) -> None:
    page.add_init_script(f"({URLS})()")


def _changed(page: Page, swaps: int) -> None:
    """Wait until so many pages more have come; what was noted of them is forgotten."""
    page.evaluate("() => { Object.assign(gauge, { swaps: 0, gaps: [], swapped: [] }); }")
    while page.evaluate("() => { gauge.gaps.length = gauge.swapped.length = 0; return gauge.swaps; }") < swaps:
        page.wait_for_timeout(500)
