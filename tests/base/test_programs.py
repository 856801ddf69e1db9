"""Programs run in a sandbox: what they see, what they may use, and how they are ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.base import programs
from kiosk.base.errors import Unavailable

pytestmark = [pytest.mark.office, pytest.mark.skipif(not programs.sandboxed(), reason="no sandbox can be made here")]


def sh(script: str, work: Path, **more: object) -> programs.Finished:
    return programs.run(["sh", "-c", script], work=work, **{"seconds": 10.0, **more})  # type: ignore[arg-type]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_a_program_is_nobody_and_has_no_rights(work: Path) -> None:
    finished = sh("id -u; grep -E 'Cap(Eff|Prm)' /proc/self/status; grep NoNewPrivs /proc/self/status", work)
    assert finished.out.split() == [str(programs.NOBODY), "CapPrm:", "0" * 16, "CapEff:", "0" * 16, "NoNewPrivs:", "1"]


def test_it_sees_what_it_was_given_and_nothing_else(work: Path, tmp_path: Path) -> None:
    shown, secret = tmp_path / "shown", tmp_path / "secret"
    for folder in (shown, secret):
        folder.mkdir()
        (folder / "a").write_text("here")
    finished = sh(f"cat {shown}/a; cat {secret}/a; cat /etc/shadow; cat /etc/passwd; echo x > {shown}/a", work, readable=[shown])
    assert finished.out == "here"
    assert (shown / "a").read_text() == "here"


def test_it_writes_to_its_work_folder_and_nowhere_else(work: Path) -> None:
    sh("echo made > made; echo x > /usr/x; echo x > /x", work)
    assert (work / "made").read_text() == "made\n"
    assert not Path("/usr/x").exists()


def test_it_has_no_network(work: Path) -> None:
    assert sh("cat /proc/net/dev", work).out.count(":") == 1


def test_the_secrets_of_our_environment_stay_with_us(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_SECRET", "4f7e")
    assert "KIOSK_SECRET" not in sh("env", work).out


def test_what_it_prints_is_heard_line_by_line_while_it_runs(work: Path) -> None:
    heard: list[tuple[str, float]] = []
    sh("echo 1/2; sleep 0.6; echo 2/2", work, on_line=lambda line: heard.append((line, time.monotonic())))
    assert [line for line, _ in heard] == ["1/2", "2/2"]
    assert heard[1][1] - heard[0][1] > 0.4


def test_one_that_hangs_is_ended_with_all_its_children(work: Path) -> None:
    start = time.monotonic()
    with pytest.raises(programs.TimedOut):
        sh("setsid sleep 4711 & sleep 4711", work, seconds=1)
    assert time.monotonic() - start < 3
    _until(lambda: "sleep 4711" not in _running())


def test_one_whose_server_is_killed_goes_with_it(work: Path) -> None:
    asked = "import pathlib, sys; from kiosk.base.programs import run; run(['sleep', '4713'], work=pathlib.Path(sys.argv[1]), seconds=60)"
    with subprocess.Popen([sys.executable, "-c", asked, str(work)]) as server:
        _until(lambda: "sleep 4713" in _running())
        server.kill()
    _until(lambda: "sleep 4713" not in _running())


def _running() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.replace(f"{sys.executable} -c", "")


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_that_closes_its_mouth_is_ended_all_the_same(work: Path) -> None:
    with pytest.raises(programs.TimedOut):
        sh("exec >&- 2>&-; sleep 60", work, seconds=1)


def test_a_killed_one_says_by_which_signal(work: Path) -> None:
    with pytest.raises(programs.Killed) as caught:
        sh("kill -9 $$", work)
    assert caught.value.number == 9


def test_an_exit_code_is_told_and_is_no_exception(work: Path) -> None:
    finished = sh("echo why >&2; exit 3", work)
    assert (finished.code, finished.err) == (3, "why\n")


def test_a_file_cannot_grow_beyond_its_limit(work: Path) -> None:
    with pytest.raises(programs.Killed):
        programs.run(["dd", "if=/dev/zero", "of=big", "bs=1M", "count=5"], work=work, seconds=10, file_mb=2)
    assert (work / "big").stat().st_size <= 2 << 20


def test_the_work_folder_cannot_grow_beyond_its_limit(work: Path) -> None:
    with pytest.raises(programs.TooBig):
        sh("for each in 1 2 3 4 5 6; do head -c 2000000 /dev/zero > f$each; sleep 0.5; done; sleep 9", work, work_mb=4)


def test_memory_is_bounded(work: Path) -> None:
    finished = sh("dd if=/dev/zero of=/dev/null bs=300M count=1", work, memory_mb=200)
    assert finished.code == 1 and "memory" in finished.err


def test_processes_are_bounded(work: Path) -> None:
    finished = sh("for each in $(seq 60); do sleep 2 & done; wait", work, processes=30)
    assert "fork" in finished.err.lower()


def test_a_child_that_stays_gets_its_pipes(work: Path) -> None:
    ours, theirs = os.pipe()
    line = programs.command([sys.executable, "-S", "-c", f"import os; os.write({theirs}, b'through')"], work=work,
                            readable=[Path(sys.prefix), Path(sys.base_prefix)])
    with subprocess.Popen(line, pass_fds=[theirs]) as child:
        os.close(theirs)
        assert os.read(ours, 100) == b"through"
        child.wait(5)
    os.close(ours)


def test_without_a_sandbox_nothing_runs_and_it_is_said(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "sandboxed", lambda: False)
    with pytest.raises(Unavailable, match="bubblewrap"):
        sh("touch ran", work)
    assert not (work / "ran").exists()
    assert "bubblewrap" in programs.missing()


def test_programs_that_are_not_here_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert set(programs.missing()) == set(programs.PROGRAMS)
