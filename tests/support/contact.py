"""The contact sheet: every kind in every theme, landscape and portrait, on one picture. `make sheet` draws it into docs/pictures."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser

from kiosk.content import render, typeset
from kiosk.content.geometry import THEMES, Geometry, geometry_of, panel_of
from kiosk.content.kinds import TUPLE
from kiosk.content.render import SLIDES, SlideView
from tests.support.office import chromium

OUT = SLIDES.parent / "docs" / "pictures" / "contact-sheet.webp"
NAMES = {"zhengwu": "政务", "shequ": "社区", "gaoduibi": "高对比"}
COLUMNS = {"workflow": "办事指南", "staff": "部门职责", "finance": "财政公开", "goals": "工作目标", "table": "政务服务"}
FILLS = {"office": "白鹭街道办事处", "lunar": "农历十月十五", "clock": "10:24", "disclosed": "2026-11-20"}
HIGH, GAP, LABEL = 300, 14, 34
# Lines of the sample's page: where each stands, in ‰ of the height, between the blank rows that the sample names.
LETTER = {
    110: "关于做好今冬明春火灾防控工作的通知", 215: "各社区：", 280: "　　为做好今冬明春火灾防控工作，通知如下。",
    365: "　　一、开展排查。对楼道、车棚逐一检查，", 425: "发现堆放杂物的当天清走。",
    505: "　　二、加强宣传。入户讲清用火用电常识，", 560: "重点是独居老人和出租房。",
    635: "　　三、落实值守。夜间巡查不少于两次，", 700: "遇有险情先报警、再处置。",
    785: "　　四、畅通渠道。隐患随时报，当天有回音。", 840: "　　　　　　　　　　　　2026年11月20日",
}


def main() -> None:
    kinds = sorted(TUPLE, key=lambda kind: kind.FILES)
    geometries = [geometry_of(panel_of(43, 1920, 1080, rotation), theme) for theme in THEMES for rotation in (0, 90)]
    with chromium() as browser:
        rows = [(kind.label, [picture for geometry in geometries for picture in _pages(browser, kind.name, geometry)]) for kind in kinds]
    _sheet(rows).save(OUT, quality=82, method=6)
    print(f"{OUT.name}: {len(rows)} kinds, {len(THEMES)} themes, landscape and portrait, {OUT.stat().st_size // 1024} KB")


def _pages(browser: Browser, kind: str, geometry: Geometry) -> Iterator[Image.Image]:
    """The first page of the kind's sample, landscape also the telling second or third one."""
    told = json.loads((SLIDES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    column = told.get("column", COLUMNS.get(kind, "通知公告"))
    drawn = render.render(SlideView(told["title"], kind, told["data"], column, "社会事务办", date(2027, 5, 20), "0825-×××××××",
                                    office=FILLS["office"], short="街道办"), geometry)
    further = {"finance": 2, "workflow": 2}.get(kind, 1)
    chosen = [0, further] if geometry.orientation == "landscape" and len(drawn) > further else [0]
    for at in chosen:
        yield _shot(browser, drawn[at].html, geometry)


def _shot(browser: Browser, html: str, geometry: Geometry) -> Image.Image:
    fills = {**FILLS, "date": "11月23日 " + ("周一" if geometry.orientation == "portrait" else "星期一")}
    width, height = geometry.px
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "page.html"
        paper = _paper(Path(folder) / "paper.png")
        told = render.standalone(html, geometry, fills, lambda name: (paper if len(name) == 64 else typeset.FONTS / name).as_uri())
        document.write_text(told, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=0.5)
        page.goto(document.as_uri())
        page.evaluate("document.fonts.ready")
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        page.close()
    return picture.resize((round(picture.width * HIGH / picture.height), HIGH), Image.Resampling.LANCZOS)


def _sheet(rows: list[tuple[str, list[Image.Image]]]) -> Image.Image:
    wide = max(sum(each.width + GAP for each in pictures) for _, pictures in rows) + GAP
    sheet = Image.new("RGB", (wide, GAP + LABEL + len(rows) * (HIGH + LABEL + GAP)), "#d9dee3")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(typeset.FONTS / typeset.FACES[700], 22)
    draw.text((GAP, GAP // 2), "　·　".join(NAMES[theme] for theme in THEMES) + "　　横屏与竖屏", font=font, fill="#3f4853")
    for number, (label, pictures) in enumerate(rows):
        top, left = GAP + LABEL + number * (HIGH + LABEL + GAP), GAP
        draw.text((GAP, top), label, font=font, fill="#14181e")
        for picture in pictures:
            sheet.paste(picture, (left, top + LABEL))
            left += picture.width + GAP
    return sheet


def _paper(path: Path) -> Path:
    """What an uploaded page looks like: a notice on A4, as the sample tells of it."""
    page = Image.new("RGB", (1654, 2339), "white")
    draw = ImageDraw.Draw(page)
    for top, line in LETTER.items():
        face = ImageFont.truetype(typeset.FONTS / typeset.FACES[700 if top == min(LETTER) else 500], 60)
        draw.text((220, top * page.height // 1000), line, font=face, fill="black")
    page.save(path)
    return path


if __name__ == "__main__":
    main()
