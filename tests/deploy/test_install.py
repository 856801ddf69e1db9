"""One script makes a board of a bare PC: what it would do is told first, what it writes can be read by those who read it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BOARD = Path(__file__).resolve().parents[2] / "deploy" / "board"
INSTALL = BOARD / "install.sh"
SERVER = "https://gongshi.example"


def install(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([INSTALL, *words], capture_output=True, text=True, check=False)


def wanted(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed (deploy/packages-test.txt)")
    return found


@pytest.mark.parametrize("script", ["install.sh", "board.sh"])
def test_shellcheck_has_nothing_to_say(script: str) -> None:
    assert subprocess.run([wanted("shellcheck"), BOARD / script], capture_output=True, text=True, check=False).stdout == ""


def test_a_dry_run_tells_everything_and_touches_nothing(tmp_path: Path) -> None:
    told = install("--dry-run", "--relay", "--root", str(tmp_path), SERVER)
    assert told.returncode == 0, told.stderr
    for word in ("apt-get install", "fonts-noto-cjk", "useradd", "watch.py", "kiosk-board.service", "kiosk-relay.service", "set-ntp true",
                 "suspend.target", "来电自动开机"):
        assert word in told.stdout, word
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("screen", ["x", "cage"])
def test_the_units_it_writes_are_understood_by_systemd(screen: str, tmp_path: Path) -> None:
    assert install("--screen", screen, "--relay", "--root", str(tmp_path), SERVER).returncode == 0
    units = sorted((tmp_path / "etc/systemd/system").glob("*.service"))
    assert [unit.name for unit in units] == ["kiosk-board.service", "kiosk-relay.service"]
    checked = subprocess.run([wanted("systemd-analyze"), "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert [line for line in checked.stderr.splitlines() if "kiosk-" in line and "is not executable" not in line] == []
    assert "WatchdogSec=90" in units[0].read_text() and f"--server {SERVER}" in units[1].read_text()


def test_what_it_installs_starts_by_itself_and_shows_nothing_of_a_desktop(tmp_path: Path) -> None:
    assert install("--root", str(tmp_path), SERVER).returncode == 0
    there = tmp_path / "opt/kiosk-board"
    asked = subprocess.run(["python3", there / "watch.py", SERVER, "--data", tmp_path / "pc", "--browser", "/bin/true", "--check"],
                           capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    words = asked.stdout.splitlines()
    assert {"--kiosk", "--hide-crash-restore-bubble", "--autoplay-policy=no-user-gesture-required", "--remote-debugging-address=127.0.0.1",
            f"--user-data-dir={tmp_path}/pc/profile"} <= set(words)
    assert words[-1] == (there / "waiting.html").as_uri()
    assert not any(word.startswith("--unsafely") for word in words)


def test_run_twice_it_writes_the_same(tmp_path: Path) -> None:
    files = []
    for _ in range(2):
        assert install("--root", str(tmp_path), SERVER).returncode == 0
        files.append({path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()})
    assert files[0] == files[1] and len(files[0]) > 10


@pytest.mark.parametrize("words", [(), ("gongshi.example",), ("https://a.example/x;reboot",), ("--screen", "tv", SERVER), ("--no", SERVER)])
def test_a_mistake_is_told_before_anything_is_done(words: tuple[str, ...], tmp_path: Path) -> None:
    told = install("--root", str(tmp_path), *words)
    assert told.returncode == 1 and told.stderr and list(tmp_path.iterdir()) == []


def test_an_address_of_plain_http_is_allowed_by_name_and_the_weakness_told(tmp_path: Path) -> None:
    told = install("--root", str(tmp_path), "http://192.0.2.7:8000")
    assert "不是 https" in told.stdout
    asked = subprocess.run(["python3", BOARD / "watch.py", "http://192.0.2.7:8000", "--data", tmp_path / "pc", "--browser", "/bin/true",
                            "--check"], capture_output=True, text=True, check=False)
    assert "--unsafely-treat-insecure-origin-as-secure=http://192.0.2.7:8000" in asked.stdout
