"""A board directly on its server, over https: through each fault it shows its last good content, also when its PC is started anew
meanwhile, and comes back by itself.

The relay's and the restored database's are in tests/relay and tests/contracts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import pc as pcs
from tests.support.api import publish
from tests.support.office import Office
from tests.support.pc import PC, until
from tests.support.uplink import Authority, Uplink, uplink

pytestmark = pytest.mark.journey
NAME = "gongshi.test"
CEILING = 120
HELD = "Object.keys(localStorage).filter((key) => key.startsWith('kiosk-held-')).map((key) => JSON.parse(localStorage[key]).ref.version)[0]"
FINDS, LOST = f'--host-resolver-rules="MAP {NAME} 127.0.0.1"', f'--host-resolver-rules="MAP {NAME} ~NOTFOUND"'


@dataclass
class Hall:
    """A board in a hall, its cable, its office's authority."""

    office: Office
    board: PC
    cable: Uplink
    authority: Authority

    def holds_through(self, seconds: float = 4) -> None:
        """The wall plays all the time, and again when the browser is started in the middle of the fault."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.board.look().get("item"), self.board.log()[-1000:]
            assert not pcs.fault(self.board.screen.picture())
            time.sleep(0.5)
        item = self.board.look()["item"]
        self.board.cut()
        self.board.start()
        self.board.until_plays(CEILING)
        assert item.split(".")[0].isdigit()

    def comes_back(self) -> None:
        """The board hears its server again, without anybody's help."""
        until(lambda: self.board.plays and self.board.look().get("cause") == "", CEILING,
              lambda: f"the board does not come back: {self.board.look()}")

    def says(self, cause: str) -> None:
        until(lambda: cause in str(self.board.look().get("cause")), CEILING, lambda: f"{cause}: {self.board.look()}")


@pytest.fixture(scope="module")
def hall(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("hall")
    authority = Authority(folder, NAME)
    home = _trusting(folder, authority)
    with uplink(office.port, authority.context()) as line, \
            pcs.pc(folder, f"https://{NAME}:{line.port}", str(office.board()["token"]), flags=FINDS, home=home) as board:
        board.until_plays(CEILING)
        until(lambda: board.look().get("worker"), CEILING, "the worker does not take the page")
        time.sleep(6)  # two looks of the launcher, which keeps who the board is
        yield Hall(office, board, line, authority)


def _trusting(folder: Path, authority: Authority) -> Path:
    """A home whose browser trusts this authority, as a board's PC trusts its office's."""
    program = shutil.which("certutil")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("libnss3-tools is not installed (deploy/packages-test.txt)")
    store = folder / "home" / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "office", "-i", str(authority.path)]):
        subprocess.run([program, "-d", f"sql:{store}", *words], check=True, capture_output=True)
    return folder / "home"


@pytest.mark.parametrize("fault", ["out", "401", *(pytest.param(each, marks=pytest.mark.trial)
                                                   for each in ("halt", "reset", "slow", "cut", "500", "502"))])
def test_a_board_plays_through_a_bad_line_and_comes_back(fault: str, hall: Hall) -> None:
    hall.cable.fault = fault
    hall.board.value("dispatchEvent(new Event('online')), 0")  # ask at once, so that the fault is felt
    hall.holds_through()
    hall.cable.fault = ""
    hall.comes_back()


def test_a_board_plays_through_its_servers_death_and_shows_what_came_meanwhile(hall: Hall) -> None:
    hall.office.kill()
    try:
        hall.holds_through()
    finally:
        hall.office.start("serve")
    hall.comes_back()
    before = hall.board.value(HELD)
    publish(hall.office, "服务器恢复后的通知")
    until(lambda: hall.board.value(HELD) > before, CEILING, "the board does not hear of news any more")


def test_a_board_plays_on_when_the_certificate_has_ended(hall: Hall) -> None:
    hall.cable.tls = hall.authority.context(ended=True)
    hall.cable.fault = ""  # what stood is cut
    hall.board.value("dispatchEvent(new Event('online')), 0")
    hall.says("unreachable")
    hall.holds_through()
    hall.cable.tls = hall.authority.context()
    hall.cable.fault = ""
    hall.comes_back()


def test_a_board_starts_when_its_servers_name_is_not_known_any_more(hall: Hall) -> None:
    hall.board.cut()
    hall.board.flags = LOST
    hall.board.start()
    hall.board.until_plays(CEILING)
    hall.says("unreachable")
    hall.board.cut()
    hall.board.flags = FINDS
    hall.board.start()
    hall.comes_back()


def test_a_board_whose_disk_is_full_keeps_what_it_has_and_goes_on_when_there_is_room(office: Office, tmp_path: Path) -> None:
    disk = tmp_path / "pc"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("a small disk of its own wants root")
    try:
        with pcs.pc(tmp_path, office.url, str(office.board()["token"])) as board:
            board.until_plays(CEILING)
            until(lambda: board.look().get("worker"), CEILING, "the worker does not take the page")
            time.sleep(6)
            before, filler = board.value(HELD), disk / "filler"
            with filler.open("wb") as file:
                try:
                    while True:
                        file.write(bytes(1 << 20))
                except OSError:
                    pass
            publish(office, "盘满时的通知")
            until(lambda: board.plays, CEILING, "the full disk stops the show")
            board.cut()
            board.start()
            board.until_plays(CEILING)
            time.sleep(5)
            assert board.plays and board.log().count("重新打开浏览器") == 0, board.log()
            filler.unlink()
            publish(office, "又有地方后的通知")
            until(lambda: board.plays and board.value(HELD) > before, CEILING, "the board does not hear of news any more")
    finally:
        subprocess.run(["umount", "-l", disk], check=False)
