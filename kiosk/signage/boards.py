"""Boards: groups, pairing, tokens, heartbeat and status.

A board is known by a random token of which only the hash is kept. What it says of itself (what it holds, what it
shows) is its heartbeat; what it should hold is its ref (see manifest).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from kiosk.base import journal
from kiosk.base.clock import iso
from kiosk.base.db import Base, Instant
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid, NotFound
from kiosk.content.geometry import THEMES, Geometry, Panel, Place, Wall, fits, geometry_of, greatest_distance, places
from kiosk.people import Actor, Unit, hashed, line, may, who_can
from kiosk.signage import commands, presence
from kiosk.signage.schedule import MAIN

# No 0 O 1 I L: what is read from a wall and typed on a keyboard must not be mistaken.
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6
SILENT = timedelta(seconds=180)
SIDE = "side"
ZONE_NAMES = {MAIN: N_("主栏"), SIDE: N_("副栏")}  # a playlist for the second hangs in the first where a board has only one


@dataclass(frozen=True)
class Layout:
    """How a board's page is divided: its name, what it is for, and its zones, the main one first."""

    name: str
    about: str
    zones: tuple[str, ...] = (MAIN,)


LAYOUTS = {
    "page": Layout(N_("标准"), N_("上面是抬头和时钟，下面是内容。")),
    "full": Layout(N_("满屏"), N_("不要抬头，内容占到顶，页脚还在。适合图片、文件、视频。")),
    "side": Layout(N_("正文加侧栏"), N_("正文大，旁边一栏放时钟和另一个列表；竖屏是上下两块。"), (MAIN, SIDE)),
    "columns": Layout(N_("两栏"), N_("两栏一样大，各播各的列表；竖屏是上下两块。"), (MAIN, SIDE)),
}

board_group = Table(
    "board_group", Base.metadata,
    Column("board_id", ForeignKey("board.id"), primary_key=True),
    Column("group_id", ForeignKey("group.id"), primary_key=True, index=True),
)


class Group(Base):
    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    in_step: Mapped[bool] = mapped_column(default=False)

    unit: Mapped[Unit] = relationship(lazy="joined")
    boards: Mapped[list[Board]] = relationship(secondary=board_group, back_populates="groups", order_by="Board.id")


class Board(Base):
    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    width_mm: Mapped[int]
    height_mm: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    rotation: Mapped[int] = mapped_column(default=0)
    distance_mm: Mapped[int]
    overscan: Mapped[int] = mapped_column(default=0)
    theme: Mapped[str] = mapped_column(String(20), default="zhengwu")
    elder: Mapped[bool] = mapped_column(default=False)
    ticker: Mapped[bool] = mapped_column(default=False)
    layout: Mapped[str] = mapped_column(String(10), default="page")
    sleeps: Mapped[bool] = mapped_column(default=False)
    registered_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())
    version: Mapped[int] = mapped_column(default=0)
    edition: Mapped[str | None] = mapped_column(String(64))
    seen_at: Mapped[datetime | None] = mapped_column(Instant())
    online_since: Mapped[datetime | None] = mapped_column(Instant())
    held_edition: Mapped[str | None] = mapped_column(String(64))
    held_version: Mapped[int | None]
    held_at: Mapped[datetime | None] = mapped_column(Instant())
    shows: Mapped[str | None] = mapped_column(String(60))
    vitals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    relay_id: Mapped[int | None] = mapped_column(ForeignKey("relay.id"), index=True)

    unit: Mapped[Unit] = relationship(lazy="joined")
    groups: Mapped[list[Group]] = relationship(secondary=board_group, back_populates="boards", order_by=Group.id)

    @property
    def panel(self) -> Panel:
        return Panel(self.width_mm, self.height_mm, self.width_px, self.height_px, self.rotation, self.distance_mm)

    @property
    def geometry(self) -> Geometry:
        """The whole page, whatever zones it is divided into."""
        return geometry_of(self.panel, self.theme, self.elder, self.ticker, self.layout)

    @property
    def places(self) -> dict[str, Place]:
        """Where each zone of its layout lies on the page, the main one first."""
        return dict(zip(LAYOUTS[self.layout].zones, places(self.geometry, self.layout), strict=True))

    @property
    def zones(self) -> dict[str, Geometry]:
        """The page of each zone of its layout, the main one first."""
        return {name: place.geometry for name, place in self.places.items()}

    @property
    def main(self) -> Geometry:
        """The page of what hangs in no zone in particular."""
        return self.zones[MAIN]

    @property
    def step(self) -> int | None:
        """The group with whose boards it changes pages together; None: it turns by itself."""
        return next((group.id for group in self.groups if group.in_step), None)

    @property
    def wall(self) -> Wall:
        return self.wall_of(MAIN)

    def wall_of(self, zone: str) -> Wall:
        """A zone as content sees it; the main one where the layout has no other."""
        zones = self.zones
        return Wall(self.name, self.panel, zones.get(zone, zones[MAIN]))


