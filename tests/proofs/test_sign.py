"""The sign of an overdue topic in a real Chromium: it finds room in every foot, covers and moves nothing; and the page of whom to ask."""

from __future__ import annotations

from itertools import product

import pytest

from kiosk.content import frame, render, updating
from kiosk.content.updating import Updating
from tests.proofs import contents
from tests.proofs.test_frame import LONG, LONGEST, OFFLINE, view
from tests.support.proof import Proof, widths

pytestmark = pytest.mark.office
SIGN = {"mark": frame.MARK, "due": "2026-10-15", "disclosed": "2026-07-15", "confirmed": "", "confirmed-on": ""}
CONFIRMED = {"mark": "", "due": "", "disclosed": "2026-03-02", "confirmed": frame.CONFIRMED, "confirmed-on": "2026-12-30"}


def faults(proof: Proof, pages, geometry, office: str, fills, offline: str = "") -> list[str]:
    told = {"office": office, "date": LONGEST[geometry.orientation], "offline": offline, **fills}
    return [f"{geometry.key} {offline!r}: {fault}" for seen in proof.draw(pages, geometry, told)
            for fault in (*seen.faults, *widths(seen.lines))]


@pytest.mark.parametrize("panel", range(len(contents.PANELS)))
@pytest.mark.parametrize("number", [1, 2, 3])  # as far as can be read; usual; with a ticker
def test_the_sign_finds_room_in_every_foot(number: int, panel: int, proof: Proof) -> None:
    geometry, found = contents.geometry(number, panel), []
    kinds = [(unit, phone, False) for unit, phone in product(contents.UNITS, contents.PHONES[::2])]
    for unit, phone, long in (*kinds, (contents.UNITS[-1], "12345", True)):
        seen = view(unit=unit, phone=phone, **({"data": LONG} if long else {}))
        page = list(render.render(seen, geometry)[-1:])
        found += [f"{unit} {phone} {fault}" for fault in faults(proof, page, geometry, seen.office, SIGN, OFFLINE if phone else "")]
        assert proof.seen(geometry, ".foot .mark b"), (geometry.key, unit)
        assert proof.seen(geometry, ".foot .late dd"), (geometry.key, unit)
        assert not proof.seen(geometry, ".foot .plain")
    assert not found, "\n".join(found[:6])


@pytest.mark.parametrize("panel", range(len(contents.PANELS)))
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_day_of_confirmation_finds_room_in_every_foot(number: int, panel: int, proof: Proof) -> None:
    geometry, found = contents.geometry(number, panel), []
    for unit, phone in product(contents.UNITS[::3], contents.PHONES[::2]):
        seen = view(unit=unit, phone=phone)
        page = list(render.render(seen, geometry)[-1:])
        found += [f"{unit} {phone} {fault}" for fault in faults(proof, page, geometry, seen.office, CONFIRMED)]
        assert not proof.seen(geometry, ".foot .mark")
    assert not found, "\n".join(found[:6])


def test_the_sign_is_read_from_as_far_as_the_text_and_moves_none_of_it(proof: Proof) -> None:
    boxes = """() => [...document.querySelectorAll('.head, .content, .content .line, .foot, .ticker')]
        .map((each) => Object.values(each.getBoundingClientRect().toJSON()))"""
    for number, panel in product(range(4), range(len(contents.PANELS))):
        geometry = contents.geometry(number, panel)
        page = render.render(view(), geometry)[:1]
        place = proof._page(geometry)
        proof.draw(page, geometry, {"mark": ""})
        before = place.evaluate(boxes)
        proof.draw(page, geometry, SIGN)
        assert place.evaluate(boxes) == before
        size = place.evaluate("() => parseFloat(getComputedStyle(document.querySelector('.foot .mark b')).fontSize)")
        assert size >= 8 * geometry.u


@pytest.mark.parametrize("panel", range(len(contents.PANELS)))
@pytest.mark.parametrize("number", [1, 2, 3])
def test_whom_to_ask_is_drawn_as_it_was_reckoned(number: int, panel: int, proof: Proof) -> None:
    geometry, found = contents.geometry(number, panel), []
    topics = ("财政收支", "城乡居民最低生活保障政策、标准、申请条件和投诉举报电话以及办理结果的公开公示")
    places = ("便民服务大厅3号窗口", "白鹭市高新技术产业开发区白鹭街道白鹭大道二段一百二十八号便民服务中心一楼办事大厅")
    for topic, about, phone, place in product(topics, ("三季度", ""), contents.PHONES[::4], places):
        told = Updating(topic, about, "应在2026年10月15日公开，正在办理。", phone, place, "周一至周五 9:00—12:00，13:30—17:00", "财政公开",
                        "社会事务办", contents.OFFICES[1], "街道办")
        pages = list(updating.pages(told, geometry))
        assert phone.replace(" ", "") in "".join(page.text for page in pages).replace(" ", "")
        found += [f"{topic} {phone} {fault}" for fault in faults(proof, pages, geometry, told.office, SIGN)]
    assert not found, "\n".join(found[:6])
