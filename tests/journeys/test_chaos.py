"""Chaos: faults at random, and once a second a look at the wall. Not one picture may be white, black, an error page, or a recalled slide.

The seed and every fault are told, so that a bad run can be had again: CHAOS_SEED=… CHAOS_SECONDS=….
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import pc as pcs
from tests.support.api import ask, moving_list, publish
from tests.support.office import Office
from tests.support.pc import PC, until
from tests.support.uplink import Uplink, uplink

pytestmark = pytest.mark.journey
LONG, SAMPLE = 1800, 150  # seconds
STARTS = 10.0  # seconds of a new browser in which the wall may be the screen's ground, or the browser's window with nothing on it
RELOADS = 8.0  # seconds after the death of a renderer in which Chromium may say so
BARE = 3  # looks in a row at the pages' own ground with nothing on it, while a page is loaded anew
GONE = 3.0  # seconds until a recalled page has left a board that hears its server
CEILING = 120
SHOWN = "[...document.querySelectorAll('.layer.shown')].map((layer) => layer.shadowRoot.textContent).join(' ')"
HEARS = "globalThis.kiosk?.look().cause === ''"


@dataclass
class Chaos:
    """What goes wrong, drawn by a seed; `told`: a diary of it."""

    office: Office
    board: PC
    cable: Uplink
    dice: random.Random
    told: list[str] = field(default_factory=list)
    hangs: list[tuple[int, str]] = field(default_factory=list)  # slide and title of what was published and hangs
    recalled: list[tuple[str, float]] = field(default_factory=list)  # a title, and since when no board on line may show it
    crashed: float = -9e9  # when a renderer was killed
    number: int = 0
    bag: list[Any] = field(default_factory=list)

    def server_dies(self) -> None:
        self.office.kill()
        time.sleep(self.dice.uniform(0, 8))
        self.office.start("serve")

    def line_fails(self) -> None:
        self.cable.after = self.dice.choice((60, 700, 20_000))
        self.cable.fault = self.dice.choice(("out", "halt", "reset", "slow", "cut", "401", "500", "502"))
        self.told[-1] += f" {self.cable.fault}"
        time.sleep(self.dice.uniform(2, 15))
        self.cable.fault = ""

    def something_is_published(self) -> None:
        self.number += 1
        title = f"混乱中的通知{self.number}"
        self.hangs.append((publish(self.office, title), title))

    def something_is_recalled(self) -> None:
        if self.hangs:
            slide, title = self.hangs.pop(self.dice.randrange(len(self.hangs)))
            ask(self.office, "editor", "POST", f"slides/{slide}/recall", {"reason": "日期写错了。"})
            self.recalled.append((title, time.monotonic()))

    def renderer_crashes(self) -> None:
        self.crashed = time.monotonic()
        for each in self.board.processes("renderer"):
            os.kill(each, signal.SIGKILL)

    def page_hangs(self) -> None:
        line = self.board.line(patience=0)
        line.tell("Runtime.evaluate", expression="const end = Date.now() + 9000; while (Date.now() < end);")
        time.sleep(0.3)
        line.close()

    def browser_is_killed(self) -> None:
        for each in self.board.processes():
            pcs.kill(each)

    def page_is_loaded_anew(self) -> None:
        self.board.value("location.reload(), 0")

    def clock_jumps(self) -> None:
        """The PC's clock is wrong for a while."""
        hours = self.dice.choice((-1, 1, -24, 3))
        self.told[-1] += f" {hours} h"
        wrong = f"const now = Date.now; Date.now = () => now() + {hours} * 3600e3; setTimeout(() => Date.now = now, 8000);"
        self.board.value(f"(() => {{ {wrong} }})()")

    FAULTS = (server_dies, line_fails, line_fails, line_fails, something_is_published, something_is_published, something_is_recalled,
              renderer_crashes, page_hangs, browser_is_killed, page_is_loaded_anew, clock_jumps)

    def once(self, since: float) -> None:
        if not self.bag:  # each comes before one comes twice
            self.bag = self.dice.sample(self.FAULTS, len(self.FAULTS))
        deed = self.bag.pop()
        self.told.append(f"{time.monotonic() - since:7.1f} s  {deed.__name__}")
        try:
            deed(self)
        except (OSError, AssertionError, ValueError, LookupError) as error:  # the page is not there to be hurt, or the server to be asked
            self.told[-1] += f" ({type(error).__name__})"


