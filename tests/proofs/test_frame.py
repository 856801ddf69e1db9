"""Head, ticker and foot in a real Chromium: whoever speaks, whatever day, on line or off, nothing overlaps or leaves its bar."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from kiosk.content import render
from kiosk.content.geometry import Geometry, geometry_of, panel_of
from kiosk.content.render import Fragment, SlideView
from tests.proofs import contents
from tests.support.proof import Proof

pytestmark = pytest.mark.office
LONGEST = {"landscape": "12月30日 星期日", "portrait": "12月30日 周日"}
OFFLINE = "离线播放\n内容截至00:00"
WIDE = {"lunar": "农历闰十二月三十", "clock": "00:00", "disclosed": "2026-12-30", "ticker": "明天上午九时停水，请提前储水。" * 3}
SHORT = {"lead": "今天下午停水。", "blocks": []}
LONG = {"lead": "", "blocks": [{"type": "paragraph", "text": "今天下午停水，请提前储水。" * 150}] * 4}
HALL = panel_of(43, 1920, 1080)


def view(office: str = "白鹭街道办事处", column: str = "通知公告", unit: str = "党政办", phone: str = "0825-×××××××",
         until: date | None = None, data: dict[str, object] = SHORT) -> SlideView:
    return SlideView("停水通知", "notice", data, column, unit, until, phone, office=office, short="街道办")


def frames(proof: Proof, seen: SlideView, geometry: Geometry, *says: str) -> list[str]:
    """Faults of the last page, on line and with these off-line signs."""
    last: list[Fragment] = list(render.render(seen, geometry)[-1:])
    return [f"{geometry.key} {offline!r} {seen}: {fault}" for offline in ("", *says)
            for fault in proof.draw(last, geometry, {**WIDE, "office": seen.office, "date": LONGEST[geometry.orientation],
                                                     "offline": offline})[0].faults]


@pytest.mark.parametrize("panel", range(len(contents.PANELS)))
@pytest.mark.parametrize("number", [1, 2, 3])  # as far as can be read; usual; with a ticker
def test_every_office_and_column_finds_room(number: int, panel: int, proof: Proof) -> None:
    geometry = contents.geometry(number, panel)
    faults = [fault for office, column in product((*contents.OFFICES, "ABC高新区2号街道办事处"), (*contents.COLUMNS[::3], "WiFi安装通知"))
              for fault in frames(proof, view(office, column), geometry, OFFLINE)]
    assert not faults, "\n".join(faults[:6])


@pytest.mark.parametrize("panel", range(len(contents.PANELS)))
@pytest.mark.parametrize("number", [1, 2, 3])  # as far as can be read; usual; with a ticker
def test_every_section_and_phone_finds_room(number: int, panel: int, proof: Proof) -> None:
    geometry = contents.geometry(number, panel)
    faults = [fault for unit, phone in product((*contents.UNITS, "IT与WiFi维护组"), contents.PHONES)
              for fault in frames(proof, view(unit=unit, phone=phone), geometry)]
    faults += [fault for unit, until in zip(contents.UNITS[::3], (None, date(2027, 3, 15)), strict=True)
               for fault in frames(proof, view(unit=unit, phone=contents.PHONES[-1], until=until, data=LONG), geometry)]
    assert not faults, "\n".join(faults[:6])


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("office", contents.OFFICES)
def test_in_the_hall_office_day_and_clock_stand_whatever_the_name(office: str, rotation: int, proof: Proof) -> None:
    geometry = geometry_of(panel_of(43, 1920, 1080, rotation))
    page = render.render(view(office), geometry)[0].html
    assert all(f'data-fill="{name}"' in page for name in ("date", "lunar", "clock"))


def test_off_line_is_said_whatever_steps_back_for_it(proof: Proof) -> None:
    for number, panel, office in product(range(6), range(len(contents.PANELS)), contents.OFFICES):
        geometry = contents.geometry(number, panel)
        page = render.render(view(office), geometry)[:1]
        proof.draw(page, geometry, {"office": office, "offline": OFFLINE})
        assert proof.seen(geometry, ".offline"), (geometry.key, office)
