"""Pages in the zones of every layout, in a real Chromium: whatever people write, however narrow the column, nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from kiosk.content import render
from kiosk.content.geometry import THEMES, Geometry, Panel, fits, geometry_of, greatest_distance, panel_of, places
from kiosk.content.kinds import KINDS
from tests.proofs import contents
from tests.proofs.test_frame import LONG, LONGEST, OFFLINE, WIDE, view
from tests.proofs.test_sign import CONFIRMED, SIGN
from tests.support.proof import Proof

pytestmark = pytest.mark.office
LAYOUTS = ("full", "side", "columns")
SAMPLE = range(0, 40)


@dataclass(frozen=True)
class Zone:
    """A zone of a layout on a board, and how that board hangs."""

    layout: str
    hung: str
    geometry: Geometry


def zones(number: int, panel: int) -> Iterator[Zone]:
    """Of every layout on this panel: as far away as it can be read, or as usual, or from nearby; turned or not."""
    inches, usual = contents.PANELS[panel]
    pixels = (1024, 768) if (number + panel) % 7 == 3 else (1920, 1080)
    theme, elder, ticker = THEMES[(number // 2 + panel) % 3], (number // 6 + panel) % 2 == 1, (number + 2 * panel) % 4 == 3
    hung = panel_of(inches, *pixels, 90 * ((number + panel) % 2), usual)
    for layout in LAYOUTS:
        most = greatest_distance(hung, theme, elder, ticker, layout)
        if most:
            distance = most if number % 3 == 1 or most < usual else usual if number % 3 == 0 else usual * 2 // 3
            near = Panel(hung.width_mm, hung.height_mm, *pixels, hung.rotation, distance)
            for place in places(geometry_of(near, theme, elder, ticker, layout), layout):
                yield Zone(layout, hung.orientation, place.geometry)


@pytest.mark.parametrize("number", SAMPLE)
def test_whatever_is_written_every_zone_is_right(number: int, proof: Proof) -> None:
    seen, wrong = contents.content(number + number // len(KINDS)), []
    for zone in zones(number, number % len(contents.PANELS)):
        wrong += [f"{zone.layout} {zone.geometry.key}: {fault}" for fault in proof.faults(seen, zone.geometry, _date(zone))]
    assert not wrong, f"{seen.kind}\n" + "\n".join(wrong[:12])


@pytest.mark.parametrize("number", range(12))
def test_who_speaks_and_who_answers_finds_room_in_every_zone(number: int, proof: Proof) -> None:
    """The longest names, on line and off, in time and overdue, confirmed or not, on the first page and on the hundredth."""
    wrong = []
    for zone in zones(number, number % len(contents.PANELS)):
        for at, (office, unit) in enumerate(zip(contents.OFFICES, contents.UNITS, strict=True)):
            seen = view(office, unit=unit, phone=contents.PHONES[at], until=date(2027, 3, 15) if at % 2 else None, data=LONG)
            last = list(render.render(seen, zone.geometry)[-1:])
            for offline in ("", OFFLINE):
                for late in ({"mark": ""}, SIGN, CONFIRMED):
                    told = {**WIDE, "office": office, "offline": offline, **_date(zone), **late}
                    wrong += [f"{zone.layout} {zone.geometry.key} {offline!r} {office} {unit}: {fault}"
                              for fault in proof.draw(last, zone.geometry, told)[0].faults]
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:12])


@pytest.mark.parametrize("number", range(12))
def test_one_zone_of_each_layout_says_that_it_plays_off_line(number: int, proof: Proof) -> None:
    for panel in range(len(contents.PANELS)):
        said: dict[str, list[bool]] = {}
        for zone in zones(number, panel):
            page = render.render(view(contents.OFFICES[-1]), zone.geometry)[:1]
            proof.draw(page, zone.geometry, {"office": contents.OFFICES[-1], "offline": OFFLINE})
            said.setdefault(zone.layout, []).append(proof.seen(zone.geometry, "[data-fill=offline]"))
        assert all(sum(each) == 1 for each in said.values()), (panel, said)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_sample_is_right_in_the_hall(layout: str, rotation: int, kind: str, proof: Proof) -> None:
    wrong = []
    for theme, elder in zip(THEMES, (False, False, True), strict=True):
        page = geometry_of(panel_of(43, 1920, 1080, rotation), theme, elder, layout=layout)
        assert fits(page, layout)
        wrong += [f"{theme} {place.geometry.key}: {fault}" for place in places(page, layout)
                  for fault in proof.faults(contents.sample(kind), place.geometry, {"date": LONGEST[page.orientation]})]
    assert not wrong, "\n".join(wrong[:12])


def _date(zone: Zone) -> dict[str, str]:
    """As the board says it: by how it hangs, not by the form of its zones."""
    return {"date": LONGEST[zone.hung]}