@dataclass
class Watcher:
    """Looks at the wall once a second."""

    chaos: Chaos
    folder: Path
    since: float = field(default_factory=time.monotonic)
    pictures: int = 0
    bad: list[str] = field(default_factory=list)
    excused: int = 0
    bare: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.done.wait(1.0):
            now = time.monotonic()
            picture = self.chaos.board.screen.picture()
            self.pictures += 1
            fault = pcs.fault(picture)
            self.bare = self.bare + 1 if "blank (251" in fault else 0  # the pages' own ground: between two pages of one that starts
            if fault and (self.chaos.board.age < STARTS or 0 < self.bare <= BARE or now - self.chaos.crashed < RELOADS):
                self.excused += 1
            elif fault:
                self._note(now, fault, picture)
            self._recalled(now, picture)

    def _recalled(self, now: float, picture: Any) -> None:
        due = [title for title, since in self.chaos.recalled[-5:] if now - since > GONE]
        if not due or self.chaos.cable.fault or not self.chaos.office.answers():
            return
        try:
            text, hears = self.chaos.board.value(f"[{SHOWN}, {HEARS}]", patience=0)
        except (OSError, ValueError, LookupError):
            return
        for title in due if hears else []:
            if f"{title} " in f"{text} " and time.monotonic() - now < 1:
                self._note(now, f"recalled: {title}", picture)

    def _note(self, now: float, fault: str, picture: Any) -> None:
        self.bad.append(f"{now - self.since:7.1f} s  {fault}")
        picture.save(self.folder / f"bad-{len(self.bad)}.png")


@pytest.fixture(params=[pytest.param(LONG, marks=[pytest.mark.trial, pytest.mark.timeout(2 * LONG)]), SAMPLE])
def seconds(request: pytest.FixtureRequest) -> int:
    return int(os.environ.get("CHAOS_SECONDS", request.param))


@pytest.fixture
def chaos(office: Office, tmp_path: Path) -> Iterator[Chaos]:
    seed = int(os.environ.get("CHAOS_SEED", random.SystemRandom().randrange(10_000)))
    with uplink(office.port) as line, pcs.pc(tmp_path, f"http://127.0.0.1:{line.port}", str(office.board()["token"])) as board:
        board.until_plays(CEILING)
        until(lambda: board.look().get("worker"), CEILING, "the worker does not take the page")
        time.sleep(6)
        made = Chaos(office, board, line, random.Random(seed), [f"CHAOS_SEED={seed}"])
        moving_list(office)
        yield made
        line.fault = ""
        if not office.answers():
            office.start("serve")


def test_nothing_that_goes_wrong_ever_shows_on_the_wall(chaos: Chaos, seconds: int, tmp_path: Path) -> None:
    watcher = Watcher(chaos, tmp_path)
    looking = threading.Thread(target=watcher.run)
    looking.start()
    try:
        while time.monotonic() - watcher.since < seconds:
            chaos.once(watcher.since)
            time.sleep(chaos.dice.uniform(1, 12))
        chaos.cable.fault = ""
        back = chaos.board.until_plays(CEILING)
    finally:
        watcher.done.set()
        looking.join(30)
        diary = "\n".join([*chaos.told, f"{watcher.pictures} pictures, {len(watcher.bad)} bad, {watcher.excused} while a browser started",
                           *watcher.bad, f"pictures of the bad ones: {tmp_path}"])
        print("\n" + diary)
    assert watcher.pictures > seconds / 3, diary
    assert not watcher.bad, f"{diary}\n{chaos.board.log()[-3000:]}"
    assert back < CEILING


def test_the_look_at_a_picture_knows_what_must_not_hang(chaos: Chaos) -> None:
    """Chromium's own pages are what they are: if they looked otherwise one day, the run above would prove nothing."""
    chaos.board._process.kill()  # the launcher would put it right
    chaos.board._process.wait(10)
    chaos.cable.fault = "out"
    for address in (f"{chaos.board.server}/nothing", "chrome://crash", "about:blank"):
        chaos.board.line().tell("Page.navigate", url=address)
        until(lambda: pcs.fault(chaos.board.screen.picture()), CEILING, f"{address} passes for a page of ours")
