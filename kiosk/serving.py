"""Serving: gunicorn with one gthread worker, no monkey patching; Werkzeug's threads where gunicorn cannot run.

The application is made inside the worker; its threads start once it can answer, and end before it goes.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.base.errors import Problem
from kiosk.parts import Parts

if sys.platform != "win32":
    from gunicorn.app.base import BaseApplication
else:  # pragma: no cover - no fork there
    BaseApplication = object

if TYPE_CHECKING:
    from flask import Flask

Ready = Callable[[Parts], None]
STOP_SECONDS = 5
SPREAD_SECONDS = 10.0


def serve(make: Callable[[], Flask], *, host: str, port: int, threads: int, on_ready: Ready) -> int:
    """Serve until SIGTERM; the exit code. `on_ready` is called in the serving process once it answers."""
    _check_port(host, port)
    if sys.platform == "win32":  # pragma: no cover
        return _simply(make, host, port, on_ready)
    try:
        _Gunicorn(make, host, port, threads, on_ready).run()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The one worker and its settings."""

    def __init__(self, make: Callable[[], Flask], host: str, port: int, threads: int, on_ready: Ready) -> None:
        self._make, self._on_ready = make, on_ready
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
        return self._make()

    def _begin(self, worker: Any) -> None:
        self._running = worker.wsgi.extensions["running"]
        self._running.start()
        self._on_ready(self._running.parts)

    def _end(self, _: Any, worker: Any) -> None:
        if hasattr(self, "_running"):
            self._running.stop(SPREAD_SECONDS)


def _simply(make: Callable[[], Flask], host: str, port: int, on_ready: Ready) -> int:  # pragma: no cover
    app = make()
    running = app.extensions["running"]
    running.start()
    on_ready(running.parts)
    try:
        app.run(host, port, threaded=True, use_reloader=False)
    finally:
        running.stop()
    return 0


def _check_port(host: str, port: int) -> None:
    """One clear line instead of a server's retries."""
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
