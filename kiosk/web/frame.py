"""The frame of every staff page: who is signed in, which entries this person has, how much waits there."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from kiosk import people
from kiosk.base.errors import N_
from kiosk.content import review
from kiosk.content.slides import Revision
from kiosk.disclosure import outages
from kiosk.people import Actor, Role, may, reach
from kiosk.web import todo, words
from kiosk.web.request import db, maybe_actor, now, parts

# Entry: endpoint, word, icon, the roles that see it; order as on the page (look/staff.md §2).
ENTRIES = (
    ("content.today", N_("今天"), "today", frozenset({Role.EDITOR, Role.SECTION_HEAD})),
    ("review.inbox", N_("待我审核"), "review", frozenset({Role.SECTION_HEAD, Role.LEADER})),
    ("content.mine", N_("我的内容"), "content", frozenset({Role.EDITOR, Role.SECTION_HEAD})),
    ("signage.playlists", N_("播放安排"), "playlist", frozenset({Role.EDITOR, Role.SECTION_HEAD, Role.ADMINISTRATOR})),
    ("signage.boards", N_("公示屏"), "board", frozenset(Role)),
    ("duty.topics", N_("公开目录"), "catalogue", frozenset(Role)),
    ("people.people", N_("人员与权限"), "people", frozenset({Role.ADMINISTRATOR, Role.AUDITOR})),
)
HOMES = ((Role.EDITOR, "content.today"), (Role.SECTION_HEAD, "content.today"), (Role.LEADER, "review.inbox"),
         (Role.ADMINISTRATOR, "signage.boards"), (Role.INSPECTOR, "duty.topics"), (Role.AUDITOR, "people.people"))


def frame_of() -> dict[str, Any]:
    """`me`, `office`, `nav` and `may` for the templates."""
    me = maybe_actor()
    root = people.office(db())
    counts = _counts(me) if me else {}
    return {"me": me, "office": root.name if root else "", "office_short": root.short if root else "",
            "contact": _contact(root), "said": words.said, "verb_names": VERB_NAMES, "nav": _nav(me, counts) if me else [],
            "may": lambda action, unit_id=None: me is not None and may(me, action, unit_id), "role_names": people.ROLE_NAMES,
            "waits_said": _waits_said, "owed_said": _owed_said}


# What the journal's verbs are called on pages.
VERB_NAMES = {
    "slide.made": N_("写好第一稿"), "slide.revised": N_("改过"), "slide.submitted": N_("报给领导"), "slide.withdrawn": N_("撤回了报审"),
    "slide.approved": N_("批准了"), "slide.returned": N_("退回了"), "slide.recalled": N_("撤回下屏"), "slide.retired": N_("撤下存档"),
    "person.added": N_("建立账号"), "person.disabled": N_("停用了账号"), "person.enabled": N_("又启用了"),
    "person.signed_in": N_("登录了"), "person.signed_out": N_("退出了"), "person.missed": N_("密码输错"), "person.unlocked": N_("解了锁"),
    "password.set": N_("设了密码"), "link.made": N_("领了设密码的链接"), "token.made": N_("做了令牌"), "token.ended": N_("作废令牌"),
    "role.granted": N_("给了权限"), "role.consented": N_("同意权限"), "role.ended": N_("收回权限"), "board.added": N_("登记屏"),
    "board.changed": N_("改了屏的资料"), "board.ended": N_("拆除屏"), "board.keyed": N_("换了屏的凭证"), "board.called": N_("打过电话"),
    "relay.added": N_("登记中继"), "relay.changed": N_("改了中继"), "relay.keyed": N_("换了中继的凭证"), "relay.ended": N_("拆除中继"),
    "playlist.made": N_("新建列表"), "playlist.changed": N_("改了列表"), "playlist.placed": N_("改了挂的地方"),
    "playlist.removed": N_("删了列表"), "campaign.added": N_("加了时段"), "campaign.changed": N_("改了时段"),
    "campaign.removed": N_("删了时段"), "daypart.added": N_("记下时段名"), "daypart.changed": N_("改了时段名"),
    "daypart.removed": N_("删了时段名"), "group.added": N_("新建分组"), "group.changed": N_("改了分组"), "unit.added": N_("新建单位"),
    "unit.changed": N_("改了单位资料"), "upload.received": N_("收到文件"), "upload.converted": N_("转换好了"),
    "upload.failed": N_("转换不了"), "upload.dropped": N_("取消文件"), "source.added": N_("加了来源"), "source.changed": N_("改了来源"),
    "source.ended": N_("停了来源"), "source.read": N_("来源的文件变了"),
    "rule.made": N_("提了自动更新的规则"), "rule.agreed": N_("同意了自动更新的规则"), "rule.ended": N_("停了自动更新的规则"),
    "slide.filed": N_("归入公开事项"), "slide.checked": N_("核对过"),
    "objection.end_asked": N_("提出提前结束公示"), "objection.ended_early": N_("同意公示提前结束"),
    "objection.end_refused": N_("没有同意提前结束"), "recall.signed": N_("补签了撤回"),
    "urgent.asked": N_("要求紧急上屏"), "urgent.ended": N_("收回了紧急上屏"), "urgent.completed": N_("补齐了核对"),
    "override.drafted": N_("收下一条预警"), "override.dropped": N_("删了预警草稿"), "override.asked": N_("写好紧急插播，请确认"),
    "override.confirmed": N_("确认紧急插播"), "override.refused": N_("没有同意紧急插播"), "override.withdrawn": N_("收回了紧急插播"),
    "override.ended": N_("紧急插播结束"), "override.lapsed": N_("紧急插播没人确认，作废"), "override.called": N_("电话通知了没换上的屏"),
    "override.signed": N_("补签了紧急插播"),
    "parcel.made": N_("导出了 U 盘内容包"), "parcel.taken": N_("收了 U 盘带回的包"), "backup.made": N_("做了备份"),
    "office.restored": N_("从备份恢复了数据"), "office.thawed": N_("确认按备份恢复播放"), "key.changed": N_("更换了签名密钥"),
    "boards.stopped": N_("全部停播"), "boards.resumed": N_("恢复播放"),
    "topic.added": N_("新建公开事项"),
    "topic.changed": N_("改了公开事项"), "topic.ended": N_("停用公开事项"), "topic.confirmed": N_("确认无变更"),
    "topic.unconfirmed": N_("撤销了无变更"), "happening.dropped": N_("记下这次不用公开"),
    "classes.set": N_("改了公开类别"), "happening.noted": N_("记下形成或变更的日子"), "items.imported": N_("导入以前公开的信息"),
    "days.set": N_("改了节假日和调休"), "deputy.named": N_("请人代理"), "deputy.consented": N_("同意代理"),
    "deputy.ended": N_("结束代理"), "refs.moved": N_("屏上的内容换了"), "reminders.made": N_("发了提醒"),
    "address.added": N_("加了提醒去处"), "address.ended": N_("停了提醒去处"), "address.tested": N_("试发了一条提醒"),
    "board.told": N_("叫屏做一件事"), "boards.silent": N_("有屏没有消息，告诉了人"), "boards.back": N_("屏恢复了，告诉了人"),
    "certificate.made": N_("开了公示证明"), "certificate.printed": N_("印了公示证明"),
    "delivery.sent": N_("提醒送到了"), "delivery.stopped": N_("提醒没送到，不再试"), "delivery.renewed": N_("再发一次提醒"),
}


def home_of(me: Actor) -> str:
    """The endpoint of a person's first page."""
    return next((endpoint for role, endpoint in HOMES if role in me.roles), "people.me")


