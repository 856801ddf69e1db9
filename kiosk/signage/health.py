"""Health: what ails a board, by its own word — in words a clerk understands, each with what to do. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kiosk.base.errors import N_

SKEW_SECONDS, SKEW_WILD = 5, 120  # off by so much it is told, off by so much its own clock cannot be used
FULL = 0.9  # of the browser's room
MEMORY = 1_200_000_000  # bytes of the page's heap: an old PC has 4 GB
SAME_ERRORS = 3


@dataclass(frozen=True)
class Trouble:
    """What is wrong (`what` with `params`) and what to do; `grave`: somebody has to act, not only to know."""

    code: str
    what: str
    todo: str
    params: Mapping[str, Any] = field(default_factory=dict)
    grave: bool = False


# By the word with which the page, the relay or the launcher tells why it could not reach or take what it wanted.
_CAUSES: Mapping[str, tuple[str, str, bool]] = {
    "dns": (N_("找不到服务器的名字（DNS）"), N_("请看网线和路由器；内网改过 DNS 的，请管理员改回来。"), True),
    "tls": (N_("服务器的证书不对或者过期了"), N_("请管理员更新证书，并看看屏上电脑的日期对不对。"), True),
    "tls-expired": (N_("服务器的证书过期了"), N_("请管理员更新证书。"), True),
    "tls-early": (N_("服务器的证书还没到生效的时候，多半是这台电脑的日期不对"), N_("请看看电脑的日期和时间。"), True),
    "tls-name": (N_("服务器的证书不是这个名字的"), N_("请管理员看服务器的地址和证书。"), True),
    "refused": (N_("服务器没有开，或者不接受连接"), N_("请管理员看服务器开着没有。"), True),
    "401": (N_("凭证作废了"), N_("请在这一页点“换了电脑，重新登记”，照屏上的代码登记。"), True),
    "403": (N_("服务器不让它取"), N_("请管理员看服务器和中间的代理。"), True),
    "404": (N_("服务器上没有给它的内容"), N_("请把一个播放列表挂到这块屏上。"), False),
    "timeout": (N_("连上了，服务器迟迟不答"), N_("多半是网慢。一直这样，请看线路，或者装中继。"), False),
    "unreachable": (N_("连不上服务器"), N_("请看网线、路由器和服务器开着没有。"), False),  # who says so has just reached it again
    "cut": (N_("下载到一半断了"), N_("它会自己接着取。一直这样，请看线路。"), False),
    "damaged": (N_("取到的文件不完整，没有用"), N_("它会自己再取。一直这样，请看中间的代理和硬盘。"), False),
    "answer": (N_("答话的不是本系统的服务器"), N_("请看网络是不是要先登录，或者被别的设备拦住了。"), True),
    "ref": (N_("收到的指令不是给它的，没有照办"), N_("请管理员看服务器是不是恢复过旧备份。"), True),
    "seal": (N_("收到的内容没有本街道的印，没有照办"), N_("请管理员看有没有人动过网络；换过密钥的，请重新登记。"), True),
    "manifest": (N_("收到的播放单有错，接着播上一份"), N_("请告诉管理员，多半是服务器的程序出了错。"), True),
    "key": (N_("还没有领到本街道的印，收到的内容没有照办"), N_("请让它重新载入；不行，请重新登记。"), True),
    "board": (N_("收到的是别的屏的内容，没有照办"), N_("请看两块屏的电脑是不是互换过。"), True),
    "older": (N_("收到的比手上的旧，没有照办"), N_("请管理员看服务器是不是恢复过旧备份。"), True),
    "storage": (N_("存不下，硬盘或浏览器的空间满了"), N_("请清理屏上电脑的硬盘。"), True),
    "disk": (N_("中继的磁盘满了，或者写不进去"), N_("请清理中继那台电脑的硬盘。"), True),
    "alg": (N_("收到的内容用的是不认识的签名算法，没有照办"), N_("请把中继和屏上的程序换成新版。"), True),
    "space": (N_("存不下，硬盘或浏览器的空间满了"), N_("请清理屏上电脑的硬盘。"), True),
}
_SERVER = (N_("服务器出错（%(code)s）"), N_("请管理员看服务器的日志。"), True)
_OTHER = (N_("取不到新内容（%(code)s）"), N_("请让它重新载入；不行，请看网络。"), False)


def troubles(vitals: Mapping[str, Any], release: str) -> list[Trouble]:
    """What the last heartbeat tells, the worst first. `release`: what the server runs."""
    found = [*_cause(vitals.get("cause")), *_clock(vitals.get("skew_ms")), *_room(vitals.get("storage")), *_memory(vitals.get("memory")),
             *_errors(vitals.get("errors"))]
    told = vitals.get("release")
    if isinstance(told, str) and told and told != release:
        found.append(Trouble("release", N_("页面还是旧版"), N_("它会自己换新版；过了夜还这样，请让它重新载入。")))
    return sorted(found, key=lambda each: not each.grave)


def cause_words(cause: Any) -> tuple[str, Mapping[str, Any]]:
    """A cause as a sentence's id and its parameters; ("", {}) for none."""
    found = _cause(cause)
    return (found[0].what, found[0].params) if found else ("", {})


