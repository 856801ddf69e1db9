"""Staff pages about people: signing in and out, the first set-up, one-time links, people, roles, units, and one's own account."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk import people
from kiosk.base import journal, programs
from kiosk.base.errors import N_, Conflict, Forbidden, Invalid, NotFound
from kiosk.disclosure import starter
from kiosk.people import ROLE_NAMES, Link, Person, Role, Throttle, UnitKind, reach
from kiosk.signage import boards as signboards
from kiosk.signage import playlists
from kiosk.web import opening, own, words
from kiosk.web.frame import home_of
from kiosk.web.looks import hanging
from kiosk.web.request import actor, back_in, db, end_transaction, maybe_actor, now, number, parts, sign_in_session, to

bp = Blueprint("people", __name__)
KIND_NAMES = {UnitKind.OFFICE: N_("街道办事处"), UnitKind.DEPARTMENT: N_("科室"), UnitKind.COMMUNITY: N_("社区")}


# --- signing in -------------------------------------------------------------------------------------------------------

@bp.get("/staff/sign-in")
def sign_in() -> ResponseReturnValue:
    if maybe_actor():
        return to("content.home")
    timed_out = session.pop("timed_out", False)
    return render_template("people/sign_in.html", timed_out=timed_out, minutes=parts().settings.idle_minutes, hanging=hanging(),
                           next=_local(request.values.get("next")))


@bp.post("/staff/sign-in")
@back_in(sign_in)
def do_sign_in() -> ResponseReturnValue:
    settings = parts().settings
    throttle = Throttle(settings.login_tries, timedelta(minutes=settings.login_pause_minutes))
    tried = people.sign_in(db(), request.form.get("login", ""), request.form.get("password", ""), address=request.remote_addr or "",
                           at=now(), throttle=throttle)
    if isinstance(tried, int):
        end_transaction(keep=True)  # the miss must be kept
        raise Invalid("password", "密码不对，还能再试 %(left)s 次。请看看大写锁定键是不是开着。", left=tried)
    person, token = tried
    me = people.actor(db(), person)
    sign_in_session(token)
    return redirect(_local(request.form.get("next")) or url_for(home_of(me)), 303)


@bp.post("/staff/sign-out")
def sign_out() -> ResponseReturnValue:
    if token := session.pop("sign_in", None):
        people.sign_out(db(), token, at=now())
    session.clear()
    return to("people.sign_in")


@bp.post("/staff/language")
def language() -> ResponseReturnValue:
    """Chinese or English, for this browser and, when signed in, for this person everywhere."""
    wanted = "en" if request.form.get("language") == "en" else "zh"
    session["language"] = wanted
    if me := maybe_actor():
        people.person(db(), me.id).language = wanted
    return redirect(_local(request.form.get("next")) or url_for("content.home"), 303)


# --- one-time links ---------------------------------------------------------------------------------------------------

@bp.get("/staff/link/<token>")
def link(token: str) -> ResponseReturnValue:
    """The owner sets a password; also for a forgotten one."""
    return _private(render_template("people/link.html", person=_link_owner(token), token=token))


@bp.post("/staff/link/<token>")
@back_in(link)
def use_link(token: str) -> ResponseReturnValue:
    found = people.link(db(), token, at=now())
    if found.person_id is None:
        raise NotFound("这是安装链接，请打开服务器上显示的完整地址。")
    people.use_link(db(), found, _twice(), at=now())
    session.clear()
    flash(gettext("密码设好了。请用新密码登录。"), "ok")
    return to("people.sign_in")


# --- the first set-up -------------------------------------------------------------------------------------------------

@bp.get("/setup/<token>")
def set_up(token: str) -> ResponseReturnValue:
    _setup_link(token)
    step = _step()
    if request.args.get("back") and step == 2:
        step = 1
    return _private(render_template("people/setup.html", token=token, step=step, told=MultiDict(session.get("setup", {})),
                                    checks=_checks()))


@bp.post("/setup/<token>/office")
@back_in(set_up)
def set_up_office(token: str) -> ResponseReturnValue:
    """Step 1: which office. Kept in this browser until step 2 makes it."""
    _setup_link(token)
    if people.office(db()):
        raise Conflict("街道办事处已经建好了。")
    told = {name: request.form.get(name, "").strip() for name in ("name", "short", "phone", "hours", "place")}
    people.line(told["name"], "name", most=40)
    session["setup"] = told
    return to("people.set_up", token=token)


@bp.post("/setup/<token>/administrator")
@back_in(set_up)
def set_up_administrator(token: str) -> ResponseReturnValue:
    """Step 2: the office and its first administrator, in one transaction."""
    _setup_link(token)
    told = session.get("setup") or {}
    if not told:
        return to("people.set_up", token=token)
    office = people.add_unit(db(), kind=UnitKind.OFFICE, parent=None, by=None, at=now(), **told)
    person = people.add_person(db(), login=request.form.get("login", ""), post=request.form.get("post", ""), unit=office, by=None, at=now())
    people.grant(db(), person, Role.ADMINISTRATOR, office, by=None, at=now(), founding=True)
    people.set_password(db(), person, _twice(), at=now())
    session.pop("setup", None)
    return to("people.set_up", token=token)


@bp.post("/setup/<token>/leader")
@back_in(set_up)
def set_up_leader(token: str) -> ResponseReturnValue:
    """Step 3: the leader who approves and the clerk who publishes; each gets a one-time link. The set-up link ends."""
    found = _setup_link(token)
    office = people.office(db())
    if office is None:
        return to("people.set_up", token=token)
    links = []
    for role, name in ((Role.LEADER, "leader"), (Role.EDITOR, "editor")):
        person = people.add_person(db(), login=_named(name, "login"), post=_named(name, "post"), unit=office, by=None, at=now())
        people.grant(db(), person, role, office, by=None, at=now(), founding=True)
        links.append((person.post, person.login, _link_url(people.make_link(db(), person, by=None, at=now()))))
    starter.lay(db(), by=None, at=now(), since=parts().zone.day(now()))
    playlists.make_first(db(), gettext("主列表"), gettext("全部公示屏"), office=office, at=now())
    found.used_at = now()
    return _private(render_template("people/set_up_done.html", links=links))


# --- one's own account ------------------------------------------------------------------------------------------------

@bp.get("/staff/me")
def me() -> ResponseReturnValue:
    person = people.person(db(), actor().id)
    return render_template("people/me.html", person=person, tokens=people.tokens(db(), person), fresh=None, local=parts().zone.local)


@bp.post("/staff/me/password")
@back_in(me)
def change_password() -> ResponseReturnValue:
    person = people.person(db(), actor().id)
    people.check_password(person, request.form.get("old", ""))
    people.set_password(db(), person, _twice(), at=now())
    session.clear()
    flash(gettext("密码设好了。请用新密码登录。"), "ok")
    return to("people.sign_in")


@bp.post("/staff/me/tokens")
@back_in(me)
def make_token() -> ResponseReturnValue:
    person = people.person(db(), actor().id)
    fresh = people.make_token(db(), person, request.form.get("name", ""), at=now())
    db().flush()
    return _private(render_template("people/me.html", person=person, tokens=people.tokens(db(), person), fresh=fresh,
                                    local=parts().zone.local))


@bp.post("/staff/me/tokens/<int:id>/end")
def end_token(id: int) -> ResponseReturnValue:
    people.end_token(db(), id, by=actor(), at=now())
    return to("people.me")


# --- people and roles -------------------------------------------------------------------------------------------------

@bp.get("/staff/people", endpoint="people")
def people_page() -> ResponseReturnValue:
    mine = reach(actor(), "people.read")
    everybody = [person for person in people.people(db()) if person.unit_id in mine]
    pending = [grant for person in everybody for grant in person.grants if grant.pending and grant.ended_at is None]
    return render_template("people/people.html", people=everybody, pending=pending, last=people.last_seen(db()), local=parts().zone.local,
                           paused=people.paused(db(), at=now(), throttle=_throttle()), roles=Role, kinds=KIND_NAMES)


@bp.get("/staff/people/new")
def person_new() -> ResponseReturnValue:
    return render_template("people/person_new.html", units=_units("people.edit"), roles=ROLE_NAMES)


@bp.post("/staff/people/new")
@back_in(person_new)
def add_person() -> ResponseReturnValue:
    unit = people.unit(db(), number("unit"))
    person = people.add_person(db(), login=request.form.get("login", ""), post=request.form.get("post", ""), unit=unit, by=actor(),
                               at=now())
    people.grant(db(), person, _role(), unit, by=actor(), at=now())
    return _with_link(person)


@bp.get("/staff/people/<int:id>")
def person(id: int) -> ResponseReturnValue:
    return _person_page(own.person(id))


@bp.post("/staff/people/<int:id>/link")
def renew_link(id: int) -> ResponseReturnValue:
    """A new one-time link: the first password, or a forgotten one."""
    return _with_link(own.person(id))


@bp.post("/staff/people/<int:id>/roles")
@back_in(person)
def grant(id: int) -> ResponseReturnValue:
    people.grant(db(), own.person(id), _role(), people.unit(db(), number("unit")), by=actor(), at=now())
    return to("people.person", id=id)


@bp.post("/staff/people/roles/<int:id>/consent")
def consent(id: int) -> ResponseReturnValue:
    people.consent(db(), people.grant_of(db(), id), by=actor(), at=now())
    flash(gettext("已同意。这项权限从现在起有效。"), "ok")
    return to("people.consents")


@bp.get("/staff/people/roles")
def consents() -> ResponseReturnValue:
    """Approving roles that wait for a second person; a leader finds them here too."""
    mine = reach(actor(), "people.consent")
    pending = [grant for each in people.people(db()) for grant in each.grants
               if grant.pending and grant.ended_at is None and grant.unit_id in mine]
    return render_template("people/consents.html", pending=pending, local=parts().zone.local,
                           mine=lambda grant: actor().id in (grant.granted_by, grant.person_id))


@bp.post("/staff/people/roles/<int:id>/end")
def end_grant(id: int) -> ResponseReturnValue:
    found = people.grant_of(db(), id)
    own.person(found.person_id)
    people.end_grant(db(), found, by=actor(), at=now())
    return to("people.person", id=found.person_id)


@bp.post("/staff/people/<int:id>/disable")
@back_in(person)
def disable(id: int) -> ResponseReturnValue:
    people.disable(db(), own.person(id), by=actor(), at=now())
    return to("people.person", id=id)


@bp.post("/staff/people/<int:id>/enable")
def enable(id: int) -> ResponseReturnValue:
    people.enable(db(), own.person(id), by=actor(), at=now())
    return to("people.person", id=id)


@bp.post("/staff/people/<int:id>/unlock")
def unlock(id: int) -> ResponseReturnValue:
    people.unlock(db(), own.person(id), by=actor(), at=now())
    return to("people.people")


# --- units ------------------------------------------------------------------------------------------------------------

@bp.get("/staff/units")
def units() -> ResponseReturnValue:
    return render_template("people/units.html", units=_units("people.read"), kinds=KIND_NAMES)


@bp.post("/staff/units")
@back_in(units)
def add_unit() -> ResponseReturnValue:
    kind = request.form.get("kind", "")
    if kind not in (UnitKind.DEPARTMENT, UnitKind.COMMUNITY):
        raise Invalid("kind", "请选科室或者社区。")
    people.add_unit(db(), kind=UnitKind(kind), parent=people.office(db()), by=actor(), at=now(), **_unit_words())
    return to("people.units")


@bp.get("/staff/units/<int:id>")
def unit(id: int) -> ResponseReturnValue:
    found = own.unit_seen(id)
    above = people.unit(db(), found.parent_id) if found.parent_id else None
    return render_template("people/unit.html", unit=found, kinds=KIND_NAMES, above=above, doors=opening.rows(found),
                           said=opening.said(above) if above else "", days=opening.DAY_NAMES,
                           sleepers=[each for each in signboards.boards(db(), people.below(db())[found.id]) if each.sleeps])


@bp.post("/staff/units/<int:id>")
@back_in(unit)
def change_unit(id: int) -> ResponseReturnValue:
    found = own.unit_seen(id)
    people.change_unit(db(), found, by=actor(), at=now(), **_unit_words())
    if "opening" in request.form:
        people.set_opening(db(), found, opening.typed(), by=actor(), at=now())
    flash(gettext("存好了。屏上的抬头跟着换。"), "ok")
    return to("people.units")


# --- what the views share ---------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Check:
    """One line of “is this server ready”."""

    state: str
    word: str
    name: str
    text: str


def _checks() -> list[Check]:
    free = shutil.disk_usage(parts().settings.data).free // 10**9
    disk = Check("ok" if free >= 20 else "due", gettext("可以用") if free >= 20 else gettext("留意"), gettext("存放内容的磁盘"),
                 gettext("还有 %(free)s GB", free=free))
    clock = Check("ok", gettext("可以用"), gettext("服务器时间"), words.moment(now()))
    missing = programs.missing()
    ready = gettext("PDF、演示稿、文档、表格、图片、视频都能转")
    convert = Check("due" if missing else "ok", gettext("留意") if missing else gettext("可以用"), gettext("文件转换"),
                    gettext("还没有装：%(names)s。其他都能用。", names=words.row(missing)) if missing else ready)
    return [disk, clock, convert]


def _throttle() -> Throttle:
    settings = parts().settings
    return Throttle(settings.login_tries, timedelta(minutes=settings.login_pause_minutes))


def _local(address: str | None) -> str | None:
    """A page of ours to go on to; never another site's."""
    plain = (address is not None and address.startswith("/staff/") and address.isprintable() and "\\" not in address
             and not address.startswith("/staff/sign-"))
    return address if plain else None


