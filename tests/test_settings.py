"""Settings: a word that nothing could work with is told at the start, by its name and in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.base.errors import Problem, filled
from kiosk.settings import load


@pytest.mark.parametrize(("name", "value"), [
    ("zone", "Asia/Nowhere"), ("language", "fr"), ("threads", "0"), ("conversions", "0"), ("upload_mb", "-5"), ("login_tries", "0"),
    ("trusted_proxies", "-1"), ("database_url", "mysql://office/kiosk"), ("database_url", "nonsense"), ("secure_cookies", "maybe"),
    ("port", "eighty"),
])
def test_a_setting_that_cannot_work_is_named_at_the_start(name: str, value: str) -> None:
    with pytest.raises(Problem) as told:
        load(None, {f"KIOSK_{name.upper()}": value})
    assert told.value.params["name"] == name


def test_the_password_of_the_database_is_not_said_aloud() -> None:
    with pytest.raises(Problem) as told:
        load(None, {"KIOSK_DATABASE_URL": "mysql://kiosk:geheim@office/kiosk"})
    assert "geheim" not in filled(told.value.message, told.value.params, str)


@pytest.mark.parametrize("url", ["s3://bucket", "relative/folder"])
def test_objects_lie_in_a_folder_that_is_named_whole(url: str) -> None:
    with pytest.raises(Problem, match="file://"):
        load(None, {"KIOSK_OBJECTS_URL": url})


def test_what_the_office_sets_is_taken(tmp_path: Path) -> None:
    settings = load(None, {"KIOSK_ZONE": "Asia/Urumqi", "KIOSK_OBJECTS_URL": f"file://{tmp_path}", "KIOSK_TRUSTED_PROXIES": "1"})
    assert (settings.zone, settings.objects, settings.trusted_proxies) == ("Asia/Urumqi", tmp_path, 1)