class Pairing(Base):
    """A screen that waits for somebody to type its code. A relay waits the same way. `via_id`: the relay through which the screen asks."""

    __tablename__ = "pairing"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    screen: Mapped[dict[str, Any]]
    relay: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime] = mapped_column(Instant())
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"))
    relay_id: Mapped[int | None] = mapped_column(ForeignKey("relay.id"))
    via_id: Mapped[int | None] = mapped_column(ForeignKey("relay.id"))

    @property
    def is_used(self) -> bool:
        """Whether somebody typed its code: it became a board or a relay."""
        return self.board_id is not None or self.relay_id is not None


class Status(StrEnum):
    ONLINE = "online"
    SILENT = "silent"
    NEVER = "never"


@dataclass(frozen=True)
class Placing:
    """What staff say of a board: its name, unit, panel and theme."""

    name: str
    panel: Panel
    theme: str = "zhengwu"
    elder: bool = False
    overscan: int = 0
    ticker: bool = False
    layout: str = "page"
    sleeps: bool = False  # dark outside the opening hours of its unit


# --- pairing ----------------------------------------------------------------------------------------------------------

def ask_pairing(session: Session, screen: Mapping[str, Any], *, relay: bool, at: datetime, life: timedelta, via: int | None = None
                ) -> tuple[str, str]:
    """A code for the wall and the secret by which the screen asks again. `via`: the relay through which it asks."""
    session.execute(delete(Pairing).where(Pairing.expires_at < at - timedelta(days=1)))
    taken = set(session.scalars(select(Pairing.code).where(Pairing.expires_at > at)))
    if len(taken) > 2000:
        raise Conflict("等着登记的屏太多，请先登记已经显示代码的屏。")
    code = next(code for code in iter(_code, "") if code not in taken)
    secret = secrets.token_urlsafe(32)
    session.add(Pairing(code=code, secret_hash=hashed(secret), screen={} if relay else _screen(screen), relay=relay, expires_at=at + life,
                        via_id=via))
    return code, secret


def find_pairing(session: Session, code: str, *, at: datetime) -> Pairing:
    """The waiting screen behind a code as a person types it: case ignored, 0/O and 1/I taken for each other."""
    wanted = normal_code(code)
    row = session.scalars(select(Pairing).where(Pairing.code == wanted).order_by(Pairing.id.desc()).with_for_update()).first()
    if row is None:
        raise NotFound("没有找到这个代码。请看看屏上现在的 6 位代码，它 10 分钟换一次。")
    if row.expires_at <= at:
        raise NotFound("这个代码过期了。屏上已经换了新代码，请照新的填。")
    if row.is_used:
        raise Conflict("这个代码已经登记过了。")
    return row


def normal_code(text: str) -> str:
    """The code in its stored letters; what people mistake is forgiven."""
    letters = "".join(character for character in text.upper() if character.isalnum())
    return letters.replace("0", "Q").replace("O", "Q").replace("1", "J").replace("I", "J").replace("L", "J")[:12]


def pair(session: Session, pairing: Pairing, placing: Placing, *, unit: Unit, key: bytes, by: Actor, at: datetime) -> Board:
    """Make the waiting screen a board. Its token follows from the secret that only the screen has.

    It joins the groups of its unit's other boards, so that it plays at once.
    """
    if pairing.relay:
        raise Conflict("这个代码是中继的，不是屏的。")
    made = add(session, placing, unit=unit, token_hash="", by=by, at=at)
    made.token_hash = hashed(token_of(pairing, key))
    made.groups = usual_groups(session, unit)
    pairing.board_id, made.relay_id = made.id, pairing.via_id
    return made


