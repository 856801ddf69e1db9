"""Three hundred contents by chance on six panels each, drawn in a real Chromium and measured: `make trial` prints the table."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.proofs import contents
from tests.support.proof import proving

pytestmark = [pytest.mark.office, pytest.mark.trial]
CONTENTS, SHOWN = 300, 20
HEAD = f"{'panel':>7} {'distance':>9} {'slides':>7} {'pages':>7} {'faults':>7}"


def test_three_hundred_contents_are_right_on_six_panels() -> None:
    pages, slides, wrong = Counter[int](), Counter[int](), Counter[int]()
    kinds, faults, start = Counter[str](), list[str](), time.monotonic()
    with proving() as proof:
        for number in range(CONTENTS):
            view = contents.content(number)
            kinds[view.kind] += 1
            for panel in range(len(contents.PANELS)):
                geometry = contents.geometry(number, panel)
                found = proof.faults(view, geometry)
                pages[panel] += proof.pages
                slides[panel] += 1
                wrong[panel] += len(found)
                faults += [f"{view.kind} content {number} panel {panel} {geometry.key} {fault}" for fault in found]
    table = [f"{inches:>6.1f}″ {distance / 1000:>7.1f} m {slides[at]:>7} {pages[at]:>7} {wrong[at]:>7}"
             for at, (inches, distance) in enumerate(contents.PANELS)]
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print("\n" + "\n".join([HEAD, *table, f"{sum(slides.values())} slides of {told}; {sum(pages.values())} pages in "
                                         f"{time.monotonic() - start:.0f} s"]))
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:SHOWN])
