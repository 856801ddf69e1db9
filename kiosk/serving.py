"""Serving: gunicorn with one gthread worker, no monkey patching; Werkzeug's threads where gunicorn cannot run.

What a command did before it serves (schema, demo office) would stay in the memory of two processes for as long as they live. So
the command hands over to a fresh one of the same number: its master holds gunicorn and nothing else, and the application is
made inside the worker; its threads start once it can answer, and end before it goes.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.base.errors import Problem
from kiosk.relay.options import Options, options_of
from kiosk.settings import Settings, load

if sys.platform != "win32":
    from gunicorn.app.base import BaseApplication
else:  # pragma: no cover - no fork there
    BaseApplication = object

if TYPE_CHECKING:
    from flask import Flask

STOP_SECONDS = 5
SPREAD_SECONDS = 10.0
# glibc gives each thread a heap of its own and keeps what was once used: too dear for many threads that rarely need much.
HEAP = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}


@dataclass(frozen=True)
class Ready:
    """What is said once the server answers: on the console, and in a file for whoever waits for it."""

    say: str
    file: str = ""
    text: str = ""

    def tell(self) -> None:
        if self.file:
            write_private(Path(self.file), self.text)
        print(self.say, flush=True)


def serve(settings: Settings | Options, ready: Ready) -> int:
    """Serve until SIGTERM; the exit code. Where there is gunicorn this never returns: another process image takes over. With the options
    of a relay, serve a relay: that process loads neither database nor content.
    """
    if sys.platform == "win32":  # pragma: no cover
        return _simply(settings, ready)
    hear, say = os.pipe()
    with os.fdopen(say, "w", encoding="utf-8") as pipe:
        kind = "relay" if isinstance(settings, Options) else "settings"
        json.dump({kind: asdict(settings), "ready": asdict(ready)}, pipe, default=str)
    os.set_inheritable(hear, True)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "kiosk.serving", str(hear)], {**HEAP, **os.environ})


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, for the owner's eyes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)


def _take_over(hear: int) -> int:
    """The fresh process: everything it needs to know comes through the pipe."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with os.fdopen(hear, encoding="utf-8") as pipe:
        told = json.load(pipe)
    try:
        wanted = options_of(**told["relay"]) if "relay" in told else load(None, {}, **told["settings"])
        _Gunicorn(wanted, Ready(**told["ready"])).run()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The one worker and its settings."""

    def __init__(self, settings: Settings | Options, ready: Ready) -> None:
        self._settings, self._ready = settings, ready
        host, port, threads = settings.host, settings.port, settings.threads
        self._options: dict[str, Any] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "worker_class": "gthread", "workers": 1, "threads": threads,
            "worker_connections": 20_000, "backlog": 4096, "keepalive": 15, "timeout": 120, "graceful_timeout": STOP_SECONDS,
            "loglevel": "warning", "limit_request_line": 8190, "limit_request_field_size": 16_380,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
            "post_worker_init": self._begin, "worker_exit": self._end, "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return _made(self._settings)

    def _begin(self, worker: Any) -> None:
        self._running = worker.wsgi.extensions["running"]
        self._running.start()
        self._ready.tell()

    def _end(self, _: Any, worker: Any) -> None:
        if hasattr(self, "_running"):
            self._running.stop(SPREAD_SECONDS)


def _made(settings: Settings | Options) -> Flask:
    """The application, loaded where it serves and not in the master."""
    made: Flask = import_module("kiosk.web.relay" if isinstance(settings, Options) else "kiosk.app").served(settings)
    return made


def _simply(settings: Settings | Options, ready: Ready) -> int:  # pragma: no cover
    app = _made(settings)
    running = app.extensions["running"]
    running.start()
    ready.tell()
    try:
        app.run(settings.host, settings.port, threaded=True, use_reloader=False)
    finally:
        running.stop()
    return 0


def check_port(host: str, port: int) -> None:
    """One clear line instead of a server's retries; asked before anything is opened: a running office keeps its links and keys."""
    if not 0 < port < 65_536:
        raise Problem("端口要在 1 到 65535 之间。")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise Problem("地址 %(host)s 不对，请写 127.0.0.1 这样的地址。", host=host) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Problem("端口 %(port)s 已经有程序在用，请换一个 --port。", port=port) from error
        raise Problem("不能在 %(host)s:%(port)s 上提供服务：%(why)s。", host=host, port=port, why=error.strerror) from error


if __name__ == "__main__":
    sys.exit(_take_over(int(sys.argv[1])))
