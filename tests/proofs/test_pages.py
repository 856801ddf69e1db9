"""Pages in a real Chromium: whatever people write, on any board, nothing is cut, overlaps, is too small or other than reckoned.

Here a sample of thirty; `make trial` proves three hundred contents on six panels each (tests/trial/test_pages.py).
"""

from __future__ import annotations

import html

import pytest

from kiosk.content import render
from kiosk.content.geometry import THEMES, geometry_of, panel_of
from kiosk.content.kinds import KINDS
from kiosk.content.render import Fragment
from tests.proofs import contents
from tests.support import proof as support
from tests.support.proof import Proof

pytestmark = pytest.mark.office
SAMPLE = range(0, 300, 10)
MARKS = "，。、；：？！（）《》“”‘’【】—…～·「〈％￥①№℃㎡°+-*/=<>.,:1×■"
LETTERS = "字䶮㛃𬱖〇aAfgjy"


@pytest.mark.parametrize("number", SAMPLE)
def test_whatever_is_written_the_page_is_right(number: int, proof: Proof) -> None:
    panel = number // 10 % len(contents.PANELS)
    view, geometry = contents.content(number + number // 10), contents.geometry(number + number // 10, panel)
    faults = proof.faults(view, geometry)
    assert not faults, f"{view.kind} on {geometry.key}:\n" + "\n".join(faults[:12])


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("rotation", [0, 90])
def test_every_sample_is_right_on_every_theme(kind: str, rotation: int, proof: Proof) -> None:
    faults = [f"{theme} elder={elder} {fault}" for theme in THEMES for elder in (False, True)
              for fault in proof.faults(contents.sample(kind), geometry_of(panel_of(43, 1920, 1080, rotation), theme, elder))]
    assert not faults, "\n".join(faults[:12])


@pytest.mark.parametrize(("theme", "place"), [("shequ", "p"), ("shequ", "h2"), ("shequ", "h1"), ("zhengwu", "h1")])
def test_a_line_is_as_wide_as_reckoned_whatever_marks_meet(theme: str, place: str, proof: Proof) -> None:
    """Every mark beside every mark and letter, in each face: no trimming of full-width marks, no joining, no kerning.

    Only dashes that stand among marks and figures alone are shorter.
    """
    texts = [f"{one}{between}{two}" for one in MARKS + LETTERS for two in MARKS + LETTERS for between in ("", "——")]
    texts += ["（“《字》”），", "1—2", "12——15日", "WiFi——字——"]
    lines = "".join(f'<{place}><span class="line">{html.escape(text)}</span></{place}>' for text in texts)
    page = f'<article class="page theme-{theme} landscape"><section class="content"><div class="title">{lines}</div></section></article>'
    drawn = proof.lines(page, geometry_of(panel_of(43, 1920, 1080), theme))
    assert len(drawn) == len(texts)
    assert support.widths(drawn) == []
    assert [round(width / size, 2) for text, width, size, *_ in drawn if text == "字——字"] == [4.0]


def test_a_page_that_is_wrong_is_found_out(proof: Proof) -> None:
    """The proof itself: each kind of fault, made on purpose."""
    geometry = geometry_of(panel_of(43, 1920, 1080), "shequ")
    good = render.render(contents.sample("notice"), geometry)[0]
    wrong = {
        "leaves the page": good.html.replace('<div class="title', '<div class="w300"></div><div class="title'),
        "is no line of the layout": good.html.replace("<h1>", "<b>这一行没有经过排版就写上去了</b><h1>"),
        "lie on each other": good.html.replace("<h1>", '<div class="h1"><span class="line">压在下面的字</span></div><h1>'),
        "reckoned 1u": good.html.replace("<h1>", '<table><tr><td class="h1"><span class="line">高</span></td></tr></table><h1>'),
        "lies across": good.html.replace("<h2", f"<p>{'高' * 400}</p><h2"),
        "leaves the content area": good.html.replace("<h1>", f"<h1><span class=\"line\">{'长' * 30}</span>"),
    }
    for fault, page in wrong.items():
        seen = proof.draw([Fragment(page, (), 12.0, "")], geometry)[0]
        assert any(fault in each for each in seen.faults), (fault, seen.faults)
    assert proof.draw([good], geometry)[0].faults == []


def test_the_dwell_is_counted_as_the_formula_says() -> None:
    assert support.seconds("字" * 30) == 15.0
    assert support.seconds("请拨打 0825-1234567 转 8001") == 12.0
    assert support.seconds("字" * 29 + "1,234.50") == support.seconds("字" * 30)