def _twice() -> str:
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise Invalid("again", "两次输入的不一样，请再输一次。")
    return password


def _named(prefix: str, name: str) -> str:
    """A field of one of two people on a page; the problem names it as the page does."""
    text = request.form.get(f"{prefix}_{name}", "")
    if not text.strip():
        raise Invalid(f"{prefix}_{name}", "这一项要填。")
    try:
        return people.normal_login(text) if name == "login" else text
    except Invalid as problem:
        raise Invalid(f"{prefix}_{name}", problem.message, **problem.params) from problem


def _role() -> Role:
    wanted = request.form.get("role", "")
    if wanted not in tuple(Role):
        raise Invalid("role", "请选一个角色。")
    return Role(wanted)


def _unit_words() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ("name", "short", "phone", "hours", "place")}


def _setup_link(token: str) -> Link:
    found = people.link(db(), token, at=now())
    if found.person_id is not None:
        raise NotFound("这个链接用过了，或者过期了。请管理员重新给您一个。")
    return found


def _step() -> int:
    if people.office(db()):
        return 3
    return 2 if session.get("setup") else 1


def _link_owner(token: str) -> Person:
    found = people.link(db(), token, at=now())
    if found.person_id is None:
        raise NotFound("这是安装链接，请打开服务器上显示的完整地址。")
    return people.person(db(), found.person_id)


def _link_url(token: str) -> str:
    return url_for("people.link", token=token, _external=True)


def _with_link(person: Person) -> ResponseReturnValue:
    """The person's page with a one-time link, told this once."""
    if person.id == actor().id:
        raise Forbidden("自己的密码请在“我的账号”里改。")
    return _private(_person_page(person, _link_url(people.make_link(db(), person, by=actor(), at=now()))))


def _person_page(person: Person, fresh: str | None = None) -> str:
    db().flush()
    db().refresh(person, ["grants"])
    return render_template("people/person.html", person=person, fresh=fresh, units=_units("people.edit"), roles=ROLE_NAMES,
                           history=journal.about(db(), person, 20), local=parts().zone.local, mine=person.id == actor().id)


def _units(action: str) -> list[people.Unit]:
    mine = reach(actor(), action)
    return [unit for unit in people.units(db()) if unit.id in mine]


def _private(page: Any) -> ResponseReturnValue:
    """A page with a secret: never kept, never told to where its links lead."""
    response = make_response(page)
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