def pair_again(session: Session, board: Board, pairing: Pairing, *, key: bytes, by: Actor, at: datetime) -> None:
    """Another PC or an emptied browser takes the board's place: its name, panel and playlists stay, the old token dies."""
    _must(by, board.unit_id)
    if pairing.relay:
        raise Conflict("这个代码是中继的，不是屏的。")
    presence.left(session, board.id, board.seen_at)
    board.token_hash, pairing.board_id, board.relay_id = hashed(token_of(pairing, key)), board.id, pairing.via_id
    board.seen_at = board.online_since = board.held_edition = board.held_version = board.shows = None
    journal.record(session, "board.keyed", board, by=by, at=at)


def pairing_of(session: Session, secret: str, *, at: datetime) -> Pairing:
    """The pairing behind a screen's secret, for as long as it is of use."""
    row = session.scalars(select(Pairing).where(Pairing.secret_hash == hashed(secret))).first()
    if row is None or (not row.is_used and row.expires_at <= at) or row.expires_at <= at - timedelta(days=1):
        raise NotFound("这个代码过期了。")
    return row


def token_of(pairing: Pairing, key: bytes) -> str:
    """The token, the same at each asking, so that a lost answer loses nothing; not stored anywhere."""
    kind = "relay" if pairing.relay else "board"
    return f"k{kind[0]}_" + hmac.new(key, f"{kind}:{pairing.secret_hash}".encode(), sha256).hexdigest()


# --- boards -----------------------------------------------------------------------------------------------------------

def add(session: Session, placing: Placing, *, unit: Unit, token_hash: str, by: Actor | None, at: datetime) -> Board:
    """A board at its place; Invalid when nothing could be read on it from where people stand."""
    _must(by, unit.id)
    made = Board(unit=unit, token_hash=token_hash or hashed(secrets.token_urlsafe(32)), registered_at=at, vitals={}, version=0)
    _place(made, placing)
    session.add(made)
    journal.record(session, "board.added", made, by=by, at=at, name=made.name)
    return made


def change(session: Session, board: Board, placing: Placing, *, unit: Unit, by: Actor, at: datetime) -> None:
    """Another name, unit, panel or theme."""
    _must(by, board.unit_id)
    _must(by, unit.id)
    _place(board, placing)
    board.unit = unit
    journal.record(session, "board.changed", board, by=by, at=at, name=board.name)


def end(session: Session, board: Board, *, by: Actor, at: datetime) -> None:
    """The board is taken down: its token is worth nothing from now on."""
    _must(by, board.unit_id)
    board.ended_at, board.token_hash = at, hashed(secrets.token_urlsafe(32))
    board.groups.clear()
    journal.record(session, "board.ended", board, by=by, at=at)


def renew_token(session: Session, board: Board, *, by: Actor | None, at: datetime) -> str:
    """A new token, told once; the old one dies."""
    _must(by, board.unit_id)
    token = "kb_" + secrets.token_urlsafe(32)
    board.token_hash = hashed(token)
    journal.record(session, "board.keyed", board, by=by, at=at)
    return token


def note_call(session: Session, board: Board, *, by: Actor, at: datetime) -> None:
    """Somebody rang up the place where a silent board hangs."""
    journal.record(session, "board.called", board, by=by, at=at)


def board(session: Session, id: int) -> Board:
    found = session.get(Board, id)
    if found is None or found.ended_at is not None:
        raise NotFound("没有这块屏，可能已经拆了。")
    return found


def boards(session: Session, units: Collection[int] | None = None) -> Sequence[Board]:
    """Living boards, of these units or all."""
    query = select(Board).where(Board.ended_at.is_(None)).order_by(Board.unit_id, Board.id)
    return session.scalars(query if units is None else query.where(Board.unit_id.in_(units))).all()


def by_token(session: Session, token: str) -> Board | None:
    return session.scalars(select(Board).where(Board.token_hash == hashed(token), Board.ended_at.is_(None))).first()


