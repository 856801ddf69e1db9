#!/usr/bin/env python3
"""公示屏的看护：打开浏览器，每 5 秒看一次画面，不动了就重新打开。只用 Python 自带的库（3.9 以上），Debian 和 Windows 都能跑。

    watch.py https://gongshi.example            一直跑；第一次打开会显示 6 位代码，在管理页面登记一次就好
    watch.py https://gongshi.example --check    只说明会怎样启动浏览器，不启动

The page proves that frames are drawn and that pages change (static/board/seen.js); who asks is this program. Silence has three steps:
load the page again, start the browser again, and after three starts the machine's session by a configured command. The browser's error page
is never on the wall: a page that cannot be had is answered from here with a waiting page, until the server answers. The board's token
is kept here too, so that a damaged profile is thrown away and the board stays who it is.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import devtools
import profiles

LOOK, SOON = 5.0, 1.0  # seconds between two looks; while the board waits for its server
FROZEN, LATE = 8_000, 20_000  # milliseconds since a frame was drawn; since the page on the wall should have gone
START, AGAIN, PATIENCE = 30.0, 6.0, 8.0  # seconds: until a started browser plays, after a reload, of silence
TRY = 10.0  # seconds between two tries to open the page of a server that does not answer this program
CALM = 60.0  # seconds of good looks after which earlier faults are forgotten
STARTS = 3  # browsers started in vain before the session is started again
SESSION = 1800.0  # seconds between two of those
ROOM = 100_000_000  # bytes
YEARS = 10 * 365 * 86_400.0
NIGHT, JITTER = 4 * 3600, 1800  # seconds after midnight, and over how many the boards are spread
CEILING = 1500  # MB
FLAGS = (
    "--kiosk", "--start-fullscreen", "--noerrdialogs", "--no-first-run", "--no-default-browser-check", "--hide-crash-restore-bubble",
    "--disable-session-crashed-bubble", "--disable-infobars", "--disable-component-update", "--disable-breakpad", "--disable-sync",
    "--disable-background-networking", "--disable-backgrounding-occluded-windows", "--check-for-update-interval=31536000",
    "--disable-features=Translate,InfiniteSessionRestore,MediaRouter,CalculateNativeWinOcclusion,OptimizationHints",
    "--disable-pinch", "--overscroll-history-navigation=0", "--autoplay-policy=no-user-gesture-required", "--password-store=basic",
    "--disk-cache-size=268435456", "--remote-debugging-address=127.0.0.1",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe", r"Chromium\Application\chrome.exe")
HEADERS = [{"name": "Content-Type", "value": "text/html; charset=utf-8"}, {"name": "Cache-Control", "value": "no-store"}]
SEEN = "globalThis.kiosk ? globalThis.kiosk.look() : {state: 'strange', drawn: 0, late: 0}"
WAITING = Path(__file__).resolve().with_name("waiting.html")


# --- what is wrong, and what is done ------------------------------------------------------------------------------------------

@dataclass
class Judge:
    """How long the board has been silent, and what is due. Times are those of a monotonic clock."""

    good: float  # the last good look, or until when a start may take
    deadline: float
    reloaded: bool = False
    starts: int = 0
    calm: float = 0.0
    session: float = field(default=-SESSION)

    def started(self, now: float) -> None:
        """A browser was started; its first picture may take a while."""
        self.deadline, self.reloaded, self.calm = now + START, False, 0.0

    def deed(self, now: float, told: Mapping[str, Any] | None, crashed: bool = False) -> str:
        """What to do after a look: nothing (an empty word), reload, restart or session."""
        if told is not None and not crashed and float(told.get("drawn") or 0) < FROZEN and float(told.get("late") or 0) < LATE:
            self.calm = self.calm or now
            if now - self.calm > CALM:
                self.reloaded, self.starts = False, 0
            self.good, self.deadline = now, max(now + PATIENCE, self.deadline if told.get("state") == "strange" else 0)
            return ""
        self.calm = 0.0
        if now < self.deadline and not crashed:
            return ""
        if crashed and not self.reloaded:  # it is being loaded again already
            self.reloaded, self.deadline = True, now + PATIENCE
            return ""
        if not self.reloaded:
            self.reloaded, self.deadline = True, now + AGAIN
            return "reload"
        self.starts += 1
        if self.starts > STARTS and now - self.session >= SESSION:
            self.starts, self.session = 0, now
            return "session"
        return "restart"


def night(board: str) -> float:
    """Seconds after midnight at which this board is made fresh: each its own, for a server has many."""
    return NIGHT + int.from_bytes(hashlib.sha256(board.encode()).digest()[:4], "big") % JITTER


# --- the browser ----------------------------------------------------------------------------------------------------------------

class Browser:
    """A Chromium in its profile, and the line to its page."""

    def __init__(self, program: str, profile: Path, flags: list[str], server: str) -> None:
        self._words = [program, *flags, f"--user-data-dir={profile}", WAITING.as_uri()]
        self._profile, self._server = profile, server
        self._process: subprocess.Popen[bytes] | None = None
        self._line: devtools.Line | None = None
        self.crashed, self._port = False, 0
        self._waiting = base64.b64encode(WAITING.read_bytes()).decode()

    @property
    def words(self) -> list[str]:
        return self._words

    def start(self) -> None:
        profiles.free(self._profile)
        profiles.mend(self._profile)
        self.crashed = False
        self._port = free_port()  # not the browser's choice: the file that would tell it cannot be written on a full disk
        words = [self._words[0], f"--remote-debugging-port={self._port}", *self._words[1:]]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         start_new_session=sys.platform != "win32")

    def end(self) -> None:
        self.drop()
        if self._process is not None:
            profiles.end(self._process)
            self._process = None

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def rest(self, seconds: float, stop: threading.Event) -> None:
        """Wait so long, but not beyond the browser's death."""
        end = time.monotonic() + seconds
        while self.lives and not stop.wait(min(0.2, max(0.0, end - time.monotonic()))) and time.monotonic() < end:
            pass
        if not self.lives:
            stop.wait(0.5)  # one that dies at once is not to be started without a pause

    @property
    def memory(self) -> int:
        return profiles.memory(self._process) if self._process else 0

    @property
    def line(self) -> devtools.Line:
        """The line to the page; made anew where it was lost."""
        if self._line is not None and self._line.open:
            return self._line
        self._line = devtools.Line(devtools.page_of(self._port), self._heard)
        pages = {"urlPattern": f"{self._server}/board*", "resourceType": "Document", "requestStage": "Response"}
        self._line.tell("Inspector.enable")
        self._line.tell("Emulation.setDefaultBackgroundColorOverride", color={"r": 251, "g": 250, "b": 246, "a": 1})
        self._line.tell("Fetch.enable", patterns=[pages])
        return self._line

    def drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def open(self, address: str) -> None:
        """Go there. What cannot be had is the waiting page; a hung page is left to the judge."""
        self.crashed = False
        answer = self.line.ask("Page.navigate", 4.0, url=address)
        if answer.get("errorText") and address.startswith("http"):
            self.line.tell("Page.navigate", url=WAITING.as_uri())

    def _heard(self, line: devtools.Line, event: str, told: Mapping[str, Any]) -> None:
        if event == "Inspector.targetCrashed":
            self.crashed = True
            line.tell("Page.reload")  # at once: Chromium says so on the wall
        elif event == "Fetch.requestPaused":
            number, status = told["requestId"], told.get("responseStatusCode", 0)
            if told.get("responseErrorReason") or status >= 400:
                line.tell("Fetch.fulfillRequest", requestId=number, responseCode=200, body=self._waiting, responseHeaders=HEADERS)
            else:
                line.tell("Fetch.continueRequest", requestId=number)


