"""Parcels on a USB stick: taken only whole, genuine, meant for this relay, in date and no older than the last; each refusal in words."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.base import parcel
from kiosk.base.archive import Broken, Reader
from kiosk.base.canonical import canonical
from kiosk.base.parcel import Outgoing, Refused, Returned
from kiosk.base.signing import Signer
from tests.conftest import NOON

RELAY, TOKEN = 3, "kr_east"
LETTERS = b"a page of the wall" * 900
NAME = hashlib.sha256(LETTERS).hexdigest()
PLAYS = [{"board": 1, "report": {"batch": "b1", "plays": []}}, {"board": 2, "report": {"batch": "b2", "plays": []}}]


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "keys" / "seal.key")


@pytest.fixture
def sent(tmp_path: Path, signer: Signer) -> Path:
    """A parcel as the office exports it."""
    (tmp_path / "object").write_bytes(LETTERS)
    parcel.write(tmp_path / "out.kiosk", relay=RELAY, number=40, at=NOON, outside=[],
                 boards=[{"board": 1, "token": "t", "ref": {"edition": NAME}}], taken=[(1, "b0")], objects=[(NAME, tmp_path / "object")],
                 seal=signer.seal)
    return tmp_path / "out.kiosk"


@pytest.fixture
def back(tmp_path: Path) -> Path:
    parcel.write_back(tmp_path / "back.kiosk", relay=RELAY, token=TOKEN, at=NOON, plays=PLAYS, beats=[])
    return tmp_path / "back.kiosk"


def opened(path: Path, signer: Signer, **more: Any) -> Outgoing:
    given = {"relay": RELAY, "keys": [signer.public], "last": 40, "at": NOON + timedelta(days=3), **more}
    with Reader(path) as reader:
        return parcel.opened(reader, **given)


def opened_back(path: Path, token: str = TOKEN) -> Returned:
    with Reader(path) as reader:
        return parcel.opened_back(reader, token_hash={RELAY: hashlib.sha256(token.encode()).hexdigest()}.get)


def test_a_parcel_arrives_whole(sent: Path, signer: Signer) -> None:
    found = opened(sent, signer)
    assert (found.number, found.objects, found.taken) == (40, [NAME], [[1, "b0"]])
    with Reader(sent) as reader:
        assert b"".join(parcel.object_of(reader, NAME)) == LETTERS


def test_what_was_taken_may_be_taken_again(sent: Path, signer: Signer) -> None:
    assert opened(sent, signer, last=40).boards == opened(sent, signer, last=0).boards


@pytest.mark.parametrize(("more", "words"), [
    ({"last": 41}, "比收过的旧"), ({"at": NOON + parcel.LIFE + timedelta(seconds=1)}, "过期了"), ({"relay": 4}, "给别的中继的"),
    ({"keys": []}, "不是本单位导出的")])
def test_what_does_not_fit_is_refused_in_words(sent: Path, signer: Signer, more: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        opened(sent, signer, **more)


def test_another_offices_parcel_is_refused(sent: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="不是本单位导出的"):
        opened(sent, Signer(tmp_path / "other" / "seal.key"))


def test_a_parcel_sealed_after_a_change_of_keys_is_still_the_offices(sent: Path, tmp_path: Path, signer: Signer) -> None:
    pinned = signer.public
    signer.rotate(at=NOON - timedelta(days=20), overlap=timedelta(days=10))
    sent.unlink()
    parcel.write(sent, relay=RELAY, number=41, at=NOON, outside=[], boards=[], taken=[], objects=[], seal=signer.seal)
    assert signer.public != pinned and opened(sent, signer, keys=[pinned]).number == 41


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    changed = path.with_name("changed.kiosk")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for each in old.infolist():
            new.writestr(each, change(each.filename, old.read(each)))
    return changed


@pytest.mark.parametrize("member", ["objects/", "refs.json", "manifest.json"])
def test_a_parcel_that_somebody_altered_is_refused(sent: Path, signer: Signer, member: str) -> None:
    def change(name: str, data: bytes) -> bytes:
        if not name.startswith(member):
            return data
        return data.replace(b"40", b"41").replace(b"wall", b"gate").replace(b'"token":"t"', b'"token":"u"')
    with pytest.raises(Refused, match=r"包坏了|被改过"):
        opened(rewritten(sent, change), signer)


def test_something_slipped_in_is_refused(sent: Path, signer: Signer) -> None:
    with zipfile.ZipFile(sent, "a") as found:
        found.writestr("objects/" + "0" * 64, b"anything")
    with pytest.raises(Refused, match="包坏了"):
        opened(sent, signer)


def test_a_stick_that_was_pulled_too_early_is_refused(sent: Path, signer: Signer) -> None:
    sent.write_bytes(sent.read_bytes()[:-500])
    with pytest.raises(Broken, match="不是一份完整的文件"):
        opened(sent, signer)


def test_what_comes_back_is_the_relays_own(back: Path) -> None:
    assert opened_back(back).plays == PLAYS


def test_what_comes_back_from_somebody_else_is_refused(back: Path) -> None:
    with pytest.raises(Refused, match="不是本单位的中继写的"):
        opened_back(back, "kr_other")

    def change(name: str, data: bytes) -> bytes:
        return data.replace(b"b2", b"b9") if name == parcel.PLAYS else data
    with pytest.raises(Refused, match="包坏了"):
        opened_back(rewritten(back, change))


def test_a_return_that_unpacks_to_more_than_it_is_is_refused(back: Path) -> None:
    bomb = back.with_name("bomb.kiosk")
    with zipfile.ZipFile(back) as old, zipfile.ZipFile(bomb, "w") as new:
        for each in old.infolist():
            new.writestr(each.filename, old.read(each), zipfile.ZIP_DEFLATED)
    with pytest.raises(Refused):
        opened_back(bomb)


def test_a_parcel_carried_the_wrong_way_says_so(sent: Path, back: Path, signer: Signer) -> None:
    for wrong in (lambda: opened(back, signer), lambda: opened_back(sent)):
        with pytest.raises(Refused, match="另一个方向"):
            wrong()


def test_the_list_is_canonical_so_that_its_seal_can_be_checked_anywhere(sent: Path) -> None:
    with zipfile.ZipFile(sent) as found:
        told = found.read("manifest.json")
    assert told == canonical(json.loads(told))
