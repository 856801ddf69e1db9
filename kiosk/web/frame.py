"""The frame of every staff page: who is signed in, which entries this person has, how much waits there."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from kiosk import people
from kiosk.content import review
from kiosk.content.slides import State, find
from kiosk.people import Actor, Role, may, reach
from kiosk.web.request import maybe_actor, parts

# Entry: endpoint, word, icon, the roles that see it; order as on the page (look/staff.md §2).
ENTRIES = (
    ("content.today", "今天", "today", frozenset({Role.EDITOR, Role.SECTION_HEAD})),
    ("content.inbox", "待我审核", "review", frozenset({Role.LEADER})),
    ("content.mine", "我的内容", "content", frozenset({Role.EDITOR, Role.SECTION_HEAD})),
    ("signage.playlists", "播放安排", "playlist", frozenset({Role.EDITOR, Role.SECTION_HEAD, Role.ADMINISTRATOR})),
    ("signage.boards", "公示屏", "board", frozenset(Role)),
    ("people.people", "人员与权限", "people", frozenset({Role.ADMINISTRATOR, Role.AUDITOR})),
)
HOMES = ((Role.EDITOR, "content.today"), (Role.SECTION_HEAD, "content.today"), (Role.LEADER, "content.inbox"),
         (Role.ADMINISTRATOR, "signage.boards"), (Role.INSPECTOR, "signage.boards"), (Role.AUDITOR, "people.people"))


def frame_of() -> dict[str, Any]:
    """`me`, `office`, `nav` and `may` for the templates; read in a short transaction of its own."""
    me = maybe_actor()
    with parts().database.read() as short:
        root = people.office(short)
        counts = _counts(short, me) if me else {}
    return {"me": me, "office": root.name if root else "", "contact": _contact(root), "nav": _nav(me, counts) if me else [],
            "may": lambda action, unit_id=None: me is not None and may(me, action, unit_id), "role_names": people.ROLE_NAMES}


def home_of(me: Actor) -> str:
    """The endpoint of a person's first page."""
    return next((endpoint for role, endpoint in HOMES if role in me.roles), "people.me")


def _nav(me: Actor, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"url": url_for(endpoint), "name": name, "icon": icon, "count": counts.get(endpoint, 0), "here": _here(endpoint)}
            for endpoint, name, icon, roles in ENTRIES if roles & me.roles]


def _here(endpoint: str) -> bool:
    return request.path.startswith(url_for(endpoint)) and (request.endpoint == endpoint or endpoint != "content.today")


def _counts(short: Any, me: Actor) -> dict[str, int]:
    """What waits for this very person."""
    counts = {}
    if Role.LEADER in me.roles:
        counts["content.inbox"] = len(review.waiting(short, me))
    if me.roles & {Role.EDITOR, Role.SECTION_HEAD}:
        mine = reach(me, "slide.edit")
        counts["content.today"] = sum(len(find(short, units=mine, state=state)) for state in (State.RETURNED, State.DRAFT))
    return counts


def _contact(root: people.Unit | None) -> str:
    return parts().settings.contact_phone or (root.phone if root else "")