def _cause(cause: Any) -> list[Trouble]:
    if not isinstance(cause, str) or not cause:
        return []
    code = cause.removeprefix("object ")
    what, todo, grave = _CAUSES.get(code) or (_SERVER if code[:1] == "5" and len(code) == 3 else _OTHER)
    return [Trouble("cause", what, todo, {"code": code}, grave)]


def _clock(skew: Any) -> list[Trouble]:
    if not isinstance(skew, int | float) or isinstance(skew, bool) or abs(skew) < SKEW_SECONDS * 1000:
        return []
    seconds, fast = round(abs(skew) / 1000), skew > 0
    told = {"long": f"{seconds}"} | {name: f"{round(seconds / each)}" for name, each in _LONG.items()}
    _, ahead, behind = next(each for each in _OFF if seconds < each[0])
    what = ahead if fast else behind
    return [Trouble("clock", what, N_("屏按服务器的时间播，不受影响。请把电脑设成自动对时；总不准的，换主板电池。"), told)]


_LONG = {"minutes": 60, "hours": 3600, "days": 86_400}
# What is said of a clock that is off by less than so many seconds: when it is fast, when it is slow.
_OFF = (
    (SKEW_WILD, N_("这块屏的时钟快了 %(long)s 秒"), N_("这块屏的时钟慢了 %(long)s 秒")),
    (5400, N_("这块屏的时钟快了 %(minutes)s 分钟"), N_("这块屏的时钟慢了 %(minutes)s 分钟")),
    (79_200, N_("这块屏的时钟快了 %(hours)s 小时"), N_("这块屏的时钟慢了 %(hours)s 小时")),
    (math.inf, N_("这块屏的时钟快了 %(days)s 天"), N_("这块屏的时钟慢了 %(days)s 天")),
)


def _room(storage: Any) -> list[Trouble]:
    if not isinstance(storage, Mapping):
        return []
    usage, quota = storage.get("usage"), storage.get("quota")
    if not (isinstance(usage, int | float) and isinstance(quota, int | float) and quota > 0 and usage > FULL * quota):
        return []
    return [Trouble("room", N_("存内容的空间用了 %(percent)s%%"), N_("请清理屏上电脑的硬盘，不然新内容会取不下。"),
                    {"percent": round(100 * usage / quota)}, True)]


def _memory(memory: Any) -> list[Trouble]:
    if not isinstance(memory, int | float) or isinstance(memory, bool) or memory < MEMORY:
        return []
    return [Trouble("memory", N_("页面占了 %(mb)s MB 内存"), N_("请让它重新载入；常常这样，请告诉管理员。"), {"mb": round(memory / 1e6)})]


def _errors(errors: Any) -> list[Trouble]:
    told = [each for each in errors if isinstance(each, str) and not each.startswith("screenshot:")] if isinstance(errors, list) else []
    if len(told) < SAME_ERRORS:
        return []
    return [Trouble("errors", N_("一分钟里出了 %(count)s 次错：%(last)s"), N_("请让它重新载入；还这样，把这句话告诉管理员。"),
                    {"count": len(told), "last": told[-1][:120]})]
