"""Objects: named by what they are, whole or not at all, and served only when published."""

from __future__ import annotations

import errno
import hashlib
import os
import time

import pytest

from kiosk.base.errors import Full
from kiosk.base.objects import Store, is_name

WORDS = "通知".encode()
NAME = hashlib.sha256(WORDS).hexdigest()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "objects")


def files(store):
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())


def test_bytes_are_kept_under_their_hash(store):
    assert store.put(WORDS) == NAME
    assert store.read(NAME) == WORDS
    assert files(store) == [f"private/{NAME[:2]}/{NAME}"]


def test_the_same_bytes_are_kept_once(store, tmp_path):
    (tmp_path / "notice.txt").write_bytes(WORDS)
    assert store.put(WORDS) == store.put_file(tmp_path / "notice.txt") == store.put(WORDS)
    assert files(store) == [f"private/{NAME[:2]}/{NAME}"]


def test_a_file_larger_than_a_chunk_is_kept_whole(store, tmp_path):
    big = os.urandom(3_000_001)
    (tmp_path / "big").write_bytes(big)
    assert store.read(store.put_file(tmp_path / "big")) == big


def test_what_is_not_published_is_not_served(store):
    store.put(WORDS)
    assert store.path(NAME) is not None
    assert store.public_path(NAME) is None


def test_published_bytes_are_the_very_same_file(store):
    store.put(WORDS)
    store.publish([NAME])
    store.publish([NAME])
    assert store.public_path(NAME).stat().st_ino == store.path(NAME).stat().st_ino


def test_a_withdrawn_object_is_gone_for_boards_and_stays_for_the_record(store):
    store.put(WORDS)
    store.publish([NAME])
    store.withdraw([NAME, "0" * 64])
    assert store.public_path(NAME) is None
    assert store.read(NAME) == WORDS


def test_an_unknown_name_is_nowhere(store):
    assert store.path("0" * 64) is None
    assert store.public_path("0" * 64) is None


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1], NAME + "0", NAME + "\n"])
def test_nothing_else_is_a_name(store, name):
    assert not is_name(name)
    with pytest.raises(ValueError, match="not the name"):
        store.path(name)


def test_a_full_disk_is_told_in_words_and_leaves_nothing_behind(store, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Full, match="磁盘满了"):
        store.put(WORDS)
    assert files(store) == []


def test_a_copy_that_breaks_off_leaves_nothing_behind(store, tmp_path):
    with pytest.raises(FileNotFoundError):
        store.put_file(tmp_path / "gone")
    assert files(store) == []


def test_the_sweep_takes_only_what_nobody_keeps_and_what_is_old(store):
    kept, old, young = store.put(b"kept"), store.put(b"old"), store.put(b"young")
    (store.incoming / "half").write_bytes(b"...")
    day_ago = time.time() - 86_400
    for path in (store.path(kept), store.path(old), store.incoming / "half"):
        os.utime(path, (day_ago, day_ago))
    store.publish([old])
    assert store.sweep({kept}, older_than=3600) == 1
    assert store.path(kept) and store.path(young)
    assert store.path(old) is None
    assert store.public_path(old) is None
    assert list(store.incoming.iterdir()) == []


def test_an_object_put_again_is_young_again(store):
    """Else a sweep that began a moment ago would take what a new slide has just named."""
    day_ago = time.time() - 86_400
    store.put(WORDS)
    os.utime(store.path(NAME), (day_ago, day_ago))
    store.put(WORDS)
    assert store.sweep(set(), older_than=3600) == 0


def test_others_may_read_what_a_web_server_in_front_of_us_serves(store):
    store.put(WORDS)
    assert store.path(NAME).stat().st_mode & 0o044 == 0o044