# --- the watch --------------------------------------------------------------------------------------------------------------------

class Watch:
    """Looks at the page, and does what is due."""

    def __init__(self, server: str, folder: Path, browser: Browser, profile: Path, *, token: Path, session: str = "",
                 ceiling: int = CEILING, clock: Callable[[], float] = time.monotonic, local: Callable[[], float] = time.time) -> None:
        self._server, self._folder, self._browser, self._profile, self._token = server, folder, browser, profile, token
        self._session, self._ceiling, self._clock, self._local = session, ceiling, clock, local
        self.kept = profiles.read(folder / "board.json")
        self.judge = Judge(clock(), clock() + START)
        self._offered = False  # the token, since the browser was started
        self._first = True  # the browser was just started: the page's worker may have the page without any server
        self._played = False  # since the profile was made
        self._tries = 0  # browsers that ended or never played
        self._refreshed = self._day()
        self._measured, self._tried = 0.0, clock()
        self._shot = ""

    def start(self, why: str = "") -> None:
        if why:
            _say(why)
        self._browser.end()
        if self._tries >= 2 and not self._played and roomy(self._profile.parent):
            _say(f"浏览器的配置文件夹坏了，换新的；旧的在 {profiles.set_aside(self._profile)}")
            self._tries, self.kept["shell"] = 0, False
        self._tries += 1
        self._browser.start()
        self._offered, self._played, self._first = False, False, True
        self.judge.started(self._clock())

    def step(self) -> float:
        """One look; after how many seconds the next is due."""
        told, now = self._told(), self._clock()
        deed, self._browser.crashed = self.judge.deed(now, told, self._browser.crashed), False
        if not self._browser.lives:
            deed = deed if deed == "session" else "restart"
        if deed:
            self._do(deed, told)
            return SOON
        if told is None:
            return SOON
        state = told.get("state")
        if state in ("waiting", "strange"):
            return self._arrive(str(state))
        self._known(told)
        self._fresh(told)
        return LOOK

    def _told(self) -> Mapping[str, Any] | None:
        try:
            told = self._browser.line.value(SEEN, 3.0)
            return told if isinstance(told, dict) else None
        except devtools.Lost:
            return None

    def _do(self, deed: str, told: Mapping[str, Any] | None) -> None:
        _say({"reload": "画面不动了，重新载入", "restart": "重新打开浏览器", "session": "浏览器几次都没有起来，重新启动会话"}[deed]
             + f"（{'没有应答' if told is None else told}）")
        if deed == "reload":
            try:
                self._browser.drop()
                self._browser.open(self._address())
                return
            except devtools.Lost:
                self.judge.deadline = self._clock()  # nobody there to load anything: the next step at once
                return
        if deed == "session" and self._session:
            subprocess.run(shlex.split(self._session), check=False)
        elif deed == "session" and os.environ.get("NOTIFY_SOCKET"):
            raise SystemExit("浏览器几次都没有起来")  # systemd starts all of it again, the screen's own server too
        self.start()

    def _arrive(self, state: str) -> float:
        """Leave the waiting page (or a strange one) as soon as there is something to go to."""
        try:
            now = self._clock()
            # Now and then unasked: the browser may know a way (a proxy, a name) that this program does not.
            first, self._first = self._first and bool(self.kept.get("shell")), False
            if first or now - self._tried > TRY or answers(self._server):
                self._tried = now
                self._browser.open(self._address())
            elif state == "strange":
                self._browser.open(WAITING.as_uri())
        except devtools.Lost:
            pass
        return SOON

    def _address(self) -> str:
        """The board's page: by its number where this profile knows it, else by its token, else to be paired."""
        if self.kept.get("board") and self.kept.get("profile") == _made(self._profile):
            return f"{self._server}/board?b={self.kept['board']}"
        held = self._held()
        self._offered = self._offered or bool(held)
        return f"{self._server}/board#{held}" if held else f"{self._server}/board"

    def _held(self) -> str:
        try:
            return self._token.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    def _known(self, told: Mapping[str, Any]) -> None:
        """Keep who this board is beside the profile; give it back to a page that has forgotten it."""
        newer = self._token.exists() and self._token.stat().st_mtime_ns != self.kept.get("given", 0)  # panel.py paired this PC anew
        if (told["state"] == "pairing" or newer) and not self._offered and self._held():
            self._offered = True
            return self._browser.open(f"{self._server}/board#{self._held()}")
        if told["state"] != "playing":
            return None
        self._played, self._tries = True, 0
        self._kept_apart(told.get("board"), bool(told.get("worker")))
        return None

    def _kept_apart(self, board: Any, worker: bool) -> None:
        """The browser's cookie and the token beside its profile are one: a cut of the power takes the cookies of the last half minute."""
        try:
            cookies = self._browser.line.ask("Network.getCookies", urls=[self._server])["cookies"]
            cookie, held = next((each["value"] for each in cookies if each["name"] == f"kiosk_board_{board}"), ""), self._held()
            if cookie and cookie != held and (self._offered and held):
                return  # the new token is being handed in
            if cookie and cookie != held:
                profiles.write(self._token, cookie.encode())
            elif held and not cookie and board == self.kept.get("board"):
                self._browser.line.ask("Network.setCookie", name=f"kiosk_board_{board}", value=held, url=self._server, httpOnly=True,
                                       sameSite="Strict", secure=self._server.startswith("https:"), expires=self._local() + YEARS)
                self._browser.line.value("dispatchEvent(new Event('online')), 0")  # the page asks its server now
        except devtools.Lost:
            return
        more = {"board": board, "profile": _made(self._profile), "shell": worker or bool(self.kept.get("shell")),
                "given": self._token.stat().st_mtime_ns if self._token.exists() else 0}
        if any(self.kept.get(name) != value for name, value in more.items()):
            self._keep(**more)

    def _keep(self, **more: Any) -> None:
        self.kept.update(more)
        profiles.write(self._folder / "board.json", json.dumps(self.kept).encode())

    def _fresh(self, told: Mapping[str, Any]) -> None:
        """What staff asked for, and what keeps an old PC young: never while an insert has the wall, never without a server."""
        if told.get("shot"):
            self._picture(str(told["shot"]))
        now = self._clock()
        if told.get("over"):
            return
        if self._day() != self._refreshed and answers(self._server):
            self._refreshed = self._day()
            _say("夜里换一次新")
            self._refresh()
        elif now - self._measured > 60:
            self._measured = now
            held = self._browser.memory / 1_000_000
            if held > self._ceiling and answers(self._server):
                _say(f"浏览器占了 {held:.0f} MB")
                self._measured = now + 600
                self._refresh()

    def _refresh(self) -> None:
        """At the next page boundary."""
        try:
            self._browser.line.value("globalThis.kiosk.refresh()")
        except devtools.Lost:
            pass

    def _day(self) -> int:
        """Days, as this board's nights divide them."""
        at = self._local()
        return int((at + time.localtime(at).tm_gmtoff - night(str(self.kept.get("board") or self._server))) // 86_400)

    def _picture(self, number: str) -> None:
        """What hangs there, for staff: taken, posted, and only then acknowledged by the page."""
        try:
            if number != self._shot:
                data = base64.b64decode(self._browser.line.ask("Page.captureScreenshot", 20.0, format="jpeg", quality=80)["data"])
                asked = urllib.request.Request(f"{self._server}/board/screenshot?id={number}", data=data, method="POST",
                                               headers={"Authorization": f"Bearer {self._held()}", "Content-Type": "image/jpeg"})
                with urllib.request.urlopen(asked, timeout=20):
                    self._shot = number
            self._browser.line.value(f"globalThis.kiosk.shot({json.dumps(number)})")
        except OSError as error:
            _say(f"截图没有送到：{error}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def roomy(folder: Path) -> bool:
    """Whether a new profile would have room: on a full disk the old one, with what it holds, is worth more."""
    try:
        return shutil.disk_usage(folder).free > ROOM
    except OSError:
        return False


def answers(server: str) -> bool:
    """Whether the server, or the relay, gives the board's page."""
    try:
        with urllib.request.urlopen(f"{server}/board", timeout=4, context=_trust()) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _trust() -> ssl.SSLContext | None:
    """Only whether somebody is there is asked, and nothing is sent: the browser has its own certificates, and its own judgement."""
    return ssl._create_unverified_context()


def _made(profile: Path) -> int:
    """The name of this profile: another one is another browser's memory."""
    try:
        return profile.stat().st_ino
    except OSError:
        return 0


def _say(words: str) -> None:
    try:
        print(words, file=sys.stderr, flush=True)
    except OSError:
        pass  # a log on a full disk


def notify(words: str) -> None:
    """Tell systemd; nothing where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            try:
                line.sendto(words.encode(), "\0" + address[1:] if address.startswith("@") else address)
            except OSError:
                pass


def flags(server: str, more: str = "") -> list[str]:
    """How the browser is started."""
    found = list(FLAGS)
    local = server.startswith(("http://localhost", "http://127.0.0.1", "https://"))
    if not local:  # only this flag lets a page of plain http keep its content for hours without a server
        found.append(f"--unsafely-treat-insecure-origin-as-secure={server}")
    if os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("DISPLAY"):
        found.append("--ozone-platform=wayland")
    return found + shlex.split(more)


def find(given: str) -> str:
    """The browser's program."""
    roots = [os.environ.get(name, "") for name in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")]
    usual = [*filter(None, map(shutil.which, BROWSERS)), *(str(Path(root, each)) for root in roots if root for each in WINDOWS)]
    there = [given] if given else usual
    for each in there:
        if Path(each).exists():
            return each
    raise SystemExit("没有装 Chromium：apt-get install chromium")


def run(watch: Watch, browser: Browser, stop: threading.Event) -> None:
    """Until stopped; then no browser stays behind."""
    try:
        watch.start()
        notify("READY=1")
        while not stop.is_set():
            try:
                pause = watch.step()
            except OSError as error:  # a full disk costs what is kept, not the show
                _say(f"没有办成：{error}")
                pause = LOOK
            notify("WATCHDOG=1")
            browser.rest(pause, stop)
    finally:
        browser.end()


def dress() -> None:
    """Where X has the screen: never blank, and never black behind a browser that starts."""
    if os.environ.get("DISPLAY") and sys.platform != "win32":
        for words in (["xset", "s", "off", "-dpms", "s", "noblank"], ["xsetroot", "-solid", "#FBFAF6"]):
            if shutil.which(words[0]):
                subprocess.run(words, capture_output=True, check=False, timeout=10)


def main() -> None:
    home = Path(os.environ.get("LOCALAPPDATA", "") or Path.home() / ".config")
    parser = argparse.ArgumentParser(description="看护公示屏", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=__doc__)
    parser.add_argument("server", help="https://服务器地址，或者 http://127.0.0.1:端口（本机的中继）")
    parser.add_argument("--data", type=Path, default=home / "kiosk-board", help="放凭证和浏览器的配置")
    parser.add_argument("--token", type=Path, default=None, help="凭证文件；不写就是 --data 里的 token，panel.py 登记过的话用它的")
    parser.add_argument("--browser", default=os.environ.get("BOARD_BROWSER", ""), help="浏览器程序")
    parser.add_argument("--session-command", default=os.environ.get("BOARD_SESSION_COMMAND", ""),
                        help="浏览器三次都没有起来时运行，例：systemctl reboot")
    parser.add_argument("--memory", type=int, default=CEILING, help="浏览器超过多少 MB 就在换页时重新载入")
    parser.add_argument("--check", action="store_true", help="只说明会怎样启动浏览器")
    given = parser.parse_args()
    server, profile = given.server.rstrip("/"), given.data / "profile"
    given.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    own, paired = given.data / "token", home / "kiosk-panel" / "token"
    token = given.token or (paired if paired.exists() and not own.exists() else own)
    browser = Browser(find(given.browser), profile, flags(server, os.environ.get("BOARD_FLAGS", "")), server)
    if given.check:
        print("\n".join(browser.words))
        return
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    dress()
    run(Watch(server, given.data, browser, profile, token=token, session=given.session_command, ceiling=given.memory), browser, stop)


if __name__ == "__main__":
    main()
