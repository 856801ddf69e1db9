"""The hook beside a board's browser: it switches the real panel by the board's own manifest, on line and off."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from werkzeug.serving import make_server

from kiosk.base.clock import iso, now
from kiosk.signage import boards, manifest
from tests.conftest import NOON

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "board" / "panel.py"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def panel() -> ModuleType:
    spec = importlib.util.spec_from_file_location("panel", SCRIPT)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def frozen(panel: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment is the test's; the server under test seals by the real clock."""
    monkeypatch.setattr(panel.Told, "at", lambda self, local: local)


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    """A fake switch that writes down what it is told; while `broken` lies beside it, it fails."""
    script = tmp_path / "hook.sh"
    script.write_text(f'#!/bin/sh\n[ -e "{tmp_path}/broken" ] && exit 1\necho "$1" >> "{tmp_path}/told"\n', encoding="utf-8")
    script.chmod(0o755)
    return script


@pytest.fixture
def told(tmp_path: Path):
    return lambda: (tmp_path / "told").read_text().split() if (tmp_path / "told").exists() else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel" / "token").write_text("token-1\n")
    return tmp_path / "panel"


@pytest.fixture
def server(app) -> Iterator[str]:
    """The application on a port of its own, answering as in the hall."""
    made = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()


@pytest.fixture
def open_at(session, make, cast, parts):
    """A board that sleeps outside these hours, with its ref."""
    def made(hours):
        cast.office.opening = {"working": hours, "off": []}
        board = make.board()
        board.sleeps = True
        session.flush()
        manifest.refresh(session, parts.press, at=NOON)
        session.commit()
        return board
    return made


def stamp(at: datetime) -> float:
    return at.timestamp()


# --- by the board's manifest ----------------------------------------------------------------------------------------------

@pytest.mark.usefixtures("frozen")
def test_the_panel_is_on_while_the_unit_is_open_and_off_when_it_is_not(panel, server, folder, hook, told, open_at):
    open_at([[510, 1050]])  # 8:30—17:30; NOON is a Monday
    held, switch = panel.Told(server, "token-1", folder), panel.Switch(str(hook))
    for at in (NOON, NOON + 6 * HOUR, NOON + 7 * HOUR, NOON + 21 * HOUR):
        panel.step(held, switch, stamp(at))
    assert told() == ["on", "off", "on"]


@pytest.mark.usefixtures("frozen")
def test_it_goes_by_what_it_was_told_last_when_nobody_answers(panel, server, folder, hook, told, open_at):
    open_at([[510, 1050]])
    panel.Told(server, "token-1", folder).ask()
    for at in (NOON + 6 * HOUR, NOON + 21 * HOUR):  # another start each time, with nothing but the disk
        panel.step(panel.Told("http://127.0.0.1:9", "token-1", folder), panel.Switch(str(hook)), stamp(at))
    assert told() == ["off", "on"]


@pytest.mark.parametrize("token", ["token-of-nobody", ""])
@pytest.mark.usefixtures("frozen")
def test_a_server_that_refuses_darkens_nothing_and_what_is_known_stays(panel, server, folder, hook, told, open_at, token):
    open_at([[510, 1050]])
    panel.Told(server, "token-1", folder).ask()
    panel.step(panel.Told(server, token, folder), panel.Switch(str(hook)), stamp(NOON))
    assert told() == ["on"]
    assert "power" in json.loads((folder / "manifest.json").read_bytes())


def test_where_nothing_is_known_the_panel_is_on(panel, folder, hook, told):
    panel.step(panel.Told("http://127.0.0.1:9", "token-1", folder), panel.Switch(str(hook)), stamp(NOON + 12 * HOUR))
    assert told() == ["on"]


def test_damaged_files_on_the_disk_are_as_good_as_none(panel, folder, hook, told):
    (folder / "ref.json").write_text("{half")
    (folder / "manifest.json").write_text("[]")
    panel.step(panel.Told("http://127.0.0.1:9", "token-1", folder), panel.Switch(str(hook)), stamp(NOON))
    assert told() == ["on"]


@pytest.mark.usefixtures("frozen")
def test_an_urgent_insert_wakes_a_dark_panel_and_its_end_lets_it_sleep(panel, session, server, folder, hook, told, open_at, cast, parts):
    open_at([[510, 1050]])
    held, switch, night = panel.Told(server, "token-1", folder), panel.Switch(str(hook)), NOON + 10 * HOUR
    panel.step(held, switch, stamp(night))
    held.ref = {**held.ref, "overrides": [{"id": 1, "drill": False, "from": iso(night + HOUR), "to": iso(night + 2 * HOUR)}]}
    held.ask = lambda: None  # as it was told
    assert panel.step(held, switch, stamp(night)) == panel.ASK_DARK
    for after in (1.5, 2.5):
        panel.step(held, switch, stamp(night + after * HOUR))
    assert told() == ["off", "on", "off"]


def test_it_asks_with_the_version_it_has_and_fetches_an_edition_once(panel, app, session, server, folder, open_at, parts):
    board = open_at([[510, 1050]])
    held = panel.Told(server, "token-1", folder)
    held.ask()
    asked, get = [], panel._get
    panel._get = lambda *told: asked.append(told[0].rsplit("/", 2)[1]) or get(*told)
    try:
        held.ask()
        board.sleeps = False
        session.flush()
        manifest.refresh(session, parts.press, at=NOON)
        session.commit()
        app.extensions["refs"].drop(None)
        held.ask()
    finally:
        panel._get = get
    assert asked == ["board", "board", "objects"]
    assert "power" not in held.manifest


