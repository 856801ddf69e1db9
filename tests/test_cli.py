"""The command line: a mistake is one line and costs the running office nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import cli, people, schema
from kiosk.base.clock import now
from kiosk.parts import open_parts
from kiosk.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that a running server holds."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_second_start_on_a_taken_port_leaves_the_first_ones_data_alone(command: str, taken: int, tmp_path: Path,
                                                                          capsys: pytest.CaptureFixture[str]) -> None:
    parts = open_parts(Settings(data=tmp_path))
    schema.ensure(parts.database)
    with parts.database.write() as session:
        link = people.make_link(session, None, by=None, at=now())
    assert cli.main([command, "--port", str(taken), "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"端口 {taken} 已经有程序在用，请换一个 --port。\n"
    with parts.database.read() as session:
        assert people.link(session, link, at=now()).used_at is None
        assert people.office(session) is None
    parts.close()


def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["migrate", "--data", str(tmp_path / "file" / "data")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("数据文件夹 ") and told.count("\n") == 1


def test_a_database_server_that_is_off_is_not_called_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("KIOSK_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/kiosk")
    assert cli.main(["migrate", "--data", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("数据库连不上：") and told.count("\n") == 1
