"""Masks: how a person's name stands on a wall, and what may never stand there: numbers of identity cards, accounts and mobiles. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from kiosk.base.errors import N_

MIDDLE, SURNAME, WHOLE = N_("张*丰"), N_("张**"), N_("全名")
POLICIES = (MIDDLE, SURNAME, WHOLE)
STAR = "*"
# Surnames of two characters; a name of two that begins like one is a surname and a given name.
_DOUBLE = frozenset(re.findall("..", (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离"
    "长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延"
    "东郭南门羊舌微生梁丘左丘东门西门第五")))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DAYS = re.compile(r"(?<!\d)(?:19|20)\d{2}\s*[-./]\s*\d{1,2}\s*[-./]\s*\d{1,2}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)")
_JOINED = re.compile(r"(?<=\d)[\s.,_/·-]+(?=[\dX])")
_RUN = re.compile(r"\d{12,}X?|(?<!\d)\d{10,16}X(?![A-Z0-9])")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_WORDS: Mapping[str, str] = {"id": N_("身份证号"), "account": N_("银行账号"), "mobile": N_("个人手机号")}


def surname(name: str) -> str:
    """The surname, as far as characters tell it."""
    return name[:2] if len(name) > 2 and name[:2] in _DOUBLE else name[:1]


def masked(name: str, policy: str) -> str:
    """The name as it hangs. What came masked already (张*丰, 张某某) is not opened, and hides no less than the policy says."""
    first = surname(name)
    if policy == WHOLE:
        return name
    if policy == SURNAME or re.search("[*＊×某]", name):
        hidden = policy == SURNAME or not re.search("[*＊×]", name[len(first):-1])
        return first + STAR * 2 if hidden else first + STAR + name[-1]
    rest = name[len(first):]
    return first + STAR + (rest[-1] if len(rest) > 1 else "")


def private(text: str) -> str:
    """What the text gives away that no wall may show, by its name in the catalogue; "" for nothing."""
    plain = unicodedata.normalize("NFKC", text).upper().replace("－", "-").replace("—", "-").replace("–", "-")
    plain = _LANDLINE.sub(" 号 ", _DAYS.sub(" 日 ", plain))
    if _MOBILE.search(_JOINED.sub("", plain)) or _MOBILE.search(plain):
        return _WORDS["mobile"]
    runs = [found for joined in (plain, _JOINED.sub("", plain)) for found in _RUN.findall(joined)]
    if not runs:
        return ""
    return _WORDS["id" if any(_is_identity(run) for run in runs) else "account"]


def _is_identity(run: str) -> bool:
    """Whether it reads as an identity number, with a slip of the pen too: a birthday stands where one has it."""
    if len(run) == 15:
        return _is_day("19" + run[6:12])
    return len(run) in (17, 18, 19) and (_checked(run[:18]) or _is_day(run[6:14]))


def _checked(run: str) -> bool:
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", run):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, run[:17], strict=True))
    return "10X98765432"[total % 11] == run[17]


def _is_day(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False