def heartbeat(board: Board, report: Mapping[str, Any], *, at: datetime, silent: timedelta = SILENT) -> None:
    """Keep what the board says of itself; figures are cut to sane bounds, for a board may be broken.

    Silences, editions and answered commands become rows only where something changed. What comes late, by a relay, tells nothing of now.
    """
    if board.seen_at is not None and at < board.seen_at:
        return
    session = object_session(board)
    if session is not None:
        presence.heard(session, board.id, board.seen_at, at, silent)
        commands.heard(session, board.id, report, at)
    was = (board.vitals or {}).get("was")
    if board.seen_at is None or board.online_since is None or at - board.seen_at > silent:
        if board.seen_at is not None:
            was = {"from": iso(board.seen_at), "to": iso(at), "cause": bounded(report.get("cause"))}
        board.online_since = at
    board.seen_at = at
    edition, version = report.get("edition"), report.get("ref_version")
    if (edition, version) != (board.held_edition, board.held_version):
        board.held_at = at
    board.held_edition = edition[:64] if isinstance(edition, str) else None
    board.held_version = version if isinstance(version, int) and 0 <= version < 2**31 else None
    if session is not None and board.held_at == at:
        presence.holds(session, board.id, board.held_version, board.held_edition, at)
    item = report.get("item")
    board.shows = item[:60] if isinstance(item, str) else None
    board.vitals = {name: bounded(report[name]) for name in VITALS if name in report} | _obeyed(report) | ({"was": was} if was else {})


def recalls_obeyed(board: Board) -> set[int]:
    """The revisions that the board says it keeps off its wall."""
    return set((board.vitals or {}).get("recalled", ()))


def _obeyed(report: Mapping[str, Any]) -> dict[str, list[int]]:
    told = report.get("recalled")
    return {"recalled": [id for id in told[-RECALLS_HEARD:] if isinstance(id, int) and 0 < id < 2**31]} if isinstance(told, list) else {}


RECALLS_HEARD = 500
VITALS = ("at", "skew_ms", "storage", "memory", "errors", "release", "cause", "done")


def status(board: Board, at: datetime, silent: timedelta = SILENT) -> Status:
    if board.seen_at is None:
        return Status.NEVER
    return Status.ONLINE if at - board.seen_at <= silent else Status.SILENT


def is_current(board: Board) -> bool:
    """Whether the board holds the edition it should."""
    return board.edition is not None and board.held_edition == board.edition


# --- groups -----------------------------------------------------------------------------------------------------------

def add_group(session: Session, name: str, *, unit: Unit, by: Actor | None, at: datetime) -> Group:
    _must(by, unit.id)
    made = Group(name=line(name, "name", most=40), unit=unit)
    session.add(made)
    journal.record(session, "group.added", made, by=by, at=at, name=made.name)
    return made


def group(session: Session, id: int) -> Group:
    found = session.get(Group, id)
    if found is None:
        raise NotFound("没有这个分组。")
    return found


def groups(session: Session) -> Sequence[Group]:
    return session.scalars(select(Group).order_by(Group.id)).all()


def usual_groups(session: Session, unit: Unit) -> list[Group]:
    """The groups to which a new board of this unit belongs: those of its other boards; for the first, the unit's own or its parent's."""
    everything = groups(session)
    joined = [each for each in everything if any(board.unit_id == unit.id and board.ended_at is None for board in each.boards)]
    own = [each for each in everything if each.unit_id == unit.id]
    return joined or own or [each for each in everything if each.unit_id == unit.parent_id]


def set_members(session: Session, group: Group, members: Sequence[Board], *, by: Actor | None, at: datetime) -> None:
    """Who belongs to the group, the whole answer at once; boards of other hands neither come nor go."""
    _must(by, group.unit_id)
    for board in {*group.boards} ^ {*members}:
        _must(by, board.unit_id)
    group.boards = list(members)
    journal.record(session, "group.changed", group, by=by, at=at, boards=[each.id for each in members])


def rename_group(session: Session, group: Group, name: str, *, by: Actor, at: datetime) -> None:
    _must(by, group.unit_id)
    group.name = line(name, "name", most=40)
    journal.record(session, "group.changed", group, by=by, at=at, name=group.name)


