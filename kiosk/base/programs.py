"""Programs: children that read strangers' files run in bubblewrap, or not at all.

A child sees the system's programs and what it is given, read-only, and one work folder it may write. It has no network, no
rights, the uid of nobody, and ends with us; time, memory, file size and the number of processes are bounded. Where no
sandbox can be made the feature stays off and says so: nothing here ever runs outside of one.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from kiosk.base.errors import Unavailable

NOBODY = 65534
KEPT = 1 << 20  # bytes of a child's words that are kept
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/fonts", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf",
          "/etc/ld.so.conf.d", "/etc/localtime", "/etc/libreoffice", "/etc/chromium", "/etc/chromium.d", "/var/cache/fontconfig")
TOOLS = ("prlimit", "setpriv", "choom", "nice", "env")  # of util-linux and coreutils
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "bubblewrap": ("bwrap",),
    "LibreOffice": ("soffice", "libreoffice"),
    "ffmpeg": ("ffmpeg",),
    "ffprobe": ("ffprobe",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}


@dataclass(frozen=True)
class Finished:
    """How a child ended, and the last megabyte of its words."""

    code: int
    out: str
    err: str


class Stopped(Exception):
    """A child that did not end by itself."""


class TimedOut(Stopped):
    """It ran longer than it may and was ended with all its children."""


class Killed(Stopped):
    """A signal ended it: out of memory, a limit, or a fault of its own."""

    def __init__(self, number: int, err: str = "") -> None:
        super().__init__(f"ended by signal {number}: {err.strip()[-300:]}")
        self.number = number


class TooBig(Stopped):
    """It filled the work folder beyond its limit and was ended."""


def find(name: str) -> Path | None:
    """Where the program lies; `name` is a key of PROGRAMS."""
    found = (shutil.which(command) for command in PROGRAMS[name])
    return next((Path(path) for path in found if path), None)


def missing(names: Iterable[str] = PROGRAMS) -> list[str]:
    """The programs that are not here, as their packages are called; a sandbox that does not start counts as missing."""
    gone = [name for name in names if find(name) is None]
    if "bubblewrap" in names and "bubblewrap" not in gone and not sandboxed():
        gone.append("bubblewrap")
    return gone


@lru_cache(1)
def sandboxed() -> bool:
    """Whether a sandbox starts here: the kernel or a container may forbid it."""
    if os.name != "posix" or find("bubblewrap") is None or not all(map(shutil.which, TOOLS)):
        return False
    try:
        return subprocess.run(_wrapped(["true"], [], None), capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def command(argv: Sequence[str], *, work: Path, readable: Sequence[Path] = (), memory_mb: int | None = None, file_mb: int = 1024,
            processes: int = 256, env: Mapping[str, str] | None = None) -> list[str]:
    """The command line that runs argv in the sandbox, for a child that stays (open fds pass through: subprocess' pass_fds).

    The work folder is HOME and the current folder. The child ends when the *thread* that started it ends.
    """
    if not sandboxed():
        raise Unavailable("服务器上没有可用的沙箱（bubblewrap），转换先停着，屏上照常播放。请管理员装好后再传。")
    _give(work)
    limits = ["--core=0:0", f"--fsize={file_mb << 20}", f"--nproc={processes}"]
    if memory_mb is not None:
        limits.append(f"--as={memory_mb << 20}")
    behind = ["nice", "-n", "5", "choom", "-n", "800", "--"]  # the boards' threads come first, and this goes first when memory runs out
    return _wrapped([*behind, "prlimit", *limits, "--", *argv], readable, work, env)


def run(argv: Sequence[str], *, work: Path, readable: Sequence[Path] = (), seconds: float, memory_mb: int | None = None,
        file_mb: int = 1024, work_mb: int | None = None, processes: int = 256, on_line: Callable[[str], None] | None = None,
        env: Mapping[str, str] | None = None) -> Finished:
    """Run argv in the sandbox to its end; TimedOut, Killed or TooBig if it had to be ended. `on_line` gets each line as it comes."""
    line = command(argv, work=work, readable=readable, memory_mb=memory_mb, file_mb=file_mb, processes=processes, env=env)
    child = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = _listen(child, time.monotonic() + seconds, on_line, (work, work_mb))
    finally:
        _end(child)
    code = child.returncode if child.returncode >= 0 else 128 - child.returncode
    if code > 128:
        raise Killed(code - 128, err)
    return Finished(code, out, err)


def _wrapped(argv: Sequence[str], readable: Sequence[Path], work: Path | None, env: Mapping[str, str] | None = None) -> list[str]:
    """bwrap with its rooms. As root it drops to nobody inside; as anybody else a user namespace maps us to nobody."""
    root = os.geteuid() == 0
    line = [str(find("bubblewrap")), "--die-with-parent", "--new-session", "--unshare-net", "--unshare-pid", "--unshare-ipc",
            "--unshare-uts", "--unshare-cgroup-try", "--clearenv", "--cap-drop", "ALL",
            "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8"]
    mapped = ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
    line += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"] if root else mapped
    there = [place for place in SYSTEM if os.path.exists(place)]
    parents = {str(parent) for place in (*there, *readable, work or "/tmp/work") for parent in Path(place).parents}
    line += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(64 << 20), "--tmpfs", "/tmp"]
    for folder in sorted(parents - {"/", "/tmp"}):
        line += ["--perms", "0755", "--dir", folder]  # bwrap would make some of them for root's eyes only
    for place in there:
        line += ["--symlink", os.readlink(place), place] if os.path.islink(place) else ["--ro-bind", place, place]
    for path in readable:
        line += ["--ro-bind", str(path), str(path)]
    if work is not None:
        line += ["--bind", str(work), str(work), "--setenv", "HOME", str(work), "--setenv", "TMPDIR", str(work)]
    line += ["--remount-ro", "/"]  # but for a little in /tmp nothing is written to memory in the guise of a disk
    for name, value in (env or {}).items():
        line += ["--setenv", name, value]
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
            "--no-new-privs", "--"] if root else []
    into = ["env", f"--chdir={work}"] if work is not None else []  # bwrap's own --chdir comes before the drop: root without rights
    return [*line, "--", *drop, *into, *argv]


def _listen(child: subprocess.Popen[bytes], end: float, on_line: Callable[[str], None] | None,
            weight: tuple[Path, int | None]) -> tuple[str, str]:
    """Read both pipes until they close; TimedOut at the end of its time."""
    assert child.stdout is not None and child.stderr is not None
    kept: dict[IO[bytes], bytes] = {child.stdout: b"", child.stderr: b""}
    rest = b""
    looked = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for pipe in kept:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            if (left := end - time.monotonic()) <= 0:
                raise TimedOut
            for key, _ in selector.select(min(left, 1.0)):
                pipe = child.stdout if key.fileobj is child.stdout else child.stderr
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                kept[pipe] = (kept[pipe] + data)[-KEPT:]
                if on_line is not None and pipe is child.stdout:
                    *lines, rest = (rest + data)[-KEPT:].split(b"\n")
                    for each in lines:
                        on_line(each.decode(errors="replace"))
            if weight[1] is not None and time.monotonic() - looked > 1:
                looked = time.monotonic()
                if weigh(weight[0]) > weight[1] << 20:
                    raise TooBig
    try:
        child.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimedOut from None
    return kept[child.stdout].decode(errors="replace"), kept[child.stderr].decode(errors="replace")


def weigh(folder: Path) -> int:
    """Bytes in a folder; links are not followed, what vanishes meanwhile counts nothing."""
    total = 0
    for root, _, names in os.walk(folder, onerror=None):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total


def _end(child: subprocess.Popen[bytes]) -> None:
    """End bwrap; its process namespace, and so every grandchild, goes with it."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _give(work: Path) -> None:
    """As root the work folder and what lies in it becomes nobody's."""
    if os.geteuid() != 0:
        return
    for path in (work, *work.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
