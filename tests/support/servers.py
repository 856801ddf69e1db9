"""Real servers for the tests: PostgreSQL in a folder of its own, Redis on a socket of its own. Nothing of the machine's is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

PATIENCE = 20.0


@contextmanager
def postgresql() -> Iterator[str]:
    """A fresh cluster; the URL of its server, to which `/name` of a database is put before the question mark."""
    tools = _postgresql_tools()
    owner: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-"))
    if owner:
        shutil.chown(folder, "postgres", "postgres")
    try:
        subprocess.run([tools / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
                       check=True, capture_output=True, cwd=folder, **owner)
        server = subprocess.Popen(
            [tools / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off",
             "-c", "max_connections=60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **owner)
        try:
            _until(lambda: psycopg.connect(f"host={folder} user=postgres dbname=postgres").close(), psycopg.OperationalError)
            yield f"postgresql+psycopg://postgres@/%s?host={folder}"
        finally:
            server.send_signal(2)  # a fast shutdown: sessions that a test left open are cut
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Redis:
    """One Redis that can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder / 'redis.sock'}"
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = _wanted(shutil.which("redis-server"), "redis-server")
        self._server = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", self._folder / "redis.sock", "--save", "", "--dir", self._folder],
            stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            _until(client.ping, redis.RedisError, OSError)

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(PATIENCE)
            self._server = None


@contextmanager
def redis_server() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="kiosk-redis-") as folder:
        server = Redis(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _postgresql_tools() -> Path:
    beside = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    return Path(_wanted(beside or (str(found[-1]) if found else None), "postgresql")).parent


def _wanted(program: str | None, package: str) -> str:
    """Missing on somebody's desk: skipped by name. Missing in CI: a failure, for there nobody would read the skip."""
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{package} is not installed (deploy/packages-test.txt)")
    return program


def _until(attempt: Callable[[], object], *errors: type[Exception]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            attempt()
            return
        except errors:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
