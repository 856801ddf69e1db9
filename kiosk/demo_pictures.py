"""Pictures of the demo office, drawn with the bundled fonts: a poster, and a document of two pages as a scanner gives it.

They have the shape that the importers hand over, so that boards and reviewers see what a real upload would show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from kiosk.base.objects import Store
from kiosk.content import typeset

INK, BLUE, RED, PAPER, LINE = "#14181E", "#15324F", "#96171A", "#FFFFFF", "#B4BDC7"
HEAD_RED = "#B0141A"
OFFICE, PHONE = "白鹭街道办事处", "0825-×××××××"
POSTER, A4 = (1920, 1440), (1654, 2339)
EDGE, BODY, LEADING = 160, 58, 92  # of a document's page, px

NOT = (("不轻信", "自称公检法、客服，", "先挂断，再核实。"),
       ("不透露", "验证码、银行密码，", "谁来要都不给。"),
       ("不转账", "让您转“安全账户”", "的，一定是骗子。"))
TITLE = "关于加强居民住宅消防安全的通告"
FIRST = ("!各社区、各物业服务企业、全体居民：",
         "为保障居民住宅消防安全，根据《中华人民共和国消防法》和《高层民用建筑消防安全管理规定》，现通告如下：",
         "一、不占用、不堵塞楼道和安全出口，楼道里不堆放杂物。",
         "二、电动自行车不进楼、不进电梯，不从家里拉线充电。",
         "三、不占用消防车通道，不遮挡、不损坏消火栓和灭火器。",
         "四、用火不离人，出门前关火、断电、关好燃气阀门。",
         "五、发现火情立即拨打119，先逃生，不乘坐电梯。",
         "六、物业服务企业每天巡查楼道，发现隐患当天处理。")
SECOND = ("发现火灾隐患，请拨打12345，或者打街道应急办电话" + PHONE + "。违反规定的，由有关部门依法处理。",
          "特此通告。")


def media(store: Store, name: str, title: str, day: date) -> dict[str, Any]:
    """A media revision's data: the pictures kept, described as an importer describes them."""
    drawn = _DRAWN[name](day)
    pages = [_page(store, each) for each in drawn]
    return {"pages": pages, "source": {"name": f"{title}.{'pdf' if len(drawn) > 1 else 'png'}", "sha": pages[0]["variants"][0]["sha"]},
            "notes": []}


@dataclass
class _Canvas:
    """A picture with its words: text is drawn at the left end or in the middle of a line's top."""

    size: tuple[int, int]
    ground: str = PAPER
    text: list[str] = field(default_factory=list)
    box: list[int] | None = None
    gaps: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", self.size, self.ground)
        self.draw = ImageDraw.Draw(self.image)

    def write(self, words: str, x: float, y: float, size: int, face: str, ink: str = INK, *, stroke: float = 0, anchor: str = "lm") -> None:
        self.draw.text((x, y), words, font=_face(face, size), fill=ink, anchor=anchor, features=["-kern"], stroke_width=stroke)
        self.text.append(words.strip())


def _fraud(_: date) -> list[_Canvas]:
    """Three things not to do, and whom to call."""
    made = _Canvas(POSTER)
    width, high = POSTER
    made.draw.rectangle((0, 0, width, 270), fill=BLUE)
    made.write("陌生来电，记住三个“不”", 110, 132, 144, typeset.FACES[900], PAPER)
    for at, (word, *lines) in enumerate(NOT):
        top = 270 + at * 305
        made.write(word, 110, top + 152, 168, typeset.FACES[900], RED)
        for row, line in enumerate(lines):
            made.write(line, 730, top + 80 + row * 145, 122, typeset.FACES[500])
        if at:
            made.draw.rectangle((110, top - 2, width - 110, top + 2), fill=LINE)
    made.draw.rectangle((0, 1185, width, high), fill=RED)
    made.write("拿不准，先问：", 110, 1312, 128, typeset.FACES[700], PAPER)
    made.write("96110", width - 110, 1312, 230, typeset.FACES[900], PAPER, anchor="rm")
    return [made]


def _fire(day: date) -> list[_Canvas]:
    """A notification of the office: its head in red on the first page, signature and date on the last."""
    first, second = _Canvas(A4), _Canvas(A4)
    width = A4[0]
    first.write(OFFICE, width / 2, 240, 130, typeset.SERIF, HEAD_RED, stroke=1.6, anchor="mm")
    first.write(f"白鹭街办〔{day.year}〕31号", width / 2, 372, 52, typeset.FACES[500], anchor="mm")
    first.draw.rectangle((EDGE, 430, width - EDGE, 436), fill=HEAD_RED)
    for row, line in enumerate(typeset.balanced(TITLE, width - 2 * EDGE, 78, 700)):
        first.write(line, width / 2, 530 + row * 100, 78, typeset.FACES[700], anchor="mm")
    end = _paragraphs(first, FIRST, 720)
    _boxed(first, 160, end)
    end = _paragraphs(second, SECOND, 200) + 60
    for line in (OFFICE, f"{day.year}年{day.month}月{day.day}日"):
        second.write(line, width - EDGE - 2 * BODY, end + LEADING / 2, BODY, typeset.FACES[500], anchor="rm")
        end += LEADING
    _boxed(second, 190, end)
    return [first, second]


def _paragraphs(made: _Canvas, paragraphs: Sequence[str], y: float) -> float:
    """Paragraphs from y down, first lines moved in by two characters (not after !); where the next would begin."""
    for paragraph in paragraphs:
        moved = "" if paragraph.startswith("!") else "口口"
        for row, line in enumerate(typeset.lines(moved + paragraph.lstrip("!"), A4[0] - 2 * EDGE, BODY)):
            shift = 2 * BODY if moved and row == 0 else 0
            made.gaps.append(round(y * 1000 / A4[1]))
            made.write(line.removeprefix(moved) if shift else line, EDGE + shift, y + LEADING / 2, BODY, typeset.FACES[500])
            y += LEADING
    return y


def _boxed(made: _Canvas, top: float, bottom: float) -> None:
    """Where the words of the page stand, in ‰."""
    width, high = made.size
    left, edge = (EDGE - 20) * 1000 // width, round(top * 1000 / high)
    made.box = [left, edge, 1000 - 2 * left, round(bottom * 1000 / high) - edge]


def _page(store: Store, drawn: _Canvas) -> dict[str, Any]:
    width, high = drawn.size
    variants = [_variant(store, drawn.image.resize((width // part, high // part), Image.Resampling.LANCZOS) if part > 1 else drawn.image)
                for part in (2, 1)]
    return {"type": "image", "width": width, "height": high, "variants": variants, "text": "\n".join(drawn.text), "box": drawn.box,
            "gaps": drawn.gaps}


def _variant(store: Store, image: Image.Image) -> dict[str, Any]:
    data = BytesIO()
    image.save(data, "WEBP", quality=88, method=2)
    return {"sha": store.put(data.getvalue()), "width": image.width, "height": image.height, "size": data.tell(), "type": "image/webp"}


@lru_cache(16)
def _face(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(typeset.FONTS / name, size, layout_engine=ImageFont.Layout.RAQM)


_DRAWN: dict[str, Callable[[date], list[_Canvas]]] = {"fraud": _fraud, "fire": _fire}
