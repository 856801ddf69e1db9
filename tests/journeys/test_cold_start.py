"""A power cut, and no network when the power is back: the board's first right picture comes from its own disk.

The browser and its launcher are killed in one moment, and what they had not brought to the disk is gone: the profile is put back to a
copy that was taken at a random earlier moment while it was being written. That is stricter than the death of the processes, which leaves
the system's memory of the files; it is not a disk that loses half a block. `make trial` cuts fifty times, `make test` three.
"""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.support import pc as pcs
from tests.support.api import publish
from tests.support.office import Office
from tests.support.pc import PC, until
from tests.support.uplink import uplink

pytestmark = pytest.mark.journey
ROUNDS, SAMPLE, COPIES = 50, 3, 4
MOST, CEILING = 30, 120  # seconds allowed on a board's PC; on a machine that does other things as well
CONTENT = (60, 90, 1220, 500)  # of a page: below the head with its clock, above the foot with its bar
SAME = 3.0  # of 255, on average


@pytest.mark.parametrize("rounds", [pytest.param(ROUNDS, marks=[pytest.mark.trial, pytest.mark.timeout(3600)]), SAMPLE])
def test_a_board_starts_from_its_own_disk_after_a_power_cut(rounds: int, office: Office, tmp_path: Path) -> None:
    dice, slow = random.Random(rounds), []
    with uplink(office.port) as line, pcs.pc(tmp_path, f"http://127.0.0.1:{line.port}", str(office.board()["token"])) as board:
        board.until_plays(CEILING)
        until(lambda: board.look().get("worker"), CEILING, "the worker does not take the page")
        known, copies = _seen(board, 40), []
        for number in range(COPIES):
            publish(office, f"断电前的通知{number}")
            time.sleep(dice.uniform(2, 5))
            copies.append(_copy(board, tmp_path / f"copy{number}"))
        known.update(_seen(board, 20))
        line.fault = "out"
        for number in range(rounds):
            board.cut()
            shutil.rmtree(board.data / "profile")
            shutil.copytree(dice.choice(copies), board.data / "profile", symlinks=True)
            board.start()
            took = board.until_plays(CEILING)
            _compare(board, known)
            print(f"{number + 1:>3}  {took:5.1f} s")
            slow += [took] if took > MOST else []
    assert rounds == SAMPLE or not slow, slow


def _seen(board: PC, seconds: float) -> dict[str, Image.Image]:
    """How each page looks that hangs now, by its item."""
    found, end = {}, time.monotonic() + seconds
    while time.monotonic() < end:
        if (shot := _still(board)) is not None:
            found[shot[0]] = shot[1]
        time.sleep(0.5)
    return found


def _still(board: PC) -> tuple[str, Image.Image] | None:
    """A page and its picture, if it stood and did not change meanwhile."""
    before = board.look().get("item")
    time.sleep(1.0)
    picture = board.screen.picture().crop(CONTENT)
    return (str(before), picture) if before and board.look().get("item") == before else None


def _compare(board: PC, known: dict[str, Image.Image]) -> None:
    """The page on the wall is what it was before the cut."""
    differs: list[float] = []

    def same() -> bool:
        shot = _still(board)
        if shot is None or shot[0] not in known:
            return False
        differs.append(sum(ImageStat.Stat(ImageChops.difference(shot[1], known[shot[0]])).mean) / 3)
        return differs[-1] < SAME

    until(same, CEILING, lambda: f"no page is what it was before the cut: {differs[-5:]}, known {sorted(known)}, {board.look()}")


def _copy(board: PC, place: Path) -> Path:
    """What is on the disk at this moment, files that vanish under the hand left out."""
    def taken(source: str, target: str) -> str:
        try:
            return shutil.copy2(source, target)
        except FileNotFoundError:
            return target
    try:
        shutil.copytree(board.data / "profile", place, symlinks=True, copy_function=taken, dirs_exist_ok=True)
    except shutil.Error:
        pass  # a folder that went meanwhile
    return place