def set_step(session: Session, group: Group, in_step: bool, *, by: Actor, at: datetime) -> None:
    """Whether the group's boards change pages at the same instants."""
    _must(by, group.unit_id)
    if group.in_step != in_step:
        group.in_step = in_step
        journal.record(session, "group.changed", group, by=by, at=at, in_step=in_step)


def _must(by: Actor | None, unit_id: int) -> None:
    """The server itself may; a person only in their units."""
    if by is not None and not may(by, "board.edit", unit_id):
        raise Forbidden("这块屏要请%(who)s来办。", who=who_can("board.edit"))


def _place(board: Board, placing: Placing) -> None:
    if placing.theme not in THEMES:
        raise Invalid("theme", "没有这种配色。")
    if not 0 <= placing.overscan <= 100:
        raise Invalid("overscan", "边距在 0 到 100 千分之间。")
    _fit(placing)
    panel = placing.panel
    board.name = line(placing.name, "name", most=40)
    board.width_mm, board.height_mm, board.width_px, board.height_px = panel.width_mm, panel.height_mm, panel.width_px, panel.height_px
    board.rotation, board.distance_mm, board.overscan = panel.rotation, panel.distance_mm, placing.overscan
    board.theme, board.elder, board.ticker = placing.theme, placing.elder, placing.ticker
    board.layout, board.sleeps = placing.layout, placing.sleeps


def _fit(placing: Placing) -> None:
    """Refuse what nobody could read: a panel too small for its distance, or for its layout, naming the layouts that it has room for."""
    if placing.layout not in LAYOUTS:
        raise Invalid("layout", "没有这种版式。")
    panel, looks = placing.panel, (placing.theme, placing.elder, placing.ticker)
    page = geometry_of(panel, *looks, placing.layout)
    if fits(page, placing.layout):
        return
    most = greatest_distance(panel, *looks, placing.layout)
    told = {"layout": [LAYOUTS[placing.layout].name], "asked": f"{panel.distance_mm / 1000:g}", "most": f"{most / 1000:g}",
            "others": [LAYOUTS[name].name for name in fitting(placing)]}
    if not most:
        raise Invalid("layout", "这块屏太小，放不下“%(layout)s”。可以用：%(others)s。", **told)
    raise Invalid("layout", "离 %(asked)s 米看，“%(layout)s”有一栏不到 12 个字或不到 4 行，看不清；%(most)s 米以内才能用。"
                  "现在可以用：%(others)s。", **told)


def fitting(placing: Placing) -> list[str]:
    """The layouts that can be read on this panel from its distance."""
    page = geometry_of(placing.panel, placing.theme, placing.elder, placing.ticker)
    return [name for name in LAYOUTS if fits(page, name)]


def farthest(placing: Placing) -> dict[str, str]:
    """For each layout, from how many metres it can be read at most; "" where it has no room on this panel at all."""
    most = {name: greatest_distance(placing.panel, placing.theme, placing.elder, placing.ticker, name) for name in LAYOUTS}
    return {name: f"{distance / 1000:g}" if distance else "" for name, distance in most.items()}


def _screen(screen: Mapping[str, Any]) -> dict[str, Any]:
    """What a screen tells of itself, in sane bounds."""
    width, height, ratio = screen.get("w"), screen.get("h"), screen.get("dpr", 1)
    if not (isinstance(width, int) and isinstance(height, int) and 1 <= width <= 16_384 and 1 <= height <= 16_384):
        raise Invalid("screen", "屏幕的宽和高要是像素数。")
    return {"w": width, "h": height, "dpr": ratio if isinstance(ratio, int | float) and 0.25 <= ratio <= 8 else 1}


def _code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def bounded(value: Any, depth: int = 0) -> Any:
    """What a machine says of itself, cut to sane bounds: it may be broken."""
    if isinstance(value, bool | int | float) or value is None:
        return value if not isinstance(value, int | float) or abs(value) < 1e15 else None
    if isinstance(value, str):
        return value[:200]
    if depth < 2 and isinstance(value, list):
        return [bounded(each, depth + 1) for each in value[:20]]
    if depth < 2 and isinstance(value, dict):
        return {str(name)[:40]: bounded(each, depth + 1) for name, each in list(value.items())[:20]}
    return None