def _nav(me: Actor, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"url": url_for(endpoint), "name": name, "icon": icon, "count": counts.get(endpoint, 0), "here": _here(endpoint)}
            for endpoint, name, icon, roles in ENTRIES if roles & me.roles]


def _here(endpoint: str) -> bool:
    if endpoint == "people.people" and request.blueprint in ("office", "backups"):
        return True
    if endpoint == "duty.topics" and request.blueprint == "catalogue":
        return True
    if endpoint == "signage.playlists" and request.blueprint == "schedule":
        return True
    return request.path.startswith(url_for(endpoint)) and (request.endpoint == endpoint or endpoint != "content.today")


def _counts(me: Actor) -> dict[str, int]:
    """What waits for this very person."""
    counts = {}
    if may(me, "slide.review"):
        counts["review.inbox"] = len({each.id for each in review.waiting(db(), me, now())}
                                     | {each.id for _, each in review.to_confirm(db(), me, now())}
                                     | {each.id for _, each in review.owed(db()) if any(
                                         review.may_check(db(), each, step, me, now()) for step in review.missing_steps(db(), each))})
    if me.roles & {Role.EDITOR, Role.SECTION_HEAD}:
        counts["content.today"] = todo.count()
    if me.roles & {Role.SECTION_HEAD, Role.ADMINISTRATOR}:
        told = outages.open_outages(db(), reach(me, "board.read"))
        counts["signage.boards"] = sum(outages.concerns(me, row.board.unit_id) for row in told)
    return counts


def _waits_said(revision: Revision) -> str:
    """What a submitted revision waits for."""
    told: dict[str, Any] = {"when": words.said(revision.submitted_at)}
    if (urgent := review.urgent_of(db(), revision)) is not None:
        told["post"] = people.person(db(), urgent.first_by).post
        return words.phrased(N_("%(when)s 报审，%(post)s要求紧急上屏，在等另一个人确认。改动任何一处都要重新报。"), told)
    if missing := review.missing_steps(db(), revision):
        told["steps"] = [review.STEP_NAMES[step] for step in missing]
        return words.phrased(N_("%(when)s 报审，在等%(steps)s。改动任何一处都要重新报。"), told)
    return words.phrased(N_("%(when)s 报审，在等分管领导。改动任何一处都要重新报。"), told)


def _owed_said(revision: Revision) -> str | None:
    """What an urgent one that hangs still owes; None where nothing is owed."""
    live = revision.slide.live
    urgent = review.urgent_of(db(), live) if live is not None else None
    if live is None or urgent is None or not urgent.owing:
        return None
    told = {"day": words.day(urgent.due_on), "steps": [review.STEP_NAMES[step] for step in review.missing_steps(db(), live)]}
    if parts().zone.day(now()) > urgent.due_on:
        return words.phrased(N_("紧急上屏的核对逾期了：最晚%(day)s就该补齐%(steps)s。"), told)
    return words.phrased(N_("紧急上屏的，最晚%(day)s补齐%(steps)s。"), told)


def _contact(root: people.Unit | None) -> str:
    return parts().settings.contact_phone or (root.phone if root else "")
