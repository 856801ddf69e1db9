"""The same value gives the same bytes, wherever it is written."""

import pytest

from kiosk.base.canonical import canonical, sha256


def test_the_order_in_which_a_value_was_built_does_not_matter():
    assert canonical({"b": 1, "a": {"d": 2, "c": 3}}) == canonical({"a": {"c": 3, "d": 2}, "b": 1}) == b'{"a":{"c":3,"d":2},"b":1}'


def test_the_order_of_a_list_does():
    assert canonical([1, 2]) != canonical([2, 1])


def test_chinese_is_written_as_itself():
    assert canonical({"题": "通知"}) == '{"题":"通知"}'.encode()


def test_what_no_other_reader_could_read_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"n": float("nan")})


def test_the_name_of_nothing():
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
