"""The frame of every staff page: who is signed in, which entries this person has, how much waits there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request, url_for
from flask_babel import gettext

from kiosk import people
from kiosk.content import review
from kiosk.content.slides import State, find
from kiosk.people import Actor, Role, may, reach
from kiosk.web.request import db, maybe_actor, now, parts

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
    """`me`, `office`, `nav` and `may` for the templates."""
    me = maybe_actor()
    root = people.office(db())
    counts = _counts(me) if me else {}
    return {"me": me, "office": root.name if root else "", "office_short": root.short if root else "",
            "contact": _contact(root), "said": said, "verb_names": VERB_NAMES, "nav": _nav(me, counts) if me else [],
            "may": lambda action, unit_id=None: me is not None and may(me, action, unit_id), "role_names": people.ROLE_NAMES}


# What the journal's verbs are called on pages.
VERB_NAMES = {
    "slide.made": "写好第一稿", "slide.revised": "改过", "slide.submitted": "报审", "slide.withdrawn": "撤回报审",
    "slide.approved": "批准上屏", "slide.returned": "退回", "slide.recalled": "撤回下屏", "slide.retired": "撤下存档",
    "person.added": "建立账号", "person.disabled": "停用账号", "person.enabled": "重新启用", "person.signed_in": "登录",
    "person.signed_out": "退出", "person.missed": "密码输错", "person.unlocked": "解锁", "password.set": "设了密码",
    "link.made": "领了设密码的链接", "token.made": "做了令牌", "token.ended": "作废令牌", "role.granted": "给了权限",
    "role.consented": "同意权限", "role.ended": "收回权限", "board.added": "登记屏", "board.changed": "改了屏的资料",
    "board.ended": "拆除屏", "board.keyed": "换了屏的凭证", "board.called": "打过电话", "playlist.made": "新建列表",
    "playlist.changed": "改了列表", "playlist.placed": "改了挂的地方", "group.added": "新建分组", "group.changed": "改了分组",
    "unit.added": "新建单位", "unit.changed": "改了单位资料", "upload.received": "收到文件", "upload.converted": "转换好了",
    "upload.failed": "转换不了", "upload.dropped": "取消文件", "source.added": "加了来源", "source.changed": "改了来源", "source.ended": "停了来源",
    "source.read": "来源的文件变了",
}


def said(at: datetime | None) -> str:
    """A moment as people say it: 今天 10:25, 昨天 16:20, 4月9日 10:32, with the year when it is another one."""
    if at is None:
        return ""
    zone = parts().zone
    local, today = zone.local(at), zone.day(now())
    days = (today - local.date()).days
    if days in (0, 1, -1):
        return f"{(gettext('今天'), gettext('昨天'), gettext('明天'))[days]} {local:%H:%M}"
    year = f"{local.year}年" if local.year != today.year else ""
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


def home_of(me: Actor) -> str:
    """The endpoint of a person's first page."""
    return next((endpoint for role, endpoint in HOMES if role in me.roles), "people.me")


def _nav(me: Actor, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"url": url_for(endpoint), "name": name, "icon": icon, "count": counts.get(endpoint, 0), "here": _here(endpoint)}
            for endpoint, name, icon, roles in ENTRIES if roles & me.roles]


def _here(endpoint: str) -> bool:
    return request.path.startswith(url_for(endpoint)) and (request.endpoint == endpoint or endpoint != "content.today")


def _counts(me: Actor) -> dict[str, int]:
    """What waits for this very person."""
    counts = {}
    if Role.LEADER in me.roles:
        counts["content.inbox"] = len(review.waiting(db(), me))
    if me.roles & {Role.EDITOR, Role.SECTION_HEAD}:
        mine = reach(me, "slide.edit")
        counts["content.today"] = sum(len(find(db(), units=mine, state=state)) for state in (State.RETURNED, State.DRAFT))
    return counts


def _contact(root: people.Unit | None) -> str:
    return parts().settings.contact_phone or (root.phone if root else "")
