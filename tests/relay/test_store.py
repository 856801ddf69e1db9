"""The store of a relay: whole editions, genuine refs, nothing lost by a power cut, nothing served that is damaged."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.base.signing import Signer, Untrusted
from kiosk.relay.store import Store, WrongBytes
from tests.relay.conftest import BOARD, TOKEN, altered

OLD, NEW = b"<article>old</article>", b"<article>new</article>"


def holding(store: Store, centre, *pages: bytes, **more):
    ref = centre.ref(centre.edition(*(pages or (OLD,))), **more)
    centre.fill(store)
    store.offer(ref, BOARD)
    assert store.settle(BOARD)
    return ref


def test_an_edition_is_switched_to_only_when_all_of_it_is_here(store, centre):
    old = holding(store, centre)
    edition = centre.edition(OLD, NEW)
    store.offer(centre.ref(edition), BOARD)
    assert [each.sha for each in store.missing(store.boards[BOARD].ahead)] == [edition]
    centre.fill(store, but=centre.put(NEW))
    assert not store.settle(BOARD)
    assert store.boards[BOARD].served == old
    centre.fill(store)
    assert store.settle(BOARD)
    assert store.boards[BOARD].served["edition"] == edition
    assert store.boards[BOARD].before == old


def test_what_is_held_is_there_after_a_restart(opened, store, centre):
    old = holding(store, centre)
    new = holding(store, centre, NEW)
    again = opened()
    assert (again.boards[BOARD].ref, again.boards[BOARD].before) == (new, old)
    assert again.board_of(TOKEN) == BOARD
    assert again.board_of("kb_stranger") is None


@pytest.mark.parametrize(("forged", "why"), [
    (lambda ref, _: altered(ref, edition="0" * 64), "seal"),
    (lambda ref, _: altered(ref, board=8), "seal"),
    (lambda ref, _: {name: value for name, value in ref.items() if name != "seal"}, "seal"),
    (lambda ref, _: altered(ref, seal="bm90aGluZw=="), "seal"),
    (lambda _, centre: centre.ref("0" * 64, board=8, version=99), "board"),
    (lambda _, centre: centre.ref("0" * 64, version=1), "older"),
    (lambda _, centre: centre.ref("../../etc/passwd", version=99), "answer"),
    (lambda ref, _: None, "answer"),
], ids=["another edition", "another board's name on it", "no seal", "a wrong seal", "another board's", "an older one", "no name",
        "nothing"])
def test_a_ref_that_is_not_genuine_ours_and_newer_is_refused(store, centre, forged, why):
    held = holding(store, centre, version=5)
    with pytest.raises(Untrusted) as refusal:
        store.offer(forged(held, centre), BOARD)
    assert refusal.value.cause == why
    assert store.boards[BOARD].served == held


def test_a_ref_under_a_strangers_key_is_refused(store, centre, tmp_path):
    held = holding(store, centre)
    stranger = Signer(tmp_path / "stranger.key")
    with pytest.raises(Untrusted, match="seal"):
        store.offer(stranger.seal({name: value for name, value in held.items() if name not in ("alg", "key", "seal")}), BOARD)


def test_a_new_key_of_the_office_is_followed_and_the_old_one_believed_no_more(opened, store, centre):
    old = holding(store, centre)
    stolen = centre.ref(old["edition"], version=50)
    centre.signer.rotate(at=datetime(2026, 12, 1, tzinfo=UTC), overlap=timedelta())
    new = holding(store, centre, NEW, version=2, sealed_at="2026-12-02T00:00:00Z")
    assert store.identity.keys == (centre.signer.public,)
    with pytest.raises(Untrusted, match="seal"):
        store.offer(stolen, BOARD)
    again = opened()
    assert (again.boards[BOARD].ref, again.boards[BOARD].before) == (new, old), "what the old key sealed is gone from the disk"
    with pytest.raises(Untrusted, match="seal"):
        again.offer(stolen, BOARD)


def test_a_recall_an_insert_and_a_stop_are_told_before_the_edition_is_whole(store, centre):
    held = holding(store, centre)
    news = centre.ref(centre.edition(NEW))
    store.offer(news, BOARD)
    assert store.boards[BOARD].served == held
    moment = "2026-12-01T01:00:00Z"
    for orders in ({"recalled": [1]}, {"overrides": [{"id": 1, "to": moment}]}, {"stopped": {"since": moment}}):
        ordered = centre.ref(news["edition"], **orders)
        store.offer(ordered, BOARD)
        assert store.boards[BOARD].served == ordered


def test_what_was_recalled_is_gone_until_it_is_needed_again(store, centre, opened):
    holding(store, centre)
    sha = centre.put(OLD)
    store.withdraw([sha], [])
    assert store.is_gone(sha) and store.sound(sha) is None
    again = opened()
    assert again.is_gone(sha)
    again.withdraw([], [sha])
    assert not again.is_gone(sha)


def test_a_damaged_object_is_not_served_and_is_missing_again(store, centre):
    ref = holding(store, centre)
    sha = centre.put(OLD)
    path = store.sound(sha)
    path.write_bytes(OLD.replace(b"old", b"odd"))
    assert store.sound(sha) is None
    assert [each.sha for each in store.missing(ref)] == [sha]


def test_after_a_power_cut_in_the_middle_of_a_file_the_edition_before_is_served(opened, store, centre):
    old = holding(store, centre)
    new = holding(store, centre, OLD, NEW)
    os.truncate(store.sound(centre.put(NEW)), 3)
    again = opened()
    assert again.boards[BOARD].served == old
    assert again.boards[BOARD].ahead == new
    assert [each.sha for each in again.missing(new)] == [centre.put(NEW)]


def test_a_ref_that_was_altered_on_the_disk_is_not_served(opened, store, centre):
    old = holding(store, centre)
    holding(store, centre, NEW)
    path = store.root / "refs" / f"{BOARD}.json"
    path.write_bytes(path.read_bytes().replace(b'"recalled":[]', b'"recalled":[9]'))
    assert opened().boards[BOARD].served == old


def test_bytes_with_another_name_are_not_kept(store, centre):
    sha = centre.put(OLD)
    with pytest.raises(WrongBytes):
        store.put(sha, [NEW])
    assert not store.has(sha)
    assert store.begun(sha) == 0


def test_a_broken_download_goes_on_where_it_ended(store, centre):
    sha = centre.put(OLD)
    with pytest.raises(OSError, match="cut"):
        store.put(sha, _cut(OLD[:5]))
    assert store.begun(sha) == 5
    store.put(sha, [OLD[5:]], at=5)
    assert store.sound(sha).read_bytes() == OLD


def _cut(data):
    yield data
    raise OSError("cut")


def test_what_no_edition_names_is_swept_and_what_is_held_stays(store, centre):
    holding(store, centre, b"first")
    holding(store, centre, OLD)
    holding(store, centre, NEW)
    store.sweep()
    assert not store.has(centre.put(b"first"))
    assert store.has(centre.put(OLD)) and store.has(centre.put(NEW))


def test_an_answer_that_names_no_board_forgets_none(store, centre):
    held = holding(store, centre)
    store.know({})
    assert store.boards[BOARD].served == held
    store.know({}, left=[BOARD])
    assert BOARD not in store.boards
    assert list((store.root / "refs").iterdir()) == []


def test_a_stick_brings_refs_and_objects_alike(store, centre):
    old = holding(store, centre)
    edition = centre.edition(NEW)
    stick = [(sha, io.BytesIO(data)) for sha, data in centre.objects.items()]
    assert store.take([centre.ref(edition)], stick) == []
    assert store.boards[BOARD].served["edition"] == edition
    lacking = centre.edition(b"not on the stick")
    told = store.take([centre.ref(lacking), old, centre.ref(edition, board=99), altered(centre.ref(edition), version=1000)], [])
    assert told == [(BOARD, "missing"), (BOARD, "older"), (99, "unknown"), (BOARD, "seal")]
    assert store.boards[BOARD].served["edition"] == edition
