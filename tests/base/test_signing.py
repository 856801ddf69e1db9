"""The seal of a ref: nobody without the key can make one, and any change breaks it."""

import json
import stat
from pathlib import Path

import pytest

from kiosk.base.signing import Signer, genuine, keep_secret

SEALS = Path(__file__).parent.parent / "contracts" / "seals.json"
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
