"""Makes what a test needs, through the domain's own functions: a slide in any state, a board, a playlist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kiosk.content import review, slides
from kiosk.content.geometry import Panel, panel_of
from kiosk.content.slides import Draft, Slide
from kiosk.parts import Parts
from kiosk.people import Actor, Unit
from kiosk.signage import boards, playlists
from kiosk.signage.boards import Board, Group, Placing
from kiosk.signage.playlists import Entry, Playlist
from tests.support.cast import Cast

NOTICE = {"lead": "近日气温下降，请各位居民在家中做到：",
          "blocks": [{"type": "points", "numbered": True, "items": ["用燃气时开窗通风，人离火灭。", "电热毯睡前关闭，不折叠使用。"]}],
          "strip": None, "side": None}


class Make:
    """`make.slide(state="submitted")`, `make.board()`, `make.playlist([slide], boards=[board])`."""

    def __init__(self, session: Session, cast: Cast, parts: Parts, at: datetime) -> None:
        self.session, self.cast, self.parts, self.at = session, cast, parts, at
        self._count = 0

    def slide(self, *, author: Actor | None = None, state: str = "draft", title: str = "冬季用气用电安全提示", unit: Unit | None = None,
              data: dict[str, Any] | None = None, start: datetime | None = None, end: datetime | None = None,
              audience: tuple[int, ...] = (), leader: Actor | None = None) -> Slide:
        """A notice in the given state: draft, submitted, approved or returned."""
        author, unit = author or self.cast.editor, unit or self.cast.office
        draft = Draft(title, "通知公告", data or NOTICE, start, end, audience or (self.cast.office.id,))
        slide = slides.make(self.session, "notice", draft, unit=unit, by=author, at=self.at)
        self.session.flush()
        if state != "draft":
            review.submit(self.session, slide.latest, by=author, at=self.at)
        if state == "approved":
            review.approve(self.session, slide.latest, by=leader or self.cast.leader, at=self.at)
        if state == "returned":
            review.send_back(self.session, slide.latest, "请写明时间。", by=leader or self.cast.leader, at=self.at)
        self.session.flush()
        return slide

    def board(self, *, unit: Unit | None = None, panel: Panel | None = None, token: str | None = None, theme: str = "zhengwu") -> Board:
        """A paired board; `token` is the one it may use."""
        self._count += 1
        placing = Placing(f"大厅{self._count}号屏", panel or panel_of(43, 1920, 1080), theme)
        hashed = boards.hashed(token or f"token-{self._count}")
        return boards.add(self.session, placing, unit=unit or self.cast.office, token_hash=hashed, by=self.cast.administrator, at=self.at)

    def playlist(self, shown: list[Slide], *, boards: list[Board] | None = None, groups: list[Group] | None = None,
                 name: str = "大厅主列表") -> Playlist:
        made = playlists.make(self.session, name, unit=self.cast.office, by=self.cast.editor, at=self.at)
        self.session.flush()
        playlists.set_items(self.session, made, [Entry(slide.id) for slide in shown], by=self.cast.editor, at=self.at)
        playlists.place(self.session, made, groups=groups or [], boards=boards or [], by=self.cast.editor, at=self.at)
        self.session.flush()
        return made