def test_bytes_that_are_not_the_named_edition_are_not_believed(panel, server, folder, open_at, monkeypatch):
    open_at([[510, 1050]])
    get = panel._get
    monkeypatch.setattr(panel, "_get", lambda address, *rest: (b"{}", "") if "/objects/" in address else get(address, *rest))
    held = panel.Told(server, "token-1", folder)
    held.ask()
    assert held.manifest is None
    assert held.wants(stamp(NOON + 12 * HOUR)) is True
    monkeypatch.setattr(panel, "_get", get)
    held.ask()
    assert held.wants(stamp(NOON + 12 * HOUR)) is False


# --- the clock ----------------------------------------------------------------------------------------------------------------

def test_a_pc_that_woke_up_years_ago_goes_by_the_seal(panel, server, folder, open_at):
    open_at([[510, 1050]])
    held = panel.Told(server, "token-1", folder)
    held.ask()
    assert held.at(0.0) >= stamp(NOON)


@pytest.mark.parametrize(("minutes", "on"), [(-1, False), (0, True), (59, True), (60, False), (61, False), (120, True), (100_000, True),
                                             (-30 * 24 * 60, True)])
def test_windows_are_read_as_the_boards_page_reads_them(panel, minutes, on):
    """Its twin is static/board/scene.js: on after the last window, and for a clock that is far too early."""
    power = [{"from": iso(NOON), "to": iso(NOON + HOUR)}, {"from": iso(NOON + 2 * HOUR), "to": iso(NOON + 3 * HOUR)}]
    assert panel.lit(power, stamp(NOON) + minutes * 60) is on


@pytest.mark.usefixtures("frozen")
def test_it_comes_again_at_the_very_edge(panel, server, folder, hook, open_at):
    open_at([[510, 1050]])
    held = panel.Told(server, "token-1", folder)
    assert panel.step(held, panel.Switch(str(hook)), stamp(NOON)) == panel.ASK_LIT
    assert panel.step(held, panel.Switch(str(hook)), stamp(NOON + 5.5 * HOUR) - 7) == 7


# --- the switch ---------------------------------------------------------------------------------------------------------------

def test_a_switch_that_failed_is_tried_again(panel, folder, hook, told):
    switch, broken = panel.Switch(str(hook)), hook.with_name("broken")
    broken.touch()
    switch.turn(False)
    broken.unlink()
    switch.turn(False)
    switch.turn(False)
    assert told() == ["off"]


@pytest.mark.parametrize(("there", "works", "used"), [
    (("cec-client", "xset"), ("cec-client", "xset"), "cec-client"), (("cec-client", "xset"), ("xset",), "xset"),
    (("vcgencmd", "wlr-randr"), ("vcgencmd", "wlr-randr"), "vcgencmd"), (("wlr-randr",), ("wlr-randr",), "wlr-randr"), ((), (), "")])
def test_the_first_way_that_works_is_taken(panel, tmp_path, monkeypatch, there, works, used):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in there:
        script = tools / name
        script.write_text(f'#!/bin/sh\n[ $# -eq 0 ] && {{ echo "HDMI-A-1 \\"Panel\\""; exit 0; }}\n'
                          f'echo "$0 $*" >> {tools}/log\nexit {0 if name in works else 1}\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin" if there else str(tools))
    switch = panel.Switch()
    switch.turn(False)
    log = (tools / "log").read_text() if (tools / "log").exists() else ""
    assert (log.splitlines()[-1].split()[0].rsplit("/", 1)[1] if log else "") == used
    assert switch.on is (False if used else None)


# --- as a program -------------------------------------------------------------------------------------------------------------

def test_stopped_it_leaves_the_panel_on(server, folder, hook, told, open_at):
    """The real command: dark now, for the office is closed at this very moment; then on, for nobody would wake it any more."""
    open_at([[510, 511]])
    (folder / "ref.json").write_text("{}")
    running = subprocess.Popen([sys.executable, str(SCRIPT), "run", server, "--data", str(folder)],
                               env={**os.environ, "KIOSK_PANEL_HOOK": str(hook)}, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 20
        while not told() and time.monotonic() < ends:
            time.sleep(0.1)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(10)
    assert running.returncode == 0
    assert told()[-1] == "on"


def test_without_a_token_it_says_what_to_do(tmp_path):
    done = subprocess.run([sys.executable, str(SCRIPT), "run", "http://127.0.0.1:9", "--data", str(tmp_path / "new")], capture_output=True)
    assert done.returncode == 1
    assert "panel.py pair" in done.stderr.decode()


def test_it_pairs_as_a_screen_does_and_keeps_its_token_to_itself(session, server, tmp_path, cast, parts, make):
    board = make.board()
    session.commit()
    words = [sys.executable, str(SCRIPT), "pair", server, "--data", str(tmp_path / "new")]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as asked:
        assert asked.stderr is not None
        code = asked.stderr.readline().split("代码 ")[1][:6]
        boards.pair_again(session, board, boards.find_pairing(session, code, at=now()), key=parts.secret, by=cast.administrator, at=now())
        session.commit()
        assert asked.wait(30) == 0
    token = tmp_path / "new" / "token"
    assert boards.hashed(token.read_text()) == board.token_hash
    assert token.stat().st_mode & 0o077 == 0


def test_it_needs_nothing_but_python_itself():
    text = SCRIPT.read_text(encoding="utf-8")
    names = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert names - {"__future__"} <= set(sys.stdlib_module_names)
