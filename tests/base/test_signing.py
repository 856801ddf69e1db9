"""The seal of a ref: nobody without the key can make one, and any change breaks it."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.base.clock import iso
from kiosk.base.errors import Conflict
from kiosk.base.signing import Signer, Untrusted, genuine, keep_secret, trusted

SEALS = Path(__file__).parent.parent / "contracts" / "seals.json"
KEYS = SEALS.with_name("keys.json")
REF = {"board": 3, "version": 12, "edition": "ab" * 32, "recalled": [4], "face": {"board": "大厅屏"}, "sealed_at": "2026-11-23T04:00:00Z"}


@pytest.fixture
def signer(tmp_path):
    return Signer(tmp_path / "seal.key")


def test_a_sealed_ref_is_genuine(signer):
    sealed = signer.seal(REF)
    assert genuine(sealed, signer.public)
    assert sealed["alg"] == "ed25519"
    assert sealed["key"] == signer.key_id
    assert {name: sealed[name] for name in REF} == REF


@pytest.mark.parametrize("change", [{"version": 13}, {"edition": "cd" * 32}, {"recalled": []}, {"board": 4}, {"alg": "none"}, {"more": 1}])
def test_a_ref_that_was_touched_is_not(signer, change):
    assert not genuine({**signer.seal(REF), **change}, signer.public)


@pytest.mark.parametrize("seal", ["", "AAAA", "非", "!"])
def test_a_seal_that_is_no_seal_is_not(signer, seal):
    assert not genuine({**signer.seal(REF), "seal": seal}, signer.public)


def test_another_offices_key_makes_no_seal_of_ours(signer, tmp_path):
    other = Signer(tmp_path / "other.key")
    assert not genuine(other.seal(REF), signer.public)


def test_the_order_of_the_fields_does_not_matter(signer):
    sealed = signer.seal(REF)
    assert genuine(dict(reversed(sealed.items())), signer.public)


def test_a_restart_keeps_the_key(signer, tmp_path):
    again = Signer(tmp_path / "seal.key")
    assert again.public == signer.public
    assert genuine(signer.seal(REF), again.public)


def test_only_the_owner_may_read_the_key(signer, tmp_path):
    assert stat.S_IMODE((tmp_path / "seal.key").stat().st_mode) == 0o600


def test_of_two_that_start_at_once_the_first_key_stays(tmp_path):
    keep_secret(tmp_path / "secret", b"first")
    keep_secret(tmp_path / "secret", b"second")
    assert (tmp_path / "secret").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("case", json.loads(SEALS.read_text(encoding="utf-8"))["cases"], ids=lambda case: case["say"])
def test_server_and_board_judge_a_seal_alike(case):
    key = json.loads(SEALS.read_text(encoding="utf-8"))["key"]
    assert genuine(case["ref"], key) == case["genuine"]


@pytest.mark.parametrize("case", json.loads(KEYS.read_text(encoding="utf-8"))["cases"], ids=lambda case: case["say"])
def test_server_and_board_believe_the_same_keys(case):
    def ask():
        return trusted(case["ref"], case["pinned"], board=case["board"], version=case["version"])

    if "cause" in case:
        with pytest.raises(Untrusted) as refused:
            ask()
        assert refused.value.cause == case["cause"]
    else:
        assert list(ask()) == case["keys"]


OVERLAP = timedelta(days=30)
AT = datetime(2026, 12, 1, 4, tzinfo=UTC)


def sealed(signer, at):
    return signer.seal({**REF, "sealed_at": iso(at)})


def test_a_board_goes_through_a_change_of_the_key_without_a_gap(signer):
    before, pinned = signer.public, (signer.public,)
    since = signer.rotate(at=AT, overlap=OVERLAP)
    assert since == AT + OVERLAP
    for day in range(0, 60, 5):
        at = AT + timedelta(days=day)
        pinned = trusted(sealed(signer, at), pinned, board=3, version=12)
        assert (before in pinned) == (at < since)
    assert pinned == (signer.public,) != (before,)


def test_a_board_that_slept_through_three_changes_follows_the_chain(signer):
    pinned, at = (signer.public,), AT
    for _ in range(3):
        at = signer.rotate(at=at, overlap=OVERLAP)
    assert trusted(sealed(signer, at), pinned) == (signer.public,)
    assert signer.public_at(at) == signer.public


def test_other_processes_and_a_restart_see_a_new_key(signer, tmp_path):
    other = Signer(tmp_path / "seal.key")
    before = other.state(AT)
    since = signer.rotate(at=AT, overlap=OVERLAP)
    assert other.state(AT) != before
    assert other.public_at(since) == signer.public_at(since) == Signer(tmp_path / "seal.key").public_at(since) != other.public_at(AT)
    assert sealed(other, since)["key"] == sealed(signer, since)["key"]


def test_a_second_change_waits_for_the_first(signer):
    since = signer.rotate(at=AT, overlap=OVERLAP)
    with pytest.raises(Conflict):
        signer.rotate(at=since - timedelta(seconds=1), overlap=OVERLAP)
    signer.rotate(at=since, overlap=OVERLAP)


def test_keys_are_for_the_owner_and_those_that_seal_no_more_are_gone(signer, tmp_path):
    since = signer.rotate(at=AT, overlap=OVERLAP)
    signer.rotate(at=since, overlap=OVERLAP)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seal.2.key", "seal.3.key", "seal.chain.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    again = Signer(tmp_path / "seal.key")
    assert not (tmp_path / "seal.key").exists()
    assert sealed(again, since) == sealed(signer, since)
