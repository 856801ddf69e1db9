"""One office and one Chromium for the journeys of a module: each on a copy of one demo office, so that they leave each other alone.

The start from nothing is walked in tests/trial/test_power_cuts.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support import office as support
from tests.support.office import Office


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a demo office, built once: it takes longer than most errands."""
    return support.built(tmp_path_factory.mktemp("demo") / "office")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[Office]:
    with support.running(tmp_path_factory.mktemp("journey"), demo) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with support.chromium() as started:
        yield started


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Without the windows of the errand before: a wall that nobody looks at would go on playing."""
    yield chromium
    for context in chromium.contexts:
        context.close()
