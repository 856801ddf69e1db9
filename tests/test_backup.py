"""The commands backup and restore as an administrator meets them: one clear line each, and nothing half done."""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import backup, cli, people, restore
from kiosk.base import folder
from kiosk.base.archive import Broken
from kiosk.base.clock import now
from kiosk.parts import Parts, open_parts
from kiosk.settings import Settings
from kiosk.signage import frozen, manifest
from tests.conftest import NOON
from tests.support.cast import PASSWORD, Cast
from tests.support.make import Make

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command as typed: its exit code, what it said, what it complained of."""
    def go(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err
    return go


@pytest.fixture
def office(tmp_path: Path, template_office: tuple[Path, Cast]) -> Path:
    """A data folder with a slide on a board."""
    data = tmp_path / "office"
    data.mkdir()
    (data / "kiosk.db").write_bytes(template_office[0].read_bytes())
    parts = open_parts(Settings(data=data))
    with parts.database.write() as session:
        make = Make(session, template_office[1].seen_by(session), parts, NOON)
        make.playlist([make.slide(state="approved")], boards=[make.board()])
        manifest.refresh(session, parts.press, at=NOON)
    parts.close()
    return data


@pytest.fixture
def kept(office: Path, tmp_path: Path, run: Run) -> Path:
    assert run("backup", tmp_path / "night.kiosk", "--data", office)[0] == 0
    return tmp_path / "night.kiosk"


def opened(data: Path) -> Parts:
    return open_parts(Settings(data=data))


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_command_out_and_one_command_in(office: Path, kept: Path, tmp_path: Path, run: Run) -> None:
    code, said, complaint = run("restore", kept, "--data", tmp_path / "bare")
    assert (code, complaint) == (0, "") and "恢复好了" in said and "按备份恢复播放" in said
    before, after = everything(office), everything(tmp_path / "bare")
    assert before["secret.key"] == after["secret.key"] and before["seal.key"] == after["seal.key"]
    named = [name for name in before if name.startswith("objects/")]
    assert named and all(after[name] == before[name] for name in named)
    assert set(after) == set(before) - {folder.LOCK}


def test_keys_sessions_and_tokens_are_the_same_after_a_restore(office: Path, tmp_path: Path, run: Run) -> None:
    parts = opened(office)
    with parts.database.write() as session:
        person = people.people(session)[0]
        people.set_password(session, person, PASSWORD, at=now())
        signed = people.sign_in(session, person.login, PASSWORD, address="127.0.0.1", at=now(), throttle=people.Throttle())
        assert not isinstance(signed, int)
        token = people.make_token(session, person, "排班表", at=now())
    sealed = parts.signer.public
    secret = parts.secret
    parts.close()
    run("backup", tmp_path / "b.kiosk", "--data", office)
    run("restore", tmp_path / "b.kiosk", "--data", tmp_path / "bare")
    again = opened(tmp_path / "bare")
    assert (again.signer.public, again.secret) == (sealed, secret)
    with again.database.write() as session:
        found = people.signed_in(session, signed[1], at=now(), idle=timedelta(hours=1), life=timedelta(hours=1))
        assert found is not None and found.id == person.id
        found = people.bearer(session, token)
        assert found is not None and found.id == person.id
    again.close()


def test_a_look_writes_nothing(kept: Path, tmp_path: Path, run: Run) -> None:
    before = everything(tmp_path)
    code, said, _ = run("restore", "--check", kept, "--data", tmp_path / "bare")
    assert code == 0 and "备份完好" in said
    assert everything(tmp_path) == before and not (tmp_path / "bare").exists()


def test_a_damaged_backup_is_refused_and_the_folder_stays_empty(kept: Path, tmp_path: Path, run: Run) -> None:
    whole = bytearray(kept.read_bytes())
    with zipfile.ZipFile(kept) as found:
        at = next(each.header_offset + len(each.FileHeader()) for each in found.infolist() if each.filename.startswith("objects/"))
    whole[at + 40] ^= 1
    kept.write_bytes(whole)
    code, _, complaint = run("restore", kept, "--data", tmp_path / "bare")
    assert code == 1 and complaint.startswith("备份坏了") and complaint.count("\n") == 1
    assert not (tmp_path / "bare").exists() or list((tmp_path / "bare").iterdir()) == []


def test_a_list_that_somebody_rewrote_is_refused(kept: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.kiosk"
    with zipfile.ZipFile(kept) as old, zipfile.ZipFile(forged, "w") as new:
        for each in old.infolist():
            data = old.read(each)
            new.writestr(each, data.replace(b'"release":"', b'"release":"9') if each.filename == "manifest.json" else data)
    with pytest.raises(Broken, match="清单被改过"):
        restore.check(forged)


def test_a_folder_that_is_not_empty_is_left_alone(office: Path, kept: Path, run: Run) -> None:
    before = everything(office)
    code, _, complaint = run("restore", kept, "--data", office)
    assert code == 1 and "不是空的" in complaint and "--replace" in complaint
    assert everything(office) == before


def test_replacing_moves_what_was_there_aside(office: Path, kept: Path, run: Run) -> None:
    (office / "kiosk.db").write_bytes(b"not a database at all" * 500)
    code, said, _ = run("restore", kept, "--data", office, "--replace")
    aside = next(office.glob("before-restore-*"))
    assert code == 0 and str(aside) in said
    assert (aside / "kiosk.db").read_bytes().startswith(b"not a database")
    parts = opened(office)
    with parts.database.read() as session:
        assert frozen.state(session) is not None
    parts.close()
    assert run("admin", "journal", "--data", office)[0] == 0


def test_a_running_server_is_stopped_first(office: Path, kept: Path, run: Run) -> None:
    serving = folder.serve(office)
    code, _, complaint = run("restore", kept, "--data", office, "--replace")
    assert code == 1 and "先停下服务" in complaint
    serving.close()
    assert run("restore", kept, "--data", office, "--replace")[0] == 0


def test_a_restore_that_was_cut_off_is_not_taken_for_an_empty_office(office: Path, kept: Path, tmp_path: Path, run: Run) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(office / "secret.key", bare)
    (bare / folder.UNFINISHED).touch()
    code, _, complaint = run("migrate", "--data", bare)
    assert code == 1 and "恢复没有做完" in complaint
    assert run("restore", kept, "--data", bare, "--replace")[0] == 0
    assert run("admin", "journal", "--data", bare)[0] == 0


@pytest.mark.parametrize("place", ["objects/public/night.kiosk", "objects/night.kiosk", "nowhere/night.kiosk"])
def test_a_backup_is_never_put_where_it_is_served(office: Path, run: Run, place: str) -> None:
    code, _, complaint = run("backup", office / place, "--data", office)
    assert code == 1 and complaint.count("\n") == 1
    assert not (office / place).exists()


def test_another_backup_is_never_written_over(office: Path, kept: Path, run: Run) -> None:
    before = kept.read_bytes()
    code, _, complaint = run("backup", kept, "--data", office)
    assert code == 1 and "已经有了" in complaint and kept.read_bytes() == before


def test_a_folder_without_rights_is_told_in_one_line(office: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("kiosk.base.archive.os.open", refused)
    code, _, complaint = run("backup", tmp_path / "x.kiosk", "--data", office)
    assert code == 1 and "写不了" in complaint and complaint.count("\n") == 1


def test_the_backup_holds_the_keys_and_nothing_that_is_made_again(office: Path, kept: Path) -> None:
    for name in ("uploads", "work", "reserve"):
        (office / name).mkdir(exist_ok=True) if name != "reserve" else (office / name).write_bytes(b"0")
    (office / "work" / "half").write_bytes(b"half")
    (office / "old.kiosk").write_bytes(b"a backup of yesterday")
    backup.make(Settings(data=office), kept.with_name("again.kiosk"), at=now())
    with zipfile.ZipFile(kept.with_name("again.kiosk")) as found:
        assert [name for name in found.namelist() if name.startswith("data/")] == ["data/seal.key", "data/secret.key"]


def test_a_damaged_object_is_named_and_does_not_cost_the_backup(office: Path, tmp_path: Path, run: Run) -> None:
    hurt = sorted(path for path in (office / "objects" / "private").rglob("*") if path.is_file())[0]
    hurt.write_bytes(b"damaged")
    code, said, complaint = run("backup", tmp_path / "b.kiosk", "--data", office)
    assert code == 0 and "备份好了" in said
    assert hurt.name[:12] in complaint
    assert run("restore", "--check", tmp_path / "b.kiosk")[0] == 0


@pytest.mark.parametrize("harm", ["page", "truncated", "nonsense", "gone"])
def test_a_damaged_database_is_not_backed_up_as_if_it_were_sound(office: Path, tmp_path: Path, run: Run, harm: str) -> None:
    database = office / "kiosk.db"
    whole = bytearray(database.read_bytes())
    if harm == "page":
        whole[4096 * 3:4096 * 4] = random.Random(3).randbytes(4096)
    elif harm == "truncated":
        whole = whole[:len(whole) // 2]
    elif harm == "nonsense":
        whole = bytearray(b"nonsense" * 900)
    database.write_bytes(whole)
    if harm == "gone":
        database.unlink()
    code, _, complaint = run("backup", tmp_path / "b.kiosk", "--data", office)
    assert code == 1 and complaint.count("\n") == 1 and "数据库" in complaint
    assert not list(tmp_path.glob("*.kiosk")) and not list(tmp_path.glob(".kiosk-*"))
