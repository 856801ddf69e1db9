"""An archive: whole or not there, and nothing in it can be changed unseen."""

from __future__ import annotations

import errno
import io
import os
import random
from pathlib import Path

import pytest

from kiosk.base import archive
from kiosk.base.archive import CHUNK, Broken, Reader, Writer
from kiosk.base.errors import Conflict, Full

WORDS = "一把很长的钥匙"
LARGE = random.Random(1).randbytes(2 * CHUNK + 77)


def written(path: Path, passphrase: str = "") -> Path:
    with Writer(path, passphrase=passphrase) as made:
        made.add("small", [b"one ", b"two"])
        made.add("packed", [b"line\n" * 9], packed=True)
        made.add("large", [LARGE[:CHUNK], LARGE[CHUNK:]])
        made.finish({"format": 1})
    return path


@pytest.mark.parametrize("passphrase", ["", WORDS])
def test_what_was_put_in_comes_out_and_is_for_the_owners_eyes(tmp_path: Path, passphrase: str) -> None:
    path = written(tmp_path / "file", passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    with Reader(path, passphrase=passphrase) as found:
        assert list(found.faults()) == []
        assert found.told["format"] == 1 and set(found.members) == {"small", "packed", "large"}
        assert found.read("small") == b"one two" and found.read("large") == LARGE
        assert list(found.lines("packed")) == [b"line\n"] * 9


@pytest.mark.parametrize("passphrase", ["", WORDS])
def test_one_changed_byte_anywhere_is_seen(tmp_path: Path, passphrase: str) -> None:
    whole = written(tmp_path / "file", passphrase).read_bytes()
    for at in [*random.Random(2).sample(range(len(whole)), 12), 0, len(whole) - 1]:
        hurt = tmp_path / "hurt"
        hurt.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1:])
        try:
            with Reader(hurt, passphrase=passphrase) as found:
                members = {name: found.members[name]["sha256"] for name in found.members}
                seen = list(found.faults())
        except Broken:
            continue
        sound = Reader(tmp_path / "file", passphrase=passphrase)
        as_told = {name: told["sha256"] for name, told in sound.members.items()} == members
        assert seen or (as_told and _same(hurt, sound, passphrase)), at
        sound.close()


def _same(path: Path, sound: Reader, passphrase: str) -> bool:
    """A byte that says nothing (a date, a flag of the zip) may change: then every member is still what it was."""
    with Reader(path, passphrase=passphrase) as found:
        return all(found.read(name) == sound.read(name) for name in sound.members)


@pytest.mark.parametrize("passphrase", ["", WORDS])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, passphrase: str) -> None:
    whole = written(tmp_path / "file", passphrase).read_bytes()
    for size in (0, 9, 200, CHUNK, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(Broken):
            Reader(tmp_path / "cut", passphrase=passphrase)


def test_pieces_that_changed_places_are_refused(tmp_path: Path) -> None:
    whole = bytearray(written(tmp_path / "file", WORDS).read_bytes())
    first, second = archive.HEAD, archive.HEAD + CHUNK + archive.TAG
    whole[first:second], whole[second:second + CHUNK + archive.TAG] = whole[second:second + CHUNK + archive.TAG], whole[first:second]
    (tmp_path / "swapped").write_bytes(whole)
    with pytest.raises(Broken), Reader(tmp_path / "swapped", passphrase=WORDS) as found:
        assert list(found.faults())
        raise Broken("seen")


def test_another_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Conflict, match="已经有了"):
        written(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """The nth piece finds no room; the last of them is the fsync."""
    left = iter(range(1, 99))

    class Full_(io.BufferedRandom):
        def write(self, data: object) -> int:
            if next(left) == nth:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)  # type: ignore[arg-type]

    def opened(handle: int, _: str) -> io.BufferedRandom:
        return Full_(io.FileIO(handle, "w+"))

    monkeypatch.setattr(os, "fdopen", opened)
    with pytest.raises(Full, match="没有留下半个文件"):
        written(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
